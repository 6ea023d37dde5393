"""One path of the lab step by step: opening cash, every flow, closing cash, adding up."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Mapping
from pathlib import Path as FilePath
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from montecarlo_ai.checks import Checks
from montecarlo_ai.errors import NumericalError, invalid
from montecarlo_ai.scenario import Scenario
from montecarlo_ai.tabular import table

__all__ = ["FLOWS", "Flow", "Steps", "by_year", "cash_statement", "statement_text", "write_statement"]

TOLERANCE = 1e-9
"""Of the largest flow or stock of a step: by how much a statement may miss its closing cash."""


class Steps(NamedTuple):
    """What a flow is computed from: states before and after each step, inputs, and the length of a step.

    Attributes
    ----------
    opening, closing : mapping of str to (n_steps,) float
    inputs : mapping of str to float
    dt : float, year
    """

    opening: Mapping[str, NDArray[np.float64]]
    closing: Mapping[str, NDArray[np.float64]]
    inputs: Mapping[str, float]
    dt: float


class Flow(NamedTuple):
    """A flow of money into the lab (direction 1) or out of it (-1).

    Attributes
    ----------
    label : str
    direction : int
    rate : callable (Steps) -> (n_steps,) float, USD/year
        From the law of the flow, never as what is left over: so that adding up is a check.
    needs : tuple of str
        States and inputs without which the model has no such flow.
    """

    label: str
    direction: int
    rate: Callable[[Steps], NDArray[np.float64]]
    needs: tuple[str, ...]


def _state(name: str) -> Callable[[Steps], NDArray[np.float64]]:
    """Return the flow that is a state itself."""
    return lambda steps: steps.closing[name]


def _staff(steps: Steps) -> NDArray[np.float64]:
    """Return the cost of staff, which follows revenue over that of the base period and does not fall below its base."""
    base = steps.inputs["consumer_run_rate"] + steps.inputs["business_run_rate"]
    over = np.maximum(steps.closing["revenue"] / base, 1.0) if base > 0.0 else np.ones_like(steps.closing["revenue"])
    return np.asarray(steps.inputs["staff_cost"] * over ** steps.inputs["staff_elasticity"])


def _other(steps: Steps) -> NDArray[np.float64]:
    return steps.closing["revenue"] * steps.inputs["other_cost_share"]


def _energy(steps: Steps) -> NDArray[np.float64]:
    return steps.closing["power"] * steps.inputs["owned_share"] * steps.inputs["energy_price"]


def _partner(steps: Steps) -> NDArray[np.float64]:
    """Return the partner's share of revenue or of profit, until what it may still get is paid out."""
    revenue = steps.closing["revenue"]
    profit = revenue - steps.closing["compute_cost"] - _staff(steps) - _other(steps) - _energy(steps)
    due = steps.inputs["revenue_share"] * revenue + steps.inputs["profit_share"] * np.maximum(profit, 0.0)
    return np.minimum(due, steps.opening["partner_share_left"] / steps.dt)


def _interest(steps: Steps) -> NDArray[np.float64]:
    return steps.inputs["interest_rate"] * (steps.opening["debt"] - np.maximum(steps.opening["cash"], 0.0))


def _credits(steps: Steps) -> NDArray[np.float64]:
    """Return what compute credits pay of the bill, until they are used up."""
    wanted = steps.closing["compute_cost"] * steps.inputs["credit_share"]
    return np.minimum(wanted, steps.opening["credits_left"] / steps.dt)


def _drawn(steps: Steps) -> NDArray[np.float64]:
    return (steps.closing["debt"] - steps.opening["debt"]) / steps.dt


