"""The state of the lab at the start of a run, from its inputs: the base period, to which the year before is fitted."""

from typing import NamedTuple

from montecarlo_ai.lab.commitments import credits_used
from montecarlo_ai.lab.consumers import use_under_quota
from montecarlo_ai.lab.costs import energy_cost, interest, partner_share
from montecarlo_ai.lab.demand import SMALLEST, SMALLEST_ROOM, growth_in_empty_market, room
from montecarlo_ai.lab.fleet import Stages, stranded_cost
from montecarlo_ai.lab.funding import LARGEST_GROWTH, debt_limit, urgency_of, valuation, wanted_cash, yearly_growth
from montecarlo_ai.lab.parameters import Params, State
from montecarlo_ai.lab.regimes import NORMAL
from montecarlo_ai.lab.technology import cost_of_new_compute
from montecarlo_ai.math import log


class BaseUse(NamedTuple):
    """Use of the fleet at the start, H100e: it is full, paid demand is met, and free use is rationed."""

    training: float
    served: float
    paid_need: float
    free_need: float


def base_training(capacity: float, inference_share: float) -> float:
    """Return training compute at the start, H100e: what inference leaves."""
    return capacity * (1.0 - inference_share)


def base_use(
    capacity: float, inference_share: float, paid_share: float, free_rationing: float, free_floor: float
) -> BaseUse:
    """Return the use of the fleet at the start, which is what `allocation.allocate` makes of these needs.

    Parameters
    ----------
    capacity : float, H100e.
    inference_share, paid_share : float, share of the fleet that serves, and share of that which is paid for.
    free_rationing : float, how far free use is rationed, from 0 (all is served) to 1 (only the floor).
    free_floor : float, share of the need of free users that paid demand does not displace.
    """
    served = capacity * inference_share
    paid = served * paid_share
    free_need = (served - paid) / max(1.0 - free_rationing * (1.0 - free_floor), 1e-9)
    return BaseUse(base_training(capacity, inference_share), served, paid, free_need)


def base_use_cost(cost_per_payer: float, quota: float, spread: float) -> float:
    """Return mean use before the quota, USD/(user year), for which the use that is left costs what it does."""
    wide = max(spread, SMALLEST)
    return cost_per_payer / max(use_under_quota(1.0, quota, log(max(quota, SMALLEST)), wide, 1.0 / wide), SMALLEST)


def base_monetization(demand: float, spent: float, long_run: float) -> float:
    """Return business revenue per USD of its compute at the start; the long run where there is no business yet."""
    if demand <= 0.0 or spent <= 0.0:
        return long_run
    return demand / spent


class BaseIncome(NamedTuple):
    """Income of the base period, USD/year."""

    revenue: float
    operating: float
    cash_flow: float


def base_income(params: Params) -> BaseIncome:
    """Return revenue, operating income and cash flow at the start; what credits pay is as much as lasts a year."""
    revenue = params.consumer_run_rate + params.business_run_rate
    energy = energy_cost(params.base_power, params.owned_share, params.energy_price)
    profit = revenue * (1.0 - params.other_cost_share) - params.base_bill - params.staff_cost - energy
    partner = partner_share(
        revenue, params.revenue_share, profit, params.profit_share, params.revenue_share_cap, per_dt=1.0
    )
    operating = profit - partner
    credits = credits_used(params.base_bill, params.credit_share, params.base_credits, 1.0)
    return BaseIncome(revenue, operating, operating + credits - interest(params.interest_rate, 0.0, params.base_cash))


def base_valuation(params: Params, income: BaseIncome, growth: float, pipeline: float) -> float:
    """Return what the lab is worth at the start, USD, the urgency of its need in it."""
    wanted = wanted_cash(params.runway_target, -income.cash_flow, pipeline, params.coming_bill_weight)
    shortfall = max(wanted - params.base_cash - params.base_tranches, 0.0)
    urgency = urgency_of(shortfall, wanted)
    return valuation(
        income.revenue, params.valuation_multiple, params.growth_slope, growth, 1.0, params.distress_discount, urgency
    )


def base_clamps(params: Params, growth: float) -> float:
    """Return how many guards act on the growth that the base period shows."""
    users = room(params.base_users, params.user_market)
    business = room(params.business_run_rate, params.business_market)
    full = 1.0 if params.base_user_growth > 0.0 and users < SMALLEST_ROOM else 0.0
    full += 1.0 if params.base_business_growth > 0.0 and business < SMALLEST_ROOM else 0.0
    return full + (1.0 if growth >= LARGEST_GROWTH else 0.0)


