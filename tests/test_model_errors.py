"""A mistake in a model gives one sentence that names the function and the field."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest
import xarray as xr
from models import (
    Cash,
    CashEvent,
    CashShock,
    WalkParams,
    walk,
    walk_events,
    walk_initial,
    walk_step,
)
from refusals import TIME, refusal, scenario_of

import montecarlo_ai as mc
from montecarlo_ai import memory


def misspelt_in_a_branch(state: Cash, params: WalkParams, shocks: CashShock, clock: mc.Clock) -> Cash:
    if state.cash > 1e9:
        return Cash(state.cahs)
    return state


def misspelt_keyword(state: Cash, params: WalkParams, shocks: CashShock, clock: mc.Clock) -> Cash:
    return Cash(cahs=state.cash)


def wrong_return(state: Cash, params: WalkParams, shocks: CashShock, clock: mc.Clock) -> Cash:
    return (state.cash,)


def wrong_field(state: Cash, params: WalkParams, shocks: CashShock, clock: mc.Clock) -> Cash:
    return Cash("a lot")


def no_annotation(state: Cash, params, shocks: CashShock, clock: mc.Clock) -> Cash:
    return state


def too_few(state: Cash, params: WalkParams, shocks: CashShock) -> Cash:
    return state


def not_compilable(state: Cash, params: WalkParams, shocks: CashShock, clock: mc.Clock) -> Cash:
    table = {"a": state.cash, "b": [1.0]}
    return Cash(float(str(table["a"])))


def helper_not_compilable(state: Cash, params: WalkParams, shocks: CashShock, clock: mc.Clock) -> Cash:
    return Cash(odd_helper(state.cash))


def odd_helper(x: float) -> float:
    return float(f"{x:.3f}")


def recursive(x: float) -> float:
    return x if x < 1.0 else recursive(x - 1.0)


def with_recursion(state: Cash, params: WalkParams, shocks: CashShock, clock: mc.Clock) -> Cash:
    return Cash(recursive(state.cash))


def boolean_margin(state: Cash, params: WalkParams, clock: mc.Clock) -> CashEvent:
    return CashEvent(state.cash < 0.0)


class Twice(NamedTuple):
    drift: float


def twice_step(state: Twice, params: WalkParams, shocks: CashShock, clock: mc.Clock) -> Twice:
    return state


def twice_initial(params: WalkParams) -> Twice:
    return Twice(1.0)


def twice_events(state: Twice, params: WalkParams, clock: mc.Clock) -> CashEvent:
    return CashEvent(1.0)


class Reserved(NamedTuple):
    path: float


def reserved_step(state: Reserved, params: WalkParams, shocks: CashShock, clock: mc.Clock) -> Reserved:
    return state


def reserved_initial(params: WalkParams) -> Reserved:
    return Reserved(1.0)


def reserved_events(state: Reserved, params: WalkParams, clock: mc.Clock) -> CashEvent:
    return CashEvent(1.0)


class Counted(NamedTuple):
    event_count: float


def counted_step(state: Counted, params: WalkParams, shocks: CashShock, clock: mc.Clock) -> Counted:
    return state


def counted_initial(params: WalkParams) -> Counted:
    return Counted(1.0)


class Any(NamedTuple):
    any: float


def counted_events(state: Counted, params: WalkParams, clock: mc.Clock) -> Any:
    return Any(1.0)


class Whole(NamedTuple):
    cash: int


def whole_step(state: Whole, params: WalkParams, shocks: CashShock, clock: mc.Clock) -> Whole:
    return state


def whole_initial(params: WalkParams) -> Whole:
    return Whole(1)


def whole_events(state: Whole, params: WalkParams, clock: mc.Clock) -> CashEvent:
    return CashEvent(1.0)


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (misspelt_in_a_branch, ["step: state.cahs", "Cash has no field 'cahs'", "did you mean 'cash'?"]),
        (misspelt_keyword, ["step", "cahs"]),
        (wrong_return, ["step: return value", "must return Cash", "tuple"]),
        (wrong_field, ["step: cash", "'a lot'", "must be a number"]),
        (no_annotation, ["step: params", "must be annotated"]),
        (too_few, ["step: arguments", "(state, params, shocks, clock[, forcing])"]),
        (with_recursion, ["recursive", "calls itself"]),
        (math.sqrt, ["step", "must be a plain Python function"]),
    ],
)
def test_mistakes_in_a_step(step, says):
    message = refusal(mc.ModelError, lambda: mc.simulate(scenario_of(step), n_paths=1, seed=1))
    for words in says:
        assert words in message


@pytest.mark.parametrize(
    ("step", "says"),
    [(not_compilable, "step = 'not_compilable'"), (helper_not_compilable, "step: odd_helper (line ")],
)
def test_what_cannot_be_compiled_names_the_function(step, says):
    message = refusal(mc.ModelError, lambda: mc.simulate(scenario_of(step), n_paths=1, seed=1))
    assert says in message
    assert "cannot be compiled" in message
    assert "Traceback" not in message


def test_names_used_twice_reserved_or_of_another_type():
    twice = refusal(mc.ModelError, lambda: mc.Model(twice_step, initial=twice_initial, events=twice_events))
    assert "State.drift and Params.drift" in twice
    assert "used twice" in twice
    kept = refusal(mc.ModelError, lambda: mc.Model(reserved_step, initial=reserved_initial, events=reserved_events))
    assert "State.path" in kept
    counted = refusal(mc.ModelError, lambda: mc.Model(counted_step, initial=counted_initial, events=counted_events))
    assert "State.event_count" in counted
    assert "Events.any = 'any': is what results call all chips together; rename the field" in counted
    named = refusal(mc.InputError, lambda: mc.Inputs({"event_count": 1.0}))
    assert "inputs.event_count" in named
    whole = refusal(mc.ModelError, lambda: mc.Model(whole_step, initial=whole_initial, events=whole_events))
    assert "Whole.cash" in whole
    assert "must be float" in whole


def test_a_boolean_where_a_margin_was_promised():
    message = refusal(mc.ModelError, lambda: scenario_of(events=boolean_margin))
    assert "events: cash" in message
    assert "margin" in message


def test_names_that_are_no_states_events_or_causes():
    message = refusal(
        mc.ModelError,
        lambda: mc.Model(
            walk_step, initial=walk_initial, events=walk_events, outputs=["cahs"], causes=["cash", "cash"], chips=["x"]
        ),
    )
    for words in ("outputs = 'cahs'", "did you mean 'cash'?", "stands twice", "chips = 'x'"):
        assert words in message


@pytest.mark.parametrize("argument", ["outputs", "causes", "chips", "long_names", "origin"])
@pytest.mark.parametrize("value", ["cash", 5])
def test_names_that_are_no_sequence(argument, value):
    with pytest.raises(mc.ModelError) as caught:
        mc.Model(walk_step, initial=walk_initial, events=walk_events, **{argument: value})
    assert caught.value.problems[0].field == argument
    assert caught.value.problems[0].value == value


def test_a_label_for_nothing():
    message = refusal(
        mc.ModelError,
        lambda: mc.Model(walk_step, initial=walk_initial, events=walk_events, long_names={"csah": "cash at hand"}),
    )
    assert "did you mean 'cash'?" in message


def test_all_that_are_no_functions_come_at_once():
    with pytest.raises(mc.ModelError) as caught:
        mc.Model(None, initial=5, events=math.sqrt)
    assert [problem.field for problem in caught.value.problems] == ["step", "initial", "events"]


def test_all_that_is_wrong_with_a_scenario_comes_at_once():
    with pytest.raises(mc.ScenarioError) as caught:
        mc.Scenario(
            mc.Model(walk_step, initial=walk_initial, events=walk_events),
            inputs={"drift": math.inf, "volatility": "x"},
            time=TIME,
            forcing=[1.0],
            shock_correlation={("cash", "cash"): 0.5},
            chips="cash",
            assumptions=5,
            document="x",
        )
    fields = [problem.field for problem in caught.value.problems]
    assert fields[:3] == ["inputs.drift", "inputs.volatility", "forcing"]
    assert fields[3:] == ["shock_correlation[cash, cash]", "chips", "assumptions", "document"]


def test_inputs_that_are_missing_or_unknown():
    message = refusal(mc.ScenarioError, lambda: scenario_of(inputs=mc.Inputs({"drfit": 0.1, "volatility": 1.0})))
    assert "inputs.drfit" in message
    assert "inputs.drift" in message
    assert "did you mean 'drift'?" in message


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("n_paths", 0), ("n_paths", -1), ("n_paths", 2.5), ("n_paths", True), ("n_paths", 10**12), ("n_paths", "5"),
        ("seed", -1), ("seed", True), ("seed", 5.0), ("seed", "5"), ("seed", 2**63),
        ("variables", ["cahs"]), ("variables", "cash"), ("dtype", "float16"), ("store_dtype", "int8"),
        ("threads", 0), ("threads", 1.5), ("progress", 3), ("progress", np.array([1, 2])),
        ("variables", 5), ("variables", [5]),
        ("dtype", np.array([1, 2])), ("store_dtype", np.array([1, 2])),
    ],
)  # fmt: skip
def test_arguments_of_a_run(argument, value):
    for run in (mc.simulate, mc.summarize):
        with pytest.raises(mc.InputError) as caught:
            run(walk(), **{"n_paths": 10, "seed": 1, argument: value})
        assert caught.value.problems[0].field.startswith(argument)
        assert caught.value.problems[0].rule


def test_all_mistakes_come_at_once():
    with pytest.raises(mc.InputError) as caught:
        mc.simulate(walk(), n_paths=0, seed=-1, variables=["cahs"], dtype="x", threads=0)
    assert len(caught.value.problems) == 5


def test_more_memory_than_there_is():
    message = refusal(mc.InputError, lambda: mc.simulate(walk(), n_paths=10**11, seed=1))
    for words in ("bytes", "available", "summarize"):
        assert words in message


@pytest.mark.parametrize("files", memory._CONTAINER_FILES)
def test_the_limit_of_a_container_is_the_memory_there_is(tmp_path, monkeypatch, files):
    monkeypatch.setattr(memory, "_CONTAINER", tmp_path)
    before = memory.available_memory()
    for file, text in zip(files, ("2_000_000", "1_500_000", "cache 1\ninactive_file 300_000\n"), strict=True):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text)
    assert memory.available_memory() == 800_000
    assert refusal(mc.InputError, lambda: mc.simulate(walk(), n_paths=10_000, seed=1)).count("800,000")
    (tmp_path / files[0]).write_text("max")
    assert before is None or memory.available_memory() > 800_000


def test_quantiles_of_a_summary():
    for levels in ([0.5, 1.5], [], "0.5", [0.5, 0.4], [0.5, 0.5], [float("nan")]):
        with pytest.raises(mc.InputError, match="quantiles"):
            mc.summarize(walk(), n_paths=10, seed=1, quantiles=levels)


def exploding(state: Cash, params: WalkParams, shocks: CashShock, clock: mc.Clock) -> Cash:
    return Cash(state.cash * (1e200 if shocks.cash > 1.0 else 1.0))


def test_a_value_that_is_not_finite_names_variable_path_and_step():
    for run in (mc.simulate, mc.summarize):
        with pytest.raises(mc.NumericalError, match=r"cash = inf on path \d+ at step \d+"):
            run(scenario_of(exploding), n_paths=5_000, seed=1, variables=[])


class TwoEvents(NamedTuple):
    broke: float
    bought: bool
    thin: float


def nan_margin(state: Cash, params: WalkParams, clock: mc.Clock) -> TwoEvents:
    return TwoEvents(state.cash, state.cash > 9.0, math.sqrt(state.cash + params.drift * clock.t) + params.volatility)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_margin_that_is_not_a_number_is_located(dtype):
    """The event, and the earliest step and path at which what its root is taken of is below zero."""
    drifts = mc.Inputs({"drift": mc.Uniform(0.0, 0.2), "volatility": 0.7})
    scenario = scenario_of(events=nan_margin, inputs=drifts)
    usual = mc.simulate(scenario_of(inputs=drifts), n_paths=200, seed=3, dtype=dtype)
    years = np.arange(13) / 12.0
    below = usual.cash.values + usual.drift.values * years[:, None] < 0.0
    step = int(np.flatnonzero(below.any(axis=1))[0])
    path = int(np.flatnonzero(below[step])[0])
    assert step > 1, "so that it is not at the first place of all"
    assert path > 0
    day = str(usual.time.values[step])[:10]
    says = rf"^events: thin = nan on path {path} at step {step} \({day}\): must be a number; look for"
    with pytest.raises(mc.NumericalError, match=says):
        mc.simulate(scenario, n_paths=200, seed=3, dtype=dtype)


def test_forcing_is_checked():
    message = refusal(mc.ScenarioError, lambda: scenario_of(forcing={"rent": [1.0] * 12}))
    assert "forcing.rent" in message


class Rent(NamedTuple):
    rent: float


def rent_step(state: Cash, params: WalkParams, shocks: CashShock, clock: mc.Clock, forcing: Rent) -> Cash:
    return Cash(state.cash - forcing.rent * clock.dt)


RENT = np.arange(12.0)


@pytest.mark.parametrize(
    ("forcing", "says"),
    [
        (RENT, ["forcing = ", "must map names to series"]),
        (5, ["forcing = ", "must map names to series"]),
        (xr.DataArray(RENT, dims="time"), ["forcing = ", "must map names to series"]),
        (None, ["forcing.rent", "is missing"]),
        ({"rent": np.arange(13.0)}, ["forcing.rent", "(13,)", "one value for each step"]),
        ({"rent": [True] * 12}, ["forcing.rent", "must be numbers"]),
        ({"rent": [[1.0], 2.0]}, ["forcing.rent", "must be numbers"]),
        ({"rent": RENT + 1j}, ["forcing.rent", "must be numbers"]),
        ({"rent": TIME.times[:-1]}, ["forcing.rent", "must be numbers"]),
        ({"rent": [*RENT[:-1], math.nan]}, ["forcing.rent[11]", "must be finite"]),
        (
            xr.Dataset({"rent": ("time", RENT)}, coords={"time": TIME.times[:-1][::-1]}),
            ["forcing.rent", "times 2026-12-01", "at which the steps start, 2026-01-01"],
        ),
    ],
)
def test_known_series_are_checked(forcing, says):
    message = refusal(mc.ScenarioError, lambda: scenario_of(rent_step, forcing=forcing))
    for words in says:
        assert words in message


def test_a_scenario_keeps_its_own_copy_of_a_known_series():
    values = RENT.copy()
    given = xr.Dataset({"rent": ("time", values)}, coords={"time": TIME.times[:-1]})
    scenario = scenario_of(rent_step, forcing=given)
    values[:] = 100.0
    assert scenario == scenario_of(rent_step, forcing={"rent": RENT})
    with pytest.raises(ValueError, match="read-only"):
        scenario.forcing["rent"][0] = 1.0


def test_correlation_of_shocks_is_checked():
    message = refusal(mc.ScenarioError, lambda: scenario_of(shock_correlation={("cash", "demand"): 0.5}))
    assert "shock_correlation" in message
