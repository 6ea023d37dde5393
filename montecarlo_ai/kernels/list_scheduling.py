"""Instructions of long vector loops, reordered so that none waits for another that could have begun earlier.

A processor starts what is ready among the next few hundred instructions. A lab's step is a few thousand, written law
after law, so that it waits for the chain of one law while the next, independent of it, is out of sight. Here a list
scheduler [1]_ puts every instruction where a machine of unlimited sight would start it: the first in source order
among those whose operands are there. Only the order changes; what is computed, and its bits, do not.

LLVM keeps such an order as far as its registers reach, if it is told to mind latencies (`scheduling.py`). It also puts
loads beside their users and makes one instruction of a product and a sum, so that none of this is looked at here.

.. [1] Gibbons, P. B., Muchnick, S. S. (1986). Efficient instruction scheduling for a pipelined architecture.
   SIGPLAN '86.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Sequence

FEWEST = 200
"""Instructions that a loop must have: a processor sees the whole of a shorter one."""

_SLOTS = 2
"""Instructions started in a cycle."""

_CYCLES = {"fadd": 4, "fsub": 4, "fmul": 4, "fcmp": 3, "select": 3, "fdiv": 24, "call": 24}
"""From start to result on recent x86 cores (uops.info), a call being mostly a root; all else takes one."""

_LOOP = re.compile(rf"^(vector\.body[\w.]*:.*\n)((?:  .*\n){{{FEWEST},}})", re.MULTILINE)
_FUNCTION = re.compile(r"^define .*?^}", re.MULTILINE | re.DOTALL)
_NUMBER = re.compile(r"(?<=%)(?=\d+\b)|^(?=\d+:)", re.MULTILINE)
_NAME = r'%"[^"]+"|%[\w.$-]+'
_DEFINED = re.compile(rf"\s*({_NAME}) = (?:tail |musttail |notail )?(\w+)")
_USED = re.compile(_NAME)


def reordered(ir: str) -> str:
    """Return LLVM's text of a module with its long vector loops reordered."""
    return _FUNCTION.sub(_function_reordered, ir)


def _function_reordered(function: re.Match[str]) -> str:
    if not _LOOP.search(function[0]):
        return function[0]
    named = _NUMBER.sub("unnamed.", function[0])  # LLVM wants numbers to count up, line after line
    return _LOOP.sub(lambda loop: loop[1] + _loop_reordered(loop[2]), named)


def _loop_reordered(loop: str) -> str:
    lines = loop.splitlines(keepends=True)
    begin = sum(" = phi " in line for line in lines)
    body = lines[begin:-1]
    return "".join([*lines[:begin], *(body[i] for i in order(body)), lines[-1]])


def order(lines: Sequence[str]) -> list[int]:
    """Return in which order to write instructions that follow one another.

    Parameters
    ----------
    lines : sequence of str
        Instructions of a basic block without phis and terminator, all values named.

    Returns
    -------
    list of int
        Every place once, each after all that it needs. Writes to memory keep their places among one another, reads
        theirs before and after writes.
    """
    codes = [_code(line) for line in lines]
    needs = _needs(lines, codes)
    followers: list[list[int]] = [[] for _ in lines]
    for i, each in enumerate(needs):
        for need in each:
            followers[need].append(i)
    missing = [len(each) for each in needs]
    ready_at = [0.0] * len(lines)
    ready = [i for i, count in enumerate(missing) if not count]
    coming: list[tuple[float, int]] = []
    started: list[int] = []
    now = 0.0
    while ready or coming:
        if not ready:
            now = max(now, coming[0][0])
        while coming and coming[0][0] <= now:
            heapq.heappush(ready, heapq.heappop(coming)[1])
        i = heapq.heappop(ready)
        started.append(i)
        for follower in followers[i]:
            ready_at[follower] = max(ready_at[follower], now + _CYCLES.get(codes[i], 1))
            missing[follower] -= 1
            if not missing[follower]:
                heapq.heappush(coming, (ready_at[follower], follower))
        now += 1 / _SLOTS
    return started


def _code(line: str) -> str:
    """Return an instruction's name."""
    found = _DEFINED.match(line)
    return found[2] if found else line.split(maxsplit=1)[0]


def _needs(lines: Sequence[str], codes: Sequence[str]) -> list[set[int]]:
    """Return for each instruction those that must stand before it: its operands, and what memory demands."""
    places = {found[1]: i for i, line in enumerate(lines) if (found := _DEFINED.match(line))}
    needs: list[set[int]] = []
    reads: set[int] = set()
    write: set[int] = set()
    for i, (line, code) in enumerate(zip(lines, codes, strict=True)):
        used = {places[name] for name in _USED.findall(line.partition(" = ")[2] or line) if name in places}
        if _writes(line, code):
            used |= reads | write
            reads, write = set(), {i}
        elif code == "load":
            used |= write
            reads.add(i)
        needs.append(used)
    return needs


def _writes(line: str, code: str) -> bool:
    """Return whether an instruction may change memory, or must keep its place among those that do."""
    pure_call = " = " in line and "@llvm." in line and "ptr" not in line and "*" not in line  # older LLVM: double*
    return code == "store" or (code == "call" and not pure_call) or " volatile " in line or " atomic " in line
