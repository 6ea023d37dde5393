"""The jobs as a user of the library would write them."""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

import montecarlo_ai as mc
from benchmarks.engines.base import not_written
from benchmarks.engines.library_thirty_states import inputs, thirty_states
from benchmarks.jobs import Job, Lab, ThirtyStates, ThreeShocks, Walk


class Events(NamedTuple):
    """Margins; an event happens below zero."""

    cash: float


class WalkState(NamedTuple):
    """What evolves."""

    cash: Annotated[float, "USD"]


class WalkParams(NamedTuple):
    """What is given."""

    initial_cash: Annotated[float, "USD"]
    drift: Annotated[float, "USD/year"]
    volatility: Annotated[float, "USD/year**0.5"]


class WalkShocks(NamedTuple):
    """Standard normal of a step."""

    cash: float


def walk_step(state: WalkState, params: WalkParams, shocks: WalkShocks, clock: mc.Clock) -> WalkState:
    """Return the state one step later."""
    dt = clock.dt
    return WalkState(state.cash + params.drift * dt + params.volatility * math.sqrt(dt) * shocks.cash)


def walk_initial(params: WalkParams) -> WalkState:
    """Return the state at the start."""
    return WalkState(params.initial_cash)


def walk_events(state: WalkState, params: WalkParams, clock: mc.Clock) -> Events:
    """Return the margin of the event."""
    return Events(cash=state.cash)


class State(NamedTuple):
    """What evolves."""

    demand: Annotated[float, "unit/year"]
    price: Annotated[float, "USD/unit"]
    cash: Annotated[float, "USD"]


class Params(NamedTuple):
    """What is given."""

    initial_demand: Annotated[float, "unit/year"]
    initial_price: Annotated[float, "USD/unit"]
    initial_cash: Annotated[float, "USD"]
    demand_drift: Annotated[float, "1/year"]
    demand_volatility: Annotated[float, "1/year**0.5"]
    price_drift: Annotated[float, "1/year"]
    price_volatility: Annotated[float, "1/year**0.5"]
    cost: Annotated[float, "USD/year"]
    cash_volatility: Annotated[float, "USD/year**0.5"]


class Shocks(NamedTuple):
    """Standard normals of a step."""

    demand: float
    price: float
    cash: float


def step(state: State, params: Params, shocks: Shocks, clock: mc.Clock) -> State:
    """Return the state one step later."""
    dt = clock.dt
    root = math.sqrt(dt)
    demand_drift = (params.demand_drift - 0.5 * params.demand_volatility**2) * dt
    price_drift = (params.price_drift - 0.5 * params.price_volatility**2) * dt
    demand = state.demand * mc.math.exp(demand_drift + params.demand_volatility * root * shocks.demand)
    price = state.price * mc.math.exp(price_drift + params.price_volatility * root * shocks.price)
    cash = state.cash + (demand * price - params.cost) * dt + params.cash_volatility * root * shocks.cash
    return State(demand, price, cash)


def initial(params: Params) -> State:
    """Return the state at the start."""
    return State(params.initial_demand, params.initial_price, params.initial_cash)


def events(state: State, params: Params, clock: mc.Clock) -> Events:
    """Return the margin of the event."""
    return Events(cash=state.cash)


def scenario_of(job: Job) -> mc.Scenario:
    """Return a job's scenario; MissingError if the job is not one of ours."""
    if isinstance(job, Lab):
        return job.scenario
    if isinstance(job, Walk):
        model = mc.Model(walk_step, initial=walk_initial, events=walk_events)
        return _scenario(job, model, _inputs(job, WalkParams._fields))
    if isinstance(job, ThreeShocks):
        return _scenario(job, mc.Model(step, initial=initial, events=events), _inputs(job, Params._fields))
    if isinstance(job, ThirtyStates):
        return _scenario(job, thirty_states(), inputs(job))
    raise not_written(job)


def _inputs(job: Job, names: tuple[str, ...]) -> dict[str, float]:
    """Return a job's numbers by the names of a model's inputs."""
    return {name: getattr(job, name) for name in names}


def _scenario(job: Walk | ThreeShocks | ThirtyStates, model: mc.Model, inputs: dict[str, float]) -> mc.Scenario:
    """Return the scenario of a model whose inputs are constants."""
    time = mc.TimeGrid("2026-01-01", years=job.years, steps_per_year=job.steps_per_year)
    return mc.Scenario(model, inputs=mc.Inputs(inputs), time=time)
