"""What happened, as published: rows of the table of facts that measure a state of the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from montecarlo_ai.analysis.measures import LEVEL, MEASURES, RAISED, RATE, SUM
from montecarlo_ai.assumptions import fact_table
from montecarlo_ai.checks import Checks, nearest
from montecarlo_ai.errors import invalid
from montecarlo_ai.scenario import Scenario
from montecarlo_ai.timegrid import SECONDS_PER_YEAR, to_datetime

__all__ = ["LEFT_OUT", "OBSERVABLES", "Observable", "as_observations", "observations", "observed_variables", "outcomes"]


class Observable(NamedTuple):
    """How a published quantity is read.

    Attributes
    ----------
    quantity : str
        As in the table of facts.
    unit : str
        That its rows must have.
    variable : str
        State of the model that it measures.
    measure : str
        See `montecarlo_ai.analysis.measures`.
    sign : float
        -1 where the table gives as positive what the state has as negative.
    """

    quantity: str
    unit: str
    variable: str
    measure: str
    sign: float = 1.0


OBSERVABLES = (
    Observable("revenue", "USD", "revenue", SUM),
    Observable("revenue_annualized", "USD/year", "revenue", RATE),
    Observable("cash_burn", "USD", "cash_flow", SUM, -1.0),
    Observable("cash_flow", "USD", "cash_flow", SUM),
    Observable("compute_spend", "USD", "compute_cost", SUM),
    Observable("cash_and_securities", "USD", "cash", LEVEL),
    Observable("compute_capacity", "GW", "power", LEVEL),
    Observable("compute_fleet_h100e", "H100e", "capacity", LEVEL),
    Observable("weekly_active_users", "users", "users", LEVEL),
    Observable("paying_share", "fraction", "paying_share", LEVEL),
    Observable("valuation", "USD", "valuation", LEVEL),
    Observable("funding_round_amount", "USD", "funds_raised", RAISED),
)
"""Revenue and burn of a period are sums over it; annualised revenue is the rate on a day: the two are never mixed.
Operating losses are not here: those published count pay in shares, the model's do not."""

LEFT_OUT = {
    "openai_revenue_annualized_2026_09_01": "corrected by about 20bn on 8 October 2026",
    "openai_revenue_annualized_2026_09_02": "corrected by about 20bn on 8 October 2026",
    "openai_funding_round_amount_2026_02_01": "the first close of a round that is counted at its final size",
}
"""Rows that measure what another row measures better, by id, each with its reason."""

_RANK = {"reported": 0, "press_estimate": 1, "seed": 2}
"""Kinds of rows that can say what happened, the best first; forecasts of companies and analysts are none."""

_DIM = "observation"
_DEFAULTS = {"measure": LEVEL, "kind": "given", "fact": "", "bound": ""}


def observations(entity: str = "OpenAI", *, observables: Sequence[Observable] = OBSERVABLES) -> xr.Dataset:
    """Return what happened to a lab as published: one row for each state and period, from the table of facts.

    A row says what happened if its kind does (reported by the company or by leaked accounts; else an estimate of the
    press; else a founding article), it was published after its period had ended, and it has a value in the unit
    that the quantity is read in. Of several rows for one period the best kind counts, of these the latest publication;
    the figure is taken as known since the first publication of any of them.

    Parameters
    ----------
    entity : str
        As in the table of facts.
    observables : sequence of Observable
        Which quantities are read, and as what.

    Returns
    -------
    Dataset, dims (observation,)
        ``variable``, ``measure``, ``value`` (in the state's unit; of a sum, in that of the state times a year; of money
        raised, that of one round),
        ``period_start``, ``period_end`` and ``first_public`` (days), ``kind``, ``fact`` (id), and ``bound``: "lower"
        or "upper" where the source gives a bound only. In order of the end of the period.

    Raises
    ------
    InputError
        If the table of facts has no such entity, or what is to be read is not stated as observables.
    """
    table = fact_table()
    _check_read(entity, observables, sorted({row["entity"] for row in table.values()}))
    groups: dict[tuple[str, str, str, str], list[tuple[str, Mapping[str, str], Observable]]] = {}
    for name, row in table.items():
        for observable in observables:
            if row["entity"] == entity and name not in LEFT_OUT and _says_what_happened(row, observable):
                key = (observable.variable, observable.measure, row["period_start"], row["period_end"])
                groups.setdefault(key, []).append((name, row, observable))
    rows = []
    for (variable, measure, first, last), found in groups.items():
        best = min(_RANK[row["kind"]] for _, row, _ in found)
        name, row, observable = max(
            (entry for entry in found if _RANK[entry[1]["kind"]] == best), key=lambda entry: entry[1]["published"]
        )
        rows.append(
            {
                "variable": variable,
                "measure": measure,
                "value": observable.sign * float(row["value"]) + 0.0,
                "period_start": first,
                "period_end": last,
                "first_public": min(other["published"] for _, other, _ in found),
                "kind": row["kind"],
                "fact": name,
                "bound": _bound(row, observable.sign),
            }
        )
    rows.sort(key=lambda entry: (entry["period_end"], entry["variable"], entry["period_start"]))
    return _dataset(rows, {"entity": entity})


