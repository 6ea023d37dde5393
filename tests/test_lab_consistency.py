"""What of a lab contradicts itself: each rule at its edge, all problems at once, and nothing where nothing is known."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lab_paths import CONSTANTS

from montecarlo_ai.checks import Checks
from montecarlo_ai.errors import ScenarioError
from montecarlo_ai.files.document import preset_names
from montecarlo_ai.files.loading import load_scenario
from montecarlo_ai.lab import Contract
from montecarlo_ai.lab.consistency import LARGEST_CONTRACT, POSITIVE, SAME_BILL, SAME_FLEET, check_scenario
from montecarlo_ai.timegrid import TimeGrid

MEDIANS = CONSTANTS._asdict()
TIME = TimeGrid("2026-07-01", years=5)
BILL = MEDIANS["base_bill"]
RUN_RATE = MEDIANS["consumer_run_rate"] + MEDIANS["business_run_rate"]
WHOLE = (Contract("Cloud", BILL, (BILL,)),)


def problems(*contracts: Contract, **changes: float) -> list[str]:
    """Return the fields about which something is recorded."""
    checks = Checks()
    check_scenario(MEDIANS | changes, contracts or WHOLE, TIME, checks)
    return [problem.field for problem in checks.problems]


def unit_cost(factor: float) -> dict[str, float]:
    """Return a fleet whose unit costs so many times what new compute costs, its power in proportion."""
    cost = MEDIANS["power_cost"] / MEDIANS["base_compute_per_power"]
    capacity = BILL / (cost * factor)
    return {"base_capacity": capacity, "base_power": capacity / MEDIANS["base_compute_per_power"]}


@pytest.mark.parametrize("name", preset_names())
def test_presets_do_not_contradict_themselves(name: str) -> None:
    assert load_scenario(name).name == name


def test_a_lab_before_its_first_sale_is_none_that_contradicts_itself() -> None:
    none_yet = {"consumer_run_rate": 0.0, "business_run_rate": 0.0, "base_users": 0.0, "base_paying_share": 0.0}
    assert problems(**none_yet, trailing_revenue=0.0, inference_share=0.0, business_share_of_paid=0.0) == []


@pytest.mark.parametrize(
    ("field", "sound", "odd"),
    [
        ("inputs.user_market", {"user_market": MEDIANS["base_users"]}, {"user_market": 0.99 * MEDIANS["base_users"]}),
        ("inputs.trailing_revenue", {"trailing_revenue": RUN_RATE / 19.9}, {"trailing_revenue": RUN_RATE / 20.1}),
        ("inputs.trailing_revenue", {"trailing_revenue": RUN_RATE * 19.9}, {"trailing_revenue": RUN_RATE * 20.1}),
        (
            "inputs.revenue_share",
            {"revenue_share": 0.8, "other_cost_share": 0.19},
            {"revenue_share": 0.8, "other_cost_share": 0.2},
        ),
        ("inputs.base_bill", unit_cost(0.99 * SAME_FLEET), unit_cost(1.01 * SAME_FLEET)),
        ("inputs.base_bill", unit_cost(1.01 / SAME_FLEET), unit_cost(0.99 / SAME_FLEET)),
        ("inputs.winter_growth", {"boom_growth": -0.1, "winter_growth": 0.2}, {"winter_growth": -1.0}),
        (
            "inputs.winter_rounds",
            {"winter_strength": 1.0, "boom_rounds": 0.3, "winter_rounds": 0.3},
            {"boom_rounds": 0.0},
        ),
        ("inputs.free_floor", {"free_rationing": 0.9, "free_floor": 0.0}, {"free_rationing": 1.0, "free_floor": 0.0}),
    ],
)
def test_each_rule_holds_to_its_edge(field: str, sound: dict[str, float], odd: dict[str, float]) -> None:
    assert problems(**sound) == []
    assert problems(**{**sound, **odd}) == [field]


@pytest.mark.parametrize("name", POSITIVE)
def test_what_the_lab_divides_by_is_not_nothing(name: str) -> None:
    assert problems(**{name: 0.0}) == [f"inputs.{name}"]


def test_contracts_stand_beside_the_bill_of_the_base_period() -> None:
    assert problems(Contract("A", 0.99 * SAME_BILL * BILL)) == []
    assert problems(Contract("A", 1.01 * SAME_BILL * BILL)) == ["inputs.base_bill"]
    assert problems(Contract("A", 0.49 * BILL)) == ["inputs.base_bill"]
    assert problems(Contract("A", 0.0, (BILL,))) == []  # a fleet of the lab's own
    assert problems(Contract("A", BILL, (1.01 * LARGEST_CONTRACT * BILL, 0.0))) == ["contracts.A.added_bill"]
    assert problems(Contract("A", BILL, (0.0, 1.0))) == ["contracts.A.added_bill"]
    over = {"total": BILL, "ramp": 0.5}
    assert problems(Contract("A", BILL, **over, start=2025.0, term=1.49)) == ["contracts.A.term"]
    assert problems(Contract("A", BILL, **over, start=2025.0, term=1.51)) == []
    assert problems(Contract("A", BILL, **over, start=2050.0, term=1.0)) == []  # nothing of it falls into the run


@settings(deadline=None)
@given(st.sets(st.sampled_from(sorted(MEDIANS))))
def test_nothing_is_said_of_what_is_not_known(missing: set[str]) -> None:
    odd = MEDIANS | {"base_power": 1e4, "user_market": 1.0, "trailing_revenue": 1.0, "winter_multiple": -4.0}
    every, some = Checks(), Checks()
    check_scenario(odd, WHOLE, TIME, every)
    check_scenario({name: odd[name] for name in odd if name not in missing}, WHOLE, TIME, some)
    assert len(every.problems) == 4
    assert {problem.field for problem in some.problems} <= {problem.field for problem in every.problems}


def test_all_contradictions_of_inputs_come_at_once() -> None:
    overrides: dict[str, object] = {"inputs.base_power": 1900.0, "inputs.user_market": 0.5e9}
    overrides |= {"inputs.inference_share": 1.2, "inputs.business_share_of_paid": 0.0}
    with pytest.raises(ScenarioError) as caught:
        load_scenario("openai-2025-12", overrides=overrides)
    assert {problem.field for problem in caught.value.problems} == set(overrides)
    assert all(problem.rule for problem in caught.value.problems)
