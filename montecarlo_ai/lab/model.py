"""The laws joined: one step of the lab, and the model that a scenario runs.

Order of a step: orders, decided on what was known at its start, and the pipelines of the contracts; the regime, prices,
demand, the fleet, its use, income, funding, memory. Every flow is booked once.
"""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from montecarlo_ai.lab.contracts import Contract, check_together, commitment, forcing_series, forcing_type
from montecarlo_ai.lab.demand import relaxation
from montecarlo_ai.lab.events import liquidity, margins
from montecarlo_ai.lab.finance import next_funds
from montecarlo_ai.lab.funding import AGE_OF_A_YEARS_SUM
from montecarlo_ai.lab.initial import initial_state
from montecarlo_ai.lab.market import climate_of, next_demand, next_prices, next_regime
from montecarlo_ai.lab.operation import Plan, income_of, next_fleet, next_plan, next_use
from montecarlo_ai.lab.parameters import Events, Params, Shocks, State
from montecarlo_ai.lab.pipelines import PLACES, Called, beginnings, pipelines, state_type
from montecarlo_ai.lab.steady import Steady, steady_of
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
        Bill that each counterparty's schedule puts on order in step k.
    context : mapping of str to xarray.DataArray
        ``commitment`` over (counterparty, time), which accompanies every result.
    """

    model: Model
    forcing: Mapping[str, NDArray[np.float64]]
    context: Mapping[str, xr.DataArray]


def mean_after(mean: float, value: float, dt: float, age: float = 1.0) -> float:
    """Return a trailing mean after a step: exponential, with a time constant of ``age`` years."""
    return mean + relaxation(1.0 / age, dt) * (value - mean)


def next_state(
    state: State,
    params: Params,
    shocks: Shocks,
    clock: Clock,
    steady: Steady,
    plan: Plan,
    called: Called,
    winter: float,
) -> State:
    """Return the state after one step in which contracts did what ``called`` says.

    ``winter`` is 1 where a stated winter begins in the step.
    """
    dt = clock.dt
    regime = next_regime(state, shocks, steady, winter)
    climate = climate_of(regime, params)
    prices = next_prices(state, params, shocks, steady, climate, dt)
    demand = next_demand(state, params, shocks, steady, climate, prices.surprise, clock.t + dt, dt)
    fleet = next_fleet(state, params, steady, prices, plan, called, dt)
    use = next_use(state, params, steady, prices, demand, fleet, plan.cut)
    income = income_of(state, params, steady, demand, fleet, use, dt)
    run_rate = 0.5 * (state.revenue + income.revenue)  # of the step, for a growth that does not depend on dt
    revenue_mean = mean_after(state.revenue_mean, run_rate, dt, AGE_OF_A_YEARS_SUM)
    funds = next_funds(state, params, shocks, steady, climate, fleet, called, income, revenue_mean, dt)
    income_mean = mean_after(state.operating_income_mean, income.operating, dt)
    short = -liquidity(funds.treasury.cash, funds.treasury.debt, funds.limit)
    losing = 1.0 - state.profit_reached
    reached = 1.0 if income_mean > 0.0 else state.profit_reached
    return State(
        users=demand.users,
        user_growth=demand.user_growth,
        paying_share=demand.payers.all,
        new_payer_share=demand.payers.new,
        revenue_per_payer=demand.revenue_per_payer,
        payer_quota_cost=demand.quota_cost,
        use_room=demand.use_room,
        free_use_cost=demand.free_use_cost,
        revenue_per_free_user=demand.revenue_per_free_user,
        business_demand=demand.business,
        business_growth=demand.business_growth,
        price_deviation=prices.price_deviation,
        new_demand=demand.new,
        rival_training=demand.rival_training,
        cost_per_compute=prices.cost,
        power_per_compute=prices.power_per_compute,
        rental_premium=prices.rental_premium,
        monetization=prices.monetization,
        monetization_gap=prices.monetization_gap,
        regime=regime,
        pipeline_early=fleet.pipeline.early,
        pipeline_late=fleet.pipeline.late,
        ordered=state.ordered + called.ordered + plan.ordered,
        deferred=called.deferred,
        cancelled=state.cancelled + called.cancelled,
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
        firm_bill_young=fleet.firm_bill.young,
        firm_bill_middle=fleet.firm_bill.middle,
        firm_bill=fleet.firm_bill.total,
        stranded_cost=fleet.stranded,
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
        revenue_advertising=income.advertising,
        revenue_business=income.business,
        revenue_new=income.new,
        revenue_resale=income.resale,
        compute_cost=income.compute,
        training_cost=income.training,
        inference_cost=income.inference,
        operating_income=income.operating,
        stock_pay=income.stock_pay,
        cash_flow=income.cash_flow,
        partner_share_left=max(state.partner_share_left - income.partner * dt, 0.0),
        credits_left=max(state.credits_left - income.credits * dt, 0.0),
        cash=funds.treasury.cash,
        debt=funds.treasury.debt,
        debt_limit=funds.limit,
        tranches=funds.tranches,
        equity_raised=funds.equity,
        warrants=funds.warrants,
        valuation=funds.valuation,
        market_mood=funds.mood,
        round_clock=funds.clock,
        growth=funds.growth,
        revenue_mean=revenue_mean,
        operating_income_mean=income_mean,
        cash_flow_mean=mean_after(state.cash_flow_mean, income.cash_flow, dt),
        unmet_mean=mean_after(state.unmet_mean, use.allocation.unmet_share, dt),
        unmonetized_mean=mean_after(state.unmonetized_mean, use.unmonetized, dt),
        profit_reached=reached,
        loss_until_profitable=state.loss_until_profitable - losing * income.operating * dt,
        funding_gap=max(state.funding_gap, short),
        growth_clamps=state.growth_clamps + prices.clamps + demand.clamps + funds.clamps,
    )


def build(contracts: Sequence[Contract], time: TimeGrid, *, winter_from: datetime.date | None = None) -> LabParts:
    """Return the lab's model, the forcing that its contracts make on a time grid, and their commitments.

    Parameters
    ----------
    contracts : sequence of Contract
    time : TimeGrid
    winter_from : date, optional
        When a winter of the industry begins for certain, whatever the hazards; it lasts as any winter does.

    Raises
    ------
    InputError
        If the contracts do not go together, see `contracts.check_together`, or the winter begins outside the grid.
    """
    check_together(contracts)
    kind, advance, begin = state_type(contracts), pipelines(contracts), beginnings(contracts)
    forcing_class: Any = forcing_type(contracts)
    places = PLACES * len(contracts)
    stated = {} if winter_from is None else {"winter_from": winter_from.isoformat()}

    def step(state: Any, params: Params, shocks: Shocks, clock: Clock, forcing: Any) -> Any:
        steady = steady_of(params, clock.dt)
        plan = next_plan(state, params, steady)
        moved = advance(state, forcing, plan.pace, Called(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
        sums = moved[places:]
        called = Called(sums[0], sums[1], sums[2], sums[3], sums[4], sums[5], sums[6], sums[7])
        after = next_state(state, params, shocks, clock, steady, plan, called, forcing.winter)
        return kind(*(after[:] + moved[:places]))

    def initial(params: Params) -> Any:
        pipeline = params.pipeline_ratio * params.base_bill
        begun = begin(params.base_bill, pipeline, params.take_or_pay, 0.0, 0.0)
        return kind(*(initial_state(params, begun[places])[:] + begun[:places]))

    def events(state: Any, params: Params, clock: Clock) -> Events:
        return margins(state, params, clock)

    step.__annotations__.update({"state": kind, "forcing": forcing_class, "return": kind})
    initial.__annotations__["return"] = kind
    events.__annotations__["state"] = kind
    model = Model(
        step,
        initial=initial,
        events=events,
        outputs=OUTPUTS,
        causes=CAUSES,
        chips=CHIPS,
        long_names=LONG_NAMES,
        origin={"name": "lab", "contracts": [asdict(contract) for contract in contracts], **stated},
        maker=partial(_model, tuple(contracts), time, winter_from),
    )
    return LabParts(model, forcing_series(contracts, time, winter_from), {"commitment": commitment(contracts, time)})


@lru_cache(maxsize=64)
def _model(contracts: tuple[Contract, ...], time: TimeGrid, winter_from: datetime.date | None) -> Model:
    """Return the lab's model where one of the same contracts was unpickled."""
    return build(contracts, time, winter_from=winter_from).model
