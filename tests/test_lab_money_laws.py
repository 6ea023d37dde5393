"""Laws 10, 11 and 12 of the lab in plain Python: costs, policy and funding."""

from __future__ import annotations

import math

import pytest

from montecarlo_ai.lab.costs import energy_cost, interest, partner_share, staff_cost
from montecarlo_ai.lab.demand import (
    relaxation,
)
from montecarlo_ai.lab.fleet import stage_outflow
from montecarlo_ai.lab.funding import (
    AGE_OF_A_YEARS_SUM,
    LARGEST_GROWTH,
    debt_limit,
    funding_round,
    price_of_equity,
    tranches_paid,
    treasury_after,
    urgency_of,
    valuation,
    warrants_sold,
    yearly_growth,
)
from montecarlo_ai.lab.model import mean_after
from montecarlo_ai.lab.policy import (
    deferring_pressure,
    discretionary_orders,
    planned_training,
    runway,
    shortness,
    wanted_bill,
)

DT = 1.0 / 12.0


def test_costs_limits() -> None:
    assert staff_cost(3.0, 0.6, 2.0) == pytest.approx(3.0 * 2.0**0.6)
    assert staff_cost(3.0, 0.6, 0.25) == 3.0
    assert staff_cost(3.0, 0.6, 0.0) == 3.0
    assert partner_share(50.0, 0.2, -9.0, 0.0, 1e9, 12.0) == pytest.approx(10.0)
    assert partner_share(50.0, 0.2, -9.0, 0.0, 0.5, 12.0) == pytest.approx(6.0)  # half a USD left in this month
    assert partner_share(50.0, 0.2, -9.0, 0.0, 0.0, 12.0) == 0.0
    assert partner_share(50.0, 0.0, 8.0, 0.75, 1e9, 12.0) == pytest.approx(6.0)
    assert partner_share(50.0, 0.0, 8.0, 0.75, 0.25, 12.0) == pytest.approx(3.0)
    assert partner_share(50.0, 0.0, -9.0, 0.75, 1e9, 12.0) == 0.0  # of a loss it bears nothing
    assert energy_cost(2.0, 0.25, 0.7e9) == pytest.approx(0.35e9)
    assert energy_cost(2.0, 0.0, 0.7e9) == 0.0
    assert interest(0.04, 4.0, -10.0) == pytest.approx(0.16)
    assert interest(0.04, 0.0, 10.0) == pytest.approx(-0.4)


def test_runway_and_cuts() -> None:
    assert runway(30.0, -10.0) == pytest.approx(3.0)
    assert runway(30.0, 5.0) == 1000.0
    assert runway(0.0, 5.0) == 0.0
    assert shortness(0.5, 1.0 / 1.0) == pytest.approx(0.5)
    assert shortness(2.0, 1.0 / 1.0) == 0.0
    assert shortness(0.0, 1.0 / 3.0) == 1.0
    assert planned_training(100.0, 0.4, 0.6, 0.0, 10.0, 1.0) == pytest.approx(40.0)
    assert planned_training(100.0, 0.4, 0.6, 1.0, 10.0, 1.0) == pytest.approx(24.0)
    assert planned_training(100.0, 0.4, 0.6, 0.0, 10.0, 0.0) == 10.0
    assert planned_training(100.0, 0.4, 0.6, 0.0, 10.0, 0.5) == pytest.approx(25.0)


def test_orders_close_the_gap_and_excess_puts_off() -> None:
    assert wanted_bill(60.0, 0.4, 5.0, 1.0) == pytest.approx(100.0)
    assert wanted_bill(60.0, 0.4, 5.0, 0.0) == pytest.approx(65.0)
    assert discretionary_orders(100.0, 80.0, 1.0 / 2.0, 0.5) == pytest.approx(5.0)
    assert discretionary_orders(80.0, 100.0, 1.0 / 2.0, 1.0) == 0.0
    assert discretionary_orders(100.0, 80.0, stage_outflow(1e9, DT), 1.0) == 20.0  # at once, and no more than the gap
    assert deferring_pressure(100.0, 80.0, 0.0) == 0.0
    assert deferring_pressure(100.0, 130.0, 0.0) == pytest.approx(0.3)
    assert deferring_pressure(100.0, 80.0, 0.7) == pytest.approx(0.7)
    assert deferring_pressure(100.0, 500.0, 0.0) == 1.0


def raise_money(**changes: float) -> tuple[float, ...]:
    """Return a funding round under full urgency, changed where a test says so."""
    case = {
        "clock": 0.05,
        "pace": 1.0,
        "urgency": 1.0,
        "shortfall": 100.0,
        "largest": 40.0,
        "paid_now": 0.25,
        "dt": DT,
    }
    return funding_round(**{**case, **changes})


