"""What a step may contain: what the docs call fast is vector code and silent, what they call slow is told."""

from __future__ import annotations

import inspect
import warnings
from typing import NamedTuple

import pytest
import slow_models
from machine_code import (
    assembly,
    calls,
    double_loops,
    innermost_loops,
    kernel_assembly,
    narrow_loops,
    scalar_loops,
    vector_machine,
    widest_loop,
)
from processors import SCENARIOS
from slow_models import (
    branching_step,
    compiled_before,
    fast_functions_step,
    helper_with_a_library_function,
    made_step,
    scenario_of,
    slow_events,
    slow_step,
)

import montecarlo_ai as mc
from benchmarks.machine_code import counting_lines, drawing_lines, kernel_lines
from montecarlo_ai.kernels.disk import Kept
from montecarlo_ai.kernels.reductions import _add_passages

HERE = slow_models.__file__


@vector_machine
@pytest.mark.parametrize("dtype", ["float64", pytest.param("float32", marks=pytest.mark.slow)])
@pytest.mark.parametrize("step", [branching_step, fast_functions_step])
def test_what_is_called_fast_is_vector_code_and_silent(step, dtype, monkeypatch, tmp_path):
    """In single precision also free of any arithmetic in double: literals, integers, helpers, tables and mc.math."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", mc.SlowStepWarning)
        lines = kernel_assembly(scenario_of(step), monkeypatch, tmp_path, dtype)
    assert scalar_loops(lines) == []
    assert (double_loops(lines) == []) == (dtype == "float32")
    assert widest_loop(lines) > 40
    if step is branching_step:
        assert calls(lines) == set()


def expected_places(*functions):
    """(line, what) of every comment in some functions of the models that says slow."""
    found = []
    for function in functions:
        lines, first = inspect.getsourcelines(function)
        found += [(i, line.split("# slow: ")[1].strip()) for i, line in enumerate(lines, first) if "  # slow: " in line]
    return sorted(found)


SLOW = {
    "slow": (scenario_of(slow_step, slow_events), (helper_with_a_library_function, slow_step, slow_events)),
    "made": (scenario_of(made_step), (compiled_before.py_func, made_step)),
}


@pytest.mark.parametrize("dtype", ["float64", pytest.param("float32", marks=pytest.mark.slow)])
@pytest.mark.parametrize(("name", "count"), [("slow", 18), ("made", 12)])
def test_what_is_slow_is_told_once_with_its_lines(name, count, dtype, monkeypatch, tmp_path):
    monkeypatch.setenv("MONTECARLO_AI_CACHE_DIR", str(tmp_path))
    scenario, functions = SLOW[name]
    with pytest.warns(mc.SlowStepWarning) as caught:
        mc.warmup(scenario, dtype=dtype)
    (warning,) = caught
    told = str(warning.message).splitlines()[1:]
    due = expected_places(*functions)
    assert {line.split("line ")[1].split(")")[0] for line in told} == {str(number) for number, _ in due}
    assert len(due) == count
    for number, what in due:
        assert any(f"{HERE}, line {number})" in line and what in line and "; " in line for line in told)
    if name == "slow":
        assert len(told) == len(due)
        assert "helper_with_a_library_function" in told[0]
        assert "write mc.math.exp" in told[0]
    assert (warning.filename, warning.lineno) == (HERE, due[0][0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mc.simulate(scenario, n_paths=2, seed=1, dtype=dtype)


@vector_machine
def test_a_slow_step_is_seen_in_the_machine_code(monkeypatch, tmp_path):
    """The reading of assembly that the other tests rely on finds calls and scalar loops where there are some."""
    with pytest.warns(mc.SlowStepWarning):
        lines = kernel_assembly(scenario_of(slow_step), monkeypatch, tmp_path)
    assert scalar_loops(lines)
    assert {"exp", "pow", "hypot", "fmod"} <= calls(lines)


@vector_machine
@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        ("three shocks", "float64"),
        pytest.param("three shocks", "mixed", marks=pytest.mark.slow),
        ("three shocks", "float32"),
        ("walk", "float64"),
        pytest.param("thirty states", "float64", marks=pytest.mark.slow),
        pytest.param("thirty states", "float32", marks=pytest.mark.slow),
    ],
)
def test_kernels_call_nothing(name, dtype, monkeypatch, tmp_path):
    step = kernel_assembly(SCENARIOS[name](), monkeypatch, tmp_path, dtype)
    shocks = assembly(SCENARIOS[name](), dtype, drawing_lines)
    for lines, single in ((step, dtype == "float32"), (shocks, dtype != "float64")):
        assert calls(lines) == set()
        assert (double_loops(lines) == []) == single
        assert scalar_loops(lines) == []
        assert widest_loop(lines) > 40
    assert narrow_loops(shocks) == [], "random words, logarithms, sines and cosines"


def scenario_of_many_fields(states=180, inputs=120):
    """A model whose lane loop reads and writes hundreds of rows, which LLVM by itself does not tell apart."""
    fields = [f"s{i}" for i in range(states)]
    given = [f"p{i}" for i in range(inputs)]
    params = NamedTuple("Params", [(name, float) for name in given])
    state = NamedTuple("State", [(name, float) for name in fields])
    after = ", ".join(f"state.{name} + params.{given[i % inputs]} * clock.dt" for i, name in enumerate(fields))
    scope = {"State": state, "Params": params, "mc": mc, "Shocks": slow_models.Shocks, "Events": slow_models.Events}
    exec(
        f"""
