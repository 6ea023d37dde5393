"""Plain Python: the jobs read aloud."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import montecarlo_ai as mc
from benchmarks.answers import Answer
from benchmarks.engines.base import Simulate, not_written
from benchmarks.jobs import Job, Lab, ThirtyStates, ThreeShocks, Walk

Path = Iterator[tuple[float, float]]
"""Cash and the margin of the event, after each step."""


def prepare(job: Job) -> Simulate:
    """Return the job as a function of number of paths and seed; MissingError if it is not one of ours."""
    if isinstance(job, Lab):
        return _lab(job)
    paths: dict[type, Callable[..., Path]] = {Walk: _walk, ThreeShocks: _three_shocks, ThirtyStates: _thirty_states}
    path, start = paths.get(type(job)), getattr(job, "initial_cash", 0.0)
    if path is None:
        raise not_written(job)

    def simulate(n_paths: int, seed: int) -> Answer:
        normal = random.Random(seed).gauss
        return _gathered(job, (([start], path(job, normal)) for _ in range(n_paths)))

    return simulate


def _gathered(job: Job, runs: Iterator[tuple[list[float], Path]]) -> Answer:
    """Return the answer that paths make, each with its cash at the start."""
    paths, event_times = [], []
    for kept, path in runs:
        event_time = math.inf
        for k, (cash, margin) in enumerate(path, start=1):
            kept.append(cash)
            if margin < 0.0 and event_time == math.inf:
                event_time = k / job.steps_per_year
        paths.append(kept)
        event_times.append(event_time)
    return Answer(np.ascontiguousarray(np.array(paths, np.float32).T), np.array(event_times))


def _walk(job: Walk, normal: Callable[[float, float], float]) -> Path:
    cash, drift, scale = job.initial_cash, job.drift * job.dt, job.scale
    for _ in range(job.n_steps):
        cash += drift + scale * normal(0.0, 1.0)
        yield cash, cash


def _three_shocks(job: ThreeShocks, normal: Callable[[float, float], float]) -> Path:
    root, dt, cost = math.sqrt(job.dt), job.dt, job.cost
    demand_drift, price_drift = job.demand_drift_per_step, job.price_drift_per_step
    demand_scale, price_scale = job.demand_volatility * root, job.price_volatility * root
    cash_scale = job.cash_volatility * root
    demand, price, cash = job.initial_demand, job.initial_price, job.initial_cash
    for _ in range(job.n_steps):
        demand *= math.exp(demand_drift + demand_scale * normal(0.0, 1.0))
        price *= math.exp(price_drift + price_scale * normal(0.0, 1.0))
        cash += (demand * price - cost) * dt + cash_scale * normal(0.0, 1.0)
        yield cash, cash


def _thirty_states(job: ThirtyStates, normal: Callable[[float, float], float]) -> Path:
    dt, root, cash = job.dt, math.sqrt(job.dt), job.initial_cash
    drifts, scales = job.drift_per_step, job.scales
    driver, first, second, third = ([1.0] * 6 for _ in range(4))
    level, memory = [0.0] * 2, [0.0] * 3
    for _ in range(job.n_steps):
        sales = -job.cost
        for i in range(6):
            driver[i] *= math.exp(drifts[i] + scales[i] * normal(0.0, 1.0))
            third[i] += (job.rate2 * second[i] - job.rate3 * third[i]) * dt
            second[i] += (job.rate1 * first[i] - job.rate2 * second[i]) * dt
            first[i] += (driver[i] - job.rate1 * first[i]) * dt
            sales += job.weight[i] * third[i]
        for i in range(2):
            level[i] += -job.pull * level[i] * dt + job.scatter * root * normal(0.0, 1.0)
            sales += level[i]
        for i in range(3):
            memory[i] += job.pace * (math.log(driver[i] * driver[i + 3]) - memory[i]) * dt
            sales += job.memory_weight * memory[i]
        cash += sales * dt
        yield cash, cash


def _lab(job: Lab) -> Simulate:
    """Return the lab's own laws, not compiled, with inputs and shocks from NumPy's generator."""
    scenario, model = job.scenario, job.scenario.model
    dt, n_steps = scenario.time.dt, scenario.time.n_steps
    assert model.forcing_type is not None
    known = [
        model.forcing_type(*(float(scenario.forcing[name][k]) for name in model.forcing_fields)) for k in range(n_steps)
    ]

    def path(params: Any, state: Any, normals: Any, uniforms: Any) -> Path:
        for k in range(n_steps):
            shocks = model.shocks_type(*normals[k])._replace(
                **{name: float(uniforms[k, i]) for i, name in enumerate(model.uniform_shocks)}
            )
            state = model.step(state, params, shocks, mc.Clock(k * dt, dt, k), known[k])
            yield state.cash, model.events(state, params, mc.Clock((k + 1) * dt, dt, k + 1)).cash

    def simulate(n_paths: int, seed: int) -> Answer:
        generator = np.random.default_rng(seed)
        drawn = scenario.inputs.from_uniforms({name: generator.random(n_paths) for name in scenario.inputs.streams})
        constants = {name: [value] * n_paths for name, value in scenario.inputs.constants.items()}
        values = {**constants, **{name: column.tolist() for name, column in drawn.items()}}

        def runs() -> Iterator[tuple[list[float], Path]]:
            for p in range(n_paths):
                params = model.params_type(**{name: values[name][p] for name in model.param_fields})
                state = model.initial(params)
                normals = generator.standard_normal((n_steps, len(model.shock_fields))).tolist()
                uniforms = generator.random((n_steps, max(len(model.uniform_shocks), 1)))
                yield [state.cash], path(params, state, normals, uniforms)

        return _gathered(job, runs())

    return simulate
