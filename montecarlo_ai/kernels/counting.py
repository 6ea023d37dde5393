"""What a kernel counts of the values that it has just computed: their sums, extremes and histograms.

Sixteen values are summed and their bins found side by side; then others are counted, one after the other, whose bins
have been known for a while. Both kinds of work use other units of a processor and so go on at once, but only as long as
the processor knows where every addition goes before it comes to the next vector: a load waits for an addition that may
be to the same place.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from montecarlo_ai.kernels.apart import compiled_apart
from montecarlo_ai.kernels.bins import BINS, WIDE_BINS, bin_of
from montecarlo_ai.kernels.disk import kept
from montecarlo_ai.kernels.intrinsics import not_inlined, stack_float64, stack_uint16, wide_vectors

LANES = 16
"""Values that are summed and counted side by side."""

_AHEAD, _ROUND = 128, 256
"""Values whose bins are known before they are counted, and places for them, a power of two."""

_WIDE = np.uintp(BINS // WIDE_BINS)

KINDS = (
    types.uint16[:, :, ::1],
    *(4 * (types.float64[:, :, ::1],)),
    *(2 * (types.float64[:, ::1],)),
    types.int64[::1],
    types.float64[:, :, ::1],
    types.uint16[:, :, :, ::1],
)
"""Types of what `count_values` adds to, looks up, and adds to for each replicate: see `reductions.Tally`."""

NOTHING: tuple[NDArray[Any], ...] = tuple(np.empty(kind.ndim * (0,), dtype=str(kind.dtype)) for kind in KINDS)
"""For a run that counts nothing."""


@compiled_apart(1, lanes=LANES)
def count_values(values: Any, count: Any, first: Any, tally: Any) -> None:
    """Add the values of so many columns, the first of which is that path, to histograms, sums and extremes."""
    wide_vectors()
    not_inlined()
    counts, sums, squares, lowest, highest, centre, inverse_scale, replicate, part_sums, part_counts = tally
    bins = stack_uint16(1, _ROUND)
    apart = stack_float64(4, LANES)  # LLVM keeps it in registers
    lanes, ahead, around = np.uintp(LANES), np.uintp(_AHEAD), np.uintp(_ROUND - 1)
    whole = count // lanes * lanes
    for variable in range(np.uintp(counts.shape[0])):
        for time in range(np.uintp(counts.shape[1])):
            middle, inverse = centre[variable, time], inverse_scale[variable, time]
            for lane in range(lanes):
                apart[0, lane], apart[1, lane] = sums[variable, time, lane], squares[variable, time, lane]
                apart[2, lane], apart[3, lane] = lowest[variable, time, lane], highest[variable, time, lane]
            for begin in range(np.uintp(0), whole + ahead, lanes):
                if begin < whole:
                    for lane in range(lanes):
                        x = values[variable, time, begin + lane]
                        y = (x - middle) * inverse
                        apart[0, lane] += y
                        apart[1, lane] += y * y
                        apart[2, lane] = min(apart[2, lane], x)
                        apart[3, lane] = max(apart[3, lane], x)
                        place = BINS + np.int32(lane) if x == middle else bin_of(y)
                        bins[0, (begin & around) + lane] = np.uint16(place)
                if begin >= ahead:
                    for lane in range(lanes):
                        counts[variable, time, np.uintp(bins[0, (begin - ahead & around) + lane])] += np.uint16(1)
            for lane in range(lanes):
                sums[variable, time, lane], squares[variable, time, lane] = apart[0, lane], apart[1, lane]
                lowest[variable, time, lane], highest[variable, time, lane] = apart[2, lane], apart[3, lane]
            for rest in range(whole, count):
                x, at = values[variable, time, rest], rest % lanes
                y = (x - middle) * inverse
                sums[variable, time, at] += y
                squares[variable, time, at] += y * y
                lowest[variable, time, at] = min(lowest[variable, time, at], x)
                highest[variable, time, at] = max(highest[variable, time, at], x)
                place = BINS + np.int32(at) if x == middle else bin_of(y)
                counts[variable, time, np.uintp(place)] += np.uint16(1)
            for lane in range(count if part_sums.size else np.uintp(0)):
                part = np.uintp(replicate[first + lane])
                y = (values[variable, time, lane] - middle) * inverse
                part_sums[variable, time, part] += y
                part_counts[variable, time, part, np.uintp(bin_of(y)) // _WIDE] += np.uint16(1)


@kept(types.float64[:, :, ::1], types.Tuple(KINDS))
def count_paths(values: Any, tally: Any) -> None:
    """Add the values of the paths that are the first columns, as many as replicates are named."""
    count_values(values, np.uintp(tally[7].size), np.uintp(0), tally)
