"""Memory of large arrays, used again once nobody holds it.

The system fills fresh memory with zeros, page by page, when a kernel first writes to it. For a short step that is a
tenth of a whole call, and threads wait for one another meanwhile. So what a dropped ensemble leaves is kept for the
next, and the system is told that it may take it back when it needs it (``MADV_FREE``): it still counts as this
process's, but is never what a machine runs out of.
"""

from __future__ import annotations

import contextlib
import mmap
import weakref
from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST = 2**17
"""Bytes of the smallest area that is kept; smaller ones the allocator of the process gives out again by itself."""

MOST, MOST_AREAS = 2**30, 256
"""Bytes of all areas that are kept, and how many they are."""

_SYSTEM: Any = mmap  # not every system has all of it
_KEEPS = all(hasattr(mmap, name) for name in ("MAP_PRIVATE", "MAP_ANONYMOUS", "MADV_FREE"))

_free: deque[mmap.mmap] = deque()


def forget() -> None:
    """Give back to the system, at once, what nobody holds."""
    _free.clear()


def _unheld() -> list[mmap.mmap]:
    """Return the areas that nobody holds.

    No other thread and no collection of garbage, which gives areas back, comes between while a list is filled. A tuple
    is made anew as it grows, and that may collect.
    """
    return list(_free)


def empty_area(size: int) -> NDArray[np.uint8]:
    """Return so many bytes, of unset values."""
    memory = _area(size) if _KEEPS and size >= LEAST else None
    if memory is None:
        return np.empty(size, dtype=np.uint8)
    array = np.frombuffer(memory, dtype=np.uint8, count=size)
    weakref.finalize(array, _give_back, memory).atexit = False  # views hold the array, so that it goes last
    return array


def _area(size: int) -> mmap.mmap | None:
    """Return memory of at least so many bytes: what was given back, if it is not twice as large, or fresh."""
    for memory in _unheld():
        if size <= len(memory) <= 2 * size:
            with contextlib.suppress(ValueError):  # another thread was quicker
                _free.remove(memory)
                return memory
    try:
        memory = mmap.mmap(-1, size, flags=_SYSTEM.MAP_PRIVATE | _SYSTEM.MAP_ANONYMOUS)
    except OSError:
        forget()
        return None  # NumPy finds room now, or says what is wrong
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):
            memory.madvise(_SYSTEM.MADV_HUGEPAGE)
    return memory


def _give_back(memory: mmap.mmap) -> None:
    """Keep an area whose array is gone, if the system can take it back; those that lay longest make room."""
    with contextlib.suppress(OSError):
        memory.madvise(_SYSTEM.MADV_FREE)
        _free.append(memory)
        while len(_free) > MOST_AREAS or sum(map(len, _unheld())) > MOST:
            with contextlib.suppress(IndexError):
                _free.popleft()
