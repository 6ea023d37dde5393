"""The first paths of a summary: they tell where each histogram stands and how wide it is, and are the first counted."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from montecarlo_ai.engine import Engine, Store, ranges
from montecarlo_ai.kernels.counting import count_paths
from montecarlo_ai.kernels.lines import empty_lines
from montecarlo_ai.kernels.options import BLOCK
from montecarlo_ai.kernels.reductions import Tally

_PATHS, _MIDDLE = 4_096, 1_024
_BYTES = 2**30
_SCALES = 4.0 * np.finfo(np.float64).tiny, 0.25 * np.finfo(np.float64).max
_COMMON = 0.01


class Pilot(NamedTuple):
    """What the first paths of a run tell.

    Attributes
    ----------
    centre, scale : (variables, times) float64
        Of the histograms.
    tally : Tally
        Their statistics.
    """

    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    tally: Tally


def most_paths(n_times: int) -> int:
    """Return how many paths a pilot has: 4,096, fewer where the grid is so long that they would fill the memory."""
    return int(np.clip(_BYTES // (8 * n_times) // BLOCK, 1, _PATHS // BLOCK)) * BLOCK


def run_pilot(engine: Engine, keep: NDArray[np.int64], chips: Sequence[int], paths: int, threads: int) -> Pilot:
    """Run and count the first paths, as many variables at a time as fit, and never fewer paths for more variables.

    Parameters
    ----------
    engine : Engine
    keep : (variables,) int64
        Places of the states that are described.
    chips : sequence of int
        Places of the events that are chips.
    paths : int
    threads : int
    """
    n_events, n_times = len(engine.scenario.model.event_fields), engine.n_steps + 1
    tally = Tally.empty(len(keep), n_events, n_times, replicates=engine.sampler.replicates)
    passage = np.empty((n_events, paths), dtype=np.int32)
    replicate = engine.sampler.replicate_of(0, paths)
    found: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
    for begin, count in ranges(max(1, len(keep)), max(1, _BYTES // (8 * n_times * paths))):
        few = slice(begin, begin + count)
        store = Store(empty_lines((len(keep[few]), n_times, paths)), passage, 0)
        run = functools.partial(_run, engine, keep[few], store)
        deque(engine.in_order(run, ranges(paths, _PATHS // 4), threads, _nothing), maxlen=0)
        counted = functools.partial(_counted, store.values, tally.part(few), replicate)
        found += engine.in_order(counted, ranges(len(keep[few]), 1), threads, _nothing)
    tally.add_passages(passage, chips, replicate)
    centre, scale = np.ascontiguousarray(np.array(found).reshape(-1, 2, n_times).transpose(1, 0, 2))
    return Pilot(centre, scale, tally)


def _nothing(_: int) -> None:
    """Show no progress."""


def _run(engine: Engine, keep: NDArray[np.int64], store: Store, first: int, count: int) -> None:
    """Run some of the paths."""
    engine.run(first, count, engine.inputs_of(first, count), keep, replace(store, column=first))


def _counted(
    values: NDArray[np.float64], tally: Tally, replicate: NDArray[np.int64], variable: int, _: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return centre and scale of one of several variables and count its values, over (variables, times, paths)."""
    alone = slice(variable, variable + 1)
    centre, scale = _places(values[variable])
    count_paths(values[alone], tally.part(alone).counted(centre[np.newaxis], 1.0 / scale[np.newaxis], replicate))
    return centre, scale


def _places(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return centre and scale for values over (times, paths).

    The centre is a value on which many paths stand, where there is one (it is counted apart), else the median; the
    scale is two thirds of the middle 90%; of the range where the middle has no width; and where all values are one, its
    size. The first of the paths tell centre and middle, which need not be known well; only all tell the range.
    """
    ordered = np.sort(values[:, :_MIDDLE], axis=1)
    paths = ordered.shape[1]
    centre = ordered[:, paths // 2].copy()
    for time in np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).sum(axis=1) > _COMMON * paths):
        found, times_found = np.unique(ordered[time], return_counts=True)
        centre[time] = found[times_found.argmax()]
    half = 0.5 * ordered[:, [int(0.05 * paths), int(0.95 * paths)]]  # before a difference, which could overflow
    width = half[:, 1] - half[:, 0]
    thin = np.flatnonzero(width == 0.0)
    all_of_them = values[thin]
    width[thin] = 0.5 * all_of_them.max(axis=1) - 0.5 * all_of_them.min(axis=1)
    scale = np.minimum(width, 0.75 * _SCALES[1]) / 0.75
    scale = np.where(scale > 0.0, scale, np.where(centre != 0.0, np.abs(centre), 1.0))
    return centre, np.maximum(scale, _SCALES[0])
