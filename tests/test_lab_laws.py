"""Each law of the lab in plain Python: its limits and its closed forms."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from lab_paths import CONSTANTS

from montecarlo_ai.errors import InputError
from montecarlo_ai.lab import Contract, build
from montecarlo_ai.lab.allocation import Allocation, allocate
from montecarlo_ai.lab.commitments import called_off, cancelled, compute_bill
from montecarlo_ai.lab.consumers import paying_share_after, use_cost_growth, use_under_quota
from montecarlo_ai.lab.contracts import bill_under_contract
from montecarlo_ai.lab.costs import interest, staff_cost
from montecarlo_ai.lab.demand import (
    clamped,
    demand_change,
    grown,
    growth_in_empty_market,
    new_products_after,
    relaxation,
    saturating_growth,
)
from montecarlo_ai.lab.fleet import aged, pipeline_after
from montecarlo_ai.lab.funding import AGE_OF_A_YEARS_SUM, funding_round, treasury_after, valuation, yearly_growth
from montecarlo_ai.lab.model import mean_after
from montecarlo_ai.lab.monetization import compute_for_sales, marginal_revenue, monetization_change, unmonetized_share
from montecarlo_ai.lab.policy import (
    cancelling_pressure,
    discretionary_orders,
    planned_training,
    runway,
    shortness,
    wanted_bill,
)
from montecarlo_ai.lab.resale import resale_price, resold_compute
from montecarlo_ai.lab.technology import cost_after_gain, cost_of_new_compute, cost_surprise, cost_when_ramping
from montecarlo_ai.timegrid import TimeGrid

DT = 1.0 / 12.0


def test_relaxation_is_third_order_and_never_overshoots() -> None:
    errors = [abs((1.0 - relaxation(0.7, 1.0 / n)) ** n - math.exp(-0.7)) for n in (20, 40, 80)]
    assert errors[0] / errors[1] == pytest.approx(8.0, abs=0.3)
    assert errors[1] / errors[2] == pytest.approx(8.0, abs=0.15)
    shares = [relaxation(rate, DT) for rate in np.linspace(0.0, 40.0, 400)]
    assert all(0.0 <= first <= second <= 1.0 for first, second in itertools.pairwise(shares))
    assert relaxation(1e6, DT) == 1.0
    assert relaxation(0.0, DT) == 0.0


def demand_after(level: float, growth: float, market: float, lost: float, dt: float) -> float:
    return grown(level, demand_change(level, growth, market, lost, dt))


def test_demand_far_from_saturation_grows_at_its_rate() -> None:
    level = 1.0
    for _ in range(12):
        level = demand_after(level, 0.6, 1e12, 0.0, DT)
    assert level == pytest.approx(math.exp(0.6), rel=1e-9)


def test_demand_converges_to_the_logistic_curve_at_first_order() -> None:
    growth, market, start, years = 1.2, 10.0, 0.5, 4.0
    exact = market / (1.0 + (market / start - 1.0) * math.exp(-growth * years))
    errors = []
    for steps in (100, 200, 400):
        level = start
        for _ in range(steps):
            level = demand_after(level, growth, market, 0.0, years / steps)
        errors.append(abs(level - exact))
    assert errors[0] / errors[1] == pytest.approx(2.0, abs=0.1)
    assert errors[1] / errors[2] == pytest.approx(2.0, abs=0.1)


def test_demand_limits() -> None:
    assert demand_after(0.0, 2.0, 10.0, 0.0, DT) == 0.0
    assert demand_after(5.0, 0.0, 10.0, 0.0, DT) == 5.0
    assert demand_after(10.0, 1.0, 10.0, 0.0, DT) == 10.0
    assert demand_after(9.0, -1.0, 10.0, 0.0, 1.0) == pytest.approx(9.0 * math.exp(-1.0))
    assert demand_after(5.0, 0.0, 10.0, 0.3, 1.0) == pytest.approx(5.0 * math.exp(-0.3))
    assert math.isfinite(grown(1e29, 1e9))
    assert grown(5.0, -1e9) > 0.0


def test_what_the_guard_holds_back_is_told() -> None:
    for log_growth in (1e9, -1e9, 3.001, -3.001):
        assert clamped(grown(5.0, log_growth), log_growth) == 1.0
    for log_growth in (0.0, 2.999, -2.999):
        assert clamped(grown(5.0, log_growth), log_growth) == 0.0
    assert clamped(grown(9e29, 0.5), 0.5) == 1.0


def test_new_products_wait_for_their_launch() -> None:
    assert new_products_after(0.0, 0.1, 0.99, 1.0, 3.0) == 0.0
    assert new_products_after(0.0, 0.1, 1.0, 1.0, 3.0) == 3.0
    assert new_products_after(3.0, 0.1, 2.0, 1.0, 3.0) == pytest.approx(3.0 * math.exp(0.1))
    assert new_products_after(0.0, 0.1, 1e9, math.inf, 3.0) == 0.0


def test_paying_share_limits() -> None:
    assert paying_share_after(0.05, 0.10, 0.0, 0.0, DT) == 0.05
    assert paying_share_after(0.05, 0.10, 1e9, 0.0, DT) == pytest.approx(0.10)
    assert paying_share_after(0.05, 0.0, 0.0, 100.0, 1.0) == 0.0


@pytest.mark.parametrize(("use", "quota", "spread"), [(1.0, 2.0, 1.3), (3.0, 1.5, 1.0), (0.4, 5.0, 0.3)])
def test_use_under_quota_is_the_mean_of_the_cut_log_normal(use: float, quota: float, spread: float) -> None:
    score = np.linspace(-9.0, 9.0, 200_001)
    density = np.exp(-0.5 * score**2) / math.sqrt(2.0 * math.pi)
    cut = np.minimum(use * np.exp(spread * score - 0.5 * spread**2), quota)
    assert use_under_quota(use, quota, spread) == pytest.approx(np.trapezoid(cut * density, score), rel=1e-7)


def test_use_under_quota_limits() -> None:
    assert use_under_quota(1.0, 1e12, 1.3) == pytest.approx(1.0, rel=1e-9)
    assert use_under_quota(1e12, 2.0, 1.3) == pytest.approx(2.0, rel=1e-9)
    assert use_under_quota(1.0, 2.0, 0.0) == pytest.approx(1.0)
    assert use_under_quota(3.0, 2.0, 0.0) == pytest.approx(2.0)
    assert use_under_quota(0.0, 2.0, 1.0) == 0.0


def test_rebound_takes_the_surprise_and_nothing_else() -> None:
    surprise = cost_surprise(-0.4 * DT, 0.3, 0.05, DT)
    assert surprise == pytest.approx((-0.4 + 0.3 - 0.05) * DT)
    assert use_cost_growth(0.1, 1.0, surprise, DT) == pytest.approx(0.1 * DT)
    assert use_cost_growth(0.1, 0.0, surprise, DT) == pytest.approx(0.1 * DT + surprise)


def test_technology_limits() -> None:
    assert cost_of_new_compute(12e9, 1.2e6) == pytest.approx(1e4)
    assert cost_after_gain(100.0, 0.3, 2.0) == pytest.approx(100.0 * math.exp(-0.6))
    assert cost_when_ramping(100.0, 0.3, 0.0, 5.0) == 100.0
    assert cost_when_ramping(100.0, 0.3, 2.5, 5.0) == pytest.approx(115.0)
    assert cost_when_ramping(100.0, 0.3, 50.0, 5.0) == pytest.approx(130.0)
    assert cost_when_ramping(100.0, 0.3, 1.0, 0.0) == pytest.approx(130.0)


def test_monetization_reverts_and_answers_scarcity() -> None:
    rest = {"long_run": 2.0, "reversion": 0.0, "scarcity_response": 0.0, "unmet": 0.0, "surplus": 0.0}
    rest["usual_surplus"] = 0.02
    flat = {**rest, "kept_gain": 0.0, "noise": 0.0, "dt": DT}
    assert monetization_change(3.0, **flat) == 0.0
    assert monetization_change(3.0, **{**flat, "reversion": 1e9}) == pytest.approx(math.log(2.0 / 3.0))
    assert monetization_change(3.0, **{**flat, "scarcity_response": 2.0, "unmet": 0.1}) == pytest.approx(0.2 * DT)
    assert monetization_change(3.0, **{**flat, "scarcity_response": 2.0, "surplus": 0.1}) == pytest.approx(-0.16 * DT)
    assert monetization_change(0.0, **{**flat, "reversion": 1.0}) == 0.0


def test_marginal_revenue_takes_the_best_use() -> None:
    assert marginal_revenue(0.01, 30.0, 0.0, 5.0, 9.0) == 30.0
    assert marginal_revenue(0.0, 30.0, 4.0, 5.0, 9.0) == 9.0
    assert marginal_revenue(0.0, 30.0, 5.0, 5.0, 9.0) == 0.0
    assert unmonetized_share(0.2, 0.0, 10.0) == 0.2
    assert unmonetized_share(0.2, 10.0, 10.0) == 0.0
    assert unmonetized_share(0.2, 15.0, 10.0) == 0.0
    assert unmonetized_share(0.2, 4.0, 10.0) == pytest.approx(0.12)
    assert compute_for_sales(0.0, 0.0, 0.0) == 0.0


@pytest.mark.parametrize("dt", [1.0 / 4.0, 1.0 / 12.0, 1.0 / 52.0])
def test_pipeline_delivers_all_after_its_lead_time(dt: float) -> None:
    lead, n = 1.3, round(40.0 / dt)
    early, late, total, moment = 100.0, 0.0, 0.0, 0.0
    for k in range(n):
        early, late, out = pipeline_after(early, late, 0.0, lead, dt)
        total += out
        moment += out * (k + 1) * dt
    assert total == pytest.approx(100.0, rel=1e-9)
    assert moment / total == pytest.approx(lead, rel=1e-9)


@pytest.mark.parametrize("dt", [1.0 / 4.0, 1.0 / 12.0, 1.0 / 52.0])
def test_fleet_retires_after_its_term_and_not_at_once(dt: float) -> None:
    term, n = 5.0, round(120.0 / dt)
    young, middle, total, gone, moment = 100.0, 0.0, 100.0, 0.0, 0.0
    for k in range(n):
        young, middle, total, out = aged(young, middle, total, 0.0, term, dt)
        gone += out
        moment += out * (k + 1) * dt
    assert gone == pytest.approx(100.0, rel=1e-9)
    assert moment / gone == pytest.approx(term, rel=1e-9)
    assert aged(1.0, 0.0, 1.0, 0.0, term, DT).retired == 0.0


def test_contracts_call_off_the_schedule_and_pay_for_what_is_fixed() -> None:
    assert called_off(100.0, 90.0, 0.75, 1.0) == pytest.approx(7.5)
    assert called_off(80.0, 90.0, 0.75, 1.0) == 0.0
    assert cancelled(10.0, 0.4, 0.5) == pytest.approx(2.0)
    assert cancelled(10.0, 0.4, -1.0) == 0.0
    assert cancelled(10.0, 0.4, 7.0) == pytest.approx(4.0)
    assert compute_bill(100.0, 0.7, 0.5) == pytest.approx(70.0)
    assert compute_bill(100.0, 0.7, 0.9) == pytest.approx(90.0)


def use_of(capacity: float, training: float, paid: float, free: float, **changes: float) -> Allocation:
    """Return an allocation with simple rules, changed where a test says so."""
    rules = {"training_yield": 0.0, "free_floor": 0.5, "absorption": 0.0, "resale_cap": 0.1, **changes}
    return allocate(capacity, training, paid, free, **rules)


def test_allocation_in_plenty_serves_all_and_resells_up_to_the_cap() -> None:
    use = use_of(100.0, 40.0, 20.0, 10.0)
    assert use == Allocation(40.0, 30.0, 10.0, 20.0, 1.0, 0.0, 0.3)
    assert use_of(100.0, 40.0, 20.0, 10.0, absorption=1.0).training == 70.0


def test_allocation_in_shortage_rations_free_users_first() -> None:
    use = use_of(100.0, 40.0, 52.0, 10.0)
    assert use.served == pytest.approx(60.0)
    assert use.unmet_share == 0.0
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


def test_costs_limits() -> None:
    assert staff_cost(3.0, 0.6, 40.0, 20.0) == pytest.approx(3.0 * 2.0**0.6)
    assert staff_cost(3.0, 0.6, 5.0, 20.0) == 3.0
    assert staff_cost(3.0, 0.6, 5.0, 0.0) == 3.0
    assert interest(0.04, 4.0, -10.0) == pytest.approx(0.16)
    assert interest(0.04, 0.0, 10.0) == pytest.approx(-0.4)


def test_runway_and_cuts() -> None:
    assert runway(30.0, -10.0) == pytest.approx(3.0)
    assert runway(30.0, 5.0) == 1000.0
    assert runway(0.0, 5.0) == 0.0
    assert shortness(0.5, 1.0) == pytest.approx(0.5)
    assert shortness(2.0, 1.0) == 0.0
    assert shortness(0.0, 0.0) == 0.0
    assert planned_training(100.0, 0.4, 0.6, 0.0, 10.0, 1.0) == pytest.approx(40.0)
    assert planned_training(100.0, 0.4, 0.6, 1.0, 10.0, 1.0) == pytest.approx(24.0)
    assert planned_training(100.0, 0.4, 0.6, 0.0, 10.0, 0.0) == 10.0
    assert planned_training(100.0, 0.4, 0.6, 0.0, 10.0, 0.5) == pytest.approx(25.0)


def test_orders_close_the_gap_and_excess_cancels() -> None:
    assert wanted_bill(60.0, 0.4, 5.0, 1.0) == pytest.approx(100.0)
    assert wanted_bill(60.0, 0.4, 5.0, 0.0) == pytest.approx(65.0)
    assert discretionary_orders(100.0, 80.0, 2.0, 0.5) == pytest.approx(5.0)
    assert discretionary_orders(80.0, 100.0, 2.0, 1.0) == 0.0
    assert cancelling_pressure(100.0, 80.0, 0.0) == 0.0
    assert cancelling_pressure(100.0, 130.0, 0.0) == pytest.approx(0.3)
    assert cancelling_pressure(100.0, 80.0, 0.7) == pytest.approx(0.7)
    assert cancelling_pressure(100.0, 500.0, 0.0) == 1.0


def raise_money(**changes: float) -> tuple[float, ...]:
    """Return a funding round under full urgency, changed where a test says so."""
    case = {
        "clock": 0.05,
        "round_rate": 1.0,
        "mood": 0.0,
        "wanted": 100.0,
        "liquid": 0.0,
        "tranches": 0.0,
        "largest": 40.0,
        "paid_now": 0.25,
        "dt": DT,
    }
    return funding_round(**{**case, **changes})


def test_rounds_close_under_pressure_and_are_bounded() -> None:
    assert raise_money()[:2] == (10.0, 30.0)
    assert raise_money(largest=1e9)[:2] == (25.0, 75.0)
    assert raise_money(liquid=100.0)[:2] == (0.0, 0.0)
    assert raise_money(tranches=60.0)[2] == pytest.approx(60.0 * relaxation(1.0, DT))
    assert raise_money(round_rate=0.0)[:3] == (0.0, 0.0, 0.0)
    assert raise_money(mood=-3.0)[0] == 0.0
    assert raise_money(clock=1.0)[3] == pytest.approx(1.0 - DT)


def test_treasury_draws_and_repays_credit() -> None:
    assert treasury_after(10.0, 0.0, 4.0, -5.0) == (5.0, 0.0)
    assert treasury_after(10.0, 0.0, 4.0, -12.0) == (0.0, 2.0)
    assert treasury_after(10.0, 0.0, 4.0, -20.0) == (-6.0, 4.0)
    assert treasury_after(0.0, 3.0, 4.0, 10.0) == (7.0, 0.0)


def test_valuation_limits() -> None:
    assert valuation(20.0, 8.0, 2.0, 0.0, 0.0) == pytest.approx(160.0)
    assert valuation(20.0, 8.0, 2.0, 0.5, 0.0) == pytest.approx(160.0 * math.e)
    assert valuation(0.0, 8.0, 2.0, 0.5, 0.0) == 0.0
    assert yearly_growth(20.0, 0.0) == 0.0
    assert yearly_growth(0.0, 10.0) == -0.9
    assert yearly_growth(15.0, 10.0) == pytest.approx(1.0)


@pytest.mark.parametrize("growth", [-0.3, 0.4, 1.2])
@pytest.mark.parametrize("steps_per_year", [4, 12, 52])
def test_growth_of_steady_revenue_is_its_rate(growth: float, steps_per_year: int) -> None:
    dt = 1.0 / steps_per_year
    mean, revenue = 1.0, 1.0
    for _ in range(20 * steps_per_year):
        run_rate = 0.5 * revenue * (1.0 + math.exp(growth * dt))
        revenue *= math.exp(growth * dt)
        mean = mean_after(mean, run_rate, dt, AGE_OF_A_YEARS_SUM)
    assert yearly_growth(revenue, mean) == pytest.approx(growth, rel=growth**2 * dt**2 + 2.0 * dt**2)


def test_growth_that_is_seen_at_the_start_is_that_of_the_first_step() -> None:
    growth = growth_in_empty_market(0.4, 0.8e9, 3.0e9)
    assert saturating_growth(growth, 0.8e9, 3.0e9) == pytest.approx(0.4)
    assert growth_in_empty_market(-0.2, 0.8e9, 3.0e9) == -0.2
    assert growth_in_empty_market(0.2, 5.0e9, 3.0e9) == pytest.approx(2.0)


def test_bill_under_contract_is_piecewise_linear_from_the_base() -> None:
    time = TimeGrid("2026-07-01", years=2, steps_per_year=2)
    bills = bill_under_contract(Contract("A", 5.0, (10.0, 20.0)), time)
    assert bills[0] == 5.0
    assert bills[1] == pytest.approx(15.0)
    assert bills[3] == pytest.approx(35.0)
    assert bills[-1] == pytest.approx(35.0)


def test_build_joins_contracts_into_forcing_and_commitments() -> None:
    time = TimeGrid("2026-01-01", years=2, steps_per_year=12)
    parts = build([Contract("Oracle", 1.0, (12.0,)), Contract("A & B", 2.0, ())], time)
    assert list(parts.forcing) == list(parts.model.forcing_fields) == ["bill_oracle", "bill_a_b"]
    commitment = parts.context["commitment"]
    assert list(commitment.coords["counterparty"].values) == ["Oracle", "A & B"]
    assert commitment.sel(counterparty="Oracle").values[0] == 1.0
    np.testing.assert_array_equal(commitment.values[:, 1:], np.stack(list(parts.forcing.values())))
    forcing = parts.model.forcing_type(3.0, 4.0)
    state = parts.model.initial(CONSTANTS)
    assert state.contracted == 3.0
    clock = type("Clock", (), {"t": 0.0, "dt": DT, "index": 0})()
    shocks = parts.model.shocks_type(*(0.0 for _ in parts.model.shock_fields))
    assert parts.model.step(state, CONSTANTS, shocks, clock, forcing).contracted == 7.0


def test_contracts_are_checked_all_at_once() -> None:
    with pytest.raises(InputError) as caught:
        Contract("?", -1.0, (math.nan, 1.0))
    assert len(caught.value.problems) == 3
    time = TimeGrid("2026-01-01", years=1)
    with pytest.raises(InputError):
        build([], time)
    with pytest.raises(InputError):
        build([Contract("A B", 0.0, ()), Contract("a-b", 0.0, ())], time)
