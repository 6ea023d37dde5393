"""The source of a model's kernel: structure of arrays, time outside, a tile of paths inside.

A tile is as many paths as keep their states and inputs in the first cache, so that a large model does not fetch them
from the second at every step. What the source does, tile by tile: make the initial states, then for each step have the
shocks drawn (`shocks.py`; 256 cells at a time, a cell being a path and four steps, which one Philox call serves),
correlate them, run the user's scalar step on every lane, look at the events, and copy the rows that are kept; for a
summary they are counted whenever a slab of paths is full (`counting.py`). What is kept is chosen by row numbers at run
time, so that the compiled arithmetic is the same whatever is kept. The state of a tile lives in arrays on the stack;
the lane loops contain no call and no branch that the compiler cannot turn into a select, so they become vector code.
"""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Collection, Sequence
from typing import NamedTuple

from montecarlo_ai.kernels.lines import LINE
from montecarlo_ai.kernels.options import BLOCK, TILE_BYTES
from montecarlo_ai.kernels.precision import PRECISIONS, Precision, row_pitch


class KernelSpec(NamedTuple):
    """What of a model shapes its kernel.

    Attributes
    ----------
    states, shocks, events : tuple of str
        Fields in order of declaration.
    uniform_shocks : frozenset of str
        Shocks that are uniform on (0, 1).
    boolean_events : frozenset of str
        Events that are booleans rather than margins.
    has_forcing : bool
        Whether the step takes a fifth argument.
    varying, once : int
        Inputs that differ between paths, and numbers that a step makes of its inputs once a path.
    dtype : str
        Name of the precision.
    """

    states: tuple[str, ...]
    shocks: tuple[str, ...]
    events: tuple[str, ...]
    uniform_shocks: frozenset[str]
    boolean_events: frozenset[str]
    has_forcing: bool
    varying: int
    once: int
    dtype: str

    @property
    def precision(self) -> Precision:
        """Types of state and shocks."""
        return PRECISIONS[self.dtype]

    @property
    def lanes(self) -> int:
        """Paths of a tile: as many as keep states and inputs in the first cache, a power of two from 16 to 256."""
        rows = len(self.states) + self.varying + self.once
        fitting = TILE_BYTES // (self.precision.state.bitwidth // 8 * rows)
        return min(max(1 << fitting.bit_length() - 1, 16), BLOCK) if fitting else 16

    @property
    def pitch(self) -> int:
        """Cells between the rows of a tile; rows a power of two apart would alias one another in the first cache."""
        return row_pitch(self.lanes, self.precision.state) if self.lanes >= 64 else self.lanes

    @property
    def shock_pitch(self) -> int:
        """Cells between the rows of shocks."""
        return row_pitch(BLOCK, self.precision.shock)

    @property
    def interleave(self) -> int:
        """Iterations of a lane loop in flight at once, which hides the latency of dependent operations.

        A large step has enough of its own, and twice its code would not fit the first cache of instructions: it is
        taken for large where tiles are short.
        """
        return 2 if self.lanes >= 64 else 1


_HEAD = '''"""Kernel of one model, written by montecarlo_ai; safe to delete."""

import numpy as np
from numba import njit

from montecarlo_ai.kernels.intrinsics import (
    bits_of, lines_written, ready_to_write, stack_float32, stack_float64, stack_int32, wide_vectors, write_line,
)
from montecarlo_ai.kernels.scheduling import ordered_by_latency

U32 = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
BLOCK = np.uintp(256)
LANES = np.uintp(@LANES@)
QUARTERS = BLOCK // LANES
ONE = np.uintp(1)
FOUR = np.uintp(4)
SIZE = np.int32(0x7FFFFFFF)
INFINITE = np.int32(0x7F800000)
LINE32 = np.uintp(@LINE32@)
LINE64 = np.uintp(@LINE64@)
ZERO = np.@REAL@(0.0)
UNIT = np.@REAL@(1.0)
VARYING = np.uintp(@VARYING@)
PLACES = np.array([@PLACES@], dtype=np.uint64)


@njit(nogil=True, fastmath={"contract"}, error_model="numpy", cache=CACHE)
def run(stream, grid, inputs, constants, forcing, factor, keep, store, passages, tally, finite):
    wide_vectors()
    ordered_by_latency()
    seed, first_path, domain, mirrored = stream
    n_paths, n_steps, years, store_single = grid
    factor_row, factor_start, factor_column, factor_value = factor
    store64, store32, first_column, slab, streamed = store
    passage, first_passage = passages
    key = (seed & U32, seed >> HALF)
    never = np.int32(n_steps + 1)
    blocks = (np.uintp(n_paths) + BLOCK - ONE) // BLOCK
    dt = np.@REAL@(years)
    state = stack_@REAL@(@STATES@, @ROW@)
    given = stack_@REAL@(@GIVEN@, @ROW@)
    shock = stack_@SHOCK@(@SHOCK_ROWS@, @PITCH@)
    first = stack_int32(@EVENTS@, @LANES@)
    healthy = stack_@REAL@(1, @LANES@)
    largest = stack_int32(1, @LANES@)
'''

