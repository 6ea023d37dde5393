"""Statistics of any number of paths in constant memory: no path is stored."""

from __future__ import annotations

import contextlib
import functools
import itertools
import threading
from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from montecarlo_ai.arguments import Run, checked_run, checked_scenario, progress_bar
from montecarlo_ai.checks import Checks
from montecarlo_ai.engine import LARGEST_AHEAD, Engine, Store, ranges
from montecarlo_ai.ensemble import dataset, identity, labels
from montecarlo_ai.errors import InputError, invalid
from montecarlo_ai.histogram import Histogram, quantiles
from montecarlo_ai.intervals import replicate_error
from montecarlo_ai.kernels.bins import BINS, WIDE_BINS
from montecarlo_ai.kernels.counting import LANES
from montecarlo_ai.kernels.lines import CACHED_BYTES, empty_lines
from montecarlo_ai.kernels.options import BLOCK
from montecarlo_ai.kernels.reductions import PLACES, SUPER_BLOCK, Tally
from montecarlo_ai.memory import check_memory
from montecarlo_ai.pilot import Pilot, most_paths, run_pilot
from montecarlo_ai.scenario import Scenario

QUANTILES = (0.05, 0.15, 0.25, 0.35, 0.5, 0.65, 0.75, 0.85, 0.95)
"""Ends of the 30, 50, 70 and 90% bands, and the median."""

_COUNTS = ("event_count", "event_time_count", "first_count", "tie_count")
REPLICATE_COUNTS = ("replicate_event_count", "replicate_first_count", "replicate_paths")
_FEWEST, _MOST = 1_024, 8_192
"""Paths that are reduced at a time, at least, where memory allows (each time fetches all histograms), and at most."""

_RANGE = 16_384
"""Paths whose inputs are drawn at a time."""

_SLAB_BYTES = 2**25
_MOST_PAIRS, _LEAST = 16, 7_680
"""Pieces are many in a long run, even in number, and not much smaller than this, since each fetches all histograms."""


def summarize(
    scenario: Scenario,
    *,
    n_paths: int,
    seed: int | None = None,
    variables: Sequence[str] | None = None,
    quantiles: Sequence[float] = QUANTILES,
    dtype: str = "float64",
    store_dtype: str | None = None,
    sampler: str = "random",
    replicates: int | None = None,
    threads: int | None = None,
    progress: bool | None = None,
) -> xr.Dataset:
    """Return the statistics of an ensemble without storing a path; memory does not grow with the number of paths.

    Means, standard deviations and first-passage counts are those of the ensemble that `simulate` makes of the same
    scenario, seed and number of paths. Quantiles are read from histograms whose ranges come from the first 4,096
    paths; the error beside each is one standard error: that of sampling, and that of a place that is known to its bin
    (the bin's width over the square root of 12), added in squares. With more than one replicate, that of sampling
    comes from how far apart the replicates' shares below the quantile are, which are counted in 128 bins; with one, it
    is that of independent paths, whatever the sampler. Levels 0 and 1 are the smallest and the largest value, exactly.

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
    dtype : {"float64", "mixed", "float32"}
        Precision of computing: "mixed" draws shocks in single precision and moves states in double, "float32" does all
        in single. The words of the random streams are the same. docs/extending.md says what each costs and saves.
    store_dtype : {"float64", "float32"}, optional
        Precision of the statistics returned; that of the states, if not given.
    sampler, replicates, threads, progress
        As for `simulate`.

    Returns
    -------
    xarray.Dataset
        For each variable ``<name>`` and ``<name>_error`` over (quantile, time), ``<name>_mean`` and ``<name>_std``
        over (time,). Exact counts of paths: ``event_count`` (has happened by) and ``event_time_count`` (first
        passage at) over (event, time), ``first_count`` over (cause, time), ``tie_count`` over (time,). With more than
        one replicate also ``<name>_mean_error``, the standard error of the mean, ``replicate_event_count`` over
        (replicate, event, time), ``replicate_first_count`` over (replicate, cause, time) and ``replicate_paths``
        over (replicate,).

    Raises
    ------
    InputError, ModelError, NumericalError
        As `simulate`; also for a level outside [0, 1].
    """
    scenario = checked_scenario(scenario)
    checks, run = Checks(InputError), None
    levels = _checked_levels(quantiles, checks)
    with checks.collecting():
        run = checked_run(
            scenario,
            n_paths=n_paths,
            seed=seed,
            variables=variables,
            dtype=dtype,
            store_dtype=store_dtype,
            threads=threads,
            progress=progress,
            sampler=sampler,
            replicates=replicates,
        )
        _check_names(run.variables, checks)
    checks.finish()
    assert run is not None
    sampling, kept = run.sampling, run.variables
    engine = Engine(scenario, run.seed, sampling, run.dtype)
    keep = np.array([scenario.model.state_fields.index(name) for name in kept], dtype=np.int64)
    n_times = scenario.time.n_steps + 1
    slab = _slab(len(keep) * n_times)
    needed = _bytes_needed(scenario, run, len(levels), slab)
    remedy = "describe fewer variables, or take fewer steps" + (" or replicates" if sampling.replicates > 1 else "")
    check_memory(needed, "variables", list(kept), remedy)
    chips = [scenario.model.event_fields.index(cause) for cause in scenario.chips]
    first = min(most_paths(n_times), sampling.n_paths)
    with progress_bar(sampling.n_paths, progress) as bar, engine:
        pilot = run_pilot(engine, keep, chips, first, run.threads)
        bar.update(first)
        reduction = _Reduction(engine, keep, slab, chips, pilot)
        pieces = ranges(sampling.n_paths, _piece(sampling.n_paths - first), start=first)
        for tally in engine.in_order(reduction.of, pieces, run.threads, bar.update):
            reduction.add(tally)
    total = reduction.total
    statistics = _statistics(scenario, run, levels, total, pilot.centre, pilot.scale, 1 + engine.sampler.mirrored)
    attributes = identity(scenario, kind="summary", seed=run.seed, sampling=sampling, dtype=run.dtype)
    causes = np.array([*scenario.model.causes, "any"], dtype=str)
    return dataset(
        scenario,
        {**statistics, **_counts(scenario, total)},
        attributes,
        quantile=xr.Variable("quantile", np.array(levels), {"long_name": "quantile level"}),
        cause=xr.Variable("cause", causes, {"long_name": "cause"}),
    )


