"""The middle parts of a step: orders, the fleet, its use, and the income that this makes.

Each gathers what its laws need from the state at the start of the step and from the parts before it.
"""

from typing import NamedTuple

from montecarlo_ai.lab.allocation import Allocation, allocate
from montecarlo_ai.lab.commitments import compute_bill, credits_used
from montecarlo_ai.lab.competition import sales_at_price
from montecarlo_ai.lab.consumers import subscription_revenue, use_under_quota
from montecarlo_ai.lab.costs import energy_cost, interest, partner_share, staff_cost
from montecarlo_ai.lab.demand import SMALLEST, grown
from montecarlo_ai.lab.events import liquidity
from montecarlo_ai.lab.fleet import Pipeline, Stages, aged, pipeline_after, staying, stranded_cost
from montecarlo_ai.lab.initial import base_training
from montecarlo_ai.lab.market import Demand, Prices
from montecarlo_ai.lab.monetization import marginal_revenue, unmonetized_share
from montecarlo_ai.lab.parameters import Params, State
from montecarlo_ai.lab.pipelines import Called, Pace
from montecarlo_ai.lab.policy import (
    deferring_pressure,
    discretionary_orders,
    planned_training,
    runway,
    shortness,
    wanted_bill,
)
from montecarlo_ai.lab.resale import resale_price
from montecarlo_ai.lab.steady import Steady
from montecarlo_ai.lab.technology import compute_per_bill
from montecarlo_ai.math import exp


class Plan(NamedTuple):
    """What management decides on what it knows when a step begins."""

    cut: float
    ordered: float
    pace: Pace


class Fleet(NamedTuple):
    """The pipeline and the fleet after a step, in bill, compute, power and firm bill."""

    pipeline: Pipeline
    bill: Stages
    capacity: Stages
    power: Stages
    firm_bill: Stages
    power_per_bill: float
    stranded: float


class Use(NamedTuple):
    """The use of the fleet after a step, what it needed, and what is sold."""

    training_share: float
    needed: float
    sales: float
    allocation: Allocation
    price_of_resale: float
    unit_bill: float
    per_capacity: float
    unmonetized: float


class Income(NamedTuple):
    """Revenue and cost, USD/year."""

    advertising: float
    consumer: float
    business: float
    new: float
    resale: float
    revenue: float
    compute: float
    training: float
    inference: float
    partner: float
    credits: float
    stock_pay: float
    operating: float
    cash_flow: float


def next_plan(state: State, params: Params, steady: Steady) -> Plan:
    """Return the cut of training, the lab's own orders and the pace of its contracts in a step."""
    liquid = liquidity(state.cash, state.debt, state.debt_limit) + state.tranches
    years = runway(liquid, state.cash_flow)
    short = shortness(years, steady.per_cut_runway)
    later_cost = state.cost_per_compute * steady.later_cost_factor
    need = grown(state.compute_needed * state.cost_per_compute, params.optimism * state.growth * params.lead_time)
    wanted = wanted_bill(
        need,
        state.training_share,
        base_training(params.base_capacity, params.inference_share) * later_cost,
        params.training_growth,
    )
    kept = staying(state.capacity_young, state.capacity_middle, state.capacity, steady.retiring_in_lead_time)
    visible = kept * later_cost + state.pipeline_early + state.pipeline_late
    affordable = params.management_reaction * (1.0 - shortness(years, steady.per_runway_target))
    pressure = params.management_reaction * deferring_pressure(wanted, visible, short)
    return Plan(
        params.management_reaction * short,
        discretionary_orders(wanted, visible + state.deferred, steady.gap_ordered, affordable),
        Pace(
            params.contract_speed * params.contract_size,
            params.contract_deferral,
            pressure,
            params.take_or_pay,
            steady.pipeline_moved,
            steady.gap_ordered * (1.0 - pressure),
            steady.deferred_lapsed,
        ),
    )


def next_fleet(
    state: State, params: Params, steady: Steady, prices: Prices, plan: Plan, called: Called, dt: float
) -> Fleet:
    """Return the fleet after a step in which contracts and management order, and time passes."""
    placed = called.placed + plan.ordered
    pipeline = pipeline_after(state.pipeline_early, state.pipeline_late, placed, plan.pace.moved)
    own = max(pipeline.delivered - called.delivered, 0.0)
    per_bill = compute_per_bill(prices.cost, params.ramp_premium, pipeline.delivered * (1.0 / dt), state.bill)
    compute = pipeline.delivered * per_bill
    power_per_bill = per_bill * prices.power_per_compute
    power = pipeline.delivered * power_per_bill
    firm = called.firm + params.take_or_pay * own
    moved = steady.fleet_moved
    capacity = aged(state.capacity_young, state.capacity_middle, state.capacity, compute, moved)
    firm_bill = aged(state.firm_bill_young, state.firm_bill_middle, state.firm_bill, firm, moved)
    return Fleet(
        pipeline,
        aged(state.bill_young, state.bill_middle, state.bill, pipeline.delivered, moved),
        capacity,
        aged(state.power_young, state.power_middle, state.power, power, moved),
        firm_bill,
        power_per_bill,
        stranded_cost(capacity, firm_bill, prices.cost, params.contract_term),
    )


