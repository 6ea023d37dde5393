"""The jobs as functions of arrays over paths: what JAX and PyTorch share."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks.engines.base import not_written
from benchmarks.jobs import Job, ThirtyStates, ThreeShocks, Walk


@dataclass(frozen=True)
class Arrays:
    """What is used of a library of arrays.

    Parameters
    ----------
    full : callable
        Takes a shape and a value.
    column : callable
        Takes a tuple of floats; returns them as (n, 1).
    exp, log : callable
    """

    full: Callable[[tuple[int, ...], float], Any]
    column: Callable[[tuple[float, ...]], Any]
    exp: Callable[[Any], Any]
    log: Callable[[Any], Any]


@dataclass(frozen=True)
class Vectorised:
    """A job over arrays.

    Parameters
    ----------
    shocks : int
        Normals of a step.
    start : callable
        Takes a number of paths; returns the state, a tuple of arrays whose last is cash.
    step : callable
        Takes a state and normals (shocks, paths); returns the next state.
    """

    shocks: int
    start: Callable[[int], tuple[Any, ...]]
    step: Callable[[tuple[Any, ...], Any], tuple[Any, ...]]


def vectorised(job: Job) -> Callable[[Arrays], Vectorised]:
    """Return what makes a job over a library's arrays; MissingError for those that are not written this way."""
    if isinstance(job, Walk):
        return partial(_walk, job)
    if isinstance(job, ThreeShocks):
        return partial(_three_shocks, job)
    if isinstance(job, ThirtyStates):
        return partial(_thirty_states, job)
    raise not_written(job)


def _walk(job: Walk, arrays: Arrays) -> Vectorised:
    drift, scale = job.drift * job.dt, job.scale
    return Vectorised(
        1,
        lambda n_paths: (arrays.full((n_paths,), job.initial_cash),),
        lambda state, z: (state[0] + (drift + scale * z[0]),),
    )


def _three_shocks(job: ThreeShocks, arrays: Arrays) -> Vectorised:
    root, dt, exp = math.sqrt(job.dt), job.dt, arrays.exp

    def start(n_paths: int) -> tuple[Any, ...]:
        return tuple(
            arrays.full((n_paths,), value) for value in (job.initial_demand, job.initial_price, job.initial_cash)
        )

    def step(state: tuple[Any, ...], z: Any) -> tuple[Any, ...]:
        demand, price, cash = state
        demand = demand * exp(job.demand_drift_per_step + job.demand_volatility * root * z[0])
        price = price * exp(job.price_drift_per_step + job.price_volatility * root * z[1])
        return demand, price, cash + (demand * price - job.cost) * dt + job.cash_volatility * root * z[2]

    return Vectorised(3, start, step)


def _thirty_states(job: ThirtyStates, arrays: Arrays) -> Vectorised:
    root, dt = math.sqrt(job.dt), job.dt
    drifts, scales, weights = (arrays.column(values) for values in (job.drift_per_step, job.scales, job.weight))

    def start(n_paths: int) -> tuple[Any, ...]:
        shapes = ((6, 1.0), (6, 1.0), (6, 1.0), (6, 1.0), (2, 0.0), (3, 0.0))
        return (
            *(arrays.full((rows, n_paths), value) for rows, value in shapes),
            arrays.full((n_paths,), job.initial_cash),
        )

    def step(state: tuple[Any, ...], z: Any) -> tuple[Any, ...]:
        driver, first, second, third, level, memory, cash = state
        driver = driver * arrays.exp(drifts + scales * z[:6])
        third = third + (job.rate2 * second - job.rate3 * third) * dt
        second = second + (job.rate1 * first - job.rate2 * second) * dt
        first = first + (driver - job.rate1 * first) * dt
        level = level - job.pull * dt * level + job.scatter * root * z[6:]
        memory = memory + job.pace * dt * (arrays.log(driver[:3] * driver[3:]) - memory)
        sales = (weights * third).sum(0) + level.sum(0) + job.memory_weight * memory.sum(0)
        return driver, first, second, third, level, memory, cash + (sales - job.cost) * dt

    return Vectorised(8, start, step)