class _Reduction:
    """Statistics of a run, a piece at a time.

    Parameters
    ----------
    engine : Engine
    keep : (variables,) int64
        Places of the states that are described.
    slab : int
        Paths that are reduced at a time.
    chips : sequence of int
        Places of the events that are chips.
    pilot : Pilot
        Of the first paths.
    """

    def __init__(self, engine: Engine, keep: NDArray[np.int64], slab: int, chips: Sequence[int], pilot: Pilot) -> None:
        n_events, n_times = len(engine.scenario.model.event_fields), engine.n_steps + 1
        self._engine, self._keep, self._slab, self._chips = engine, keep, slab, chips
        self._places = pilot.centre, 1.0 / pilot.scale
        self._space = _Space(len(engine.varying), (len(keep), n_times, slab), n_events)
        self._empty = functools.partial(Tally.empty, len(keep), n_events, n_times, replicates=engine.sampler.replicates)
        self._spare: list[Tally] = []  # fresh memory would come zeroed, page by page
        self.total = self._empty(total=True)
        self.add(pilot.tally)

    def of(self, first_path: int, n_paths: int) -> Tally:
        """Return the statistics of consecutive paths; for any thread."""
        try:
            tally = self._spare.pop()
        except IndexError:
            tally = self._empty()
        else:
            tally.clear()
        space, sampler = self._space, self._engine.sampler
        for begin, width in ranges(n_paths, _RANGE):
            first = first_path + begin
            replicate = sampler.replicate_of(first, width)
            store = Store(space.values, space.passage, 0, self._slab, tally.counted(*self._places, replicate))
            self._engine.run(first, width, self._engine.inputs_of(first, width, space.drawn), self._keep, store)
            tally.add_passages(space.passage, self._chips, replicate)
        return tally

    def add(self, tally: Tally) -> None:
        """Add the statistics of the paths that follow; the tally may be used again."""
        self.total.merge(tally)
        self._spare.append(tally)


