"""The three-shock job with AVX-512 and with AVX2 alone: a process each, taking turns, thread CPU time."""

from __future__ import annotations

import os
import subprocess
import sys

import llvmlite.binding as llvm

from benchmarks.jobs import ThreeShocks
from benchmarks.measurement import Measurement

PATHS = 2**17
REPEATS = 15
SEED = 2026
AVX2 = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": ""}
CHILD = """
import sys, time
from benchmarks.engines import library
from benchmarks.jobs import ThreeShocks
simulate = library.prepare(ThreeShocks())
simulate({paths}, {seed})
for line in sys.stdin:
    began = time.thread_time()
    simulate({paths}, int(line))
    print(time.thread_time() - began, flush=True)
"""


def measure(*, n_paths: int = PATHS, repeats: int = REPEATS) -> list[Measurement]:
    """Return ns a path-step for each width of vectors; nothing on a machine without AVX-512."""
    if not llvm.get_host_cpu_features().get("avx512f"):
        return []
    children = {name: _child(n_paths, environment) for name, environment in (("AVX-512", {}), ("AVX2", AVX2))}
    times: dict[str, list[float]] = {name: [] for name in children}
    for repeat in range(repeats):
        for name, child in children.items():
            times[name].append(1e9 * _seconds(child, SEED + repeat) / (n_paths * ThreeShocks().n_steps))
    for child in children.values():
        child.communicate()
    least = min(times["AVX-512"])
    return [
        Measurement("three-shocks", name, "ns per path-step", values, {"to AVX-512": min(values) / least})
        for name, values in times.items()
    ]


def _child(n_paths: int, environment: dict[str, str]) -> subprocess.Popen[str]:
    """Return a process that makes a run for every seed it is told, and says how long it took."""
    program = CHILD.format(paths=n_paths, seed=SEED)
    return subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _seconds(child: subprocess.Popen[str], seed: int) -> float:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(f"{seed}\n")
    child.stdin.flush()
    return float(child.stdout.readline())
