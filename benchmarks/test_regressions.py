"""Short runs against those of the last time: ``make bench-regressions``. Kept by pytest-benchmark in .benchmarks/."""

from __future__ import annotations

from typing import Any

import pytest

import montecarlo_ai as mc
from benchmarks.engines import library
from benchmarks.jobs import JOBS

SEED = 7


@pytest.mark.parametrize("name", JOBS)
def test_simulate_on_one_thread(name: str, benchmark: Any) -> None:
    """Whole calls of the jobs."""
    simulate = library.prepare(JOBS[name])
    n_paths = 2**11 if name == "lab" else 2**14
    simulate(n_paths, SEED)  # compiles, or loads what was compiled
    answer = benchmark(simulate, n_paths, SEED)
    assert answer.event_time.size == n_paths


def test_summarize_on_one_thread(benchmark: Any) -> None:
    """The preset without a path kept."""
    scenario = mc.load_scenario("openai-2025-12")
    mc.summarize(scenario, n_paths=2**11, seed=SEED, threads=1)  # compiles, or loads what was compiled
    summary = benchmark(mc.summarize, scenario, n_paths=2**11, seed=SEED, threads=1)
    assert "cash_mean" in summary


def test_scenario_is_read(benchmark: Any) -> None:
    """A scenario file read and checked."""
    assert benchmark(mc.load_scenario, "openai-2025-12").name == "openai-2025-12"
