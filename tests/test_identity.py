"""Models that compute something else differ in hash and in kernel, and the same model is the same in every process."""

from __future__ import annotations

import enum
from typing import NamedTuple

import numpy as np
import pytest
from numba import cfunc, float32, float64, guvectorize, njit, types, vectorize
from numba.experimental import jitclass
from numba.extending import intrinsic

import montecarlo_ai as mc
from montecarlo_ai.fingerprints import description, fingerprint
from montecarlo_ai.kernels.compiling import model_hash
from montecarlo_ai.known_series import Series

TIME = mc.TimeGrid("2026-01-01", years=1, steps_per_year=4)


class State(NamedTuple):
    x: float


class Nothing(NamedTuple):
    pass


class Low(NamedTuple):
    low: float


def initial(params: Nothing) -> State:
    return State(1.0)


def events(state: State, params: Nothing, clock: mc.Clock) -> Low:
    return Low(1.0)


def scenario_of(law):
    """A state that moves by a law of itself."""

    def step(state: State, params: Nothing, shocks: Nothing, clock: mc.Clock) -> State:
        return State(law(state.x))

    return mc.Scenario(mc.Model(step, initial=initial, events=events), inputs={}, time=TIME)


def first_value(scenario):
    return float(mc.simulate(scenario, n_paths=1, seed=1).x.values[1, 0])


def assert_told_apart(*scenarios):
    """By hash, by fingerprint, and by what they compute in one process."""
    values = [first_value(scenario) for scenario in scenarios]
    assert len(set(values)) == len(scenarios), values
    assert len({scenario.hash for scenario in scenarios}) == len(scenarios)
    assert len({model_hash(scenario.model) for scenario in scenarios}) == len(scenarios)


def shocks_in_the_order(names, **kinds):
    """A walk of each shock alone, the shocks declared in this order."""
    shocks = NamedTuple("Shocks", [(name, kinds.get(name, float)) for name in names])
    walks = NamedTuple("Walks", [(name, float) for name in "abc"])

    def step(state: walks, params: Nothing, shocks: shocks, clock: mc.Clock) -> walks:
        return walks(shocks.a, shocks.b, shocks.c)

    def begin(params: Nothing) -> walks:
        return walks(0.0, 0.0, 0.0)

    def look(state: walks, params: Nothing, clock: mc.Clock) -> Nothing:
        return Nothing()

    step.__annotations__.update(state=walks, shocks=shocks)
    step.__annotations__["return"] = begin.__annotations__["return"] = look.__annotations__["state"] = walks
    return mc.Model(step, initial=begin, events=look)


def test_correlations_are_those_of_the_shocks_that_were_named():
    """Two models that differ in the order of their shocks alone, run one after the other.

    4 steps of 10,000 paths: a correlation's standard error is at most 0.005, and 0.8 for 0 is 160 of them.
    """
    for names in ("abc", "cab"):
        model = shocks_in_the_order(names)
        scenario = mc.Scenario(model, inputs={}, time=TIME, shock_correlation={("a", "b"): 0.8})
        run = mc.simulate(scenario, n_paths=10_000, seed=3).isel(time=slice(1, None))
        drawn = {name: run[name].values.ravel() for name in "abc"}
        assert np.corrcoef(drawn["a"], drawn["b"])[0, 1] == pytest.approx(0.8, abs=5 * (1 - 0.8**2) / 200)
        assert np.corrcoef(drawn["a"], drawn["c"])[0, 1] == pytest.approx(0.0, abs=5 / 200)


def test_what_annotations_declare_is_part_of_a_scenario():
    models = [shocks_in_the_order("abc"), shocks_in_the_order("cab"), shocks_in_the_order("abc", b=mc.Uniform01)]
    scenarios = [mc.Scenario(model, inputs={}, time=TIME) for model in models]
    assert len({scenario.hash for scenario in scenarios}) == 3
    ran = mc.simulate(scenarios[0], n_paths=2, seed=1)
    for other in scenarios[1:]:
        with pytest.raises(mc.InputError, match="must be the one that was run"):
            mc.replay(ran, 0, scenario=other)


def test_causes_are_part_of_a_scenario():
    def made(causes):
        def step(state: State, params: Nothing, shocks: Nothing, clock: mc.Clock) -> State:
            return state

        model = mc.Model(step, initial=initial, events=events, causes=causes, chips=[])
        return mc.Scenario(model, inputs={}, time=TIME)

    assert made(["low"]) != made([])


def test_a_series_of_ones_own_model_is_part_of_a_scenario():
    class Rent(NamedTuple):
        rent: float

    def step(state: State, params: Nothing, shocks: Nothing, clock: mc.Clock, forcing: Rent) -> State:
        return State(state.x - forcing.rent)

    model = mc.Model(step, initial=initial, events=events)

    def made(rent):
        def series(grid):
            return Series({"rent": np.full(grid.n_steps, rent)}, {})

        return mc.Scenario(model, inputs={}, time=TIME, series=series)

    assert made(1.0) != made(2.0)
    assert made(1.0) == made(1.0)


def test_the_helper_that_each_name_stands_for():
    def slow(x):
        return x + 1.0

    def fast(x):
        return x + 2.0

    def made(first, second, third):
        def law(x):
            return 100.0 * first(x) + 10.0 * second(x) + third(x)

        return scenario_of(law)

    scenarios = made(slow, fast, fast), made(slow, slow, fast), made(fast, slow, slow)
    assert [first_value(scenario) for scenario in scenarios] == [233.0, 223.0, 322.0]
    assert_told_apart(*scenarios)
    assert made(slow, fast, fast) == scenarios[0]


