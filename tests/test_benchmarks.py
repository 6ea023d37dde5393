"""Every engine of the benchmark does the same job, and the checks that say so can fail."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from machine_code import kernel_assembly, vector_machine
from scipy import stats

import montecarlo_ai as mc
from benchmarks import (
    answers,
    calls,
    comparisons,
    functions,
    import_time,
    inputs,
    lab_step,
    laws,
    memory,
    preset,
    samplers,
    suite,
)
from benchmarks.answers import Figures, differences, misses, wrong
from benchmarks.engines import (
    BASELINE,
    ENGINES,
    LIBRARY,
    Engine,
    MissingError,
    compiled,
    numba_paths,
    numpy_blocks,
    plain_python,
    torch_paths,
)
from benchmarks.engines.library_models import scenario_of
from benchmarks.jobs import JOBS, Job, ThreeShocks, Walk
from benchmarks.jobs.lab import WORDS_OF_AN_INPUT
from benchmarks.machine_code import vector_operations
from benchmarks.work import DOUBLE, MACHINES, SINGLE, Machine, Speeds, Work, machine_file
from montecarlo_ai.kernels.lines import empty_lines


def quick(name: str) -> list[Engine]:
    """Return the engines of a job's smoke test: all of them on the walk, those that compile little on the others."""
    light = (LIBRARY, BASELINE, "C++ by hand", "plain Python")
    return [engine for engine in ENGINES if name == "walk" or engine.name in light]


@pytest.mark.parametrize(
    ("name", "n_paths"),
    [
        pytest.param("walk", 2**14, marks=pytest.mark.slow),
        ("three-shocks", 2**14),
        pytest.param("thirty-states", 2**12, marks=pytest.mark.slow),
        ("lab", 2**10),
    ],
)
def test_engines_agree_and_are_timed(name: str, n_paths: int) -> None:
    engines = quick(name)
    timed, refused, missing = suite.measure(name, n_paths=n_paths, repeats=1, engines=engines, costs=False)
    assert refused == {}
    able = {engine.name for engine in engines if answers.family(engine.name) not in missing}
    assert {one.engine for one in timed} == able >= {LIBRARY, "plain Python"}
    assert all(one.minimum > 0.0 and one.details["wall ns"] > 0.0 for one in timed)


def test_an_engine_that_is_wrong_or_fails_is_told_and_not_timed() -> None:
    def cheats(job: Any) -> Any:
        return lambda n_paths, seed: numpy_blocks.prepare(replace(job, drift=job.drift + 0.05))(n_paths, seed)

    def breaks(job: Any) -> Any:
        return lambda n_paths, seed: [][0]

    def widens(job: Any) -> Any:
        return lambda n_paths, seed: numpy_blocks.prepare(replace(job, volatility=1.1 * job.volatility))(n_paths, seed)

    def shortens(job: Any) -> Any:
        return lambda n_paths, seed: numpy_blocks.prepare(replace(job, years=4.0))(n_paths, seed)

    others = [
        Engine("cheats", cheats),
        Engine("breaks", breaks),
        Engine("shortens", shortens),
        Engine("widens", widens),
    ]
    engines = [Engine(BASELINE, numpy_blocks.prepare), *others]
    timed, refused, _ = suite.measure("walk", n_paths=2**14, repeats=1, engines=engines, costs=False)
    assert [one.engine for one in timed] == [BASELINE]
    assert list(refused) == ["breaks", "shortens", "cheats", "widens"]
    assert refused["breaks"] == "IndexError: list index out of range"
    assert "shape (49, 16384), not (61, 16384)" in refused["shortens"]
    assert "mean of final cash" in refused["cheats"]
    assert "first passage" in refused["widens"]


