"""What a step needs once a path: the same numbers as at every step, whatever else is constant or varies."""

from __future__ import annotations

import math
import types
from typing import Annotated, NamedTuple

import pytest
from twin import assert_meets_its_twin

import montecarlo_ai as mc
from montecarlo_ai.functions import once_a_path


class State(NamedTuple):
    """Two levels."""

    a: Annotated[float, "1"]
    b: Annotated[float, "1"]


class Params(NamedTuple):
    """What is given."""

    start: Annotated[float, "1"]
    rate: Annotated[float, "1/year"]
    spread: Annotated[float, "1/year**0.5"]


class Shocks(NamedTuple):
    """A normal."""

    a: float


class Events(NamedTuple):
    """A margin."""

    low: float


class Pace(NamedTuple):
    """Factor and noise of a step."""

    factor: float
    noise: float


class Ratio(NamedTuple):
    """A ratio of inputs."""

    of_rate: float


def _pace(params: Params, dt: float) -> Pace:
    return Pace(mc.math.exp(params.rate * dt), params.spread * math.sqrt(dt))


def _ratio(params: Params) -> Ratio:
    return Ratio(params.rate / (1.0 + params.spread))


def model_of(pace, ratio) -> mc.Model:
    def moved(state: State, params: Params, shocks: Shocks, dt: float) -> float:
        return state.a * pace(params, dt).factor + pace(params, dt).noise * shocks.a

    def step(state: State, params: Params, shocks: Shocks, clock: mc.Clock) -> State:
        return State(moved(state, params, shocks, clock.dt), state.b + ratio(params).of_rate * clock.dt)

    def initial(params: Params) -> State:
        return State(params.start, ratio(params).of_rate)

    def events(state: State, params: Params, clock: mc.Clock) -> Events:
        return Events(state.a + state.b)

    return mc.Model(step, initial=initial, events=events)


def scenario_of(model: mc.Model, **inputs) -> mc.Scenario:
    return mc.Scenario(model, inputs=mc.Inputs(inputs), time=mc.TimeGrid("2026-01-01", years=2, steps_per_year=12))


INPUTS = (
    {"start": 1.0, "rate": mc.Normal(0.1, 0.2), "spread": mc.Normal(0.3, 0.02)},
    {"start": mc.Normal(1.0, 0.1), "rate": 0.1, "spread": mc.Normal(0.3, 0.02)},
    {"start": 1.0, "rate": 0.1, "spread": 0.3},
)


@pytest.mark.parametrize(
    ("dtype", "within"), [("float64", 1e-9), pytest.param("float32", 2e-5, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("inputs", INPUTS)
def test_numbers_made_once_are_those_made_at_every_step(inputs, dtype, within) -> None:
    """In single precision within 340 roundings of 2**-24: 24 steps of some ten operations make fewer."""
    scenario = scenario_of(model_of(once_a_path(copied(_pace)), once_a_path(copied(_ratio))), **inputs)
    one = mc.simulate(scenario, n_paths=600, seed=4, variables=["a", "b"], dtype=dtype)
    for path in (0, 17, 300, 599):
        assert_meets_its_twin(one, scenario, path, within)


def copied(function):
    """Return a copy of a function, which a mark does not reach beyond."""

    copy = types.FunctionType(function.__code__, function.__globals__, function.__name__)
    copy.__annotations__ = dict(function.__annotations__)
    return copy


def test_a_function_that_returns_no_named_tuple_cannot_be_made_once() -> None:
    def pace(params: Params, dt: float) -> float:
        return params.rate * dt

    def step(state: State, params: Params, shocks: Shocks, clock: mc.Clock) -> State:
        return State(state.a + once(params, clock.dt), state.b)

    once = once_a_path(pace)
    model = mc.Model(step, initial=plain_initial, events=plain_events)
    with pytest.raises(mc.ModelError, match=r"pace.*NamedTuple"):
        mc.simulate(scenario_of(model, start=1.0, rate=0.1, spread=0.3), n_paths=1)


def plain_initial(params: Params) -> State:
    """Return the state at the start."""
    return State(params.start, 0.0)


def plain_events(state: State, params: Params, clock: mc.Clock) -> Events:
    """Return the margin."""
    return Events(state.a)
