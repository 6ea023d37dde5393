"""One engine alone in a process: ``python -m benchmarks.apart JOB ENGINE PATHS`` prints memory and compile time.

Peak memory is that of the whole process, interpreter and libraries included. Compile time is what preparing and a
first call take beyond a second call of the same size, in seconds on processors. Of the lab by this library, the
operations of its step are counted in the machine code that was just made.
"""

from __future__ import annotations

import json
import os
import sys
from itertools import pairwise

from benchmarks.engines import ENGINES, LIBRARY
from benchmarks.jobs import JOBS, Lab
from benchmarks.machine_code import kernel_lines, vector_operations
from benchmarks.peak import peak_bytes
from montecarlo_ai.kernels.compiling import kernel_of

COUNTED = "vector operations of a step"


def main() -> None:
    """Run an engine twice."""
    name, engine_name, paths = sys.argv[1:]
    engine = next(engine for engine in ENGINES if engine.name == engine_name)
    moments = [_worked()]
    simulate = engine.prepare(JOBS[name])
    for seed in (1, 2):
        simulate(int(paths), seed)
        moments.append(_worked())
    first, second = (later - earlier for earlier, later in pairwise(moments))
    compiling = max(round(first - second, 2), 0.0)  # the clock ticks a hundred times a second
    found = {"peak MiB": peak_bytes() / 2**20, "s to compile": compiling}
    print(json.dumps(found | _counted(name, engine_name)))


def _worked() -> float:
    """Return the seconds that this process, with its threads and the compilers it called, has spent on processors."""
    return sum(os.times()[:4])


def _counted(name: str, engine_name: str) -> dict[str, int]:
    """Return the vector operations of the lab's step, whose loop takes one vector of paths a turn; else nothing."""
    job = JOBS[name]
    if engine_name != LIBRARY or not isinstance(job, Lab):
        return {}
    kernel = kernel_of(job.scenario.model, frozenset(job.scenario.inputs.constants))
    operations = vector_operations(kernel_lines(kernel))
    return {COUNTED: operations} if operations else {}


if __name__ == "__main__":
    main()
