"""What scores add up to: coverage with its honest interval, skill over a naive forecast, and the caveats of both."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from montecarlo_ai.analysis.measures import RAISED, SUM
from montecarlo_ai.analysis.naive import FEWEST, RandomWalk, fitted_walk
from montecarlo_ai.intervals import binomial_interval
from montecarlo_ai.timegrid import SECONDS_PER_YEAR

__all__ = ["ALL", "caveats", "grouped", "naive_scores"]

ALL = "all"
_SCORED = "scored"
_FEWEST_PATHS = 100
"""With fewer paths their spread says too little of how many independent outcomes there are."""


def naive_scores(
    table: xr.Dataset, values: Sequence[float], statuses: Sequence[str], start: np.datetime64
) -> NDArray[np.float64]:
    """Return the CRPS of a random walk with the drift and volatility of the history, for each scored observation.

    It is fitted to what lies before the start, wherever it was published: later figures of earlier periods help it. The
    history is that of one measure: of figures of a day if there are three, else of periods. A period is taken at its
    middle, at its mean rate.

    Parameters
    ----------
    table : Dataset
        Observations.
    values : (observation,) float
        What is scored, which for money raised has no naive forecast.
    statuses : (observation,) str
    start : datetime64
        Of the forecast.

    Returns
    -------
    (observation,) float
        nan where nothing is scored or the history has fewer than three values.
    """
    scores = np.full(len(values), np.nan)
    walks: dict[str, RandomWalk | None] = {}
    for k, (value, status) in enumerate(zip(values, statuses, strict=True)):
        variable, measure = str(table["variable"].values[k]), str(table["measure"].values[k])
        if status != _SCORED or measure == RAISED:
            continue
        if variable not in walks:
            walks[variable] = _walk_of(table, variable, start)
        walk = walks[variable]
        if walk is not None:
            date, length = _place(table, k)
            scores[k] = walk.crps(date, value / length) * length
    return scores


def _walk_of(table: xr.Dataset, variable: str, start: np.datetime64) -> RandomWalk | None:
    """Return the random walk of a state's history before the start."""
    of_days: dict[float, float] = {}
    of_periods: dict[float, float] = {}
    for k in range(table.sizes["observation"]):
        same = str(table["variable"].values[k]) == variable and not str(table["bound"].values[k])
        measure = str(table["measure"].values[k])
        if same and measure != RAISED and table["period_end"].values[k] < start:
            date, length = _place(table, k)
            (of_periods if measure == SUM else of_days)[date] = float(table["value"].values[k]) / length
    history = of_days if len(of_days) >= FEWEST else of_periods
    dates = sorted(history)
    return fitted_walk(dates, [history[date] for date in dates])


def _place(table: xr.Dataset, k: int) -> tuple[float, float]:
    """Return the date of an observation in years, and the length by which its value is a rate."""
    first, last = table["period_start"].values[k], table["period_end"].values[k]
    end = _years(last) + 86_400.0 / SECONDS_PER_YEAR
    if str(table["measure"].values[k]) != SUM:
        return end, 1.0
    return 0.5 * (_years(first) + end), end - _years(first)


def _years(moment: np.datetime64) -> float:
    return float(moment.astype("datetime64[s]").astype(np.int64)) / SECONDS_PER_YEAR


def grouped(rows: xr.Dataset, members: Sequence[NDArray[np.float32] | None] | None, confidence: float) -> xr.Dataset:
    """Return coverage by group and band, and skill by group.

    Parameters
    ----------
    rows : Dataset
        Observations with their scores.
    members : sequence of (path,) float, or None
        For each observation the rank of every path of the ensemble among all, in (0, 1): each path is a truth that the
        model could have had, so that the spread of coverage over paths is that of coverage if the model is true.
        How many independent outcomes there are is the mean variance of one of them being inside, over that spread;
        not known (nan) where there is no spread or there are fewer than 100 paths, of which no range is told either.
    confidence : float
    """
    scored = rows["status"].values == _SCORED
    groups = _groups(rows, scored)
    bands = rows["band"].values
    shape = (len(groups), bands.size)
    covered, sizes = np.zeros(shape), np.array([places.size for places in groups.values()])
    names = ("lower", "upper", "independent", "expected_lower", "expected_upper")
    limits = {name: np.full(shape, np.nan) for name in names}
    tail = 0.5 * (1.0 - confidence)
    for g, places in enumerate(groups.values()):
        for b, band in enumerate(bands):
            covered[g, b] = float(np.sum(rows["inside"].values[b, places]))
            if places.size:
                low, high = binomial_interval(int(covered[g, b]), int(places.size), confidence=confidence)
                limits["lower"][g, b], limits["upper"][g, b] = float(low), float(high)
            if members is not None and places.size:
                share, limits["independent"][g, b] = _coverage_of_paths(members, places, float(band))
                if share.size >= _FEWEST_PATHS:
                    limits["expected_lower"][g, b], limits["expected_upper"][g, b] = np.quantile(
                        share, [tail, 1.0 - tail], method="inverted_cdf"
                    )
    dims = ("group", "band")
    with np.errstate(invalid="ignore"):
        coverage = covered / sizes[:, None]
    return xr.Dataset(
        {
            "coverage": (dims, coverage, {"long_name": "share of outcomes inside the band"}),
            **{name: (dims, values) for name, values in limits.items()},
            "n": ("group", sizes, {"long_name": "observations scored"}),
            "skill": ("group", np.array([_skill(rows, name, places) for name, places in groups.items()])),
        },
        coords={"group": list(groups), "band": bands},
    )


