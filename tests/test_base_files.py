"""Files that change others: what merges, what is inherited, and names that must not leave their folder."""

from __future__ import annotations

import copy
import os
import tomllib
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from montecarlo_ai.assumptions import MissingProvenanceWarning
from montecarlo_ai.distributions import LogNormal, Uniform
from montecarlo_ai.errors import ScenarioError
from montecarlo_ai.files.loading import document_to_toml, load_scenario, scenario_from_document
from montecarlo_ai.files.sources import MOST_BASES

PRESET = "openai-2025-12"
NOTED = 'source = "judgement"\ndate = 2025-12-31\nrationale = "mine"\n'


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(f"schema_version = 1\n{text}", encoding="utf-8")
    return path


def test_a_file_that_changes_nothing_is_its_base(tmp_path: Path) -> None:
    scenario = load_scenario(write(tmp_path, "mine.toml", f'base = "{PRESET}"'))
    assert scenario == load_scenario(PRESET)
    assert scenario.document is not None
    assert "base" not in scenario.document
    assert load_scenario(write(tmp_path, "again.toml", 'base = "mine.toml"')) == scenario


def test_tables_merge_and_new_numbers_do_not_inherit_provenance(tmp_path: Path) -> None:
    text = f"""
base = "{PRESET}"
name = "mine"
[time]
years = 2
[inputs.churn]
interval = [0.4, 0.8]
{NOTED}
[inputs.take_or_pay]
rationale = "another"
[[contracts]]
counterparty = "Oracle"
base_bill = 1.0e9
{NOTED}
[[contracts]]
counterparty = "Cerebras"
base_bill = 0.0
added_bill = [1.0e9]
{NOTED}
"""
    base = load_scenario(PRESET)
    with warnings.catch_warnings():
        warnings.simplefilter("error", MissingProvenanceWarning)
        scenario = load_scenario(write(tmp_path, "mine.toml", text))
    assert (scenario.name, scenario.time.years, scenario.time.steps_per_year) == ("mine", 2, 12)
    assert scenario.inputs.distributions["churn"] == LogNormal.from_interval(0.4, 0.8)
    assert scenario.inputs.distributions["take_or_pay"] == base.inputs.distributions["take_or_pay"]
    assert scenario.assumptions["take_or_pay"].rationale == "another"
    assert scenario.document is not None
    bills = {entry["counterparty"]: entry for entry in scenario.document["contracts"]}
    before = {entry["counterparty"]: entry for entry in (base.document or {})["contracts"]}
    assert list(bills) == [*before, "Cerebras"]
    assert bills["Oracle"]["base_bill"] == 1.0e9
    assert bills["Oracle"]["added_bill"] == before["Oracle"]["added_bill"]
    assert bills["Oracle"]["source"] == "judgement"
    silent = text.replace(NOTED, "", 1)
    with pytest.warns(MissingProvenanceWarning, match=r"inputs\.churn \(source, date, rationale\)"):
        load_scenario(write(tmp_path, "silent.toml", silent))


def test_a_number_in_place_of_a_correlated_input_frees_the_other(tmp_path: Path) -> None:
    text = f'base = "{PRESET}"\n[inputs.hardware_gain]\nvalue = 0.3\n{NOTED}'
    scenario = load_scenario(write(tmp_path, "mine.toml", text))
    assert not (scenario.document or {})["correlation"]
    stated = text + '[[correlation]]\ninputs = ["hardware_gain", "energy_gain"]\nvalue = 0.5\n'
    with pytest.raises(ScenarioError, match="constant"):
        load_scenario(write(tmp_path, "stated.toml", stated))


def test_a_stated_pair_replaces_that_of_the_base(tmp_path: Path) -> None:
    text = f'base = "{PRESET}"\n[[correlation]]\ninputs = ["energy_gain", "hardware_gain"]\nvalue = 0.2\n'
    (value,) = load_scenario(write(tmp_path, "mine.toml", text)).inputs.correlation.values()
    assert value == 0.2


@pytest.mark.parametrize("name", ["../base.toml", "/etc/passwd", "sub/../../base.toml", "..\\base.toml", "~/base.toml"])
def test_a_base_outside_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "inside"
    folder.mkdir()
    write(tmp_path, "base.toml", f'base = "{PRESET}"')
    with pytest.raises(ScenarioError, match="must not leave the folder"):
        load_scenario(write(folder, "mine.toml", f"base = '{name}'"))


def test_a_link_that_leads_out_is_refused_and_one_inside_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "inside"
    folder.mkdir()
    write(tmp_path, "outside.toml", f'base = "{PRESET}"')
    write(folder, "there.toml", f'base = "{PRESET}"')
    os.symlink(tmp_path / "outside.toml", folder / "out.toml")
    os.symlink(folder / "there.toml", folder / "in.toml")
    os.symlink(tmp_path, folder / "up")
    assert load_scenario(write(folder, "mine.toml", 'base = "in.toml"')) == load_scenario(PRESET)
    for name in ("out.toml", "up/outside.toml"):
        with pytest.raises(ScenarioError, match="must not leave the folder"):
            load_scenario(write(folder, "mine.toml", f'base = "{name}"'))


