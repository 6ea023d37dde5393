"""Small models with known answers, run through the public API by several tests."""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

import montecarlo_ai as mc


class Cash(NamedTuple):
    cash: Annotated[float, "USD"]


class WalkParams(NamedTuple):
    drift: Annotated[float, "USD/year"]
    volatility: Annotated[float, "USD/year**0.5"]


class CashShock(NamedTuple):
    cash: float


class CashEvent(NamedTuple):
    cash: float


def walk_step(state: Cash, params: WalkParams, shocks: CashShock, clock: mc.Clock) -> Cash:
    return Cash(state.cash + params.drift * clock.dt + params.volatility * math.sqrt(clock.dt) * shocks.cash)


def wrong_variance_step(state: Cash, params: WalkParams, shocks: CashShock, clock: mc.Clock) -> Cash:
    return Cash(state.cash + params.drift * clock.dt + params.volatility**2 * math.sqrt(clock.dt) * shocks.cash)


def walk_initial(params: WalkParams) -> Cash:
    return Cash(1.0)


def walk_events(state: Cash, params: WalkParams, clock: mc.Clock) -> CashEvent:
    return CashEvent(cash=state.cash)


def late_walk_events(state: Cash, params: WalkParams, clock: mc.Clock) -> CashEvent:
    return CashEvent(cash=state.cash if clock.index > 1 else 1.0)


def walk(step=walk_step, *, steps_per_year=12, years=5):
    """The drifted Brownian walk of the README, monitored on its grid."""
    model = mc.Model(step, initial=walk_initial, events=walk_events)
    time = mc.TimeGrid("2026-01-01", years=years, steps_per_year=steps_per_year)
    return mc.Scenario(model, inputs=mc.Inputs({"drift": 0.1, "volatility": 0.5}), time=time)


class Coin(NamedTuple):
    wealth: float


class NoParams(NamedTuple):
    pass


class CoinShock(NamedTuple):
    toss: mc.Uniform01


class Ruined(NamedTuple):
    ruined: bool


def coin_step(state: Coin, params: NoParams, shocks: CoinShock, clock: mc.Clock) -> Coin:
    return Coin(state.wealth + (1.0 if shocks.toss < 0.5 else -1.0))


def coin_initial(params: NoParams) -> Coin:
    return Coin(3.0)


def coin_events(state: Coin, params: NoParams, clock: mc.Clock) -> Ruined:
    return Ruined(state.wealth <= 0.0)


def symmetric_walk():
    """Plus or minus one with equal chances, from 3, ten steps."""
    model = mc.Model(coin_step, initial=coin_initial, events=coin_events)
    return mc.Scenario(model, inputs=mc.Inputs({}), time=mc.TimeGrid("2026-01-01", years=10, steps_per_year=1))


class Hazards(NamedTuple):
    struck_first: float
    struck_second: float


class HazardParams(NamedTuple):
    first_rate: Annotated[float, "1/year"]
    second_rate: Annotated[float, "1/year"]


class HazardShocks(NamedTuple):
    first: mc.Uniform01
    second: mc.Uniform01


class Struck(NamedTuple):
    first: bool
    second: bool


def hazard_step(state: Hazards, params: HazardParams, shocks: HazardShocks, clock: mc.Clock) -> Hazards:
    first = 1.0 if shocks.first < -mc.math.expm1(-params.first_rate * clock.dt) else state.struck_first
    second = 1.0 if shocks.second < -mc.math.expm1(-params.second_rate * clock.dt) else state.struck_second
    return Hazards(first, second)


def hazard_initial(params: HazardParams) -> Hazards:
    return Hazards(0.0, 0.0)


def hazard_events(state: Hazards, params: HazardParams, clock: mc.Clock) -> Struck:
    return Struck(state.struck_first > 0.0, state.struck_second > 0.0)


def competing_hazards():
    """Two exponential clocks, rates .3 and .2 a year, seen monthly for two years."""
    model = mc.Model(hazard_step, initial=hazard_initial, events=hazard_events)
    inputs = mc.Inputs({"first_rate": 0.3, "second_rate": 0.2})
    return mc.Scenario(model, inputs=inputs, time=mc.TimeGrid("2026-01-01", years=2))


