"""Precisions of computing, by the types of numba."""

from __future__ import annotations

from typing import Any, NamedTuple

from numba import types

from montecarlo_ai.kernels.lines import LINE


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
    """Return how many cells of a type lie between the starts of rows that are so many cells long.

    A line more than they fill: rows a power of two apart would share a few sets of the first cache and alias one
    another.
    """
    return cells + LINE * 8 // of.bitwidth