def test_an_engine_that_fails_when_it_is_timed_or_alone_is_told() -> None:
    def narrow(job: Any) -> Any:
        def simulate(n_paths: int, seed: int) -> Any:
            if n_paths > 2**12:
                raise MemoryError("no room")
            return numpy_blocks.prepare(job)(n_paths, seed)

        return simulate

    engines = [Engine(BASELINE, numpy_blocks.prepare), Engine("narrow", narrow, threads=2)]
    timed, refused, _ = suite.measure("walk", n_paths=2**12, repeats=2, engines=engines, costs=False)
    assert [one.engine for one in timed] == [BASELINE]
    assert refused == {"narrow": "MemoryError at 8,192 paths: no room"}
    engines = [Engine("in no registry", numpy_blocks.prepare), Engine(BASELINE, numpy_blocks.prepare)]
    timed, refused, _ = suite.measure("walk", n_paths=2**12, repeats=1, engines=engines)
    assert [one.engine for one in timed] == [BASELINE]
    assert refused == {"in no registry": "alone in a process it ends with 1"}


def test_another_mean_and_another_spread_are_noticed() -> None:
    job = ThreeShocks()
    sound = Figures.of(job, plain_python.prepare(job)(1024, 1))
    assert not wrong(job, {"sound": sound})
    shifted = replace(sound, mean=sound.mean + 9.5 * sound.mean_error)
    wider = replace(sound, spread=sound.spread + 9.5 * sound.spread_error)
    assert "closed form" in misses(job, {"sound": sound, "shifted": shifted})["shifted"]
    assert ("sound", "shifted") in differences({"sound": sound, "shifted": shifted})
    assert "spread" in differences({"sound": sound, "wider": wider})["sound", "wider"]


def test_where_nothing_is_known_the_odd_one_out_is_wrong_and_of_two_neither_counts() -> None:
    job = JOBS["lab"]
    one = Figures(1.0, 0.01, 0.9, 0.007, 0.3, 0.005, 8192)
    odd = replace(one, probability=0.35)
    assert wrong(job, {"a": one, "b": one, "odd": odd}).keys() == {"odd"}
    assert wrong(job, {"a": one, "odd": odd}).keys() == {"a", "odd"}
    assert wrong(job, {"a": one, "a, 2 threads": one, "odd": odd}).keys() == {"a", "a, 2 threads", "odd"}
    assert wrong(job, {"a": one, "a, float32": odd, "b": replace(one, probability_error=0.1, n_paths=32)}).keys() == {
        "a, float32"
    }


def test_event_times_that_contradict_the_cash_are_noticed() -> None:
    job = ThreeShocks()
    answer = plain_python.prepare(job)(64, 1)
    for times in (np.full(64, np.inf), answer.event_time + job.dt):
        with pytest.raises(ValueError, match="event times"):
            Figures.of(job, answer._replace(event_time=times))


def test_probability_of_the_walk_is_that_of_one_and_of_two_normals() -> None:
    one = Walk(years=1 / 12, initial_cash=0.2)
    mean = one.initial_cash + one.drift * one.dt
    assert one.probability() == pytest.approx(stats.norm.cdf(-mean / one.scale), abs=2e-6)
    two = Walk(years=2 / 12, initial_cash=0.2)
    means, covariance = [-mean, -mean - two.drift * two.dt], two.scale**2 * np.array([[1.0, 1.0], [1.0, 2.0]])
    above = stats.multivariate_normal(means, covariance).cdf([0.0, 0.0])
    assert two.probability() == pytest.approx(1.0 - above, abs=1e-5)


TWO_PORTS = Machine("two ports", 8, 2.0, 16.0, 23.0, 10.0, 12.0, 4.0, "")
NOTHING = Work(words=0, normals=0, exponentials=0, logarithms=0, simple=0, divisions=0, stored=0)


def test_bound_is_the_slowest_of_ports_divider_and_memory() -> None:
    adds, divides = replace(NOTHING, simple=32), replace(NOTHING, divisions=2)
    assert TWO_PORTS.cycles(adds) == 32 / 2 / 8
    assert TWO_PORTS.cycles(divides) == 2 * 16 / 8
    assert TWO_PORTS.cycles(replace(adds, divisions=2)) == 2 * 16 / 8
    speeds = Speeds(TWO_PORTS, clock=2e9, bandwidth=1e9)
    assert speeds.bound(adds) == pytest.approx(1.0)
    assert speeds.bound(replace(NOTHING, stored=8), threads=2) == pytest.approx(4.0)