def initial_state(params: Params, firm_bill: float) -> State:
    """Return the state at t = 0; ``firm_bill`` is what of the base bill is due unused, USD/year."""
    cost = cost_of_new_compute(params.power_cost, params.base_compute_per_power)
    use = base_use(
        params.base_capacity,
        params.inference_share,
        params.paid_share_of_inference,
        params.free_rationing,
        params.free_floor,
    )
    payers = max(params.base_users * params.base_paying_share, 1.0)
    free_users = max(params.base_users * (1.0 - params.base_paying_share), 1.0)
    payer_compute = cost * use.paid_need * (1.0 - params.business_share_of_paid)
    payer_use = base_use_cost(payer_compute / payers, params.use_quota, params.use_spread)
    business_compute = cost * use.paid_need * params.business_share_of_paid
    long_run = max(params.monetization_long_run, SMALLEST)
    monetization = max(base_monetization(params.business_run_rate, business_compute, long_run), SMALLEST)
    income = base_income(params)
    growth = yearly_growth(income.revenue, params.trailing_revenue)
    pipeline = params.pipeline_ratio * params.base_bill
    unit_bill = params.base_bill / max(params.base_capacity, SMALLEST)
    limit = debt_limit(0.0, params.credit_line, params.debt_facility, params.debt_covenant, income.revenue, 1.0)
    return State(
        users=params.base_users,
        user_growth=growth_in_empty_market(params.base_user_growth, params.base_users, params.user_market),
        paying_share=params.base_paying_share,
        new_payer_share=params.base_paying_share * params.base_new_payer_share,
        revenue_per_payer=params.consumer_run_rate / payers,
        payer_quota_cost=params.use_quota * payer_use,
        use_room=log(max(params.use_quota, SMALLEST)),
        free_use_cost=cost * use.free_need / free_users,
        revenue_per_free_user=0.0,
        business_demand=params.business_run_rate,
        business_growth=growth_in_empty_market(
            params.base_business_growth, params.business_run_rate, params.business_market
        ),
        price_deviation=0.0,
        new_demand=0.0,
        rival_training=use.training,
        cost_per_compute=cost,
        power_per_compute=1.0 / max(params.base_compute_per_power, SMALLEST),
        rental_premium=params.rental_premium_long_run,
        monetization=monetization,
        monetization_gap=log(monetization / long_run),
        regime=NORMAL,
        pipeline_early=0.5 * pipeline,
        pipeline_late=0.5 * pipeline,
        ordered=params.base_bill + pipeline,
        deferred=0.0,
        cancelled=0.0,
        delivered=params.base_bill,
        retired=0.0,
        bill_young=params.base_bill,
        bill_middle=0.0,
        bill=params.base_bill,
        capacity_young=params.base_capacity,
        capacity_middle=0.0,
        capacity=params.base_capacity,
        power_young=params.base_power,
        power_middle=0.0,
        power=params.base_power,
        firm_bill_young=firm_bill,
        firm_bill_middle=0.0,
        firm_bill=firm_bill,
        stranded_cost=stranded_cost(
            Stages(params.base_capacity, 0.0, params.base_capacity, 0.0),
            Stages(firm_bill, 0.0, firm_bill, 0.0),
            cost,
            params.contract_term,
        ),
        training_share=1.0 - params.inference_share,
        compute_training=use.training,
        compute_served=use.served,
        compute_resold=0.0,
        compute_idle=0.0,
        compute_needed=use.paid_need + use.free_need,
        unmet_share=0.0,
        surplus_share=0.0,
        revenue=income.revenue,
        revenue_consumer=params.consumer_run_rate,
        revenue_advertising=0.0,
        revenue_business=params.business_run_rate,
        revenue_new=0.0,
        revenue_resale=0.0,
        compute_cost=params.base_bill,
        training_cost=unit_bill * use.training,
        inference_cost=unit_bill * use.served,
        operating_income=income.operating,
        stock_pay=params.stock_pay_ratio * params.staff_cost,
        cash_flow=income.cash_flow,
        partner_share_left=params.revenue_share_cap,
        credits_left=params.base_credits,
        cash=params.base_cash,
        debt=0.0,
        debt_limit=limit,
        tranches=params.base_tranches,
        equity_raised=0.0,
        warrants=0.0,
        valuation=base_valuation(params, income, growth, pipeline),
        market_mood=0.0,
        round_clock=params.base_round_clock,
        growth=growth,
        revenue_mean=params.trailing_revenue,
        operating_income_mean=income.operating,
        cash_flow_mean=income.cash_flow,
        unmet_mean=0.0,
        unmonetized_mean=0.0,
        profit_reached=0.0,
        loss_until_profitable=0.0,
        funding_gap=0.0,
        growth_clamps=base_clamps(params, growth),
    )
