"""How much faster more threads are: wall time from one thread to as many as there are processors, taking turns."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

import montecarlo_ai as mc
from benchmarks.engines.library_models import scenario_of
from benchmarks.jobs import ThreeShocks
from benchmarks.measurement import Measurement
from montecarlo_ai.processors import available_threads

PRESET = "openai-2025-12"
REPEATS = 9
SEED = 2026


def measure(*, n_paths: int = 2**20, preset_paths: int = 2**16, repeats: int = REPEATS) -> list[Measurement]:
    """Return wall seconds of each job for each number of threads, and how many processors it got while it ran.

    Where other work takes processors away, a run gets fewer than it has threads, and is not faster by their number; the
    time it spent on processors, as a multiple of that with one thread, still tells what threads cost.
    """
    job, preset = scenario_of(ThreeShocks()), mc.load_scenario(PRESET)
    small = preset_paths // 8
    jobs: dict[str, Callable[[int], object]] = {
        f"three-shocks, {n_paths:,} paths": lambda threads: mc.simulate(
            job, n_paths=n_paths, seed=SEED, variables=["cash"], store_dtype="float32", threads=threads, progress=False
        ),
        f"{PRESET}, {preset_paths:,} paths": lambda threads: mc.simulate(
            preset, n_paths=preset_paths, seed=SEED, threads=threads, progress=False
        ),
        f"{PRESET}, {small:,} paths": lambda threads: mc.simulate(
            preset, n_paths=small, seed=SEED, threads=threads, progress=False
        ),
        f"{PRESET}, summary of {preset_paths:,} paths": lambda threads: mc.summarize(
            preset, n_paths=preset_paths, seed=SEED, threads=threads, progress=False
        ),
    }
    return [each for name, run in jobs.items() for each in _scaling(name, run, repeats)]


def _scaling(name: str, run: Callable[[int], object], repeats: int) -> list[Measurement]:
    counts = range(1, available_threads() + 1)
    run(counts[-1])
    wall: dict[int, list[float]] = {count: [] for count in counts}
    spent: dict[int, list[float]] = {count: [] for count in counts}
    for _ in range(repeats):
        for count in counts:
            gc.collect()
            began, before = time.perf_counter(), time.process_time()
            run(count)
            wall[count].append(time.perf_counter() - began)
            spent[count].append(time.process_time() - before)
    return [
        Measurement(
            name,
            f"{count} threads" if count > 1 else "1 thread",
            "s",
            wall[count],
            {
                "times as fast as one": min(wall[1]) / min(wall[count]),
                "processors": max(cpu / seconds for cpu, seconds in zip(spent[count], wall[count], strict=True)),
                "processor time of one's": min(spent[count]) / min(spent[1]),
            },
        )
        for count in counts
    ]
