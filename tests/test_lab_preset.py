"""The presets: base periods, provenance, what was public when, the sums of their contracts, the cash of a summer."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import math
import tomllib
from functools import cache
from typing import Any

import numpy as np
import pytest
from lab_paths import PRESET

import montecarlo_ai as mc
from montecarlo_ai.lab import Contract
from montecarlo_ai.lab.contracts import bill_under_contract
from montecarlo_ai.lab.initial import initial_state
from montecarlo_ai.lab.parameters import Params

PRESETS = ("openai-2024-07", "openai-2025-12", "openai-2026-10", "anthropic-2026-10")
DOCUMENTS = {name: tomllib.loads((PRESET.parent / f"{name}.toml").read_text(encoding="utf-8")) for name in PRESETS}
FACTS = {row["id"]: row for row in csv.DictReader((PRESET.parent / "facts.csv").open(encoding="utf-8"))}
LAST_DAYS = {
    "openai-2024-07": datetime.date(2024, 7, 31),
    "openai-2025-12": datetime.date(2025, 12, 31),
    "openai-2026-10": datetime.date(2026, 10, 31),
    "anthropic-2026-10": datetime.date(2026, 10, 31),
}
ENTRIES = [
    (preset, name, table)
    for preset, document in DOCUMENTS.items()
    for name, table in (
        *document["inputs"].items(),
        *((contract["counterparty"], contract) for contract in document["contracts"]),
        *((", ".join(entry["inputs"]), entry) for entry in document["correlation"]),
    )
]


@cache
def scenario_of(preset: str) -> mc.Scenario:
    return mc.load_scenario(preset)


@cache
def medians_of(preset: str) -> Params:
    distributions = scenario_of(preset).inputs.distributions
    return Params(*(float(distributions[name].ppf(0.5)) for name in Params._fields))


def contracts_of(preset: str) -> list[Contract]:
    terms = [field.name for field in dataclasses.fields(Contract)]
    tables = DOCUMENTS[preset]["contracts"]
    return [Contract(**{name: value for name, value in table.items() if name in terms}) for table in tables]


def test_these_are_all_presets() -> None:
    assert set(PRESETS) == set(mc.preset_names())


@pytest.mark.parametrize("preset", PRESETS)
def test_base_rates_are_within_a_tenth_of_what_the_base_period_states(preset: str) -> None:
    state = initial_state(medians_of(preset), 0.0)  # what of the bill is firm takes no part here
    base = DOCUMENTS[preset]["base_period"]
    assert state.revenue == pytest.approx(base["revenue"], rel=0.1)
    assert state.compute_cost == pytest.approx(base["compute_cost"], rel=0.1)
    # A burn that is small beside the revenue is the difference of large numbers: a hundredth of revenue is allowed.
    assert -state.cash_flow == pytest.approx(base["cash_burn"], rel=0.1, abs=0.01 * base["revenue"])
    assert state.revenue_mean == pytest.approx(base["trailing_revenue"], rel=0.1)
    if "power" in base:
        assert state.power == pytest.approx(base["power"], rel=0.1)
    if "operating_loss" in base:
        assert -state.operating_income == pytest.approx(base["operating_loss"], rel=0.1)


@pytest.mark.parametrize("preset", PRESETS)
def test_inputs_are_those_of_the_model_in_their_order(preset: str) -> None:
    assert tuple(DOCUMENTS[preset]["inputs"]) == Params._fields


@pytest.mark.parametrize(("preset", "name", "table"), ENTRIES, ids=[f"{preset}-{name}" for preset, name, _ in ENTRIES])
def test_every_number_has_a_source_a_date_and_a_rationale(preset: str, name: str, table: dict[str, Any]) -> None:
    source = table["source"]
    assert source == "judgement" or (isinstance(source, list) and source and set(source) <= set(FACTS))
    assert isinstance(table["date"], datetime.date)
    assert table["date"] <= LAST_DAYS[preset]
    assert str(table["rationale"]).endswith(".")


@pytest.mark.parametrize("preset", PRESETS)
def test_no_prior_rests_on_an_outcome(preset: str) -> None:
    """What was measured after the date of a preset, and reported as it came, stands behind none of its numbers."""
    last = LAST_DAYS[preset]
    cited = {
        fact
        for table in (*DOCUMENTS[preset]["inputs"].values(), *DOCUMENTS[preset]["contracts"])
        if isinstance(table["source"], list)
        for fact in table["source"]
    }
    begun = {fact for fact in cited if datetime.date.fromisoformat(FACTS[fact]["period_start"]) > last}
    # A plan or a contract is published before its time comes, an outcome after.
    assert {fact for fact in begun if FACTS[fact]["published"] >= FACTS[fact]["period_start"]} == set()


@pytest.mark.parametrize("preset", PRESETS)
def test_contracts_share_out_what_is_on_order_and_online(preset: str) -> None:
    contracts = contracts_of(preset)
    assert sum(contract.waiting for contract in contracts) == pytest.approx(1.0)
    base = sum(contract.base_bill for contract in contracts)
    assert base == pytest.approx(DOCUMENTS[preset]["base_period"]["compute_cost"], rel=0.02)


@pytest.mark.parametrize("preset", ["openai-2025-12", "openai-2026-10"])
def test_schedules_pay_the_commitments_that_were_announced(preset: str) -> None:
    """Beyond the base bill, at the median speed, through 2033: 1.4tn were announced at both dates."""
    params, base = medians_of(preset), DOCUMENTS[preset]["base_period"]
    start = DOCUMENTS[preset]["time"]["start"]
    announced, through = base["announced_commitments"], base["announced_commitments_through"]
    grid = mc.TimeGrid(start, years=math.floor(12 * (through + 1 - start.year) - (start.month - 1)) / 12)
    called = sum(bill_under_contract(contract, grid) - contract.base_bill for contract in contracts_of(preset))
    waiting = params.pipeline_ratio * params.base_bill if "last_cash" in base else 0.0
    bills = params.contract_speed * np.asarray(called) + waiting
    paid = float(np.trapezoid(bills, dx=1.0 / 12.0))
    assert paid == pytest.approx(announced, rel=0.1)


def test_anthropics_contracts_are_those_of_its_filing() -> None:
    """518bn of commitments, of which about 80% cannot be cancelled."""
    contracts = contracts_of("anthropic-2026-10")
    total = sum(contract.total for contract in contracts)
    assert total == pytest.approx(float(FACTS["anthropic_commitments_total_2026_09_01"]["value"]), rel=0.01)
    firm = sum(contract.total * (1.0 - contract.flexibility) for contract in contracts) / total
    assert firm == pytest.approx(0.8, abs=0.05)


def months_of_cash(scenario: mc.Scenario, generator: np.random.Generator, longest: int) -> int:
    """Return after how many months the cash of one path is gone, in plain Python; one more than ``longest`` if not."""
    model, time = scenario.model, scenario.time
    drawn = {name: float(known.ppf(generator.random())) for name, known in scenario.inputs.distributions.items()}
    params = model.params_type(**drawn)
    state = model.initial(params)
    for k in range(longest):
        shocks = model.shocks_type(*generator.standard_normal(len(model.shock_fields)))
        shocks = shocks._replace(regime=generator.random())
        known = model.forcing_type(*(float(scenario.forcing[name][k]) for name in model.forcing_fields))
        state = model.step(state, params, shocks, mc.Clock(k * time.dt, time.dt, k), known)
        if model.events(state, params, mc.Clock((k + 1) * time.dt, time.dt, k + 1)).cash < 0.0:
            return k + 1
    return longest + 1


def test_without_funding_the_cash_of_july_2024_lasts_for_about_a_year() -> None:
    """The published runway was twelve months: half of the paths are through between ten and fourteen.

    With 300 paths a share has a standard error below .03; a runway of nine months or of sixteen fails by more than
    three of them.
    """
    runway = round(12.0 * float(DOCUMENTS["openai-2024-07"]["base_period"]["runway_without_funding"]))
    alone = scenario_of("openai-2024-07").with_overlays("no-new-funding")
    generator = np.random.default_rng(11)
    months = np.array([months_of_cash(alone, generator, runway + 2) for _ in range(300)])
    error = 0.5 / math.sqrt(months.size)
    assert float(np.mean(months <= runway - 2)) < 0.5 - 3.0 * error
    assert float(np.mean(months <= runway + 2)) > 0.5 + 3.0 * error


@pytest.mark.parametrize("preset", PRESETS)
def test_every_overlay_goes_with_every_preset_alone_and_with_others(preset: str) -> None:
    start = DOCUMENTS[preset]["time"]["start"]
    overlays = [f"{name}={start.year + 1}-06-01" if name == "winter-from" else name for name in mc.overlay_names()]
    assert len(overlays) == 7
    for overlay in overlays:
        changed = mc.load_scenario(preset, overlays=[overlay])
        assert changed.name == f"{preset} + {overlay}"
        assert changed.hash != scenario_of(preset).hash
    for contradicted in ("free-money", "no-new-funding"):  # money for nothing, and none: one of the two
        together = [name for name in overlays if name != contradicted]
        assert mc.load_scenario(preset, overlays=together).name == " + ".join([preset, *together])
        backwards = together[::-1]
        assert mc.load_scenario(preset, overlays=backwards).name == " + ".join([preset, *backwards])
    with pytest.raises(mc.ScenarioError, match="throw away"):
        mc.load_scenario(preset, overlays=["free-money", "no-new-funding"])


@pytest.mark.parametrize("run", [mc.simulate, mc.summarize])
def test_all_of_a_result_says_what_it_is_and_in_which_unit(run: Any) -> None:
    result = run(mc.load_scenario("openai-2025-12"), n_paths=16, seed=1, replicates=2)
    assert [name for name, variable in result.variables.items() if not variable.attrs.get("long_name")] == []
    assert [name for name, variable in result.data_vars.items() if "units" not in variable.attrs] == []
