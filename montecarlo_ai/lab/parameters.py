"""The names of the lab: state, inputs, shocks and events, each with its unit.

Flows are annual rates over the step just ended; stocks are values at its end. "Bill" is the unit in which
contracts are written: USD a year to be paid for compute once it is delivered. Growth rates and gains are
logarithmic, so that a rate g multiplies by exp(g) in a year and the stated growth is the median growth.
"""

from typing import Annotated, NamedTuple


class State(NamedTuple):
    """What a path of the lab carries from step to step, and all that its outputs, events and checks read."""

    # Demand
    users: Annotated[float, "users"]
    user_growth: Annotated[float, "1/year"]
    paying_share: Annotated[float, "fraction"]
    revenue_per_payer: Annotated[float, "USD/(user year)"]
    payer_use_cost: Annotated[float, "USD/(user year)"]  # mean use of a payer before the quota cuts it
    payer_quota_cost: Annotated[float, "USD/(user year)"]  # the most that one payer's use may cost
    free_use_cost: Annotated[float, "USD/(user year)"]
    business_demand: Annotated[float, "USD/year"]
    business_growth: Annotated[float, "1/year"]
    new_demand: Annotated[float, "USD/year"]
    # Technology and prices
    cost_per_compute: Annotated[float, "USD/(H100e year)"]  # of newly delivered compute
    compute_per_power: Annotated[float, "H100e/GW"]  # of newly delivered compute
    rental_premium: Annotated[float, "fraction"]  # logarithm of market rent over cost_per_compute
    monetization: Annotated[float, "fraction"]  # business revenue per USD of inference compute at cost_per_compute
    # Contracts and fleet
    contracted: Annotated[float, "USD/year"]  # bill that the schedules have called off so far
    pipeline_early: Annotated[float, "USD/year"]
    pipeline_late: Annotated[float, "USD/year"]
    ordered: Annotated[float, "USD/year"]  # cumulative, the base fleet and its pipeline included
    cancelled: Annotated[float, "USD/year"]  # cumulative
    delivered: Annotated[float, "USD/year"]  # cumulative, the base fleet included
    retired: Annotated[float, "USD/year"]  # cumulative
    bill_young: Annotated[float, "USD/year"]
    bill_middle: Annotated[float, "USD/year"]
    bill: Annotated[float, "USD/year"]  # of all that is online; the oldest stage is the rest
    capacity_young: Annotated[float, "H100e"]
    capacity_middle: Annotated[float, "H100e"]
    capacity: Annotated[float, "H100e"]
    power_young: Annotated[float, "GW"]
    power_middle: Annotated[float, "GW"]
    power: Annotated[float, "GW"]
    # Use of the fleet
    training_share: Annotated[float, "fraction"]  # planned, before a cut
    compute_training: Annotated[float, "H100e"]
    compute_served: Annotated[float, "H100e"]
    compute_resold: Annotated[float, "H100e"]
    compute_idle: Annotated[float, "H100e"]
    compute_needed: Annotated[float, "H100e"]  # by payers, business, new products and free users together
    unmet_share: Annotated[float, "fraction"]  # of paid demand
    surplus_share: Annotated[float, "fraction"]  # of capacity, beyond planned training, before resale
    # Income
    revenue: Annotated[float, "USD/year"]
    revenue_consumer: Annotated[float, "USD/year"]
    revenue_business: Annotated[float, "USD/year"]
    revenue_new: Annotated[float, "USD/year"]
    revenue_resale: Annotated[float, "USD/year"]
    compute_cost: Annotated[float, "USD/year"]
    training_cost: Annotated[float, "USD/year"]
    inference_cost: Annotated[float, "USD/year"]
    operating_income: Annotated[float, "USD/year"]  # pay in shares is not counted
    cash_flow: Annotated[float, "USD/year"]  # before funding
    # Funding
    cash: Annotated[float, "USD"]
    debt: Annotated[float, "USD"]  # drawn from the credit line
    tranches: Annotated[float, "USD"]  # raised and not yet paid in
    equity_raised: Annotated[float, "USD/year"]  # paid in: rounds, tranches and suppliers' money
    valuation: Annotated[float, "USD"]
    market_mood: Annotated[float, "fraction"]  # logarithm of what investors pay over the usual
    round_clock: Annotated[float, "fraction"]  # pressure left until the next round closes
    # Twelve-month means and what is remembered
    revenue_mean: Annotated[float, "USD/year"]
    operating_income_mean: Annotated[float, "USD/year"]
    cash_flow_mean: Annotated[float, "USD/year"]
    unmet_mean: Annotated[float, "fraction"]
    unmonetized_mean: Annotated[float, "fraction"]
    profit_reached: Annotated[float, "fraction"]  # 1 once operating income over a year was above zero
    loss_until_profitable: Annotated[float, "USD"]
    funding_gap: Annotated[float, "USD"]