def test_bound_of_mixed_is_that_of_its_two_halves() -> None:
    adds, words = replace(NOTHING, simple=32), replace(NOTHING, words=4)
    both = replace(adds, words=4)
    for precision, draws, step in (("float64", DOUBLE, 8), ("mixed", SINGLE, 8), ("float32", SINGLE, 16)):
        lanes = 8 if precision == "float64" else 16
        assert TWO_PORTS.cycles(adds, precision) == 32 / 2 / step
        assert TWO_PORTS.cycles(words, precision) == 4 * draws.word / 2 / lanes
        assert TWO_PORTS.cycles(both, precision) == pytest.approx(32 / 2 / step + 4 * draws.word / 2 / lanes)
    normals = replace(NOTHING, normals=4)  # of mixed, converted after they are made
    assert TWO_PORTS.cycles(normals, "mixed") == TWO_PORTS.cycles(normals, "float32") + 4 / 2 / 8


@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
def test_work_has_the_shocks_of_the_model(job: Job) -> None:
    scenario = scenario_of(job)
    model = scenario.model
    drawn = WORDS_OF_AN_INPUT * len(scenario.inputs.streams) / job.n_steps
    assert job.work.words == len(model.shock_fields) + drawn
    assert job.work.normals == len(model.shock_fields) - len(model.uniform_shocks)


@vector_machine
@pytest.mark.slow
def test_operations_of_the_lab_are_those_of_its_machine_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A count that is a tenth off would move the bound by a tenth."""
    work = JOBS["lab"].work
    counted = vector_operations(kernel_assembly(mc.load_scenario("openai-2025-12"), monkeypatch, tmp_path))
    assert counted == pytest.approx(work.simple + work.divisions, rel=0.1)


def test_machine_files_are_read_and_the_widest_is_taken() -> None:
    both = machine_file(frozenset({"avx2", "fma", "avx512f", "avx512dq", "avx512vl"}))
    narrow = machine_file(frozenset({"avx2", "fma"}))
    assert both is not None
    assert narrow is not None
    assert (both.lanes, narrow.lanes) == (8, 4)
    four = machine_file(frozenset({"avx2", "fma", "avx512f", "avx512dq", "avx512vl", "avx512_vp2intersect", "sse4a"}))
    assert four is not None
    assert four.instructions_per_cycle == 2 * both.instructions_per_cycle
    assert machine_file(frozenset({"neon"})) is None
    assert len(list(MACHINES.glob("*.toml"))) == 3


def test_registry_holds_every_engine_once() -> None:
    names = [engine.name for engine in ENGINES]
    assert len(set(names)) == len(names)
    assert {engine.precision for engine in ENGINES if engine.name.startswith(LIBRARY)} == {
        "float64",
        "mixed",
        "float32",
    }


@pytest.mark.parametrize("prepare", [compiled.prepare, numba_paths.prepare, numpy_blocks.prepare, torch_paths.prepare])
def test_answers_lie_in_memory_that_is_used_again(prepare: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As ensembles of the library do: else engines would be compared by who waits for fresh pages."""
    given: list[Any] = []

    def recorded(*arguments: Any) -> Any:
        given.append(empty_lines(*arguments))
        return given[-1]

    monkeypatch.setattr(answers, "empty_lines", recorded)
    try:
        simulate = prepare(Walk())
    except MissingError as reason:
        pytest.skip(str(reason))
    answer = simulate(2_048, 1)
    assert len(given) == len(answer)
    assert all(np.shares_memory(mine, theirs) for mine, theirs in zip(answer, given, strict=True))


