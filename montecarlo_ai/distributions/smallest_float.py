"""The inverse of an ascending function, to the last bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SIGN = np.int64(-(2**63))


def smallest_float(
    holds: Callable[[NDArray[np.float64]], Any], low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the smallest float of each range at which a condition holds that, once it holds, goes on to hold.

    Bisection over the floats themselves, in their order: at most 64 steps, whatever the range, and steps of a function
    are found where they are.

    Parameters
    ----------
    holds : function of (n,) float64 to (n,) bool
        The condition, elementwise.
    low, high : (n,) float64
        Ends of the ranges, infinite ones too; where it holds nowhere before `high`, the result is `high`.
    """
    shape = np.shape(low)
    first, last = _places(np.atleast_1d(low)), _places(np.atleast_1d(high))
    while True:
        middle = (first & last) + ((first ^ last) >> 1)  # the mean, rounded down, without overflow
        if np.array_equal(middle, last):
            return _floats(last).reshape(shape)
        true = np.reshape(holds(_floats(middle).reshape(shape)), last.shape)
        last = np.where(true, middle, last)
        first = np.where(true, first, np.minimum(middle + 1, last))


def _places(x: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the places of floats in their order."""
    bits = (np.ascontiguousarray(x, dtype=np.float64) + 0.0).view(np.int64)  # -0.0 becomes 0.0
    return np.where(bits < 0, _SIGN - bits, bits)


def _floats(places: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the floats at places in their order."""
    bits: NDArray[np.float64] = np.where(places < 0, _SIGN - places, places).view(np.float64)
    return bits
