"""What a published figure measures on a path: the state of a day, a rate, the sum of a period, money raised."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from montecarlo_ai.checks import Checks

__all__ = [
    "LEVEL",
    "MEASURES",
    "RAISED",
    "RATE",
    "SUM",
    "Measured",
    "measured",
    "quantile_at",
    "quantiles_of",
    "states_of",
    "stub_of",
    "values_of",
]

LEVEL, RATE, SUM, RAISED = "level", "rate", "sum", "raised"
MEASURES = (LEVEL, RATE, SUM, RAISED)
"""A stock at the end of a day; an annual rate on a day; a flow over a period; money that rounds since the start
brought, paid in or promised."""

_RAISED_FROM = ("equity_raised", "tranches")
NO_STUB: Mapping[str, Any] = {}
_DAY = np.timedelta64(86_400, "s")


@dataclass(frozen=True)
class Measured:
    """A figure as a weighted sum of states on the grid.

    Attributes
    ----------
    weights : mapping of str to (n_times,) float
        By name of the state.
    horizon : float
        Years from the start of the run to the moment that the figure is of, or to the end of its period.
    before : float
        What the scenario states for the part of the period that lies before the start.
    """

    weights: Mapping[str, NDArray[np.float64]]
    horizon: float
    before: float = 0.0


def stub_of(data: xr.Dataset) -> Mapping[str, Any]:
    """Return what the scenario of a result states of the part of the year before its start.

    ``start`` is its first day; by name of a flow, what that brought from then to the start: USD. Taken from the base
    period of the scenario's file, whose ``stub_cash_burn`` is a negative ``cash_flow``.
    """
    stated = json.loads(data.attrs.get("base_period", "{}"))
    if "stub_start" not in stated:
        return NO_STUB
    found: dict[str, Any] = {"start": stated["stub_start"]}
    found |= {name: stated[f"stub_{name}"] for name in ("revenue", "compute_cost") if f"stub_{name}" in stated}
    if "stub_cash_burn" in stated:
        found["cash_flow"] = -stated["stub_cash_burn"]
    return found


def states_of(variable: str, measure: str) -> tuple[str, ...]:
    """Return the states that a figure of a variable is made of."""
    return _RAISED_FROM if measure == RAISED else (variable,)


def measured(
    variable: str,
    measure: str,
    first: np.datetime64,
    last: np.datetime64,
    times: NDArray[np.datetime64],
    steps_per_year: int,
    stub: Mapping[str, Any] = NO_STUB,
) -> Measured | None:
    """Return a figure as weights on the grid; None if it is of a time that the grid does not reach.

    Parameters
    ----------
    variable : str
    measure : {"level", "rate", "sum", "raised"}
        ``level``: the state at the end of the last day; between two grid times it is interpolated linearly.
        ``rate``: the annual rate of the step that holds the end of the last day, for a rate on the grid is that of the
        step that ends there. ``sum``: the integral of a rate over the period, both days included; a step that lies
        partly in the period counts with that part. ``raised``: the integral of ``equity_raised`` since the start plus
        the change of ``tranches`` (promised and not paid in), which is what announced rounds add up to.
    first, last : datetime64
        First and last day of the period; the same for a figure of one day.
    times : (n_times,) datetime64[s]
        The grid, start included.
    steps_per_year : int
    stub : mapping
        What the scenario states of the time before its start, see `stub_of`: a sum of a period that begins where the
        stub does is that of the stub and of the run.

    Raises
    ------
    InputError
        If the measure is unknown.
    """
    checks = Checks()
    if measure not in MEASURES:
        checks.add("measure", measure, f"must be one of {', '.join(MEASURES)}")
    checks.finish()
    begin, end = first.astype("datetime64[s]"), last.astype("datetime64[D]").astype("datetime64[s]") + _DAY
    before = 0.0
    if measure == SUM and variable in stub and begin < times[0] and begin == np.datetime64(stub["start"], "s"):
        begin, before = times[0], float(stub[variable])
    starts = begin if measure == SUM else end
    if starts < times[0] or end > times[-1] or (measure != SUM and end == times[0]):
        return None
    horizon = _years(end, times, steps_per_year)
    if measure == RAISED:
        equity = _overlap(times[0], end, times) / steps_per_year
        promised = _between(end, times) - _between(times[0], times)
        return Measured(dict(zip(_RAISED_FROM, (equity, promised), strict=True)), horizon)
    if measure == SUM:
        weights = _overlap(begin, end, times) / steps_per_year
    elif measure == RATE:
        weights = np.zeros(times.size)
        weights[int(np.searchsorted(times, end, side="left"))] = 1.0
    else:
        weights = _between(end, times)
    return Measured({variable: weights}, horizon, before)


def values_of(data: xr.Dataset, figure: Measured) -> NDArray[np.float64]:
    """Return a figure on each path of an ensemble, (path,)."""
    total = np.full(data.sizes["path"], figure.before)
    for state, weights in figure.weights.items():
        rows = np.flatnonzero(weights)
        total += weights[rows] @ data[state].transpose("time", "path")[rows].values.astype(np.float64)
    return total


def quantiles_of(data: xr.Dataset, figure: Measured) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return levels and quantiles of a figure from a summary, as if each path kept its rank over the period.

    Exact for a figure of one grid time; for a period it overstates the spread, for paths do change their order.
    """
    ((state, weights),) = figure.weights.items()
    rows = np.flatnonzero(weights)
    quantiles = data[state].transpose("quantile", "time")[:, rows].values.astype(np.float64) @ weights[rows]
    quantiles += figure.before
    return np.asarray(data["quantile"].values, dtype=np.float64), np.maximum.accumulate(quantiles)


def quantile_at(level: ArrayLike, levels: NDArray[np.float64], quantiles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return quantiles between those that a summary holds, linear in the level; nan beyond the outermost."""
    wanted = np.asarray(level, dtype=np.float64)
    held = (wanted >= levels[0] - 1e-9) & (wanted <= levels[-1] + 1e-9)
    return np.where(held, np.interp(wanted, levels, quantiles), np.nan)


def _overlap(begin: np.datetime64, end: np.datetime64, times: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Return the part of the step that ends at each grid time which lies in a period; zero at the start."""
    seconds = times.astype(np.int64).astype(np.float64)
    low, high = float(begin.astype("datetime64[s]").astype(np.int64)), float(end.astype(np.int64))
    inside = np.minimum(seconds[1:], high) - np.maximum(seconds[:-1], low)
    return np.concatenate([[0.0], np.maximum(inside, 0.0) / np.diff(seconds)])


def _between(moment: np.datetime64, times: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Return the weights that interpolate a moment between grid times."""
    seconds = times.astype(np.int64).astype(np.float64)
    at = float(moment.astype(np.int64))
    upper = max(int(np.searchsorted(seconds, at, side="left")), 1)
    part = (at - seconds[upper - 1]) / (seconds[upper] - seconds[upper - 1])
    weights = np.zeros(times.size)
    weights[upper - 1], weights[upper] = 1.0 - part, part
    return weights


def _years(moment: np.datetime64, times: NDArray[np.datetime64], steps_per_year: int) -> float:
    """Return the model's time at a moment, years since the start."""
    return float(_between(moment, times) @ (np.arange(times.size) / steps_per_year))
