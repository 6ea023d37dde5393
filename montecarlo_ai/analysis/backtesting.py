"""Forecasts against what happened: scores, ranks and coverage, with what little data can say stated beside them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from montecarlo_ai.analysis.archive import read_archive
from montecarlo_ai.analysis.measures import (
    RAISED,
    Measured,
    measured,
    quantile_at,
    quantiles_of,
    states_of,
    stub_of,
    values_of,
)
from montecarlo_ai.analysis.observations import as_observations
from montecarlo_ai.analysis.scoring import crps_of_quantiles, crps_of_sample, probability_below, rank_of
from montecarlo_ai.analysis.skill import caveats, grouped, naive_scores
from montecarlo_ai.checks import Checks
from montecarlo_ai.errors import invalid
from montecarlo_ai.intervals import check_interval
from montecarlo_ai.passages import check_grid
from montecarlo_ai.risk import IDENTITY
from montecarlo_ai.scenario import Scenario
from montecarlo_ai.timegrid import to_datetime

__all__ = ["BANDS", "backtest"]

BANDS = (0.5, 0.9)
SCORED = "scored"
KNOWN = "known"
BEFORE = "before the start"
BEYOND = "outside the grid"
LACKING = "not kept"
BOUND = "a bound"
NEEDS_PATHS = "needs paths"
"""What became of an observation: scored; public before the forecast; begun before its start; not on its grid; of a
state that the forecast does not hold; no figure but a bound; of several states, whose sum a summary does not hold."""

_PATHS = 20_000
_DIGITS = 12


class Score(NamedTuple):
    """One observation against one forecast."""

    status: str
    horizon: float = np.nan
    value: float = np.nan
    crps: float = np.nan
    pit: float = np.nan
    quantiles: NDArray[np.float64] | None = None
    members: NDArray[np.float32] | None = None


def backtest(
    forecast: Scenario | xr.Dataset | str | os.PathLike[str],
    history: Any = None,
    *,
    known_by: Any = None,
    bands: Sequence[float] = BANDS,
    confidence: float = 0.95,
    fair: bool = True,
    n_paths: int = _PATHS,
    seed: int | None = None,
) -> xr.Dataset:
    """Return how a forecast did against what happened since: scores, ranks, coverage, and the skill over a naive one.

    Parameters
    ----------
    forecast : Scenario, Dataset, or path
        A scenario, which is run with the states that the history is about; an ensemble, scored exactly; a summary,
        scored from its quantiles (see Notes); or the path of an archive or of one file of it (see `archive_summary`).
    history : optional
        What happened: "OpenAI" for the table of facts, or anything that
        `montecarlo_ai.analysis.observations.as_observations` reads; the figures of the forecast's own entity, as its
        scenario states it, if not given.
    known_by : date, optional
        Figures public by then are not scored, for who made the forecast could know them; the day before the
        forecast's start, if not given.
    bands : sequence of float
        Central bands whose coverage is counted, inside (0, 1), each once.
    confidence : float
        Of the intervals of coverage.
    fair : bool
        See `montecarlo_ai.analysis.scoring.crps_of_sample`.
    n_paths, seed
        Of the run that a scenario needs, of two paths at least for the fair score.

    Returns
    -------
    Dataset
        Over ``observation``: ``variable``, ``measure``, ``value``, ``period_start``, ``period_end``,
        ``first_public``, ``kind``, ``fact``, ``forecast`` (which of the forecasts), ``status``, ``horizon`` (years),
        and where it was scored ``crps``, ``crps_naive``, ``pit``; over (quantile, observation) the ``quantiles`` of
        the forecast; over (band, observation) ``inside``. Over (group, band), a group being all, a state, or a year
        of the horizon: ``coverage`` with its exact binomial ``lower`` and ``upper``, as if observations were
        independent; ``independent``, how many independent ones they are worth under the model itself (nan where the
        paths do not tell it); ``expected_lower``, ``expected_upper``, between which their coverage lies if the model
        is true (an ensemble only). Over ``group``: ``n``, ``skill`` = 1 - sum of CRPS / sum of the naive CRPS (states
        only). In the attributes ``history``, the entity whose figures these are, or "given"; ``forecast_names``, of
        each forecast the scenario and the first digits of its hash; ``caveats``, what has to be printed beside any
        of it.

    Raises
    ------
    InputError
        If the forecast is none or not on its whole grid up to some time, the history cannot be read, or an argument is
        out of its range.

    Notes
    -----
    From a summary the distribution function is linear between quantiles with exponential tails, and the quantiles of
    a period's sum are the sums of quantiles, as if every path kept its rank, which overstates the spread.

    References
    ----------
    Gneiting, Balabdaoui and Raftery (2007), doi:10.1111/j.1467-9868.2007.00587.x; Clopper and Pearson (1934).
    """
    shares = _checked(known_by, bands, confidence, fair)
    given = _given(forecast)
    table = as_observations(_entity(given) if history is None else history)
    results = _results(given, table, n_paths, seed, 2 if fair else 1)
    parts, members = [], None
    for index, data in enumerate(results):
        by = _known_by(known_by, data)
        scores = _scores(data, table, by, shares, fair)
        parts.append(_rows(data, table, scores, index, shares))
        if len(results) == 1 and "path" in data.dims:
            members = [score.members for score in scores]
    rows = xr.concat(parts, dim="observation") if len(parts) > 1 else parts[0]
    found = rows.merge(grouped(rows, members, confidence))
    found.attrs = {name: results[0].attrs[name] for name in IDENTITY if name in results[0].attrs}
    found.attrs |= {
        "n_paths": int(results[0].sizes.get("path", results[0].attrs.get("n_paths", 0))),
        "forecasts": len(results),
        "forecast_names": [_name(data) for data in results],
        "history": str(table.attrs.get("entity") or "given"),
        "confidence": float(confidence),
        "known_by": str(_known_by(known_by, results[0]).astype("datetime64[D]")),
        "source": "ensemble" if members is not None else "summary",
    }
    found.attrs["caveats"] = caveats(found, results)
    return found


def _checked(known_by: Any, bands: Sequence[float], confidence: float, fair: bool) -> list[float]:
    """Return the bands, after checking the arguments that can be checked alone."""
    checks = Checks()
    checks.problems += check_interval(confidence, "clopper-pearson")
    shares = checks.numbers("bands", bands, above=0.0, below=1.0)
    if not isinstance(fair, bool | np.bool_):
        checks.add("fair", fair, "must be True or False")
    if known_by is not None:
        with checks.collecting():
            to_datetime(known_by, "known_by")
    checks.finish()
    return shares


def _given(forecast: Any) -> Scenario | list[xr.Dataset]:
    """Return the scenario, or the results, that are to be scored."""
    if isinstance(forecast, Scenario):
        return forecast
    found = [forecast] if isinstance(forecast, xr.Dataset) else None
    if found is None and isinstance(forecast, str | os.PathLike):
        found = read_archive(forecast)
    if found is None or any("time" not in data.dims or not {"path", "quantile"} & set(data.dims) for data in found):
        rule = "must be a Scenario, a result of simulate or summarize, or the path of an archive"
        raise invalid("forecast", f"a {type(forecast).__name__}", rule)
    for data in found:
        if "weight" in data.variables:
            raise invalid("forecast", "a weighted ensemble", "must have paths of equal weight")
        if "steps_per_year" not in data.attrs:
            raise invalid("forecast", "a Dataset without steps_per_year", "must be a result of simulate or summarize")
        check_grid(data)
    return found


def _entity(given: Scenario | list[xr.Dataset]) -> str:
    """Return the entity that the forecast is of, whose figures it is scored against."""
    tables = [given.document or {}] if isinstance(given, Scenario) else [data.attrs for data in given]
    names = sorted({str(table.get("entity", "")) for table in tables})
    if names == [""]:
        rule, remedy = "must be given, for the forecast is of no entity", "or state entity in the scenario file"
        raise invalid("history", None, rule, remedy)
    if len(names) > 1:
        rule = f"must be given, for the forecasts are of {', '.join(name or 'no entity' for name in names)}"
        raise invalid("history", None, rule, "or give the file of one forecast")
    return names[0]


def _name(data: xr.Dataset) -> str:
    """Return the scenario of a forecast with the first digits of its hash."""
    digits = str(data.attrs.get("scenario_hash", ""))[:_DIGITS]
    return f"{data.attrs.get('scenario', 'a forecast')} ({digits or 'made by hand'})"


def _results(
    given: Scenario | list[xr.Dataset], table: xr.Dataset, n_paths: int, seed: int | None, fewest: int
) -> list[xr.Dataset]:
    """Return the ensembles or summaries that are scored, of no fewer paths than their score needs."""
    checks = Checks()
    if isinstance(given, Scenario):
        from montecarlo_ai.arguments import LARGEST_N_PATHS
        from montecarlo_ai.simulation import simulate

        checks.whole("n_paths", n_paths, at_least=fewest, at_most=LARGEST_N_PATHS)
        checks.finish()
        wanted = dict.fromkeys(
            state
            for variable, measure in zip(table["variable"].values, table["measure"].values, strict=True)
            for state in states_of(str(variable), str(measure))
        )
        kept = [state for state in wanted if state in given.model.state_fields]
        return [simulate(given, n_paths=n_paths, seed=seed, variables=kept)]
    for data in given:
        if data.sizes.get("path", fewest) < fewest:
            remedy = "or score it with fair=False" if data.sizes["path"] else ""
            checks.add("forecast", f"{data.sizes['path']} paths", f"must have at least {fewest}", remedy)
    checks.finish()
    return given


def _known_by(known_by: Any, data: xr.Dataset) -> np.datetime64:
    if known_by is None:
        start: np.datetime64 = data["time"].values[0].astype("datetime64[D]").astype("datetime64[s]")
        return start - np.timedelta64(86_400, "s")
    return to_datetime(known_by, "known_by")


def _scores(
    data: xr.Dataset, table: xr.Dataset, known_by: np.datetime64, bands: Sequence[float], fair: bool
) -> list[Score]:
    """Return the score of each observation against one result."""
    times = np.asarray(data["time"].values).astype("datetime64[s]")
    found = []
    raised = 0.0
    for k in range(table.sizes["observation"]):
        row = table.isel(observation=k)
        variable, measure, value = str(row["variable"].values), str(row["measure"].values), float(row["value"])
        first, last = table["period_start"].values[k], table["period_end"].values[k]
        if measure == RAISED and last >= times[0]:
            raised += value
            value = raised
        figure = measured(variable, measure, first, last, times, int(data.attrs["steps_per_year"]), stub_of(data))
        status = _status(data, row, variable, measure, figure, known_by)
        if status != SCORED or figure is None:
            found.append(Score(status, np.nan if figure is None else figure.horizon, value))
        else:
            found.append(_score(data, figure, value, bands, fair))
    return found


def _status(
    data: xr.Dataset, row: xr.Dataset, variable: str, measure: str, figure: Measured | None, known_by: np.datetime64
) -> str:
    """Return what becomes of an observation."""
    start = data["time"].values[0].astype("datetime64[s]")
    states = states_of(variable, measure)
    if figure is None:
        return BEFORE if row["period_start"].values < start or row["period_end"].values < start else BEYOND
    if row["first_public"].values <= known_by:
        return KNOWN
    if str(row["bound"].values):
        return BOUND
    if any(state not in data or "time" not in data[state].dims for state in states):
        return LACKING
    return SCORED if "path" in data.dims or len(states) == 1 else NEEDS_PATHS


def _score(data: xr.Dataset, figure: Measured, value: float, bands: Sequence[float], fair: bool) -> Score:
    """Return score, rank and quantiles of one observation."""
    levels = _levels(bands)
    if "path" in data.dims:
        values = values_of(data, figure)
        if not np.all(np.isfinite(values)):
            raise invalid("forecast", ", ".join(figure.weights), "must be finite on every path")
        ranks = _mid_ranks(values)
        crps = crps_of_sample(values, value, fair=fair)
        return Score(SCORED, figure.horizon, value, crps, rank_of(values, value), np.quantile(values, levels), ranks)
    held, quantiles = quantiles_of(data, figure)
    crps, pit = crps_of_quantiles(held, quantiles, value), probability_below(held, quantiles, value)
    return Score(SCORED, figure.horizon, value, crps, pit, quantile_at(levels, held, quantiles))


def _mid_ranks(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the rank of each path in (0, 1), equal ones sharing the middle of theirs, as `rank_of` an outcome has."""
    from scipy.stats import rankdata

    return np.asarray((rankdata(values, "average") - 0.5) / values.size, dtype=np.float32)