FLOWS = {
    "revenue_consumer": Flow("consumers", 1, _state("revenue_consumer"), ("revenue_consumer",)),
    "revenue_business": Flow("business", 1, _state("revenue_business"), ("revenue_business",)),
    "revenue_new": Flow("new products", 1, _state("revenue_new"), ("revenue_new",)),
    "revenue_resale": Flow("compute resold", 1, _state("revenue_resale"), ("revenue_resale",)),
    "compute_cost": Flow("compute", -1, _state("compute_cost"), ("compute_cost",)),
    "credits": Flow("paid with compute credits", 1, _credits, ("credits_left", "credit_share")),
    "energy": Flow("energy", -1, _energy, ("owned_share", "energy_price", "power")),
    "staff": Flow("staff", -1, _staff, ("staff_cost", "staff_elasticity", "consumer_run_rate", "business_run_rate")),
    "partner": Flow("partner's share", -1, _partner, ("partner_share_left", "revenue_share", "profit_share")),
    "other": Flow("sales and other", -1, _other, ("revenue", "other_cost_share")),
    "interest": Flow("interest, net", -1, _interest, ("interest_rate", "debt", "cash")),
    "equity_raised": Flow("equity paid in", 1, _state("equity_raised"), ("equity_raised",)),
    "debt": Flow("debt drawn, net of repaid", 1, _drawn, ("debt",)),
}
"""Every flow of the lab's cash, each booked once. A law that moves money gets its line here; one that is missing is
found by the check that opening cash and flows make closing cash."""


def cash_statement(
    run: xr.Dataset | Scenario, path: int, *, seed: int = 0, scenario: Scenario | None = None
) -> xr.Dataset:
    """Return one path of the lab as a statement of cash, step by step.

    Parameters
    ----------
    run : Dataset or Scenario
        A result of `simulate` or `summarize`, which says scenario and seed; or a scenario of the lab.
    path : int
        Label of the path; it need not have been kept.
    seed : int
        Of the run, where a scenario is given.
    scenario : Scenario, optional
        What was run, where the result does not carry it.

    Returns
    -------
    Dataset
        ``amount`` over (flow, time), USD in the step that ends at the time, inflows and outflows both positive;
        ``opening`` and ``closing`` cash over time; ``difference``, opening + inflows - outflows - closing, of
        rounding only. ``label`` and ``direction`` (1 in, -1 out) are coordinates of the flow, ``start`` of the time;
        first passages in the attribute ``events``.

    Raises
    ------
    InputError
        If the model is not the lab, or an argument cannot be used.
    NumericalError
        If the flows do not make closing cash, to 1e-9 of the largest of them: a flow is not in `FLOWS`.
    """
    from montecarlo_ai.simulation import replay, simulate

    checks = Checks()
    checks.whole("path", path, at_least=0, at_most=2**63 - 1)
    checks.finish()
    if isinstance(run, Scenario):
        if (run.model.origin or {}).get("name") != "lab":
            raise invalid("scenario", run.name, "is not of the lab, whose flows are known")
        run = simulate(run, n_paths=1, seed=seed, variables=())
    data = replay(run, path, scenario)
    if not {"cash", "debt", "compute_cost", "staff_cost"} <= set(data.variables):
        raise invalid("run", str(data.attrs.get("scenario")), "is not of the lab, whose flows are known")
    dt = 1.0 / int(data.attrs["steps_per_year"])
    states = {str(name): values.values for name, values in data.data_vars.items() if values.dims == ("time",)}
    inputs = {str(name): float(values) for name, values in data.data_vars.items() if values.ndim == 0}
    steps = Steps(
        {name: values[:-1] for name, values in states.items()},
        {name: values[1:] for name, values in states.items()},
        inputs,
        dt,
    )
    flows = {name: flow for name, flow in FLOWS.items() if all(need in states or need in inputs for need in flow.needs)}
    amount = np.array([flow.rate(steps) * dt for flow in flows.values()])
    direction = np.array([flow.direction for flow in flows.values()])
    opening, closing = steps.opening["cash"], steps.closing["cash"]
    difference = opening + direction @ amount - closing
    times = data["time"].values
    _check_sum(difference, np.vstack([amount, opening, closing]), times[1:])
    events = data["event_time"]
    years = dict(zip(events["event"].values.tolist(), events.values.tolist(), strict=True))
    about = {"units": "USD"}
    return xr.Dataset(
        {
            "amount": (("flow", "time"), amount, {**about, "long_name": "money in the step"}),
            "opening": ("time", opening, {**about, "long_name": "cash at the start of the step"}),
            "closing": ("time", closing, {**about, "long_name": "cash at its end"}),
            "difference": ("time", difference, {**about, "long_name": "what does not add up"}),
        },
        coords={
            "flow": list(flows),
            "label": ("flow", [flow.label for flow in flows.values()]),
            "direction": ("flow", direction),
            "time": times[1:],
            "start": ("time", times[:-1]),
        },
        attrs={
            **{name: data.attrs[name] for name in ("scenario", "scenario_hash", "seed", "steps_per_year")},
            "path": path,
            "by_year": 0,
            "events": [f"{event} after {year:.2f} years" for event, year in years.items() if np.isfinite(year)],
        },
    )


