"""The state of the lab at the start of a run, from its inputs: the base period, to which the year before is fitted."""

from typing import NamedTuple

from montecarlo_ai.lab.consumers import use_under_quota
from montecarlo_ai.lab.costs import interest, proportional_costs
from montecarlo_ai.lab.demand import growth_in_empty_market
from montecarlo_ai.lab.funding import valuation, yearly_growth
from montecarlo_ai.lab.parameters import Params, State
from montecarlo_ai.lab.technology import cost_of_new_compute


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
    return cost_per_payer / use_under_quota(1.0, quota, spread)


def base_monetization(demand: float, spent: float, long_run: float) -> float:
    """Return business revenue per USD of its compute at the start; the long run where there is no business yet."""
    if demand <= 0.0 or spent <= 0.0:
        return long_run
    return demand / spent


def initial_state(params: Params, contracted: float) -> State:
    """Return the state at t = 0; ``contracted`` is the bill under contract by then, USD/year."""
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
    revenue = params.consumer_run_rate + params.business_run_rate
    growth = yearly_growth(revenue, params.trailing_revenue)
    proportional = proportional_costs(revenue, params.revenue_share, params.other_cost_share)
    income = revenue - proportional - params.base_bill - params.staff_cost
    cash_flow = income - interest(params.interest_rate, 0.0, params.base_cash)
    reached = 1.0 if income > 0.0 else 0.0
    pipeline = params.pipeline_ratio * params.base_bill
    unit_bill = params.base_bill / max(params.base_capacity, 1e-9)
    return State(
        users=params.base_users,
        user_growth=growth_in_empty_market(params.base_user_growth, params.base_users, params.user_market),
        paying_share=params.base_paying_share,
        revenue_per_payer=params.consumer_run_rate / payers,
        payer_use_cost=payer_use,
        payer_quota_cost=params.use_quota * payer_use,
        free_use_cost=cost * use.free_need / free_users,
        business_demand=params.business_run_rate,
        business_growth=growth_in_empty_market(
            params.base_business_growth, params.business_run_rate, params.business_market
        ),
        new_demand=0.0,
        cost_per_compute=cost,
        compute_per_power=params.base_compute_per_power,
        rental_premium=params.rental_premium_long_run,
        monetization=base_monetization(params.business_run_rate, business_compute, params.monetization_long_run),
        contracted=contracted,
        pipeline_early=0.5 * pipeline,
        pipeline_late=0.5 * pipeline,
        ordered=params.base_bill + pipeline,
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
        training_share=1.0 - params.inference_share,
        compute_training=use.training,
        compute_served=use.served,
        compute_resold=0.0,
        compute_idle=0.0,
        compute_needed=use.paid_need + use.free_need,
        unmet_share=0.0,
        surplus_share=0.0,
        revenue=revenue,
        revenue_consumer=params.consumer_run_rate,
        revenue_business=params.business_run_rate,
        revenue_new=0.0,
        revenue_resale=0.0,
        compute_cost=params.base_bill,
        training_cost=unit_bill * use.training,
        inference_cost=unit_bill * use.served,
        operating_income=income,
        cash_flow=cash_flow,
        cash=params.base_cash,
        debt=0.0,
        tranches=0.0,
        equity_raised=0.0,
        valuation=valuation(revenue, params.valuation_multiple, params.growth_slope, growth, 0.0),
        market_mood=0.0,
        round_clock=1.0,
        revenue_mean=params.trailing_revenue,
        operating_income_mean=income,
        cash_flow_mean=cash_flow,
        unmet_mean=0.0,
        unmonetized_mean=0.0,
        profit_reached=reached,
        loss_until_profitable=0.0,
        funding_gap=max(-(params.base_cash + params.credit_line), 0.0),
        growth_clamps=0.0,
    )
