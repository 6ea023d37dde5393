"""Running statistics: histograms, sums and first-passage counts, so that no path need be stored.

A value falls into a bin by a monotone map of the whole line onto (0, 1), g = (1 + y / (1 + |y|)) / 2 with
y = (x - centre) / scale, where centre and scale come from a pilot run: bins are narrow where the mass is, and no
value is outside. Values equal to the centre are counted apart, so that a point mass there stays exact, and the smallest
and the largest value end the outermost bins. Counts are integers and merge in any order; sums are kept per super-block
and combined in order by the caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from montecarlo_ai.kernels.disk import kept
from montecarlo_ai.kernels.intrinsics import stack_float64, stack_int32, stack_uint16

BINS = 1024
WIDE_BINS = 64
"""Bins of the histogram of each replicate: enough to see how far apart the replicates' distributions are."""

SUPER_BLOCK = 16_384
"""Paths of one tally: few enough for 16-bit counts, whose histograms stay in the processor's second-level cache."""

_HALF, _ONE = np.float32(0.5), np.float32(1.0)
"""Bins are found in single precision, whose division takes a third of the time: a value nearer to the edge of a bin
than a thousandth of its width may be counted beside it."""

_FAR = 1e30
"""Beyond it, in units of the scale, every value is in the outermost bin; keeps infinity out of the map."""

_by_time, _counts_by_time, _by_replicate = types.float64[:, ::1], types.int64[:, ::1], types.int64[:, :, ::1]


@dataclass(frozen=True)
class Tally:
    """Statistics of a range of paths.

    Attributes
    ----------
    counts : (variables, times, bins) uint16, or int64 in a total
    atoms : (variables, times) int64
        How many values equal the centre.
    sums, squares : (variables, times) float64
        Of y: about the centre, in units of the scale.
    lowest, highest : (variables, times) float64
        The smallest and the largest value; infinite while there is none.
    happened : (replicates, events, times + 1) int64
        First passages at each grid time; never, in the last column.
    first : (replicates, events + 1, times + 1) int64
        Those that came before any other chip; for an event that is no chip, before any chip; the last row is any chip.
    ties : (times + 1,) int64
        Paths whose first chips came together.
    replicate_sums : (variables, times, replicates) float64
        As `sums`; empty where there is one replicate.
    replicate_counts : (variables, times, replicates, wide bins) uint16, or int64 in a total
        As `counts`; empty where there is one replicate.
    """

    counts: NDArray[Any]
    atoms: NDArray[np.int64]
    sums: NDArray[np.float64]
    squares: NDArray[np.float64]
    lowest: NDArray[np.float64]
    highest: NDArray[np.float64]
    happened: NDArray[np.int64]
    first: NDArray[np.int64]
    ties: NDArray[np.int64]
    replicate_sums: NDArray[np.float64]
    replicate_counts: NDArray[Any]

    @classmethod
    def empty(cls, n_variables: int, n_events: int, n_times: int, *, replicates: int = 1, total: bool = False) -> Tally:
        """Return a tally of nothing yet; a total, whose counts have room for any number of paths, where asked."""
        shape = (n_variables, n_times)
        parts = (*shape, replicates if replicates > 1 else 0)
        count = np.int64 if total else np.uint16
        return cls(
            counts=np.zeros((*shape, BINS), dtype=count),
            atoms=np.zeros(shape, dtype=np.int64),
            sums=np.zeros(shape),
            squares=np.zeros(shape),
            lowest=np.full(shape, np.inf),
            highest=np.full(shape, -np.inf),
            happened=np.zeros((replicates, n_events, n_times + 1), dtype=np.int64),
            first=np.zeros((replicates, n_events + 1, n_times + 1), dtype=np.int64),
            ties=np.zeros(n_times + 1, dtype=np.int64),
            replicate_sums=np.zeros(parts),
            replicate_counts=np.zeros((*parts, WIDE_BINS), dtype=count),
        )

    def merge(self, later: Tally) -> None:
        """Add the tally of the paths that follow."""
        combine = {"lowest": np.minimum, "highest": np.maximum}
        for field in fields(self):
            mine = getattr(self, field.name)
            combine.get(field.name, np.add)(mine, getattr(later, field.name), out=mine)

    def add(
        self,
        values: NDArray[np.float64],
        passage: NDArray[np.int32],
        width: int,
        centre: NDArray[np.float64],
        inverse_scale: NDArray[np.float64],
        chips: Sequence[int],
        replicate: NDArray[np.int64],
    ) -> None:
        """Add paths.

        Parameters
        ----------
        values : (variables, times, columns) float64
        passage : (events, columns) int32
            Grid index of the first passage, beyond the last if never.
        width : int
            Columns that are paths.
        centre, inverse_scale : (variables, times) float64
        chips : sequence of int
            Rows of the events that are chips.
        replicate : (width,) int64
            Which replicate each path belongs to.
        """
        _add_values(
            values,
            width,
            centre,
            inverse_scale,
            self.counts,
            self.atoms,
            (self.sums, self.squares, self.lowest, self.highest),
        )
        if self.replicate_sums.size:
            _add_parts(values, replicate, centre, inverse_scale, self.replicate_sums, self.replicate_counts)
        is_chip = np.array(chips, dtype=np.int64)
        _add_passages(passage, replicate, is_chip, self.happened, self.first, self.ties)