def _check_read(entity: object, observables: object, entities: Sequence[str]) -> None:
    """Raise unless the entity is known and every quantity is stated as an `Observable`."""
    checks = Checks()
    if not isinstance(entity, str) or entity not in entities:
        shown = entity if isinstance(entity, str) else f"a {type(entity).__name__}"
        checks.add("entity", shown, "is not in the table of facts", nearest(str(shown), entities))
    whole = isinstance(observables, Sequence) and all(isinstance(each, Observable) for each in observables)
    if not whole:
        checks.add("observables", observables, "must be a sequence of Observable", "such as OBSERVABLES[:2]")
    checks.finish()


def observed_variables(scenario: Scenario) -> tuple[str, ...]:
    """Return the states of a scenario that figures are published of, for a forecast that is to be scored."""
    wanted = dict.fromkeys(each.variable for each in OBSERVABLES if each.measure != RAISED)
    return tuple(name for name in wanted if name in scenario.model.state_fields)


def _says_what_happened(row: Mapping[str, str], observable: Observable) -> bool:
    one_day = row["period_start"] == row["period_end"]
    return (
        row["quantity"] == observable.quantity
        and row["unit"] == observable.unit
        and bool(row["value"])
        and row["kind"] in _RANK
        and row["published"] >= row["period_end"]
        and one_day != (observable.measure == SUM)
    )


def _bound(row: Mapping[str, str], sign: float) -> str:
    """Return on which side the source leaves the figure open."""
    low, high = bool(row["value_low"]), bool(row["value_high"])
    if low == high:
        return ""
    return "lower" if low == (sign > 0.0) else "upper"


def as_observations(history: Any) -> xr.Dataset:
    """Return what happened in the form of `observations`, whatever form it came in.

    Parameters
    ----------
    history : str, Dataset, mapping or table
        The name of an entity of the table of facts; a Dataset of `observations`; DataArrays over dates by name of the
        state, as a mapping (what `montecarlo_ai.history` returns) or as a Dataset, each a rate if its units end in
        "/year" and a level if not; or a table with columns (such as a pandas DataFrame): ``variable``, ``value``,
        and ``date``, or ``period_start`` and ``period_end``; and, where they are known, ``measure`` ("level" if not),
        ``first_public``, ``kind``, ``fact`` and ``bound``.

    Raises
    ------
    InputError
        If it is none of these, a row names no state, a value is not finite, or a period has no first or last day or
        ends before it begins.

    Notes
    -----
    Rows are put in order of the end of their period, and then of the state: money raised adds up in that order.
    """
    if isinstance(history, str):
        return observations(history)
    if isinstance(history, xr.Dataset) and _DIM in history.dims:
        return _dataset([_row(history.isel({_DIM: k})) for k in range(history.sizes[_DIM])], history.attrs)
    if isinstance(history, xr.Dataset):
        history = dict(history.data_vars)
    if isinstance(history, Mapping):
        return _dataset([row for name, series in history.items() for row in _rows_of_series(str(name), series)], {})
    if hasattr(history, "columns"):
        return _dataset(_rows_of_table(history), {})
    rule = "must be an entity of the table of facts, observations, series by name of the state, or a table"
    raise invalid("history", f"a {type(history).__name__}", rule, 'such as "OpenAI" or montecarlo_ai.observations()')


def outcomes(history: Any, variable: str) -> xr.DataArray | None:
    """Return the observations of a state over time, as the argument ``history`` of `montecarlo_ai.plot.fan` takes them.

    A level stands at its day; the sum of a period becomes its mean rate, in the middle of the period. Bounds and money
    raised have no place on a fan.

    Parameters
    ----------
    history
        As for `as_observations`.
    variable : str

    Returns
    -------
    DataArray over time, or None
        None if nothing is known of it.
    """
    found = {}
    table = as_observations(history)
    for k in range(table.sizes[_DIM]):
        row = _row(table.isel({_DIM: k}))
        if row["variable"] != variable or row["measure"] == RAISED or row["bound"]:
            continue
        first, last = (np.datetime64(row[key], "s") for key in ("period_start", "period_end"))
        end = last + np.timedelta64(1, "D")
        at, value = end, float(row["value"])
        if row["measure"] == SUM:
            at = first + (end - first) // 2
            value /= float((end - first) / np.timedelta64(1, "s")) / SECONDS_PER_YEAR
        found[at] = value
    if not found:
        return None
    dates = sorted(found)
    return xr.DataArray([found[date] for date in dates], dims="time", coords={"time": dates}, name=variable)


