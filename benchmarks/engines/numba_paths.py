"""Numba as people first write it: one path at a time, scalars, NumPy's normals; a prange where threads are several."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

from benchmarks.answers import Answer
from benchmarks.engines.base import Simulate, not_written
from benchmarks.jobs import Job, ThirtyStates, ThreeShocks, Walk

# ruff: noqa: NPY002 -- the generator that compiled code has at hand; a prange's threads have their own, seeded by themselves


def walk_paths(kept: Any, event_time: Any, seed: int, dt: float, start: float, drift: float, volatility: float) -> None:
    """Write every path into `kept` (step, path) and `event_time`."""
    np.random.seed(seed)
    n_steps = kept.shape[0] - 1
    root = math.sqrt(dt)
    for path in numba.prange(event_time.size):
        cash = start
        kept[0, path] = cash
        event_time[path] = np.inf
        for k in range(1, n_steps + 1):
            cash += drift * dt + volatility * root * np.random.standard_normal()
            if cash < 0.0 and event_time[path] == np.inf:
                event_time[path] = k * dt
            kept[k, path] = cash


def three_shocks_paths(
    kept: Any, event_time: Any, seed: int, dt: float, start: Any, drifts: Any, volatilities: Any, cost: float
) -> None:
    """Write every path into `kept` (step, path) and `event_time`; drifts are those of the logarithms."""
    np.random.seed(seed)
    n_steps = kept.shape[0] - 1
    root = math.sqrt(dt)
    for path in numba.prange(event_time.size):
        demand, price, cash = start
        kept[0, path] = cash
        event_time[path] = np.inf
        for k in range(1, n_steps + 1):
            demand *= math.exp(drifts[0] * dt + volatilities[0] * root * np.random.standard_normal())
            price *= math.exp(drifts[1] * dt + volatilities[1] * root * np.random.standard_normal())
            cash += (demand * price - cost) * dt + volatilities[2] * root * np.random.standard_normal()
            if cash < 0.0 and event_time[path] == np.inf:
                event_time[path] = k * dt
            kept[k, path] = cash


def thirty_states_paths(
    kept: Any,
    event_time: Any,
    seed: int,
    dt: float,
    start: float,
    drifts: Any,
    scales: Any,
    weights: Any,
    rates: Any,
    others: Any,
) -> None:
    """Write every path into `kept` (step, path) and `event_time`; drifts and scales are those of a step."""
    np.random.seed(seed)
    n_steps = kept.shape[0] - 1
    pull, scatter, pace, memory_weight, cost = others
    for path in numba.prange(event_time.size):
        stages, level, memory, cash = np.ones((4, 6)), np.zeros(2), np.zeros(3), start
        kept[0, path] = cash
        event_time[path] = np.inf
        for k in range(1, n_steps + 1):
            sales = -cost
            for i in range(6):
                stages[0, i] *= math.exp(drifts[i] + scales[i] * np.random.standard_normal())
                stages[3, i] += (rates[1] * stages[2, i] - rates[2] * stages[3, i]) * dt
                stages[2, i] += (rates[0] * stages[1, i] - rates[1] * stages[2, i]) * dt
                stages[1, i] += (stages[0, i] - rates[0] * stages[1, i]) * dt
                sales += weights[i] * stages[3, i]
            for i in range(2):
                level[i] += -pull * level[i] * dt + scatter * math.sqrt(dt) * np.random.standard_normal()
                sales += level[i]
            for i in range(3):
                memory[i] += pace * (math.log(stages[0, i] * stages[0, i + 3]) - memory[i]) * dt
                sales += memory_weight * memory[i]
            cash += sales * dt
            if cash < 0.0 and event_time[path] == np.inf:
                event_time[path] = k * dt
            kept[k, path] = cash


def prepare(job: Job, threads: int = 1) -> Simulate:
    """Return the job as a function of number of paths and seed; MissingError for the lab."""
    paths, arguments = _paths(job)
    loop = numba.njit(parallel=threads > 1)(paths)  # a prange that is not parallel is a range

    def simulate(n_paths: int, seed: int) -> Answer:
        if threads > 1:
            numba.set_num_threads(threads)
        answer = Answer.unset(job.n_steps, n_paths)
        loop(answer.cash, answer.event_time, seed, 1.0 / job.steps_per_year, *arguments)
        return answer

    return simulate


def _paths(job: Job) -> tuple[Any, tuple[Any, ...]]:
    """Return a job's function and what it takes beyond arrays, seed and the length of a step."""
    if isinstance(job, Walk):
        return walk_paths, (job.initial_cash, job.drift, job.volatility)
    if isinstance(job, ThreeShocks):
        start = (job.initial_demand, job.initial_price, job.initial_cash)
        drifts = (job.demand_drift - 0.5 * job.demand_volatility**2, job.price_drift - 0.5 * job.price_volatility**2)
        return three_shocks_paths, (
            start,
            drifts,
            (job.demand_volatility, job.price_volatility, job.cash_volatility),
            job.cost,
        )
    if isinstance(job, ThirtyStates):
        columns = (np.array(values) for values in (job.drift_per_step, job.scales, job.weight))
        rates = (job.rate1, job.rate2, job.rate3)
        others = (job.pull, job.scatter, job.pace, job.memory_weight, job.cost)
        return thirty_states_paths, (job.initial_cash, *columns, rates, others)
    raise not_written(job)