def _groups(rows: xr.Dataset, scored: NDArray[np.bool_]) -> dict[str, NDArray[np.int64]]:
    """Return the places of the scored observations of all, of each state and of each year of the horizon."""
    groups = {ALL: np.flatnonzero(scored)}
    variables = rows["variable"].values
    for variable in dict.fromkeys(variables[scored].tolist()):
        groups[str(variable)] = np.flatnonzero(scored & (variables == variable))
    years = np.ceil(np.where(scored, rows["horizon"].values, np.nan) - 1e-9)
    for year in sorted(set(years[scored].tolist())):
        groups[f"year {int(year)}"] = np.flatnonzero(years == year)
    return groups


def _coverage_of_paths(
    members: Sequence[NDArray[np.float32] | None], places: NDArray[np.int64], band: float
) -> tuple[NDArray[np.float64], float]:
    """Return the share of a group's figures that each path has inside the band, and how many are independent."""
    found = [ranks for place in places if (ranks := members[int(place)]) is not None]
    inside = np.array([np.abs(ranks - 0.5) <= 0.5 * band for ranks in found])
    share: NDArray[np.float64] = inside.mean(axis=0)
    spread = float(np.var(share))
    if spread == 0.0 or share.size < _FEWEST_PATHS:
        return share, math.nan
    single = inside.mean(axis=1)
    return share, min(max(float(np.mean(single * (1.0 - single))) / spread, 1.0), float(len(found)))


def _skill(rows: xr.Dataset, group: str, places: NDArray[np.int64]) -> float:
    """Return 1 - CRPS / naive CRPS of a state; nan of a group of several, whose scores have no common unit."""
    naive = rows["crps_naive"].values[places]
    usable = places[np.isfinite(naive)]
    if usable.size == 0 or len(set(rows["variable"].values[usable].tolist())) > 1 or group.startswith("year "):
        return math.nan
    return 1.0 - float(np.sum(rows["crps"].values[usable]) / np.sum(rows["crps_naive"].values[usable]))


def _worth(independent: NDArray[np.float64]) -> str:
    """Return how many independent outcomes there are under the model, over the bands, in words."""
    too_short = "exact binomial intervals take them for independent and are too short"
    known = independent[np.isfinite(independent)]
    if known.size == 0:
        why = f"fewer than {_FEWEST_PATHS} paths, or all alike, do not say what moves together"
        return f"How many independent outcomes these are is not known: {why}; {too_short}."
    low, high = math.floor(float(np.min(known))), math.ceil(float(np.max(known)))
    count = f"{low}" if low == high else f"{low} to {high}"
    return (
        f"Under the model itself they are worth {count} independent ones: {too_short}; the range expected if the model "
        "is true is not."
    )


def caveats(found: xr.Dataset, results: Sequence[xr.Dataset]) -> list[str]:
    """Return what has to stand beside the scores, a sentence each."""
    scored = found["status"].values == _SCORED
    n = int(np.sum(scored))
    if n == 0:
        return ["Nothing could be scored: no outcome lies on the grid that was not known before."]
    states = len(set(found["variable"].values[scored].tolist()))
    said = [f"{n} outcomes of {states} states, all of one history: they move together."]
    if len(results) == 1 and "path" in results[0].dims:
        said.append(_worth(found["independent"].sel(group=ALL).values))
    else:
        said.append(
            "How many independent outcomes these are is not known: a summary does not hold what moves together."
        )
        said.append(
            "Scores come from quantiles: linear between them, exponential beyond, sums of a period with kept ranks "
            "(too wide)."
        )
    public = found["first_public"].values
    made = [np.datetime64(str(data.attrs["created_at"])[:19], "s") for data in results if "created_at" in data.attrs]
    if made:
        of = found["forecast"].values
        late = sum(int(public[k] <= made[int(of[k])]) for k in np.flatnonzero(scored) if int(of[k]) < len(made))
        if late:
            said.append(
                f"{late} of {n} were public when the forecast was made: its authors may have known them, and whoever "
                "chose the model did."
            )
    if bool(np.any(np.isnan(found["crps_naive"].values[scored]))):
        said.append("Where the history has fewer than three values there is no naive forecast to compare with.")
    return said
