"""What an engine is."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.answers import Answer, Job

Simulate = Callable[[int, int], Answer]
"""Function of number of paths and seed."""


@dataclass(frozen=True)
class Engine:
    """One way to do the jobs.

    Parameters
    ----------
    name : str
        Row of the table; what stands before a comma is its family, whose members differ in precision and threads alone.
    prepare : callable
        Takes a job; returns the function that is timed, or None where this machine or this engine cannot do it.
    threads : int
        Which it may use.
    precision : "float64" or "mixed" or "float32"
        In which it computes: what its bound is counted for.
    paths_divisor : int
        A slow engine runs on this part of the paths.
    """

    name: str
    prepare: Callable[[Job], Simulate | None]
    threads: int = 1
    precision: str = "float64"
    paths_divisor: int = 1


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
