"""The last part of a step: what is raised, borrowed and held."""

from typing import NamedTuple

from montecarlo_ai.lab.demand import reverting
from montecarlo_ai.lab.funding import (
    LARGEST_GROWTH,
    Treasury,
    debt_limit,
    funding_round,
    price_of_equity,
    tranches_paid,
    treasury_after,
    urgency_of,
    valuation,
    wanted_cash,
    warrants_sold,
    yearly_growth,
)
from montecarlo_ai.lab.operation import Fleet, Income
from montecarlo_ai.lab.parameters import Params, Shocks, State
from montecarlo_ai.lab.pipelines import Called
from montecarlo_ai.lab.regimes import Climate
from montecarlo_ai.lab.steady import Steady


class Funds(NamedTuple):
    """Cash, debt and what investors and suppliers gave and promise."""

    treasury: Treasury
    limit: float
    equity: float
    tranches: float
    warrants: float
    clock: float
    valuation: float
    mood: float
    growth: float
    clamps: float


def next_funds(
    state: State,
    params: Params,
    shocks: Shocks,
    steady: Steady,
    climate: Climate,
    fleet: Fleet,
    called: Called,
    income: Income,
    revenue_mean: float,
    dt: float,
) -> Funds:
    """Return cash, debt and promises after a step's cash flow, rounds and suppliers' money.

    ``revenue_mean`` is the trailing mean with the step's own revenue in it: growth is of one moment.
    """
    mood = reverting(state.market_mood, 0.0, steady.market_closed, steady.mood_noise * shocks.mood)
    growth = yearly_growth(income.revenue, revenue_mean)
    price = price_of_equity(mood, climate.log_multiple)
    limit = debt_limit(
        state.debt, params.credit_line, params.debt_facility, params.debt_covenant, income.revenue, climate.openness
    )
    coming = fleet.pipeline.early + fleet.pipeline.late
    wanted = wanted_cash(params.runway_target, -income.cash_flow, coming, params.coming_bill_weight)
    shortfall = max(wanted - (state.cash - state.debt) - state.tranches, 0.0)
    urgency = urgency_of(shortfall, wanted)
    worth = valuation(
        income.revenue, params.valuation_multiple, params.growth_slope, growth, price, params.distress_discount, urgency
    )
    raised = funding_round(
        clock=state.round_clock,
        pace=params.round_rate * price * climate.openness,
        urgency=urgency,
        shortfall=shortfall,
        largest=params.dilution * worth,
        paid_now=params.paid_now,
        dt=dt,
    )
    from_tranches = tranches_paid(state.tranches, params.round_rate, climate.openness, dt)
    suppliers = params.supplier_equity * called.equity * fleet.power_per_bill
    sold = warrants_sold(state.warrants, params.warrant_sale_rate, dt)
    money = raised.paid + from_tranches + suppliers + sold * price
    return Funds(
        treasury_after(state.cash, state.debt, limit, dt * income.cash_flow + money),
        limit,
        money * (1.0 / dt),
        state.tranches + raised.promised - from_tranches,
        state.warrants + called.warrants * fleet.power_per_bill - sold,
        raised.clock,
        worth,
        mood,
        growth,
        1.0 if growth >= LARGEST_GROWTH else 0.0,
    )
