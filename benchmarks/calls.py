"""Whole calls beside the kernel alone: what memory, labels and statistics cost. One thread, taking turns."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import montecarlo_ai as mc
from benchmarks.engines.library_models import scenario_of
from benchmarks.jobs import ThreeShocks
from benchmarks.measurement import Measurement
from montecarlo_ai.engine import Engine, Store
from montecarlo_ai.kernels.options import BLOCK

PATHS = 2**20
AT_ONCE = 2**12
REPEATS = 9
SEED = 2026


def measure(*, n_paths: int = PATHS, repeats: int = REPEATS) -> list[Measurement]:
    """Return ns a path-step of the three-shock job: the kernel keeping nothing, an ensemble, a summary."""
    job, scenario = ThreeShocks(), scenario_of(ThreeShocks())
    mc.warmup(scenario)
    common: dict[str, Any] = {"n_paths": n_paths, "variables": ["cash"], "threads": 1, "progress": False}
    calls: dict[str, Callable[[], object]] = {
        "kernel alone, nothing kept": _kernel(Engine(scenario, SEED), n_paths),
        "simulate, one variable": lambda: mc.simulate(scenario, seed=SEED, **common),
        "summarize, one variable": lambda: mc.summarize(scenario, seed=SEED, **common),
    }
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            began = time.thread_time()
            call()
            times[name].append(1e9 * (time.thread_time() - began) / (n_paths * job.n_steps))
    least = min(times["simulate, one variable"])
    done = f"three-shocks, {n_paths:,} paths"
    return [
        Measurement(done, name, "ns per path-step", values, {"beyond simulate": min(values) - least})
        for name, values in times.items()
    ]


def _kernel(engine: Engine, n_paths: int) -> Callable[[], None]:
    """Return the paths without what is made of them."""
    nothing, nowhere = np.empty(0, dtype=np.int64), np.empty((0, engine.n_steps + 1, AT_ONCE))
    drawn = engine.inputs_of(0, AT_ONCE)
    assert drawn.shape == (AT_ONCE // BLOCK, 0, BLOCK), "every input is a constant"
    passage = np.empty((len(engine.scenario.model.event_fields), AT_ONCE), dtype=np.int32)

    def run() -> None:
        for first in range(0, n_paths, AT_ONCE):
            engine.run(first, AT_ONCE, drawn, nothing, Store(nowhere, passage, 0))

    return run
