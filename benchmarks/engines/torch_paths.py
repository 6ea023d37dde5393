"""PyTorch: arrays over blocks of paths, a Python loop over steps, its own random numbers, on the processor."""

from __future__ import annotations

from typing import Any

from benchmarks.answers import Answer, Job
from benchmarks.engines.arrays import Arrays, vectorised
from benchmarks.engines.base import Simulate, needs

BLOCK = 32_768
"""Paths at a time: a call costs microseconds, so blocks are larger than NumPy's; half or twice as many took as long."""


def prepare(job: Job, threads: int = 1, dtype: str = "float64") -> Simulate:
    """Return the job as a function of number of paths and seed; MissingError for the lab and where not installed."""
    written = vectorised(job)
    needs("torch")
    import torch

    kind: Any = getattr(torch, dtype)
    arrays = Arrays(
        full=lambda shape, value: torch.full(shape, value, dtype=kind),
        column=lambda values: torch.tensor(values, dtype=kind)[:, None],
        exp=torch.exp,
        log=torch.log,
    )
    over_arrays = written(arrays)
    shocks, start, step = over_arrays.shocks, over_arrays.start, over_arrays.step
    dt = 1.0 / job.steps_per_year

    def block(generator: Any, cash: Any, event_time: Any) -> None:
        n_paths = event_time.shape[0]
        state = start(n_paths)
        cash[0] = state[-1]
        for k in range(1, job.n_steps + 1):
            state = step(state, torch.randn((shocks, n_paths), generator=generator, dtype=kind))
            cash[k] = state[-1]
            event_time[(state[-1] < 0.0) & torch.isinf(event_time)] = k * dt

    def simulate(n_paths: int, seed: int) -> Answer:
        torch.set_num_threads(threads)
        generator = torch.Generator().manual_seed(seed)
        answer = Answer.unset(job.n_steps, n_paths)
        cash, event_time = map(torch.from_numpy, answer)
        event_time.fill_(torch.inf)
        with torch.inference_mode():
            for begin in range(0, n_paths, BLOCK):
                paths = slice(begin, min(begin + BLOCK, n_paths))
                block(generator, cash[:, paths], event_time[paths])
        return answer

    return simulate
