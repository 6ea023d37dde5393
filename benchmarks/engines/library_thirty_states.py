"""The thirty-state job as a user of the library would write it: a field for everything, a helper for what recurs."""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

import montecarlo_ai as mc
from benchmarks.jobs import ThirtyStates

Rate = Annotated[float, "1/year"]
Number = Annotated[float, ""]


class State(NamedTuple):
    """Six markets from a to f with three stages each, two levels, three memories, cash."""

    driver_a: Number
    first_a: Number
    second_a: Number
    third_a: Number
    driver_b: Number
    first_b: Number
    second_b: Number
    third_b: Number
    driver_c: Number
    first_c: Number
    second_c: Number
    third_c: Number
    driver_d: Number
    first_d: Number
    second_d: Number
    third_d: Number
    driver_e: Number
    first_e: Number
    second_e: Number
    third_e: Number
    driver_f: Number
    first_f: Number
    second_f: Number
    third_f: Number
    level_a: Number
    level_b: Number
    memory_a: Number
    memory_b: Number
    memory_c: Number
    cash: Annotated[float, "USD"]


class Params(NamedTuple):
    """What is given."""

    initial_cash: Annotated[float, "USD"]
    drift_a: Rate
    drift_b: Rate
    drift_c: Rate
    drift_d: Rate
    drift_e: Rate
    drift_f: Rate
    volatility_a: Annotated[float, "1/year**0.5"]
    volatility_b: Annotated[float, "1/year**0.5"]
    volatility_c: Annotated[float, "1/year**0.5"]
    volatility_d: Annotated[float, "1/year**0.5"]
    volatility_e: Annotated[float, "1/year**0.5"]
    volatility_f: Annotated[float, "1/year**0.5"]
    weight_a: Annotated[float, "USD/year"]
    weight_b: Annotated[float, "USD/year"]
    weight_c: Annotated[float, "USD/year"]
    weight_d: Annotated[float, "USD/year"]
    weight_e: Annotated[float, "USD/year"]
    weight_f: Annotated[float, "USD/year"]
    rate1: Rate
    rate2: Rate
    rate3: Rate
    pull: Rate
    scatter: Number
    pace: Rate
    memory_weight: Number
    cost: Annotated[float, "USD/year"]


class Shocks(NamedTuple):
    """Standard normals of a step."""

    driver_a: float
    driver_b: float
    driver_c: float
    driver_d: float
    driver_e: float
    driver_f: float
    level_a: float
    level_b: float


class Events(NamedTuple):
    """Margins; an event happens below zero."""

    cash: float


class Market(NamedTuple):
    """What is bought of a market, and three stages that serve it."""

    driver: float
    first: float
    second: float
    third: float


def moved(before: Market, params: Params, drift: float, volatility: float, z: float, dt: float) -> Market:
    """Return a market one step later."""
    driver = before.driver * mc.math.exp((drift - 0.5 * volatility**2) * dt + volatility * math.sqrt(dt) * z)
    return Market(
        driver,
        before.first + (driver - params.rate1 * before.first) * dt,
        before.second + (params.rate1 * before.first - params.rate2 * before.second) * dt,
        before.third + (params.rate2 * before.second - params.rate3 * before.third) * dt,
    )


def reverted(level: float, params: Params, z: float, dt: float) -> float:
    """Return a level one step later."""
    return level - params.pull * level * dt + params.scatter * math.sqrt(dt) * z


def remembered(memory: float, one: float, other: float, params: Params, dt: float) -> float:
    """Return a memory one step later."""
    return memory + params.pace * (mc.math.log(one * other) - memory) * dt


def step(state: State, params: Params, shocks: Shocks, clock: mc.Clock) -> State:
    """Return the state one step later."""
    dt = clock.dt
    a = moved(Market(*state[0:4]), params, params.drift_a, params.volatility_a, shocks.driver_a, dt)
    b = moved(Market(*state[4:8]), params, params.drift_b, params.volatility_b, shocks.driver_b, dt)
    c = moved(Market(*state[8:12]), params, params.drift_c, params.volatility_c, shocks.driver_c, dt)
    d = moved(Market(*state[12:16]), params, params.drift_d, params.volatility_d, shocks.driver_d, dt)
    e = moved(Market(*state[16:20]), params, params.drift_e, params.volatility_e, shocks.driver_e, dt)
    f = moved(Market(*state[20:24]), params, params.drift_f, params.volatility_f, shocks.driver_f, dt)
    level_a = reverted(state.level_a, params, shocks.level_a, dt)
    level_b = reverted(state.level_b, params, shocks.level_b, dt)
    memory_a = remembered(state.memory_a, a.driver, d.driver, params, dt)
    memory_b = remembered(state.memory_b, b.driver, e.driver, params, dt)
    memory_c = remembered(state.memory_c, c.driver, f.driver, params, dt)
    sales = params.weight_a * a.third + params.weight_b * b.third + params.weight_c * c.third
    sales += params.weight_d * d.third + params.weight_e * e.third + params.weight_f * f.third
    other = level_a + level_b + params.memory_weight * (memory_a + memory_b + memory_c)
    cash = state.cash + (sales + other - params.cost) * dt
    others = (level_a, level_b, memory_a, memory_b, memory_c, cash)
    return State(*(a[:] + b[:] + c[:] + d[:] + e[:] + f[:] + others))


def initial(params: Params) -> State:
    """Return the state at the start."""
    market = (1.0, 1.0, 1.0, 1.0)
    others = (0.0, 0.0, 0.0, 0.0, 0.0, params.initial_cash)
    return State(*(market + market + market + market + market + market + others))


def events(state: State, params: Params, clock: mc.Clock) -> Events:
    """Return the margin of the event."""
    return Events(cash=state.cash)


def thirty_states() -> mc.Model:
    """Return the model."""
    return mc.Model(step, initial=initial, events=events)


def inputs(job: ThirtyStates) -> dict[str, float]:
    """Return the job's numbers by the names of the model's inputs."""
    found = {}
    for name in Params._fields:
        family, _, letter = name.rpartition("_")
        found[name] = getattr(job, family)["abcdef".index(letter)] if len(letter) == 1 else getattr(job, name)
    return found
