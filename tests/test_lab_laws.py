"""Laws 1 to 5 and 13 of the lab in plain Python: their limits and their closed forms."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from montecarlo_ai.lab.competition import deviation_after, sales_at_price, share_lost, training_lag
from montecarlo_ai.lab.consumers import (
    Payers,
    advertising_price,
    lasting_new_share,
    payers_after,
    use_cost_growth,
    use_under_quota,
)
from montecarlo_ai.lab.demand import (
    clamped,
    demand_change,
    grown,
    growth_in_empty_market,
    new_products_after,
    relaxation,
    saturating_growth,
)
from montecarlo_ai.lab.monetization import marginal_revenue, monetization_change, unmonetized_share
from montecarlo_ai.lab.regimes import effect, openness, regime_after
from montecarlo_ai.lab.technology import compute_per_bill, cost_after_gain, cost_of_new_compute, cost_surprise

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
    return grown(level, demand_change(level, growth, 1.0 / market, 0.0, lost, dt))


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


def paying_after(years: float, dt: float, **changes: float) -> Payers:
    """Return both cohorts after some years, from a paying share of 5% of which a third is new."""
    rates = {"churn": 0.4, "new_churn": 1.5, "settling": 1.2, "lost": 0.0, **changes}
    payers = Payers(0.05, 0.05 / 3.0)
    lasting = lasting_new_share(0.10, relaxation(rates["churn"], dt), relaxation(rates["settling"], dt))
    for _ in range(round(years / dt)):
        payers = payers_after(payers, lasting, rates["churn"], rates["new_churn"], rates["settling"], rates["lost"], dt)
    return payers


def test_cohorts_of_payers_have_their_limits() -> None:
    assert paying_after(0.0, DT) == (0.05, 0.05 / 3.0)
    for dt in (DT, 0.25, 1.0):
        assert paying_after(80.0, dt).all == pytest.approx(0.10, rel=1e-9)
    still = paying_after(5.0, DT, churn=0.0, new_churn=0.0)  # none leave and none come: the new ones settle
    assert still.all == pytest.approx(0.05)
    assert still.new < 0.001
    assert paying_after(1.0, 1.0, lost=100.0, churn=0.0).all == 0.0


def test_cohorts_that_leave_alike_revert_together() -> None:
    errors = []
    for dt in (0.04, 0.02, 0.01):
        share = paying_after(2.0, dt, churn=0.5, new_churn=0.5).all
        errors.append(abs(share - (0.10 - 0.05 * math.exp(-0.5 * 2.0))))
    assert errors[0] / errors[1] == pytest.approx(2.0, abs=0.2)
    assert errors[2] < 0.0005


def test_new_payers_leave_faster_than_settled_ones() -> None:
    fresh = payers_after(Payers(0.05, 0.05), 0.0, 0.4, 1.5, 1.2, 0.0, DT)
    settled = payers_after(Payers(0.05, 0.0), 0.0, 0.4, 1.5, 1.2, 0.0, DT)
    assert fresh.all < settled.all < 0.05


def test_free_users_bring_nothing_before_advertising_begins() -> None:
    assert advertising_price(0.0, 8.0, 0.5, False, DT) == 0.0
    assert advertising_price(0.0, 8.0, 0.5, True, DT) == pytest.approx(8.0 * relaxation(0.5, DT))
    assert advertising_price(8.0, 8.0, 0.5, True, DT) == 8.0


@pytest.mark.parametrize(("use", "quota", "spread"), [(1.0, 2.0, 1.3), (3.0, 1.5, 1.0), (0.4, 5.0, 0.3)])
def test_use_under_quota_is_the_mean_of_the_cut_log_normal(use: float, quota: float, spread: float) -> None:
    score = np.linspace(-9.0, 9.0, 200_001)
    density = np.exp(-0.5 * score**2) / math.sqrt(2.0 * math.pi)
    cut = np.minimum(use * np.exp(spread * score - 0.5 * spread**2), quota)
    room = math.log(quota / use)
    assert use_under_quota(use, quota, room, spread, 1.0 / spread) == pytest.approx(
        np.trapezoid(cut * density, score), rel=1e-7
    )


def cost_under_quota(use: float, quota: float, spread: float) -> float:
    return use_under_quota(use, quota, math.log(quota / use), spread, 1.0 / spread)


def test_use_under_quota_limits() -> None:
    assert cost_under_quota(1.0, 1e12, 1.3) == pytest.approx(1.0, rel=1e-9)
    assert cost_under_quota(1e12, 2.0, 1.3) == pytest.approx(2.0, rel=1e-9)
    assert cost_under_quota(1.0, 2.0, 1e-9) == pytest.approx(1.0)
    assert cost_under_quota(3.0, 2.0, 1e-9) == pytest.approx(2.0)


def test_rebound_takes_the_surprise_and_nothing_else() -> None:
    surprise = cost_surprise(-0.4 * DT, 0.3, 0.05, DT)
    assert surprise == pytest.approx((-0.4 + 0.3 - 0.05) * DT)
    assert use_cost_growth(0.1, 1.0, surprise, DT) == pytest.approx(0.1 * DT)
    assert use_cost_growth(0.1, 0.0, surprise, DT) == pytest.approx(0.1 * DT + surprise)


def test_technology_limits() -> None:
    assert cost_of_new_compute(12e9, 1.2e6) == pytest.approx(1e4)
    assert cost_after_gain(100.0, 0.3, 2.0) == pytest.approx(100.0 * math.exp(-0.6))
    assert compute_per_bill(100.0, 0.3, 0.0, 5.0) == pytest.approx(1.0 / 100.0)
    assert compute_per_bill(100.0, 0.3, 2.5, 5.0) == pytest.approx(1.0 / 115.0)
    assert compute_per_bill(100.0, 0.3, 50.0, 5.0) == pytest.approx(1.0 / 130.0)
    assert compute_per_bill(100.0, 0.3, 1.0, 0.0) == pytest.approx(1.0 / 130.0)


def test_monetization_reverts_and_answers_scarcity_and_rivals() -> None:
    rest = {"reversion": 0.0, "scarcity_response": 0.0, "unmet": 0.0, "surplus": 0.0, "price_decline": 0.0}
    flat = {**rest, "usual_surplus": 0.02, "kept_gain": 0.0, "noise": 0.0, "dt": DT}
    gap = math.log(3.0 / 2.0)
    assert monetization_change(gap, **flat) == 0.0
    assert monetization_change(gap, **{**flat, "reversion": 1e9}) == pytest.approx(-gap)
    assert monetization_change(gap, **{**flat, "scarcity_response": 2.0, "unmet": 0.1}) == pytest.approx(0.2 * DT)
    assert monetization_change(gap, **{**flat, "scarcity_response": 2.0, "surplus": 0.1}) == pytest.approx(-0.16 * DT)
    assert monetization_change(gap, **{**flat, "price_decline": 0.3}) == pytest.approx(-0.3 * DT)
    assert monetization_change(gap, **{**flat, "kept_gain": 0.01, "noise": 0.02}) == pytest.approx(0.03)


def test_rivals_take_share_by_their_lead_in_training() -> None:
    assert training_lag(5.0, 5.0) == 0.0
    assert training_lag(5.0, 5.0 * math.e) == pytest.approx(math.tanh(0.5))
    assert training_lag(0.0, 5.0) == 1.0
    assert training_lag(5.0, 0.0) == -1.0
    assert training_lag(0.0, 0.0) == 0.0
    assert share_lost(0.03, 0.2, 0.5) == pytest.approx(0.13)
    assert share_lost(0.0, 0.2, -0.5) == pytest.approx(-0.1)


def test_only_deviations_from_the_expected_price_change_sales() -> None:
    assert sales_at_price(10.0, 0.0, 1.7) == 10.0
    assert sales_at_price(10.0, -0.5, 1.0) == 10.0
    assert sales_at_price(10.0, -0.5, 1.4) == pytest.approx(10.0 * math.exp(0.2))
    assert sales_at_price(10.0, -0.5, 0.6) == pytest.approx(10.0 * math.exp(-0.2))
    assert math.isfinite(sales_at_price(10.0, 1e9, 1e9))


@pytest.mark.parametrize("pass_through", [0.0, 0.4, 1.0])
def test_efficiency_reaches_prices_once_and_only_as_far_as_it_is_passed_on(pass_through: float) -> None:
    """A gain beyond what was expected lowers the price of service by the part that customers get, and no more."""
    change, expected, software = -0.5 * DT, 0.3, 0.1
    surprise = cost_surprise(change, expected, software, DT)
    kept = (1.0 - pass_through) * (software * DT - change)
    log_rho = monetization_change(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, kept, 0.0, DT)
    gain = (0.5 + 0.1) * DT
    assert deviation_after(0.0, log_rho, surprise) == pytest.approx((1.0 - pass_through) * gain - gain + expected * DT)
    # As expected, with all of it passed on: prices are on their path.
    as_expected = cost_surprise(-expected * DT, expected, 0.0, DT)
    assert deviation_after(0.0, 0.0, as_expected) == pytest.approx(0.0, abs=1e-15)


RATES = {"winter_hazard": 0.2, "winter_end": 0.5, "boom_hazard": 0.3, "boom_end": 1.0, "bust_share": 0.25, "dt": DT}


def moved(
    regime: float,
    draw: float,
    winter_hazard: float,
    winter_end: float,
    boom_hazard: float,
    boom_end: float,
    bust_share: float,
    dt: float,
) -> float:
    """Return the regime after a step, by its rates."""
    ends = relaxation(boom_end, dt)
    thaws = relaxation(winter_end, dt)
    winter, boom = relaxation(winter_hazard, dt), relaxation(boom_hazard, dt)
    return regime_after(regime, draw, winter, thaws, boom, ends, ends * bust_share)


def test_regime_stays_without_rates() -> None:
    still = {**RATES, "winter_hazard": 0.0, "boom_hazard": 0.0, "winter_end": 0.0, "boom_end": 0.0}
    for regime in (-1.0, 0.0, 1.0):
        for draw in (1e-12, 0.3, 1.0 - 1e-12):
            assert moved(regime, draw, **still) == regime


def test_regime_moves_by_its_hazards() -> None:
    winter, boom, end = relaxation(0.2, DT), relaxation(0.3, DT), relaxation(1.0, DT)
    assert moved(0.0, 0.99 * winter, **RATES) == -1.0
    assert moved(0.0, 1.01 * winter, **RATES) == 0.0
    assert moved(0.0, 1.0 - 0.99 * boom, **RATES) == 1.0
    assert moved(1.0, 0.99 * 0.25 * end, **RATES) == -1.0
    assert moved(1.0, 1.01 * 0.25 * end, **RATES) == 0.0
    assert moved(1.0, 1.01 * end, **RATES) == 1.0
    assert moved(-1.0, 0.99 * relaxation(0.5, DT), **RATES) == 0.0
    assert moved(-1.0, 0.99, **RATES) == -1.0


def test_regime_spends_its_time_as_its_rates_say() -> None:
    """Shares of the stationary chain, solved from its rates; 200,000 steps at a dt of a fiftieth year."""
    q = np.array([[-0.5, 0.5, 0.0], [0.2, -0.5, 0.3], [0.25, 0.75, -1.0]])  # winter, normal, boom
    system = np.vstack([q.T, np.ones(3)])
    shares = np.linalg.lstsq(system, np.array([0.0, 0.0, 0.0, 1.0]), rcond=None)[0]
    source, regime, seen = np.random.default_rng(3), 0.0, {-1.0: 0, 0.0: 0, 1.0: 0}
    for draw in source.random(200_000):
        regime = moved(regime, draw, **{**RATES, "dt": 0.02})
        seen[regime] += 1
    # The slowest relaxation takes about two years, so that 4,000 years hold about a thousand independent stays: a
    # standard error of .016, and |z| < 4.5 has a false-alarm rate of 7e-6 and sees an error of .11 in 99% of cases.
    assert [seen[key] / 200_000 for key in (-1.0, 0.0, 1.0)] == pytest.approx(list(shares), abs=4.5 * 0.016)


def test_regime_moves_all_of_its_effects_together() -> None:
    assert effect(0.0, -0.3, 0.1) == 0.0
    assert effect(-1.0, -0.3, 0.1) == -0.3
    assert effect(1.0, -0.3, 0.1) == 0.1
    assert openness(0.0, 1.5, 0.1, 2.0) == 1.0
    assert openness(-1.0, 1.0, 0.1, 2.0) == pytest.approx(0.1)
    assert openness(-1.0, 1.8, 0.1, 2.0) == 0.0
    assert openness(1.0, 1.8, 0.1, 2.0) == 2.0


def test_marginal_revenue_takes_the_best_use() -> None:
    assert marginal_revenue(0.01, 30.0, 0.0, 5.0, 9.0) == 30.0
    assert marginal_revenue(0.0, 30.0, 4.0, 5.0, 9.0) == 9.0
    assert marginal_revenue(0.0, 30.0, 5.0, 5.0, 9.0) == 0.0
    assert unmonetized_share(0.2, 0.0, 0.1) == 0.2
    assert unmonetized_share(0.2, 10.0, 0.1) == 0.0
    assert unmonetized_share(0.2, 15.0, 0.1) == 0.0
    assert unmonetized_share(0.2, 4.0, 0.1) == pytest.approx(0.12)
    assert unmonetized_share(0.2, 4.0, 0.0) == 0.0


def test_growth_that_is_seen_at_the_start_is_that_of_the_first_step() -> None:
    growth = growth_in_empty_market(0.4, 0.8e9, 3.0e9)
    assert saturating_growth(growth, 0.8e9, 1.0 / 3.0e9) == pytest.approx(0.4)
    assert growth_in_empty_market(-0.2, 0.8e9, 3.0e9) == -0.2
    assert growth_in_empty_market(0.2, 5.0e9, 3.0e9) == pytest.approx(2.0)