@pytest.mark.parametrize(
    ("base", "words"),
    [
        ('"openai-2025-21"', "did you mean 'openai-2025-12'"),
        ('"missing.toml"', "neither a preset nor a file"),
        ('""', "must be the name"),
        ("3", "must be the name"),
        ('"mine.toml"', "circle"),
        ('"other.toml"', "circle"),
        (f'"{"x" * 500}"', "neither a preset nor a file"),
        ('"bad.toml"', "upgrade"),
    ],
)
def test_bases_that_cannot_be_used_are_named(tmp_path: Path, base: str, words: str) -> None:
    write(tmp_path, "other.toml", 'base = "mine.toml"')
    (tmp_path / "bad.toml").write_text("schema_version = 2")
    with pytest.raises(ScenarioError, match=words):
        load_scenario(write(tmp_path, "mine.toml", f"base = {base}"))


def test_chains_have_an_end(tmp_path: Path) -> None:
    write(tmp_path, "0.toml", f'base = "{PRESET}"')
    for k in range(1, MOST_BASES + 1):
        write(tmp_path, f"{k}.toml", f'base = "{k - 1}.toml"')
    load_scenario(tmp_path / f"{MOST_BASES - 1}.toml")
    with pytest.raises(ScenarioError, match=f"more than {MOST_BASES}"):
        load_scenario(tmp_path / f"{MOST_BASES}.toml")


def test_errors_name_the_file_and_the_line(tmp_path: Path) -> None:
    write(tmp_path, "base.toml", f'base = "{PRESET}"\n\n[inputs.churn]\ninterval = [2.0, 1.0]\n')
    path = write(tmp_path, "mine.toml", 'base = "base.toml"\n[time]\nyears = -1\n')
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    places = {problem.field.partition(":")[0]: problem.place for problem in caught.value.problems}
    assert places == {"time.years": "line 4", "inputs.churn.interval": "base.toml line 5"}


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("[inputs]\nchurn = { interval = [2.0, 1.0] }\n", {"inputs.churn.interval": "line 4"}),
        ("[inputs]\nchurn = { intervall = [1.0, 2.0] }\n", {"inputs.churn.intervall": "line 4"}),
        ("\n[inputs.churn]\nvalue = 1\nsgima = 2\n", {"inputs.churn.sgima": "line 6"}),
        ("inputs.churn.interval = [2.0, 1.0]\n", {"inputs.churn.interval": "line 3"}),
        ("inputs = { churn = { interval = [2.0, 1.0] } }\n", {"inputs.churn.interval": "line 3"}),
        ('contracts = [{ counterparty = "Oracle", base_bill = -1.0 }]\n', {"contracts.Oracle.base_bill": "line 3"}),
        ("time = { start = 2026-01-01, years = -1 }\n", {"time.years": "line 3"}),
        ("time.years = -1\n", {"time.years": "line 3"}),
    ],
)
def test_errors_name_the_line_of_the_file_that_states_the_value_however_it_is_written(
    tmp_path: Path, text: str, places: dict[str, str]
) -> None:
    path = write(tmp_path, "mine.toml", f'base = "{PRESET}"\n{text}')
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    assert {problem.field: problem.place for problem in caught.value.problems} == places


def test_quantiles_take_ends_in_any_order(tmp_path: Path) -> None:
    """Of a family that is bounded by them, over one that is."""
    quantiles, ends = 'quantiles = { "0.05" = 1.0, "0.5" = 2.0, "0.95" = 4.0 }\n', "low = 0.5\nhigh = 9.0\n"
    named = f'base = "{PRESET}"\n[inputs.churn]\ndistribution = "metalog"\nlow = 0.1\nhigh = 20.0\n{quantiles}{NOTED}'
    write(tmp_path, "base.toml", named)
    made = [
        load_scenario(write(tmp_path, "mine.toml", f'base = "base.toml"\n[inputs.churn]\n{keys}{NOTED}'))
        for keys in (quantiles + ends, ends + quantiles, 'distribution = "metalog"\n' + ends + quantiles)
    ]
    assert made[0] == made[1] == made[2] != load_scenario(tmp_path / "base.toml")


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("value = 1\nsgima = 2", {"sgima": "did you mean 'sigma'"}),
        ("sgima = 2\nvalue = 1", {"sgima": "did you mean 'sigma'"}),
        ("interval = [1, 2]\nlvel = 0.5", {"lvel": "did you mean 'level'"}),
        ('interval = [1, 2]\nsorce = "judgement"', {"sorce": "did you mean 'source'"}),
        ('value = 1\nunit = "1/year"\ndaet = 1', {"unit": "did you mean 'units'", "daet": "did you mean 'date'"}),
        ('distribution = "normal"\nmaen = 1\nsd = 1', {"maen": "did you mean 'mean'"}),
        ("value = 1\nsigma = 2", {"sigma": 'no key of a distribution "constant"'}),
        ("sigma = 2\nvalue = 1", {"sigma": 'no key of a distribution "constant"'}),
        ("sigma = 2\ninterval = [1, 2]", {"sigma": "stands beside interval"}),
        ("interval = [1, 2]\nsigma = 2", {"sigma": "stands beside interval"}),
    ],
)
def test_a_key_that_does_not_belong_is_refused_wherever_it_stands(
    tmp_path: Path, keys: str, words: dict[str, str]
) -> None:
    """It neither displaces what stands beside it nor is displaced in silence."""
    path = write(tmp_path, "mine.toml", f'base = "{PRESET}"\n[inputs.churn]\n{keys}\n')
    overlay = write(tmp_path, "over.toml", f'name = "over"\n[inputs.churn]\n{keys}\n')
    for made in (
        lambda: load_scenario(path),
        lambda: load_scenario(PRESET, overlays=[overlay]),
        lambda: load_scenario(PRESET, overrides={"inputs.churn": tomllib.loads(keys)}),
    ):
        with pytest.raises(ScenarioError) as caught:
            made()
        told = {problem.field.removeprefix("inputs.churn."): str(problem) for problem in caught.value.problems}
        assert set(told) == set(words)
        assert all(words[key] in told[key] for key in words)


