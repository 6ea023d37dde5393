"""Identities of the lab that hold on every path, to rounding: nothing is lost and every flow is booked once."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lab_paths import CONSTANTS, draw_params, forcing_of, walk

from montecarlo_ai.lab.parameters import Params, State

TOLERANCE = 1e-9
SEEDS = st.integers(min_value=0, max_value=2**32 - 1)
STEPS_PER_YEAR = st.sampled_from([1, 4, 12])
run = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def close(left: float, right: float, scale: float) -> bool:
    """Return whether two values agree to rounding at the size of what was added up."""
    return abs(left - right) <= TOLERANCE * max(abs(scale), 1.0)


def random_path(seed: int, steps_per_year: int) -> tuple[Params, list[State], float]:
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
def test_revenue_and_cost_are_the_sums_of_their_parts(seed: int, steps_per_year: int) -> None:
    params, path, _ = random_path(seed, steps_per_year)
    for state in path:
        parts = (state.revenue_consumer, state.revenue_business, state.revenue_new, state.revenue_resale)
        assert close(sum(parts), state.revenue, state.revenue)
        assert min(parts) >= 0.0
        assert state.training_cost + state.inference_cost <= state.compute_cost * (1.0 + TOLERANCE)
        assert params.take_or_pay * state.bill <= state.compute_cost * (1.0 + TOLERANCE)
        assert state.compute_cost <= state.bill * (1.0 + TOLERANCE)


@run
@given(SEEDS, STEPS_PER_YEAR)
def test_operating_income_is_revenue_less_costs(seed: int, steps_per_year: int) -> None:
    params, path, _ = random_path(seed, steps_per_year)
    base = params.consumer_run_rate + params.business_run_rate
    for before, after in itertools.pairwise(path):
        staff = params.staff_cost * max(after.revenue / base, 1.0) ** params.staff_elasticity
        proportional = after.revenue * (params.revenue_share + params.other_cost_share)
        income = after.revenue - proportional - after.compute_cost - staff
        interest = params.interest_rate * (before.debt - max(before.cash, 0.0))
        scale = after.revenue + after.compute_cost + staff
        assert close(after.operating_income, income, scale)
        assert close(after.cash_flow, income - interest, scale + abs(interest))


@run
@given(SEEDS, STEPS_PER_YEAR)
def test_what_is_remembered_only_grows_or_is_frozen(seed: int, steps_per_year: int) -> None:
    params, path, dt = random_path(seed, steps_per_year)
    for before, after in itertools.pairwise(path):
        short = -(after.cash + params.credit_line - after.debt)
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


@pytest.mark.parametrize("steps_per_year", [4, 12, 52])
def test_base_state_does_not_depend_on_the_step(steps_per_year: int) -> None:
    first = walk(CONSTANTS, forcing_of(1.0, steps_per_year), 1.0 / steps_per_year, seed=None)[0]
    assert first.revenue == CONSTANTS.consumer_run_rate + CONSTANTS.business_run_rate
    assert first.compute_cost == CONSTANTS.base_bill
    served = first.compute_training + first.compute_served
    assert served == pytest.approx(first.capacity, rel=1e-12)
