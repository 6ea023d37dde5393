"""Numba one path at a time, as people first write it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numba
import numpy as np
from numpy.typing import NDArray

from benchmarks.jobs import Answer, ThreeShocks


@numba.njit()  # type: ignore[untyped-decorator]  # numba declares no types for it
def simulate_paths(
    cash_kept: NDArray[np.float32],
    event_time: NDArray[np.float64],
    seed: int,
    dt: float,
    start: tuple[float, float, float],
    demand_drift: float,
    demand_volatility: float,
    price_drift: float,
    price_volatility: float,
    cost: float,
    cash_volatility: float,
) -> None:
    """Write every path into `cash_kept` (step, path) and `event_time`; drifts are those of the logarithms."""
    np.random.seed(seed)  # noqa: NPY002 -- the generator that compiled code has at hand
    n_steps = cash_kept.shape[0] - 1
    root = math.sqrt(dt)
    for path in range(event_time.size):
        demand, price, cash = start
        cash_kept[0, path] = cash
        event_time[path] = np.inf
        for k in range(1, n_steps + 1):
            demand *= math.exp(demand_drift * dt + demand_volatility * root * np.random.standard_normal())  # noqa: NPY002
            price *= math.exp(price_drift * dt + price_volatility * root * np.random.standard_normal())  # noqa: NPY002
            cash += (demand * price - cost) * dt + cash_volatility * root * np.random.standard_normal()  # noqa: NPY002
            if cash < 0.0 and event_time[path] == np.inf:
                event_time[path] = k * dt
            cash_kept[k, path] = cash


def prepare(job: ThreeShocks) -> Callable[[int, int], Answer]:
    """Return the job as a function of number of paths and seed."""

    def simulate(n_paths: int, seed: int) -> Answer:
        answer = Answer(np.empty((job.n_steps + 1, n_paths), np.float32), np.empty(n_paths))
        simulate_paths(
            answer.cash,
            answer.event_time,
            seed,
            job.dt,
            (job.initial_demand, job.initial_price, job.initial_cash),
            job.demand_drift - 0.5 * job.demand_volatility**2,
            job.demand_volatility,
            job.price_drift - 0.5 * job.price_volatility**2,
            job.price_volatility,
            job.cost,
            job.cash_volatility,
        )
        return answer

    return simulate
