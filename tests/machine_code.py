"""What a kernel's lane loops are made of, read from its x86 assembly."""

from __future__ import annotations

import re

import llvmlite.binding as llvm
import pytest

from benchmarks.machine_code import innermost_loops, kernel_lines
from montecarlo_ai.kernels.compiling import kernel_of

_MOVES = {"memcpy", "memset", "memmove"}
_APART = re.compile(r"_ZN\d+montecarlo_ai\d+kernels\d+(shocks\d+drawers|counting\d+count_values)")
_SCALAR = re.compile(r"^\tv?(div|sqrt|min|max|cmp\w*|ucomi|comi)s[ds]\t")
_DOUBLE = re.compile(r"^\tv?(?:add|sub|mul|div|sqrt|min|max|cmp\w*|fn?m(?:add|sub)\w*|rndscale)[ps]d\t")

vector_machine = pytest.mark.skipif(
    not any(llvm.get_host_cpu_features().get(name) for name in ("avx2", "avx512f")),
    reason="reads x86 assembly with AVX2 or AVX-512",
)


def kernel_assembly(scenario, monkeypatch, folder, dtype="float64"):
    """Return the assembly of a scenario's kernel, compiled anew."""
    monkeypatch.setenv("MONTECARLO_AI_CACHE_DIR", str(folder))
    monkeypatch.setattr("montecarlo_ai.kernels.compiling._compiled", {})
    return assembly(scenario, dtype)


def assembly(scenario, dtype="float64", lines_of=kernel_lines):
    """Return the assembly of a scenario's kernel, which this process compiles."""
    return lines_of(kernel_of(scenario.model, frozenset(scenario.inputs.constants), dtype))


def calls(lines):
    """Return what may be called anywhere in a kernel, by name, but for moves of memory, drawing and counting.

    A call through a register may be of any function whose address is loaded somewhere: addresses travel between
    registers and the stack.
    """
    called = [match[1] for line in lines if (match := re.match(r"\tcallq?\t(.+)", line))]
    loaded = {match[1] for line in lines if (match := re.match(r"\tmovabsq\t\$([A-Za-z_]\w*), %\w+", line))}
    indirect = {name for name in called if name.startswith("*")}
    found = (set(called) - indirect) | ((loaded or indirect) if indirect else set())
    return {name for name in found - _MOVES if not _APART.match(name)}


def scalar_loops(lines):
    """Return the innermost loops that compare, divide or take roots of one lane at a time.

    A lane loop looks whether each margin is below zero, so that it compares; the loops that correlate shocks do not.
    In a loop of vectors, what is compared lane by lane is there once for each of four lanes or more; fewer comparisons
    are the same for all lanes, as of a constant with the clock.
    """
    return [loop for loop in innermost_loops(lines) if _scalar(loop)]


def _scalar(loop):
    found = [match[1] for line in loop if (match := _SCALAR.match(line))]
    compared = [name for name in found if name.startswith(("cmp", "ucomi", "comi"))]
    return len(found) > (len(compared) if _wide(loop) and len(compared) < 4 else 0)


def _wide(loop):
    return any(name in line for line in loop for name in ("%zmm", "%ymm"))


def narrow_loops(lines, register=""):
    """Return the innermost loops of more than forty lines that use no whole vectors, of a width where one is named."""
    widest = register or ("%zmm" if llvm.get_host_cpu_features().get("avx512f") else "%ymm")
    return [loop for loop in innermost_loops(lines) if len(loop) > 40 and not any(widest in line for line in loop)]


def double_loops(lines):
    """Return the innermost loops that compute in double precision; copies that only convert are none."""
    return [loop for loop in innermost_loops(lines) if any(_DOUBLE.match(line) for line in loop)]


def widest_loop(lines, registers=("%zmm", "%ymm")):
    """Return how many instructions on whole vectors the loop with most of them has."""
    return max(sum(any(name in line for name in registers) for line in loop) for loop in innermost_loops(lines))
