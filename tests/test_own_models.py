"""Models as strangers write them: each meets its plain-Python twin, or is refused in one sentence."""

from __future__ import annotations

import collections
import math
import pickle
from typing import NamedTuple

import laws
import laws as aliased
import numpy as np
import pytest
from laws import damped
from numba import njit
from reference import normal_shocks
from twin import assert_meets_its_twin

import montecarlo_ai as mc
from montecarlo_ai.kernels.compiling import model_hash

SEED = 2**61 + 99
TIME = mc.TimeGrid("2026-01-31", years=2, steps_per_year=6)


class State(NamedTuple):
    x: float
    y: float = 2.0


class Params(NamedTuple):
    a: float
    b: float


class Shocks(NamedTuple):
    z: float
    u: mc.Uniform01
    w: float
    v: float


class Events(NamedTuple):
    low: float
    flag: bool
    never: float


class Nothing(NamedTuple):
    pass


def initial(params: Params) -> State:
    return State(1, 3.0 / params.b)


def events(state: State, params: Params, clock: mc.Clock) -> Events:
    return Events(state.x - 0.5, state.y > 2.0 or state.x > 3.0, math.inf)


def scenario_of(step, initial=initial, events=events, **options):
    model = mc.Model(step, initial=initial, events=events)
    inputs = {"a": mc.Normal(0.1, 0.05), "b": 1.5} if "a" in model.param_fields else {}
    return mc.Scenario(model, inputs=inputs, time=TIME, **options)


@njit
def compiled_before(x, k=2.0):
    return x * 1.5 + k


def helpers_step(state: State, params: Params, shocks: Shocks, clock: mc.Clock) -> State:
    shifted = lambda x: x + shocks.z  # noqa: E731
    x = aliased.grown(state.x, params.a, clock.dt) + 0.1 * laws.TABLE[1] * compiled_before(shifted(1.0), 0.3)
    y = damped(clock.dt, strength=0.5) + mc.math.pow(shocks.u, 0.3) + laws.looked_up(clock.index)
    return State(y=y + min(shocks.w, 0.3, state.x) - max(shocks.z, 0) + abs(shocks.v), x=x)


def branches_step(state: State, params: Params, shocks: Shocks, clock: mc.Clock) -> State:
    if state.x > 1.2:
        return State(0, state.y)
    elif 0.2 < shocks.u <= 0.4:
        return state
    total = 0.0
    for i in range(3):
        if i == 1:
            continue
        total += i * shocks.w
    return State(state.x + 0.1 * total, int(shocks.z * 3) + round(shocks.w) + (-shocks.z * 7) % 2.5 + (shocks.u > 0.5))


def numpy_events(state: State, params: Params, clock: mc.Clock) -> Events:
    return Events(1 if clock.index < 3 else -1, laws.TABLE[clock.index % 3] > 0.4, 1.7 - clock.t)


class Rates(NamedTuple):
    slow: float
    fast: float = 0.25
    once: int = 2


def defaults_step(state: State, params: Params, shocks: Shocks, clock: mc.Clock) -> State:
    rates, mine = Rates(params.a), Rates(0.5, once=state.y)
    rates = Rates(shocks.u, rates.slow) if shocks.z > 0.3 else rates
    return State(state.x + rates.slow * rates.fast, 0.5 * mine.once + rates.once * mine.slow * mine.fast)


def correlated_step(state: State, params: Params, shocks: Shocks, clock: mc.Clock) -> State:
    return State(shocks.z + 10.0 * shocks.u, shocks.w - 3.0 * shocks.v)


CORRELATION = {("w", "z"): 0.5, ("z", "v"): -0.25, ("w", "v"): 0.3}


@pytest.mark.parametrize(
    ("step", "options"),
    [
        (helpers_step, {"events": numpy_events}),
        (branches_step, {}),
        (defaults_step, {}),
        (correlated_step, {"shock_correlation": CORRELATION}),
    ],
)
@pytest.mark.parametrize(
    ("dtype", "within"),
    [("float64", 1e-9), *(pytest.param(dtype, 1e-5, marks=pytest.mark.slow) for dtype in ("mixed", "float32"))],
)
def test_a_model_meets_its_twin(step, options, dtype, within):
    """In single precision within 170 roundings of 2**-24, of which twelve steps of some ten operations make fewer."""
    scenario = scenario_of(step, **options)
    ensemble = mc.simulate(scenario, n_paths=300, seed=SEED, dtype=dtype)
    for path in (0, 5, 255, 256, 299):
        assert_meets_its_twin(ensemble, scenario, path, within)


def test_a_model_of_nothing_but_time():
    def step(state: State, params: Nothing, shocks: Nothing, clock: mc.Clock) -> State:
        return State(state.x + clock.dt, clock.index)

    def begin(params: Nothing) -> State:
        return State(0)

    def look(state: State, params: Nothing, clock: mc.Clock) -> Nothing:
        return Nothing()

    scenario = scenario_of(step, begin, look)
    ensemble = mc.simulate(scenario, n_paths=3, seed=0)
    assert_meets_its_twin(ensemble, scenario, 2)
    assert mc.summarize(scenario, n_paths=3, seed=0).sizes["event"] == 0
    local = pickle.loads(pickle.dumps(ensemble))  # functions of a function do not travel; the result does
    with pytest.raises(mc.InputError, match="scenario"):
        mc.replay(local, 1)
    assert mc.replay(local, 1, scenario=scenario).x.values[-1] == pytest.approx(2.0)


def made_by_text(rate):
    """A model whose source is gone, as at an interactive prompt."""
    scope = {"mc": mc, "State": State, "Params": Params, "Shocks": Shocks, "Events": Events, "RATE": rate}
    text = """
def step(state: State, params: Params, shocks: Shocks, clock: mc.Clock) -> State:
    return State(state.x + {} * shocks.z, RATE)
"""
    exec(text.format(rate), scope)
    return scope


