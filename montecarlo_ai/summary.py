"""Statistics of any number of paths in constant memory: no path is stored."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from montecarlo_ai.arguments import checked_run, checked_scenario, progress_bar
from montecarlo_ai.checks import Checks
from montecarlo_ai.engine import LARGEST_AHEAD, Engine, Store, ranges
from montecarlo_ai.ensemble import dataset, identity, labels
from montecarlo_ai.errors import InputError, invalid
from montecarlo_ai.kernels.options import BLOCK
from montecarlo_ai.kernels.reductions import BINS, SUPER_BLOCK, Tally
from montecarlo_ai.memory import check_memory
from montecarlo_ai.scenario import Scenario

QUANTILES = (0.05, 0.15, 0.25, 0.35, 0.5, 0.65, 0.75, 0.85, 0.95)
"""Ends of the 30, 50, 70 and 90% bands, and the median."""

_COUNTS = ("event_count", "event_time_count", "first_count", "tie_count")
_PILOT = 4_096
_PILOT_BYTES = 2**30
_SLAB_BYTES = 1_000_000
_SMALLEST_SCALE = 4.0 * np.finfo(np.float64).tiny
_COMMON = 0.01


def summarize(
    scenario: Scenario,
    *,
    n_paths: int,
    seed: int | None = None,
    variables: Sequence[str] | None = None,
    quantiles: Sequence[float] = QUANTILES,
    dtype: str = "float64",
    store_dtype: str | None = None,
    threads: int | None = None,
    progress: bool | None = None,
) -> xr.Dataset:
    """Return the statistics of an ensemble without storing a path; memory does not grow with the number of paths.

    Means, standard deviations and first-passage counts are those of the ensemble that `simulate` makes of the same
    scenario, seed and number of paths. Quantiles are read from histograms whose ranges come from the first 4,096
    paths; the error beside each is one standard error: that of sampling, and that of a place that is known to its bin
    (the bin's width over the square root of 12), added in squares. Levels 0 and 1 are the smallest and the largest
    value, exactly.

    Parameters
    ----------
    scenario : Scenario
    n_paths : int
    seed : int, optional
        0 <= seed < 2**63; drawn and recorded when not given.
    variables : sequence of str, optional
        States to describe; the model's outputs, if not given.
    quantiles : sequence of float
        Levels in [0, 1]; by default the ends of the 30, 50, 70 and 90% bands and the median.
    dtype : {"float64"}
        Precision of computing.
    store_dtype : {"float64", "float32"}, optional
        Precision of the statistics returned.
    threads, progress
        As for `simulate`.

    Returns
    -------
    xarray.Dataset
        For each variable ``<name>`` and ``<name>_error`` over (quantile, time), ``<name>_mean`` and ``<name>_std``
        over (time,). Exact counts of paths: ``event_count`` (has happened by) and ``event_time_count`` (first
        passage at) over (event, time), ``first_count`` over (cause, time), ``tie_count`` over (time,).

    Raises
    ------
    InputError, ModelError, NumericalError
        As `simulate`; also for a level outside [0, 1].
    """
    scenario = checked_scenario(scenario)
    levels = _checked_levels(quantiles)
    n_paths, seed, kept, stored, threads = checked_run(
        scenario,
        n_paths=n_paths,
        seed=seed,
        variables=variables,
        dtype=dtype,
        store_dtype=store_dtype,
        threads=threads,
        progress=progress,
    )
    _check_names(kept)
    engine = Engine(scenario, seed)
    keep = np.array([scenario.model.state_fields.index(name) for name in kept], dtype=np.int64)
    n_times = scenario.time.n_steps + 1
    slab = _slab(n_times)
    counted = BINS * (8 + 2 * (LARGEST_AHEAD + 1) * threads)
    needed = len(keep) * n_times * (counted + 8 * slab * threads) + 8 * n_times * _pilot_paths(n_times)
    check_memory(needed, "variables", list(kept), "describe fewer variables, or take fewer steps")
    centre, scale = _pilot(engine, keep, min(_pilot_paths(n_times), n_paths))
    inverse_scale = 1.0 / scale
    chips = [scenario.model.event_fields.index(cause) for cause in scenario.chips]
    n_events = len(scenario.model.event_fields)

    def work(first: int, count: int) -> Tally:
        tally = Tally.empty(len(keep), n_events, n_times)
        drawn = engine.inputs_of(first, count)
        values, passage = np.empty((len(keep), n_times, slab)), np.empty((n_events, slab), dtype=np.int32)
        for begin, width in ranges(count, slab):
            blocks = drawn[begin // BLOCK : -(-(begin + width) // BLOCK)]
            engine.run(first + begin, width, blocks, keep, Store(values, passage, 0))
            tally.add(values, passage, width, centre, inverse_scale, chips)
        return tally

    total = Tally.empty(len(keep), n_events, n_times, total=True)
    with progress_bar(n_paths, progress) as bar:
        for tally in engine.in_order(work, ranges(n_paths, SUPER_BLOCK), threads, bar.update):
            total.merge(tally)
    statistics = _statistics(scenario, kept, levels, total, centre, scale, n_paths, stored)
    attributes = identity(scenario, kind="summary", seed=seed, n_paths=n_paths, dtype=dtype)
    causes = np.array([*scenario.model.causes, "any"], dtype=str)
    return dataset(
        scenario,
        {**statistics, **_counts(scenario, total)},
        attributes,
        quantile=xr.Variable("quantile", np.array(levels), {"long_name": "quantile level"}),
        cause=xr.Variable("cause", causes, {"long_name": "cause"}),
    )


def _slab(n_times: int) -> int:
    """Return how many paths are reduced at a time: whole blocks of which a variable fits the processor's cache.

    Sums are rounded slab by slab, so its size is the same whatever else is described.
    """
    return int(np.clip(_SLAB_BYTES // (8 * n_times) // BLOCK, 1, SUPER_BLOCK // BLOCK)) * BLOCK


def _check_names(kept: Sequence[str]) -> None:
    """Raise if a state bears the name of another one's statistic, or of a count."""
    checks = Checks(InputError)
    derived = {f"{name}_{suffix}" for name in kept for suffix in ("error", "mean", "std")} | set(_COUNTS)
    for name in kept:
        if name in derived:
            checks.add("variables", name, "is what a summary calls one of its own variables", "rename the state")
    checks.finish()


def _checked_levels(quantiles: Sequence[float]) -> tuple[float, ...]:
    checks = Checks(InputError)
    given = list(quantiles) if not isinstance(quantiles, str) and np.ndim(quantiles) == 1 else []
    if not given:
        checks.add("quantiles", quantiles, "must be a sequence of levels", "write [0.05, 0.5, 0.95]")
    levels = [checks.number(f"quantiles[{i}]", level, at_least=0.0, at_most=1.0) for i, level in enumerate(given)]
    if sorted(set(levels)) != levels and not checks.problems:
        checks.add("quantiles", quantiles, "must increase")
    checks.finish()
    return tuple(levels)


def _pilot_paths(n_times: int) -> int:
    """Return how many paths the pilot has: 4,096, fewer where the grid is so long that they would fill the memory."""
    return int(np.clip(_PILOT_BYTES // (8 * n_times) // BLOCK, 1, _PILOT // BLOCK)) * BLOCK


def _pilot(engine: Engine, keep: NDArray[np.int64], paths: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return centre and scale of each histogram, (variables, times), from the first paths of the run."""
    n_times, n_events = engine.n_steps + 1, len(engine.scenario.model.event_fields)
    drawn, passage = engine.inputs_of(0, paths), np.empty((n_events, paths), dtype=np.int32)
    centre, scale = np.empty((len(keep), n_times)), np.empty((len(keep), n_times))
    for first, count in ranges(len(keep), max(1, _PILOT_BYTES // (8 * n_times * paths))):
        these = slice(first, first + count)
        values = np.empty((count, n_times, paths))
        engine.run(0, paths, drawn, keep[these], Store(values, passage, 0))
        centre[these], scale[these] = _places(values)
    return centre, scale


def _places(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return centre and scale for values over (variables, times, paths), which are sorted in place.

    The centre is a value on which many paths stand, where there is one (it is counted apart), else the median; the
    scale is half the middle 90%; half the range where the middle has no width; and where all values are one, its size.
    """
    values.sort(axis=2)
    paths = values.shape[2]
    centre = values[:, :, paths // 2].copy()
    for variable, time in np.argwhere((values[:, :, 1:] == values[:, :, :-1]).sum(axis=2) > _COMMON * paths):
        found, times_found = np.unique(values[variable, time], return_counts=True)
        centre[variable, time] = found[times_found.argmax()]
    half = 0.5 * values  # before a difference, which could overflow
    middle = half[:, :, int(0.95 * paths)] - half[:, :, int(0.05 * paths)]
    scale = np.where(middle > 0.0, middle, half[:, :, -1] - half[:, :, 0])
    scale = np.where(scale > 0.0, scale, np.where(centre != 0.0, np.abs(centre), 1.0))
    return centre, np.maximum(scale, _SMALLEST_SCALE)


def _statistics(
    scenario: Scenario,
    kept: Sequence[str],
    levels: Sequence[float],
    total: Tally,
    centre: NDArray[np.float64],
    scale: NDArray[np.float64],
    n_paths: int,
    stored: str,
) -> dict[str, xr.Variable]:
    """Return quantiles with their errors, means and standard deviations."""
    shift = total.sums / n_paths
    with np.errstate(over="ignore", invalid="ignore"):
        variance = np.maximum(total.squares / n_paths - shift**2, 0.0)
        deviation = scale * np.sqrt(np.where(np.isnan(variance), np.inf, variance))
    result = {}
    for i, name in enumerate(kept):
        ends = total.lowest[i], total.highest[i]
        columns = [
            _quantiles(total.counts[i, t], int(total.atoms[i, t]), centre[i, t], scale[i, t], (low, high), levels)
            for t, (low, high) in enumerate(zip(*ends, strict=True))
        ]
        value, error = np.array(columns).transpose(1, 2, 0)
        both, alone = ("quantile", "time"), ("time",)
        for variable, prefix, dims, values in (
            (name, "", both, value),
            (f"{name}_error", "error of ", both, error),
            (f"{name}_mean", "mean of ", alone, centre[i] + scale[i] * shift[i]),
            (f"{name}_std", "standard deviation of ", alone, deviation[i]),
        ):
            result[variable] = xr.Variable(dims, _cast(variable, values, stored), labels(scenario, name, prefix=prefix))
    return result


def _cast(name: str, values: NDArray[np.float64], stored: str) -> NDArray[np.floating]:
    """Return a statistic in the precision asked for; raise where it does not fit."""
    with np.errstate(over="ignore"):
        cast: NDArray[np.floating] = values.astype(stored)
    if not np.array_equal(np.isinf(cast), np.isinf(values)):
        rule = f"cannot hold {name}, which reaches {np.abs(values[np.isfinite(values)]).max():.3g}"
        raise invalid("store_dtype", stored, rule, 'take "float64"')
    return cast


def _quantiles(
    counts: NDArray[np.int64],
    atom: int,
    centre: float,
    scale: float,
    ends: tuple[float, float],
    levels: Sequence[float],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return quantiles of a histogram and their errors, from the piecewise linear distribution function.

    It runs from the smallest to the largest value; the atom stands on the lower edge of the bin in the middle, where
    the function jumps.
    """
    with np.errstate(over="ignore"):
        edges = np.clip(_inner_edges() * scale + centre, *ends)
    edges = np.concatenate([ends[:1], edges, ends[1:]])
    half = BINS // 2
    n = int(counts.sum())
    below = np.concatenate([[0], np.cumsum(counts)]) / n
    at = np.insert(below, half + 1, below[half] + atom / n)
    places = np.insert(edges, half + 1, edges[half])
    level = np.asarray(levels)
    value, half_width = _inverse(at, places, level)
    sampling = np.sqrt(level * (1.0 - level) / n)
    low, _ = _inverse(at, places, np.maximum(level - sampling, 0.0))
    high, _ = _inverse(at, places, np.minimum(level + sampling, 1.0))
    error = np.hypot(0.5 * high - 0.5 * low, half_width / np.sqrt(3.0))
    exact = (level == 0.0) | (level == 1.0)
    return np.where(exact, np.where(level == 0.0, *ends), value), np.where(exact, 0.0, error)


def _inverse(
    at: NDArray[np.float64], places: NDArray[np.float64], level: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where a piecewise linear distribution function reaches levels, and half the width of the piece."""
    upper = np.searchsorted(at, level)
    lower = np.maximum(upper - 1, 0)
    rise = at[upper] - at[lower]
    part = np.divide(level - at[lower], rise, out=np.zeros_like(level), where=rise > 0.0)
    half_width = 0.5 * places[upper] - 0.5 * places[lower]
    between = (1.0 - part) * places[lower] + part * places[upper]
    return np.where(half_width == 0.0, places[upper], between), half_width


@functools.cache
def _inner_edges() -> NDArray[np.float64]:
    """Return the edges between bins in units of the scale."""
    g = np.arange(1, BINS) / BINS * 2.0 - 1.0
    edges: NDArray[np.float64] = g / (1.0 - np.abs(g))
    return edges


def _counts(scenario: Scenario, total: Tally) -> dict[str, xr.Variable]:
    """Return the exact first-passage counts."""
    model, last = scenario.model, scenario.time.n_steps + 1
    at, first = total.happened[:, :last], total.first[:, :last]
    rows = [*(model.event_fields.index(cause) for cause in model.causes), len(model.event_fields)]

    def counted(dims: tuple[str, ...], values: NDArray[np.int64], what: str) -> xr.Variable:
        return xr.Variable(dims, values, {"units": "paths", "long_name": what})

    counts = (
        counted(("event", "time"), at.cumsum(axis=1), "paths on which the event has happened"),
        counted(("event", "time"), at, "paths whose first passage is at this time"),
        counted(("cause", "time"), first[rows].cumsum(axis=1), "paths on which the cause came first"),
        counted(("time",), total.ties[:last].cumsum(), "paths whose first chip event was a tie"),
    )
    return dict(zip(_COUNTS, counts, strict=True))