def _check_sum(difference: NDArray[np.float64], parts: NDArray[np.float64], times: NDArray[np.datetime64]) -> None:
    """Raise unless every step adds up."""
    missing = np.abs(difference) > TOLERANCE * np.maximum(np.max(np.abs(parts), axis=0), 1.0)
    if missing.any():
        k = int(np.argmax(missing))
        raise NumericalError(
            f"cash at {times[k].astype('datetime64[D]')} misses opening cash and flows by {difference[k]:.6g} USD: "
            "a flow of the model is not in montecarlo_ai.analysis.statement.FLOWS"
        )


def by_year(statement: xr.Dataset) -> xr.Dataset:
    """Return a statement by calendar year: flows added up, the first opening and the last closing cash of each."""
    years = statement["start"].values.astype("datetime64[Y]")
    groups = [np.flatnonzero(years == year) for year in np.unique(years)]
    first, last = [group[0] for group in groups], [group[-1] for group in groups]
    amount = np.array([statement["amount"].values[:, group].sum(axis=1) for group in groups]).T
    result = statement.isel(time=last).copy()
    result["amount"] = (("flow", "time"), amount, statement["amount"].attrs)
    result["opening"] = ("time", statement["opening"].values[first], statement["opening"].attrs)
    result["difference"] = (
        "time",
        result["opening"].values + statement["direction"].values @ amount - result["closing"].values,
        statement["difference"].attrs,
    )
    return result.assign_coords(start=("time", statement["start"].values[first])).assign_attrs(by_year=1)


def statement_text(statement: xr.Dataset) -> str:
    """Return a statement as text: a table for each year with a column for each step; of `by_year` a single table.

    Parameters
    ----------
    statement : Dataset
        From `cash_statement`, or `by_year` of one.
    """
    attrs = statement.attrs
    lines = [
        f"{attrs['scenario']} ({str(attrs['scenario_hash'])[:12]}), seed {attrs['seed']}, path {attrs['path']}",
        f"first passages: {', '.join(attrs['events']).replace('_', ' ') or 'none'}",
        "cash, bn USD",
    ]
    years = statement["start"].values.astype("datetime64[Y]")
    yearly = bool(statement.attrs["by_year"])
    blocks = [statement.isel(time=np.flatnonzero(years == year)) for year in np.unique(years)]
    for block in [statement] if yearly else blocks:
        heads = [str(start)[: 4 if yearly else 7] for start in block["start"].values]
        columns = [_column(block.isel(time=k)) for k in range(block.sizes["time"])]
        labels = ["opening cash"]
        signs = zip(block["label"].values, block["direction"].values, strict=True)
        labels += [f"{'+' if direction > 0 else '-'} {label}" for label, direction in signs]
        labels += ["= closing cash"]
        rows = [[label, *(column[k] for column in columns)] for k, label in enumerate(labels)]
        lines += ["", table(["", *heads], rows, right=range(1, len(heads) + 1))]
    largest = float(np.max(np.abs(statement["difference"].values)))
    return "\n".join([*lines, "", f"adds up in every step, to {largest:.1g} USD"])


def _column(step: xr.Dataset) -> list[str]:
    values = [step["opening"].values, *step["amount"].values, step["closing"].values]
    return [f"{float(value) / 1e9:z,.3f}" for value in values]


def write_statement(statement: xr.Dataset, file: str | os.PathLike[str]) -> None:
    """Write a statement as CSV, a row for each step, in USD and without rounding; outflows are negative.

    Parameters
    ----------
    statement : Dataset
        From `cash_statement`, or `by_year` of one.
    file : path

    Raises
    ------
    OSError
        If it cannot be written.
    """
    flows = [str(name) for name in statement["flow"].values]
    signed = statement["direction"].values[:, None] * statement["amount"].values
    with FilePath(file).open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(("start", "end", "opening_cash", *flows, "closing_cash"))
        for k in range(statement.sizes["time"]):
            row: list[Any] = [str(statement[name].values[k])[:10] for name in ("start", "time")]
            row += [float(statement["opening"].values[k]), *(float(value) for value in signed[:, k])]
            writer.writerow([*row, float(statement["closing"].values[k])])