_BLOCK = """
    for tile in range(blocks * (BLOCK // LANES)):
        base = tile * LANES
        block, offset = base // BLOCK, base % BLOCK
        if offset == 0:
            finite[block] = True
        if base >= np.uintp(n_paths):
            continue
        start = first_path + np.uint64(base)
        high = start >> mirrored >> HALF  # the same for all paths of a block
        width = min(LANES, np.uintp(n_paths) - base)
        whole = streamed and width == LANES
        column = np.uintp(first_column) + base % np.uintp(slab)
        for row in range(VARYING):
            for lane in range(LANES):
                given[row, lane] = inputs[block, row, offset + lane]
@ONCE@        for lane in range(LANES):
            begun = initial(read_params(given, lane, constants))
            write_state(state, lane, begun)
            healthy[0, lane] = sickness(begun)
            largest[0, lane] = np.int32(0)
@NEVER@
@KEEP_START@        for index in range(n_steps):
            phase = np.uintp(index & 3)
            place = (np.uintp(index >> 2) & (QUARTERS - ONE)) * LANES
@SHOCKS@            t = np.@REAL@(index * years)
            reached = np.@REAL@((index + 1) * years)
            mark = np.int32(index + 1)
@AHEAD@            for lane in range(LANES):
                params = read_params(given, lane, constants)
                now = read_state(state, lane)
                after = step(now, @KNOWN@, read_shocks(shock, phase, place + lane), Clock(t, dt, index)@FORCING@)
                write_state(state, lane, after)
                happened = events(read_state(state, lane), params, Clock(reached, dt, index + 1))
@HAPPENED@
                healthy[0, lane] += sickness(after)@CHECK@
@KEEP_STEP@        sick, top = ZERO, np.int32(0)
        for lane in range(width):
            sick += healthy[0, lane]
            top = max(top, largest[0, lane])
        finite[block] = finite[block] and sick == ZERO and top < INFINITE
        for row in range(passage.shape[0]):
            for lane in range(width):
                passage[row, np.uintp(first_passage) + base + lane] = first[row, lane]
        count = base % np.uintp(slab) + width
        if tally[0].size and (count == np.uintp(slab) or base + width == np.uintp(n_paths)):
            count_values(store64, count, np.uintp(first_passage) + base + width - count, tally)
    if streamed:
        lines_written()
"""

_KEEP = """for row in range(keep.size):
    source = np.uintp(keep[row])
    if store_single and whole:
        for lane in range(LANES):
            size = np.int32(bits_of(np.float32(state[source, lane])) & SIZE)
            largest[0, lane] = max(largest[0, lane], size)
        for lane in range(np.uintp(0), LANES, LINE32):
            write_line(store32, row, np.intp(@TIME@), np.intp(column + lane), state, np.intp(source), np.intp(lane))
    elif store_single:
        for lane in range(width):
            kept = np.float32(state[source, lane])
            store32[row, @TIME@, column + lane] = kept
            largest[0, lane] = max(largest[0, lane], np.int32(bits_of(kept) & SIZE))
    elif whole:
        for lane in range(np.uintp(0), LANES, LINE64):
            write_line(store64, row, np.intp(@TIME@), np.intp(column + lane), state, np.intp(source), np.intp(lane))
    else:
        for lane in range(width):
            store64[row, @TIME@, column + lane] = state[source, lane]
"""

_ONCE = """        for lane in range(LANES):
            write_once(given, lane, once(read_params(given, lane, constants), dt))
"""

_AHEAD = """            for row in range(0 if whole else keep.size):
                for lane in range(np.uintp(0), LANES, LINE64):
                    if store_single:
                        ready_to_write(store32, row, np.intp(index + 1), np.intp(column + lane))
                    else:
                        ready_to_write(store64, row, np.intp(index + 1), np.intp(column + lane))
"""

_DRAWN = """                for row in range(@ROWS@):
                    group = PLACES[row] << np.uint64(24) | domain
                    draw_@KIND@(shock, row * FOUR, (cells + CELLS - ONE) // CELLS, drawn, group, key)"""

