"""The page that leads to a lab of one's own: its pieces make the finished file, its commands run, its numbers hold."""

from __future__ import annotations

import random
import re
import shlex
import warnings
from pathlib import Path
from typing import Any, get_type_hints

import pytest

import montecarlo_ai as mc
from montecarlo_ai.assumptions import MissingProvenanceWarning
from montecarlo_ai.cli import main
from montecarlo_ai.declaration import bounds_of, unit_of
from montecarlo_ai.lab.parameters import Params
from montecarlo_ai.model import Clock
from montecarlo_ai.scenario import Scenario

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "own-lab.md").read_text(encoding="utf-8")
INPUTS = (ROOT / "docs" / "lab-inputs.md").read_text(encoding="utf-8")
FINISHED = ROOT / "examples" / "own-lab.toml"
PRESET_WAY, OWN_WAY = PAGE.split("## From nothing")
COMMANDS = [
    line.removeprefix("montecarlo-ai ")
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
]


def snippets(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that holds the two files that the page lets its reader write."""
    (tmp_path / "own-lab.toml").write_text(FINISHED.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "mine.toml").write_text(snippets(PRESET_WAY, "toml")[0], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def own() -> Scenario:
    with warnings.catch_warnings():
        warnings.simplefilter("error", MissingProvenanceWarning)
        return mc.load_scenario(FINISHED)


def last_state(scenario: Scenario, params: Params, seed: int) -> tuple[list[Any], Any]:
    """Return the states of one path in plain Python, and the last of them."""
    source, model, dt = random.Random(seed), scenario.model, scenario.time.dt
    states = [model.initial(params)]
    for k in range(scenario.time.n_steps):
        drawn = {name: source.gauss(0.0, 1.0) for name in model.shock_fields} | {"regime": source.random()}
        added = model.forcing_type(**{name: float(row[k]) for name, row in scenario.forcing.items()})
        states.append(model.step(states[-1], params, model.shocks_type(**drawn), Clock(k * dt, dt, k), added))
    return states, states[-1]


def drawn_params(scenario: Scenario, source: random.Random) -> Params:
    return Params(**{name: float(law.ppf(source.random())) for name, law in scenario.inputs.distributions.items()})


def test_the_table_of_inputs_is_that_of_the_model() -> None:
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in INPUTS.splitlines() if line.startswith("| `")]
    declared = []
    for name, hint in get_type_hints(Params, include_extras=True).items():
        bounds = bounds_of(hint)
        assert bounds is not None, name
        declared.append([f"`{name}`", unit_of(hint), f"{bounds.low:g} to {bounds.high:g}"])
    assert [[row[0], row[2], row[3]] for row in rows] == declared
    assert f"The lab has {len(rows)}." in PAGE
    for name, law, _, _, meaning in rows:
        assert law == "events" or all(1 <= int(number) <= 13 for number in law.split(", ")), name
        assert len(meaning.split()) >= 3, name
    assert {int(number) for row in rows if row[1] != "events" for number in row[1].split(", ")} == set(range(1, 14))


def test_the_pieces_of_the_page_are_those_of_the_finished_file() -> None:
    finished = FINISHED.read_text(encoding="utf-8")
    pieces = snippets(OWN_WAY, "toml")
    assert len(pieces) >= 8
    for piece in pieces:
        assert piece in finished, piece
    shown = set(re.findall(r"^\[+([a-z_.]+)\]+", "\n".join(pieces), re.MULTILINE))
    assert shown == set(re.findall(r"^\[+([a-z_.]+)\]+", finished, re.MULTILINE))


def test_the_finished_file_runs_and_stays_finite(own: Scenario) -> None:
    source = random.Random(5)
    for seed in range(3):
        states, _ = last_state(own, drawn_params(own, source), seed)
        for state in states:
            assert sum(value - value for value in state) == 0.0


def test_the_file_with_a_base_changes_what_it_says(folder: Path) -> None:
    base, mine = mc.load_scenario("openai-2025-12"), mc.load_scenario("mine.toml")
    changed = {name for name in base.inputs.names if base.inputs.distributions[name] != mine.inputs.distributions[name]}
    assert changed == {"base_cash", "churn"}
    assert mine.inputs.distributions["base_cash"].interval(0.9) == pytest.approx((20e9, 30e9))
    parties = [contract["counterparty"] for contract in mine.model.origin["contracts"]]
    assert parties == [*(contract["counterparty"] for contract in base.model.origin["contracts"]), "Hillside Cloud"]


def test_a_law_without_use_rests(own: Scenario) -> None:
    """Every switch of the page at once, over a preset that uses all laws: what they are for is zero on every path."""
    table = PAGE[PAGE.index("| no ... |") : PAGE.index("### 5.")]
    switches = {name: float(value) for name, value in re.findall(r"`(\w+) = ([\d.e]+)`", table)}
    assert set(switches) <= set(Params._fields)
    assert len(switches) == 19
    switches |= {name: 0.0 for name in Params._fields if name.endswith("_volatility")}
    preset, source = mc.load_scenario("openai-2025-12"), random.Random(3)
    before = after = 0.0
    for seed in range(3):
        params = drawn_params(preset, source)
        before += sum(1.0 for state in last_state(preset, params, seed)[0] if state.equity_raised > 0.0)
        states, last = last_state(preset, params._replace(**switches), seed)
        again, _ = last_state(preset, params._replace(**switches), seed + 100)
        assert states == again  # no chance is left
        for state in states[1:]:
            assert state.revenue_advertising == state.revenue_new == state.revenue_resale == state.regime == 0.0
            assert state.debt == state.debt_limit == state.cancelled == state.deferred == 0.0
        assert last.partner_share_left == params.revenue_share_cap
        after += sum(1.0 for state in states if state.equity_raised > 0.0)
    assert before > 0.0
    assert after == 0.0


def test_what_is_known_of_the_base_period_is_where_the_run_begins(own: Scenario) -> None:
    assert own.document is not None
    known = own.document["base_period"]
    medians = {name: float(law.ppf(0.5)) for name, law in own.inputs.distributions.items()}
    start = own.model.initial(Params(**medians))
    assert start.revenue == pytest.approx(known["revenue"], rel=0.02)
    assert start.compute_cost == pytest.approx(known["compute_cost"], rel=0.02)
    assert start.cash_flow == pytest.approx(-known["cash_burn"], rel=0.02)
    assert start.power == pytest.approx(known["power"], rel=0.02)


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("validate")])
def test_validate_says_sound(command: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(shlex.split(command)) == 0
    assert ": sound" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("more", [[], ["--with", "price-war"]])
@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("run")])
def test_run_answers(command: str, more: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*shlex.split(command), *more]) == 0
    assert "Probability of running out of chips" in capsys.readouterr().out
    (out,) = [path for path in folder.iterdir() if path.is_dir()]
    assert {"chips.svg", "summary.csv", "scenario.toml"} <= {path.name for path in out.iterdir()}
