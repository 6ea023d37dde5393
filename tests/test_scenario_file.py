"""Scenario files: what is read, what overrides replace, and every way in which a file can be wrong."""

import copy
import datetime
import json
import math
import tomllib
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from montecarlo_ai.assumptions import MissingProvenanceWarning, fact_table
from montecarlo_ai.distributions import LogNormal
from montecarlo_ai.errors import ScenarioError
from montecarlo_ai.files.document import parse_document
from montecarlo_ai.files.loading import (
    document_to_toml,
    load_scenario,
    preset_names,
    scenario_from_canonical,
    scenario_from_document,
)
from montecarlo_ai.lab import Contract, build

PRESET = "openai-2025-12"


@pytest.fixture(scope="module")
def preset() -> dict[str, Any]:
    """The preset as a document."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", MissingProvenanceWarning)
        document = load_scenario(PRESET).document
    assert document is not None
    return dict(document)


@pytest.fixture
def document(preset: dict[str, Any]) -> dict[str, Any]:
    """A copy of the preset to spoil."""
    return copy.deepcopy(preset)


def problems_of(document: dict[str, Any]) -> dict[str, str]:
    """Return the problems of a document, text by field."""
    with pytest.raises(ScenarioError) as caught:
        scenario_from_document(document)
    return {problem.field: str(problem) for problem in caught.value.problems}


def varying_input(document: dict[str, Any]) -> str:
    """Return an input that is stated by an interval and correlated with nothing."""
    correlated = {name for entry in document.get("correlation", []) for name in entry["inputs"]}
    return next(name for name, entry in document["inputs"].items() if "interval" in entry and name not in correlated)


def test_presets_load_and_every_number_has_its_provenance() -> None:
    assert PRESET in preset_names()
    for name in preset_names():
        with warnings.catch_warnings():
            warnings.simplefilter("error", MissingProvenanceWarning)
            scenario = load_scenario(name)
        assert scenario.name == name
        assert tuple(scenario.assumptions) == scenario.inputs.names == scenario.model.param_fields
        for field, assumption in scenario.assumptions.items():
            assert assumption.units == scenario.model.units[field]
            assert assumption.distribution == scenario.inputs.distributions[field]
            assert isinstance(assumption.date, datetime.date)
            assert assumption.rationale
            assert set(assumption.source) <= {*fact_table(), "judgement"}


def test_a_file_is_the_preset_it_was_written_from(preset: dict[str, Any], tmp_path: Path) -> None:
    text = document_to_toml(preset)
    assert tomllib.loads(text) == preset
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    for given in (path, str(path)):
        assert load_scenario(given).hash == load_scenario(PRESET).hash


def test_numpy_values_are_written_as_plain_ones() -> None:
    text = document_to_toml({"a": np.float64(1.5), "b": (np.int64(2), 3), "c": np.array([1.0, 2.0])})
    assert tomllib.loads(text) == {"a": 1.5, "b": [2, 3], "c": [1.0, 2.0]}


def test_canonical_text_rebuilds_the_scenario() -> None:
    scenario = load_scenario(PRESET, overrides={"time.years": 2, "time.steps_per_year": 4})
    again = scenario_from_canonical(scenario.canonical())
    assert again.hash == scenario.hash
    assert again.inputs.names == scenario.inputs.names
    assert again.time == scenario.time
    for name, series in scenario.forcing.items():
        assert np.array_equal(series, again.forcing[name])


@pytest.mark.parametrize("spoil", [lambda text: "x", lambda text: "[]", lambda text: "{}", lambda text: text[:-1]])
def test_text_that_is_no_canonical_form_is_refused(spoil: Callable[[str], str]) -> None:
    with pytest.raises(ScenarioError, match="canonical"):
        scenario_from_canonical(spoil(load_scenario(PRESET).canonical()))


def test_models_of_ones_own_do_not_come_back_from_text() -> None:
    content = json.loads(load_scenario(PRESET).canonical())
    content["model"] = {"functions": {"step": "..."}}
    with pytest.raises(ScenarioError, match="scenario="):
        scenario_from_canonical(json.dumps(content))


def test_facts_are_read_by_id() -> None:
    facts = fact_table()
    row = facts["openai_infrastructure_commitments_total_2025_12_01"]
    assert float(row["value"]) == 1.4e12
    assert row["unit"] == "USD"


# Files that cannot be read


def test_unknown_presets_come_with_a_suggestion() -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario("openai-2025-21")
    assert f"did you mean '{PRESET}'?" in str(caught.value)
    assert all(name in str(caught.value) for name in preset_names())


@pytest.mark.parametrize("path", ["missing.toml", "folder/missing", "a\0b.toml", "../outside"])
def test_files_that_are_not_there_are_named(path: str) -> None:
    with pytest.raises(ScenarioError, match="scenario ="):
        load_scenario(path)


@pytest.mark.parametrize("given", [3, None, b"x", ["a"]])
def test_what_is_no_name_is_refused(given: object) -> None:
    with pytest.raises(ScenarioError):
        load_scenario(given)  # type: ignore[arg-type]


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read"):
        load_scenario(tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b'a = 1\nb = "\xff"', "line 2"),
        (b"\xef\xbb\xbfa = 1", "byte order mark"),
        (b"a = 1\na = 2\nb = 3", "line 2"),
        (b"a = 1\nb = = 2", "line 2"),
        (b'a = "\x00"', "not TOML"),
        (b"a = " + b"9" * 5000, "not TOML"),
        (b"a = " + b"[" * 20_000, "nests"),
        (b"a = " + b"[" * 100 + b"]" * 100, "nests"),
        (b".".join([b"a"] * 3000) + b" = 1", "nests"),
        (b"#" * (2**20 + 1), "MiB"),
    ],
)
def test_content_that_is_no_document_is_refused(content: bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=words):
        parse_document(content, "mine.toml")
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    with pytest.raises(ScenarioError, match=words):
        load_scenario(path)


@pytest.mark.parametrize(
    ("version", "words"),
    [("2", "upgrade"), ("0", "must be 1"), ("true", "must be 1"), ('"1"', "must be 1"), ("1.0", "must be 1")],
)
def test_other_versions_of_the_form_are_refused(version: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(f"schema_version = {version}\nnew_section = {{}}")
    with pytest.raises(ScenarioError, match=words) as caught:
        load_scenario(path)
    assert len(caught.value.problems) == 1


# Files whose content is wrong


def spoil(document: dict[str, Any], place: str, value: object) -> None:
    """Set a value at a dotted place; ``...`` deletes it."""
    *outer, last = [int(part) if part.isdigit() else part for part in place.split("/")]
    table: Any = document
    for part in outer:
        table = table[part]
    if value is ...:
        del table[last]
    else:
        table[last] = value


@pytest.mark.parametrize(
    ("place", "value", "field", "words"),
    [
        ("nmae", "x", "nmae", "did you mean 'name'?"),
        ("name", ..., "name", "must be given"),
        ("name", 3, "name", "must be text"),
        ("name", "", "name", "empty"),
        ("model", "lba", "model", '"lab"'),
        ("model", 10**1000, "model", "digits"),
        ("title", 1.0, "title", "must be text"),
        ("chips", ["cash", "cahs"], "chips", "cash"),
        ("chips", 3, "chips", "must be a list"),
        ("time", ..., "time", "must be given"),
        ("time", 3, "time", "must be a table"),
        ("time/yeras", 3, "time.yeras", "did you mean 'years'?"),
        ("time/years", ..., "time.years", "must be given"),
        ("time/years", True, "time.years", "number"),
        ("time/years", math.inf, "time.years", "finite"),
        ("time/years", 1.05, "time.years", "whole number of steps"),
        ("time/steps_per_year", 2.5, "time.steps_per_year", "whole number"),
        ("time/start", "soon", "time.start", "date"),
        ("base_period/figure", math.nan, "base_period.figure", "finite"),
        ("base_period/figures", [1.0, -math.inf], "base_period.figures[1]", "finite"),
        ("inputs", ..., "inputs", "must be given"),
        ("inputs", [], "inputs", "must be a table"),
        ("inputs/churn", ..., "inputs.churn", "must be given"),
        ("inputs/churn", 0.3, "inputs.churn", "must be a table"),
        ("inputs/chrun", {"value": 1.0, "units": "1/year"}, "inputs.chrun", "churn"),
        ("inputs/churn/units", ..., "inputs.churn.units", "must be given"),
        ("inputs/churn/units", "USD/year", "inputs.churn.units", "1/year"),
        ("inputs/churn/source", "openai_foo", "inputs.churn.source", "neither"),
        ("inputs/churn/source", ["openai_users_weekly", 3], "inputs.churn.source[1]", "must be text"),
        ("inputs/churn/date", "2025-99-01", "inputs.churn.date", "date"),
        ("inputs/churn/date", 2025, "inputs.churn.date", "date"),
        ("inputs/churn/rationale", 3, "inputs.churn.rationale", "must be text"),
        ("inputs/churn/note", "x", "inputs.churn.note", "no key"),
        ("inputs/churn/interval", [0.5, math.nan], "inputs.churn.interval: high", "finite"),
        ("inputs/churn/interval", [0.5, True], "inputs.churn.interval: high", "number"),
        ("inputs/churn/interval", [0.5, 0.4], "inputs.churn.interval", "ascend"),
        ("inputs/churn/interval", [-0.5, 0.4], "inputs.churn.interval: low", "above 0"),
        ("inputs/churn/interval", [10**400, 0.4], "inputs.churn.interval: low", "finite"),
        ("inputs/churn/level", 90, "inputs.churn.level", "below 1"),
        ("inputs/churn/distribution", "lognromal", "inputs.churn.distribution", "lognormal"),
        ("correlation", {}, "correlation", "must be a list"),
        ("correlation/0/value", 1.5, "correlation[energy_gain, hardware_gain]", "at most 1"),
        ("correlation/0/value", True, "correlation[energy_gain, hardware_gain]", "number"),
        ("correlation/0/value", ..., "correlation[0]", '"value"'),
        ("correlation/0/inputs", ["hardware_gain"], "correlation[0].inputs", "two names"),
        ("correlation/0/inputs", ["hardware_gain", "churn2"], "correlation[churn2, hardware_gain]", "churn"),
        ("correlation/0/rho", 0.5, "correlation[0].rho", "no key"),
        ("shock_correlation", [{"shocks": ["a", "hardware"], "value": 0.5}], "shock_correlation[a, hardware]", "known"),
        ("contracts", [3], "contracts[0]", "must be a table"),
        ("contracts/0/base_bil", 1.0, "contracts[0].base_bil", "base_bill"),
        ("contracts/0/base_bill", ..., "contracts[0].base_bill", "must be given"),
        ("contracts/0/base_bill", "1", "contracts[0].base_bill", "must be a number"),
        ("contracts/0/base_bill", True, "contracts[0].base_bill", "must be a number"),
        ("contracts/0/added_bill", [1.0, math.inf], "contracts[0].added_bill[1]", "finite"),
        ("contracts/0/source", "nobody", "source", "neither"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(
    document: dict[str, Any], place: str, value: object, field: str, words: str
) -> None:
    document["inputs"]["churn"] = {
        "distribution": "lognormal",
        "interval": [0.3, 0.9],
        "units": "1/year",
        "source": "judgement",
        "date": "2025-12-31",
        "rationale": "r",
    }
    document["correlation"] = [{"inputs": ["hardware_gain", "energy_gain"], "value": 0.7}]
    spoil(document, place, value)
    found = problems_of(document)
    matching = [name for name in found if set(field.split("[")[0].split(".")) <= set(name.split("[")[0].split("."))]
    assert matching, found
    assert any(words in found[name] for name in matching), found


def test_all_that_is_wrong_comes_at_once(document: dict[str, Any]) -> None:
    name = varying_input(document)
    document["inputs"][name]["interval"] = [2.0, 1.0]
    document["inputs"][name]["source"] = "nobody"
    document["inputs"]["no_such_input"] = {"value": math.nan, "units": "x"}
    document["time"]["years"] = -1
    document["nmae"] = 1
    document["chips"] = ["cahs"]
    document["contracts"][0]["base_bill"] = math.nan
    document["correlation"] = [{"inputs": ["hardware_gain", "nobody"], "value": 2}]
    document["shock_correlation"] = [{"shocks": ["nobody", "hardware"], "value": 0.1}]
    found = problems_of(document)
    for field in (
        f"inputs.{name}.interval",
        f"inputs.{name}.source",
        "inputs.no_such_input",
        "inputs.no_such_input.value",
        "time.years",
        "nmae",
        "chips",
        "contracts[0].base_bill",
        "correlation[hardware_gain, nobody]",
        "shock_correlation[hardware, nobody]",
    ):
        assert field in found


@pytest.mark.parametrize("missing", ["source", "date", "rationale"])
def test_missing_provenance_is_a_warning_that_names_the_assumption(document: dict[str, Any], missing: str) -> None:
    name = varying_input(document)
    document["inputs"][name].pop(missing)
    with pytest.warns(MissingProvenanceWarning, match=rf"inputs\.{name} \({missing}\)"):
        scenario = scenario_from_document(document)
    assert scenario.hash == load_scenario(PRESET).hash


@pytest.mark.parametrize("missing", ["source", "date", "rationale"])
def test_correlations_without_provenance_are_named(document: dict[str, Any], missing: str) -> None:
    document["correlation"][0].pop(missing)
    with pytest.warns(MissingProvenanceWarning, match=rf"correlation\[0\] \({missing}\)"):
        scenario_from_document(document)


def test_contracts_without_provenance_are_named(document: dict[str, Any]) -> None:
    entry = document["contracts"][0]
    del entry["rationale"]
    with pytest.warns(MissingProvenanceWarning, match=f"contracts.{entry['counterparty']}"):
        scenario_from_document(document)


def test_sources_and_words_are_no_part_of_the_identity(document: dict[str, Any]) -> None:
    before = scenario_from_document(document).hash
    name = varying_input(document)
    document["inputs"][name].update({"source": "judgement", "rationale": "another", "date": "2024-01-01"})
    document["title"] = "another"
    assert scenario_from_document(document).hash == before
    document["inputs"][name]["level"] = 0.8
    assert scenario_from_document(document).hash != before


def test_series_and_distributions_reach_the_scenario(document: dict[str, Any]) -> None:
    scenario = scenario_from_document(document)
    name = varying_input(document)
    low, high = document["inputs"][name]["interval"]
    distribution = scenario.inputs.distributions[name]
    np.testing.assert_allclose(distribution.ppf([0.05, 0.95]), [low, high], rtol=1e-12)
    contracts = [
        Contract(entry["counterparty"], float(entry["base_bill"]), tuple(map(float, entry["added_bill"])))
        for entry in document["contracts"]
    ]
    parts = build(contracts, scenario.time)
    for field, series in parts.forcing.items():
        assert np.array_equal(series, scenario.forcing[field])
    assert np.array_equal(parts.context["commitment"], scenario.context["commitment"])
    assert LogNormal.from_interval(1.0, 2.0) != distribution