_REFILL = """            if index & np.int64(4 * QUARTERS - ONE) == 0:
                quarter = np.uint64(index >> 2)
                cells = min(QUARTERS, np.uintp((n_steps - index + 3) >> 2)) * LANES
                drawn = (start, high, quarter, mirrored)
@DRAWN@
                for at in range(factor_row.size):
                    target = np.uintp(factor_row[at]) * FOUR
                    for sub in range(FOUR):
                        begin, end = factor_start[at], factor_start[at + 1]
                        for cell in range(cells):
                            shock[target + sub, cell] *= factor_value[begin]
                        for entry in range(begin + 1, end):
                            weight = factor_value[entry]
                            other = np.uintp(factor_column[entry]) * FOUR + sub
                            for cell in range(cells):
                                shock[target + sub, cell] += weight * shock[other, cell]
"""


def shock_rows(shocks: Sequence[str], uniform: Collection[str]) -> tuple[str, ...]:
    """Return the shocks in the order of their rows in the kernel: normals first, each kind as declared.

    The row decides nothing but where a shock lies; its place in the declaration decides its stream.
    """
    return (*(name for name in shocks if name not in uniform), *(name for name in shocks if name in uniform))


@functools.cache
def kernel_source(spec: KernelSpec) -> str:
    """Return the source of a kernel; names such as ``step`` and ``State`` are put into its module by the compiler."""
    text = _HEAD + _BLOCK
    rows = shock_rows(spec.shocks, spec.uniform_shocks)
    pieces = {
        "REAL": str(spec.precision.state),
        "SHOCK": str(spec.precision.shock),
        "STATES": str(len(spec.states)),
        "LANES": str(spec.lanes),
        "ROW": str(spec.pitch),
        "PITCH": str(spec.shock_pitch),
        "GIVEN": str(spec.varying + spec.once),
        "VARYING": str(spec.varying),
        "SHOCK_ROWS": str(4 * len(spec.shocks)),
        "EVENTS": str(len(spec.events)),
        "NEVER": "\n".join(f"            first[{i}, lane] = never" for i in range(len(spec.events)))
        or "            pass",
        "SHOCKS": _shocks(spec),
        "PLACES": ", ".join(str(spec.shocks.index(name)) for name in rows) or "0",
        "AHEAD": _AHEAD if spec.lanes < 64 else "",  # rows of larger tiles the processor foresees by itself
        "ONCE": _ONCE if spec.once else "",
        "KNOWN": "read_known(given, lane, constants)" if spec.once else "params",
        "FORCING": ", read_forcing(forcing, np.uintp(index))" if spec.has_forcing else "",
        "HAPPENED": _happened(spec),
        "CHECK": _check(spec),
        "LINE32": str(LINE // 4),
        "LINE64": str(LINE // 8),
        "KEEP_START": textwrap.indent(_KEEP.replace("@TIME@", "0"), " " * 8),
        "KEEP_STEP": textwrap.indent(_KEEP.replace("@TIME@", "index + 1"), " " * 12),
    }
    for name, piece in pieces.items():
        text = text.replace(f"@{name}@", piece)
    return text


def _shocks(spec: KernelSpec) -> str:
    if not spec.shocks:
        return ""
    normals = len(spec.shocks) - len(spec.uniform_shocks)
    kinds = {"normals": range(normals), "uniforms": range(normals, len(spec.shocks))}
    drawn = [
        _DRAWN.replace("@KIND@", kind).replace("@ROWS@", f"np.uintp({rows.start}), np.uintp({rows.stop})")
        for kind, rows in kinds.items()
        if rows
    ]
    return _REFILL.replace("@DRAWN@", "\n".join(drawn))


def _happened(spec: KernelSpec) -> str:
    lines = []
    for i, name in enumerate(spec.events):
        true = f"happened.{name}" if name in spec.boolean_events else f"(happened.{name} < ZERO)"
        # Without a branch: a NamedTuple used in one basic block stays out of memory, which compiles sooner.
        when = f"never + (mark - never) * np.int32({true})"
        lines.append(f"                first[{i}, lane] = min(first[{i}, lane], np.int32({when}))")
    return "\n".join(lines)


def _check(spec: KernelSpec) -> str:
    """Return a sum that is zero while no margin is NaN, and NaN then; a margin may be infinite."""
    margins = [name for name in spec.events if name not in spec.boolean_events]
    return "".join(f" + min(abs(happened.{name}), UNIT) * ZERO" for name in margins)
