"""What was known before a scenario starts: published figures by variable, read from the table of facts."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from montecarlo_ai.assumptions import fact_table
from montecarlo_ai.checks import Checks, Described, nearest
from montecarlo_ai.errors import ScenarioError
from montecarlo_ai.files.schema import HistoryTable, history_tables
from montecarlo_ai.suggest import did_you_mean
from montecarlo_ai.timegrid import MONTHS_PER_YEAR, SECONDS_PER_YEAR

if TYPE_CHECKING:
    import xarray as xr

    from montecarlo_ai.model import Model
    from montecarlo_ai.scenario import Scenario

__all__ = ["Figure", "history", "published_figure", "read_history"]

_DAY = datetime.timedelta(days=1)
_DAYS_PER_YEAR = SECONDS_PER_YEAR / 86_400


@dataclass(frozen=True)
class Figure:
    """A published figure in the units of a variable.

    Attributes
    ----------
    fact : str
        Id of its row in the table of facts.
    date : numpy.datetime64
        The day that it is of; the middle of its period, if that is longer than a day.
    value : float
        In the units of the variable.
    """

    fact: str
    date: np.datetime64
    value: float


def history(scenario: Scenario) -> dict[str, xr.DataArray]:
    """Return what was known before the start of a scenario: published figures over time, by variable.

    Scenario files state in ``[[history]]`` which facts belong to a variable; values and dates are those of the table
    of facts. A figure of one day has the date of that day. What flowed in a period is a rate, dated at the
    period's middle: a constant rate over the period would have had that value then, and a growing one nearly so.

    Parameters
    ----------
    scenario : Scenario

    Returns
    -------
    dict of str to DataArray
        Over ``time``, ascending, with the id of each figure's row beside it as ``fact``, and ``units``, ``long_name``
        and ``note`` in the attributes. Empty for a scenario that states no history. Takes part in no run; it is what
        the argument ``history`` of `montecarlo_ai.plot.fan` takes.

    Raises
    ------
    ScenarioError
        If the scenario was moved to a start before one of its figures.

    Examples
    --------
    >>> import montecarlo_ai as mc
    >>> past = mc.history(mc.load_scenario("openai-2025-12"))
    >>> past["cash"].attrs["units"]
    'USD'
    """
    import xarray as xr

    checks = Checks(ScenarioError)
    stated = history_tables((scenario.document or {}).get("history", ()), checks)
    figures = read_history(stated, scenario.model, scenario.time.start, checks)
    checks.finish()
    known = {}
    for entry in stated.values():
        ordered = figures[entry.variable]
        known[entry.variable] = xr.DataArray(
            np.array([figure.value for figure in ordered]),
            dims="time",
            coords={
                "time": np.array([figure.date for figure in ordered], dtype="datetime64[s]"),
                "fact": ("time", [figure.fact for figure in ordered]),
            },
            name=entry.variable,
            attrs={
                "units": scenario.model.units.get(entry.variable, ""),
                "long_name": scenario.model.long_names[entry.variable],
                "note": entry.note,
            },
        )
    return known


def read_history(
    stated: Mapping[int, HistoryTable], model: Model, start: np.datetime64 | None, checks: Checks
) -> dict[str, list[Figure]]:
    """Return the figures that a file names for each variable, in the order of time; problems are recorded.

    Parameters
    ----------
    stated : mapping of int to HistoryTable
        Tables ``[[history]]`` by their place in the file.
    model : Model
        Whose states they are about.
    start : numpy.datetime64 or None
        Of the scenario; None if it is not known, which leaves dates unchecked.
    checks : Checks
        Where problems go.
    """
    known: dict[str, list[Figure]] = {}
    for index, entry in stated.items():
        place = f"history[{index}]"
        if entry.variable not in model.state_fields:
            remedy = nearest(entry.variable, model.state_fields)
            checks.add(f"{place}.variable", entry.variable, "is no state of the model", remedy)
            continue
        if entry.variable in known:
            checks.add(f"{place}.variable", entry.variable, "stands twice", "name all its facts in one table")
            continue
        if not entry.facts:
            checks.add(f"{place}.facts", Described("nothing"), "must name at least one fact")
        units = model.units.get(entry.variable, "")
        figures: dict[np.datetime64, Figure] = {}
        for fact in entry.facts:
            figure = published_figure(fact, units, f"{place}.facts", checks)
            if figure is None or not _is_before(figure, start, f"{place}.facts", checks):
                continue
            if figure.date in figures:
                rule = f"has the date of {figures[figure.date].fact}"
                checks.add(f"{place}.facts", fact, rule, "name one figure for each date")
            figures[figure.date] = figure
        known[entry.variable] = [figures[date] for date in sorted(figures)]
    return known


def published_figure(fact: str, units: str, field: str, checks: Checks) -> Figure | None:
    """Return a row of the table of facts in the units of a variable; None, with the problem recorded, if it has none.

    Parameters
    ----------
    fact : str
        Id of the row.
    units : str
        Of the variable. A row in the same units is taken as it is, and for a level it must be of one day. For a rate a
        year, such as USD/year, a row in USD over a period becomes that amount by years of the period.
    field : str
        What an error calls it.
    checks : Checks
        Where problems go.
    """
    row = fact_table().get(fact)
    if row is None:
        checks.add(field, fact, "is no id of a fact", did_you_mean(fact, fact_table()) or "see facts.csv")
        return None
    if not row["value"]:
        checks.add(field, fact, "is a fact without a value")
        return None
    first, last = datetime.date.fromisoformat(row["period_start"]), datetime.date.fromisoformat(row["period_end"])
    value, of_a_period = float(row["value"]), last > first
    rate = units.endswith("/year")
    if row["unit"] == units and of_a_period and not rate:
        checks.add(field, fact, f"is of {first} to {last}; a level must be of one day")
        return None
    if row["unit"] != units:
        if not (rate and of_a_period and row["unit"] == units.removesuffix("/year")):
            what = "over a period" if of_a_period else "of one day"
            wanted = f"{units} or {units.removesuffix('/year')} over a period" if rate else units or "no unit"
            checks.add(field, fact, f"is in {row['unit']} {what}; the variable needs {wanted}")
            return None
        value /= _years(first, last)
    middle = np.datetime64(first, "s")
    if of_a_period:
        middle += (np.datetime64(last + _DAY, "s") - middle) // 2
    return Figure(fact, middle, value)


def _is_before(figure: Figure, start: np.datetime64 | None, field: str, checks: Checks) -> bool:
    """Return whether all that a figure is about lies before the start; the problem is recorded."""
    last: np.datetime64 = np.datetime64(fact_table()[figure.fact]["period_end"], "s")
    if start is None or last < start:
        return True
    rule = f"is of {last.astype('datetime64[D]')}, not before the start {start.astype('datetime64[D]')}"
    checks.add(field, figure.fact, rule, "leave it out of the history or start later")
    return False


def _years(first: datetime.date, last: datetime.date) -> float:
    """Return the length of a period, both days included: months by twelve if it is whole months, else by days."""
    end = last + _DAY
    if first.day == end.day == 1:
        return (end.year - first.year) + (end.month - first.month) / MONTHS_PER_YEAR
    return (end - first).days / _DAYS_PER_YEAR
