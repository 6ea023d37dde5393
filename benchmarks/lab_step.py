"""The lab on one thread: what a step more costs, and what is paid once a path.

The same paths run over five and over ten years. A step more costs the difference over the steps between; what is left
of the shorter run is paid once a path: inputs, base period, labels.
"""

from __future__ import annotations

import time

import montecarlo_ai as mc
from benchmarks.measurement import Measurement

PRESET = "openai-2025-12"
PATHS = 8_192
YEARS = (5, 10)


def measure(*, n_paths: int = PATHS, repeats: int = 15) -> list[Measurement]:
    """Return ns of a step more and of what a path needs whatever its steps; in thread time, from the least of each."""
    shorter, longer = (mc.load_scenario(PRESET, overrides={"time.years": years}) for years in YEARS)
    for scenario in (shorter, longer):
        _seconds(scenario, n_paths)  # compiles, or loads what was compiled
    of_shorter, of_longer = [], []
    for _ in range(repeats):
        of_shorter.append(_seconds(shorter, n_paths))
        of_longer.append(_seconds(longer, n_paths))
    steps = shorter.time.n_steps
    step = (min(of_longer) - min(of_shorter)) / (n_paths * (longer.time.n_steps - steps))
    once = min(of_shorter) / n_paths - step * steps
    details = {"paths": n_paths, "states": len(shorter.model.state_fields), "inputs": len(shorter.inputs.varying)}
    engine = "montecarlo_ai, one thread"
    return [
        Measurement(f"{PRESET}: a step more", engine, "ns per path-step", [1e9 * step], details),
        Measurement(f"{PRESET}: once a path", engine, "ns per path", [1e9 * once], details),
    ]


def _seconds(scenario: mc.Scenario, n_paths: int) -> float:
    began = time.thread_time()
    mc.simulate(scenario, n_paths=n_paths, seed=1, variables=["cash"], threads=1)
    return time.thread_time() - began
