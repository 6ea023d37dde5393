"""The names of the lab: state, inputs, shocks and events, each with its unit.

Flows are annual rates over the step just ended; stocks are values at its end. "Bill" is the unit in which
contracts are written: USD a year to be paid for compute once it is delivered. Growth rates and gains are
logarithmic, so that a rate g multiplies by exp(g) in a year and the stated growth is the median growth.
"""

from typing import Annotated, NamedTuple

from montecarlo_ai.bounds import Bounds
from montecarlo_ai.declaration import Uniform01

# What catches a slip of unit or of percent: wide ends beyond which an input cannot mean what its unit says.
SHARE = Bounds(0.0, 1.0)
RATIO = Bounds(0.0, 100.0)
GROWTH = Bounds(-5.0, 5.0)  # in logarithms: a factor of 148 a year
RATE = Bounds(0.0, 60.0)
VOLATILITY = Bounds(0.0, 5.0)
YEARS = Bounds(0.0, 200.0)
WAIT = Bounds(0.0, 1e9)  # what never comes is given a wait beyond every horizon
MONEY = Bounds(0.0, 1e15)  # above what the whole world earns in a year
PEOPLE = Bounds(0.0, 1e11)
CHIPS = Bounds(0.0, 1e12)  # FLOP/s in place of H100e is far beyond
GIGAWATTS = Bounds(0.0, 1e5)  # so are watts in place of gigawatts


class State(NamedTuple):
    """What a path of the lab carries from step to step, and all that its outputs, events and checks read."""

    # Demand
    users: Annotated[float, "users"]
    user_growth: Annotated[float, "1/year"]
    paying_share: Annotated[float, "fraction"]  # of users, both cohorts of payers
    new_payer_share: Annotated[float, "fraction"]  # of users, those who are new to paying
    revenue_per_payer: Annotated[float, "USD/(user year)"]
    payer_quota_cost: Annotated[float, "USD/(user year)"]  # the most that one payer's use may cost
    use_room: Annotated[float, "ratio"]  # logarithm of that over the mean use before the quota cuts it
    free_use_cost: Annotated[float, "USD/(user year)"]
    revenue_per_free_user: Annotated[float, "USD/(user year)"]  # from advertising
    business_demand: Annotated[float, "USD/year"]  # at expected prices
    business_growth: Annotated[float, "1/year"]
    price_deviation: Annotated[float, "ratio"]  # logarithm of the price of service over its expected path
    new_demand: Annotated[float, "USD/year"]
    rival_training: Annotated[float, "H100e"]  # of the rival that the lab has to keep up with
    # Technology and prices
    cost_per_compute: Annotated[float, "USD/(H100e year)"]  # of newly delivered compute
    power_per_compute: Annotated[float, "GW/H100e"]  # of newly delivered compute
    rental_premium: Annotated[float, "ratio"]  # logarithm of market rent over cost_per_compute
    monetization: Annotated[float, "ratio"]  # business revenue per USD of inference compute at cost_per_compute
    monetization_gap: Annotated[float, "ratio"]  # its logarithm over its long run
    regime: Annotated[float, "1"]  # of the industry: -1 winter, 0 normal, 1 boom
    # Fleet, all contracts and the lab's own orders together
    pipeline_early: Annotated[float, "USD/year"]
    pipeline_late: Annotated[float, "USD/year"]
    ordered: Annotated[float, "USD/year"]  # cumulative, the base fleet and its pipeline included
    deferred: Annotated[float, "USD/year"]  # call-offs that are put off and can come back
    cancelled: Annotated[float, "USD/year"]  # put off until they lapsed, cumulative
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
    firm_bill_young: Annotated[float, "USD/year"]
    firm_bill_middle: Annotated[float, "USD/year"]
    firm_bill: Annotated[float, "USD/year"]  # of what is online, due whether it is used or not
    stranded_cost: Annotated[float, "USD"]  # still owed on compute above what new compute would cost
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
    revenue_consumer: Annotated[float, "USD/year"]  # subscriptions and advertising
    revenue_advertising: Annotated[float, "USD/year"]  # a part of it
    revenue_business: Annotated[float, "USD/year"]
    revenue_new: Annotated[float, "USD/year"]
    revenue_resale: Annotated[float, "USD/year"]
    compute_cost: Annotated[float, "USD/year"]
    training_cost: Annotated[float, "USD/year"]
    inference_cost: Annotated[float, "USD/year"]
    operating_income: Annotated[float, "USD/year"]  # pay in shares is not counted
    stock_pay: Annotated[float, "USD/year"]  # pay in shares, which is no cash
    cash_flow: Annotated[float, "USD/year"]  # before funding; what credits pay is not in it
    partner_share_left: Annotated[float, "USD"]  # what the partner may still get of revenue
    credits_left: Annotated[float, "USD"]  # compute credits not yet used
    # Funding
    cash: Annotated[float, "USD"]
    debt: Annotated[float, "USD"]
    debt_limit: Annotated[float, "USD"]  # credit line and what lenders fund under the covenant
    tranches: Annotated[float, "USD"]  # raised and not yet paid in
    equity_raised: Annotated[float, "USD/year"]  # paid in: rounds, tranches, suppliers' money, warrants sold
    warrants: Annotated[float, "USD"]  # vested and not sold, at their usual price
    valuation: Annotated[float, "USD"]
    market_mood: Annotated[float, "ratio"]  # logarithm of what investors pay over the usual
    round_clock: Annotated[float, "fraction"]  # pressure left until the next round closes
    # Twelve-month means and what is remembered
    growth: Annotated[float, "1/year"]  # of revenue over its trailing mean
    revenue_mean: Annotated[float, "USD/year"]
    operating_income_mean: Annotated[float, "USD/year"]
    cash_flow_mean: Annotated[float, "USD/year"]
    unmet_mean: Annotated[float, "fraction"]
    unmonetized_mean: Annotated[float, "fraction"]
    profit_reached: Annotated[float, "fraction"]  # 1 once operating income over a year was above zero
    loss_until_profitable: Annotated[float, "USD"]
    funding_gap: Annotated[float, "USD"]
    growth_clamps: Annotated[float, "1"]  # how often a guard held a growth back


