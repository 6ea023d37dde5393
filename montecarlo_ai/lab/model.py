"""The laws joined: one step of the lab, and the model that a scenario runs.

Order of a step: prices of compute, demand, the fleet (orders decided on what was known at its start), the use of the
fleet, income, funding, memory. Every flow is booked once. No law of competition or of regimes takes part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from montecarlo_ai.lab.contracts import Contract, commitment, forcing_series, forcing_type
from montecarlo_ai.lab.demand import relaxation
from montecarlo_ai.lab.events import liquidity, margins
from montecarlo_ai.lab.funding import AGE_OF_A_YEARS_SUM
from montecarlo_ai.lab.initial import initial_state
from montecarlo_ai.lab.parameters import Params, Shocks, State
from montecarlo_ai.lab.transitions import (
    income_of,
    next_demand,
    next_fleet,
    next_funds,
    next_prices,
    next_use,
)
from montecarlo_ai.model import Clock, Model
from montecarlo_ai.timegrid import TimeGrid

OUTPUTS = (
    "revenue",
    "cash",
    "compute_cost",
    "operating_income",
    "capacity",
    "power",
    "funding_gap",
    "loss_until_profitable",
)
CAUSES = ("cash", "unmonetized_compute", "compute_shortage")
CHIPS = ("cash", "unmonetized_compute")
LONG_NAMES = {
    "revenue": "revenue, run rate",
    "capacity": "compute online",
    "power": "power of the compute online",
    "cost_per_compute": "cost of new compute",
    "monetization": "business revenue per dollar of inference compute",
    "funding_gap": "largest shortfall of cash and credit so far",
    "loss_until_profitable": "operating loss until profitability",
    "profitable": "operating income over a year above zero, pay in shares not counted",
}


@dataclass(frozen=True)
class LabParts:
    """The lab for one table of contracts and one time grid.

    Parameters
    ----------
    model : Model
    forcing : mapping of str to (n_steps,) float array, USD/year
        Bill under contract by counterparty, row k for step k.
    context : mapping of str to xarray.DataArray
        ``commitment`` over (counterparty, time), which accompanies every result.
    """

    model: Model
    forcing: Mapping[str, NDArray[np.float64]]
    context: Mapping[str, xr.DataArray]


def mean_after(mean: float, value: float, dt: float, age: float = 1.0) -> float:
    """Return a trailing mean after a step: exponential, with a time constant of ``age`` years."""
    return mean + relaxation(1.0 / age, dt) * (value - mean)


def next_state(state: State, params: Params, shocks: Shocks, clock: Clock, scheduled: float) -> State:
    """Return the state after one step; ``scheduled`` is the bill under contract by its end, USD/year."""
    dt = clock.dt
    prices = next_prices(state, params, shocks, dt)
    demand = next_demand(state, params, shocks, prices.surprise, clock.t + dt, dt)
    fleet = next_fleet(state, params, prices, scheduled, dt)
    use = next_use(state, params, prices, demand, fleet, dt)
    income = income_of(state, params, demand, fleet, use)
    run_rate = 0.5 * (state.revenue + income.revenue)  # of the step, for a growth that does not depend on dt
    revenue_mean = mean_after(state.revenue_mean, run_rate, dt, AGE_OF_A_YEARS_SUM)
    funds = next_funds(state, params, shocks, fleet, income, revenue_mean, dt)
    income_mean = mean_after(state.operating_income_mean, income.operating, dt)
    short = -liquidity(funds.treasury.cash, funds.treasury.debt, params.credit_line)
    losing = 1.0 - state.profit_reached
    reached = 1.0 if income_mean > 0.0 else state.profit_reached
    return State(
        users=demand.users,
        user_growth=demand.user_growth,
        paying_share=demand.paying_share,
        revenue_per_payer=demand.revenue_per_payer,
        payer_use_cost=demand.payer_use_cost,
        payer_quota_cost=demand.payer_quota_cost,
        free_use_cost=demand.free_use_cost,
        business_demand=demand.business,
        business_growth=demand.business_growth,
        new_demand=demand.new,
        cost_per_compute=prices.cost,
        compute_per_power=prices.compute_per_power,
        rental_premium=prices.rental_premium,
        monetization=prices.monetization,
        contracted=max(state.contracted, scheduled),
        pipeline_early=fleet.pipeline.early,
        pipeline_late=fleet.pipeline.late,
        ordered=state.ordered + fleet.ordered,
        cancelled=state.cancelled + fleet.cancelled,
        delivered=state.delivered + fleet.pipeline.delivered,
        retired=state.retired + fleet.bill.retired,
        bill_young=fleet.bill.young,
        bill_middle=fleet.bill.middle,
        bill=fleet.bill.total,
        capacity_young=fleet.capacity.young,
        capacity_middle=fleet.capacity.middle,
        capacity=fleet.capacity.total,
        power_young=fleet.power.young,
        power_middle=fleet.power.middle,
        power=fleet.power.total,
        training_share=use.training_share,
        compute_training=use.allocation.training,
        compute_served=use.allocation.served,
        compute_resold=use.allocation.resold,
        compute_idle=use.allocation.idle,
        compute_needed=use.needed,
        unmet_share=use.allocation.unmet_share,
        surplus_share=use.allocation.surplus_share,
        revenue=income.revenue,
        revenue_consumer=income.consumer,
        revenue_business=income.business,
        revenue_new=income.new,
        revenue_resale=income.resale,
        compute_cost=income.compute,
        training_cost=income.training,
        inference_cost=income.inference,
        operating_income=income.operating,
        cash_flow=income.cash_flow,
        cash=funds.treasury.cash,
        debt=funds.treasury.debt,
        tranches=funds.tranches,
        equity_raised=funds.equity,
        valuation=funds.valuation,
        market_mood=funds.mood,
        round_clock=funds.clock,
        revenue_mean=revenue_mean,
        operating_income_mean=income_mean,
        cash_flow_mean=mean_after(state.cash_flow_mean, income.cash_flow, dt),
        unmet_mean=mean_after(state.unmet_mean, use.allocation.unmet_share, dt),
        unmonetized_mean=mean_after(state.unmonetized_mean, use.unmonetized, dt),
        profit_reached=reached,
        loss_until_profitable=state.loss_until_profitable - losing * income.operating * dt,
        funding_gap=max(state.funding_gap, short),
        growth_clamps=state.growth_clamps + prices.clamps + demand.clamps,
    )


def build(contracts: Sequence[Contract], time: TimeGrid) -> LabParts:
    """Return the lab's model, the forcing that its contracts make on a time grid, and their commitments.

    Raises
    ------
    InputError
        If there is no contract, or two counterparties come to the same name.
    """
    forcing_class: Any = forcing_type(contracts)
    base_bill = float(sum(contract.base_bill for contract in contracts))

    def step(state: State, params: Params, shocks: Shocks, clock: Clock, forcing: Any) -> State:
        scheduled = 0.0
        for bill in forcing:
            scheduled += bill
        return next_state(state, params, shocks, clock, scheduled)

    def initial(params: Params) -> State:
        return initial_state(params, base_bill)

    step.__annotations__["forcing"] = forcing_class
    model = Model(
        step,
        initial=initial,
        events=margins,
        outputs=OUTPUTS,
        causes=CAUSES,
        chips=CHIPS,
        long_names=LONG_NAMES,
        origin={"name": "lab", "contracts": [asdict(contract) for contract in contracts]},
    )
    return LabParts(model, forcing_series(contracts, time), {"commitment": commitment(contracts, time)})
