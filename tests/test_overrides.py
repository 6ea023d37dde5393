"""Overrides: what a dotted name replaces, how the command line states it, and what is refused."""

import copy
import datetime
import math
import tomllib
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from montecarlo_ai.checks import Checks
from montecarlo_ai.distributions import Constant, Normal
from montecarlo_ai.errors import InputError, ScenarioError
from montecarlo_ai.files.loading import document_to_toml, load_scenario, scenario_from_document
from montecarlo_ai.files.overrides import apply_overrides, parse_override
from montecarlo_ai.files.sources import read_layers
from montecarlo_ai.timegrid import TimeGrid

PRESET = "openai-2025-12"


@pytest.fixture
def document() -> dict[str, Any]:
    """The preset as a document."""
    return copy.deepcopy(dict(read_layers(PRESET, Checks()).document))


def varying_input(document: dict[str, Any]) -> str:
    """Return an input that is stated by an interval and correlated with nothing."""
    correlated = {name for entry in document.get("correlation", []) for name in entry["inputs"]}
    return next(name for name, entry in document["inputs"].items() if "interval" in entry and name not in correlated)


def test_overrides_replace_by_dotted_names(document: dict[str, Any]) -> None:
    name = varying_input(document)
    scenario = load_scenario(
        PRESET,
        overrides={
            "time.years": 2,
            f"inputs.{name}": 0.25,
            "chips": "cash",
            "name": "mine",
            "time.start": "2026-04-01",
        },
    )
    assert scenario.time == TimeGrid("2026-04-01", years=2)
    assert scenario.inputs.distributions[name] == Constant(0.25)
    assert scenario.assumptions[name].source == ("override",)
    assert (scenario.chips, scenario.name) == (("cash",), "mine")
    assert scenario.document is not None
    assert scenario.document["inputs"][name]["value"] == 0.25
    assert scenario_from_document(tomllib.loads(document_to_toml(scenario.document))).hash == scenario.hash


def test_one_way_to_state_a_distribution_displaces_another(document: dict[str, Any]) -> None:
    name = varying_input(document)
    document["inputs"][name].update({"distribution": "lognormal", "interval": [1.0, 2.0], "level": 0.5})

    def changed(key: str, value: object) -> dict[str, Any]:
        entry = apply_overrides(document, {f"inputs.{name}{key}": value})["inputs"][name]
        return {kept: entry[kept] for kept in entry if kept not in ("units", "source", "date", "rationale")}

    assert changed(".interval", [3, 4]) == {"distribution": "lognormal", "interval": [3, 4], "level": 0.5}
    assert changed(".level", 0.8) == {"distribution": "lognormal", "interval": [1.0, 2.0], "level": 0.8}
    assert changed(".mu", 1.0) == {"distribution": "lognormal", "mu": 1.0}
    assert changed(".quantiles", {"0.5": 1.0}) == {"distribution": "lognormal", "quantiles": {"0.5": 1.0}}
    assert changed(".value", 2) == {"value": 2}
    assert changed("", 2) == {"value": 2}
    assert changed("", np.float64(2.0)) == {"value": 2.0}
    assert changed("", Normal(0.0, 1.0)) == {"distribution": "normal", "mean": 0.0, "sd": 1.0}
    assert changed(".distribution", "uniform") == {"distribution": "uniform", "interval": [1.0, 2.0], "level": 0.5}
    assert document["inputs"][name]["interval"] == [1.0, 2.0]


def test_an_override_keeps_units_and_says_that_it_is_one(document: dict[str, Any]) -> None:
    name = varying_input(document)
    entry = apply_overrides(document, {f"inputs.{name}": 1.0})["inputs"][name]
    assert entry == {"units": document["inputs"][name]["units"], "source": "override", "value": 1.0}
    noted = apply_overrides(document, {f"inputs.{name}.rationale": "why"})["inputs"][name]
    assert noted == {**document["inputs"][name], "rationale": "why"}


def test_a_number_in_place_of_a_correlated_input_frees_the_other(document: dict[str, Any]) -> None:
    first, second = document["correlation"][0]["inputs"]
    scenario = load_scenario(PRESET, overrides={f"inputs.{first}": 0.3})
    assert all(first not in pair for pair in scenario.inputs.correlation)
    assert second in scenario.inputs.varying


def test_overrides_of_contracts_name_the_counterparty(document: dict[str, Any]) -> None:
    counterparty = document["contracts"][0]["counterparty"]
    changed = apply_overrides(document, {f"contracts.{counterparty}.base_bill": 7.0})
    assert changed["contracts"][0]["base_bill"] == 7.0
    assert document["contracts"][0]["base_bill"] != 7.0


