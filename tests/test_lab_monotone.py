"""What has to move one way in random scenarios once policies, orders and funding are frozen, path by path.

With live policies these can fail, because cuts come later where there is more cash; then nothing is asserted:
`benchmarks` measures how often.
"""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from lab_paths import FROZEN, margins_along
from lab_scenarios import Case, Run, random_case
from numpy.typing import NDArray

from montecarlo_ai.lab.commitments import compute_bill
from montecarlo_ai.lab.technology import compute_per_bill, cost_of_new_compute

SEEDS = st.integers(min_value=0, max_value=2**32 - 1)
PARTS = st.floats(min_value=0.0, max_value=1.0)
TOLERANCE = 1e-9
quick = settings(max_examples=30, deadline=None)

SAME_DEMAND = {"unserved_loss": 0.0, "scarcity_response": 0.0, "training_effect": 0.0}
"""Customers who leave unserved or for the better model, and prices that scarcity lifts, would change later demand."""


def frozen(seed: int, **changes: float) -> Case:
    """Return a random scenario with policies, orders and funding frozen."""
    return random_case(seed, **{**FROZEN, **changes})


def changed(case: Case, **changes: float) -> Case:
    """Return the same scenario on the same shocks with some inputs changed."""
    return case._replace(params=case.params._replace(**changes))


def cash_runs_out(run: Run) -> float:
    """Return the years until cash and credit are gone on a path, infinity if never."""
    margins = [event.cash for event in margins_along(run.states, run.case.params, run.case.time.dt)]
    return next(((k + 1) * run.case.time.dt for k, margin in enumerate(margins) if margin < 0.0), float("inf"))


def above(left: NDArray[np.float64], right: NDArray[np.float64]) -> bool:
    """Return whether nothing on the left is below the right, to rounding."""
    return bool((left >= right - TOLERANCE * np.abs(right)).all())


@quick
@given(SEEDS, st.floats(min_value=0.0, max_value=1e11))
def test_more_starting_cash_never_runs_out_sooner(seed: int, more: float) -> None:
    case = frozen(seed)
    poorer, richer = Run(case), Run(changed(case, base_cash=case.params.base_cash + more))
    assert cash_runs_out(richer) >= cash_runs_out(poorer)
    net = [run.cash - run.debt for run in (richer, poorer)]
    assert (net[0] >= net[1] - TOLERANCE * (np.abs(net[1]) + more + np.abs(poorer.cash_flow))).all()


@quick
@given(SEEDS, PARTS, PARTS)
def test_less_training_never_raises_compute_cost(seed: int, share: float, growth: float) -> None:
    case = frozen(seed, **SAME_DEMAND)
    p = case.params
    less = changed(
        case,
        training_share_long_run=p.training_share_long_run * share,
        training_growth=p.training_growth * growth,
    )
    more_training, less_training = Run(case), Run(less)
    rounding = TOLERANCE * more_training.bill
    assert (less_training.compute_cost <= more_training.compute_cost + rounding).all()


@quick
@given(SEEDS, PARTS, PARTS)
def test_cheaper_new_compute_never_makes_a_given_fleet_dearer(seed: int, saving: float, gain: float) -> None:
    """The same contracts bring at least as much compute and power, and no vintage of it costs more a unit."""
    case = frozen(seed)
    p = case.params
    cheap = Run(changed(case, power_cost=p.power_cost * (1.0 - 0.9 * saving), hardware_gain=p.hardware_gain + gain))
    dear = Run(case)
    assert above(cheap.capacity, dear.capacity)
    assert above(dear.cost_per_compute, cheap.cost_per_compute)
    np.testing.assert_allclose(cheap.bill, dear.bill, rtol=TOLERANCE)
    np.testing.assert_allclose(cheap.firm_bill, dear.firm_bill, rtol=TOLERANCE)


@quick
@given(SEEDS)
def test_frozen_lab_raises_nothing_and_puts_nothing_off(seed: int) -> None:
    run = Run(frozen(seed))
    assert (run.equity_raised == 0.0).all()
    assert (run.cancelled == 0.0).all()
    assert (run.deferred == 0.0).all()
    p, contracts = run.case.params, run.case.contracts
    asked = sum(contract.speed * row for contract, row in zip(contracts, run.asked, strict=True))
    called = p.contract_speed * p.contract_size * np.cumsum(asked)
    np.testing.assert_allclose(run.ordered[1:], run.ordered[0] + called, rtol=TOLERANCE)


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
