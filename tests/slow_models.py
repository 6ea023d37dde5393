"""Steps of what docs/extending.md calls fast, and of what it calls slow (each line says so)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

import montecarlo_ai as mc

TABLE = np.array([0.1, 0.5, 0.2])
TUPLE = (0.1, 0.5, 0.2, 0.3)
LAST = 2


class State(NamedTuple):
    x: float
    y: float


class Params(NamedTuple):
    a: float
    b: float


class Shocks(NamedTuple):
    z: float
    u: mc.Uniform01


class Events(NamedTuple):
    low: float


class Pair(NamedTuple):
    year: float
    level: float


def initial(params: Params) -> State:
    return State(1.0, 2.0)


def events(state: State, params: Params, clock: mc.Clock) -> Events:
    return Events(state.x - 0.5)


def scenario_of(step, events=events):
    model = mc.Model(step, initial=initial, events=events)
    time = mc.TimeGrid("2026-01-01", years=1)
    return mc.Scenario(model, inputs={"a": mc.Uniform(1.1, 1.2), "b": 0.5}, time=time)


def clamped(x, low=0.0):
    return max(low, x)


def branching_step(state: State, params: Params, shocks: Shocks, clock: mc.Clock) -> State:
    """Branches, selections, comparisons, rounding, loops, tuples and helpers."""
    if state.x > 40.0:
        return state
    if state.y > 1.2:
        x = state.x
    elif state.x > 0.5:
        x = params.a
    else:
        x = shocks.z
    x += 1.0 if ((state.x > 0.3 and shocks.z > 0.0) or state.y < 3.0) and 0.2 < shocks.u <= 0.4 else 0.0
    x += min(state.x, shocks.z, 0.3) + max(abs(shocks.z), params.a) + state.x**2 + abs(state.y) ** 0.5 + state.x**3
    x += state.x / params.a + math.sqrt(abs(state.y)) + math.floor(state.x * 3.0) + round(state.y) + int(shocks.z * 3.0)
    x += shocks.z % 1.0 + shocks.z // 1.0 + int(state.x) / 3 + math.copysign(1.0, shocks.z)
    x += state.x // 4.0 + state.y % 2.0 + int(state.x) // 4 + int(state.y) % 8 + divmod(state.x, 2.0)[1]
    x += math.ceil(state.y) + math.fabs(state.x) + np.maximum(state.x, 0.0) + state.x**-1.0
    for i in range(3):
        if i == 1:
            continue
        x += i * shocks.z * TUPLE[i + LAST - 2] + TABLE[i] + state[LAST - 1]
    for i, weight in enumerate(TUPLE):
        x += 0.1 * i * weight * shocks.z
    for one, other in zip(TUPLE, TABLE):  # noqa: B905  (the shorter one counts)
        x += 0.1 * one * other * shocks.z
    for i in range(4):
        x += 0.1 * shocks.z**i + 1.05 ** (i + 1) * state.y
    for i, weight in enumerate(TUPLE):
        x += weight * shocks.z ** (i + 1)
    for weight in TABLE:
        x += 0.1 * weight * state.y
    for i in range(len(TABLE)):
        x += 0.1 * TABLE[i % TABLE.size] * state.y
    try:
        x += 0.1 / params.a
    except Exception:
        x = 0.0
    x += 0.1 if ("high" if shocks.z > 0.0 else "low") == "low" else 0.2
    pair = Pair(clock.t, clamped(x))
    return State(0.1 * pair.level, 0.0 if math.isnan(x) or math.isinf(x) else 0.1 * x)


def fast_functions_step(state: State, params: Params, shocks: Shocks, clock: mc.Clock) -> State:
    """The functions of mc.math on all lanes, and slow things that are the same on all lanes."""
    x = mc.math.exp(-state.x) + mc.math.log(shocks.u) + mc.math.expm1(shocks.z) + mc.math.log1p(shocks.u)
    y = mc.math.pow(shocks.u, params.a) + mc.math.tanh(state.x) + mc.math.normal_cdf(shocks.z)
    same = math.tanh(clock.t) + math.erf(clock.t) + np.log2(1.0 + clock.t) + np.arctan2(clock.t, 1.0) + clock.t**3.0
    same += 1.05 ** float(clock.index) + params.b**clock.t
    season = same + TABLE[clock.index % 3] + TUPLE[clock.index % 4] + math.exp(params.b * clock.dt) + clock.dt**2.5
    return State(0.1 * x * season, y * math.log(Pair(clock.t, x).year + 2.0))


def helper_with_a_library_function(x):
    return 2.0 * math.exp(-x)  # slow: math.exp


def slow_step(state: State, params: Params, shocks: Shocks, clock: mc.Clock) -> State:
    x = helper_with_a_library_function(state.x) + np.log1p(shocks.u)  # slow: np.log1p
    x += math.hypot(state.x, 1.0)  # slow: math.hypot
    x += 1.0 / (1.0 + state.x**2) + abs(state.y) ** params.a  # slow: no whole constant
    x += state.y**-1  # slow: below zero
    x += int(shocks.z) // 3  # slow: // of whole numbers
    x += int(shocks.z) % 3  # slow: % of whole numbers
    x += state.y % 2.5  # slow: % by another number
    while x > 2.0:  # slow: a while
        x *= 0.5
    for _ in range(clock.index):  # slow: length is not constant
        x += 0.1
    for i in range(200):  # slow: too long
        x += i / (1.0 + x * x)
    x += TABLE[int(3.0 * shocks.u)]  # slow: look-up
    x += TUPLE[int(3.0 * shocks.u)]  # slow: look-up
    x += TUPLE[clock.index // 6]  # slow: make it a known series
    if x < -9.0:
        raise ValueError("too low")  # slow: raise
    assert x < 1e9  # slow: assert
    return State(x - state.x // 2.5, 1.0)  # slow: // by another number


@njit
def compiled_before(x, y):
    return x / y  # slow: a division that may raise


def made_step(state: State, params: Params, shocks: Shocks, clock: mc.Clock) -> State:
    """What takes memory on every path, is the same on all but stays in the loop, or is no whole power by its type."""
    x = compiled_before(state.x, params.a)
    x += sum([state.x, state.y])  # slow: a list made
    x += sum([i * state.x for i in range(3)])  # slow: a list made
    x += np.array([state.x, state.y])[1]  # slow: an array made
    numbers = {1: state.x, 2: state.y}  # slow: a dictionary made
    x += numbers[1]
    x += len(f"{clock.index}")  # slow: text made
    x += np.interp(clock.t, TABLE, TABLE)  # slow: np.interp; make it a known series
    x += math.hypot(clock.t, 1.0)  # slow: math.hypot; make it a known series
    x += state.x**3.0 + state.y**-2.0  # slow: write x**3
    x += 1.05**clock.index  # slow: ** to a whole power that is no constant
    x += math.pow(1.05, clock.index)  # slow: ** to a whole power that is no constant
    if clock.index > 99:
        print(clock.index)  # slow: print
    return State(0.01 * x, 1.0)


def slow_events(state: State, params: Params, clock: mc.Clock) -> Events:
    return Events(math.tanh(state.x) - 0.1 if clock.t > 0.5 else math.exp(clock.t))  # slow: math.tanh
