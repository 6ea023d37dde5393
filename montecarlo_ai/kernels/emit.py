"""The source of a model's kernel: structure of arrays, time outside, 256 paths inside.

What the source does, block by block: make the initial states, then for each step draw the shocks (one Philox call
a shock serves four steps), correlate them, run the user's scalar step on every lane, look at the events, and copy
the rows that are kept. What is kept is chosen by row numbers at run time, so that the compiled arithmetic is the
same whatever is kept. The state of a block lives in arrays on the stack; the lane loops contain no call and no
branch that the compiler cannot turn into a select, so they become vector code.
"""

from __future__ import annotations

from typing import NamedTuple


class KernelSpec(NamedTuple):
    """What of a model shapes its kernel.

    Attributes
    ----------
    states, params, shocks, events, forcing : tuple of str
        Fields in order of declaration.
    constants : frozenset of str
        Inputs that are the same on every path: scalars in the kernel, not columns.
    uniform_shocks : frozenset of str
        Shocks that are uniform on (0, 1).
    boolean_events : frozenset of str
        Events that are booleans rather than margins.
    has_forcing : bool
        Whether the step takes a fifth argument.
    """

    states: tuple[str, ...]
    params: tuple[str, ...]
    shocks: tuple[str, ...]
    events: tuple[str, ...]
    forcing: tuple[str, ...]
    constants: frozenset[str]
    uniform_shocks: frozenset[str]
    boolean_events: frozenset[str]
    has_forcing: bool


_HEAD = '''"""Kernel of one model, written by montecarlo_ai; safe to delete."""

import numpy as np
from numba import njit

from montecarlo_ai.kernels.intrinsics import stack_float64, stack_int32, wide_vectors
from montecarlo_ai.kernels.normals import box_muller
from montecarlo_ai.kernels.philox import philox
from montecarlo_ai.kernels.reductions import accumulate

U32 = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
LANES = np.uintp(256)
ONE = np.uintp(1)
CELL = 2.0**-32


@njit(nogil=True, fastmath={"contract"}, error_model="numpy", cache=CACHE)
def run(stream, grid, inputs, constants, forcing, factor, keep, store, passage, finite, tally):
    wide_vectors()
    seed, first_path, domain = stream
    n_paths, n_steps, dt, store_single = grid
    factor_row, factor_start, factor_column, factor_value = factor
    store64, store32, first_column, advance = store
    key_low, key_high = seed & U32, seed >> HALF
    never = np.int32(n_steps + 1)
    blocks = (np.uintp(n_paths) + LANES - ONE) // LANES
    state = stack_float64(@STATES@, 256)
    shock = stack_float64(@SHOCK_ROWS@, 256)
    first = stack_int32(@EVENTS@, 256)
    healthy = stack_float64(1, 256)
'''

_BLOCK = """
    for block in range(blocks):
        base = block * LANES
        width = min(LANES, np.uintp(n_paths) - base)
        column = np.uintp(first_column) + base * np.uintp(advance)
        for lane in range(LANES):
            params = @PARAMS@
            begun = initial(params)
@STORE_BEGUN@
            healthy[0, lane] = 0.0
@NEVER@
        for row in range(keep.size):
            source = np.uintp(keep[row])
            if store_single:
                for lane in range(width):
                    store32[row, 0, column + lane] = state[source, lane]
            else:
                for lane in range(width):
                    store64[row, 0, column + lane] = state[source, lane]
        for index in range(n_steps):
            phase = np.uintp(index & 3)
@SHOCKS@            t = index * dt
            reached = (index + 1) * dt
            mark = np.int32(index + 1)
            for lane in range(LANES):
                params = @PARAMS@
                now = State(@STATE_READS@)
                after = step(now, params, @SHOCK_READS@, Clock(t, dt, index)@FORCING@)
@STORE_AFTER@
                happened = events(after, params, Clock(reached, dt, index + 1))
@HAPPENED@
                healthy[0, lane] += @CHECK@
            for row in range(keep.size):
                source = np.uintp(keep[row])
                if store_single:
                    for lane in range(width):
                        store32[row, index + 1, column + lane] = state[source, lane]
                else:
                    for lane in range(width):
                        store64[row, index + 1, column + lane] = state[source, lane]
        sick = 0.0
        for lane in range(width):
            sick += healthy[0, lane]
        finite[block] = sick == 0.0
        for row in range(passage.shape[0]):
            for lane in range(width):
                passage[row, column + lane] = first[row, lane]
        accumulate(store64, passage, width, tally)
"""