def test_memory_is_that_of_the_engine_alone() -> None:
    ballast = np.ones(2**29 // 8)  # 512 MiB that a child must not be charged with
    engines = [engine for engine in ENGINES if engine.name == "plain Python"]
    (one,) = suite.measure("walk", n_paths=2**13, repeats=1, engines=engines).timed
    assert one.details["peak MiB"] < ballast.nbytes / 2**20
    assert one.details["peak MiB"] > 20.0
    assert one.details["s to compile"] >= 0.0


@pytest.mark.slow
def test_samplers_are_measured_against_closed_forms() -> None:
    found = samplers.measure(paths=(64,), repeats=1, preset_paths=1_024)
    errors = {one.engine: one for one in found if one.unit.startswith("standard") and " 0%" in one.job}
    plain = errors["random, 64 paths"]  # known to 9%
    assert 0.6 < plain.minimum < 1.4
    assert 0.6 < plain.details["probability"] < 1.4
    assert errors["sobol, 64 paths"].minimum < 0.5 * plain.minimum


def test_comparisons_fail_nowhere_with_policies_frozen() -> None:
    found = comparisons.measure(n_paths=512)
    assert [one.minimum for one in found if one.engine == "policies frozen"] == [0.0] * 4
    assert all(0.0 <= one.minimum <= 1.0 for one in found)


IR_WITH_LINES = """
  %a = fmul contract double %x, %y, !dbg !10
  %b = tail call double @llvm.fabs.f64(double %a), !dbg !11
  %c = fdiv contract double %b, %a, !dbg !12
  %d = fadd contract double %c, %a, !dbg !13
  %e = fadd contract double %c, %a, !dbg !14
  %f = load double, ptr %p, !dbg !10
!1 = !DIFile(filename: "model.py", directory: "")
!2 = !DIFile(filename: "demand.py", directory: "")
!3 = !DIFile(filename: "special.py", directory: "")
!4 = !DIFile(filename: "kernel.py", directory: "")
!5 = distinct !DISubprogram(name: "build.<locals>.step", scope: !1, file: !1, line: 1)
!6 = distinct !DISubprogram(name: "grown", scope: !2, file: !2, line: 1)
!7 = distinct !DISubprogram(name: "exp", scope: !3, file: !3, line: 1)
!8 = distinct !DISubprogram(name: "run", scope: !4, file: !4, line: 1)
!9 = distinct !DILexicalBlock(scope: !6, file: !2, line: 2)
!20 = !DILocation(line: 3, column: 1, scope: !8)
!21 = distinct !DILocation(line: 4, column: 1, scope: !5, inlinedAt: !20)
!22 = distinct !DILocation(line: 5, column: 1, scope: !9, inlinedAt: !21)
!10 = !DILocation(line: 6, column: 1, scope: !9, inlinedAt: !21)
!11 = !DILocation(line: 7, column: 1, scope: !7, inlinedAt: !22)
!12 = !DILocation(line: 8, column: 1, scope: !7, inlinedAt: !22)
!13 = !DILocation(line: 9, column: 1, scope: !5, inlinedAt: !20)
!14 = !DILocation(line: 9, column: 1, scope: !8)
"""
"""A product in a law, two operations of an exponential it calls, a sum in the step, a sum in the kernel, a load."""


def test_operations_count_for_the_law_that_asks_for_them() -> None:
    operations, divisions = laws.operations_by_law(IR_WITH_LINES)
    assert operations == {"demand": 3, "model": 1}
    assert divisions == {"demand": 1, "model": 0}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("measurement", "small"),
    [
        (calls, {"n_paths": 4_096, "repeats": 1}),
        (functions, {"n_paths": 256, "repeats": 1}),
        (import_time, {"repeats": 1}),
        (inputs, {"n_paths": 256, "repeats": 1}),
        (lab_step, {"n_paths": 256, "repeats": 1}),
        (laws, {}),
        (memory, {"paths": (1_024,)}),
        (preset, {"n_paths": 1_024, "repeats": 1}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_rest_runs(measurement: Any, small: dict[str, Any]) -> None:
    found = measurement.measure(**small)
    assert found
    assert all(np.isfinite(one.values).all() and one.unit for one in found)
