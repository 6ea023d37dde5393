"""Scenario files of one's own models: only where allowed, and every way in which the code can be wrong."""

from __future__ import annotations

import secrets
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from montecarlo_ai.errors import InputError, ScenarioError
from montecarlo_ai.files.loading import load_scenario, scenario_from_canonical, scenario_from_document
from montecarlo_ai.inputs import Inputs
from montecarlo_ai.scenario import Scenario
from montecarlo_ai.simulation import simulate
from montecarlo_ai.timegrid import TimeGrid

SHOP = """
schema_version = 1
name = "own"
model = "MODULE:shop"
chips = ["cash"]
[time]
start = 2026-01-01
years = 1
steps_per_year = 4
[forcing]
rent = [1.0, 2.0, 3.0, 4.0]
[inputs]
opening_cash = { value = 3.0, units = "billion USD", source = "judgement", date = 2025-12-31, rationale = "r" }
margin = { distribution = "normal", mean = 1.0, sd = 0.5, units = "USD/month", source = "judgement", date = 2025-12-31, rationale = "r" }
growth = { value = 10.0, units = "percent/year", source = "judgement", date = 2025-12-31, rationale = "r" }
share = { value = 0.5, units = "fraction", source = "judgement", date = 2025-12-31, rationale = "r" }
spread = { value = 0.1, source = "judgement", date = 2025-12-31, rationale = "r" }
wait = { value = 6, units = "month", source = "judgement", date = 2025-12-31, rationale = "r" }
[[shock_correlation]]
shocks = ["demand", "price"]
value = 0.5
source = "judgement"
date = 2025-12-31
rationale = "r"
"""  # noqa: E501


def folder_with(tmp_path: Path, source: str | None = None) -> tuple[Path, str]:
    """Return a scenario file beside a module of a name of its own, and that name."""
    module = f"shop_{secrets.token_hex(8)}"  # modules are imported once in a process
    if source is None:
        shutil.copy(Path(__file__).parent / "soak_model.py", tmp_path / f"{module}.py")
    else:
        (tmp_path / f"{module}.py").write_text(source)
    path = tmp_path / "own.toml"
    path.write_text(SHOP.replace("MODULE", module))
    return path, module


def test_a_file_of_ones_own_model_is_the_scenario_made_in_python(tmp_path: Path) -> None:
    path, module = folder_with(tmp_path)
    before = list(sys.path)
    scenario = load_scenario(path, allow_code=True)
    assert sys.path == before
    shop = sys.modules[module].shop
    made = Scenario(
        shop,
        inputs=Inputs({**scenario.inputs.distributions}),
        time=TimeGrid("2026-01-01", years=1, steps_per_year=4),
        forcing={"rent": np.array([1.0, 2.0, 3.0, 4.0])},
        shock_correlation={("demand", "price"): 0.5},
        chips=["cash"],
        name="own",
    )
    assert scenario == made
    constants = scenario.inputs.constants
    assert constants["opening_cash"] == 3e9
    assert np.isclose(constants["growth"], 0.1)
    assert np.isclose(constants["wait"], 0.5)
    assert np.isclose(scenario.inputs.distributions["margin"].mean(), 12.0)
    assert simulate(scenario, n_paths=300, seed=1).sizes["path"] == 300


def test_its_document_reads_back_where_code_is_allowed(tmp_path: Path) -> None:
    path, module = folder_with(tmp_path)
    scenario = load_scenario(path, allow_code=True)
    again = tmp_path / "again.toml"
    again.write_text(scenario.to_toml())
    assert load_scenario(again, allow_code=True) == scenario
    assert scenario.document is not None
    assert scenario_from_document(scenario.document, model=sys.modules[module].shop) == scenario
    with pytest.raises(ScenarioError, match="scenario="):
        scenario_from_canonical(scenario.canonical())


def test_code_is_not_run_unless_allowed(tmp_path: Path) -> None:
    path, module = folder_with(tmp_path, "raise AssertionError('was run')")
    with pytest.raises(ScenarioError, match="allow_code=True") as caught:
        load_scenario(path)
    assert [problem.field for problem in caught.value.problems] == ["model"], "units are not known, and not missed"
    assert "--allow-code" in str(caught.value)
    assert module not in sys.modules


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("raise ValueError('odd')", "ValueError: odd"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("raise GeneratorExit", "GeneratorExit: no message"),
        ("import no_such_module_at_all", "ModuleNotFoundError: No module named 'no_such_module_at_all'"),
        ("def f(:", "SyntaxError"),
        ("shop = 3", "is a int"),
        ("import montecarlo_ai as mc\nfrom tests.soak_model import shop as shopp", "did you mean 'shopp'"),
    ],
)
def test_what_is_wrong_with_the_code_is_said(tmp_path: Path, source: str, words: str) -> None:
    path, _ = folder_with(tmp_path, source)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path, allow_code=True)
    assert words in str(caught.value)
    assert caught.value.problems[0].field == "model"


def test_an_interrupt_stays_one(tmp_path: Path) -> None:
    path, _ = folder_with(tmp_path, "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        load_scenario(path, allow_code=True)


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("no_such_module_here:x", "no module that can be imported"),
        ("a b:c", "a module and a name in it"),
        (":x", "a module and a name in it"),
        ("os:", "a module and a name in it"),
        ("os:path", "must be a Model"),
        ("x" * 500 + ":y", "no module that can be imported"),
    ],
)
def test_references_that_lead_nowhere(tmp_path: Path, reference: str, words: str) -> None:
    path, module = folder_with(tmp_path)
    path.write_text(path.read_text().replace(f"{module}:shop", reference))
    with pytest.raises(ScenarioError, match=words):
        load_scenario(path, allow_code=True)


def test_a_module_of_the_same_name_from_elsewhere_is_not_taken(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    path, module = folder_with(first)
    load_scenario(path, allow_code=True)
    shutil.copy(first / f"{module}.py", second)
    shutil.copy(path, second)
    with pytest.raises(ScenarioError, match="rename the module"):
        load_scenario(second / "own.toml", allow_code=True)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[1.0, 2.0, 3.0, 4.0]", "[1.0, 2.0]", "must have shape"),
        ("[1.0, 2.0, 3.0, 4.0]", "[1.0, 2.0, 3.0, nan]", "finite"),
        ("[forcing]\nrent = [1.0, 2.0, 3.0, 4.0]", "", "is missing"),
        ("spread = { value = 0.1,", 'spread = { value = 0.1, units = "USD",', "states no unit"),
        ('value = 0.5, units = "fraction"', 'value = 0.5, units = "USD"', "cannot be converted"),
        ('value = 0.5, units = "fraction"', "value = 0.5", "must be given"),
        ('chips = ["cash"]', 'chips = ["cahs"]', "did you mean 'cash'"),
        ("[forcing]", '[[contracts]]\ncounterparty = "a"\nbase_bill = 0.0\nadded_bill = []\n[forcing]', "belong"),
        ('shocks = ["demand", "price"]', 'shocks = ["demand", "luck"]', "luck"),
    ],
)
def test_what_the_file_says_is_held_against_the_model(tmp_path: Path, old: str, new: str, words: str) -> None:
    path, _ = folder_with(tmp_path)
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(InputError, match=words):
        load_scenario(path, allow_code=True)
