"""Jobs by every engine: answers checked before times count, repeats interleaved, memory and compile time apart."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import machine
from benchmarks.answers import Answer, Figures, Job, family, wrong
from benchmarks.engines import BASELINE, ENGINES, Engine, MissingError, Simulate
from benchmarks.jobs import JOBS
from benchmarks.measurement import Measurement
from montecarlo_ai.kernels.disk import CACHE_VARIABLE

PATHS = {"walk": 2**19, "three-shocks": 2**19, "thirty-states": 2**17, "lab": 2**14}
CHECKED = 8
"""A slow engine's answer is checked on this many times the paths that it is timed on."""

LARGEST_FACTOR = 16
"""An engine with several threads is timed on as many times the paths, up to this, so that each has its share."""

REPEATS = 7
SEED = 2026
UNIT = "ns per path-step"


class Taken(NamedTuple):
    """A job by every engine.

    Parameters
    ----------
    timed : list of Measurement
        Of whole calls: time of the calling thread where an engine has one, wall time where it has more.
    refused : dict of str to str
        Engines whose time would say nothing, each with the reason.
    missing : dict of str to str
        Families of engines that cannot do the job, or not on this machine, each with the reason.
    """

    timed: list[Measurement]
    refused: dict[str, str]
    missing: dict[str, str]


class Times(NamedTuple):
    """Repeats of one engine, ns per path-step, on its own clock and on the wall."""

    own: list[float]
    wall: list[float]


def measure(
    name: str,
    *,
    n_paths: int | None = None,
    repeats: int = REPEATS,
    engines: Sequence[Engine] = ENGINES,
    costs: bool = True,
) -> Taken:
    """Return ns per path-step of every engine that can do a job and does it right, and why the others have none.

    Parameters
    ----------
    name : str
        Of the job.
    n_paths : int, optional
        Of an engine on one thread that is not slow, a multiple of 256; the job's own number, if not given.
    repeats : int
        All engines take turns this many times.
    engines : sequence of Engine
    costs : bool
        Whether to measure peak memory and compile time too, each engine in a process of its own.
    """
    job, n_paths = JOBS[name], n_paths or PATHS[name]
    ready, figures, refused, missing = _checked(job, n_paths, engines)
    times = _times(job, ready, n_paths, repeats, refused)
    ready = {engine: simulate for engine, simulate in ready.items() if engine.name in times}
    timed = []
    for engine in ready:
        details = _details(job, engine, n_paths, times)
        try:
            if costs and _stands_for_its_family(engine, ready):
                details |= _apart(name, engine, n_paths)
        except subprocess.CalledProcessError as error:
            refused[engine.name] = f"alone in a process it ends with {error.returncode}"
            continue
        checked = {"first passage": figures[engine.name].probability, "mean cash": figures[engine.name].mean}
        timed.append(Measurement(name, engine.name, UNIT, times[engine.name].own, details | checked))
    return Taken(timed, refused, missing)


def _checked(
    job: Job, n_paths: int, engines: Sequence[Engine]
) -> tuple[dict[Engine, Simulate], dict[str, Figures], dict[str, str], dict[str, str]]:
    """Return the engines whose answers are right, the figures of answers, why engines are refused and why missing."""
    ready: dict[Engine, Simulate] = {}
    figures: dict[str, Figures] = {}
    refused: dict[str, str] = {}
    missing: dict[str, str] = {}
    for engine in engines:
        paths = min(n_paths, CHECKED * n_paths // engine.paths_divisor)
        try:
            simulate = engine.prepare(job)
            figures[engine.name] = Figures.of(job, simulate(paths, SEED))
        except MissingError as reason:
            missing[family(engine.name)] = str(reason)
        except Exception as error:  # whatever goes wrong in one engine is told, and the others are measured
            refused[engine.name] = f"{type(error).__name__}: {error}"
        else:
            ready[engine] = simulate
    refused |= wrong(job, figures)
    right = {engine: simulate for engine, simulate in ready.items() if engine.name not in refused}
    return right, figures, refused, missing


def _times(
    job: Job, ready: dict[Engine, Simulate], n_paths: int, repeats: int, refused: dict[str, str]
) -> dict[str, Times]:
    """Return the times of engines that take turns; whoever fails is put among the refused and has none."""
    times = {engine.name: Times([], []) for engine in ready}
    for repeat in range(repeats):
        for engine, simulate in ready.items():
            if engine.name not in times:
                continue
            paths = _timed_paths(engine, n_paths)
            try:
                wall, thread = _seconds(simulate, paths, SEED + repeat)
            except Exception as error:  # an answer that was right may be too large for memory when it is timed
                refused[engine.name] = f"{type(error).__name__} at {paths:,} paths: {error}"
                del times[engine.name]
                continue
            own = thread if engine.threads == 1 else wall  # a thread's own time is blind to whoever else is busy
            times[engine.name].own.append(1e9 * own / (paths * job.n_steps))
            times[engine.name].wall.append(1e9 * wall / (paths * job.n_steps))
    return times


def _timed_paths(engine: Engine, n_paths: int) -> int:
    return n_paths * min(engine.threads, LARGEST_FACTOR) // engine.paths_divisor


def _details(job: Job, engine: Engine, n_paths: int, times: dict[str, Times]) -> dict[str, Any]:
    """Return what stands beside an engine's times."""
    least = min(times[engine.name].own)
    details: dict[str, Any] = {
        "paths": _timed_paths(engine, n_paths),
        "threads": engine.threads,
        "wall ns": min(times[engine.name].wall),
        "paths a second": round(1e9 / (least * job.n_steps)),
    }
    speeds = machine.speeds()
    if speeds is not None:
        bound = speeds.bound(job.work, engine.precision, engine.threads)
        details |= {"bound": bound, "times the bound": least / bound}
    if BASELINE in times:
        details["times as fast as NumPy"] = min(times[BASELINE].own) / least
    return details


def _seconds(simulate: Callable[[int, int], Answer], n_paths: int, seed: int) -> tuple[float, float]:
    """Return the seconds of a call on the wall and of this thread, with the collector out of the way."""
    gc.collect()
    began, worked = time.perf_counter(), time.thread_time()
    simulate(n_paths, seed)
    return time.perf_counter() - began, time.thread_time() - worked


def _stands_for_its_family(engine: Engine, ready: dict[Engine, Simulate]) -> bool:
    """Whether no one-thread engine of the same family and precision compiles the same code."""
    same = [one for one in ready if (family(one.name), one.precision) == (family(engine.name), engine.precision)]
    return engine.threads == min(one.threads for one in same)


def _apart(name: str, engine: Engine, n_paths: int) -> dict[str, float]:
    """Return peak memory and compile time of an engine alone in a process with no compiled code on disk."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, CACHE_VARIABLE: folder}
        command = [sys.executable, "-m", "benchmarks.apart", name, engine.name, str(n_paths // engine.paths_divisor)]
        root = Path(__file__).parents[1]
        child = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment, cwd=root)
    found: dict[str, float] = json.loads(child.stdout.splitlines()[-1])
    return found
