"""Instructions of long vector loops, reordered so that none waits for another that could have begun earlier.

A processor starts what is ready among the next few hundred instructions. A lab's step is a few thousand, written law
after law, so that it waits for the chain of one law while the next, independent of it, is out of sight. Here a list
scheduler [1]_ puts every instruction where a machine of unlimited sight would start it: the first in source order
among those whose operands are there. Only the order changes; what is computed, and its bits, do not.

LLVM keeps such an order as far as its registers reach, if it is told to mind latencies (`scheduling.py`).

.. [1] Gibbons, P. B., Muchnick, S. S. (1986). Efficient instruction scheduling for a pipelined architecture.
   SIGPLAN '86.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Sequence

FEWEST = 200
"""Instructions that a loop must have: a processor sees the whole of a shorter one."""

SLOTS = 2
"""Vector instructions started in a cycle."""

_CYCLES = {"fadd": 4, "fsub": 4, "fmul": 4, "fcmp": 3, "select": 3, "fdiv": 24, "sqrt": 31}
"""From start to result on recent x86 cores, 512 bits (uops.info); all else takes one."""

_BUSY = {"fdiv": 16, "sqrt": 20}
"""Cycles until the divider takes the next."""

_CARRIED = {"getelementptr", "load", "insertelement", "shufflevector", "bitcast"}
_MERGED = {("fmul", "fadd"), ("fmul", "fsub"), ("fcmp", "select")}

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

    Loads, addresses and copies to all lanes cost nothing where they stand before their first user, nor does what one
    instruction of the processor does together with its user; they go where that user goes.

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
    users = _users(needs)
    carried = [
        code in _CARRIED or (len(users[i]) == 1 and (code, codes[users[i][0]]) in _MERGED)
        for i, code in enumerate(codes)
    ]
    written: list[int] = []
    seen = [False] * len(lines)

    def write(i: int) -> None:
        seen[i] = True
        for need in sorted(needs[i]):
            if not seen[need]:
                write(need)
        written.append(i)

    for i in [*_started(codes, needs, carried), *range(len(lines))]:
        if not seen[i]:
            write(i)
    return written


def _code(line: str) -> str:
    """Return an instruction's name, "sqrt" of a call that takes a root."""
    found = _DEFINED.match(line)
    code = found[2] if found else line.split(maxsplit=1)[0]
    return "sqrt" if code == "call" and "@llvm.sqrt." in line else code


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
        needs.append(used - {i})
    return needs


def _writes(line: str, code: str) -> bool:
    """Return whether an instruction may change memory, or must keep its place among those that do."""
    pure_call = " = " in line and "@llvm." in line and "ptr" not in line
    return code == "store" or (code in ("call", "sqrt") and not pure_call) or " volatile " in line or " atomic " in line


def _users(needs: Sequence[set[int]]) -> list[list[int]]:
    users: list[list[int]] = [[] for _ in needs]
    for i, each in enumerate(needs):
        for need in each:
            users[need].append(i)
    return users


def _started(codes: Sequence[str], needs: Sequence[set[int]], carried: Sequence[bool]) -> list[int]:
    """Return the instructions that are not carried, as a machine of unlimited sight starts them."""
    through: list[set[int]] = []  # those not carried, of which an instruction or what it carries has need
    for each in needs:
        through.append(set().union(*(through[i] if carried[i] else {i} for i in each)))
    followers = _users([set() if carried[i] else each for i, each in enumerate(through)])
    missing = [len(each) for each in through]
    ready_at = [0.0] * len(codes)
    ready = [i for i in range(len(codes)) if not carried[i] and not missing[i]]
    coming: list[tuple[float, int]] = []
    started: list[int] = []
    now = divider = 0.0
    while ready or coming:
        if not ready:
            now = max(now, coming[0][0])
        while coming and coming[0][0] <= now:
            heapq.heappush(ready, heapq.heappop(coming)[1])
        i = heapq.heappop(ready)
        code = codes[i]
        if code in _BUSY and divider > now:
            heapq.heappush(coming, (divider, i))
            continue
        if code in _BUSY:
            divider = now + _BUSY[code]
        started.append(i)
        for follower in followers[i]:
            ready_at[follower] = max(ready_at[follower], now + _CYCLES.get(code, 1))
            missing[follower] -= 1
            if not missing[follower]:
                heapq.heappush(coming, (ready_at[follower], follower))
        now += 0 if code == "store" else 1 / SLOTS
    return started
