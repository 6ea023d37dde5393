"""How everything in the kernel is compiled."""

from __future__ import annotations

from typing import Any

BLOCK = 256
"""Paths in a block: lanes of the inner loop."""

PITCH = BLOCK + 8
"""Cells between the rows of a block: rows 2 KiB apart would share two sets of the first cache and alias one another."""

COMPILE: dict[str, Any] = {"nogil": True, "fastmath": {"contract"}, "error_model": "numpy"}
"""Contraction of a * b + c and no wider, which keeps NaN and infinities meaningful; divisions that vectorise."""