def test_the_default_of_a_field():
    def made(default):
        class Levels(NamedTuple):
            y: float
            x: float = default

        def step(state: Levels, params: Nothing, shocks: Nothing, clock: mc.Clock) -> Levels:
            return Levels(1.0)

        def begin(params: Nothing) -> Levels:
            return Levels(1.0)

        def look(state: Levels, params: Nothing, clock: mc.Clock) -> Low:
            return Low(1.0)

        return mc.Scenario(mc.Model(step, initial=begin, events=look), inputs={}, time=TIME)

    assert_told_apart(made(2.0), made(3.0))


def test_functions_on_one_line():
    laws = [lambda x: x + 1.0, lambda x: x + 2.0, lambda x: x + 3.0]
    assert_told_apart(*map(scenario_of, laws))


class Regime(enum.IntEnum):
    BUST = 1
    BOOM = 2


class OtherRegime(enum.IntEnum):
    BUST = 3
    BOOM = 2


OtherRegime.__name__ = OtherRegime.__qualname__ = "Regime"


def by_regime(kind):
    def law(x):
        return x + kind.BUST.value

    return law


def by_member(member):
    def law(x):
        return x + member.value

    return law


def by_compiled(function):
    def law(x):
        return function(x)

    return law


def doubled(x):
    return 2.0 * x


def tripled(x):
    return 3.0 * x


def kept(x, out):
    out[:] = x


def negated(x, out):
    out[:] = -x


negated.__name__ = negated.__qualname__ = "kept"


def quotient(x):
    return x / 0.0 if x > 0.0 else 0.0


tripled.__name__ = tripled.__qualname__ = "doubled"


@pytest.mark.parametrize(
    ("law", "values"),
    [
        (by_regime, (Regime, OtherRegime)),
        (by_member, (Regime.BUST, Regime.BOOM)),
        (by_compiled, (vectorize(doubled), vectorize(tripled))),
        (by_compiled, (njit(doubled), njit(tripled))),
        (by_compiled, (njit("f8(f8)")(doubled), njit("f8(f8)")(tripled))),
    ],
)
def test_what_a_law_refers_to_is_part_of_it(law, values):
    """Values of one name and another content."""
    assert_told_apart(*(scenario_of(law(value)) for value in values))


@pytest.mark.parametrize(
    "made",
    [
        [njit(doubled), njit(fastmath=True)(doubled), njit(error_model="numpy")(doubled)],
        [njit(doubled), njit("f8(f8)")(doubled), njit("f4(f4)")(doubled)],
        [vectorize(doubled), vectorize(["f8(f8)"])(doubled), vectorize(["f4(f4)"])(doubled)],
        [vectorize(doubled), vectorize(fastmath=True)(doubled)],
        [cfunc("f8(f8)")(doubled), cfunc("f8(f8)")(tripled), cfunc("f4(f4)")(doubled)],
        [types.ExternalFunction("cos", float64(kind)) for kind in (float64, float32)],
        [guvectorize(["f8[:], f8[:]"], "(n)->(n)")(function) for function in (kept, negated)],
    ],
)
def test_how_a_function_was_compiled_is_part_of_it(made):
    laws = [by_compiled(function) for function in made]
    assert len({fingerprint(law) for law in laws}) == len(made)
    assert len({str(description(law)) for law in laws}) == len(made)


def negative_of(codegen):
    @intrinsic
    def negative(typing, x):
        return x(x), codegen

    return negative


def test_an_intrinsic_is_told_by_its_code():
    def kept(context, builder, signature, arguments):
        return arguments[0]

    def negated(context, builder, signature, arguments):
        return builder.fneg(arguments[0])

    laws = [by_compiled(negative_of(codegen)) for codegen in (kept, negated)]
    assert len({fingerprint(law) for law in laws}) == 2


def test_options_of_a_compiled_function_take_effect():
    """A division by zero raises by Python's rules and is infinite by numpy's: two kernels, each with its own."""
    with pytest.raises(mc.ModelError, match="ZeroDivisionError"):
        mc.simulate(scenario_of(by_compiled(njit(quotient))), n_paths=1, seed=1)
    with pytest.raises(mc.NumericalError, match="inf"):
        mc.simulate(scenario_of(by_compiled(njit(error_model="numpy")(quotient))), n_paths=1, seed=1)


@jitclass([("rate", float64)])
class Compiled:
    def __init__(self, rate):
        self.rate = rate


class Opaque:
    def __init__(self, rate):
        self.rate = rate


@pytest.mark.parametrize(
    "value", [Opaque(1.0), (1.0, Opaque(2.0)), {"a": Opaque(1.0)}, Compiled, Compiled(1.0), Opaque(1.0).__str__]
)
def test_what_nobody_can_tell_apart_is_refused(value):
    with pytest.raises(mc.ModelError, match=r"law: function = .*nobody can tell one .* refer to numbers"):
        scenario_of(by_compiled(value))


def test_functions_that_the_compiler_knows_are_told_by_name():
    places, values = np.array([0.0, 2.0]), np.array([1.0, 4.0])

    def between(x):
        return np.interp(x, places, values)

    def summed(x):
        return x + np.sum(values)

    assert_told_apart(scenario_of(between), scenario_of(summed))
    assert [first_value(scenario_of(law)) for law in (between, summed)] == [2.5, 6.0]


@njit
def halvings(x):
    return 0.0 if x < 1.0 else 1.0 + halvings(x / 2.0)


def test_a_compiled_function_may_call_itself():
    scenario = scenario_of(by_compiled(halvings))
    assert first_value(scenario) == 1.0
    assert scenario.hash == scenario_of(by_compiled(halvings)).hash
