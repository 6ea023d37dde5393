"""NumPy across paths, written with care: blocks that stay in cache, the quickest bit generator, everything in place."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.answers import Answer, Job
from benchmarks.engines.base import Simulate, not_written
from benchmarks.jobs import ThirtyStates, ThreeShocks, Walk

BLOCK = {Walk: 4096, ThreeShocks: 4096, ThirtyStates: 2048}
"""Paths at a time, so that all arrays fit the second-level cache; half and twice as many took the same time."""

Block = Callable[[np.random.Generator, NDArray[np.float32], NDArray[np.float64]], None]
"""Simulates as many paths as the last argument has, and writes cash (step, path) and first passages."""


def prepare(job: Job) -> Simulate:
    """Return the job as a function of number of paths and seed; MissingError for the lab."""
    block, size = _block(job), BLOCK[type(job)]

    def simulate(n_paths: int, seed: int) -> Answer:
        answer = Answer.unset(job.n_steps, n_paths)
        generator = np.random.Generator(np.random.SFC64(seed))
        for begin in range(0, n_paths, size):
            paths = slice(begin, min(begin + size, n_paths))
            block(generator, answer.cash[:, paths], answer.event_time[paths])
        return answer

    return simulate


def _block(job: Job) -> Block:
    if isinstance(job, Walk):
        return lambda generator, kept, event_time: walk_block(job, generator, kept, event_time)
    if isinstance(job, ThreeShocks):
        return lambda generator, kept, event_time: three_shocks_block(job, generator, kept, event_time)
    if isinstance(job, ThirtyStates):
        return lambda generator, kept, event_time: thirty_states_block(job, generator, kept, event_time)
    raise not_written(job)


class _Margin:
    """First passage of a block: steps are counted as long as no margin was below zero."""

    def __init__(self, n_paths: int) -> None:
        self.solvent = np.ones(n_paths, np.bool_)
        self.above = np.empty(n_paths, np.bool_)
        self.steps = np.zeros(n_paths, np.uint16)

    def note(self, cash: NDArray[np.float64]) -> None:
        """Look at a step."""
        np.greater_equal(cash, 0.0, out=self.above)
        self.solvent &= self.above
        self.steps += self.solvent

    def write(self, event_time: NDArray[np.float64], dt: float) -> None:
        """Write first passages, years."""
        np.multiply(self.steps + 1.0, dt, out=event_time)
        event_time[self.solvent] = np.inf


def walk_block(
    job: Walk, generator: np.random.Generator, kept: NDArray[np.float32], event_time: NDArray[np.float64]
) -> None:
    """Simulate a block of the walk."""
    n_paths = event_time.size
    cash, shocks, margin = np.full(n_paths, job.initial_cash), np.empty(n_paths), _Margin(n_paths)
    kept[0] = cash
    for step in range(1, job.n_steps + 1):
        generator.standard_normal(out=shocks)
        shocks *= job.scale
        shocks += job.drift * job.dt
        cash += shocks
        margin.note(cash)
        kept[step] = cash
    margin.write(event_time, job.dt)


def three_shocks_block(
    job: ThreeShocks, generator: np.random.Generator, kept: NDArray[np.float32], event_time: NDArray[np.float64]
) -> None:
    """Simulate a block of the three-shock job."""
    n_paths = event_time.size
    root = math.sqrt(job.dt)
    demand = np.full(n_paths, job.initial_demand)
    price = np.full(n_paths, job.initial_price)
    cash = np.full(n_paths, job.initial_cash)
    shocks = np.empty((3, n_paths))
    margin = _Margin(n_paths)
    kept[0] = cash
    for step in range(1, job.n_steps + 1):
        generator.standard_normal(out=shocks)
        for state, shock, drift, volatility in (
            (demand, shocks[0], job.demand_drift_per_step, job.demand_volatility),
            (price, shocks[1], job.price_drift_per_step, job.price_volatility),
        ):
            shock *= volatility * root
            shock += drift
            np.exp(shock, out=shock)
            state *= shock
        shocks[2] *= job.cash_volatility * root
        np.multiply(demand, price, out=shocks[0])
        shocks[0] -= job.cost
        shocks[0] *= job.dt
        cash += shocks[0]
        cash += shocks[2]
        margin.note(cash)
        kept[step] = cash
    margin.write(event_time, job.dt)


def thirty_states_block(
    job: ThirtyStates, generator: np.random.Generator, kept: NDArray[np.float32], event_time: NDArray[np.float64]
) -> None:
    """Simulate a block of the thirty-state job; a pull towards nothing and an inflow are two products and a sum."""
    n_paths, dt = event_time.size, job.dt
    driver, first, second, third = (np.ones((6, n_paths)) for _ in range(4))
    level, memory, cash = np.zeros((2, n_paths)), np.zeros((3, n_paths)), np.full(n_paths, job.initial_cash)
    shocks, flow, logs, sales = (
        np.empty((8, n_paths)),
        np.empty((6, n_paths)),
        np.empty((3, n_paths)),
        np.empty(n_paths),
    )
    drifts, scales, weights = (np.array(of)[:, None] for of in (job.drift_per_step, job.scales, job.weight))
    margin = _Margin(n_paths)
    kept[0] = cash
    for step in range(1, job.n_steps + 1):
        generator.standard_normal(out=shocks)
        growth = shocks[:6]
        growth *= scales
        growth += drifts
        np.exp(growth, out=growth)
        driver *= growth
        for stage, source, outflow, inflow in (
            (third, second, job.rate3, job.rate2),
            (second, first, job.rate2, job.rate1),
            (first, driver, job.rate1, 1.0),
        ):
            stage *= 1.0 - outflow * dt
            np.multiply(source, inflow * dt, out=flow)
            stage += flow
        level *= 1.0 - job.pull * dt
        shocks[6:] *= job.scatter * math.sqrt(dt)
        level += shocks[6:]
        np.multiply(driver[:3], driver[3:], out=logs)
        np.log(logs, out=logs)
        logs *= job.pace * dt
        memory *= 1.0 - job.pace * dt
        memory += logs
        np.multiply(third, weights, out=flow)
        np.sum(flow, axis=0, out=sales)
        for row in level:
            sales += row
        np.sum(memory, axis=0, out=flow[0])
        flow[0] *= job.memory_weight
        sales += flow[0]
        sales -= job.cost
        sales *= dt
        cash += sales
        margin.note(cash)
        kept[step] = cash
    margin.write(event_time, dt)
