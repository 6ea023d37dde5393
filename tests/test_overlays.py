"""Overlays: what they change, how they combine, and what contradicts itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from montecarlo_ai.distributions import Normal
from montecarlo_ai.errors import ScenarioError
from montecarlo_ai.files.loading import load_scenario, scenario_from_document
from montecarlo_ai.files.overlays import apply_overlays, overlay_names
from montecarlo_ai.risk import runs_out_of_chips
from montecarlo_ai.simulation import simulate
from montecarlo_ai.summary import summarize

PRESET = "openai-2025-12"
NAMES = (
    "contracts-renegotiated",
    "efficiency-stalls",
    "free-money",
    "no-new-funding",
    "price-war",
    "training-frozen",
)
GIVEN = "winter-from=2027-06-01"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.toml"
    path.write_text(f'schema_version = 1\nname = "{name}"\n{text}', encoding="utf-8")
    return path


def change(keys: str, field: str = "churn") -> str:
    return f'[inputs.{field}]\n{keys}\nsource = "judgement"\ndate = 2025-12-31\nrationale = "r"\n'


@pytest.mark.parametrize("name", [*NAMES, GIVEN])
def test_shipped_overlays_apply_and_read_back(name: str) -> None:
    assert name.partition("=")[0] in overlay_names()
    base = load_scenario(PRESET)
    scenario = load_scenario(PRESET, overlays=[name])
    assert scenario.name == f"{PRESET} + {name}"
    assert scenario.hash != base.hash
    assert scenario.document is not None
    assert scenario_from_document(scenario.document) == scenario
    assert base.with_overlays(name) == scenario
    changed = [
        field for field in base.inputs.names if base.inputs.distributions[field] != scenario.inputs.distributions[field]
    ]
    assert changed or scenario.document["regimes"] != (base.document or {}).get("regimes")
    for field in changed:
        assert scenario.assumptions[field].rationale
        assert scenario.assumptions[field].units == base.assumptions[field].units


def test_factors_and_offsets_act_on_what_is_there(tmp_path: Path) -> None:
    base = load_scenario(PRESET).inputs.distributions
    half = write(tmp_path, "half", change("multiply = 0.5"))
    shift = write(tmp_path, "shift", change("multiply = 2\nadd = 0.1", "hardware_gain"))
    scenario = load_scenario(PRESET, overlays=[half, shift, write(tmp_path, "again", change("multiply = 3.0"))])
    u = np.array([0.01, 0.5, 0.99])
    np.testing.assert_allclose(scenario.inputs.distributions["churn"].ppf(u), 1.5 * base["churn"].ppf(u), rtol=1e-12)
    expected = 2.0 * base["hardware_gain"].ppf(u) + 0.1
    np.testing.assert_allclose(scenario.inputs.distributions["hardware_gain"].ppf(u), expected, rtol=1e-12)
    note = scenario.assumptions["churn"]
    assert note.rationale.endswith("half: r again: r")
    assert scenario.name.endswith("half + shift + again")


def test_what_is_added_has_units(tmp_path: Path) -> None:
    add = write(tmp_path, "add", change('add = 2.0\nunits = "billion USD"', "credit_line"))
    assert load_scenario(PRESET, overlays=[add]).inputs.constants["credit_line"] == 6e9


def test_what_is_added_to_any_family_moves_its_quantiles_and_is_written_again(tmp_path: Path) -> None:
    u = np.array([0.01, 0.5, 0.99])
    base = load_scenario(PRESET).inputs.distributions["churn"]
    moved = load_scenario(PRESET, overlays=[write(tmp_path, "add", change("add = 0.1"))])
    np.testing.assert_allclose(moved.inputs.distributions["churn"].ppf(u), base.ppf(u) + 0.1, rtol=1e-12)
    file = tmp_path / "written.toml"
    file.write_text(moved.to_toml())
    np.testing.assert_array_equal(
        load_scenario(file).inputs.distributions["churn"].ppf(u), moved.inputs.distributions["churn"].ppf(u)
    )


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("multiply = 0", "above 0"),
        ("multiply = true", "must be a number"),
        ("multiply = nan", "finite"),
        ("multiply = 2\nvalue = 3", "stands beside"),
        ('multiply = 2\nunits = "1/year"', "not needed"),
        ("value = -inf", "finite"),
        ("interval = [2, 1]", "ascend"),
        ("nonsense = 1", "no key"),
    ],
)
def test_changes_that_cannot_be_are_named(tmp_path: Path, keys: str, words: str) -> None:
    with pytest.raises(ScenarioError, match=words) as caught:
        load_scenario(PRESET, overlays=[write(tmp_path, "mine", change(keys))])
    assert all("line" in problem.place for problem in caught.value.problems)


def test_overlays_do_not_throw_away_what_others_changed(tmp_path: Path) -> None:
    half = write(tmp_path, "half", change("multiply = 0.5"))
    fixed = write(tmp_path, "fixed", change("value = 0.4"))
    with pytest.raises(ScenarioError, match=r'throw away what the overlay "half" changed'):
        load_scenario(PRESET, overlays=[half, fixed])
    assert load_scenario(PRESET, overlays=[fixed, half]).inputs.constants["churn"] == 0.2


def test_a_winter_begins_on_its_date_on_every_path_and_then_ends_as_any_other() -> None:
    scenario = load_scenario(PRESET, overlays=["price-war", "winter-from=2027-06-15"])
    assert scenario.name.endswith("price-war + winter-from=2027-06-15")
    n = 8_192
    regime = simulate(scenario, n_paths=n, seed=5, variables=["regime"])["regime"].values
    before, step = simulate(load_scenario(PRESET), n_paths=n, seed=5, variables=["regime"])["regime"].values, 17
    np.testing.assert_array_equal(regime[: step + 1], before[: step + 1])
    assert (regime[step + 1] == -1.0).all()
    assert not (before[step + 1] == -1.0).all()
    # A winter survives the next step with exp(-dt / duration), duration being a number here; |z| < 4, which a rate
    # a third off would fail.
    duration = 2.0
    fixed = scenario.with_inputs(winter_duration=Normal(duration, 0.0))
    held = (simulate(fixed, n_paths=n, seed=6, variables=["regime"])["regime"].values[step + 2] == -1.0).mean()
    expected = np.exp(-1.0 / (12.0 * duration))
    assert abs(held - expected) < 4.0 * np.sqrt(expected * (1.0 - expected) / n)
    file_text = scenario.to_toml()
    assert "winter_from" in file_text


@pytest.mark.parametrize(
    ("overlay", "words"),
    [
        ("winter-from", "must be given a value"),
        ("winter-from=soon", "date"),
        ("winter-from=2031-01-01", "before the end"),
        ("winter-from=2025-12-31", "from the start"),
        ("price-war=2", "takes no value"),
    ],
)
def test_what_an_overlay_is_given_is_checked(overlay: str, words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        load_scenario(PRESET, overlays=[overlay])


@pytest.mark.parametrize("overlays", [None, 3, b"price-war", {"price-war": 1}, [3], [None]])
def test_what_is_no_sequence_of_overlays_is_refused(overlays: Any) -> None:
    with pytest.raises(ScenarioError, match=r"overlays? = "):
        load_scenario(PRESET, overlays=overlays)


@pytest.mark.parametrize("name", ["a=" + "x" * 5_000, "x" * 5_000, "a=b\0c", "price-war=" + "x" * 5_000])
def test_names_that_no_file_can_have_are_refused(name: str) -> None:
    with pytest.raises(ScenarioError, match="overlay = "):
        load_scenario(PRESET, overlays=[name])


def test_a_list_of_what_is_known_stands_once() -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(PRESET, overlays=["zzzzzz"])
    assert str(caught.value).count("known:") == 1


def test_names_that_are_none_or_twice(tmp_path: Path) -> None:
    document = dict(load_scenario(PRESET).document or {})
    with pytest.raises(ScenarioError, match="did you mean 'price-war'"):
        apply_overlays(document, ["pricewar"])
    with pytest.raises(ScenarioError, match="once"):
        apply_overlays(document, ["price-war", "price-war"])
    with pytest.raises(ScenarioError, match="once"):
        load_scenario(PRESET).with_overlays("price-war").with_overlays("price-war")
    other = write(tmp_path, "other", change("value = 1.0", "chrun"))
    with pytest.raises(ScenarioError, match="churn"):
        apply_overlays(document, [other])
    with pytest.raises(ScenarioError, match="no key"):
        apply_overlays(document, [write(tmp_path, "keys", 'base = "x"\n' + change("value = 1.0"))])


@pytest.mark.slow
def test_each_overlay_moves_the_odds_the_way_of_its_name() -> None:
    """Differences of 0.03 or more are asserted, with a standard error of 0.005 at 20,000 paths: |z| above 4."""

    def odds(*overlays: str) -> dict[str, float]:
        run = summarize(load_scenario(PRESET, overlays=overlays), n_paths=20_000, seed=7, variables=("cash",))
        chips = runs_out_of_chips(run)["probability"].isel(time=-1)
        return {str(cause): float(chips.sel(cause=cause)) for cause in chips["cause"].values}

    base = odds()
    for name, cause, sign in (
        ("no-new-funding", "cash", 1),
        ("free-money", "cash", -1),
        ("price-war", "cash", 1),
        ("efficiency-stalls", "cash", 1),
        ("training-frozen", "cash", -1),
        ("contracts-renegotiated", "unmonetized_compute", -1),
    ):
        assert sign * (odds(name)[cause] - base[cause]) > 0.03, name
