"""Shocks of a tile, drawn into the rows from which a step reads them: four steps of one shock a call.

Random words are written where the numbers that come of them will stand, which have as many bits. Four normals need two
roots, for which a processor has a unit of its own that is busy as long as twenty other instructions: one root is taken
beside the logarithms, one beside sines and cosines, so that neither loop waits for it.

The functions are compiled apart from the kernels that call them: how many iterations in flight suit them does not
depend on the step, and LLVM's own order of instructions does, where a long step needs another (`scheduling.py`).
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numba import njit, types

from montecarlo_ai.kernels.apart import compiled_apart
from montecarlo_ai.kernels.intrinsics import bits_of, float_of, not_inlined, wide_vectors
from montecarlo_ai.kernels.lines import LINE
from montecarlo_ai.kernels.normals import (
    normal_pair,
    normal_pair_single,
    squared_radius,
    squared_radius_single,
    uniform,
    uniform_single,
)
from montecarlo_ai.kernels.options import BLOCK, COMPILE
from montecarlo_ai.kernels.philox import philox_low
from montecarlo_ai.kernels.precision import row_pitch

_NONE, _ONE, _TWO, _THREE, _FOUR = map(np.uintp, range(5))

_inlined = njit(inline="always", **COMPILE)  # before LLVM sees it: by itself it would be made vectors of, shorter ones


@functools.cache
def drawers(lanes: int, of: Any) -> dict[str, Any]:
    """Return the functions `draw_normals` and `draw_uniforms` of a kernel, and the CELLS that they fill at a time.

    Each takes ``(shock, top, cells, tile, group, key)`` and fills four rows of `shock`, from the row `top` on, with
    `cells` times CELLS shocks. A cell is a path and a step, row after row one step later; where a tile has fewer paths
    than rows have cells, the same paths follow four steps later. ``tile = (start, high, quarter, mirrored)``: the first
    path, the high word of all, the first step over four, and 1 where two neighbours are mirrored, else 0. `group` is
    the last word of the counter.

    Parameters
    ----------
    lanes : int
        Paths of a tile.
    of : numba type
        float64 or float32, of the shocks.
    """
    single = of == types.float32
    square, pair = (squared_radius_single, normal_pair_single) if single else (squared_radius, normal_pair)
    law = uniform_single if single else uniform
    sign, every_bit = (-(2**31), -1) if single else (2**31, 2**32 - 1)
    in_flight = 4 if single else 2
    at_once = np.uintp(in_flight * LINE * 8 // of.bitwidth)
    most = np.uintp(BLOCK) // at_once  # said aloud, so that LLVM sees that no row reaches into the next
    pitch = np.uintp(row_pitch(BLOCK, of))
    fill, turn = _filler(lanes, of, pitch), _turner(_word(of))

    @compiled_apart(in_flight)
    def draw_normals(shock: Any, top: Any, cells: Any, tile: Any, group: Any, key: Any) -> None:
        wide_vectors()
        not_inlined()
        count, row0 = min(cells, most) * at_once, top * pitch
        row1, row2, row3 = row0 + pitch, row0 + _TWO * pitch, row0 + _THREE * pitch
        fill(shock, row0, count, tile, group, key)
        if tile[3]:
            turn(shock, row1, count, sign)
            turn(shock, row3, count, sign)
        for cell in range(count):
            shock[_NONE, row0 + cell] = math.sqrt(square(bits_of(shock[_NONE, row0 + cell])))
            shock[_NONE, row2 + cell] = square(bits_of(shock[_NONE, row2 + cell]))
        for cell in range(count):
            z0, z1 = pair(shock[_NONE, row0 + cell], bits_of(shock[_NONE, row1 + cell]))
            z2, z3 = pair(math.sqrt(shock[_NONE, row2 + cell]), bits_of(shock[_NONE, row3 + cell]))
            shock[_NONE, row0 + cell] = z0
            shock[_NONE, row1 + cell] = z1
            shock[_NONE, row2 + cell] = z2
            shock[_NONE, row3 + cell] = z3

    @compiled_apart(in_flight)
    def draw_uniforms(shock: Any, top: Any, cells: Any, tile: Any, group: Any, key: Any) -> None:
        wide_vectors()
        not_inlined()
        count, row0 = min(cells, most) * at_once, top * pitch
        fill(shock, row0, count, tile, group, key)
        for each in range(_FOUR):
            row = row0 + each * pitch
            if tile[3]:
                turn(shock, row, count, every_bit)
            for cell in range(count):
                shock[_NONE, row + cell] = law(bits_of(shock[_NONE, row + cell]))

    return {"draw_normals": draw_normals, "draw_uniforms": draw_uniforms, "CELLS": at_once}


def _word(of: Any) -> Any:
    """Return the type of an integer with as many bits as a float."""
    return np.int32 if of == types.float32 else np.uint64


def _filler(lanes: int, of: Any, pitch: Any) -> Any:
    """Return what fills four rows with random words."""
    whole, mask, shift = lanes == BLOCK, np.uintp(lanes - 1), np.uint64(lanes.bit_length() - 1)
    word = _word(of)

    @_inlined
    def fill(shock: Any, row0: Any, count: Any, tile: Any, group: Any, key: Any) -> None:
        start, high, quarter, mirrored = tile
        for cell in range(count):
            path = (start + np.uint64(cell if whole else cell & mask)) >> mirrored
            four_steps = quarter if whole else quarter + (np.uint64(cell) >> shift)
            a, b, c, d = philox_low(path, high, four_steps, group, key[0], key[1])
            shock[_NONE, row0 + cell] = float_of(word(a))
            shock[_NONE, row0 + pitch + cell] = float_of(word(b))
            shock[_NONE, row0 + _TWO * pitch + cell] = float_of(word(c))
            shock[_NONE, row0 + _THREE * pitch + cell] = float_of(word(d))

    return fill


def _turner(word: Any) -> Any:
    """Return what turns bits of every second path's words: all, which makes u into 1 - u, or that of a pair's sign."""

    @_inlined
    def turn(shock: Any, row: Any, count: Any, bits: Any) -> None:
        for cell in range(_ONE, count, _TWO):
            shock[_NONE, row + cell] = float_of(word(bits_of(shock[_NONE, row + cell]) ^ word(bits)))

    return turn