def test_what_a_file_states_beside_its_numbers_can_be_replaced() -> None:
    """The day of a winter, with the provenance of an override; who is meant; the copula; what is known of before."""
    base = load_scenario(PRESET)
    document = base.document or {}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        winter = load_scenario(PRESET, overrides={"regimes.winter_from": datetime.date(2027, 6, 1)})
        assert (
            winter.hash == load_scenario(PRESET, overlays=["winter-from=2027-06-01"], overrides={"name": PRESET}).hash
        )
        student = load_scenario(PRESET, overrides={"dependence.copula": ["t", 4.0]})
        other = load_scenario(PRESET, overrides={"entity": "Anthropic", "base_period.note": "mine"})
    assert student.hash != base.hash
    assert (winter.document or {})["regimes"]["source"] == "override"
    assert "rationale" not in (winter.document or {})["regimes"]
    assert other.hash == base.hash
    assert (other.document or {})["entity"] == "Anthropic"
    assert (other.document or {})["base_period"] == {**document["base_period"], "note": "mine"}


def test_all_mistakes_of_files_overlays_and_overrides_come_at_once(tmp_path: Path) -> None:
    text = f'schema_version = 1\nbase = "{PRESET}"\n[time]\nyears = -1\n[inputs.churn]\nvalue = 1\nsgima = 2\n'
    (tmp_path / "mine.toml").write_text(text)
    overlay = tmp_path / "over.toml"
    overlay.write_text('schema_version = 1\nname = "over"\n[inputs.chrun]\nmultiply = 2.0\n')
    with pytest.raises(ScenarioError) as caught:
        load_scenario(
            tmp_path / "mine.toml",
            overlays=["price-wars", overlay],
            overrides={"tmie.start": 1, "inputs.take_or_pay": "x", "entity": "Nobody"},
        )
    assert {problem.field: problem.place.rpartition("/")[2] for problem in caught.value.problems} == {
        "inputs.churn.sgima": "line 7",
        "time.years": "line 4",
        "overlay": "",
        "inputs.chrun": "over.toml line 3",
        "tmie.start": "",
        "inputs.take_or_pay": "",
        "entity": "",
    }


@pytest.mark.parametrize("overrides", [[1], "time.years=3", 3, [("time.years", 3)]])
def test_overrides_that_are_no_mapping_are_refused(overrides: Any) -> None:
    with pytest.raises(ScenarioError, match=r"overrides = .* must be a mapping"):
        load_scenario(PRESET, overrides=overrides)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("regimes.winter_form", "2027-01-01", "winter_from"),
        ("regimes.winter_from", "soon", "must be a date"),
        ("regimes.winter_from", "2040-01-01", "before the end"),
        ("dependence.copla", "gaussian", "dependence.copula"),
        ("dependence.copula", "clayton", "dependence.copula"),
        ("entity", "OpenAl", "did you mean 'OpenAI'"),
        ("base_period.cash", math.inf, "finite"),
        ("base_period", 1.0, "no name"),
        ("inputs.chrun", 1.0, "churn"),
        ("inputs.churn", True, "must be a number"),
        ("inputs.churn", "high", "must be a number"),
        ("inputs.churn", math.nan, "finite"),
        ("inputs.churn.sgima", 1.0, "sgima"),
        ("inputs.churn.interval", [2, 1], "ascend"),
        ("time.yeras", 1.0, "time.years"),
        ("time.years", -1.0, "time.years"),
        ("tmie.years", 1.0, "time.years"),
        ("schema_version", 2, "schema_version"),
        ("chips", ["cahs"], "cash"),
        ("contracts.Nobody.base_bill", 1.0, "counterparty"),
        ("", 1.0, "no name"),
        (3, 1.0, "dotted name"),
    ],
)
def test_bad_overrides_are_named(name: str, value: object, words: str) -> None:
    with pytest.raises(InputError) as caught:
        load_scenario(PRESET, overrides={name: value})
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("time.years=3", ("time.years", 3)),
        ("inputs.churn=0.5", ("inputs.churn", 0.5)),
        (" inputs.churn = 5e-1 ", ("inputs.churn", 0.5)),
        ("inputs.churn.interval=[5.2e9, 6.4e9]", ("inputs.churn.interval", [5.2e9, 6.4e9])),
        ('chips=["cash"]', ("chips", ["cash"])),
        ("name=winter", ("name", "winter")),
        ("name=a = b", ("name", "a = b")),
        ("name='a=b'", ("name", "a=b")),
        ("time.start=2026-01-01", ("time.start", datetime.date(2026, 1, 1))),
        ("inputs.churn={ value = 1 }", ("inputs.churn", {"value": 1})),
        ("x=true", ("x", True)),
    ],
)
def test_overrides_on_the_command_line_are_toml_values(text: str, expected: tuple[str, object]) -> None:
    assert parse_override(text) == expected


@pytest.mark.parametrize("text", ["", "x", "=3", "x=", "x=[1,", 'x="a', "x=1.2.3", "x=1\ny=2", "x=" + "[" * 5000])
def test_what_is_no_override_is_refused(text: str) -> None:
    with pytest.raises(ScenarioError, match="--set"):
        parse_override(text)
