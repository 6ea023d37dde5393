"""Hand-written C++, built on the spot for this machine where g++ is present."""

from __future__ import annotations

import ctypes
import math
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.jobs import Answer, ThreeShocks

SOURCE = Path(__file__).with_name("three_shocks.cpp")
FLAGS = (
    "-O3",
    "-march=native",
    "-mprefer-vector-width=512",
    "-ffp-contract=fast",
    "-fno-math-errno",
    "-fno-trapping-math",
)
LANES = 256


def prepare(job: ThreeShocks) -> Callable[[int, int], Answer] | None:
    """Return the job as a function of number of paths (a multiple of 256) and seed; None without g++."""
    compiler = shutil.which("g++")
    if compiler is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "three_shocks.so"
        subprocess.run([compiler, *FLAGS, "-shared", "-fPIC", "-o", library, SOURCE], check=True)
        function = ctypes.CDLL(str(library)).three_shocks
    function.restype = None
    function.argtypes = [ctypes.c_int64, ctypes.c_int64, ctypes.c_uint64, *[ctypes.c_void_p] * 3]
    root = math.sqrt(job.dt)
    parameters = np.array(
        [
            job.dt,
            job.initial_demand,
            job.initial_price,
            job.initial_cash,
            job.demand_drift_per_step,
            job.demand_volatility * root,
            job.price_drift_per_step,
            job.price_volatility * root,
            job.cost,
            job.cash_volatility * root,
        ]
    )

    def simulate(n_paths: int, seed: int) -> Answer:
        if n_paths % LANES:
            raise ValueError(f"n_paths = {n_paths}: must be a multiple of {LANES}")
        answer = Answer(np.empty((job.n_steps + 1, n_paths), np.float32), np.empty(n_paths))
        function(
            n_paths, job.n_steps, seed, parameters.ctypes.data, answer.cash.ctypes.data, answer.event_time.ctypes.data
        )
        return answer

    return simulate