# Units


def measured(units: str, low: float, high: float) -> str:
    return f'[inputs.base_cash]\ndistribution = "uniform"\nlow = {low}\nhigh = {high}\nunits = "{units}"\n{NOTED}'


def test_units_of_a_file_become_those_of_the_model(tmp_path: Path) -> None:
    path = write(tmp_path, "mine.toml", f'base = "{PRESET}"\n{measured("billion USD", 30.0, 50.0)}')
    scenario = load_scenario(path)
    assert scenario.inputs.distributions["base_cash"] == Uniform(30e9, 50e9)
    assert scenario.assumptions["base_cash"].units == "USD"
    assert scenario.document is not None
    assert scenario.document["inputs"]["base_cash"]["units"] == "USD"
    assert scenario_from_document(scenario.document) == scenario
    with pytest.raises(ScenarioError, match=r"inputs\.base_cash\.units"):
        load_scenario(
            write(tmp_path, "bad.toml", path.read_text().partition("\n")[2].replace("billion USD", "billion USD/year"))
        )


def test_a_bare_number_beside_other_units_is_refused_not_guessed(tmp_path: Path) -> None:
    path = write(tmp_path, "mine.toml", f'base = "{PRESET}"\n{measured("billion USD", 30.0, 50.0)}')
    bare: list[dict[str, Any]] = [
        {"inputs.base_cash": 40.0},
        {"inputs.base_cash": 40e9},
        {"inputs.base_cash.low": 31.0},
        {"inputs.base_cash": Uniform(30e9, 50e9)},
    ]
    for overrides in bare:
        with pytest.raises(ScenarioError, match="billion USD"):
            load_scenario(path, overrides=overrides)
    for value in ({"value": 40.0, "units": "billion USD"}, {"value": 40e9, "units": "USD"}):
        changed = load_scenario(path, overrides={"inputs.base_cash": value})
        assert changed.inputs.constants["base_cash"] == 40e9
    child = write(tmp_path, "child.toml", f'base = "mine.toml"\n[inputs.base_cash]\nlow = 20.0\n{NOTED}')
    with pytest.raises(ScenarioError, match="billion USD"):
        load_scenario(child)
    # Where file and model agree, a bare number is in their units.
    assert load_scenario(PRESET, overrides={"inputs.base_cash": 40e9}).inputs.constants["base_cash"] == 40e9


def test_units_do_not_change_without_the_numbers(tmp_path: Path) -> None:
    text = f'base = "{PRESET}"\n[inputs.base_cash]\nunits = "billion USD"\n'
    with pytest.raises(ScenarioError, match="without the numbers"):
        load_scenario(write(tmp_path, "mine.toml", text))
    with pytest.raises(ScenarioError, match="without the numbers"):
        load_scenario(PRESET, overrides={"inputs.base_cash.units": "billion USD"})


def test_with_inputs_on_a_file_in_other_units_is_in_the_models(tmp_path: Path) -> None:
    path = write(tmp_path, "mine.toml", f'base = "{PRESET}"\n{measured("billion USD", 30.0, 50.0)}')
    scenario = load_scenario(path).with_inputs(base_cash=40e9)
    assert scenario.inputs.constants["base_cash"] == 40e9
    assert scenario_from_document(copy.deepcopy(dict(scenario.document or {}))) == scenario
    other = load_scenario(path).with_inputs(base_cash=Uniform(30.0, 50.0).with_units("billion USD"))
    assert other.inputs.distributions["base_cash"] == Uniform(30e9, 50e9)
    both = other.with_inputs(base_cash=40e9)
    for made in (other, both):
        text = document_to_toml(made.document or {})
        assert scenario_from_document(tomllib.loads(text)) == made
    assert both.inputs.constants["base_cash"] == 40e9
    assert np.isclose(other.inputs.distributions["base_cash"].mean(), 40e9)
