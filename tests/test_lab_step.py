"""The laws joined, in plain Python: the base period, the step's order of error, and a second implementation."""

from __future__ import annotations

import datetime
import itertools
import math
import random
from collections.abc import Callable

import lab_reference
import lab_schedule
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from lab_paths import (
    CONSTANTS,
    CONTRACTS,
    LAB,
    NO_SHOCKS,
    draw_params,
    forcing_of,
    margins_along,
    walk,
    without_volatility,
)
from lab_scenarios import LIMITS, Case, Run, random_case, shocks_of

from montecarlo_ai.lab.allocation import allocate
from montecarlo_ai.lab.competition import LARGEST_DEVIATION
from montecarlo_ai.lab.initial import base_use
from montecarlo_ai.lab.parameters import State
from montecarlo_ai.model import Clock
from montecarlo_ai.timegrid import TimeGrid

DT = 1.0 / 12.0
DIVIDED_BY = ("lead_time", "contract_term", "cut_runway", "runway_target", "ordering_time", "winter_duration")
DIVIDED_BY += ("boom_duration", "use_spread")
"""What is nothing here is a billionth of its unit, as it is in the lab."""

NO_BUSINESS = ("inference_share", "paid_share_of_inference", "business_share_of_paid", "use_quota")
NO_BUSINESS += ("training_share_long_run", "free_floor")
"""At whose limits somebody is not served or nobody is, and quotients of the base period mean nothing."""


def assert_meets_the_second_implementation(run: Run) -> None:
    """Compare all that both say of a path without volatility, to rounding at the size of what is added up."""
    case = run.case
    rows = lab_schedule.added(case.contracts, case.time.times)
    np.testing.assert_allclose(run.asked, np.transpose(rows), rtol=1e-9, atol=1.0)
    begins = case.time.times[:-1] <= np.datetime64(case.winter_from or "2999-01-01")
    winter_at = int(begins.sum()) - 1 if case.winter_from else -1
    draws = [shocks.regime for shocks in shocks_of(case)]
    theirs = lab_reference.path(case.params._asdict(), case.contracts, rows, draws, case.time.dt, winter_at)
    money = max(abs(run.cash_flow[0]), run.revenue[0], case.params.base_bill * case.params.contract_term)
    for name in theirs[0]:
        mine, other = getattr(run, name), np.array([row[name] for row in theirs])
        scale = max(float(np.abs(other).max()), abs(mine[0]), money if "USD" in run.model.units[name] else 1e-6)
        np.testing.assert_allclose(mine[1:], other, rtol=1e-9, atol=1e-9 * scale, err_msg=name)


def settled(run: Run) -> bool:
    """Return whether a path multiplies a change of 1e-13 of its sales by less than a thousand.

    A few in a hundred do not: they stand where paid demand is just met, and rounding alone can move their later years
    by more than 1e-9. Nothing can be said there of two implementations that round differently.
    """
    for name, sign in itertools.product(("consumer_run_rate", "business_run_rate"), (1.0, -1.0)):
        nearly = {name: getattr(run.case.params, name) * (1.0 + sign * 1e-13)}
        other = Run(run.case._replace(params=run.case.params._replace(**nearly)))
        for field in State._fields:
            values = getattr(run, field)
            if np.abs(getattr(other, field) - values).max() > 1e-10 * np.abs(values).max():
                return False
    return True


@pytest.mark.parametrize("training_growth", [1.0, 0.0])
def test_middle_of_the_preset_matches_the_second_implementation(training_growth: float) -> None:
    params = without_volatility(CONSTANTS)._replace(training_growth=training_growth)
    time = TimeGrid("2026-01-01", years=5)
    assert_meets_the_second_implementation(Run(Case(1, params, CONTRACTS, time, datetime.date(2027, 2, 3))))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(min_value=0, max_value=2**32 - 1))
def test_random_scenarios_without_volatility_match_the_second_implementation(seed: int) -> None:
    """Any contracts, tables or totals with ramp and term; regimes by their draws; laws at their limits."""
    case = random_case(seed, limits={name: ends for name, ends in LIMITS.items() if name not in NO_BUSINESS})
    params = without_volatility(case.params)
    least = {name: max(getattr(params, name), 1e-9) for name in DIVIDED_BY}
    run = Run(case._replace(params=params._replace(**least)))
    assume(run.growth_clamps[-1] == 0.0 and np.abs(run.price_deviation).max() < LARGEST_DEVIATION)  # no guard acted
    assume(run.capacity.min() > 0.0)
    assume(settled(run))
    assert_meets_the_second_implementation(run)


