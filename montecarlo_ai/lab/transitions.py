"""The parts of one step, in their order: prices, demand, fleet, use of the fleet, income, funds.

Each gathers what its laws need from the state at the start of the step and from the parts before it.
"""

import math
from typing import NamedTuple

from montecarlo_ai.lab.allocation import Allocation, allocate
from montecarlo_ai.lab.commitments import called_off, cancelled, compute_bill
from montecarlo_ai.lab.consumers import (
    paying_share_after,
    subscription_revenue,
    use_cost_growth,
    use_under_quota,
)
from montecarlo_ai.lab.costs import interest, proportional_costs, staff_cost
from montecarlo_ai.lab.demand import (
    LARGEST_LEVEL,
    clamped,
    demand_change,
    grown,
    new_products_after,
    relaxation,
    reverting,
)
from montecarlo_ai.lab.events import liquidity
from montecarlo_ai.lab.fleet import Pipeline, Stages, aged, compute_for_bill, pipeline_after
from montecarlo_ai.lab.funding import (
    Treasury,
    funding_round,
    treasury_after,
    valuation,
    wanted_cash,
    yearly_growth,
)
from montecarlo_ai.lab.initial import base_training
from montecarlo_ai.lab.monetization import (
    compute_for_sales,
    marginal_revenue,
    monetization_change,
    unmonetized_share,
)
from montecarlo_ai.lab.parameters import Params, Shocks, State
from montecarlo_ai.lab.policy import (
    cancelling_pressure,
    discretionary_orders,
    planned_training,
    runway,
    shortness,
    wanted_bill,
)
from montecarlo_ai.lab.resale import resale_price
from montecarlo_ai.lab.technology import cost_after_gain, cost_change, cost_surprise, cost_when_ramping


class Prices(NamedTuple):
    """What compute costs, earns and brings after a step."""

    cost: float
    compute_per_power: float
    rental_premium: float
    monetization: float
    surprise: float
    clamps: float


class Demand(NamedTuple):
    """What customers would buy after a step, and how they behave."""

    users: float
    user_growth: float
    paying_share: float
    revenue_per_payer: float
    payer_use_cost: float
    payer_quota_cost: float
    free_use_cost: float
    business: float
    business_growth: float
    new: float
    clamps: float


class Fleet(NamedTuple):
    """The pipeline and the fleet after a step, in bill, compute and power."""

    pipeline: Pipeline
    bill: Stages
    capacity: Stages
    power: Stages
    called: float
    ordered: float
    cancelled: float
    power_delivered: float


class Use(NamedTuple):
    """The use of the fleet after a step, and what it needed."""

    training_share: float
    needed: float
    allocation: Allocation
    price_of_resale: float
    unmonetized: float


class Income(NamedTuple):
    """Revenue and cost, USD/year."""

    consumer: float
    business: float
    new: float
    resale: float
    revenue: float
    compute: float
    training: float
    inference: float
    operating: float
    cash_flow: float


class Funds(NamedTuple):
    """Cash, debt and what investors gave and promise."""

    treasury: Treasury
    equity: float
    tranches: float
    clock: float
    valuation: float
    mood: float


def next_prices(state: State, params: Params, shocks: Shocks, dt: float) -> Prices:
    """Return the cost of new compute, its density, its market rent and monetization after a step."""
    root = math.sqrt(dt)
    change = cost_change(params.hardware_gain, params.hardware_volatility * root * shocks.hardware, dt)
    log_monetization = monetization_change(
        state.monetization,
        long_run=params.monetization_long_run,
        reversion=params.monetization_reversion,
        scarcity_response=params.scarcity_response,
        unmet=state.unmet_share,
        surplus=state.surplus_share,
        usual_surplus=params.usual_surplus,
        kept_gain=(1.0 - params.pass_through) * (params.software_surprise * dt - change),
        noise=params.monetization_volatility * root * shocks.monetization,
        dt=dt,
    )
    density_change = params.energy_gain * dt
    cost = max(grown(state.cost_per_compute, change), 1e-6)
    density = grown(state.compute_per_power, density_change)
    monetization = grown(state.monetization, log_monetization)
    return Prices(
        cost,
        density,
        reverting(
            state.rental_premium,
            params.rental_premium_long_run,
            params.market_reversion,
            params.rental_volatility * root * shocks.rental,
            dt,
        ),
        monetization,
        cost_surprise(change, params.expected_hardware_gain, params.software_surprise, dt),
        clamped(cost, change) + clamped(density, density_change) + clamped(monetization, log_monetization),
    )


