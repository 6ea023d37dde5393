"""A model of one's own: cash that drifts and shakes until it runs out."""

import math
from typing import Annotated, NamedTuple

import montecarlo_ai as mc


class State(NamedTuple):
    cash: Annotated[float, "USD"]


class Params(NamedTuple):
    drift: Annotated[float, "USD/year"]
    volatility: Annotated[float, "USD/year**0.5"]


class Shocks(NamedTuple):
    cash: float


class Events(NamedTuple):
    cash: float


def step(state: State, params: Params, shocks: Shocks, clock: mc.Clock) -> State:
    return State(state.cash + params.drift * clock.dt + params.volatility * math.sqrt(clock.dt) * shocks.cash)


def initial(params: Params) -> State:
    return State(1.0)


def events(state: State, params: Params, clock: mc.Clock) -> Events:
    return Events(cash=state.cash)


walk = mc.Model(step, initial=initial, events=events)
scenario = mc.Scenario(
    walk,
    inputs=mc.Inputs({"drift": 0.1, "volatility": mc.LogNormal.from_interval(0.3, 0.8)}),
    time=mc.TimeGrid("2026-01-01", years=5, steps_per_year=12),
)
ensemble = mc.simulate(scenario, n_paths=100_000, seed=7)
chips = mc.runs_out_of_chips(ensemble)
at_the_end = chips.sel(cause="cash").isel(time=-1)
print(f"Out of cash within five years: {float(at_the_end.probability):.1%}")
print(f"95% interval: {float(at_the_end.lower):.1%} to {float(at_the_end.upper):.1%}")
