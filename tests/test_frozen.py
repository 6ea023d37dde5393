"""A scenario stays what its hash says: nothing in it can be changed, and it travels between processes as it is."""

from __future__ import annotations

import copy
import datetime
import operator
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from models import business, walk

import montecarlo_ai as mc
from montecarlo_ai.assumptions import Assumption


@pytest.fixture(scope="module")
def preset():
    return mc.load_scenario("openai-2025-12")


TABLES = {
    "inputs": lambda s: s.inputs.distributions,
    "constants": lambda s: s.inputs.constants,
    "forcing": lambda s: s.forcing,
    "context": lambda s: s.context,
    "shock_correlation": lambda s: s.shock_correlation,
    "shock_dependence": lambda s: s.shock_dependence,
    "assumptions": lambda s: s.assumptions,
    "units": lambda s: s.model.units,
    "bounds": lambda s: s.model.bounds,
    "long_names": lambda s: s.model.long_names,
}


@pytest.mark.parametrize("table", TABLES)
def test_tables_of_a_scenario_cannot_be_changed(table, preset):
    for scenario in (preset, business()):
        before = dict(TABLES[table](scenario))
        for change in (operator.setitem, lambda table, name, value: table.update({name: value})):
            with pytest.raises((TypeError, AttributeError)):
                change(TABLES[table](scenario), next(iter(before), "new"), 1.0)
        assert dict(TABLES[table](scenario)).keys() == before.keys()


@pytest.mark.parametrize("table", TABLES)
def test_tables_of_a_scenario_serve_to_make_others(table, preset):
    """As a dict does: a copy, and a table with entries of one's own, both of which may be changed."""
    entries = TABLES[table](preset)
    assert entries.copy() == entries
    assert (entries | {"new": 1.0}) == {**entries, "new": 1.0}
    assert ({"new": 1.0} | entries) == {"new": 1.0, **entries}
    before = len(entries)
    for made in (entries.copy(), entries | {}, {} | entries):
        made["other"] = 1.0
    assert len(entries) == before
    with pytest.raises(TypeError):
        entries | 1


def test_arrays_of_a_scenario_cannot_be_changed():
    scenario = business()
    for array in (scenario.forcing["rent"], scenario.shock_factor[1]):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0.0


def test_attributes_cannot_be_changed():
    scenario = business()
    with pytest.raises(AttributeError, match="use with_inputs, with_time or with_overlays to change chips"):
        scenario.chips = ()
    for name in ("causes", "step", "outputs"):
        with pytest.raises(AttributeError, match=f"a Model is frozen: make another to change {name}"):
            setattr(scenario.model, name, ())
    with pytest.raises(AttributeError, match="cannot be deleted"):
        del scenario.model.causes


def test_what_it_was_made_of_may_change_afterwards():
    values = {"drift": 0.1, "volatility": mc.Uniform(0.1, 0.3)}
    given = {"drift": Assumption("", ("judgement",), datetime.date(2026, 1, 1), "r", mc.Constant(0.1))}
    scenario = mc.Scenario(walk().model, inputs=values, time=walk().time, assumptions=given)
    due = scenario.hash
    values["drift"] = 0.2
    given.clear()
    assert scenario.hash == due
    assert scenario.inputs.constants["drift"] == 0.1
    assert list(scenario.assumptions) == ["drift"]


def test_a_result_that_is_changed_leaves_the_scenario_as_it_was(preset):
    ran = mc.simulate(preset, n_paths=1, seed=1)
    due = ran.commitment.values.copy()
    ran.commitment.values[...] = 0.0
    np.testing.assert_array_equal(mc.simulate(preset, n_paths=1, seed=1).commitment.values, due)


def test_a_copy_is_the_scenario_itself(preset):
    for scenario in (preset, walk()):
        assert copy.copy(scenario) is copy.deepcopy(scenario) is scenario


@pytest.mark.parametrize(
    "changed",
    [
        lambda preset: preset,
        lambda preset: preset.with_overlays("price-war", "winter-from=2027-06-30"),
        lambda preset: preset.with_inputs(base_cash=3e10).with_time(years=2),
        lambda preset: business(),
    ],
)
def test_a_pickled_scenario_is_the_same(changed, preset):
    scenario = changed(preset)
    again = pickle.loads(pickle.dumps(scenario))
    assert again == scenario
    assert again.canonical() == scenario.canonical()
    assert dict(again.assumptions) == dict(scenario.assumptions)
    assert again.document == scenario.document
    one, other = (mc.simulate(each, n_paths=300, seed=5, variables=["cash"]) for each in (scenario, again))
    assert (one.cash.values == other.cash.values).all()
    if scenario.document is not None:
        assert again.with_overlays("no-new-funding") == scenario.with_overlays("no-new-funding")
        assert again.to_toml() == scenario.to_toml()
    with pytest.raises(AttributeError, match="frozen"):
        again.name = "other"


def test_another_process_reads_a_pickled_preset(preset, tmp_path):
    (tmp_path / "preset").write_bytes(pickle.dumps(preset))
    program = f"import pickle; print(pickle.load(open({str(tmp_path / 'preset')!r}, 'rb')).hash)"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True, cwd=ROOT)
    assert told.stdout.strip() == preset.hash


ROOT = Path(mc.__file__).parent.parent


def test_a_result_of_a_preset_carries_its_scenario_to_another_process(preset):
    ran = mc.simulate(preset, n_paths=2, seed=1)
    again = pickle.loads(pickle.dumps(ran))
    np.testing.assert_array_equal(mc.replay(again, 1).cash.values, ran.cash.values[:, 1])


def test_functions_that_do_not_travel_are_named():
    def begin(params):
        return None

    model = walk().model
    begin.__annotations__.update({"params": model.params_type, "return": model.state_type})
    local = mc.Model(model.step, initial=begin, events=model.events)
    with pytest.raises(pickle.PicklingError, match=r"Model\.initial = .*<locals>\.begin.*define it in a module"):
        pickle.dumps(local)


@pytest.mark.parametrize(
    ("given", "field", "says"),
    [
        ({"drift": {"source": ["judgement"]}}, "assumptions.drift", "must be an Assumption"),
        ({"drfit": Assumption("", (), None, "", mc.Constant(0.1))}, "assumptions.drfit", "did you mean 'drift'"),
        ([1], "assumptions", "must be a table"),
    ],
)
def test_assumptions_are_checked(given, field, says):
    with pytest.raises(mc.ScenarioError, match=says) as caught:
        mc.Scenario(walk().model, inputs=walk().inputs, time=walk().time, assumptions=given)
    assert caught.value.problems[0].field == field