def _levels(bands: Sequence[float]) -> NDArray[np.float64]:
    """Return the levels of the ends of the bands and of the median, rising."""
    return np.array(sorted({0.5, *(0.5 - 0.5 * band for band in bands), *(0.5 + 0.5 * band for band in bands)}))


def _rows(
    data: xr.Dataset,
    table: xr.Dataset,
    scores: Sequence[Score],
    index: int,
    bands: Sequence[float],
) -> xr.Dataset:
    """Return the observations with their scores against one forecast."""
    levels = _levels(bands)
    empty = np.full(levels.size, np.nan)
    pit = np.array([score.pit for score in scores])
    with np.errstate(invalid="ignore"):
        inside = [np.where(np.isnan(pit), np.nan, np.abs(pit - 0.5) <= 0.5 * band) for band in bands]
    rows = table.drop_vars(["value"]).assign(
        value=("observation", np.array([score.value for score in scores]), {"long_name": "what was published"}),
        forecast=("observation", np.full(len(scores), index)),
        status=("observation", np.array([score.status for score in scores], dtype=object).astype(str)),
        horizon=("observation", np.array([score.horizon for score in scores]), {"units": "year"}),
        crps=("observation", np.array([score.crps for score in scores])),
        pit=("observation", pit),
        quantiles=(
            ("quantile", "observation"),
            np.array([empty if score.quantiles is None else score.quantiles for score in scores]).T.reshape(
                levels.size, len(scores)
            ),
        ),
        inside=(("band", "observation"), np.array(inside).reshape(len(bands), len(scores))),
        crps_naive=(
            "observation",
            naive_scores(
                table, [score.value for score in scores], [score.status for score in scores], data["time"].values[0]
            ),
        ),
    )
    return rows.assign_coords(quantile=levels, band=list(bands))
