"""Running statistics of a block: histograms, sums and first-passage counts, so that no path is stored.

A value falls into a bin by a monotone map of the whole line onto (0, 1), g = (1 + y / (1 + |y|)) / 2 with
y = (x - centre) / scale, where centre and scale come from a pilot run: bins are narrow where the mass is, and no
value is outside. Values equal to the centre are counted apart, so that a point mass there stays exact. Counts are
integers and merge in any order; sums are kept per super-block and combined in order by the caller.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from montecarlo_ai.kernels.intrinsics import stack_int32
from montecarlo_ai.kernels.options import COMPILE

BINS = 1024
SUPER_BLOCK = 16_384
"""Paths of one tally: few enough for 16-bit counts, whose histograms stay in the processor's second-level cache."""


@njit(**COMPILE)  # type: ignore[untyped-decorator]
def accumulate(values: Any, passage: Any, width: Any, tally: Any) -> None:
    """Add one block to a tally; a tally of no variables and no events is left alone.

    Parameters
    ----------
    values : (variables, times, 256) float64
    passage : (events, 256) int32
        Grid index of the first passage, above the last index if never.
    width : int
        Lanes that are paths.
    tally : tuple of arrays
        centre, inverse_scale : (variables, times) float64; counts : (variables, times, bins) uint16;
        atoms : (variables, times) int64; sums, squares : (variables, times) float64, about the centre;
        happened : (events, times + 1) int64; chips : (n,) int64, rows of the events that are chips;
        first : (events + 1, times + 1) int64, the last row for any chip; ties : (times + 1,) int64.
    """
    centre, inverse_scale, counts, atoms, sums, squares, happened, chips, first, ties = tally
    bins = stack_int32(1, 256)
    n_bins = np.float64(counts.shape[2])
    last = np.int32(counts.shape[2] - 1)
    for variable in range(centre.shape[0]):
        for time in range(centre.shape[1]):
            middle, inverse = centre[variable, time], inverse_scale[variable, time]
            total, square, equal = 0.0, 0.0, 0
            for lane in range(np.uintp(width)):
                d = values[variable, time, lane] - middle
                y = d * inverse
                g = (0.5 + 0.5 * y / (1.0 + abs(y))) * n_bins
                bins[0, lane] = min(np.int32(g), last)
                total += d
                square += d * d
                equal += d == 0.0
            row = counts[variable, time]
            for lane in range(np.uintp(width)):
                row[np.uintp(bins[0, lane])] += np.uint16(1)
            atoms[variable, time] += equal
            sums[variable, time] += total
            squares[variable, time] += square
    if happened.shape[0] > 0:
        _count_passages(passage, width, happened, chips, first, ties)


@njit(**COMPILE)  # type: ignore[untyped-decorator]
def _count_passages(passage: Any, width: Any, happened: Any, chips: Any, first: Any, ties: Any) -> None:
    """Count first passages by grid time, and which came first."""
    events = passage.shape[0]
    never = happened.shape[1] - 1
    for lane in range(np.uintp(width)):
        earliest, winner, same = never, -1, 0
        for at in range(chips.size):
            k = passage[chips[at], lane]
            if k < earliest:
                earliest, winner, same = k, chips[at], 1
            elif k == earliest and k < never:
                same += 1
        for event in range(events):
            k = min(passage[event, lane], never)
            happened[event, k] += 1
            chip = False
            for at in range(chips.size):
                chip = chip or chips[at] == event
            if event == winner or (not chip and k < earliest):
                first[event, k] += 1
        first[events, min(earliest, never)] += 1
        if same > 1:
            ties[earliest] += 1