def _row(entry: xr.Dataset) -> dict[str, Any]:
    return {str(name): values.values[()] for name, values in entry.variables.items()}


def _rows_of_series(name: str, series: Any) -> list[dict[str, Any]]:
    if not isinstance(series, xr.DataArray) or series.ndim != 1 or series[series.dims[0]].dtype.kind != "M":
        raise invalid(
            f"history.{name}", f"a {type(series).__name__}", "must be a DataArray over one dimension of dates"
        )
    measure = RATE if str(series.attrs.get("units", "")).endswith("/year") else LEVEL
    facts = series.coords["fact"].values if "fact" in series.coords else [""] * series.size
    return [
        {"variable": name, "measure": measure, "value": value, "period_start": day, "period_end": day, "fact": fact}
        for day, value, fact in zip(series[series.dims[0]].values, series.values, facts, strict=True)
    ]


def _rows_of_table(table: Any) -> list[dict[str, Any]]:
    columns = [str(column) for column in table.columns]
    checks = Checks()
    dated = ("date", "date") if "date" in columns else ("period_start", "period_end")
    for column in ("variable", "value", *dict.fromkeys(dated)):
        if column not in columns:
            checks.add("history", columns, f"lacks the column {column}")
    checks.finish()
    optional = [name for name in ("measure", "first_public", "kind", "fact", "bound") if name in columns]
    taken = {"variable": "variable", "value": "value", "period_start": dated[0], "period_end": dated[1]}
    taken |= {name: name for name in optional}
    lists = {name: list(table[column]) for name, column in taken.items()}
    return [{name: values[k] for name, values in lists.items()} for k in range(len(lists["value"]))]


def _missing(value: Any) -> bool:
    """Return whether a cell of a table is empty: None, nan or NaT, none of which equals itself, or pandas' NA."""
    if isinstance(value, np.ndarray):
        return False
    try:
        return value is None or bool(value != value)
    except TypeError:  # NA is neither equal to itself nor not
        return True


def _dataset(rows: Sequence[Mapping[str, Any]], attrs: Mapping[Any, Any]) -> xr.Dataset:
    """Return rows as a Dataset over observations in order of the end of their period, after checking them."""
    checks = Checks()
    read: dict[str, list[Any]] = {name: [] for name in ("variable", *_DEFAULTS, "value", *_DATES)}
    for k, given in enumerate(rows):
        row = {name: value for name, value in given.items() if not _missing(value)}
        measure = str(row.get("measure", LEVEL))
        if measure not in MEASURES:
            checks.add(f"history[{k}].measure", measure, f"must be one of {', '.join(MEASURES)}")
        if not str(row.get("variable", "")):
            checks.add(f"history[{k}].variable", row.get("variable"), "must name a state")
        read["value"].append(checks.number(f"history[{k}].value", row.get("value")))
        for name in ("variable", *_DEFAULTS):
            read[name].append(str(row.get(name, _DEFAULTS.get(name, ""))))
        for name, date in _dates(row, f"history[{k}]", checks).items():
            read[name].append(date)
    checks.finish()
    keys = list(zip(read["period_end"], read["variable"], read["period_start"], strict=True))
    order = sorted(range(len(keys)), key=keys.__getitem__)
    read = {name: [values[k] for k in order] for name, values in read.items()}
    variables: dict[str, tuple[str, Any]] = {name: (_DIM, read[name]) for name in ("variable", *_DEFAULTS)}
    variables["value"] = (_DIM, np.array(read["value"], dtype=np.float64))
    variables |= {name: (_DIM, np.array(read[name], dtype="datetime64[s]")) for name in _DATES}
    return xr.Dataset(variables, attrs=dict(attrs))


def _dates(row: Mapping[str, Any], field: str, checks: Checks) -> dict[str, np.datetime64]:
    """Return the first and the last day of a row's period, and when it was first public, if known."""
    found: dict[str, np.datetime64] = {}
    for name in _DATES:
        value = row.get(name, "")
        found[name] = np.datetime64("NaT", "D")
        if isinstance(value, str) and not value:
            if name != "first_public":
                checks.add(f"{field}.{name}", None, "must be a date", 'write it as "2026-03-31"')
            continue
        with checks.collecting():
            found[name] = to_datetime(value, f"{field}.{name}").astype("datetime64[D]")
    if found["period_end"] < found["period_start"]:
        rule = f"must not lie before period_start, {found['period_start']}"
        checks.add(f"{field}.period_end", str(found["period_end"]), rule)
    return found


_DATES = ("period_start", "period_end", "first_public")
