"""QuantLib's path generator for the walk, called from Python path by path, as its interface has it."""

from __future__ import annotations

import numpy as np

from benchmarks.answers import Answer, Job
from benchmarks.engines.base import MissingError, Simulate, needs
from benchmarks.jobs import Walk


def prepare(job: Job) -> Simulate:
    """Return the walk as a function of number of paths and seed; MissingError for other jobs and where not installed.

    Its process is Ornstein and Uhlenbeck's without reversion, a walk without drift; a line is added afterwards.
    """
    if not isinstance(job, Walk):
        raise MissingError("only the walk")
    needs("QuantLib")
    import QuantLib

    process = QuantLib.OrnsteinUhlenbeckProcess(0.0, job.volatility, job.initial_cash)
    line = job.drift * job.dt * np.arange(job.n_steps + 1)

    def simulate(n_paths: int, seed: int) -> Answer:
        uniforms = QuantLib.UniformRandomSequenceGenerator(job.n_steps, QuantLib.UniformRandomGenerator(seed))
        normals = QuantLib.GaussianRandomSequenceGenerator(uniforms)
        generator = QuantLib.GaussianPathGenerator(process, job.years, job.n_steps, normals, False)
        cash = np.empty((n_paths, job.n_steps + 1), np.float32)
        for p in range(n_paths):
            cash[p] = line + list(generator.next().value())
        below = cash[:, 1:] < 0.0
        event_time = np.where(below.any(axis=1), (below.argmax(axis=1) + 1.0) * job.dt, np.inf)
        return Answer(np.ascontiguousarray(cash.T), event_time)

    return simulate
