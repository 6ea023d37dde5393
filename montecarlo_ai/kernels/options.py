"""How everything in the kernel is compiled."""

from __future__ import annotations

from typing import Any

BLOCK = 256
"""Paths in a block: what ranges of paths are made of."""

TILE_BYTES = 32 * 1024
"""States and inputs of the paths that go through time together: with a step's own numbers they fill a first cache."""

COMPILE: dict[str, Any] = {"nogil": True, "fastmath": {"contract"}, "error_model": "numpy"}
"""Contraction of a * b + c and no wider, which keeps NaN and infinities meaningful; divisions that vectorise."""
