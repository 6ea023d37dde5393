"""The library itself, through its public interface."""

from __future__ import annotations

import numpy as np

import montecarlo_ai as mc
from benchmarks.answers import Answer, Job
from benchmarks.engines.base import Simulate
from benchmarks.engines.library_models import scenario_of


def prepare(job: Job, threads: int = 1, dtype: str = "float64") -> Simulate:
    """Return the job as a function of number of paths and seed; MissingError if no model of it is written."""
    scenario = scenario_of(job)

    def simulate(n_paths: int, seed: int) -> Answer:
        ensemble = mc.simulate(
            scenario,
            n_paths=n_paths,
            seed=seed,
            variables=["cash"],
            dtype=dtype,
            store_dtype="float32",
            threads=threads,
            progress=False,
        )
        event_time = ensemble["event_time"].sel(event="cash").to_numpy()
        return Answer(ensemble["cash"].to_numpy(), event_time.astype(np.float64, copy=False))

    return simulate