class _Space(threading.local):
    """Arrays that a thread writes again and again: fresh memory would come zeroed, page by page."""

    def __init__(self, n_inputs: int, kept: tuple[int, int, int], n_events: int) -> None:
        n_variables, n_times, slab = kept
        columns = slab + 8  # rows a power of two apart would share sets of the caches
        self.drawn = empty_lines((_RANGE // BLOCK, n_inputs, BLOCK))
        self.values = empty_lines((n_variables, n_times, columns))
        self.passage = np.empty((n_events, _RANGE), dtype=np.int32)


def _bytes_needed(scenario: Scenario, run: Run, n_levels: int, slab: int) -> int:
    """Return the most memory that a summary takes: tallies in flight, a pilot, a space a thread, and the answer."""
    n_variables, n_events = len(run.variables), len(scenario.model.event_fields)
    n_times, replicates = scenario.time.n_steps + 1, run.sampling.replicates
    counts, passages = _tally_bytes(n_variables, n_events, n_times, replicates)
    tallies = (LARGEST_AHEAD + 1) * run.threads * (counts + passages)
    total = 4 * counts + passages  # of counts of 64 bits in place of 16
    pilot = 8 * n_times * most_paths(n_times)
    drawn = 8 * (3 * len(scenario.inputs.varying) + 4) + 4 * n_events  # of a path: uniforms, inputs, its replicate
    space = 8 * n_variables * n_times * (slab + 8) + _RANGE * drawn
    answer = 4 * passages  # as they are added up, by event and by cause
    if replicates > 1 and n_variables:  # of one variable at a time: running sums of its bins, shares at the levels
        answer += 8 * n_times * replicates * (2 * WIDE_BINS + 8 * n_levels)
    spaces = (run.threads + 1) * space  # the thread that asks has one too
    return tallies + total + pilot + spaces + answer


def _tally_bytes(n_variables: int, n_events: int, n_times: int, replicates: int) -> tuple[int, int]:
    """Return the bytes of a tally: those of what is known of variables, and those of first passages."""
    cell = 2 * (BINS + LANES) + 4 * 8 * LANES + (replicates * (8 + 2 * WIDE_BINS) if replicates > 1 else 0)
    places = PLACES if replicates == 1 else 1
    return cell * n_variables * n_times, 8 * 2 * places * (n_events + 1) * replicates * (n_times + 1)


def _slab(rows: int) -> int:
    """Return how many paths are reduced at a time: whole blocks, what is kept of which a cache holds; or many more."""
    bytes_a_path = 8 * max(1, rows)
    room = CACHED_BYTES if _FEWEST * bytes_a_path <= CACHED_BYTES else _SLAB_BYTES
    return int(np.clip(room // (bytes_a_path * BLOCK), 1, _MOST // BLOCK)) * BLOCK


def _piece(n_paths: int) -> int:
    """Return how many paths a thread takes at a time: whole blocks, fewer in a short run, so that none waits long."""
    pairs = np.clip(round(n_paths / (2 * _LEAST)), 1, _MOST_PAIRS)
    return int(np.clip(-(-n_paths // (2 * pairs * BLOCK)), 1, SUPER_BLOCK // BLOCK)) * BLOCK


def _check_names(kept: Sequence[str], checks: Checks) -> None:
    """Record states that bear the name of another one's statistic, or of a count."""
    derived = {f"{name}_{suffix}" for name in kept for suffix in ("error", "mean", "std", "mean_error")}
    derived |= {*_COUNTS, *REPLICATE_COUNTS}
    for name in kept:
        if name in derived:
            checks.add("variables", name, "is what a summary calls one of its own variables", "rename the state")


def _checked_levels(quantiles: object, checks: Checks) -> tuple[float, ...]:
    """Return the levels in order; problems are recorded."""
    given: list[object] = []
    with contextlib.suppress(TypeError, ValueError):  # what cannot be gone through, or is ragged
        given = list(quantiles) if not isinstance(quantiles, str) and np.ndim(quantiles) == 1 else []  # type: ignore[call-overload, arg-type]
    if not given:
        checks.add("quantiles", quantiles, "must be a sequence of levels", "write [0.05, 0.5, 0.95]")
    levels = [checks.number(f"quantiles[{i}]", level, at_least=0.0, at_most=1.0) for i, level in enumerate(given)]
    if any(later <= level for level, later in itertools.pairwise(levels)):  # no number compares with one that is none
        checks.add("quantiles", quantiles, "must increase")
    return tuple(levels)


def _statistics(
    scenario: Scenario,
    run: Run,
    levels: Sequence[float],
    total: Tally,
    centre: NDArray[np.float64],
    scale: NDArray[np.float64],
    together: int,
) -> dict[str, xr.Variable]:
    """Return quantiles with their errors, means and standard deviations; the means' errors where replicates tell."""
    n_paths = run.sampling.n_paths
    with np.errstate(over="ignore", invalid="ignore"):
        shift, square = total.sums.sum(axis=2) / n_paths, total.squares.sum(axis=2) / n_paths
        variance = np.maximum(square - shift**2, 0.0)
        deviation = scale * np.sqrt(np.where(np.isnan(variance), np.inf, variance))
    parts = total.paths if run.sampling.replicates > 1 else None
    how = {"method": "independent paths" if parts is None else "replicates"}
    result = {}
    for i, name in enumerate(run.variables):
        value, error = (of.T for of in quantiles(Histogram.of(total, i, centre[i], scale[i], parts, together), levels))
        both, alone = ("quantile", "time"), ("time",)
        described = [
            (name, "", both, value, {}),
            (f"{name}_error", "error of ", both, error, how),
            (f"{name}_mean", "mean of ", alone, centre[i] + scale[i] * shift[i], {}),
            (f"{name}_std", "standard deviation of ", alone, deviation[i], {}),
        ]
        if parts is not None:
            mean_error = scale[i] * replicate_error(total.replicate_sums[i].T, parts)
            described.append((f"{name}_mean_error", "standard error of the mean of ", alone, mean_error, how))
        for variable, prefix, dims, values, attributes in described:
            about = {**labels(scenario, name, prefix=prefix), **attributes}
            result[variable] = xr.Variable(dims, _cast(variable, values, run.store_dtype), about)
    return result


def _cast(name: str, values: NDArray[np.float64], stored: str) -> NDArray[np.floating]:
    """Return a statistic in the precision asked for; raise where it does not fit."""
    with np.errstate(over="ignore"):
        cast: NDArray[np.floating] = values.astype(stored)
    if not np.array_equal(np.isinf(cast), np.isinf(values)):
        rule = f"cannot hold {name}, which reaches {np.abs(values[np.isfinite(values)]).max():.3g}"
        raise invalid("store_dtype", stored, rule, 'take "float64"')
    return cast


def _counts(scenario: Scenario, total: Tally) -> dict[str, xr.Variable]:
    """Return the exact first-passage counts."""
    model, n_times = scenario.model, scenario.time.n_steps + 1
    later, first = total.passages[:, :, :n_times].sum(axis=-1).transpose(3, 1, 0, 2)
    passed = later + first
    happened, tied = passed[:, :-1], first[:, -1]
    came_first = np.concatenate([first[:, :-1], passed[:, -1:]], axis=1)
    at = happened.sum(axis=0)
    rows = [*(model.event_fields.index(cause) for cause in model.causes), len(model.event_fields)]

    def counted(dims: tuple[str, ...], values: NDArray[np.int64], what: str) -> xr.Variable:
        return xr.Variable(dims, values, {"units": "paths", "long_name": what})

    counts = (
        counted(("event", "time"), at.cumsum(axis=1), "paths on which the event has happened"),
        counted(("event", "time"), at, "paths whose first passage is at this time"),
        counted(
            ("cause", "time"), came_first[:, rows].sum(axis=0).cumsum(axis=1), "paths on which the cause came first"
        ),
        counted(("time",), tied.sum(axis=0).cumsum(), "paths whose first chip event was a tie"),
    )
    named = dict(zip(_COUNTS, counts, strict=True))
    if len(happened) > 1:
        by_event, by_cause = ("replicate", "event", "time"), ("replicate", "cause", "time")
        parts = (
            counted(by_event, happened.cumsum(axis=2), "paths of the replicate on which the event has happened"),
            counted(
                by_cause, came_first[:, rows].cumsum(axis=2), "paths of the replicate on which the cause came first"
            ),
            counted(("replicate",), total.paths, "paths of the replicate"),
        )
        named |= dict(zip(REPLICATE_COUNTS, parts, strict=True))
    return named