def next_demand(state: State, params: Params, shocks: Shocks, surprise: float, time: float, dt: float) -> Demand:
    """Return demand at ``time``, the end of the step."""
    root = math.sqrt(dt)
    user_growth = reverting(
        state.user_growth,
        params.user_growth_long_run,
        params.user_growth_reversion,
        params.user_growth_volatility * root * shocks.users,
        dt,
    )
    business_growth = reverting(
        state.business_growth,
        params.business_growth_long_run,
        params.business_growth_reversion,
        params.business_growth_volatility * root * shocks.business,
        dt,
    )
    lost = params.unserved_loss * state.unmet_share
    users_change = demand_change(state.users, user_growth, params.user_market, 0.0, dt)
    business_change = demand_change(state.business_demand, business_growth, params.business_market, lost, dt)
    new_change = demand_change(state.new_demand, params.new_growth, params.new_market, lost, dt)
    price_change = params.revenue_per_payer_drift * dt
    payer_change = use_cost_growth(params.payer_cost_drift, params.rebound, surprise, dt)
    free_change = use_cost_growth(params.free_cost_drift, params.rebound, surprise, dt)
    users = grown(state.users, users_change)
    business = grown(state.business_demand, business_change)
    new_start = params.new_start_share * params.new_market
    new = new_products_after(state.new_demand, new_change, time, params.launch_wait, new_start)
    price_factor = grown(1.0, price_change)
    payer_cost = grown(state.payer_use_cost, payer_change)
    free_cost = grown(state.free_use_cost, free_change)
    clamps = clamped(users, users_change) + clamped(business, business_change) + clamped(new, new_change)
    clamps += clamped(price_factor, price_change) + clamped(payer_cost, payer_change) + clamped(free_cost, free_change)
    return Demand(
        users,
        user_growth,
        paying_share_after(state.paying_share, params.paying_share_long_run, params.churn, lost, dt),
        min(state.revenue_per_payer * price_factor, LARGEST_LEVEL),
        payer_cost,
        min(state.payer_quota_cost * price_factor, LARGEST_LEVEL),
        free_cost,
        business,
        business_growth,
        new,
        clamps,
    )


def next_fleet(state: State, params: Params, prices: Prices, scheduled: float, dt: float) -> Fleet:
    """Return the fleet after a step in which contracts call off, management orders or cancels, and time passes."""
    liquid = liquidity(state.cash, state.debt, params.credit_line) + state.tranches
    years = runway(liquid, state.cash_flow)
    growth = yearly_growth(state.revenue, state.revenue_mean)
    later_cost = cost_after_gain(state.cost_per_compute, params.expected_hardware_gain, params.lead_time)
    need = grown(state.compute_needed * state.cost_per_compute, params.optimism * growth * params.lead_time)
    wanted = wanted_bill(
        need,
        state.training_share,
        base_training(params.base_capacity, params.inference_share) * later_cost,
        params.training_growth,
    )
    visible = state.capacity * later_cost + state.pipeline_early + state.pipeline_late

    called = called_off(scheduled, state.contracted, params.contract_speed, params.contract_size)
    pressure = params.management_reaction * cancelling_pressure(wanted, visible, shortness(years, params.cut_runway))
    dropped = cancelled(called, params.contract_deferral, pressure)
    affordable = params.management_reaction * (1.0 - shortness(years, params.runway_target))
    extra = discretionary_orders(wanted, visible, params.ordering_time, affordable) * dt
    pipeline = pipeline_after(state.pipeline_early, state.pipeline_late, called - dropped + extra, params.lead_time, dt)
    cost = cost_when_ramping(prices.cost, params.ramp_premium, pipeline.delivered / dt, state.bill)
    compute = compute_for_bill(pipeline.delivered, cost)
    power = compute / prices.compute_per_power
    term = params.contract_term
    return Fleet(
        pipeline,
        aged(state.bill_young, state.bill_middle, state.bill, pipeline.delivered, term, dt),
        aged(state.capacity_young, state.capacity_middle, state.capacity, compute, term, dt),
        aged(state.power_young, state.power_middle, state.power, power, term, dt),
        called,
        called + extra,
        dropped,
        power,
    )