def initial(params: Params) -> State:
    return State({", ".join(["1.0"] * states)})

def step(state: State, params: Params, shocks: Shocks, clock: mc.Clock) -> State:
    return State({after})

def events(state: State, params: Params, clock: mc.Clock) -> Events:
    return Events(state.s0)
""",
        scope,
    )
    model = mc.Model(scope["step"], initial=scope["initial"], events=scope["events"])
    inputs_ = {name: mc.Uniform(0.1, 0.2) for name in given}
    return mc.Scenario(model, inputs=inputs_, time=mc.TimeGrid("2026-01-01", years=1))


@vector_machine
@pytest.mark.slow
def test_a_model_of_many_fields_is_vector_code(monkeypatch, tmp_path):
    lines = kernel_assembly(scenario_of_many_fields(), monkeypatch, tmp_path)
    assert widest_loop(lines) > 2 * 180


QUICK = ("openai-2025-12", "float64")
LABS = [(preset, dtype) for preset in mc.preset_names() for dtype in ("float64", "float32")]


@vector_machine
@pytest.mark.parametrize(
    ("preset", "dtype"), [each if each == QUICK else pytest.param(*each, marks=pytest.mark.slow) for each in LABS]
)
def test_the_kernel_of_a_lab_calls_nothing(preset, dtype, monkeypatch, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error", mc.SlowStepWarning)
        lines = kernel_assembly(mc.load_scenario(preset), monkeypatch, tmp_path, dtype)
    assert calls(lines) == set()
    assert (double_loops(lines) == []) == (dtype == "float32")
    assert scalar_loops(lines) == []
    assert widest_loop(lines) > 1_000


@vector_machine
def test_loops_that_summarise_allocate_nothing_for_a_path(monkeypatch, tmp_path):
    """They may call for memory before they begin; no loop that holds no other does."""
    kernel_assembly(SCENARIOS["walk"](), monkeypatch, tmp_path)
    values = assembly(SCENARIOS["walk"](), lines_of=counting_lines)
    passages = kernel_lines(Kept(_add_passages.__wrapped__, _add_passages._signature)._run)
    assert widest_loop(values) > 20
    for lines in (values, passages):
        loops = innermost_loops(lines)
        assert loops
        assert not any(calls(each) for each in loops)
