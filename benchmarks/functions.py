"""What a call of a function costs a step, ns: those of `mc.math`, and those of the same names that Python brings."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable
from typing import Annotated, NamedTuple

import montecarlo_ai as mc
from benchmarks.measurement import Measurement

PATHS = 2**15
SEED = 2026


class State(NamedTuple):
    """What a function returns."""

    value: Annotated[float, ""]


class Params(NamedTuple):
    """Where arguments are around."""

    middle: Annotated[float, ""]


class Shocks(NamedTuple):
    """A standard normal."""

    z: float


class Events(NamedTuple):
    """Margins; an event happens below zero."""

    low: float


def itself(x: float) -> float:
    """Return the argument: what a step costs without a call."""
    return x


FUNCTIONS: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "exp": (mc.math.exp, math.exp),
    "tanh": (mc.math.tanh, math.tanh),
}
"""A quick one and a slow one, the library's own first; each is a kernel of its own."""


def measure(*, n_paths: int = PATHS, repeats: int = 9) -> list[Measurement]:
    """Return ns a call of each function beyond a step without it, in time of the one thread; repeats interleaved."""
    scenarios = {("none", "itself"): scenario(itself)}
    for name, (ours, pythons) in FUNCTIONS.items():
        scenarios |= {("mc.math", name): scenario(ours), ("math", name): scenario(pythons)}
    times: dict[tuple[str, str], list[float]] = {key: [] for key in scenarios}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", mc.SlowStepWarning)  # what is slow is what is measured
        for one in scenarios.values():
            mc.simulate(one, n_paths=1, seed=SEED, variables=[], threads=1)  # compiles, or loads what was compiled
    for repeat in range(repeats):
        for key, one in scenarios.items():
            times[key].append(_seconds(one, n_paths, SEED + repeat))
    least = min(times["none", "itself"])
    return [
        Measurement(
            f"{module}.{name}",
            "montecarlo_ai, one thread",
            "ns a call",
            [1e9 * (seconds - least) / (n_paths * scenarios[module, name].time.n_steps) for seconds in values],
            {"paths": n_paths},
        )
        for (module, name), values in times.items()
        if module != "none"
    ]


def scenario(function: Callable[[float], float]) -> mc.Scenario:
    """Return a scenario whose step calls a function once, with arguments around 1.5."""

    def step(state: State, params: Params, shocks: Shocks, clock: mc.Clock) -> State:
        return State(function(params.middle + 0.1 * shocks.z))

    return mc.Scenario(
        mc.Model(step, initial=initial, events=events),
        inputs={"middle": mc.Uniform(1.4, 1.6)},
        time=mc.TimeGrid("2026-01-01", years=5),
    )


def initial(params: Params) -> State:
    """Return the state at the start."""
    return State(params.middle)


def events(state: State, params: Params, clock: mc.Clock) -> Events:
    """Return the margin of the event."""
    return Events(state.value)


def _seconds(one: mc.Scenario, n_paths: int, seed: int) -> float:
    began = time.thread_time()
    mc.simulate(one, n_paths=n_paths, seed=seed, variables=[], threads=1)
    return time.thread_time() - began
