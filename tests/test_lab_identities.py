"""Identities of the lab that hold on every path, to rounding: nothing is lost and every flow is booked once."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lab_paths import CONSTANTS, CONTRACTS, draw_params, forcing_of, walk

from montecarlo_ai.lab.contracts import field_name
from montecarlo_ai.lab.parameters import Params

TOLERANCE = 1e-9
SEEDS = st.integers(min_value=0, max_value=2**32 - 1)
STEPS_PER_YEAR = st.sampled_from([1, 4, 12])
run = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def close(left: float, right: float, scale: float) -> bool:
    """Return whether two values agree to rounding at the size of what was added up."""
    return abs(left - right) <= TOLERANCE * max(abs(scale), 1.0)


def random_path(seed: int, steps_per_year: int) -> tuple[Params, list[Any], float]:
    """Return inputs, states and the step length of a path with inputs far wider than the preset's."""
    params = draw_params(seed)
    return params, walk(params, forcing_of(3.0, steps_per_year), 1.0 / steps_per_year, seed=seed), 1.0 / steps_per_year


@run
@given(SEEDS, STEPS_PER_YEAR)
def test_all_states_are_finite(seed: int, steps_per_year: int) -> None:
    _, path, _ = random_path(seed, steps_per_year)
    assert all(math.isfinite(value) for state in path for value in state)


@run
@given(SEEDS, STEPS_PER_YEAR)
def test_cash_changes_by_its_flows(seed: int, steps_per_year: int) -> None:
    _, path, dt = random_path(seed, steps_per_year)
    for before, after in itertools.pairwise(path):
        flows = dt * (after.cash_flow + after.equity_raised) + (after.debt - before.debt)
        scale = abs(before.cash) + dt * (abs(after.cash_flow) + after.equity_raised)
        assert close(after.cash, before.cash + flows, scale)


@run
@given(SEEDS, STEPS_PER_YEAR)
def test_fleet_is_used_once(seed: int, steps_per_year: int) -> None:
    _, path, _ = random_path(seed, steps_per_year)
    for state in path:
        parts = (state.compute_training, state.compute_served, state.compute_resold, state.compute_idle)
        assert close(sum(parts), state.capacity, state.capacity)
        assert min(parts) >= -TOLERANCE * max(state.capacity, 1.0)
        assert state.compute_served <= state.compute_needed * (1.0 + TOLERANCE)


@run
@given(SEEDS, STEPS_PER_YEAR)
def test_what_is_ordered_is_delivered_waiting_or_cancelled(seed: int, steps_per_year: int) -> None:
    _, path, _ = random_path(seed, steps_per_year)
    for state in path:
        waiting = state.pipeline_early + state.pipeline_late
        assert close(state.ordered, state.delivered + waiting + state.cancelled, state.ordered)
        assert close(state.delivered, state.bill + state.retired, state.delivered)


@run
@given(SEEDS, STEPS_PER_YEAR)
def test_each_contract_is_ordered_delivered_waiting_or_cancelled(seed: int, steps_per_year: int) -> None:
    """What a counterparty was asked for, less what it still owes and has delivered, is what was cancelled with it."""
    params, path, _ = random_path(seed, steps_per_year)
    pipeline = params.pipeline_ratio * params.base_bill
    kept = params.contract_speed * params.contract_size
    base = sum(contract.base_bill for contract in CONTRACTS)
    dropped = [0.0] * len(path)
    for place, contract in enumerate(CONTRACTS):
        name, before = field_name(contract.counterparty), 0.0
        ordered = params.base_bill * contract.base_bill / base + contract.waiting * pipeline
        for k, state in enumerate(path):
            if k > 0:
                ordered += contract.speed * kept * forcing_of(3.0, steps_per_year)[k - 1][place]
            early, late, delivered = (getattr(state, f"{part}_{name}") for part in ("early", "late", "delivered"))
            rest = ordered - early - late - delivered
            assert rest >= before - TOLERANCE * ordered
            assert rest <= min(contract.flexibility * params.contract_deferral, 1.0) * ordered * (1.0 + TOLERANCE)
            before = max(rest, before)
            dropped[k] += rest
    for k, state in enumerate(path):
        assert close(dropped[k], state.cancelled, state.ordered)
        assert state.early_cloud + state.early_chips <= state.pipeline_early * (1.0 + TOLERANCE)
        assert state.delivered_cloud + state.delivered_chips <= state.delivered * (1.0 + TOLERANCE)


@run
@given(SEEDS, STEPS_PER_YEAR)
def test_partner_share_and_credits_are_paid_out_of_their_stocks(seed: int, steps_per_year: int) -> None:
    params, path, dt = random_path(seed, steps_per_year)
    for before, after in itertools.pairwise(path):
        partner = min(params.revenue_share * after.revenue, before.partner_share_left / dt)
        used = min(params.credit_share * after.compute_cost, before.credits_left / dt)
        assert close(after.partner_share_left, before.partner_share_left - partner * dt, params.revenue_share_cap)
        assert close(after.credits_left, before.credits_left - used * dt, params.base_credits)
        assert min(after.partner_share_left, after.credits_left) >= 0.0


