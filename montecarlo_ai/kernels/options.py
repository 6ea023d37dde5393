"""How everything in the kernel is compiled."""

from __future__ import annotations

from typing import Any, NamedTuple

from numba import types

BLOCK = 256
"""Paths in a block: what ranges of paths are made of."""

LINE = 64
"""Bytes of a line of the cache. Rows lie a line further apart than they are long: rows a power of two apart would share
a few sets of the first cache and alias one another."""

TILE_BYTES = 32 * 1024
"""States and inputs of the paths that go through time together: with a step's own numbers they fill a first cache."""

COMPILE: dict[str, Any] = {"nogil": True, "fastmath": {"contract"}, "error_model": "numpy"}
"""Contraction of a * b + c and no wider, which keeps NaN and infinities meaningful; divisions that vectorise."""


class Precision(NamedTuple):
    """In what precision a kernel computes.

    Attributes
    ----------
    state : numba type
        Of states, inputs, known series, the clock, events, and all that a step makes of them.
    shock : numba type
        Of shocks until the step gets them.
    """

    state: Any
    shock: Any


PRECISIONS = {
    "float64": Precision(types.float64, types.float64),
    "mixed": Precision(types.float64, types.float32),
    "float32": Precision(types.float32, types.float32),
}
"""By the name that a run knows it by."""


def row_pitch(cells: int, of: Any) -> int:
    """Return how many cells of a type lie between the starts of rows that are so many cells long."""
    return cells + LINE * 8 // of.bitwidth
