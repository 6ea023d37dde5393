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
from numba import njit, types
from numpy.typing import NDArray

from montecarlo_ai.kernels.bins import BINS, WIDE_BINS
from montecarlo_ai.kernels.counting import LANES
from montecarlo_ai.kernels.disk import kept
from montecarlo_ai.kernels.intrinsics import stack_int32
from montecarlo_ai.kernels.lines import empty_lines
from montecarlo_ai.kernels.options import BLOCK, COMPILE

SUPER_BLOCK = 32_768
"""Most paths of one tally: few enough for 16-bit counts, whose histograms stay in the second-level cache."""

PLACES = 4
"""Of each count of passages, a power of two, where all paths are of one replicate: else equal ones in a row wait."""


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
    passages : (events + 1, replicates, times + 1, 2, places) int64
        First passages of each event at each grid time (never, in the last): those that came after another chip, and
        those that came first, before any other chip or, of an event that is no chip, before any. In the last row the
        first chip of each path: one alone, and several together. Each count is the sum of several places.
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
    passages: NDArray[np.int64]
    replicate_sums: NDArray[np.float64]
    replicate_counts: NDArray[Any]

    @classmethod
    def empty(cls, n_variables: int, n_events: int, n_times: int, *, replicates: int = 1, total: bool = False) -> Tally:
        """Return a tally of nothing yet; a total, whose counts have room for any number of paths, where asked."""
        shape = (n_variables, n_times)
        parts = (*shape, replicates if replicates > 1 else 0)
        count, places = np.int64 if total else np.uint16, PLACES if replicates == 1 else 1
        tally = cls(
            counts=empty_lines((*shape, BINS + LANES), count),
            sums=np.empty((*shape, LANES)),
            squares=np.empty((*shape, LANES)),
            lowest=np.empty((*shape, LANES)),
            highest=np.empty((*shape, LANES)),
            passages=np.empty((n_events + 1, replicates, n_times + 1, 2, places), dtype=np.int64),
            replicate_sums=np.empty(parts),
            replicate_counts=np.empty((*parts, WIDE_BINS), dtype=count),
        )
        tally.clear()
        return tally

    @property
    def paths(self) -> NDArray[np.int64]:
        """How many there are of each replicate, (replicates,)."""
        counted: NDArray[np.int64] = self.passages[-1].sum(axis=(1, 2, 3))
        return counted

    def clear(self) -> None:
        """Forget everything."""
        nothing = {"lowest": np.inf, "highest": -np.inf}
        for field in fields(self):
            getattr(self, field.name).fill(nothing.get(field.name, 0))

    def merge(self, later: Tally) -> None:
        """Add the tally of the paths that follow."""
        _merge_counts(self.counts, later.counts)
        combine = {"lowest": np.minimum, "highest": np.maximum}
        for name in (field.name for field in fields(self) if field.name != "counts"):
            mine = getattr(self, name)
            combine.get(name, np.add)(mine, getattr(later, name), out=mine)

    def part(self, variables: slice) -> Tally:
        """Return the tally of some of the variables, and of the same passages."""
        same = {"passages": self.passages}
        return Tally(**{each.name: getattr(self, each.name)[variables] for each in fields(self)} | same)

    def counted(
        self, centre: NDArray[np.float64], inverse_scale: NDArray[np.float64], replicate: NDArray[np.int64]
    ) -> tuple[NDArray[Any], ...]:
        """Return what a kernel adds values to (`counting.count_values`).

        Parameters
        ----------
        centre, inverse_scale : (variables, times) float64
        replicate : (paths,) int64
            Which replicate each path belongs to.
        """
        moments = self.sums, self.squares, self.lowest, self.highest
        parts = self.replicate_sums, self.replicate_counts
        return (self.counts, *moments, centre, inverse_scale, replicate, *parts)

    def add_passages(self, passage: NDArray[np.int32], chips: Sequence[int], replicate: NDArray[np.int64]) -> None:
        """Add the first passages of paths.

        Parameters
        ----------
        passage : (events, paths or more) int32
            Grid index of the first passage, beyond the last if never.
        chips : sequence of int
            Rows of the events that are chips.
        replicate : (paths,) int64
            Which replicate each path belongs to.
        """
        is_chip = np.zeros(len(passage), dtype=np.bool_)
        is_chip[list(chips)] = True
        n_rows, _, n_times, _, places = self.passages.shape
        sizes, rows = (n_times, places), np.array(chips, dtype=np.int64)
        _add_passages(passage, replicate, rows, is_chip, sizes, self.passages.reshape(n_rows, -1))


@kept(types.int64[:, :, ::1], types.uint16[:, :, ::1])
def _merge_counts(total: Any, part: Any) -> None:
    """Add counts of a part to those of the whole."""
    for variable in range(np.uintp(total.shape[0])):
        for time in range(np.uintp(total.shape[1])):
            for place in range(np.uintp(BINS + LANES)):
                total[variable, time, place] += np.int64(part[variable, time, place])


@kept(
    types.int32[:, ::1],
    types.int64[::1],
    types.int64[::1],
    types.boolean[::1],
    types.UniTuple(types.int32, 2),
    types.int64[:, ::1],
)
def _add_passages(passage: Any, replicate: Any, chips: Any, is_chip: Any, sizes: Any, passages: Any) -> None:
    """Count first passages by grid time, and which came first; ties go to the order of the chips."""
    events, block, paths = np.uintp(passage.shape[0]), np.uintp(BLOCK), np.uintp(replicate.size)
    never = np.int32(sizes[0] - np.int32(1))
    earliest, winner, same, place = 0, 1, 2, 3
    found = stack_int32(4, BLOCK)
    for begin in range(np.uintp(0), paths, block):
        count = min(block, paths - begin)
        for lane in range(count):
            found[earliest, lane], found[winner, lane], found[same, lane] = never, np.int32(events), np.int32(0)
        for row in range(np.uintp(chips.size)):
            chip = chips[row]
            for lane in range(count):
                k, before = min(passage[np.uintp(chip), begin + lane], never), found[earliest, lane]
                sooner = k < before
                found[same, lane] = np.int32(1) if sooner else np.int32(found[same, lane] + (k == before))
                found[winner, lane] = np.int32(chip) if sooner else found[winner, lane]
                found[earliest, lane] = min(k, before)
        for event in range(events):
            for lane in range(count):
                k = min(passage[event, begin + lane], never)
                came = np.int32(event) == found[winner, lane] if is_chip[event] else k < found[earliest, lane]
                found[place, lane] = _place(replicate[begin + lane], sizes, k, came, lane)
            for lane in range(count):
                passages[event, np.uintp(found[place, lane])] += 1
        for lane in range(count):
            k, tie = found[earliest, lane], found[same, lane] > 1
            found[place, lane] = _place(replicate[begin + lane], sizes, k, tie, lane)
        for lane in range(count):
            passages[events, np.uintp(found[place, lane])] += 1


@njit(forceinline=True, **COMPILE)
def _place(part: Any, sizes: Any, k: Any, second: Any, lane: Any) -> Any:
    """Return where a passage of a path is counted in a row of `Tally.passages`."""
    n_times, places = sizes
    at = np.int32(np.int32(np.int32(part) * n_times) + k)
    at = np.int32(np.int32(at << np.int32(1)) | np.int32(second))
    return np.int32(np.int32(at * places) | np.int32(np.int32(lane) & np.int32(places - np.int32(1))))
