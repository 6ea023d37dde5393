"""Instructions in a new order mean what they meant, and chains that do not need one another take turns."""

from __future__ import annotations

import itertools
import re

import pytest
import xarray
from hypothesis import given, settings
from hypothesis import strategies as st
from machine_code import vector_machine
from models import Cash, CashShock, WalkParams, walk
from numba.core.codegen import JITCodeLibrary
from numba.core.registry import cpu_target

import montecarlo_ai as mc
from montecarlo_ai.kernels.compiling import kernel_of
from montecarlo_ai.kernels.list_scheduling import FEWEST, order, reordered

VECTOR = "<8 x double>"
CELLS = 4

arithmetic = st.tuples(st.sampled_from(["fadd", "fsub", "fmul", "fdiv"]), st.integers(0, 99), st.integers(0, 99))
choice = st.tuples(st.just("choose"), st.integers(0, 99), st.integers(0, 99))
memory = st.tuples(st.sampled_from(["load", "store"]), st.integers(0, CELLS - 1), st.integers(0, 99))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(arithmetic, choice, memory), min_size=1, max_size=60))
def test_a_program_in_its_new_order_leaves_the_same_in_memory(steps):
    lines = _program(steps)
    places = order(lines)

    assert sorted(places) == list(range(len(lines)))
    assert _memory_after([lines[i] for i in places]) == _memory_after(lines)


def test_chains_that_do_not_need_one_another_take_turns():
    """Each link is a product and a sum, which the processor does in one."""
    chains = []
    for name, link in itertools.product("ab", range(1, 101)):
        chains.append(f"  %{name}{link}.product = fmul contract {VECTOR} %{name}{link - 1}, %x\n")
        chains.append(f"  %{name}{link} = fadd contract {VECTOR} %{name}{link}.product, %y\n")

    sums = [chains[i].split("%")[1][0] for i in order(chains) if " fadd " in chains[i]]

    assert all(one != other for one, other in itertools.pairwise(sums))


def test_reads_and_writes_of_memory_stay_in_order_though_they_could_begin_at_once():
    lines = [
        "  %far = udiv i64 %k, %n\n",
        "  %at = getelementptr i8, ptr %cells, i64 %far\n",
        f"  %old = load {VECTOR}, ptr %at, align 64\n",
        f"  store {VECTOR} %x, ptr %cells, align 64\n",
        f"  %new = load {VECTOR}, ptr %cells, align 64\n",
        f"  store {VECTOR} %y, ptr %cells, align 64\n",
    ]

    assert order(lines) == [0, 1, 2, 3, 4, 5]


def test_what_may_write_anywhere_keeps_its_place():
    chain = [f"  %a{i} = fadd {VECTOR} %a{i - 1}, %x\n" for i in range(1, 9)]
    lines = [*chain, f"  call void @elsewhere(ptr %cell0, {VECTOR} %a8)\n", f"  %late = load {VECTOR}, ptr %cell0\n"]
    lines.append(f"  %b = fadd {VECTOR} %late, %x\n")

    placed = [lines[i] for i in order(lines)]

    assert placed.index(lines[8]) < placed.index(lines[9]) < placed.index(lines[10])


def test_only_long_vector_loops_are_reordered():
    chains = [f"  %{name}{i} = fadd {VECTOR} %{name}{i - 1}, %x\n" for name in "ab" for i in range(1, FEWEST // 2 + 1)]
    first, last = f"  %a0 = phi {VECTOR} [ %x, %entry ], [ %a1, %vector.body ]\n", "  br label %vector.body\n"

    def module(label, body):
        return "".join(["define void @run() {\n", f"{label}:\n", first, *body, last, "}\n"])

    assert reordered(module("vector.body", chains)) != module("vector.body", chains)
    for label, body in (("vector.body", chains[: FEWEST // 2]), ("scalar.body", chains)):
        assert reordered(module(label, body)) == module(label, body)
    assert reordered(module("vector.body", chains)).startswith(f"define void @run() {{\nvector.body:\n{first}")
    assert reordered(module("vector.body", chains)).endswith(f"{last}}}\n")


@vector_machine
def test_llvm_is_told_to_mind_latencies_in_a_kernel_and_nowhere_else(monkeypatch, tmp_path):
    monkeypatch.setenv("MONTECARLO_AI_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr("montecarlo_ai.kernels.compiling._compiled", {})
    scenario = walk()

    (ir,) = kernel_of(scenario.model, frozenset(scenario.inputs.constants)).inspect_llvm().values()

    assert '"tune-cpu"="atom"' in ir
    assert "montecarlo_ai-order" not in ir
    assert cpu_target.target_context.codegen()._library_class is JITCodeLibrary


def test_what_llvm_refuses_in_a_new_order_runs_in_the_old_one(monkeypatch, tmp_path):
    expected = mc.simulate(walk(), n_paths=100, seed=1)
    monkeypatch.setenv("MONTECARLO_AI_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr("montecarlo_ai.kernels.compiling._compiled", {})
    monkeypatch.setattr("montecarlo_ai.kernels.scheduling.reordered", lambda ir: ir.replace("%", "%%"))

    found = mc.simulate(walk(), n_paths=100, seed=1)

    xarray.testing.assert_equal(found, expected)


def _endless(state: Cash, params: WalkParams, shocks: CashShock, clock: mc.Clock) -> Cash:
    if state.cash < 1e9:
        return state


def test_a_model_that_cannot_be_compiled_leaves_the_compiler_as_it_was():
    with pytest.raises(mc.ModelError, match="it may return None"):
        mc.simulate(walk(_endless), n_paths=8)

    assert cpu_target.target_context.codegen()._library_class is JITCodeLibrary


def _program(steps):
    """Return instructions on values and cells of memory; a number names one of the values so far."""
    lines = [f"  %cell{i}.at = getelementptr i8, ptr %cell{i}, i64 64\n" for i in range(CELLS)]
    values = ["x", "y"]
    for kind, one, other in steps:
        name = f"v{len(values)}"
        a, b = values[one % len(values)], values[other % len(values)]
        if kind == "store":
            lines.append(f"  store {VECTOR} %{b}, ptr %cell{one}.at, align 64\n")
            continue
        if kind == "load":
            lines.append(f"  %{name} = load {VECTOR}, ptr %cell{one}.at, align 64\n")
        elif kind == "choose":
            lines.append(f"  %{name}.less = fcmp contract olt {VECTOR} %{a}, %{b}\n")
            lines.append(f"  %{name} = select <8 x i1> %{name}.less, {VECTOR} %{a}, {VECTOR} %{b}\n")
        else:
            lines.append(f"  %{name} = {kind} contract {VECTOR} %{a}, %{b}\n")
        values.append(name)
    return [*lines, *(f"  store {VECTOR} %{name}, ptr %cell{i % CELLS}.at\n" for i, name in enumerate(values[-3:]))]


def _memory_after(lines):
    """Return what the cells hold after a program: an expression of what they and x and y held before."""
    values = {"x": "x", "y": "y"}
    cells = {f"cell{i}": f"cell{i}" for i in range(CELLS)}
    for line in lines:
        names = re.findall(r"%([\w.]+)", line)
        if " getelementptr " in line:
            values[names[0]] = names[1]
        elif line.startswith("  store"):
            cells[values[names[1]]] = values[names[0]]
        elif " load " in line:
            values[names[0]] = cells[values[names[1]]]
        else:
            values[names[0]] = f"({line.split()[2]} {' '.join(str(hash(values[name])) for name in names[1:])})"
    return cells
