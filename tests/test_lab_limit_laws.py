"""Laws at their limits in the whole step: what is switched off does nothing, what acts alone follows its closed form.

Everything else of each scenario is random, so that a law which leaks into another one shows.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lab_paths import CONSTANTS, CONTRACTS, without_volatility
from lab_scenarios import Case, Run, random_case

from montecarlo_ai.lab import Contract
from montecarlo_ai.timegrid import TimeGrid

SEEDS = st.integers(min_value=0, max_value=2**32 - 1)
few = settings(max_examples=6, deadline=None)

NO_REGIMES = {"winter_hazard": 0.0, "boom_hazard": 0.0}
NO_RIVALS = {"erosion": 0.0, "training_effect": 0.0, "unserved_loss": 0.0}
STILL_PRICES = {
    "monetization_reversion": 0.0,
    "monetization_volatility": 0.0,
    "scarcity_response": 0.0,
    "price_decline": 0.0,
    "software_surprise": 0.0,
    "hardware_volatility": 0.0,
}
STILL_DEMAND = {
    **NO_REGIMES,
    **NO_RIVALS,
    "base_user_growth": 0.0,
    "user_growth_long_run": 0.0,
    "user_growth_volatility": 0.0,
    "base_business_growth": 0.0,
    "business_growth_long_run": 0.0,
    "business_growth_volatility": 0.0,
    "launch_wait": 1e9,
    "advertising_wait": 1e9,
    "churn": 0.0,
    "new_payer_churn": 0.0,
    "settling": 0.0,
    "revenue_per_payer_drift": 0.0,
}
NO_ORDERS = {"management_reaction": 0.0, "contract_speed": 0.0, "pipeline_ratio": 0.0}
NO_FUNDING = {"round_rate": 0.0, "supplier_equity": 0.0, "warrant_sale_rate": 0.0}


def run_of(seed: int, **changes: float) -> Run:
    """Return a path of a random scenario in which no winter is stated, with some inputs set."""
    return Run(random_case(seed, limits={}, **changes)._replace(winter_from=None))


def years(run: Run) -> np.ndarray:
    """Return the times of the grid, years from the start."""
    return np.arange(run.case.time.n_steps + 1) * run.case.time.dt


def same(left: object, right: object, *, least: float = 0.0) -> None:
    """Require that two arrays agree to rounding at the size of the larger, or of ``least``."""
    scale = max(float(np.abs(np.asarray(left)).max()), float(np.abs(np.asarray(right)).max()), least)
    np.testing.assert_allclose(left, right, rtol=0.0, atol=1e-10 * scale)


# Laws 1 to 3: demand, consumers, competition


@few
@given(SEEDS)
def test_without_growth_and_rivals_demand_stays(seed: int) -> None:
    run = run_of(seed, **STILL_DEMAND)
    for name in ("users", "business_demand", "paying_share", "new_payer_share", "revenue_per_payer", "new_demand"):
        same(getattr(run, name), getattr(run, name)[0])
    assert (run.revenue_advertising == 0.0).all()
    assert (run.revenue_new == 0.0).all()


@few
@given(SEEDS, st.floats(min_value=-0.5, max_value=0.8))
def test_in_an_endless_market_growth_is_exponential(seed: int, growth: float) -> None:
    steady = {"base_user_growth": growth, "user_growth_reversion": 0.0, "user_market": 1e30}
    run = run_of(seed, **{**STILL_DEMAND, **steady, "erosion": 0.1})
    same(run.users, run.users[0] * np.exp((growth - 0.1) * years(run)))


@few
@given(SEEDS)
def test_a_market_that_is_full_stays_so(seed: int) -> None:
    full = {"base_business_growth": 0.4, "business_growth_long_run": 0.3, "business_market": 7e9}
    run = run_of(seed, **{**STILL_DEMAND, **full, "business_run_rate": 7e9})
    same(run.business_demand, 7e9)


@few
@given(SEEDS)
def test_need_of_a_still_market_follows_the_cost_of_compute_alone(seed: int) -> None:
    """All gains of hardware reach customers, who take them as use: need in dollars stays, no price deviates."""
    passed = {"pass_through": 1.0, "rebound": 1.0, "payer_cost_drift": 0.0, "free_cost_drift": 0.0}
    run = run_of(seed, **STILL_DEMAND, **STILL_PRICES, **passed, price_elasticity=1.0)
    p = run.case.params
    same(run.monetization, run.monetization[0])
    same(run.cost_per_compute, p.power_cost / p.base_compute_per_power * np.exp(-p.hardware_gain * years(run)))
    same(run.compute_needed * run.cost_per_compute, run.compute_needed[0] * run.cost_per_compute[0])


@few
@given(SEEDS)
def test_with_an_elasticity_of_one_prices_leave_sales_as_they_are(seed: int) -> None:
    run = run_of(seed, price_elasticity=1.0)
    same(run.revenue_business[1:], (run.business_demand * (1.0 - run.unmet_share))[1:])


@few
@given(SEEDS, st.sampled_from([0.0, 0.3, 1.0]))
def test_the_part_of_a_gain_that_is_passed_on_is_all_that_moves_prices(seed: int, pass_through: float) -> None:
    run = run_of(seed, **{**STILL_PRICES, "software_surprise": 0.07}, pass_through=pass_through)
    p = run.case.params
    gain = p.hardware_gain + 0.07
    same(np.log(run.monetization / run.monetization[0]), (1.0 - pass_through) * gain * years(run), least=1.0)
    same(run.price_deviation, (p.expected_hardware_gain - pass_through * gain) * years(run), least=1.0)


# Laws 4 to 6: technology, monetization, fleet


@few
@given(SEEDS)
def test_hardware_changes_nothing_that_is_already_online(seed: int) -> None:
    run = run_of(seed, **NO_ORDERS, contract_term=1e12)
    for name in ("capacity", "bill", "power", "firm_bill"):
        same(getattr(run, name), getattr(run, name)[0])
    assert (run.retired <= 1e-9 * run.bill[0]).all()


@few
@given(SEEDS)
def test_without_haste_a_bill_buys_compute_at_its_cost(seed: int) -> None:
    run = run_of(seed, ramp_premium=0.0, contract_term=1e15)
    arrived = np.diff(run.delivered)
    same(np.diff(run.capacity), arrived / run.cost_per_compute[1:])
    same(np.diff(run.power), arrived / run.cost_per_compute[1:] * run.power_per_compute[1:])


@few
@given(SEEDS)
def test_monetization_that_reverts_at_once_is_its_long_run(seed: int) -> None:
    run = run_of(seed, **{**STILL_PRICES, "monetization_reversion": 1e9}, pass_through=1.0)
    assume(run.growth_clamps[-1] == 0.0)  # nothing moves by more than e**3 in a step
    same(run.monetization[1:], run.case.params.monetization_long_run)


@few
@given(SEEDS)
def test_without_lead_time_orders_arrive_two_steps_later(seed: int) -> None:
    run = run_of(seed, lead_time=0.0)
    placed = np.diff(run.ordered - run.cancelled - run.deferred)
    if len(placed) > 2:
        np.testing.assert_allclose(np.diff(run.delivered)[2:], placed[:-2], rtol=1e-9, atol=1e-6 * run.ordered[-1])
    never = run_of(seed, lead_time=1e15)
    same(never.delivered, never.delivered[0])


@few
@given(SEEDS)
def test_without_a_term_compute_is_gone_in_three_steps(seed: int) -> None:
    run = run_of(seed, contract_term=0.0)
    arrived = np.concatenate(([0.0, 0.0, run.bill[0]], np.diff(run.delivered)))
    same(run.bill, np.convolve(arrived, np.ones(3), mode="valid"))
    assert (run.stranded_cost <= 1e-6 * run.bill).all()


# Laws 7 to 9: contracts, use, resale


@few
@given(SEEDS)
def test_contracts_without_speed_or_yield(seed: int) -> None:
    run = run_of(seed, contract_speed=0.0)
    assert (run.deferred == 0.0).all()
    assert (run_of(seed, contract_deferral=0.0).deferred == 0.0).all()
    same(run_of(seed, contract_speed=0.0, management_reaction=0.0).ordered, run.ordered[0])


def test_firm_contracts_are_paid_in_full_and_loose_ones_by_use() -> None:
    for fixed, seed in itertools.product((0.0, 1.0), range(6)):
        case = random_case(seed, limits={}, take_or_pay=1.0, management_reaction=0.0)
        contracts = (Contract("Cloud", 9e9, (30e9, 30e9), take_or_pay=fixed, waiting=1.0),)
        run = Run(case._replace(contracts=contracts))
        used = (run.compute_training + run.compute_served + run.compute_resold) / run.capacity
        same(run.compute_cost[1:], (run.bill * (1.0 if fixed else used))[1:])


@few
@given(SEEDS)
def test_use_of_the_fleet_at_its_ends(seed: int) -> None:
    run = run_of(seed, absorption=1.0, training_growth=1.0)
    assert (run.compute_resold == 0.0).all()
    assert (run.compute_idle <= 1e-9 * run.capacity).all()
    run = run_of(seed, absorption=0.0, resale_cap=1.0)
    assert (run.compute_idle <= 1e-9 * run.capacity).all()
    run = run_of(seed, resale_cap=0.0)
    assert (run.revenue_resale == 0.0).all()
    run = run_of(seed, training_yield=1.0, absorption=0.0)
    assert (np.minimum(run.unmet_share, run.compute_training) <= 1e-9 * run.capacity).all()
    run = run_of(seed, free_floor=1.0)
    served = run.compute_served / run.compute_needed
    same(np.where(run.unmet_share > 0.0, 1.0 - run.unmet_share, 1.0)[1:], served[1:])


@few
@given(SEEDS)
def test_resale_at_a_full_discount_earns_nothing_and_rent_without_shocks_stays(seed: int) -> None:
    assert (run_of(seed, resale_discount=1.0).revenue_resale == 0.0).all()
    run = run_of(seed, **NO_REGIMES, rental_volatility=0.0)
    same(run.rental_premium, run.case.params.rental_premium_long_run)
    sold = run.compute_resold * run.cost_per_compute * np.exp(run.rental_premium)
    same(run.revenue_resale, sold * (1.0 - run.case.params.resale_discount))


# Laws 10 to 12: costs, policy, funding


@few
@given(SEEDS)
def test_without_partners_energy_and_sales_costs_income_is_revenue_less_compute_and_staff(seed: int) -> None:
    run = run_of(seed, revenue_share=0.0, other_cost_share=0.0, owned_share=0.0, staff_elasticity=0.0, credit_share=0.0)
    same(run.operating_income, run.revenue - run.compute_cost - run.case.params.staff_cost)
    same(run.partner_share_left, run.case.params.revenue_share_cap)
    same(run.credits_left, run.case.params.base_credits)
    capped = run_of(seed, revenue_share_cap=0.0, other_cost_share=0.0, owned_share=0.0, staff_elasticity=0.0)
    same(capped.operating_income, capped.revenue - capped.compute_cost - capped.case.params.staff_cost)


def idle_lab(steps_per_year: int, **changes: float) -> Run:
    """Return a lab that owes nothing, sells nothing and pays only interest on what it has or owes."""
    nothing = dict.fromkeys(("consumer_run_rate", "business_run_rate", "base_users", "staff_cost"), 0.0)
    nothing |= {"take_or_pay": 0.0, "inference_share": 1.0, "training_share_long_run": 0.0, "resale_cap": 0.0}
    nothing |= {"paid_share_of_inference": 0.0, "free_rationing": 0.0, "absorption": 0.0, "launch_wait": 1e9}
    p = without_volatility(CONSTANTS)._replace(**{**nothing, **NO_ORDERS, **NO_FUNDING, **NO_REGIMES, **changes})
    return Run(Case(1, p, CONTRACTS, TimeGrid("2026-01-01", years=4, steps_per_year=steps_per_year), None))


def test_cash_of_an_idle_lab_earns_interest_at_first_order() -> None:
    exact = CONSTANTS.base_cash * math.exp(0.1 * 4.0)
    errors = []
    for steps in (12, 24, 48):
        run = idle_lab(steps, interest_rate=0.1)
        assert (run.revenue[1:] == 0.0).all()
        same(run.cash, CONSTANTS.base_cash * (1.0 + 0.1 / steps) ** np.arange(4 * steps + 1))
        errors.append(exact - run.cash[-1])
    assert errors[0] / errors[1] == pytest.approx(2.0, abs=0.05)
    assert errors[1] / errors[2] == pytest.approx(2.0, abs=0.05)


@few
@given(SEEDS)
def test_frozen_management_orders_what_contracts_say_and_keeps_training_at_its_plan(seed: int) -> None:
    run = run_of(seed, management_reaction=0.0, training_yield=0.0, absorption=0.0, training_growth=1.0)
    p = run.case.params
    asked = sum(contract.speed * row for contract, row in zip(run.case.contracts, run.asked, strict=True))
    same(np.diff(run.ordered), p.contract_speed * p.contract_size * np.asarray(asked))
    same(run.compute_training, run.training_share * run.capacity)
    held = run_of(seed, training_growth=0.0, absorption=1.0)
    assert (held.compute_training <= held.compute_training[0] * (1.0 + 1e-9)).all()


@few
@given(SEEDS)
def test_without_lenders_there_is_no_debt_and_without_a_covenant_the_facility(seed: int) -> None:
    assert (run_of(seed, credit_line=0.0, debt_facility=0.0).debt == 0.0).all()
    assert (run_of(seed, credit_line=0.0, debt_covenant=0.0).debt == 0.0).all()
    free = run_of(seed, **NO_REGIMES, debt_covenant=1e9)
    same(free.debt_limit, free.case.params.credit_line + free.case.params.debt_facility)


@few
@given(SEEDS)
def test_rounds_at_their_ends(seed: int) -> None:
    still = {"supplier_equity": 0.0, "warrant_sale_rate": 0.0, "base_tranches": 0.0}
    assert (run_of(seed, **still, dilution=0.0).equity_raised == 0.0).all()
    at_once = run_of(seed, **still, paid_now=1.0)
    assert (at_once.tranches == 0.0).all()
    later = run_of(seed, **still, paid_now=0.0)
    total = np.cumsum(later.equity_raised) * later.case.time.dt + later.tranches
    assert (np.diff(total) >= -1e-9 * np.abs(total[1:])).all()
    assert (later.equity_raised[1:] * later.case.time.dt <= later.tranches[:-1] * (1.0 + 1e-9)).all()


@few
@given(SEEDS)
def test_value_without_growth_mood_and_need_is_a_multiple_of_revenue(seed: int) -> None:
    run = run_of(seed, **NO_REGIMES, mood_volatility=0.0, growth_slope=0.0, distress_discount=0.0)
    same(run.valuation, run.case.params.valuation_multiple * run.revenue)


# Law 13: regimes


@few
@given(SEEDS)
def test_without_hazards_times_stay_normal(seed: int) -> None:
    run = run_of(seed, **NO_REGIMES)
    assert (run.regime == 0.0).all()
    effects = {f"{season}_{name}": 0.9 for season in ("winter", "boom") for name in ("growth", "multiple", "rent")}
    other = run_of(seed, **NO_REGIMES, **effects, winter_rounds=0.0, boom_rounds=9.0)
    for name in run.model.state_fields:
        np.testing.assert_array_equal(getattr(run, name), getattr(other, name), err_msg=name)


@few
@given(SEEDS)
def test_regimes_without_strength_change_nothing(seed: int) -> None:
    weak = {"winter_strength": 0.0, "boom_growth": 0.0, "boom_multiple": 0.0, "boom_rounds": 1.0, "boom_rent": 0.0}
    run, normal = run_of(seed, **weak, winter_hazard=2.0, boom_hazard=2.0), run_of(seed, **weak, **NO_REGIMES)
    for name in run.model.state_fields:
        if name != "regime":
            np.testing.assert_array_equal(getattr(run, name), getattr(normal, name), err_msg=name)


@few
@given(SEEDS)
def test_a_winter_that_is_stated_begins_on_its_day_and_ends_by_its_duration(seed: int) -> None:
    case = random_case(seed, limits={}, **NO_REGIMES, winter_duration=1e15)
    begin = case.time.times[case.time.n_steps // 2]
    run = Run(case._replace(winter_from=begin.astype("datetime64[D]").astype(object)))
    winter = run.case.time.times[:-1] >= begin.astype("datetime64[D]")
    winter |= run.case.time.times[1:] > begin.astype("datetime64[D]")
    assert (run.regime[1:] == -1.0 * winter).all()
    short = Run(run.case._replace(params=run.case.params._replace(winter_duration=0.0)))
    assert (short.regime == -1.0).sum() == 1


# The step made smaller

SMOOTH = {
    **NO_REGIMES,
    "launch_wait": 1e9,
    "advertising_wait": 0.0,
    "round_rate": 0.0,
    "scarcity_response": 0.0,
    "management_reaction": 0.0,
    "training_yield": 0.0,
    "ramp_premium": 0.0,
}
"""Nothing jumps and nothing has a kink."""


@pytest.mark.parametrize("seed", range(6))
def test_halving_the_step_halves_the_error_in_random_scenarios(seed: int) -> None:
    """Under tables, whose years end on all grids."""
    case = random_case(seed, limits={}, **SMOOTH)._replace(contracts=CONTRACTS)
    grids = [TimeGrid("2026-01-01", years=2, steps_per_year=steps) for steps in (24, 48, 96, 192)]
    cases = [case._replace(params=without_volatility(case.params), time=grid, winter_from=None) for grid in grids]
    ends = [Run(each).columns for each in cases]
    for name in ("users", "business_demand", "paying_share", "bill", "capacity", "power", "firm_bill", "compute_cost"):
        moves = [float(first[name][-1] - second[name][-1]) for first, second in itertools.pairwise(ends)]
        if abs(moves[0]) > 1e-6 * abs(float(ends[0][name][-1])):
            assert moves[1] / moves[2] == pytest.approx(2.0, abs=0.3), name
        assert abs(moves[2]) < 0.02 * abs(float(ends[-1][name][-1])), name
