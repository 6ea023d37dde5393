"""Philox4x32-10: a counter-based stream, so that any number of any path is made on demand.

Counter words are (path low, path high, step // 4 or name hash, group << 24 | domain << 16 | generation); the key
is the seed, low word first. What belongs to a replicate and to no path has (call, replicate) in place of the path. The
layout is fixed: changing it changes every result (`STREAM_VERSION`).

References
----------
Salmon, Moraes, Dror and Shaw (2011), Parallel random numbers: as easy as 1, 2, 3. SC '11.
doi:10.1145/2063384.2063405. Known answers: tests/test_random_streams.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types

from montecarlo_ai.kernels.disk import kept
from montecarlo_ai.kernels.options import COMPILE
from montecarlo_ai.streams import name_word

STREAM_VERSION = 1
DOMAIN_INPUTS = 0
DOMAIN_SHOCKS = 1
DOMAIN_SOBOL = 2
DOMAIN_LATIN = 3

_MASK = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)


@njit(forceinline=True, **COMPILE)
def philox_low(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    """Return the four 32-bit words of one counter, each in the low half of an unsigned 64-bit integer.

    The words are masked only where a product is formed: high halves carry rubbish, here and between rounds, which lets
    the compiler use the 32 x 32 -> 64 bit vector product without a mask.
    """
    for _ in range(10):
        p0 = _M0 * (c0 & _MASK)
        p1 = _M1 * (c2 & _MASK)
        c0, c1, c2, c3 = (p1 >> _HALF) ^ c1 ^ k0, p1, (p0 >> _HALF) ^ c3 ^ k1, p0
        k0 = (k0 + _W0) & _MASK
        k1 = (k1 + _W1) & _MASK
    return c0, c1, c2, c3


@njit(forceinline=True, **COMPILE)
def philox(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    """Return the four 32-bit words of one counter as unsigned 64-bit integers."""
    c0, c1, c2, c3 = philox_low(c0, c1, c2, c3, k0, k1)
    return c0 & _MASK, c1 & _MASK, c2 & _MASK, c3 & _MASK


@njit(forceinline=True, **COMPILE)
def input_uniform(path: Any, name_word: Any, key_low: Any, key_high: Any) -> Any:
    """Return one input's uniform of a path: 52 bits, the midpoints of 2**52 equal cells of (0, 1)."""
    last = np.uint64(DOMAIN_INPUTS << 16)
    w0, w1, _, _ = philox(path & _MASK, path >> _HALF, name_word, last, key_low, key_high)
    cell = (w0 << np.uint64(20)) | (w1 >> np.uint64(12))
    return (np.float64(np.int64(cell)) + 0.5) * 2.0**-52


@kept(types.uint64, types.uint64, types.uint64, types.float64[::1])
def fill_input_uniforms(seed: Any, name_word: Any, first_path: Any, out: Any) -> None:
    """Write one input's uniforms for consecutive paths."""
    key_low, key_high = seed & _MASK, seed >> _HALF
    for i in range(np.uintp(out.shape[0])):
        out[i] = input_uniform(first_path + np.uint64(i), name_word, key_low, key_high)


def input_uniforms(seed: int, name: str, first_path: int, n: int) -> np.ndarray:
    """Return the uniforms of an input for paths first_path ... first_path + n - 1.

    Parameters
    ----------
    seed : int
        0 <= seed < 2**63.
    name : str
        Name of the input; its hash picks the stream, so that no other input's draws depend on it.
    first_path, n : int
        Range of paths.

    Returns
    -------
    (n,) float64, strictly inside (0, 1)
    """
    out = np.empty(n)
    fill_input_uniforms(np.uint64(seed), np.uint64(name_word(name)), np.uint64(first_path), out)
    return out


@kept(types.uint64, types.uint64, types.uint64, types.uint64[:, ::1])
def _fill_replicate_words(seed: Any, name_word: Any, last: Any, out: Any) -> None:
    """Write four words a call for each replicate."""
    key_low, key_high = seed & _MASK, seed >> _HALF
    for replicate in range(np.uintp(out.shape[0])):
        for call in range(np.uintp(out.shape[1] // 4)):
            words = philox(np.uint64(call), np.uint64(replicate), name_word, last, key_low, key_high)
            for i in range(np.uintp(4)):
                out[replicate, np.uintp(4) * call + i] = words[i]


def replicate_words(seed: int, name: str, domain: int, replicates: int, n: int) -> np.ndarray:
    """Return random words that belong to an input and a replicate, not to a path.

    Parameters
    ----------
    seed : int
    name : str
        Name of the input.
    domain : int
        What the words are for: no other use has the same.
    replicates, n : int
        How many replicates, and words of each.

    Returns
    -------
    (replicates, n) uint64
        Each below 2**32.
    """
    out = np.empty((replicates, -(-n // 4) * 4), dtype=np.uint64)
    _fill_replicate_words(np.uint64(seed), np.uint64(name_word(name)), np.uint64(domain << 16), out)
    return out[:, :n]