def test_what_a_function_refers_to_is_part_of_it():
    """A changed constant or global gives another hash and other results, never stale code."""
    scopes = [made_by_text(0.25), made_by_text(0.5)]
    first, second = (scenario_of(scope["step"]) for scope in scopes)
    assert first.hash != second.hash
    before = mc.simulate(first, n_paths=1, seed=SEED)
    scopes[0]["RATE"] = 7.0
    after = mc.simulate(first, n_paths=1, seed=SEED)
    assert after.y.values[-1, 0] == 7.0
    assert after.attrs["scenario_hash"] != before.attrs["scenario_hash"]
    with pytest.raises(mc.InputError, match="must be the one that was run"):
        mc.replay(before, 0)


def test_tuples_of_other_fields_and_other_defaults_are_other_models():
    def made(config, strength):
        def law(x, k=strength):
            return x * k

        def step(state: State, params: Params, shocks: Shocks, clock: mc.Clock) -> State:
            return State(config.a, law(1.0))

        return scenario_of(step)

    one, other = NamedTuple("Config", [("a", float), ("b", float)]), NamedTuple("Config", [("b", float), ("a", float)])
    scenarios = [made(one(1.0, 2.0), 3.0), made(other(1.0, 2.0), 3.0), made(one(1.0, 2.0), 4.0)]
    assert len({scenario.hash for scenario in scenarios}) == 3
    assert len({model_hash(scenario.model) for scenario in scenarios}) == 3


def test_the_default_of_a_field_is_part_of_a_model():
    def made(default):
        kind = collections.namedtuple("Config", ["a", "b"], defaults=[default])

        def step(state: State, params: Params, shocks: Shocks, clock: mc.Clock) -> State:
            return State(state.x, kind(1.0).b)

        return scenario_of(step)

    one, other = made(3.0), made(4.0)
    assert one.hash != other.hash
    assert [mc.simulate(each, n_paths=1, seed=1).y.values[-1, 0] for each in (one, other)] == [3.0, 4.0]


def failing_step(state: State, params: Params, shocks: Shocks, clock: mc.Clock) -> State:
    if shocks.z > params.b:
        raise ValueError("too far")
    return State(laws.TABLE[clock.index % int(params.a)])


def test_a_step_that_raises_is_told_with_its_paths():
    scenario = scenario_of(failing_step).with_inputs(a=3.0, b=3.5)
    first = next(path for path in range(20_000) if (normal_shocks(1, 0, path, TIME.n_steps) > 3.5).any())
    block = first - first % 256
    with pytest.raises(mc.ModelError, match=rf"ValueError: too far'.*paths {block} to {block + 255}"):
        mc.simulate(scenario, n_paths=20_000, seed=1)
    with pytest.raises(mc.ModelError, match=r"IndexError.*raised on one of the paths 0 to 255"):
        mc.summarize(scenario.with_inputs(a=5.0, b=9.0), n_paths=1_000, seed=1)


def endless_step(state: State, params: Params, shocks: Shocks, clock: mc.Clock) -> State:
    if state.x < 1e9:
        return state


def test_a_step_that_may_return_nothing_is_told():
    with pytest.raises(mc.ModelError, match="step = 'endless_step': cannot be compiled: it may return None"):
        mc.simulate(scenario_of(endless_step), n_paths=1, seed=1)


def hopeless_step(state: State, params: Params, shocks: Shocks, clock: mc.Clock) -> State:
    raise ValueError("no way")


def test_a_step_that_only_raises_is_told():
    with pytest.raises(mc.ModelError, match="step = 'hopeless_step': cannot be compiled: it returns on no path"):
        mc.simulate(scenario_of(hopeless_step), n_paths=1, seed=1)


def drawing_step(state: State, params: Params, shocks: Shocks, clock: mc.Clock) -> State:
    return State(np.random.normal())  # noqa: NPY002


def keyword_helper(x, *, k=2.0):
    return x * k


def keyword_step(state: State, params: Params, shocks: Shocks, clock: mc.Clock) -> State:
    return State(keyword_helper(state.x, k=3.0))


def optional_step(state: State, params: Params, shocks: Shocks, clock: mc.Clock, scale: float = 2.0) -> State:
    return state


def spread_step(state: State, params: Params, *rest: Shocks) -> State:
    return state


def unreadable_step(state: State, params: mc.Nope, shocks: Shocks, clock: mc.Clock) -> State:
    return state


def other_step(state: dict, params: Params, shocks: Shocks, clock: mc.Clock) -> State:
    return state


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (drawing_step, ["step: np.random.normal", "draws random numbers that no seed repeats", "declare a shock"]),
        (keyword_step, ["step: keyword_helper", "keyword-only arguments"]),
        (optional_step, ["step: arguments", "none with a default"]),
        (spread_step, ["step: arguments", "none by keyword only"]),
        (unreadable_step, ["step: annotations", "cannot be read", "Nope"]),
        (other_step, ["State = 'dict'", "must be a NamedTuple"]),
    ],
)
def test_what_a_model_must_not_contain(step, says):
    with pytest.raises(mc.ModelError) as caught:
        mc.Model(step, initial=initial, events=events)
    for words in says:
        assert words in str(caught.value)


def test_a_state_that_begins_as_no_number_is_told():
    scenario = scenario_of(helpers_step, events=numpy_events).with_inputs(b=0.0)
    with pytest.raises(mc.NumericalError, match="y = inf on path 0 at step 0"):
        mc.simulate(scenario, n_paths=10, seed=1)
