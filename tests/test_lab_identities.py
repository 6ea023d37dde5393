"""Identities of the lab in random scenarios, on every path to rounding: nothing is lost, every flow is booked once.

Inputs lie in intervals three times as wide as the preset's or at a limit at which a law is off or acts in full,
contracts are random, and a step is from a week to a year long.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lab_paths import CONSTANTS, forcing_of, walk
from lab_scenarios import Run, random_case
from numpy.typing import NDArray

from montecarlo_ai.lab.contracts import field_name

TOLERANCE = 1e-9
Array = NDArray[np.float64]


def close(left: Array, right: Array, *parts: Array | float) -> bool:
    """Return whether two sums agree everywhere, to rounding at the size of what was added up."""
    scale = np.max(np.abs(np.broadcast_arrays(left, right, *parts)), axis=0)
    return bool((np.abs(left - right) <= TOLERANCE * np.maximum(scale, 1.0)).all())


def moved(rate: Array | float, dt: float) -> Array:
    """Return the share of a stock that a rate moves in a step, the exponential to third order."""
    y = np.asarray(rate) * dt
    return np.minimum(y - y**2 / 2.0 + y**3 / 6.0, 1.0)


def outflow(years: float, dt: float) -> float:
    """Return the share that leaves a stage of a delay in a step."""
    return min(dt / years, 1.0) if years > 1e-6 else 1.0


def all_states_are_finite(run: Run) -> None:
    assert np.isfinite(list(run.columns.values())).all()


def cash_changes_by_its_flows(run: Run) -> None:
    """Each flow is made here from what it is a part of, none from the sums that the lab reports."""
    p, dt = run.case.params, run.case.time.dt
    revenue = run.revenue_consumer + run.revenue_business + run.revenue_new + run.revenue_resale
    base = p.consumer_run_rate + p.business_run_rate
    staff = p.staff_cost * np.maximum(revenue / base, 1.0) ** p.staff_elasticity
    energy = run.power * p.owned_share * p.energy_price
    credits = np.minimum(p.credit_share * run.compute_cost[1:], run.credits_left[:-1] / dt)
    interest = p.interest_rate * (run.debt - np.maximum(run.cash, 0.0))[:-1]
    costs = (p.other_cost_share * revenue + run.compute_cost + staff + energy)[1:]
    profit = revenue[1:] - costs
    due = p.revenue_share * revenue[1:] + p.profit_share * np.maximum(profit, 0.0)
    partner = np.minimum(due, run.partner_share_left[:-1] / dt)
    income = profit - partner
    flow = income + credits - interest
    scale = (revenue[1:], costs, run.partner_share_left[:-1] / dt, run.credits_left[:-1] / dt)
    assert close(run.revenue, revenue)
    assert close(run.stock_pay, p.stock_pay_ratio * staff)
    assert close(run.operating_income[1:], income, *scale)
    assert close(run.cash_flow[1:], flow, interest, *scale)
    assert close(np.diff(run.partner_share_left), -partner * dt, run.partner_share_left[:-1])
    assert close(np.diff(run.credits_left), -credits * dt, run.credits_left[:-1])
    change = dt * (flow + run.equity_raised[1:]) + np.diff(run.debt)
    assert close(np.diff(run.cash), change, run.cash[1:], run.cash[:-1], run.debt[1:], dt * income, *scale)


def equity_is_what_rounds_tranches_suppliers_and_warrants_pay(run: Run) -> None:
    p, dt = run.case.params, run.case.time.dt
    winter, boom = np.maximum(-run.regime, 0.0)[1:] * p.winter_strength, np.maximum(run.regime, 0.0)[1:]
    open_ = np.maximum(1.0 + winter * (p.winter_rounds - 1.0) + boom * (p.boom_rounds - 1.0), 0.0)
    price = np.exp(run.market_mood[1:] - winter * p.winter_multiple + boom * p.boom_multiple)
    tranches = run.tranches[:-1] * moved(p.round_rate * open_, dt)
    promised = np.diff(run.tranches) + tranches
    supplied, vested = delivered_with(run, "equity_per_power"), delivered_with(run, "warrants_per_power")
    sold = run.warrants[:-1] * moved(p.warrant_sale_rate, dt)
    whole = run.power[1:] * max(contract.warrants_per_power for contract in run.case.contracts)
    assert close(np.diff(run.warrants), vested - sold, run.warrants[1:], run.warrants[:-1], whole)
    closed = run.round_clock[1:] == 1.0
    limit = np.where(closed, p.dilution * run.valuation[1:], 0.0)
    scale = (run.tranches[1:], run.tranches[:-1], limit, run.power[1:] * 20e9)
    rounds = dt * run.equity_raised[1:] - tranches - p.supplier_equity * supplied - sold * price
    assert close(rounds * (1.0 - p.paid_now), promised * p.paid_now, *scale, sold * price)
    assert (rounds + promised <= limit + TOLERANCE * np.max(np.abs(np.stack([*scale, sold * price])), axis=0)).all()


def delivered_with(run: Run, attached: str) -> Array:
    """Return what suppliers attached to the power that they delivered, USD in each step.

    A delivery may be too small to change the sum of all that was delivered before. Where none is left, what power
    gains is rounding.
    """
    p, dt = run.case.params, run.case.time.dt
    old = (run.power - run.power_young - run.power_middle)[:-1]
    arrived = np.diff(run.power) + np.maximum(old, 0.0) * outflow(p.contract_term / 3.0, dt)
    brought = {
        contract: np.diff(getattr(run, f"delivered_{field_name(contract.counterparty)}"))
        for contract in run.case.contracts
    }
    delivered = np.maximum(np.diff(run.delivered), np.sum(list(brought.values()), axis=0))
    per_bill = np.divide(arrived, delivered, out=np.zeros_like(arrived), where=delivered > 0.0)
    return np.sum([getattr(contract, attached) * per_bill * bill for contract, bill in brought.items()], axis=0)


def fleet_is_used_once(run: Run) -> None:
    parts = np.stack([run.compute_training, run.compute_served, run.compute_resold, run.compute_idle])
    assert close(parts.sum(axis=0), run.capacity)
    assert (parts >= -TOLERANCE * np.maximum(run.capacity, 1.0)).all()
    assert (run.compute_served <= run.compute_needed * (1.0 + TOLERANCE)).all()
    assert (run.compute_resold <= run.case.params.resale_cap * run.capacity * (1.0 + TOLERANCE)).all()
    assert (np.minimum(run.unmet_share, run.surplus_share) <= TOLERANCE).all()
    idle = (run.surplus_share > TOLERANCE)[1:]  # nothing is free while somebody goes without
    short = (run.compute_needed - run.compute_served)[1:]
    assert (short[idle] <= TOLERANCE * run.compute_needed[1:][idle]).all()


def orders_are_delivered_waiting_put_off_or_cancelled(run: Run) -> None:
    assert close(run.ordered, run.delivered + run.pipeline_early + run.pipeline_late + run.deferred + run.cancelled)
    assert close(run.delivered, run.bill + run.retired)
    for name in ("ordered", "cancelled", "delivered", "retired"):
        assert (np.diff(getattr(run, name)) >= 0.0).all(), name


def each_contract_puts_off_what_it_may_and_calls_it_again(run: Run) -> None:
    """Ordered by its schedule, less delivered and in its pipeline, is put off or has lapsed."""
    p, contracts, dt = run.case.params, run.case.contracts, run.case.time.dt
    base, pipeline = sum(contract.base_bill for contract in contracts), p.pipeline_ratio * p.base_bill
    again, lapses = (min(dt / max(time, 1e-9), 1.0) for time in (p.ordering_time, p.contract_term))
    deferred, lapsed, known = np.zeros_like(run.bill), np.zeros_like(run.bill), np.zeros_like(run.bill)
    for contract, asked in zip(contracts, run.asked, strict=True):
        name = field_name(contract.counterparty)
        begun = p.base_bill * (contract.base_bill / base if base > 0.0 else 0.0) + contract.waiting * pipeline
        called = contract.speed * p.contract_speed * p.contract_size * np.concatenate(([0.0], np.cumsum(asked)))
        held = sum(getattr(run, f"{part}_{name}") for part in ("early", "late", "delivered"))
        waits = getattr(run, f"deferred_{name}")
        gone, small = begun + called - held - waits, TOLERANCE * (begun + called)[1:]
        share = min(contract.flexibility * p.contract_deferral, 1.0)
        assert (waits >= 0.0).all()
        assert (waits[1:] <= waits[:-1] + share * (np.diff(called) + again * waits[:-1]) + small).all()
        assert (waits[1:] >= (1.0 - again) * (1.0 - lapses) * waits[:-1] - small).all()
        assert (np.diff(gone) >= -small).all()
        assert (np.diff(gone) <= lapses * waits[:-1] + small).all()
        deferred, lapsed, known = deferred + waits, lapsed + gone, known + held
    assert close(deferred, run.deferred, run.ordered)
    assert close(lapsed, run.cancelled, run.ordered)
    assert (known <= (run.ordered - run.cancelled - run.deferred) * (1.0 + TOLERANCE)).all()


def compute_is_paid_where_it_is_used_or_owed(run: Run) -> None:
    p = run.case.params
    capacity = np.maximum(run.capacity, 1e-9)
    assert close(run.training_cost, run.bill * run.compute_training / capacity)
    assert close(run.inference_cost, run.bill * run.compute_served / capacity)
    used = run.training_cost + run.inference_cost + run.bill * run.compute_resold / capacity
    assert close(run.compute_cost[1:], np.maximum(used, run.firm_bill)[1:], run.bill[1:])
    assert (run.firm_bill <= run.bill * (1.0 + TOLERANCE)).all()
    assert (run.compute_cost <= run.bill * (1.0 + TOLERANCE)).all()
    assert (run.stranded_cost <= (run.firm_bill + TOLERANCE * run.bill) * p.contract_term).all()
    assert (run.revenue_advertising <= run.revenue_consumer * (1.0 + TOLERANCE)).all()


def firm_bill_is_what_contracts_fix_of_what_they_deliver(run: Run) -> None:
    p, dt = run.case.params, run.case.time.dt
    own = np.diff(run.delivered)
    firm = np.zeros_like(own)
    for contract in run.case.contracts:
        brought = np.diff(getattr(run, f"delivered_{field_name(contract.counterparty)}"))
        firm += p.take_or_pay * contract.take_or_pay * brought
        own = own - brought
    firm += p.take_or_pay * np.maximum(own, 0.0)
    old = np.maximum(run.firm_bill - run.firm_bill_young - run.firm_bill_middle, 0.0)[:-1]
    left = old * outflow(p.contract_term / 3.0, dt)
    assert close(np.diff(run.firm_bill), firm - left, run.ordered[1:])


def debt_stays_within_its_limit_and_its_covenant(run: Run) -> None:
    p = run.case.params
    most = p.credit_line + np.minimum(p.debt_facility, p.debt_covenant * run.revenue)
    assert (run.debt_limit[1:] <= np.maximum(most[1:], run.debt[:-1]) * (1.0 + TOLERANCE)).all()
    assert (run.debt <= run.debt_limit * (1.0 + TOLERANCE)).all()
    assert (run.debt >= 0.0).all()
    assert (np.minimum(run.debt, np.maximum(run.cash, 0.0)) <= TOLERANCE * np.maximum(np.abs(run.cash_flow), 1.0)).all()


def what_is_remembered_only_grows_or_is_frozen(run: Run) -> None:
    short = -(run.cash + run.debt_limit - run.debt)
    assert close(run.funding_gap, np.maximum.accumulate(np.maximum(short, 0.0)), run.cash, run.debt_limit)
    earning = run.operating_income_mean[1:] > 0.0  # what `profitable` is; events are looked at from the first step on
    reached = np.concatenate([[False], np.logical_or.accumulate(earning)])
    assert (run.profit_reached == reached).all()
    lost = np.where(reached[:-1], 0.0, -run.operating_income[1:] * run.case.time.dt)
    assert close(np.diff(run.loss_until_profitable), lost, run.loss_until_profitable[1:])
    assert (np.diff(run.growth_clamps) >= 0.0).all()


def shares_lie_between_zero_and_one(run: Run) -> None:
    for name in ("unmet_share", "surplus_share", "unmonetized_mean", "unmet_mean", "training_share", "paying_share"):
        values = getattr(run, name)
        assert ((values >= -TOLERANCE) & (values <= 1.0 + TOLERANCE)).all(), name
    assert set(np.unique(run.regime)) <= {-1.0, 0.0, 1.0}
    assert (run.new_payer_share >= 0.0).all()
    assert (run.new_payer_share <= run.paying_share).all()


IDENTITIES: tuple[Callable[[Run], None], ...] = (
    all_states_are_finite,
    cash_changes_by_its_flows,
    equity_is_what_rounds_tranches_suppliers_and_warrants_pay,
    fleet_is_used_once,
    orders_are_delivered_waiting_put_off_or_cancelled,
    each_contract_puts_off_what_it_may_and_calls_it_again,
    compute_is_paid_where_it_is_used_or_owed,
    firm_bill_is_what_contracts_fix_of_what_they_deliver,
    debt_stays_within_its_limit_and_its_covenant,
    what_is_remembered_only_grows_or_is_frozen,
    shares_lie_between_zero_and_one,
)

SEEDS = st.integers(min_value=0, max_value=2**32 - 1)
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
long = settings(max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(SEEDS)
def test_identities_hold_in_random_scenarios(seed: int) -> None:
    run = Run(random_case(seed))
    for identity in IDENTITIES:
        identity(run)


@pytest.mark.slow
@long
@example(5503317)  # one contract brings too little to change the sum of all
@example(28547)  # a last month without any delivery
@given(SEEDS)
def test_identities_hold_in_many_more_scenarios(seed: int) -> None:
    run = Run(random_case(seed, most_steps=200))
    for identity in IDENTITIES:
        identity(run)


@pytest.mark.parametrize("steps_per_year", [4, 12, 52])
def test_base_state_does_not_depend_on_the_step(steps_per_year: int) -> None:
    first = walk(CONSTANTS, forcing_of(1.0, steps_per_year), 1.0 / steps_per_year, seed=None)[0]
    assert first.revenue == CONSTANTS.consumer_run_rate + CONSTANTS.business_run_rate
    assert first.compute_cost == CONSTANTS.base_bill
    served = first.compute_training + first.compute_served
    assert served == pytest.approx(first.capacity, rel=1e-12)
