"""What an engine is."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

from benchmarks.answers import Answer, Job

Simulate = Callable[[int, int], Answer]
"""Function of number of paths and seed."""


class MissingError(Exception):
    """An engine cannot do a job, or not on this machine; it says why in a few words."""


@dataclass(frozen=True)
class Engine:
    """One way to do the jobs.

    Parameters
    ----------
    name : str
        Row of the table; what stands before a comma is its family, whose members differ in precision and threads alone.
    prepare : callable
        Takes a job; returns the function that is timed; raises MissingError where this engine or this machine cannot.
    threads : int
        Which it may use.
    precision : "float64" or "mixed" or "float32"
        In which it computes: what its bound is counted for.
    paths_divisor : int
        A slow engine runs on this part of the paths.
    """

    name: str
    prepare: Callable[[Job], Simulate]
    threads: int = 1
    precision: str = "float64"
    paths_divisor: int = 1


def needs(package: str) -> None:
    """Raise MissingError where a package is not installed."""
    if find_spec(package) is None:
        raise MissingError("not installed (make bench-engines)")


def not_written(job: Job) -> MissingError:
    """Return what an engine raises for a job that nobody has written for it."""
    return MissingError(f"not written for {job.name}")


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
