"""An independent second implementation of the random streams, in NumPy and plain integers."""

from __future__ import annotations

import hashlib

import numpy as np

MASK = 0xFFFFFFFF


def philox4x32(counter, key):
    """Philox4x32-10 as published, on Python integers."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & MASK, (p0 >> 32) ^ c3 ^ k1, p0 & MASK
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c0, c1, c2, c3


def key(seed):
    return seed & MASK, seed >> 32


def input_uniform(seed, name, path):
    word = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    w0, w1, _, _ = philox4x32((path & MASK, path >> 32, word, 0), key(seed))
    return (((w0 << 20) | (w1 >> 12)) + 0.5) / 2.0**52


def shock_words(seed, group, path, n_steps):
    """The word of each step, with the one that shares its pair: four steps to a call."""
    words = []
    for quarter in range(-(-n_steps // 4)):
        words += philox4x32((path & MASK, path >> 32, quarter, (group << 24) | (1 << 16)), key(seed))
    return words


def uniform_shocks(seed, group, path, n_steps):
    return np.array([(word + 0.5) / 2.0**32 for word in shock_words(seed, group, path, n_steps)[:n_steps]])


def normal_shocks(seed, group, path, n_steps):
    """Box-Muller on pairs of words: radius from the first, half circle and sign from the second."""
    words = shock_words(seed, group, path, n_steps)
    out = []
    for a, b in zip(words[::2], words[1::2], strict=True):
        radius = np.sqrt(-2.0 * np.log((a + 0.5) / 2.0**32))
        angle = ((b & 0x7FFFFFFF) + 0.5) * np.pi / 2.0**31 - np.pi / 2.0
        sign = -1.0 if b >> 31 else 1.0
        out += [sign * radius * np.cos(angle), sign * radius * np.sin(angle)]
    return np.array(out[:n_steps])
