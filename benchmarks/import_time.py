"""How long a fresh process takes: for `import montecarlo_ai` alone, and for a first small run of a preset, by parts."""

from __future__ import annotations

import json
import subprocess
import sys
import time

from benchmarks.measurement import Measurement

CHILD = "import time; began = time.perf_counter(); import montecarlo_ai; print(time.perf_counter() - began)"
FIRST_RUN = """
import json, time
times = [time.process_time()]
import numba, xarray, montecarlo_ai.files.loading, montecarlo_ai.simulation, montecarlo_ai as mc
from montecarlo_ai.kernels.compiling import kernel_of
times.append(time.process_time())
scenario = mc.load_scenario("openai-2025-12")
times.append(time.process_time())
kernel_of(scenario.model, frozenset(scenario.inputs.constants))
times.append(time.process_time())
mc.simulate(scenario, n_paths=1_000, seed=1, progress=False)
times.append(time.process_time())
print(json.dumps(times), flush=True)
"""
PARTS = ("interpreter", "imports", "scenario, and the compiler made ready", "kernel from disk", "run")


def measure(*, repeats: int = 9) -> list[Measurement]:
    """Return seconds of the import alone, without the interpreter's own start, and of a first run from that start on.

    Of a first run the wall time, and the time on processors of each part, which other work on the machine changes less.
    """
    _seconds()  # bytecode is written, files are in memory
    imports = [_seconds() for _ in range(repeats)]
    _first_run()
    runs = [_first_run() for _ in range(repeats)]
    job = "first run of a preset, 1,000 paths"
    return [
        Measurement("import montecarlo_ai", "fresh process", "s", imports),
        Measurement(job, "all, wall", "s", [wall for wall, _ in runs]),
        *(Measurement(job, name, "s of CPU", [parts[i] for _, parts in runs]) for i, name in enumerate(PARTS)),
    ]


def _seconds() -> float:
    child = subprocess.run([sys.executable, "-c", CHILD], check=True, capture_output=True, text=True)
    return float(child.stdout)


def _first_run() -> tuple[float, list[float]]:
    """Return the wall time of a process that makes a small run, and its time on processors by parts."""
    began = time.perf_counter()
    child = subprocess.run([sys.executable, "-c", FIRST_RUN], check=True, capture_output=True, text=True)
    wall = time.perf_counter() - began
    times = json.loads(child.stdout)
    return wall, [later - earlier for earlier, later in zip([0.0, *times], times, strict=False)]
