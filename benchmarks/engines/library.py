"""The library itself, through its public interface, as a user would write the job."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, NamedTuple

import numpy as np

import montecarlo_ai as mc
from benchmarks.jobs import Answer, ThreeShocks


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


class Events(NamedTuple):
    """Margins; an event happens below zero."""

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


def scenario_of(job: ThreeShocks) -> mc.Scenario:
    """Return the job as a scenario."""
    return mc.Scenario(
        mc.Model(step, initial=initial, events=events),
        inputs=mc.Inputs({name: getattr(job, name) for name in Params._fields}),
        time=mc.TimeGrid("2026-01-01", years=job.years, steps_per_year=job.steps_per_year),
    )


def prepare(job: ThreeShocks) -> Callable[[int, int], Answer]:
    """Return the job as a function of number of paths and seed."""
    scenario = scenario_of(job)

    def simulate(n_paths: int, seed: int) -> Answer:
        ensemble = mc.simulate(
            scenario,
            n_paths=n_paths,
            seed=seed,
            variables=["cash"],
            dtype="float64",
            store_dtype="float32",
            threads=1,
            progress=False,
        )
        event_time = ensemble["event_time"].sel(event="cash").to_numpy()
        return Answer(ensemble["cash"].to_numpy(), event_time.astype(np.float64, copy=False))

    return simulate