def next_use(state: State, params: Params, prices: Prices, demand: Demand, fleet: Fleet, dt: float) -> Use:
    """Return who gets the fleet of the step, by the needs of its demand."""
    share = state.training_share
    share = share + relaxation(params.training_share_speed, dt) * (params.training_share_long_run - share)
    liquid = liquidity(state.cash, state.debt, params.credit_line) + state.tranches
    cut = params.management_reaction * shortness(runway(liquid, state.cash_flow), params.cut_runway)
    capacity = fleet.capacity.total
    plan = planned_training(
        capacity,
        share,
        params.cut_floor,
        cut,
        base_training(params.base_capacity, params.inference_share),
        params.training_growth,
    )
    use_cost = use_under_quota(demand.payer_use_cost, demand.payer_quota_cost, params.use_spread)
    per_usd = 1.0 / prices.cost
    payers = demand.users * demand.paying_share * use_cost * per_usd
    free = demand.users * (1.0 - demand.paying_share) * demand.free_use_cost * per_usd
    business = compute_for_sales(demand.business, prices.monetization, prices.cost)
    paid = payers + business + compute_for_sales(demand.new, params.new_monetization, prices.cost)
    allocation = allocate(
        capacity,
        plan,
        paid,
        free,
        training_yield=params.training_yield,
        free_floor=params.free_floor,
        absorption=params.absorption * params.training_growth,
        resale_cap=params.resale_cap,
    )
    price = resale_price(prices.cost, prices.rental_premium, params.resale_discount)
    marginal = marginal_revenue(
        allocation.unmet_share,
        prices.monetization * prices.cost,
        allocation.resold,
        params.resale_cap * capacity,
        price,
    )
    unit_cost = fleet.bill.total / max(capacity, 1e-9)
    return Use(share, paid + free, allocation, price, unmonetized_share(allocation.surplus_share, marginal, unit_cost))


def income_of(state: State, params: Params, demand: Demand, fleet: Fleet, use: Use) -> Income:
    """Return the income of the step; interest is on cash and debt at its start."""
    served = use.allocation.served_ratio
    consumer = served * subscription_revenue(demand.users, demand.paying_share, demand.revenue_per_payer)
    business = served * demand.business
    new = served * demand.new
    resale = use.allocation.resold * use.price_of_resale
    revenue = consumer + business + new + resale
    unit_bill = fleet.bill.total / max(fleet.capacity.total, 1e-9)
    used = use.allocation.training + use.allocation.served + use.allocation.resold
    used_share = min(used / max(fleet.capacity.total, 1e-9), 1.0)
    compute = compute_bill(fleet.bill.total, params.take_or_pay, used_share)
    base_revenue = params.consumer_run_rate + params.business_run_rate
    staff = staff_cost(params.staff_cost, params.staff_elasticity, revenue, base_revenue)
    operating = revenue - proportional_costs(revenue, params.revenue_share, params.other_cost_share) - compute - staff
    return Income(
        consumer,
        business,
        new,
        resale,
        revenue,
        compute,
        unit_bill * use.allocation.training,
        unit_bill * use.allocation.served,
        operating,
        operating - interest(params.interest_rate, state.debt, state.cash),
    )


def next_funds(
    state: State, params: Params, shocks: Shocks, fleet: Fleet, income: Income, revenue_mean: float, dt: float
) -> Funds:
    """Return cash, debt and promises after a step's cash flow, rounds and suppliers' money.

    ``revenue_mean`` is the trailing mean with the step's own revenue in it: growth is of one moment.
    """
    mood = reverting(
        state.market_mood, 0.0, params.market_reversion, params.mood_volatility * math.sqrt(dt) * shocks.mood, dt
    )
    growth = yearly_growth(income.revenue, revenue_mean)
    worth = valuation(income.revenue, params.valuation_multiple, params.growth_slope, growth, mood)
    coming = fleet.pipeline.early + fleet.pipeline.late
    raised = funding_round(
        clock=state.round_clock,
        round_rate=params.round_rate,
        mood=mood,
        wanted=wanted_cash(params.runway_target, -income.cash_flow, coming, params.coming_bill_weight),
        liquid=liquidity(state.cash, state.debt, params.credit_line),
        tranches=state.tranches,
        largest=params.dilution * worth,
        paid_now=params.paid_now,
        dt=dt,
    )
    suppliers = params.supplier_equity * fleet.power_delivered
    equity = (raised.paid + raised.from_tranches + suppliers) / dt
    treasury = treasury_after(state.cash, state.debt, params.credit_line, dt * (income.cash_flow + equity))
    tranches = state.tranches + raised.promised - raised.from_tranches
    return Funds(treasury, equity, tranches, raised.clock, worth, mood)
