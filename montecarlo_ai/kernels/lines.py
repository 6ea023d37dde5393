"""Arrays that lie on whole lines of the caches, so that a vector of 64 bytes touches one line and can pass them by."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from montecarlo_ai.areas import empty_area

LINE = 64
"""Bytes of a line of the caches."""

CACHED_BYTES = 2**20
"""What is kept of more than this is written past the caches: it would not be in the second one when it is read."""


def empty_lines(shape: tuple[int, ...], dtype: DTypeLike = np.float64) -> NDArray[Any]:
    """Return an array of unset values, C-ordered, whose first cell begins a line.

    NumPy begins large arrays 16 bytes into one, so that every vector that fills a line would touch two.
    """
    kind = np.dtype(dtype)
    size = math.prod(shape) * kind.itemsize
    room = empty_area(size + LINE)
    first = -room.ctypes.data % LINE
    return room[first : first + size].view(kind).reshape(shape)


def whole_lines(cells: int, dtype: DTypeLike) -> int:
    """Return so many cells, or as many more as fill the last line."""
    a_line = LINE // np.dtype(dtype).itemsize
    return -(-cells // a_line) * a_line


def passes_caches(values: NDArray[Any], column: int) -> bool:
    """Return whether a kernel writes past the caches: there are many values, and a row begins a line at the column."""
    begin = values.ctypes.data + column * values.itemsize
    return values.nbytes > CACHED_BYTES and not any(place % LINE for place in (begin, *values.strides[:-1]))
