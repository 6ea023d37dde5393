"""Laws 6, 7, 8 and 9 of the lab in plain Python: fleet, contracts, use of the fleet and resale."""

from __future__ import annotations

import math

import numpy as np
import pytest
from lab_paths import CONSTANTS

from montecarlo_ai.errors import InputError
from montecarlo_ai.lab import Contract, build
from montecarlo_ai.lab.allocation import Allocation, allocate
from montecarlo_ai.lab.commitments import called_off, compute_bill, credits_used, deferrable, put_off
from montecarlo_ai.lab.contracts import bill_under_contract
from montecarlo_ai.lab.fleet import Stages, aged, pipeline_after, stage_outflow, staying, stranded_cost
from montecarlo_ai.lab.parameters import State
from montecarlo_ai.lab.pipelines import Called, Pace, pipelines
from montecarlo_ai.lab.resale import resale_price, resold_compute
from montecarlo_ai.timegrid import TimeGrid

DT = 1.0 / 12.0


@pytest.mark.parametrize("dt", [1.0 / 4.0, 1.0 / 12.0, 1.0 / 52.0])
def test_pipeline_delivers_all_after_its_lead_time(dt: float) -> None:
    lead, n = 1.3, round(40.0 / dt)
    early, late, total, moment = 100.0, 0.0, 0.0, 0.0
    for k in range(n):
        early, late, out = pipeline_after(early, late, 0.0, stage_outflow(2.0 / lead, dt))
        total += out
        moment += out * (k + 1) * dt
    assert total == pytest.approx(100.0, rel=1e-9)
    assert moment / total == pytest.approx(lead, rel=1e-9)


@pytest.mark.parametrize("dt", [1.0 / 4.0, 1.0 / 12.0, 1.0 / 52.0])
def test_fleet_retires_after_its_term_and_not_at_once(dt: float) -> None:
    term, n = 5.0, round(120.0 / dt)
    young, middle, total, gone, moment = 100.0, 0.0, 100.0, 0.0, 0.0
    for k in range(n):
        young, middle, total, out = aged(young, middle, total, 0.0, stage_outflow(3.0 / term, dt))
        gone += out
        moment += out * (k + 1) * dt
    assert gone == pytest.approx(100.0, rel=1e-9)
    assert moment / gone == pytest.approx(term, rel=1e-9)
    assert aged(1.0, 0.0, 1.0, 0.0, stage_outflow(3.0 / term, DT)).retired == 0.0
    assert stage_outflow(100.0, DT) == 1.0


def test_orders_see_the_oldest_stage_leave_within_the_lead_time() -> None:
    young, middle, total, term = 5.0, 3.0, 12.0, 6.0

    def seen(lead: float) -> float:
        return staying(young, middle, total, stage_outflow(3.0 / term, lead))

    assert seen(0.0) == total
    assert seen(1.0) == pytest.approx(total - 4.0 / 2.0)
    assert seen(term / 3.0) == seen(50.0) == young + middle
    assert staying(young, middle, young + middle, 1.0) == young + middle
    # What is seen to stay over a lead time of a step is what stays after it where nothing is delivered.
    assert seen(DT) == pytest.approx(aged(young, middle, total, 0.0, stage_outflow(3.0 / term, DT)).total)


def test_stranded_cost_is_what_is_owed_above_new_compute() -> None:
    capacity, firm = Stages(10.0, 0.0, 10.0, 0.0), Stages(50.0, 0.0, 50.0, 0.0)
    assert stranded_cost(capacity, firm, 5.0, 6.0) == 0.0
    assert stranded_cost(capacity, firm, 4.0, 6.0) == pytest.approx((50.0 - 40.0) * 6.0)
    old = Stages(0.0, 0.0, 10.0, 0.0), Stages(0.0, 0.0, 50.0, 0.0)
    assert stranded_cost(*old, 4.0, 6.0) == pytest.approx((50.0 - 40.0) * 2.0)
    mixed = Stages(10.0, 0.0, 20.0, 0.0), Stages(30.0, 0.0, 80.0, 0.0)  # new compute as cheap as the young stage
    assert stranded_cost(*mixed, 3.0, 6.0) == pytest.approx((50.0 - 30.0) * 2.0)
    assert stranded_cost(capacity, Stages(0.0, 0.0, 0.0, 0.0), 1.0, 6.0) == 0.0


def test_contracts_call_off_the_schedule_and_pay_for_what_is_fixed() -> None:
    assert called_off(10.0, 0.75) == pytest.approx(7.5)
    assert deferrable(0.5, 0.8) == pytest.approx(0.4)
    assert deferrable(1.0, 3.0) == 1.0
    assert put_off(10.0, 0.4, 0.5) == pytest.approx(2.0)
    assert put_off(10.0, 0.4, -1.0) == 0.0
    assert put_off(10.0, 0.4, 7.0) == pytest.approx(4.0)
    assert compute_bill(100.0, 70.0, 0.5) == pytest.approx(70.0)
    assert compute_bill(100.0, 70.0, 0.9) == pytest.approx(90.0)
    assert credits_used(100.0, 0.2, 1e9, 12.0) == pytest.approx(20.0)
    assert credits_used(100.0, 0.2, 0.5, 12.0) == pytest.approx(6.0)
    assert credits_used(100.0, 0.2, 0.0, 12.0) == 0.0