def next_use(
    state: State,
    params: Params,
    steady: Steady,
    prices: Prices,
    demand: Demand,
    fleet: Fleet,
    cut: float,
) -> Use:
    """Return who gets the fleet of the step, by the needs of its demand."""
    share = state.training_share
    share = share + steady.training_share_closed * (params.training_share_long_run - share)
    capacity, bill = fleet.capacity.total, fleet.bill.total
    both = 1.0 / (max(capacity, SMALLEST) * max(bill, SMALLEST))
    per_capacity = max(bill, SMALLEST) * both
    plan = planned_training(
        capacity,
        share,
        params.cut_floor,
        cut,
        base_training(params.base_capacity, params.inference_share),
        params.training_growth,
    )
    use = demand.quota_cost * exp(-demand.use_room)
    use_cost = use_under_quota(use, demand.quota_cost, demand.use_room, params.use_spread, steady.per_use_spread)
    payers = demand.users * demand.payers.all * use_cost
    free = demand.users * (1.0 - demand.payers.all) * demand.free_use_cost
    sales = sales_at_price(demand.business, prices.price_deviation, params.price_elasticity)
    paid_need = (payers + demand.new * steady.per_new_monetization) * prices.compute_per_cost
    paid_need += sales * prices.compute_per_sales
    free_need = free * prices.compute_per_cost
    allocation = allocate(
        capacity,
        plan,
        paid_need,
        free_need,
        training_yield=params.training_yield,
        free_floor=params.free_floor,
        absorption=params.absorption * params.training_growth,
        resale_cap=params.resale_cap,
        per_capacity=per_capacity,
    )
    price = resale_price(prices.cost, prices.rental_premium, params.resale_discount)
    marginal = marginal_revenue(
        allocation.unmet_share,
        prices.monetization * prices.cost,
        allocation.resold,
        params.resale_cap * capacity,
        price,
    )
    return Use(
        share,
        paid_need + free_need,
        sales,
        allocation,
        price,
        bill * per_capacity,
        per_capacity,
        unmonetized_share(allocation.surplus_share, marginal, capacity * capacity * both if bill > 0.0 else 0.0),
    )


def income_of(
    state: State, params: Params, steady: Steady, demand: Demand, fleet: Fleet, use: Use, dt: float
) -> Income:
    """Return the income of the step; interest is on cash and debt at its start."""
    served, per_dt = use.allocation.served_ratio, 1.0 / dt
    subscriptions = subscription_revenue(demand.users, demand.payers.all, demand.revenue_per_payer)
    advertising = served * demand.users * (1.0 - demand.payers.all) * demand.revenue_per_free_user
    consumer = served * subscriptions + advertising
    business = served * use.sales
    new = served * demand.new
    resale = use.allocation.resold * use.price_of_resale
    revenue = consumer + business + new + resale
    used = use.allocation.training + use.allocation.served + use.allocation.resold
    used_share = min(used * use.per_capacity, 1.0)
    compute = compute_bill(fleet.bill.total, fleet.firm_bill.total, used_share)
    had_revenue = params.consumer_run_rate + params.business_run_rate > 0.0
    over_base = revenue * steady.per_base_revenue if had_revenue else 1.0
    staff = staff_cost(params.staff_cost, params.staff_elasticity, over_base)
    energy = energy_cost(fleet.power.total, params.owned_share, params.energy_price)
    profit = revenue - revenue * params.other_cost_share - compute - staff - energy
    partner = partner_share(
        revenue, params.revenue_share, profit, params.profit_share, state.partner_share_left, per_dt
    )
    operating = profit - partner
    credits = credits_used(compute, params.credit_share, state.credits_left, per_dt)
    return Income(
        advertising,
        consumer,
        business,
        new,
        resale,
        revenue,
        compute,
        use.unit_bill * use.allocation.training,
        use.unit_bill * use.allocation.served,
        partner,
        credits,
        params.stock_pay_ratio * staff,
        operating,
        operating + credits - interest(params.interest_rate, state.debt, state.cash),
    )
