"""Every scenario that was loaded and changed is a document, flat and plain, that reads back to an equal scenario."""

from __future__ import annotations

import datetime
import random
import tomllib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from montecarlo_ai.distributions import FAMILIES, distribution_from_dict
from montecarlo_ai.files.loading import document_to_toml, load_scenario, scenario_from_document
from montecarlo_ai.scenario import Scenario
from tests import soak_files
from tests.soak_model import shop

PLAIN = (str, int, float, bool, datetime.date)


def is_plain(value: Any) -> bool:
    """Whether a value has the types of TOML only, exactly."""
    if type(value) is dict:
        return all(type(key) is str and is_plain(item) for key, item in value.items())
    return all(map(is_plain, value)) if type(value) is list else type(value) in PLAIN


def check(scenario: Scenario) -> None:
    document = scenario.document
    assert document is not None
    assert is_plain(document)
    assert "base" not in document
    again = tomllib.loads(document_to_toml(document))
    assert again == document
    read = scenario_from_document(again, model=None if scenario.model.origin else shop)
    assert read.hash == scenario.hash
    assert read.document == document


@pytest.mark.filterwarnings("ignore::montecarlo_ai.assumptions.MissingProvenanceWarning")
@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_documents_read_back(seed: int) -> None:
    rng = random.Random(seed)
    document = soak_files.own(rng, soak_files.SHOP)
    for key in ("correlation", "dependence", "history"):
        document.pop(key, None)
    scenario = scenario_from_document(document, model=shop)
    check(scenario)
    changes = {
        name: distribution_from_dict(soak_files.statement(rng)) for name in rng.sample(sorted(soak_files.UNITS), 2)
    }
    changed = scenario.with_inputs(**changes)
    check(changed)
    for name, distribution in changes.items():
        assert changed.inputs.distributions[name] == distribution
    check(changed.with_inputs(margin=3.0).with_time(start="2027-01-31"))


@pytest.mark.parametrize("family", [*FAMILIES, "scipy"])
@pytest.mark.filterwarnings("ignore::montecarlo_ai.assumptions.MissingProvenanceWarning")
def test_every_family_reads_back_after_with_inputs(family: str) -> None:
    scenario = scenario_from_document(soak_files.own(random.Random(5), soak_files.SHOP), model=shop)
    for k, state in enumerate(soak_files.STATEMENTS[family]):
        check(scenario.with_inputs(spread=distribution_from_dict(state(random.Random(k)))))


def test_the_preset_reads_back_after_every_kind_of_change() -> None:
    scenario = load_scenario(
        "openai-2025-12", overlays=["price-war", "free-money"], overrides={"time.years": 2, "inputs.churn": 0.4}
    )
    check(scenario)
    check(scenario.with_time(years=1, steps_per_year=4))
    check(scenario.with_overlays("training-frozen"))
    check(scenario.with_inputs(base_cash=40e9, hardware_gain=0.3))