class Params(NamedTuple):
    """What is drawn once a path, or held constant by the scenario."""

    # Consumers
    consumer_run_rate: Annotated[float, "USD/year", MONEY]
    base_users: Annotated[float, "users", PEOPLE]
    base_paying_share: Annotated[float, "fraction", SHARE]
    base_user_growth: Annotated[float, "1/year", GROWTH]
    user_growth_reversion: Annotated[float, "1/year", RATE]
    user_growth_long_run: Annotated[float, "1/year", GROWTH]
    user_growth_volatility: Annotated[float, "1/year**1.5", VOLATILITY]
    user_market: Annotated[float, "users", PEOPLE]
    paying_share_long_run: Annotated[float, "fraction", SHARE]
    base_new_payer_share: Annotated[float, "fraction", SHARE]
    churn: Annotated[float, "1/year", RATE]
    new_payer_churn: Annotated[float, "1/year", RATE]
    settling: Annotated[float, "1/year", RATE]
    revenue_per_payer_drift: Annotated[float, "1/year", GROWTH]
    payer_cost_drift: Annotated[float, "1/year", GROWTH]
    free_cost_drift: Annotated[float, "1/year", GROWTH]
    use_spread: Annotated[float, "ratio", RATIO]
    use_quota: Annotated[float, "ratio", RATIO]
    rebound: Annotated[float, "fraction", SHARE]
    advertising_wait: Annotated[float, "year", WAIT]
    advertising_ramp: Annotated[float, "1/year", RATE]
    advertising_long_run: Annotated[float, "USD/(user year)", MONEY]
    # Business and new products
    business_run_rate: Annotated[float, "USD/year", MONEY]
    base_business_growth: Annotated[float, "1/year", GROWTH]
    business_growth_reversion: Annotated[float, "1/year", RATE]
    business_growth_long_run: Annotated[float, "1/year", GROWTH]
    business_growth_volatility: Annotated[float, "1/year**1.5", VOLATILITY]
    business_market: Annotated[float, "USD/year", MONEY]
    launch_wait: Annotated[float, "year", WAIT]
    new_start_share: Annotated[float, "fraction", SHARE]
    new_growth: Annotated[float, "1/year", GROWTH]
    new_market: Annotated[float, "USD/year", MONEY]
    new_monetization: Annotated[float, "ratio", RATIO]
    unserved_loss: Annotated[float, "1/year", RATE]
    trailing_revenue: Annotated[float, "USD/year", MONEY]
    # Competition
    erosion: Annotated[float, "1/year", GROWTH]
    training_effect: Annotated[float, "1/year", RATE]
    rival_training_growth: Annotated[float, "1/year", GROWTH]
    price_decline: Annotated[float, "1/year", GROWTH]
    price_elasticity: Annotated[float, "ratio", RATIO]
    # Technology
    power_cost: Annotated[float, "USD/(GW year)", MONEY]
    base_compute_per_power: Annotated[float, "H100e/GW", CHIPS]
    hardware_gain: Annotated[float, "1/year", GROWTH]
    expected_hardware_gain: Annotated[float, "1/year", GROWTH]
    hardware_volatility: Annotated[float, "1/year**0.5", VOLATILITY]
    energy_gain: Annotated[float, "1/year", GROWTH]
    software_surprise: Annotated[float, "1/year", GROWTH]
    # Monetization and resale
    monetization_long_run: Annotated[float, "ratio", RATIO]
    monetization_reversion: Annotated[float, "1/year", RATE]
    monetization_volatility: Annotated[float, "1/year**0.5", VOLATILITY]
    scarcity_response: Annotated[float, "1/year", RATE]
    usual_surplus: Annotated[float, "fraction", SHARE]
    pass_through: Annotated[float, "fraction", SHARE]
    rental_premium_long_run: Annotated[float, "ratio", GROWTH]
    rental_volatility: Annotated[float, "1/year**0.5", VOLATILITY]
    resale_cap: Annotated[float, "fraction", SHARE]
    resale_discount: Annotated[float, "fraction", SHARE]
    # Regimes
    winter_hazard: Annotated[float, "1/year", RATE]
    winter_duration: Annotated[float, "year", YEARS]
    winter_strength: Annotated[float, "ratio", RATIO]
    winter_growth: Annotated[float, "1/year", GROWTH]
    winter_multiple: Annotated[float, "ratio", GROWTH]
    winter_rounds: Annotated[float, "fraction", SHARE]
    winter_rent: Annotated[float, "ratio", GROWTH]
    boom_hazard: Annotated[float, "1/year", RATE]
    boom_duration: Annotated[float, "year", YEARS]
    boom_growth: Annotated[float, "1/year", GROWTH]
    boom_multiple: Annotated[float, "ratio", GROWTH]
    boom_rounds: Annotated[float, "ratio", RATIO]
    boom_rent: Annotated[float, "ratio", GROWTH]
    bust_share: Annotated[float, "fraction", SHARE]
    # Fleet and contracts
    base_capacity: Annotated[float, "H100e", CHIPS]
    base_power: Annotated[float, "GW", GIGAWATTS]
    base_bill: Annotated[float, "USD/year", MONEY]
    pipeline_ratio: Annotated[float, "ratio", RATIO]
    lead_time: Annotated[float, "year", YEARS]
    contract_term: Annotated[float, "year", YEARS]
    ramp_premium: Annotated[float, "fraction", RATIO]
    contract_speed: Annotated[float, "ratio", RATIO]
    contract_size: Annotated[float, "ratio", RATIO]
    contract_deferral: Annotated[float, "fraction", SHARE]
    take_or_pay: Annotated[float, "fraction", SHARE]
    # Use of the fleet
    inference_share: Annotated[float, "fraction", SHARE]
    paid_share_of_inference: Annotated[float, "fraction", SHARE]
    business_share_of_paid: Annotated[float, "fraction", SHARE]
    training_yield: Annotated[float, "fraction", SHARE]
    free_rationing: Annotated[float, "fraction", SHARE]
    free_floor: Annotated[float, "fraction", SHARE]
    absorption: Annotated[float, "fraction", SHARE]
    # Policy
    training_growth: Annotated[float, "fraction", SHARE]
    training_share_long_run: Annotated[float, "fraction", SHARE]
    training_share_speed: Annotated[float, "1/year", RATE]
    management_reaction: Annotated[float, "fraction", SHARE]
    cut_runway: Annotated[float, "year", YEARS]
    cut_floor: Annotated[float, "fraction", SHARE]
    optimism: Annotated[float, "ratio", RATIO]
    ordering_time: Annotated[float, "year", YEARS]
    # Costs
    staff_cost: Annotated[float, "USD/year", MONEY]
    staff_elasticity: Annotated[float, "ratio", RATIO]
    other_cost_share: Annotated[float, "fraction", SHARE]
    revenue_share: Annotated[float, "fraction", SHARE]
    profit_share: Annotated[float, "fraction", SHARE]
    revenue_share_cap: Annotated[float, "USD", MONEY]
    base_credits: Annotated[float, "USD", MONEY]
    credit_share: Annotated[float, "fraction", SHARE]
    stock_pay_ratio: Annotated[float, "ratio", RATIO]
    owned_share: Annotated[float, "fraction", SHARE]
    energy_price: Annotated[float, "USD/(GW year)", MONEY]
    interest_rate: Annotated[float, "1/year", RATE]
    # Funding
    base_cash: Annotated[float, "USD", MONEY]
    credit_line: Annotated[float, "USD", MONEY]
    base_tranches: Annotated[float, "USD", MONEY]  # promised before the start and not yet paid in
    debt_facility: Annotated[float, "USD", MONEY]
    debt_covenant: Annotated[float, "year", YEARS]
    valuation_multiple: Annotated[float, "year", YEARS]
    growth_slope: Annotated[float, "year", GROWTH]
    distress_discount: Annotated[float, "fraction", SHARE]
    mood_volatility: Annotated[float, "1/year**0.5", VOLATILITY]
    market_reversion: Annotated[float, "1/year", RATE]
    dilution: Annotated[float, "fraction", SHARE]
    round_rate: Annotated[float, "1/year", RATE]
    base_round_clock: Annotated[float, "fraction", SHARE]  # pressure missing at the start until the next round
    runway_target: Annotated[float, "year", YEARS]
    coming_bill_weight: Annotated[float, "fraction", SHARE]
    paid_now: Annotated[float, "fraction", SHARE]
    supplier_equity: Annotated[float, "fraction", SHARE]
    warrant_sale_rate: Annotated[float, "1/year", RATE]
    # Thresholds
    unmonetized_threshold: Annotated[float, "fraction", SHARE]
    shortage_threshold: Annotated[float, "fraction", SHARE]


class Shocks(NamedTuple):
    """Independent standard normals, one of each a step, and a uniform for the regime."""

    users: float
    business: float
    hardware: float
    rental: float
    monetization: float
    mood: float
    regime: Uniform01


class Events(NamedTuple):
    """Margins: an event happens when its margin falls below zero.

    Three causes, three milestones, and whether a guard against overflow ever acted on the path.
    """

    cash: float
    unmonetized_compute: float
    compute_shortage: float
    profitable: float
    cash_flow_positive: float
    inference_majority: float
    growth_clamped: float
