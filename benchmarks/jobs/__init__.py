"""The jobs that engines are compared on."""

from __future__ import annotations

from benchmarks.answers import Job
from benchmarks.jobs.lab import Lab
from benchmarks.jobs.thirty_states import ThirtyStates
from benchmarks.jobs.three_shocks import ThreeShocks
from benchmarks.jobs.walk import Walk

JOBS: dict[str, Job] = {job.name: job for job in (Walk(), ThreeShocks(), ThirtyStates(), Lab())}

__all__ = ["JOBS", "Job", "Lab", "ThirtyStates", "ThreeShocks", "Walk"]