def test_zero_volatility_ignores_the_shocks() -> None:
    params = without_volatility(draw_params(3))._replace(winter_hazard=0.0, boom_hazard=0.0)
    forcing = forcing_of(2.0, 12)
    assert walk(params, forcing, DT, seed=1) == walk(params, forcing, DT, seed=2)


@pytest.mark.parametrize("dt", [DT, 0.25])
@pytest.mark.parametrize(
    ("shock", "volatility", "state", "of"),
    [
        ("users", "user_growth", "user_growth", float),
        ("business", "business_growth", "business_growth", float),
        ("hardware", "hardware", "cost_per_compute", math.log),
        ("rental", "rental", "rental_premium", float),
        ("monetization", "monetization", "monetization_gap", float),
        ("mood", "mood", "market_mood", float),
    ],
)
def test_a_shock_moves_its_process_by_sigma_root_dt(
    shock: str, volatility: str, state: str, of: Callable[[float], float], dt: float
) -> None:
    params = CONSTANTS._replace(**{f"{volatility}_volatility": 0.3})
    begin, clock, forcing = LAB.initial(params), Clock(0.0, dt, 0), forcing_of(1.0, 12)[0]
    calm = LAB.step(begin, params, NO_SHOCKS, clock, forcing)
    moved = LAB.step(begin, params, NO_SHOCKS._replace(**{shock: 1.5}), clock, forcing)
    assert of(getattr(moved, state)) - of(getattr(calm, state)) == pytest.approx(1.5 * 0.3 * math.sqrt(dt), rel=1e-9)


def test_drift_without_ito_term_is_the_median_growth() -> None:
    params = CONSTANTS._replace(hardware_volatility=0.5)
    source = random.Random(5)
    n_paths, n_steps = 1600, 4
    costs = sorted(
        walk(params, forcing_of(1.0, n_steps), 1.0 / n_steps, seed=source.randrange(2**31))[-1].cost_per_compute
        for _ in range(n_paths)
    )
    start = walk(params, [], 1.0)[0].cost_per_compute
    below = sum(cost < start * math.exp(-params.hardware_gain) for cost in costs)
    # Binomial(1600, 1/2): |z| < 4.5 has a false-alarm rate of 7e-6 and sees a shift of the median of .22 sigma in
    # 99% of cases; the Ito term of a year would be sigma^2 / 2 = .25 sigma.
    assert abs(below - n_paths / 2) < 4.5 * math.sqrt(n_paths / 4)


def test_a_lab_without_revenue_runs_and_runs_out() -> None:
    params = CONSTANTS._replace(
        consumer_run_rate=0.0, business_run_rate=0.0, base_users=0.0, launch_wait=1e9, round_rate=0.0
    )
    path = walk(params, forcing_of(3.0, 12), DT, seed=4)
    assert all(state.revenue == state.revenue_resale for state in path)
    assert min(event.cash for event in margins_along(path, params, DT)) < 0.0


def test_halving_the_step_moves_the_end_at_first_order() -> None:
    params = without_volatility(CONSTANTS)._replace(launch_wait=0.0, advertising_wait=0.0, round_rate=0.0)
    ends = [walk(params, forcing_of(3.0, n), 1.0 / n)[-1] for n in (24, 48, 96)]
    for name in ("bill", "business_demand", "users", "compute_needed", "revenue", "cash_flow_mean"):
        first, second, third = (getattr(end, name) for end in ends)
        assert (first - second) / (second - third) == pytest.approx(2.0, abs=0.25), name
        assert first == pytest.approx(third, rel=0.03), name


@pytest.mark.parametrize("seed", range(8))
def test_base_period_is_what_the_allocation_makes_of_its_needs(seed: int) -> None:
    params = draw_params(seed)
    use = base_use(
        params.base_capacity,
        params.inference_share,
        params.paid_share_of_inference,
        params.free_rationing,
        params.free_floor,
    )
    made = allocate(
        params.base_capacity,
        use.training,
        use.paid_need,
        use.free_need,
        training_yield=params.training_yield,
        free_floor=params.free_floor,
        absorption=params.absorption,
        resale_cap=params.resale_cap,
        per_capacity=1.0 / params.base_capacity,
    )
    assert made.training == pytest.approx(use.training, rel=1e-12)
    assert made.served == pytest.approx(use.served, rel=1e-12)
    assert max(made.unmet_share, made.surplus_share) < 1e-12


def test_training_that_stops_growing_costs_no_more() -> None:
    params = without_volatility(CONSTANTS)
    forcing = forcing_of(5.0, 12)
    live, held = walk(params, forcing, DT), walk(params._replace(training_growth=0.0), forcing, DT)
    assert max(state.compute_training for state in held) <= held[0].compute_training * (1.0 + 1e-12)
    assert held[-1].operating_income > live[-1].operating_income