def test_rounds_close_under_pressure_and_are_bounded() -> None:
    assert raise_money()[:2] == (10.0, 30.0)
    assert raise_money(largest=1e9)[:2] == (25.0, 75.0)
    assert raise_money(urgency=0.0, shortfall=0.0)[:2] == (0.0, 0.0)
    assert raise_money(pace=0.0)[:2] == (0.0, 0.0)
    assert raise_money(clock=0.0)[:2] == (10.0, 30.0)
    assert raise_money(clock=0.0, pace=0.0) == (0.0, 0.0, 0.0)  # due, and nobody comes
    assert raise_money(clock=0.0, urgency=0.0) == (0.0, 0.0, 0.0)
    assert raise_money(pace=0.05)[0] == 0.0
    assert raise_money(clock=1.0)[2] == pytest.approx(1.0 - DT)
    assert urgency_of(30.0, 100.0) == pytest.approx(0.3)
    assert urgency_of(0.0, 0.0) == 0.0


def test_tranches_and_warrants_are_slow_where_money_is_closed() -> None:
    assert tranches_paid(60.0, 1.4, 1.0, DT) == pytest.approx(60.0 * relaxation(1.4, DT))
    assert tranches_paid(60.0, 1.4, 0.1, DT) == pytest.approx(60.0 * relaxation(0.14, DT))
    assert tranches_paid(60.0, 1.4, 0.0, DT) == 0.0
    assert warrants_sold(30.0, 0.0, DT) == 0.0
    assert warrants_sold(30.0, 1e9, DT) == pytest.approx(30.0)


def test_debt_needs_revenue_and_an_open_market() -> None:
    assert debt_limit(0.0, 4.0, 30.0, 0.5, 100.0, 1.0) == pytest.approx(34.0)
    assert debt_limit(0.0, 4.0, 30.0, 0.5, 20.0, 1.0) == pytest.approx(14.0)
    assert debt_limit(0.0, 4.0, 30.0, 0.5, 20.0, 1.5) == pytest.approx(14.0)
    assert debt_limit(0.0, 4.0, 30.0, 0.5, 20.0, 0.0) == 4.0
    assert debt_limit(25.0, 4.0, 30.0, 0.5, 20.0, 0.0) == 25.0  # drawn and not called


def test_treasury_draws_and_repays_credit() -> None:
    assert treasury_after(10.0, 0.0, 4.0, -5.0) == (5.0, 0.0)
    assert treasury_after(10.0, 0.0, 4.0, -12.0) == (0.0, 2.0)
    assert treasury_after(10.0, 0.0, 4.0, -20.0) == (-6.0, 4.0)
    assert treasury_after(0.0, 3.0, 4.0, 10.0) == (7.0, 0.0)


def test_valuation_limits() -> None:
    assert valuation(20.0, 8.0, 2.0, 0.0, 1.0, 0.0, 0.0) == pytest.approx(160.0)
    assert valuation(20.0, 8.0, 2.0, 0.5, 1.0, 0.0, 0.0) == pytest.approx(160.0 * math.e)
    assert valuation(20.0, 8.0, 2.0, 0.0, price_of_equity(-0.3, -0.7), 0.0, 1.0) == pytest.approx(160.0 / math.e)
    assert valuation(20.0, 8.0, 2.0, 0.0, 1.0, 0.25, 1.0) == pytest.approx(120.0)
    assert valuation(0.0, 8.0, 2.0, 0.5, 1.0, 0.0, 0.0) == 0.0
    assert yearly_growth(20.0, 0.0) == 0.0
    assert yearly_growth(0.0, 10.0) == -2.0  # all is lost: no shrinking lasts whose mean falls faster than it forgets
    assert yearly_growth(100.0, 10.0) == LARGEST_GROWTH
    assert yearly_growth(15.0, 10.0) == pytest.approx(1.0)


@pytest.mark.parametrize("growth", [-1.5, -0.3, 0.4, 1.2])
@pytest.mark.parametrize("steps_per_year", [4, 12, 52])
def test_growth_of_steady_revenue_is_its_rate(growth: float, steps_per_year: int) -> None:
    dt = 1.0 / steps_per_year
    mean, revenue = 1.0, 1.0
    for _ in range(20 * steps_per_year):
        run_rate = 0.5 * revenue * (1.0 + math.exp(growth * dt))
        revenue *= math.exp(growth * dt)
        mean = mean_after(mean, run_rate, dt, AGE_OF_A_YEARS_SUM)
    assert yearly_growth(revenue, mean) == pytest.approx(growth, rel=growth**2 * dt**2 + 2.0 * dt**2)
