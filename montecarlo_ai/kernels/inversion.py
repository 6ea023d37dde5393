"""Where the distribution functions of histograms reach levels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from montecarlo_ai.kernels.bins import BINS
from montecarlo_ai.kernels.counting import LANES
from montecarlo_ai.kernels.disk import kept
from montecarlo_ai.kernels.intrinsics import stack_float64

_ROOM = BINS + 2


@kept(
    types.int64[:, ::1],
    types.float64[:, ::1],
    types.float64[::1],
    types.float64[:, ::1],
    types.float64[:, ::1],
    types.float64[:, :, ::1],
)
def invert(counts: Any, places: Any, edges: Any, ends: Any, levels: Any, out: Any) -> None:
    """Write the values at which piecewise linear distribution functions reach levels, and half the pieces' widths.

    A function rises at the smallest value from none, linearly from edge to edge of the bins, and at the edge in the
    middle, the centre, by as many values as equal it.

    Parameters
    ----------
    counts : (times, bins + lanes) int64
        As in a `Tally`.
    places : (2, times) float64
        Centre and scale.
    edges : (bins + 2,) float64
        Edges of the bins in units of the scale from the centre, the one in the middle twice; infinite at both ends.
    ends : (2, times) float64
        The smallest and the largest value.
    levels : (times, levels) float64
    out : (2, times, levels) float64
    """
    reached = stack_float64(1, _ROOM)
    half, last = np.uintp(BINS // 2), np.uintp(BINS + 1)
    for time in range(np.uintp(counts.shape[0])):
        total = np.int64(0)
        reached[0, 0] = 0.0
        for place in range(half):
            total += counts[time, place]
            reached[0, place + np.uintp(1)] = total
        for place in range(np.uintp(BINS), np.uintp(BINS + LANES)):
            total += counts[time, place]
        reached[0, half + np.uintp(1)] = total
        for place in range(half, np.uintp(BINS)):
            total += counts[time, place]
            reached[0, place + np.uintp(2)] = total
        for edge in range(np.uintp(_ROOM)):
            reached[0, edge] /= total
        centre, scale, lowest, highest = places[0, time], places[1, time], ends[0, time], ends[1, time]
        for i in range(np.uintp(levels.shape[1])):
            level, below, upper = levels[time, i], np.uintp(0), last
            while below < upper:  # the first edge at which the function is not below the level
                middle = (below + upper) >> np.uintp(1)
                if reached[0, middle] < level:
                    below = middle + np.uintp(1)
                else:
                    upper = middle
            lower = upper - np.uintp(1) if upper > np.uintp(0) else upper
            start, rise = reached[0, lower], reached[0, upper] - reached[0, lower]
            place = min(max(edges[lower] * scale + centre, lowest), highest)
            next_place = min(max(edges[upper] * scale + centre, lowest), highest)
            part = (level - start) / rise if rise > 0.0 else 0.0
            half_width = 0.5 * next_place - 0.5 * place
            out[0, time, i] = (1.0 - part) * place + part * next_place if half_width != 0.0 else next_place
            out[1, time, i] = half_width
