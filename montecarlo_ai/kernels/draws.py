"""Draws of the inputs of blocks of paths: from words to values while they are in the first cache.

A value depends on the uniforms of its own path only, bit for bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from montecarlo_ai.kernels.disk import kept
from montecarlo_ai.kernels.intrinsics import stack_float64
from montecarlo_ai.kernels.laws import EXPONENTIAL, LEFT_ALONE, LOG_NORMAL, LOG_UNIFORM, UNIFORM, Law
from montecarlo_ai.kernels.options import BLOCK, COMPILE
from montecarlo_ai.kernels.philox import input_uniform
from montecarlo_ai.kernels.quantile import NEAR_TAIL, near_quantile, normal_quantile
from montecarlo_ai.kernels.special import fast_exp, ordinary_log

_LANES = np.uintp(BLOCK)
_MASK, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)

_places = types.int64[::1]


@njit(inline="always", **COMPILE)
def _put_scores(work: Any) -> None:
    """Write the normal scores of the uniforms in row 0 of the work space to row 1; those far out one by one."""
    far = np.int64(0)
    for lane in range(_LANES):
        u = work[0, lane]
        work[1, lane] = near_quantile(u)
        far += np.int64(min(u, 1.0 - u) < NEAR_TAIL)
    if far > 0:
        for lane in range(_LANES):
            if min(work[0, lane], 1.0 - work[0, lane]) < NEAR_TAIL:
                work[1, lane] = normal_quantile(work[0, lane])


@njit(inline="always", **COMPILE)
def _put_values_of_scores(work: Any, kind: Any, a: Any, b: Any, out: Any, block: Any, row: Any) -> None:
    """Write the values of the normal scores in row 1 of the work space."""
    if kind == LOG_NORMAL:
        for lane in range(_LANES):
            out[block, row, lane] = fast_exp(a + b * work[1, lane])
    else:
        for lane in range(_LANES):
            out[block, row, lane] = a + b * work[1, lane]


@njit(inline="always", **COMPILE)
def _put_values(work: Any, kind: Any, numbers: Any, out: Any, block: Any, row: Any) -> None:
    """Write the values of the uniforms in row 0 of the work space."""
    a, b, low, high = numbers[row, 0], numbers[row, 1], numbers[row, 2], numbers[row, 3]
    if kind == UNIFORM:
        for lane in range(_LANES):
            u = work[0, lane]
            out[block, row, lane] = min(max(a * (1.0 - u) + b * u, low), high)
    elif kind == LOG_UNIFORM:
        for lane in range(_LANES):
            u = work[0, lane]
            out[block, row, lane] = min(max(fast_exp(a * (1.0 - u) + b * u), low), high)
    elif kind == EXPONENTIAL:
        for lane in range(_LANES):
            out[block, row, lane] = -a * ordinary_log(1.0 - work[0, lane])
    else:
        _put_scores(work)
        _put_values_of_scores(work, kind, a, b, out, block, row)


@kept(
    types.UniTuple(types.uint64, 2),
    types.uint64[::1],
    _places,
    types.float64[:, ::1],
    types.Tuple((_places, _places, _places, types.float64[::1])),
    types.boolean,
    types.float64[:, :, ::1],
)
def fill_draws(stream: Any, names: Any, kinds: Any, numbers: Any, factor: Any, drawn: Any, out: Any) -> None:
    """Write values of the inputs of consecutive paths.

    Parameters
    ----------
    stream : (seed, first path) uint64
    names : (rows,) uint64
        Words of the inputs' names.
    kinds : (rows,) int64
        Of `Law`, or `LEFT_ALONE`.
    numbers : (rows, 4) float64
        The law's a, b, low and high.
    factor : (correlated,) int64, (correlated + 1,) int64, (entries,) int64, (entries,) float64
        Rows of laws of scores that are correlated, and of each where its entries start, their rows and loadings: of
        the row itself and of those that come later in the first list.
    drawn : bool
        Whether uniforms are in `out` already; made from the names' words, if not.
    out : (blocks, rows, 256) float64
    """
    seed, first_path = stream
    rows, starts, columns, loadings = factor
    key_low, key_high = seed & _MASK, seed >> _HALF
    work = stack_float64(2, 256)
    scored = np.zeros(kinds.size, dtype=np.bool_)
    for at in range(rows.size):
        scored[rows[at]] = True
    for block in range(np.uintp(out.shape[0])):
        first = first_path + np.uint64(block) * np.uint64(BLOCK)
        for row in range(np.uintp(kinds.size)):
            if kinds[row] == LEFT_ALONE:
                continue
            if drawn:
                for lane in range(_LANES):
                    work[0, lane] = out[block, row, lane]
            else:
                name = names[row]
                for lane in range(_LANES):
                    work[0, lane] = input_uniform(first + np.uint64(lane), name, key_low, key_high)
            if scored[row]:
                _put_scores(work)
                for lane in range(_LANES):
                    out[block, row, lane] = work[1, lane]
            else:
                _put_values(work, kinds[row], numbers, out, block, row)
        for at in range(np.uintp(rows.size)):
            joined = np.uintp(rows[at])
            for lane in range(_LANES):
                work[1, lane] = 0.0
            for entry in range(starts[at], starts[at + np.uintp(1)]):
                loading, other = loadings[entry], np.uintp(columns[entry])
                for lane in range(_LANES):
                    work[1, lane] += loading * out[block, other, lane]
            _put_values_of_scores(work, kinds[joined], numbers[joined, 0], numbers[joined, 1], out, block, joined)


def values_of(law: Law, u: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values of uniforms, in their shape: the same that `fill_draws` gives.

    Parameters
    ----------
    law : Law
    u : float64 array of any shape
        Strictly inside (0, 1).
    """
    flat = np.full((-(-u.size // BLOCK), 1, BLOCK), 0.5)
    flat.reshape(-1)[: u.size] = u.reshape(-1)
    none = np.zeros(0, dtype=np.int64)
    factor = (none, np.zeros(1, dtype=np.int64), none, np.zeros(0))
    kinds, numbers = np.array([law.kind], dtype=np.int64), np.array([law[1:]])
    fill_draws((np.uint64(0), np.uint64(0)), np.zeros(1, dtype=np.uint64), kinds, numbers, factor, True, flat)
    return flat.reshape(-1)[: u.size].reshape(u.shape)
