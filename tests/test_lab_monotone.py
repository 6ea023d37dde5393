"""What has to move one way once policies, discretionary orders and funding are frozen, path by path.

With live policies these can fail, because cuts come later where there is more cash; then nothing is asserted.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lab_paths import CONTRACTS, FROZEN, draw_params, forcing_of, margins_along, walk

from montecarlo_ai.lab.commitments import compute_bill
from montecarlo_ai.lab.parameters import Params
from montecarlo_ai.lab.technology import compute_per_bill, cost_of_new_compute

SEEDS = st.integers(min_value=0, max_value=2**32 - 1)
STEPS_PER_YEAR = 4
YEARS = 4.0
DT = 1.0 / STEPS_PER_YEAR
run = settings(max_examples=25, deadline=None)


def cash_runs_out(params: Params, seed: int) -> float:
    """Return the years until cash and credit are gone on one path, infinity if never."""
    path = walk(params, forcing_of(YEARS, STEPS_PER_YEAR), DT, seed=seed)
    for index, event in enumerate(margins_along(path, params, DT)):
        if event.cash < 0.0:
            return (index + 1) * DT
    return float("inf")


@run
@given(SEEDS, st.floats(min_value=0.0, max_value=3.0))
def test_more_starting_cash_never_runs_out_sooner(seed: int, more: float) -> None:
    params = draw_params(seed)._replace(**FROZEN)
    richer = params._replace(base_cash=params.base_cash * (1.0 + more))
    assert cash_runs_out(richer, seed) >= cash_runs_out(params, seed)


@run
@given(SEEDS, st.floats(min_value=0.0, max_value=1.0))
def test_less_training_never_raises_compute_cost(seed: int, factor: float) -> None:
    # Customers who leave unserved, and prices that scarcity lifts, would make later demand differ: frozen too.
    # So would customers who follow the better model.
    still = {**FROZEN, "unserved_loss": 0.0, "scarcity_response": 0.0, "training_effect": 0.0}
    params = draw_params(seed)._replace(**still)
    less = params._replace(training_share_long_run=params.training_share_long_run * factor, training_growth=factor)
    forcing = forcing_of(YEARS, STEPS_PER_YEAR)
    pairs = zip(walk(params, forcing, DT, seed=seed), walk(less, forcing, DT, seed=seed), strict=True)
    for more_training, less_training in pairs:
        assert less_training.compute_cost <= more_training.compute_cost * (1.0 + 1e-12)


@given(
    st.floats(min_value=1e9, max_value=1e11),
    st.floats(min_value=0.0, max_value=1.0),
    st.floats(min_value=0.0, max_value=1.0),
    st.floats(min_value=0.0, max_value=5.0),
)
def test_cheaper_new_compute_never_raises_the_cost_of_a_given_new_capacity(
    power_cost: float, saving: float, premium: float, growth: float
) -> None:
    dear = cost_of_new_compute(power_cost, 1e6)
    cheap = cost_of_new_compute(power_cost * (1.0 - 0.99 * saving), 1e6)
    bought = [compute_per_bill(cost, premium, growth * 1e10, 1e10) for cost in (dear, cheap)]
    assert bought[1] >= bought[0] * (1.0 - 1e-12)


@given(
    st.floats(min_value=0.0, max_value=1e12),
    st.floats(min_value=0.0, max_value=1.0),
    st.floats(min_value=0.0, max_value=1.0),
    st.floats(min_value=0.0, max_value=1.0),
)
def test_use_and_take_or_pay_never_lower_a_bill(bill: float, fixed: float, used: float, more: float) -> None:
    assert compute_bill(bill, fixed * bill, min(used + more, 1.0)) >= compute_bill(bill, fixed * bill, used)
    assert compute_bill(bill, min(fixed + more, 1.0) * bill, used) >= compute_bill(bill, fixed * bill, used)


def test_frozen_lab_raises_nothing_and_cancels_nothing() -> None:
    params = draw_params(7)._replace(**FROZEN)
    path = walk(params, forcing_of(YEARS, STEPS_PER_YEAR), DT, seed=7)
    assert all(state.equity_raised == 0.0 and state.cancelled == 0.0 for state in path)
    rows = forcing_of(YEARS, STEPS_PER_YEAR)
    added = sum(contract.speed * row[place] for row in rows for place, contract in enumerate(CONTRACTS))
    called = params.contract_speed * params.contract_size * added
    assert path[-1].ordered - path[0].ordered == pytest.approx(called, rel=1e-9)