@kept(
    types.float64[:, :, ::1],
    types.int64,
    _by_time,
    _by_time,
    types.uint16[:, :, ::1],
    _counts_by_time,
    types.UniTuple(_by_time, 4),
)
def _add_values(
    values: Any, width: Any, centre: Any, inverse_scale: Any, counts: Any, atoms: Any, moments: Any
) -> None:
    """Add the values of consecutive columns to their histograms, sums and extremes."""
    sums, squares, lowest, highest = moments
    bins = stack_int32(1, 256)
    part = stack_uint16(4, BINS)  # neighbours count apart, so that equal bins in a row do not wait for one another
    by_lane = stack_float64(5, 256)  # lanes are summed apart: an ordered sum would wait for every addition
    n_bins = np.float32(BINS)
    last = np.int32(BINS - 1)
    for variable in range(centre.shape[0]):
        for time in range(centre.shape[1]):
            middle, inverse = centre[variable, time], inverse_scale[variable, time]
            series, row = values[variable, time], counts[variable, time]
            for i in range(np.uintp(4)):
                for j in range(np.uintp(BINS)):
                    part[i, j] = np.uint16(0)
            for j in range(np.uintp(256)):
                by_lane[0, j] = by_lane[1, j] = by_lane[2, j] = 0.0
                by_lane[3, j], by_lane[4, j] = np.inf, -np.inf
            for begin in range(np.uintp(0), np.uintp(width), np.uintp(256)):
                lanes = min(np.uintp(256), np.uintp(width) - begin)
                for lane in range(lanes):
                    x = series[begin + lane]
                    d = x - middle
                    y = d * inverse
                    near = np.float32(min(max(y, -_FAR), _FAR))
                    g = (_HALF + _HALF * near / (_ONE + abs(near))) * n_bins
                    bins[0, lane] = min(np.int32(g), last)
                    by_lane[0, lane] += y
                    by_lane[1, lane] += y * y
                    by_lane[2, lane] += 1.0 if d == 0.0 else 0.0
                    by_lane[3, lane] = min(by_lane[3, lane], x)
                    by_lane[4, lane] = max(by_lane[4, lane], x)
                for lane in range(lanes):
                    part[lane & np.uintp(3), np.uintp(bins[0, lane])] += np.uint16(1)
            for j in range(np.uintp(BINS)):
                row[j] += part[0, j] + part[1, j] + part[2, j] + part[3, j]
            half = np.uintp(128)
            while half > np.uintp(0):
                for lane in range(half):
                    for i in range(np.uintp(3)):
                        by_lane[i, lane] += by_lane[i, lane + half]
                    by_lane[3, lane] = min(by_lane[3, lane], by_lane[3, lane + half])
                    by_lane[4, lane] = max(by_lane[4, lane], by_lane[4, lane + half])
                half >>= np.uintp(1)
            sums[variable, time] += by_lane[0, 0]
            squares[variable, time] += by_lane[1, 0]
            atoms[variable, time] += np.int64(by_lane[2, 0])
            lowest[variable, time] = min(lowest[variable, time], by_lane[3, 0])
            highest[variable, time] = max(highest[variable, time], by_lane[4, 0])


@kept(
    types.float64[:, :, ::1],
    types.int64[::1],
    _by_time,
    _by_time,
    types.float64[:, :, ::1],
    types.uint16[:, :, :, ::1],
)
def _add_parts(values: Any, replicate: Any, centre: Any, inverse_scale: Any, sums: Any, counts: Any) -> None:
    """Add the values of consecutive columns to the sums and the histograms of their replicates."""
    n_bins = np.float64(WIDE_BINS)
    last = np.int64(WIDE_BINS - 1)
    for variable in range(centre.shape[0]):
        for time in range(centre.shape[1]):
            middle, inverse = centre[variable, time], inverse_scale[variable, time]
            series, total, rows = values[variable, time], sums[variable, time], counts[variable, time]
            for lane in range(np.uintp(replicate.size)):
                part = np.uintp(replicate[lane])
                y = (series[lane] - middle) * inverse
                near = min(max(y, -_FAR), _FAR)
                g = (0.5 + 0.5 * near / (1.0 + abs(near))) * n_bins
                total[part] += y
                rows[part, np.uintp(min(np.int64(g), last))] += np.uint16(1)


@kept(types.int32[:, ::1], types.int64[::1], types.int64[::1], _by_replicate, _by_replicate, types.int64[::1])
def _add_passages(passage: Any, replicate: Any, chips: Any, happened: Any, first: Any, ties: Any) -> None:
    """Count first passages by grid time, and which came first; ties go to the order of the chips."""
    events = passage.shape[0]
    never = np.int64(happened.shape[2] - 1)
    is_chip = np.zeros(events, dtype=np.bool_)
    is_chip[chips] = True
    for lane in range(replicate.size):
        part = replicate[lane]
        earliest, winner, same = never, -1, 0
        for chip in chips:
            k = np.int64(passage[chip, lane])
            if k < earliest:
                earliest, winner, same = k, chip, 1
            elif k == earliest and k < never:
                same += 1
        for event in range(events):
            k = min(np.int64(passage[event, lane]), never)
            happened[part, event, k] += 1
            if event == winner or (not is_chip[event] and k < earliest):
                first[part, event, k] += 1
        first[part, events, earliest] += 1
        ties[earliest] += same > 1
