"""The bins of histograms: a monotone map of the whole line onto whole numbers, and its inverse.

Of y = (x - centre) / scale the bin is read off the bits of |y| + 1/4 in single precision: bins have one width from one
power of two to the next, where it doubles; beyond the sixth octave there are a quarter as many bins an octave. No value
is outside, and finding a bin takes no division, no table and no search.

Where the scale is two thirds of the middle 90% (`pilot`), that is 256 bins on either half of it, and the outermost
bin begins at 2,700 times its width. A value nearer to the edge of a bin than 3e-5 of the bin's width may be counted
beside it.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from montecarlo_ai.kernels.intrinsics import bits_of
from montecarlo_ai.kernels.options import COMPILE

BINS = 2_048
"""Half of them below the centre."""

WIDE_BINS = 128
"""Bins of the histogram of each replicate: enough to see how far apart the replicates' distributions are."""

_START = np.float32(0.25)
_START_BITS = np.int32(_START.view(np.int32))
_OF_BITS = np.int32(16)  # 23 bits of mantissa: 2**7 bins an octave
_FINE = np.int32(6 * 128)
_COARSER = np.int32(2)
_HALF, _LAST = np.int32(BINS // 2), np.int32(BINS // 2 - 1)
_SIGN = np.int32(31)


@njit(forceinline=True, **COMPILE)
def bin_of(y: Any) -> Any:
    """Return the bin of a float64, an int32; infinite values are in the outermost bins."""
    near = np.float32(y)
    steps = np.int32(np.int32(bits_of(np.float32(abs(near) + _START)) - _START_BITS) >> _OF_BITS)
    steps = min(steps, np.int32(np.int32(np.int32(steps - _FINE) >> _COARSER) + _FINE), _LAST)
    below = np.int32(bits_of(near) >> _SIGN)  # all ones where negative: there bins count down from the centre
    return np.int32(np.int32(steps ^ below) + _HALF)


@functools.cache
def inner_edges() -> NDArray[np.float64]:
    """Return the y at which bins 1 ... BINS - 1 begin."""
    steps = np.arange(1, _HALF, dtype=np.int32)
    steps = np.where(steps <= _FINE, steps, _FINE + ((steps - _FINE) << _COARSER)).astype(np.int32)
    above = ((steps << _OF_BITS) + _START_BITS).view(np.float32).astype(np.float64) - float(_START)
    return np.concatenate([-above[::-1], [0.0], above])
