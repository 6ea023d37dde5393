"""Running statistics: histograms, sums and first-passage counts, so that no path need be stored.

Centre and scale of a histogram (`bins`) come from a pilot run: bins are narrow where the mass is, and no value is
outside. Values equal to the centre are counted apart, so that a point mass there stays exact, and the smallest and the
largest value end the outermost bins. Counts are integers and merge in any order; sums are kept per super-block and
combined in order by the caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from montecarlo_ai.kernels.bins import BINS, WIDE_BINS, bin_of
from montecarlo_ai.kernels.disk import kept
from montecarlo_ai.kernels.intrinsics import stack_float64, stack_uint16
from montecarlo_ai.kernels.options import BLOCK

SUPER_BLOCK = 16_384
"""Most paths of one tally: few enough for 16-bit counts, whose histograms stay in the second-level cache."""

LANES = 16
"""Values that are summed and counted side by side."""

_WIDE = np.uintp(BINS // WIDE_BINS)

_by_time, _by_replicate = types.float64[:, ::1], types.int64[:, :, ::1]


@dataclass(frozen=True)
class Tally:
    """Statistics of a range of paths.

    Attributes
    ----------
    counts : (variables, times, bins + lanes) uint16, or int64 in a total
        Beyond the bins, values that equal the centre, in as many places as there are lanes: equal values in a row do
        not wait for one another.
    sums, squares : (variables, times, lanes) float64
        Of y, about the centre, in units of the scale; of every sixteenth path, so that no addition waits for the one
        before and the order of additions is the same however many paths come at a time.
    lowest, highest : (variables, times, lanes) float64
        The smallest and the largest value; infinite while there is none.
    happened : (replicates, events, times + 1) int64
        First passages at each grid time; never, in the last column.
    first : (replicates, events + 1, times + 1) int64
        Those that came before any other chip; for an event that is no chip, before any chip; the last row is any chip.
    ties : (times + 1,) int64
        Paths whose first chips came together; the last says nothing.
    replicate_sums : (variables, times, replicates) float64
        As `sums`; empty where there is one replicate.
    replicate_counts : (variables, times, replicates, wide bins) uint16, or int64 in a total
        As `counts`; empty where there is one replicate.
    """

    counts: NDArray[Any]
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
            counts=np.zeros((*shape, BINS + LANES), dtype=count),
            sums=np.zeros((*shape, LANES)),
            squares=np.zeros((*shape, LANES)),
            lowest=np.full((*shape, LANES), np.inf),
            highest=np.full((*shape, LANES), -np.inf),
            happened=np.zeros((replicates, n_events, n_times + 1), dtype=np.int64),
            first=np.zeros((replicates, n_events + 1, n_times + 1), dtype=np.int64),
            ties=np.zeros(n_times + 1, dtype=np.int64),
            replicate_sums=np.zeros(parts),
            replicate_counts=np.zeros((*parts, WIDE_BINS), dtype=count),
        )

    def merge(self, later: Tally) -> None:
        """Add the tally of the paths that follow."""
        _merge_counts(self.counts, later.counts)
        combine = {"lowest": np.minimum, "highest": np.maximum}
        for name in (field.name for field in fields(self) if field.name != "counts"):
            mine = getattr(self, name)
            combine.get(name, np.add)(mine, getattr(later, name), out=mine)

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
            (self.sums, self.squares, self.lowest, self.highest),
        )
        if self.replicate_sums.size:
            _add_parts(values, replicate, centre, inverse_scale, self.replicate_sums, self.replicate_counts)
        is_chip = np.zeros(len(passage), dtype=np.bool_)
        is_chip[list(chips)] = True
        rows = np.array(chips, dtype=np.int64)
        _add_passages(passage, replicate, rows, is_chip, self.happened, self.first, self.ties)


@kept(types.int64[:, :, ::1], types.uint16[:, :, ::1])
def _merge_counts(total: Any, part: Any) -> None:
    """Add counts of a part to those of the whole."""
    for variable in range(np.uintp(total.shape[0])):
        for time in range(np.uintp(total.shape[1])):
            for place in range(np.uintp(BINS + LANES)):
                total[variable, time, place] += np.int64(part[variable, time, place])


@kept(
    types.float64[:, :, ::1],
    types.int64,
    _by_time,
    _by_time,
    types.uint16[:, :, ::1],
    types.UniTuple(types.float64[:, :, ::1], 4),
)
def _add_values(values: Any, width: Any, centre: Any, inverse_scale: Any, counts: Any, moments: Any) -> None:
    """Add the values of consecutive columns to their histograms, sums and extremes."""
    sums, squares, lowest, highest = moments
    bins = stack_uint16(1, BLOCK)
    apart = stack_float64(4, LANES)  # LLVM keeps it in registers
    lanes, block = np.uintp(LANES), np.uintp(BLOCK)
    for variable in range(centre.shape[0]):
        for time in range(centre.shape[1]):
            middle, inverse = centre[variable, time], inverse_scale[variable, time]
            series, row = values[variable, time], counts[variable, time]
            total, squared = sums[variable, time], squares[variable, time]
            low, high = lowest[variable, time], highest[variable, time]
            for lane in range(lanes):
                apart[0, lane], apart[1, lane] = total[lane], squared[lane]
                apart[2, lane], apart[3, lane] = low[lane], high[lane]
            for first in range(np.uintp(0), np.uintp(width), block):
                count = min(block, np.uintp(width) - first)
                for begin in range(np.uintp(0), count // lanes * lanes, lanes):
                    for lane in range(lanes):
                        x = series[first + begin + lane]
                        y = (x - middle) * inverse
                        apart[0, lane] += y
                        apart[1, lane] += y * y
                        apart[2, lane] = min(apart[2, lane], x)
                        apart[3, lane] = max(apart[3, lane], x)
                        bins[0, begin + lane] = np.uint16(BINS + np.int32(lane) if x == middle else bin_of(y))
                for lane in range(count // lanes * lanes):
                    row[np.uintp(bins[0, lane])] += np.uint16(1)
            for lane in range(lanes):
                total[lane], squared[lane] = apart[0, lane], apart[1, lane]
                low[lane], high[lane] = apart[2, lane], apart[3, lane]
            for rest in range(np.uintp(width) // lanes * lanes, np.uintp(width)):
                x, at = series[rest], rest % lanes
                y = (x - middle) * inverse
                total[at] += y
                squared[at] += y * y
                low[at], high[at] = min(low[at], x), max(high[at], x)
                row[np.uintp(BINS + np.int32(at) if x == middle else bin_of(y))] += np.uint16(1)


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
    for variable in range(centre.shape[0]):
        for time in range(centre.shape[1]):
            middle, inverse = centre[variable, time], inverse_scale[variable, time]
            series, total, rows = values[variable, time], sums[variable, time], counts[variable, time]
            for lane in range(np.uintp(replicate.size)):
                part = np.uintp(replicate[lane])
                y = (series[lane] - middle) * inverse
                total[part] += y
                rows[part, np.uintp(bin_of(y)) // _WIDE] += np.uint16(1)


@kept(
    types.int32[:, ::1],
    types.int64[::1],
    types.int64[::1],
    types.boolean[::1],
    _by_replicate,
    _by_replicate,
    types.int64[::1],
)
def _add_passages(passage: Any, replicate: Any, chips: Any, is_chip: Any, happened: Any, first: Any, ties: Any) -> None:
    """Count first passages by grid time, and which came first; ties go to the order of the chips."""
    events = np.uintp(passage.shape[0])
    never = np.int32(happened.shape[2] - 1)
    for lane in range(np.uintp(replicate.size)):
        part = np.uintp(replicate[lane])
        earliest, winner, same = never, events, np.int32(0)
        for chip in chips:
            k = min(passage[np.uintp(chip), lane], never)
            sooner = k < earliest
            same = np.int32(1) if sooner else np.int32(same + (k == earliest))
            winner = np.uintp(chip) if sooner else winner
            earliest = min(k, earliest)
        for event in range(events):
            k = min(passage[event, lane], never)
            came = event == winner if is_chip[event] else k < earliest
            happened[part, event, np.uintp(k)] += 1
            first[part, event, np.uintp(k)] += np.int64(came)
        first[part, events, np.uintp(earliest)] += 1
        ties[np.uintp(earliest)] += np.int64(same > 1)
