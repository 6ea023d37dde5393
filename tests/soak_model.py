"""Two small models for scenario files: one uses everything that a file can state of a model, the other next to nothing.

The shop has units, shocks of both kinds, events of both kinds and a known series; the stall has two inputs.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

import montecarlo_ai as mc


class Shop(NamedTuple):
    cash: Annotated[float, "USD"]
    customers: float


class Params(NamedTuple):
    opening_cash: Annotated[float, "USD"]
    margin: Annotated[float, "USD/year"]
    growth: Annotated[float, "1/year"]
    share: Annotated[float, "fraction"]
    spread: float
    wait: Annotated[float, "year"]


class Shocks(NamedTuple):
    demand: float
    price: float
    luck: mc.Uniform01


class Events(NamedTuple):
    cash: float
    crowded: bool


class Forcing(NamedTuple):
    rent: float


def step(state: Shop, params: Params, shocks: Shocks, clock: mc.Clock, forcing: Forcing) -> Shop:
    change = params.margin * params.share - forcing.rent + params.spread * (shocks.demand + shocks.price)
    late = 1.0 if clock.t > params.wait else shocks.luck
    return Shop(state.cash + change * clock.dt, state.customers + late * params.growth * clock.dt)


def initial(params: Params) -> Shop:
    return Shop(params.opening_cash, 1.0)


def events(state: Shop, params: Params, clock: mc.Clock) -> Events:
    return Events(cash=state.cash, crowded=state.customers > 100.0)


shop = mc.Model(step, initial=initial, events=events)


class Stall(NamedTuple):
    cash: Annotated[float, "USD"]


class StallParams(NamedTuple):
    opening_cash: Annotated[float, "USD"]
    margin: Annotated[float, "USD/year"]


class StallShocks(NamedTuple):
    demand: float
    price: float


class StallEvents(NamedTuple):
    cash: float


def stall_step(state: Stall, params: StallParams, shocks: StallShocks, clock: mc.Clock) -> Stall:
    return Stall(state.cash + params.margin * clock.dt * (1.0 + shocks.demand + shocks.price))


def stall_initial(params: StallParams) -> Stall:
    return Stall(params.opening_cash)


def stall_events(state: Stall, params: StallParams, clock: mc.Clock) -> StallEvents:
    return StallEvents(cash=state.cash)


stall = mc.Model(stall_step, initial=stall_initial, events=stall_events)
