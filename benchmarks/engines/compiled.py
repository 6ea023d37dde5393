"""C++ by hand, one thread, built on the spot for this machine where a compiler is present."""

from __future__ import annotations

import ctypes
import math
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.answers import Answer, Job
from benchmarks.engines.base import MissingError, Simulate, not_written
from benchmarks.jobs import ThirtyStates, ThreeShocks, Walk

SOURCES = Path(__file__).parent / "cpp"
COMPILERS = ("g++", "clang++")
FLAGS = (
    "-std=c++17",
    "-O3",
    "-march=native",
    *(["-mprefer-vector-width=512"] if platform.machine() in ("x86_64", "AMD64") else []),
    "-ffp-contract=fast",
    "-fno-math-errno",
    "-fno-trapping-math",
)
LANES = 256
"""Numbers of paths must be multiples of this: blocks are whole."""


class Compiler(NamedTuple):
    """A compiler that answers, and the first line of what it says of itself."""

    command: str
    version: str


def compiler() -> Compiler:
    """Return the first compiler that answers; MissingError, with what is wrong with each, if none does."""
    problems = []
    for name in COMPILERS:
        command = shutil.which(name)
        if command is None:
            problems.append(f"no {name}")
            continue
        try:
            return Compiler(command, _output(command, "--version").partition("\n")[0])
        except MissingError as problem:
            problems.append(str(problem))
    raise MissingError(f"no compiler that works: {', '.join(problems)}")


def prepare(job: Job) -> Simulate:
    """Return a function of number of paths (a multiple of 256) and seed; MissingError for the lab or if not built."""
    source, parameters = _source(job)
    command = compiler().command
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "job.so"
        _output(command, *FLAGS, "-shared", "-fPIC", "-o", str(library), str(SOURCES / source))
        function = ctypes.CDLL(str(library)).simulate
    function.restype = None
    function.argtypes = [ctypes.c_int64, ctypes.c_int64, ctypes.c_uint64, *[ctypes.c_void_p] * 3]
    given, n_steps = np.array(parameters), job.n_steps

    def simulate(n_paths: int, seed: int) -> Answer:
        if n_paths % LANES:
            raise ValueError(f"n_paths = {n_paths}: must be a multiple of {LANES}")
        answer = Answer.unset(n_steps, n_paths)
        function(n_paths, n_steps, seed, given.ctypes.data, answer.cash.ctypes.data, answer.event_time.ctypes.data)
        return answer

    return simulate


def _output(command: str, *arguments: str) -> str:
    """Return what a command prints; MissingError, with the first error it tells, if it fails or cannot be started."""
    called = f"{Path(command).name} {Path(arguments[-1]).name}"
    try:
        done = subprocess.run([command, *arguments], capture_output=True, text=True, errors="replace")
    except OSError as error:
        raise MissingError(f"{called}: {error.strerror}") from None
    if done.returncode != 0:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
        told = next((line for line in lines if "error" in line), lines[-1] if lines else "says nothing")
        raise MissingError(f"{called} exits with {done.returncode}: {told.strip().replace(f'{SOURCES}/', '')}")
    return done.stdout


def _source(job: Job) -> tuple[str, list[float]]:
    """Return a job's file and its `Parameters` in the order of the struct."""
    if isinstance(job, Walk):
        return "walk.cpp", [job.dt, job.initial_cash, job.drift * job.dt, job.scale]
    if isinstance(job, ThreeShocks):
        root = math.sqrt(job.dt)
        start = [job.dt, job.initial_demand, job.initial_price, job.initial_cash]
        demand = [job.demand_drift_per_step, job.demand_volatility * root]
        price = [job.price_drift_per_step, job.price_volatility * root]
        return "three_shocks.cpp", [*start, *demand, *price, job.cost, job.cash_volatility * root]
    if isinstance(job, ThirtyStates):
        markets = [*job.drift_per_step, *job.scales, *job.weight]
        levels = [job.pull, job.scatter * math.sqrt(job.dt)]
        others = [job.rate1, job.rate2, job.rate3, *levels, job.pace, job.memory_weight, job.cost]
        return "thirty_states.cpp", [job.dt, job.initial_cash, *markets, *others]
    raise not_written(job)
