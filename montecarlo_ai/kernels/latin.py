"""Latin hypercube samples by number: which stratum a path takes is computed, not looked up.

Each input of each replicate has its own permutation of the strata: a Feistel network over the next power of two from
2**8 on, walked along its cycle until it lands below the number of strata, and a random rotation behind it, which makes
the stratum of every path uniform whatever the network does. Its halves may differ by a bit; the round function is the
finalizer of SplitMix64 with a key from Philox.

References
----------
McKay, Beckman and Conover (1979), doi:10.1080/00401706.1979.10489755. Black and Rogaway (2002), Ciphers with arbitrary
finite domains, doi:10.1007/3-540-45760-7_9. Steele, Lea and Flood (2014), doi:10.1145/2714064.2660195.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from montecarlo_ai.kernels.disk import kept
from montecarlo_ai.kernels.options import COMPILE
from montecarlo_ai.kernels.philox import DOMAIN_LATIN, replicate_words

_ROUNDS = 8
_LEAST_WIDTH = np.uint64(8)
"""Bits of the smallest network: few bits mix slowly, and six rounds over two preferred some permutations by 5%."""
_ONE, _DIGITS = np.uint64(1), np.uint64(52)
_M0, _M1 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S0, _S1, _S2 = np.uint64(30), np.uint64(27), np.uint64(31)


def permutation_keys(seed: int, name: str, strata: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return the keys of an input's permutations: for each replicate those of the rounds, and the rotation.

    Parameters
    ----------
    seed : int
    name : str
        The input's name, whose hash picks the keys.
    strata : (replicates,) int64

    Returns
    -------
    (replicates, 9) uint64
    """
    words = replicate_words(seed, name, DOMAIN_LATIN, len(strata), 2 * (_ROUNDS + 1))
    keys = (words[:, 0::2] << np.uint64(32)) | words[:, 1::2]
    keys[:, _ROUNDS] = [int(word) * int(n) >> 64 for word, n in zip(keys[:, _ROUNDS], strata, strict=True)]
    return np.ascontiguousarray(keys)


@njit(forceinline=True, **COMPILE)
def _mixed(x: Any) -> Any:
    """Return a word whose every bit depends on every bit of x."""
    x = (x ^ (x >> _S0)) * _M0
    x = (x ^ (x >> _S1)) * _M1
    return x ^ (x >> _S2)


@njit(forceinline=True, **COMPILE)
def _permuted(x: Any, strata: Any, width: Any, keys: Any) -> Any:
    """Return the place of x < strata in a permutation of the numbers below strata <= 2**width."""
    low = width >> _ONE
    low_bits, high_bits = (_ONE << low) - _ONE, (_ONE << (width - low)) - _ONE
    while True:
        a, b = x >> low, x & low_bits
        for k in range(0, _ROUNDS, 2):
            b ^= _mixed(a + keys[k]) & low_bits
            a ^= _mixed(b + keys[k + 1]) & high_bits
        x = (a << low) | b
        if x < strata:
            return x


@kept(types.uint64[:, ::1], types.int64[::1], types.uint64, types.float64[::1])
def stratify(keys: Any, strata: Any, first_path: Any, out: Any) -> None:
    """Move the uniforms of consecutive paths into their strata.

    Path p is point p // R of replicate p % R, where R is the number of rows of the keys. A uniform's leading digits say
    where in its stratum it falls, as many as leave the sum exact: stratum k of n holds the floats between k / n and
    (k + 1) / n, never an end. Paths beyond the last keep their uniforms.
    """
    replicates, n = np.uint64(keys.shape[0]), np.uint64(out.shape[0])
    for begin in range(min(replicates, n)):
        path = first_path + np.uint64(begin)
        replicate = path % replicates
        index, points = path // replicates, np.uint64(strata[replicate])
        width = np.uint64(0)
        while (_ONE << width) < points:
            width += _ONE
        left = _DIGITS - width
        whole = np.float64(np.int64(points << left))
        for i in range(np.uint64(begin), n, replicates):
            if index < points:
                stratum = _permuted(index, points, max(width, _LEAST_WIDTH), keys[replicate]) + keys[replicate, _ROUNDS]
                stratum -= points if stratum >= points else np.uint64(0)
                cell = np.uint64(np.int64(out[i] * 2.0**52))
                out[i] = (np.float64(np.int64((stratum << left) | (cell >> width))) + 0.5) / whole
            index += _ONE
