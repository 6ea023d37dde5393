"""Ways to do the job: an engine is a line in the registry, with a name and a function that prepares it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.engines import compiled, library, numba_paths, numpy_blocks, plain_python
from benchmarks.jobs import Answer, ThreeShocks

Simulate = Callable[[int, int], Answer]
"""Function of number of paths and seed."""


@dataclass(frozen=True)
class Engine:
    """One way to do the job, on one thread.

    Parameters
    ----------
    name : str
        Row of the table.
    prepare : callable
        Takes the job; returns the function that is timed, or None where this machine cannot run it.
    paths_divisor : int
        A slow engine runs on this part of the paths.
    """

    name: str
    prepare: Callable[[ThreeShocks], Simulate | None]
    paths_divisor: int = 1


BASELINE = "numpy, across paths"

ENGINES = (
    Engine("montecarlo_ai", library.prepare),
    Engine("C++, by hand", compiled.prepare),
    Engine(BASELINE, numpy_blocks.prepare),
    Engine("numba, path by path", numba_paths.prepare),
    Engine("plain Python", plain_python.prepare, paths_divisor=128),
)
