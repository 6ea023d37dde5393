"""How everything in the kernel is compiled."""

from __future__ import annotations

from typing import Any

BLOCK = 256
"""Paths in a block: lanes of the inner loop."""

COMPILE: dict[str, Any] = {"nogil": True, "fastmath": {"contract"}, "error_model": "numpy"}
"""Contraction of a * b + c and no wider, which keeps NaN and infinities meaningful; divisions that vectorise."""