@pytest.mark.parametrize("lapsed", [0.0, 0.01])
def test_what_was_put_off_comes_back_when_the_pressure_is_gone(lapsed: float) -> None:
    recalled, n, asked = 1.0 / 12.0, 24, 5.0
    advance = pipelines([Contract("Chips", 0.0, added_bill=(1.0,), flexibility=0.5)])
    states, sums = [0.0, 0.0, 0.0, 0.0], []
    for k in range(10 * n):
        pressure = 1.0 if k < n else 0.0
        pace = Pace(1.0, 0.8, pressure, 1.0, 0.1, recalled * (1.0 - pressure), lapsed)
        none = Called(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        moved = advance(_tail(states), (asked if k < n else 0.0,), pace, none)
        states, called = list(moved[:4]), Called(*moved[4:])
        sums.append(called)
    waited = 0.5 * 0.8 * asked * sum((1.0 - lapsed) ** k for k in range(n))  # each call-off lapses step by step
    assert sums[n - 1].deferred == pytest.approx(waited)
    left = (1.0 - recalled) * (1.0 - lapsed)
    for k in range(n, 10 * n):
        assert sums[k].deferred == pytest.approx(waited * left ** (k - n + 1))
        assert sums[k].placed == pytest.approx(waited * left ** (k - n) * recalled)
    total = sum(each.placed + each.cancelled for each in sums) + sums[-1].deferred
    assert total == pytest.approx(n * asked)
    assert sum(each.placed for each in sums[n:]) == pytest.approx(waited * recalled / (1.0 - left))


def _tail(states: list[float]) -> list[float]:
    """Return a state of which only the fields of one contract, which stand last, are read."""
    return [math.nan] * len(State._fields) + states


def use_of(capacity: float, training: float, paid: float, free: float, **changes: float) -> Allocation:
    """Return an allocation with simple rules, changed where a test says so."""
    rules = {"training_yield": 0.0, "free_floor": 0.5, "absorption": 0.0, "resale_cap": 0.1, **changes}
    return allocate(capacity, training, paid, free, **rules, per_capacity=1.0 / max(capacity, 1e-9))


def test_allocation_in_plenty_serves_all_and_resells_up_to_the_cap() -> None:
    use = use_of(100.0, 40.0, 20.0, 10.0)
    assert use == pytest.approx(Allocation(40.0, 30.0, 10.0, 20.0, 1.0, 0.0, 0.3))
    assert use_of(100.0, 40.0, 20.0, 10.0, absorption=1.0).training == 70.0


def test_allocation_in_shortage_rations_free_users_first() -> None:
    use = use_of(100.0, 40.0, 52.0, 10.0)
    assert use.served == pytest.approx(60.0)
    assert use.unmet_share == 0.0
    assert use_of(20.0, 20.0, 0.0, 10.0).unmet_share == 0.0  # of paid demand, and nobody pays
    short = use_of(100.0, 40.0, 75.0, 10.0)
    assert short.unmet_share == pytest.approx(1.0 - 60.0 / 80.0)
    assert short.served == pytest.approx(60.0)
    yielding = use_of(100.0, 40.0, 75.0, 10.0, training_yield=0.25)
    assert yielding.training == pytest.approx(30.0)
    assert yielding.unmet_share == pytest.approx(1.0 - 70.0 / 80.0)


def test_allocation_limits() -> None:
    assert use_of(0.0, 0.0, 5.0, 5.0).unmet_share == 1.0
    assert use_of(0.0, 0.0, 0.0, 0.0) == Allocation(0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    assert use_of(10.0, 20.0, 0.0, 0.0).training == 10.0


def test_resale_price_follows_cost() -> None:
    assert resale_price(100.0, 0.0, 0.25) == pytest.approx(75.0)
    assert resale_price(100.0, math.log(2.0), 0.0) == pytest.approx(200.0)
    assert math.isfinite(resale_price(100.0, 1e9, 0.0))
    assert resold_compute(-1.0, 100.0, 0.1) == 0.0


def test_bill_under_contract_is_piecewise_linear_from_the_base() -> None:
    time = TimeGrid("2026-07-01", years=2, steps_per_year=2)
    bills = bill_under_contract(Contract("A", 5.0, (10.0, 20.0)), time)
    assert bills[0] == 5.0
    assert bills[1] == pytest.approx(15.0)
    assert bills[3] == pytest.approx(35.0)
    assert bills[-1] == pytest.approx(35.0)


def test_bill_of_a_total_ramps_up_and_is_paid_by_the_end_of_its_term() -> None:
    contract = Contract("Oracle", 2.0, total=300.0, start=2027.0, ramp=2.0, term=5.0)
    assert contract.full_bill == pytest.approx(75.0)
    time = TimeGrid("2026-01-01", years=6, steps_per_year=12)
    bills = bill_under_contract(contract, time)
    assert bills[12] == pytest.approx(2.0, abs=0.01)
    assert bills[24] == pytest.approx(2.0 + 37.5, rel=0.01)
    assert bills[-1] == pytest.approx(77.0)
    assert np.diff(bills).min() >= 0.0
    paid = (bills[12:] - 2.0)[1:].sum() / 12.0
    assert paid == pytest.approx(300.0, rel=0.02)


def test_a_contract_that_has_begun_is_in_the_base_bill_as_far_as_it_has_grown() -> None:
    contract = Contract("Oracle", 20.75, total=300.0, start=2025.0, ramp=4.0, term=6.0)
    bills = bill_under_contract(contract, TimeGrid("2026-01-01", years=4, steps_per_year=12))
    assert contract.full_bill == pytest.approx(75.0)
    assert bills[0] == 20.75
    assert bills[-1] == pytest.approx(20.75 + 0.75 * 75.0, rel=1e-3)


def test_build_joins_contracts_into_forcing_states_and_commitments() -> None:
    time = TimeGrid("2026-01-01", years=2, steps_per_year=12)
    parts = build([Contract("Oracle", 1e9, (12e9,), waiting=0.5), Contract("A & B", 2e9, ())], time)
    assert list(parts.forcing) == list(parts.model.forcing_fields) == ["added_oracle", "added_a_b", "winter"]
    commitment = parts.context["commitment"]
    assert list(commitment.coords["counterparty"].values) == ["Oracle", "A & B"]
    assert commitment.sel(counterparty="Oracle").values[0] == 1e9
    np.testing.assert_allclose(np.diff(commitment.values, axis=1), np.stack(list(parts.forcing.values())[:2]))
    state = parts.model.initial(CONSTANTS)
    assert state.delivered_oracle == pytest.approx(CONSTANTS.base_bill / 3.0)
    assert state.delivered_a_b == pytest.approx(CONSTANTS.base_bill * 2.0 / 3.0)
    assert state.early_oracle == pytest.approx(0.5 * state.pipeline_early)
    assert state.early_a_b == 0.0
    clock = type("Clock", (), {"t": 0.0, "dt": DT, "index": 0})()
    shocks = parts.model.shocks_type(*(0.0 for _ in parts.model.shock_fields))._replace(regime=0.5)
    asked = CONSTANTS._replace(contract_speed=1.0, contract_size=1.0, management_reaction=0.0)
    after = parts.model.step(state, asked, shocks, clock, parts.model.forcing_type(1e9, 0.0, 0.0))
    held = after.early_oracle + after.late_oracle + after.delivered_oracle
    assert held - state.early_oracle - state.late_oracle - state.delivered_oracle == pytest.approx(1e9)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"take_or_pay": 1.2}, "take_or_pay"),
        ({"flexibility": -0.1}, "flexibility"),
        ({"waiting": 1.5}, "waiting"),
        ({"speed": -1.0}, "speed"),
        ({"equity_per_power": -5.0}, "equity_per_power"),
        ({"warrants_per_power": math.nan}, "warrants_per_power"),
        ({"added_bill": (), "total": 9.0, "start": 2027.0, "term": -1.0}, "term"),
        ({"added_bill": (), "total": 9.0, "start": 2027.0, "term": 2.0, "ramp": 3.0}, "ramp"),
        ({"added_bill": (), "total": 9.0, "start": 27.0, "term": 2.0}, "start"),
        ({"total": 9.0, "start": 2027.0, "term": 2.0}, "added_bill"),
        ({"added_bill": (), "term": 2.0}, "total"),
    ],
)
def test_contracts_that_contradict_themselves_are_refused(changes: dict[str, object], field: str) -> None:
    with pytest.raises(InputError, match=rf"contracts\.A\.{field}"):
        Contract(**{"counterparty": "A", "base_bill": 1.0, "added_bill": (1.0,), **changes})


def test_contracts_are_checked_all_at_once() -> None:
    with pytest.raises(InputError) as caught:
        Contract("?", -1.0, (math.nan, 1.0))
    assert len(caught.value.problems) == 3
    time = TimeGrid("2026-01-01", years=1)
    with pytest.raises(InputError):
        build([], time)
    with pytest.raises(InputError):
        build([Contract("A B", 0.0, ()), Contract("a-b", 0.0, ())], time)
    with pytest.raises(InputError, match="waiting"):
        build([Contract("A", 0.0, waiting=0.6), Contract("B", 0.0, waiting=0.6)], time)