class Params(NamedTuple):
    """What is drawn once a path, or held constant by the scenario."""

    # Consumers
    consumer_run_rate: Annotated[float, "USD/year"]
    base_users: Annotated[float, "users"]
    base_paying_share: Annotated[float, "fraction"]
    base_user_growth: Annotated[float, "1/year"]
    user_growth_reversion: Annotated[float, "1/year"]
    user_growth_long_run: Annotated[float, "1/year"]
    user_growth_volatility: Annotated[float, "1/year**1.5"]
    user_market: Annotated[float, "users"]
    paying_share_long_run: Annotated[float, "fraction"]
    churn: Annotated[float, "1/year"]
    revenue_per_payer_drift: Annotated[float, "1/year"]
    payer_cost_drift: Annotated[float, "1/year"]
    free_cost_drift: Annotated[float, "1/year"]
    use_spread: Annotated[float, "fraction"]
    use_quota: Annotated[float, "fraction"]
    rebound: Annotated[float, "fraction"]
    # Business and new products
    business_run_rate: Annotated[float, "USD/year"]
    base_business_growth: Annotated[float, "1/year"]
    business_growth_reversion: Annotated[float, "1/year"]
    business_growth_long_run: Annotated[float, "1/year"]
    business_growth_volatility: Annotated[float, "1/year**1.5"]
    business_market: Annotated[float, "USD/year"]
    launch_wait: Annotated[float, "year"]
    new_start_share: Annotated[float, "fraction"]
    new_growth: Annotated[float, "1/year"]
    new_market: Annotated[float, "USD/year"]
    new_monetization: Annotated[float, "fraction"]
    unserved_loss: Annotated[float, "1/year"]
    trailing_revenue: Annotated[float, "USD/year"]
    # Technology
    power_cost: Annotated[float, "USD/(GW year)"]
    base_compute_per_power: Annotated[float, "H100e/GW"]
    hardware_gain: Annotated[float, "1/year"]
    expected_hardware_gain: Annotated[float, "1/year"]
    hardware_volatility: Annotated[float, "1/year**0.5"]
    energy_gain: Annotated[float, "1/year"]
    software_surprise: Annotated[float, "1/year"]
    # Monetization and resale
    monetization_long_run: Annotated[float, "fraction"]
    monetization_reversion: Annotated[float, "1/year"]
    monetization_volatility: Annotated[float, "1/year**0.5"]
    scarcity_response: Annotated[float, "1/year"]
    usual_surplus: Annotated[float, "fraction"]
    pass_through: Annotated[float, "fraction"]
    rental_premium_long_run: Annotated[float, "fraction"]
    rental_volatility: Annotated[float, "1/year**0.5"]
    resale_cap: Annotated[float, "fraction"]
    resale_discount: Annotated[float, "fraction"]
    # Fleet and contracts
    base_capacity: Annotated[float, "H100e"]
    base_power: Annotated[float, "GW"]
    base_bill: Annotated[float, "USD/year"]
    pipeline_ratio: Annotated[float, "fraction"]
    lead_time: Annotated[float, "year"]
    contract_term: Annotated[float, "year"]
    ramp_premium: Annotated[float, "fraction"]
    contract_speed: Annotated[float, "fraction"]
    contract_size: Annotated[float, "fraction"]
    contract_deferral: Annotated[float, "fraction"]
    take_or_pay: Annotated[float, "fraction"]
    # Use of the fleet
    inference_share: Annotated[float, "fraction"]
    paid_share_of_inference: Annotated[float, "fraction"]
    business_share_of_paid: Annotated[float, "fraction"]
    training_yield: Annotated[float, "fraction"]
    free_rationing: Annotated[float, "fraction"]
    free_floor: Annotated[float, "fraction"]
    absorption: Annotated[float, "fraction"]
    # Policy
    training_growth: Annotated[float, "fraction"]
    training_share_long_run: Annotated[float, "fraction"]
    training_share_speed: Annotated[float, "1/year"]
    management_reaction: Annotated[float, "fraction"]
    cut_runway: Annotated[float, "year"]
    cut_floor: Annotated[float, "fraction"]
    optimism: Annotated[float, "fraction"]
    ordering_time: Annotated[float, "year"]
    # Costs
    staff_cost: Annotated[float, "USD/year"]
    staff_elasticity: Annotated[float, "fraction"]
    other_cost_share: Annotated[float, "fraction"]
    revenue_share: Annotated[float, "fraction"]
    interest_rate: Annotated[float, "1/year"]
    # Funding
    base_cash: Annotated[float, "USD"]
    credit_line: Annotated[float, "USD"]
    valuation_multiple: Annotated[float, "year"]
    growth_slope: Annotated[float, "year"]
    mood_volatility: Annotated[float, "1/year**0.5"]
    market_reversion: Annotated[float, "1/year"]
    dilution: Annotated[float, "fraction"]
    round_rate: Annotated[float, "1/year"]
    runway_target: Annotated[float, "year"]
    coming_bill_weight: Annotated[float, "fraction"]
    paid_now: Annotated[float, "fraction"]
    supplier_equity: Annotated[float, "USD/GW"]
    # Thresholds
    unmonetized_threshold: Annotated[float, "fraction"]
    shortage_threshold: Annotated[float, "fraction"]


class Shocks(NamedTuple):
    """Independent standard normals, one of each a step."""

    users: float
    business: float
    hardware: float
    rental: float
    monetization: float
    mood: float


class Events(NamedTuple):
    """Margins: an event happens when its margin falls below zero. Three causes, then three milestones."""

    cash: float
    unmonetized_compute: float
    compute_shortage: float
    profitable: float
    cash_flow_positive: float
    inference_majority: float
