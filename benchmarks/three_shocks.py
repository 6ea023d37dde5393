"""The three-shock job by every engine on one thread: interleaved repeats, answers checked before times count."""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence

from benchmarks.engines import BASELINE, ENGINES, Engine, Simulate
from benchmarks.jobs import Answer, Figures, ThreeShocks, disagreements
from benchmarks.measurement import Measurement

PATHS = 2**18
REPEATS = 9
SEED = 2026


def measure(
    *, n_paths: int = PATHS, repeats: int = REPEATS, engines: Sequence[Engine] = ENGINES, job: ThreeShocks | None = None
) -> list[Measurement]:
    """Return ns per path-step of every engine that this machine can run; RuntimeError if answers disagree."""
    job = job or ThreeShocks()
    ready = {engine: simulate for engine in engines if (simulate := engine.prepare(job)) is not None}
    figures = {}
    for engine, simulate in ready.items():
        answer, _ = _run(simulate, n_paths // engine.paths_divisor, SEED)
        figures[engine.name] = Figures.of(job, answer)
    wrong = disagreements(job, figures)
    if wrong:
        raise RuntimeError("answers disagree, so their times say nothing:\n" + "\n".join(wrong))

    times: dict[str, list[float]] = {engine.name: [] for engine in ready}
    for repeat in range(repeats):
        for engine, simulate in ready.items():
            paths = n_paths // engine.paths_divisor
            _, seconds = _run(simulate, paths, SEED + repeat)
            times[engine.name].append(1e9 * seconds / (paths * job.n_steps))
    least = min(times[BASELINE]) if BASELINE in times else None
    return [
        Measurement(
            job=job.name,
            engine=engine.name,
            unit="ns per path-step",
            values=times[engine.name],
            details={
                "paths": n_paths // engine.paths_divisor,
                **({"times as fast as NumPy": least / min(times[engine.name])} if least else {}),
                "first passage": figures[engine.name].probability,
                "mean cash": figures[engine.name].mean,
            },
        )
        for engine in ready
    ]


def _run(simulate: Simulate, n_paths: int, seed: int) -> tuple[Answer, float]:
    """Return the answer and the seconds it took, with the collector out of the way."""
    gc.collect()
    began = time.perf_counter()
    answer = simulate(n_paths, seed)
    return answer, time.perf_counter() - began