_REFILL = """            if phase == 0:
                quarter = np.uint64(index >> 2)
@GROUPS@
                for at in range(factor_row.size):
                    target = np.uintp(factor_row[at]) * np.uintp(4)
                    for sub in range(np.uintp(4)):
                        begin, end = factor_start[at], factor_start[at + 1]
                        for lane in range(LANES):
                            shock[target + sub, lane] *= factor_value[begin]
                        for entry in range(begin + 1, end):
                            weight = factor_value[entry]
                            other = np.uintp(factor_column[entry]) * np.uintp(4) + sub
                            for lane in range(LANES):
                                shock[target + sub, lane] += weight * shock[other, lane]
"""

_GROUP = """                for lane in range(LANES):
                    path = first_path + np.uint64(base + lane)
                    a, b, c, d = philox(
                        path & U32, path >> HALF, quarter, np.uint64(@GROUP@) | domain, key_low, key_high
                    )
"""

_NORMAL = """                    z0, z1 = box_muller(a, b)
                    z2, z3 = box_muller(c, d)
"""
_UNIFORM = """                    z0 = (np.float64(np.int64(a)) + 0.5) * CELL
                    z1 = (np.float64(np.int64(b)) + 0.5) * CELL
                    z2 = (np.float64(np.int64(c)) + 0.5) * CELL
                    z3 = (np.float64(np.int64(d)) + 0.5) * CELL
"""


def kernel_source(spec: KernelSpec) -> str:
    """Return the source of a kernel; names such as ``step`` and ``State`` are put into its module by the compiler."""
    text = _HEAD + _BLOCK
    pieces = {
        "STATES": str(len(spec.states)),
        "SHOCK_ROWS": str(4 * len(spec.shocks)),
        "EVENTS": str(len(spec.events)),
        "PARAMS": _params(spec),
        "STORE_BEGUN": _store("begun", spec, 12),
        "NEVER": "\n".join(f"            first[{i}, lane] = never" for i in range(len(spec.events))) or "            pass",
        "SHOCKS": _shocks(spec),
        "STATE_READS": ", ".join(f"state[{i}, lane]" for i in range(len(spec.states))),
        "SHOCK_READS": _made("Shocks", [f"shock[np.uintp({4 * i}) + phase, lane]" for i in range(len(spec.shocks))]),
        "FORCING": _forcing(spec),
        "STORE_AFTER": _store("after", spec, 16),
        "HAPPENED": _happened(spec),
        "CHECK": _check(spec),
    }
    for name, piece in pieces.items():
        text = text.replace(f"@{name}@", piece)
    return text


def _made(kind: str, values: list[str]) -> str:
    """Return the construction of a NamedTuple; an empty one is an empty tuple, which the compiler knows."""
    return f"{kind}({', '.join(values)})" if values else "()"


def _params(spec: KernelSpec) -> str:
    varying = [name for name in spec.params if name not in spec.constants]
    fixed = [name for name in spec.params if name in spec.constants]
    values = [
        f"constants[{fixed.index(name)}]" if name in spec.constants else f"inputs[block, {varying.index(name)}, lane]"
        for name in spec.params
    ]
    return _made("Params", values)


def _forcing(spec: KernelSpec) -> str:
    if not spec.has_forcing:
        return ""
    return ", " + _made("Forcing", [f"forcing[index, {i}]" for i in range(len(spec.forcing))])


def _store(name: str, spec: KernelSpec, indent: int) -> str:
    pad = " " * indent
    return "\n".join(f"{pad}state[{i}, lane] = {name}.{field}" for i, field in enumerate(spec.states))


def _shocks(spec: KernelSpec) -> str:
    if not spec.shocks:
        return ""
    groups = []
    for i, name in enumerate(spec.shocks):
        writes = "".join(f"                    shock[{4 * i + j}, lane] = z{j}\n" for j in range(4))
        body = _UNIFORM if name in spec.uniform_shocks else _NORMAL
        groups.append(_GROUP.replace("@GROUP@", str(i << 24)) + body + writes)
    return _REFILL.replace("@GROUPS@", "".join(groups).rstrip("\n"))


def _happened(spec: KernelSpec) -> str:
    lines = []
    for i, name in enumerate(spec.events):
        true = f"happened.{name}" if name in spec.boolean_events else f"happened.{name} < 0.0"
        lines.append(f"                first[{i}, lane] = min(first[{i}, lane], mark if {true} else never)")
    return "\n".join(lines) or "                pass"


def _check(spec: KernelSpec) -> str:
    """Return an expression that is zero while every state is finite and no margin is NaN, and NaN ever after."""
    terms = [f"after.{name} * 0.0" for name in spec.states]
    terms += [
        f"(np.nan if happened.{name} != happened.{name} else 0.0)" for name in spec.events if name not in spec.boolean_events
    ]
    while len(terms) > 1:  # a balanced sum: short chains of dependence
        terms = [f"({a} + {b})" for a, b in zip(terms[::2], terms[1::2], strict=False)] + terms[len(terms) & ~1 :]
    return terms[0]
