"""Plain Python: the job read aloud."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import numpy as np

from benchmarks.jobs import Answer, ThreeShocks


def prepare(job: ThreeShocks) -> Callable[[int, int], Answer]:
    """Return the job as a function of number of paths and seed."""

    def simulate(n_paths: int, seed: int) -> Answer:
        normal = random.Random(seed).gauss
        root = math.sqrt(job.dt)
        n_steps, dt, cost = job.n_steps, job.dt, job.cost
        demand_drift, price_drift = job.demand_drift_per_step, job.price_drift_per_step
        demand_scale, price_scale = job.demand_volatility * root, job.price_volatility * root
        cash_scale = job.cash_volatility * root
        paths = []
        event_times = []
        for _ in range(n_paths):
            demand, price, cash = job.initial_demand, job.initial_price, job.initial_cash
            kept = [cash]
            event_time = math.inf
            for step in range(1, n_steps + 1):
                demand *= math.exp(demand_drift + demand_scale * normal(0.0, 1.0))
                price *= math.exp(price_drift + price_scale * normal(0.0, 1.0))
                cash += (demand * price - cost) * dt + cash_scale * normal(0.0, 1.0)
                if cash < 0.0 and event_time == math.inf:
                    event_time = step * dt
                kept.append(cash)
            paths.append(kept)
            event_times.append(event_time)
        return Answer(np.array(paths, np.float32).T, np.array(event_times))

    return simulate