class Business(NamedTuple):
    demand: Annotated[float, "USD/year"]
    price: Annotated[float, "USD"]
    cash: Annotated[float, "USD"]


class BusinessParams(NamedTuple):
    growth: Annotated[float, "1/year"]
    decline: Annotated[float, "1/year"]
    spread: Annotated[float, "1/year**0.5"]
    outage: Annotated[float, "1/year"]


class BusinessShocks(NamedTuple):
    demand: float
    price: float
    strike: mc.Uniform01
    cash: float


class BusinessEvents(NamedTuple):
    cash: float
    shrunk: bool


class Bills(NamedTuple):
    rent: float


def moved(level: float, rate: float, spread: float, shock: float, dt: float) -> float:
    """A geometric step, called by the business model as a helper."""
    return level * mc.math.exp((rate - 0.5 * spread**2) * dt + spread * math.sqrt(dt) * shock)


def business_step(
    state: Business, params: BusinessParams, shocks: BusinessShocks, clock: mc.Clock, forcing: Bills
) -> Business:
    served = 0.5 if shocks.strike < params.outage * clock.dt else 1.0
    demand = moved(state.demand, params.growth, params.spread, shocks.demand, clock.dt)
    price = moved(state.price, -params.decline, params.spread, shocks.price, clock.dt)
    sales = demand * price * served * (1.0 + 0.05 * mc.math.tanh(clock.t - 2.0))
    cash = state.cash + (sales - forcing.rent) * clock.dt + 0.2 * math.sqrt(clock.dt) * shocks.cash
    return Business(demand, price, cash)


def business_initial(params: BusinessParams) -> Business:
    return Business(1.0, 1.0, 0.5)


def business_events(state: Business, params: BusinessParams, clock: mc.Clock) -> BusinessEvents:
    return BusinessEvents(cash=state.cash, shrunk=state.demand < 0.8)


def business(inputs=None, years=5):
    """Everything that the engine has at once: helpers, forcing, correlated and uniform shocks, margins and booleans."""
    model = mc.Model(business_step, initial=business_initial, events=business_events, causes=["cash"])
    values = {
        "growth": mc.Normal(0.1, 0.05),
        "decline": mc.Uniform(0.0, 0.1),
        "spread": mc.LogNormal.from_interval(0.1, 0.3),
        "outage": 0.5,
    }
    time = mc.TimeGrid("2026-01-01", years=years)
    return mc.Scenario(
        model,
        inputs=inputs or mc.Inputs(values, correlation={("growth", "decline"): 0.4}),
        time=time,
        forcing={"rent": [1.0 + 0.01 * k for k in range(time.n_steps)]},
        shock_correlation={("demand", "cash"): 0.6, ("price", "cash"): -0.3},
    )


class Burst(NamedTuple):
    kind: float


def bursting_step(state: Cash, params: Burst, shocks: CashShock, clock: mc.Clock) -> Cash:
    if clock.index < 2 or params.kind > 1.5:
        return Cash(1.0)
    return Cash(1.0 / (shocks.cash - shocks.cash) if params.kind > 0.5 else (shocks.cash - shocks.cash) / 0.0)


def bursting_initial(params: Burst) -> Cash:
    return Cash(1.0)


def bursting_events(state: Cash, params: Burst, clock: mc.Clock) -> CashEvent:
    return CashEvent((state.cash - 1.0) / (state.cash - 1.0) if params.kind > 1.5 and clock.index > 2 else 1.0)


def bursting_walk(kind: str) -> mc.Scenario:
    """A state that is infinite or no number from the third step on, or a margin that is none."""
    model = mc.Model(bursting_step, initial=bursting_initial, events=bursting_events)
    kinds = {"nan": 0.0, "inf": 1.0, "margin": 2.0}
    return mc.Scenario(model, inputs={"kind": kinds[kind]}, time=mc.TimeGrid("2026-01-01", years=1))
