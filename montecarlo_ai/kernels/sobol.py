"""Scrambled Sobol' points by number: any point of any replicate on demand.

Point i is the exclusive or of the direction numbers at the set bits of the Gray code of i, as SciPy orders them, so
that neighbours differ by a single direction number. The sequence is scrambled by a random lower-triangular matrix over
GF(2), which fills 52 binary digits, and a random digital shift (Matousek 1998): every point is uniform, the first 2**k
points of every replicate stay a digital net, and the variance of a mean is that of Owen's nested uniform scrambling,
for it depends on pairs of points only. The scramble is linear, so it goes into the direction numbers once and costs the
points nothing, where a nested scrambling by hashes would cost some multiplications at every point.

References
----------
Sobol' (1967), USSR Comput. Math. Math. Phys. 7(4). Joe and Kuo (2008), doi:10.1137/070709359. Matousek (1998), On the
L2-discrepancy for anchored boxes, doi:10.1006/jcom.1998.0489. Owen (2003), Variance with alternative scramblings of
digital nets, doi:10.1145/945511.945518.
"""

from __future__ import annotations

from importlib import resources
from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from montecarlo_ai.kernels.disk import kept
from montecarlo_ai.kernels.philox import DOMAIN_SOBOL, replicate_words

DIMENSIONS = 1_024
"""Dimensions whose direction numbers the library carries."""

LARGEST_POINTS = 2**32
"""Points of a replicate: a direction number for each bit of a point's number."""

_INDEX_BITS = 32
_DIGITS = 52
_HALF = np.uint64(32)
_ONE = np.uint64(1)
_LAST_BIT = np.uint64(_INDEX_BITS - 1)


def direction_numbers(dimensions: int) -> NDArray[np.uint32]:
    """Return the direction numbers of the first dimensions, the first binary digit in the highest bit.

    Returns
    -------
    (dimensions, 32) uint32
    """
    text = resources.files("montecarlo_ai.kernels").joinpath("sobol-directions.txt").read_text(encoding="ascii")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    table = np.empty((dimensions, _INDEX_BITS), dtype=np.uint32)
    for dimension, line in enumerate(lines[:dimensions]):
        polynomial, *numbers = map(int, line.split())
        degree = polynomial.bit_length() - 1
        for k in range(len(numbers), _INDEX_BITS):
            number = 1 if degree == 0 else numbers[k - degree]
            for back in range(1, degree + 1):
                if polynomial >> (degree - back) & 1:
                    number ^= numbers[k - back] << back
            numbers.append(number)
        table[dimension] = [number << (_INDEX_BITS - 1 - k) for k, number in enumerate(numbers)]
    return table


def scrambled(directions: NDArray[np.uint32], seed: int, name: str, replicates: int) -> NDArray[np.uint64]:
    """Return the direction numbers of an input, scrambled for each replicate, and behind them the digital shift.

    Parameters
    ----------
    directions : (32,) uint32
        Of one dimension.
    seed : int
    name : str
        The input's name, whose hash picks the scramble.
    replicates : int

    Returns
    -------
    (replicates, 33) uint64
        52 binary digits each.
    """
    words = replicate_words(seed, name, DOMAIN_SOBOL, replicates, _DIGITS + 2).astype(np.uint32)
    digit = np.arange(_INDEX_BITS, dtype=np.uint32)
    matrix = words[:, :_DIGITS].copy()  # row i says which digits of a direction number make digit i
    diagonal = np.uint32(1 << 31) >> digit
    matrix[:, :_INDEX_BITS] &= ~(np.uint32(0xFFFFFFFF) >> digit)
    matrix[:, :_INDEX_BITS] |= diagonal
    odd = (np.bitwise_count(matrix[:, :, np.newaxis] & directions) & 1).astype(np.uint64)
    place = np.arange(_DIGITS - 1, -1, -1, dtype=np.uint64)
    columns = (odd << place[:, np.newaxis]).sum(axis=1, dtype=np.uint64)
    high, low = words[:, _DIGITS].astype(np.uint64), words[:, _DIGITS + 1].astype(np.uint64)
    shift = (high << np.uint64(20)) | (low >> np.uint64(12))
    return np.ascontiguousarray(np.concatenate([columns, shift[:, np.newaxis]], axis=1))


@kept(types.uint64[:, ::1], types.uint64, types.float64[::1])
def fill_sobol(table: Any, first_path: Any, out: Any) -> None:
    """Write one input's uniforms for consecutive paths, the midpoints of 2**52 equal cells of (0, 1).

    Path p is point p // R of replicate p % R, where R is the number of rows of the table.
    """
    replicates, n = np.uint64(table.shape[0]), np.uint64(out.shape[0])
    for begin in range(min(replicates, n)):
        path = first_path + np.uint64(begin)
        row = table[path % replicates]
        index = path // replicates
        gray = index ^ (index >> _ONE)
        cell = row[_INDEX_BITS]
        for place in range(_INDEX_BITS):
            if (gray >> np.uint64(place)) & _ONE:
                cell ^= row[place]
        for i in range(np.uint64(begin), n, replicates):
            out[i] = (np.float64(np.int64(cell)) + 0.5) * 2.0**-52
            index += _ONE
            bit, rest = np.uint64(0), index
            while rest & _ONE == np.uint64(0) and bit < _LAST_BIT:
                bit += _ONE
                rest >>= _ONE
            cell ^= row[bit]
