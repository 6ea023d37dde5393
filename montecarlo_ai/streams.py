"""Which words of the random stream belong to a name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def name_word(name: str) -> int:
    """Return the counter word of an input: the first four bytes, big-endian, of the SHA-256 of its name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")


def colliding(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return the pairs of different names that have one word, and would have the same draws."""
    first: dict[int, str] = {}
    return [(owner, name) for name in names if (owner := first.setdefault(name_word(name), name)) != name]
