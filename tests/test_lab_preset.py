"""The preset openai-2025-12: base period, provenance and the sum of its contracts."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import tomllib

import pytest
from lab_paths import CONSTANTS, PRESET

from montecarlo_ai.lab import Contract
from montecarlo_ai.lab.initial import initial_state
from montecarlo_ai.lab.parameters import Params

DOCUMENT = tomllib.loads(PRESET.read_text())
FACTS = {row["id"] for row in csv.DictReader((PRESET.parent / "facts.csv").open())}
LAST_DAY = datetime.date(2025, 12, 31)
ENTRIES = [*DOCUMENT["inputs"].items(), *((table["counterparty"], table) for table in DOCUMENT["contracts"])]


def test_base_rates_are_within_a_tenth_of_the_published_ones() -> None:
    state = initial_state(CONSTANTS, 0.0)  # what of the bill is firm takes no part here
    base = DOCUMENT["base_period"]
    assert state.revenue == pytest.approx(base["revenue"], rel=0.1)
    assert state.compute_cost == pytest.approx(base["compute_cost"], rel=0.1)
    assert -state.cash_flow == pytest.approx(base["cash_burn"], rel=0.1)
    assert state.power == pytest.approx(base["power"], rel=0.1)
    assert state.revenue_mean == pytest.approx(base["trailing_revenue"], rel=0.1)


def test_inputs_are_those_of_the_model_in_their_order() -> None:
    assert tuple(DOCUMENT["inputs"]) == Params._fields


@pytest.mark.parametrize(("name", "table"), ENTRIES, ids=[name for name, _ in ENTRIES])
def test_every_number_has_a_source_a_date_and_a_rationale(name: str, table: dict[str, object]) -> None:
    source = table["source"]
    assert source == "judgement" or (isinstance(source, list) and source and set(source) <= FACTS)
    assert isinstance(table["date"], datetime.date)
    assert table["date"] <= LAST_DAY
    assert str(table["rationale"]).endswith(".")


def test_contracts_add_up_to_the_commitments_that_were_announced() -> None:
    terms = [field.name for field in dataclasses.fields(Contract)]
    contracts = [
        Contract(**{name: value for name, value in table.items() if name in terms}) for table in DOCUMENT["contracts"]
    ]
    assert sum(contract.waiting for contract in contracts) == pytest.approx(1.0)
    base = sum(contract.base_bill for contract in contracts)
    assert base == pytest.approx(DOCUMENT["base_period"]["compute_cost"])
    # Paid through 2033 at the median speed, less what the base bill alone would be: 1.4tn were announced.
    paid, online = 0.0, 0.0
    for year in range(8):
        added = sum(contract.added_bill[year] for contract in contracts if year < len(contract.added_bill))
        paid += CONSTANTS.contract_speed * (online + 0.5 * added)
        online += added
    assert paid == pytest.approx(1.4e12, rel=0.1)