@run
@given(SEEDS, STEPS_PER_YEAR)
def test_debt_stays_within_its_limit_and_its_covenant(seed: int, steps_per_year: int) -> None:
    params, path, _ = random_path(seed, steps_per_year)
    for before, after in itertools.pairwise(path):
        most = params.credit_line + min(params.debt_facility, params.debt_covenant * after.revenue)
        assert after.debt_limit <= max(most, before.debt) * (1.0 + TOLERANCE)
        assert after.debt <= after.debt_limit * (1.0 + TOLERANCE)


@run
@given(SEEDS, STEPS_PER_YEAR)
def test_revenue_and_cost_are_the_sums_of_their_parts(seed: int, steps_per_year: int) -> None:
    params, path, _ = random_path(seed, steps_per_year)
    for state in path:
        parts = (state.revenue_consumer, state.revenue_business, state.revenue_new, state.revenue_resale)
        assert close(sum(parts), state.revenue, state.revenue)
        assert min(parts) >= 0.0
        assert state.training_cost + state.inference_cost <= state.compute_cost * (1.0 + TOLERANCE)
        assert state.firm_bill <= state.compute_cost * (1.0 + TOLERANCE)
        assert state.revenue_advertising <= state.revenue_consumer
        assert state.stranded_cost <= state.firm_bill * params.contract_term * (1.0 + TOLERANCE)
        assert state.compute_cost <= state.bill * (1.0 + TOLERANCE)


@run
@given(SEEDS, STEPS_PER_YEAR)
def test_operating_income_is_revenue_less_costs(seed: int, steps_per_year: int) -> None:
    params, path, dt = random_path(seed, steps_per_year)
    base = params.consumer_run_rate + params.business_run_rate
    for before, after in itertools.pairwise(path):
        staff = params.staff_cost * max(after.revenue / base, 1.0) ** params.staff_elasticity
        partner = (before.partner_share_left - after.partner_share_left) / dt
        energy = after.power * params.owned_share * params.energy_price
        income = after.revenue * (1.0 - params.other_cost_share) - partner - after.compute_cost - staff - energy
        credits = (before.credits_left - after.credits_left) / dt
        assert close(after.stock_pay, params.stock_pay_ratio * staff, staff)
        interest = params.interest_rate * (before.debt - max(before.cash, 0.0))
        scale = after.revenue + after.compute_cost + staff
        scale += before.partner_share_left / dt + before.credits_left / dt  # what differences lose to rounding
        assert close(after.operating_income, income, scale)
        assert close(after.cash_flow, income + credits - interest, scale + abs(interest))


@run
@given(SEEDS, STEPS_PER_YEAR)
def test_what_is_remembered_only_grows_or_is_frozen(seed: int, steps_per_year: int) -> None:
    _, path, dt = random_path(seed, steps_per_year)
    for before, after in itertools.pairwise(path):
        short = -(after.cash + after.debt_limit - after.debt)
        assert close(after.funding_gap, max(before.funding_gap, short), abs(after.cash))
        assert after.funding_gap >= before.funding_gap >= 0.0
        assert after.profit_reached >= before.profit_reached
        if before.profit_reached == 1.0:
            assert after.loss_until_profitable == before.loss_until_profitable
        else:
            lost = before.loss_until_profitable - after.operating_income * dt
            assert close(after.loss_until_profitable, lost, abs(lost) + abs(before.loss_until_profitable))


@run
@given(SEEDS, STEPS_PER_YEAR)
def test_shares_lie_between_zero_and_one(seed: int, steps_per_year: int) -> None:
    _, path, _ = random_path(seed, steps_per_year)
    for state in path:
        for share in (state.unmet_share, state.surplus_share, state.unmonetized_mean, state.unmet_mean):
            assert -TOLERANCE <= share <= 1.0 + TOLERANCE
        assert min(state.unmet_share, state.surplus_share) <= TOLERANCE
        assert state.debt >= 0.0
        assert state.regime in (-1.0, 0.0, 1.0)
        assert 0.0 <= state.new_payer_share <= state.paying_share


@pytest.mark.parametrize("steps_per_year", [4, 12, 52])
def test_base_state_does_not_depend_on_the_step(steps_per_year: int) -> None:
    first = walk(CONSTANTS, forcing_of(1.0, steps_per_year), 1.0 / steps_per_year, seed=None)[0]
    assert first.revenue == CONSTANTS.consumer_run_rate + CONSTANTS.business_run_rate
    assert first.compute_cost == CONSTANTS.base_bill
    served = first.compute_training + first.compute_served
    assert served == pytest.approx(first.capacity, rel=1e-12)
