"""What a kernel's loops are made of, read from its x86 assembly."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Any

MOVES = re.compile(r"v?p?(mov|broadcast)|k")
"""Copies, loads, and what is done to masks, which has a port of its own."""


def kernel_lines(kernel: Any) -> list[str]:
    """Return the assembly of a kernel that this process compiled, from its label to its end."""
    return _lines_of(kernel, r"_ZN\d+montecarlo_ai_kernel_")


def drawing_lines(kernel: Any) -> list[str]:
    """Return the assembly of the functions that draw a kernel's shocks."""
    return _lines_of(kernel, r"_ZN\d+montecarlo_ai\d+kernels\d+shocks")


def counting_lines(kernel: Any) -> list[str]:
    """Return the assembly of the function that counts a kernel's values."""
    return _lines_of(kernel, r"_ZN\d+montecarlo_ai\d+kernels\d+counting")


def _lines_of(kernel: Any, name: str) -> list[str]:
    (text,) = kernel.inspect_asm().values()
    lines = iter(text.splitlines())
    found: list[str] = []
    for line in lines:
        if re.match(name + ".*:$", line):
            found += [line, *itertools.takewhile(lambda each: not each.startswith(".Lfunc_end"), lines)]
    return found


def innermost_loops(lines: Sequence[str]) -> list[Sequence[str]]:
    """Return the lines of every loop that holds no other: from a label to the last jump back to it."""
    labels = {line.split(":")[0]: i for i, line in enumerate(lines) if line.startswith(".LBB")}
    back = {}
    for i, line in enumerate(lines):
        jump = re.match(r"\tj\w+\t(\.LBB\w+)", line)
        if jump and labels[jump[1]] <= i:
            back[labels[jump[1]]] = i
    inside = [
        (b, e) for b, e in back.items() if not any(b <= x and y <= e and (b, e) != (x, y) for x, y in back.items())
    ]
    return [lines[b : e + 1] for b, e in inside]


def vector_operations(lines: Sequence[str]) -> int:
    """Return how many operations on whole vectors the loop with most of them has, copies and masks left out."""
    return max((sum(map(_is_operation, loop)) for loop in innermost_loops(lines)), default=0)


def _is_operation(line: str) -> bool:
    words = line.split("\t")
    return len(words) > 2 and ("%zmm" in line or "%ymm" in line) and MOVES.match(words[1]) is None
