"""The first parts of a step: regime, prices of compute and of service, and what customers would buy.

Each gathers what its laws need from the state at the start of the step and from the parts before it.
"""

from typing import NamedTuple

from montecarlo_ai.lab.competition import deviation_after, share_lost, training_lag
from montecarlo_ai.lab.consumers import (
    Payers,
    advertising_price,
    payers_after,
    use_cost_growth,
)
from montecarlo_ai.lab.demand import (
    LARGEST_LEVEL,
    LARGEST_LOG_STEP,
    clamped,
    demand_change,
    grown,
    multiplied,
    new_products_after,
    reverting,
)
from montecarlo_ai.lab.monetization import monetization_change
from montecarlo_ai.lab.parameters import Params, Shocks, State
from montecarlo_ai.lab.regimes import WINTER, Climate, effect, openness, regime_after
from montecarlo_ai.lab.steady import Steady
from montecarlo_ai.lab.technology import cost_change, cost_surprise
from montecarlo_ai.math import exp

LARGEST_GAP = 50.0  # numerical guard on the logarithm of monetization over its long run


class Prices(NamedTuple):
    """What compute costs, earns and brings after a step, and the reciprocals that uses of compute need."""

    cost: float
    power_per_compute: float
    rental_premium: float
    monetization: float
    monetization_gap: float
    price_deviation: float
    surprise: float
    compute_per_cost: float
    compute_per_sales: float
    clamps: float


class Demand(NamedTuple):
    """What customers would buy after a step, and how they behave."""

    users: float
    user_growth: float
    payers: Payers
    revenue_per_payer: float
    quota_cost: float
    use_room: float
    free_use_cost: float
    revenue_per_free_user: float
    business: float
    business_growth: float
    new: float
    rival_training: float
    clamps: float


def next_regime(state: State, shocks: Shocks, steady: Steady, stated_winter: float) -> float:
    """Return the regime of the industry after a step; a winter where one is stated to begin."""
    drawn = regime_after(
        state.regime,
        shocks.regime,
        into_winter=steady.into_winter,
        thaws=steady.thaws,
        into_boom=steady.into_boom,
        boom_ends=steady.boom_ends,
        boom_busts=steady.boom_busts,
    )
    return drawn + stated_winter * (WINTER - drawn)  # exact for 0 and 1, and no branch


def climate_of(regime: float, params: Params) -> Climate:
    """Return what a regime does to growth, to what investors pay and how often, and to rents."""
    strength = params.winter_strength
    return Climate(
        effect(regime, -strength * params.winter_growth, params.boom_growth),
        effect(regime, -strength * params.winter_multiple, params.boom_multiple),
        openness(regime, strength, params.winter_rounds, params.boom_rounds),
        effect(regime, -strength * params.winter_rent, params.boom_rent),
    )


def next_prices(state: State, params: Params, shocks: Shocks, steady: Steady, climate: Climate, dt: float) -> Prices:
    """Return the cost of new compute, its power, its market rent, monetization and the price of service."""
    change = cost_change(params.hardware_gain, steady.hardware_noise * shocks.hardware, dt)
    surprise = cost_surprise(change, params.expected_hardware_gain, params.software_surprise, dt)
    log_change = monetization_change(
        state.monetization_gap,
        reversion=params.monetization_reversion,
        scarcity_response=params.scarcity_response,
        unmet=state.unmet_share,
        surplus=state.surplus_share,
        usual_surplus=params.usual_surplus,
        price_decline=params.price_decline,
        kept_gain=(1.0 - params.pass_through) * (params.software_surprise * dt - change),
        noise=steady.monetization_noise * shocks.monetization,
        dt=dt,
    )
    held = min(max(log_change, -LARGEST_LOG_STEP), LARGEST_LOG_STEP)
    gap = min(max(state.monetization_gap + held, -LARGEST_GAP), LARGEST_GAP)
    monetization = steady.monetization_long_run * exp(gap)
    cost = max(grown(state.cost_per_compute, change), 1e-6)
    per_sales = 1.0 / (monetization * cost)
    return Prices(
        cost,
        multiplied(state.power_per_compute, steady.power_factor),
        reverting(
            state.rental_premium,
            params.rental_premium_long_run + climate.log_rent,
            steady.market_closed,
            steady.rental_noise * shocks.rental,
        ),
        monetization,
        gap,
        deviation_after(state.price_deviation, held, surprise),
        surprise,
        monetization * per_sales,
        per_sales,
        clamped(cost, change) + clamped(abs(gap), log_change),
    )


def next_demand(
    state: State,
    params: Params,
    shocks: Shocks,
    steady: Steady,
    climate: Climate,
    surprise: float,
    time: float,
    dt: float,
) -> Demand:
    """Return demand at ``time``, the end of the step."""
    user_growth = reverting(
        state.user_growth,
        params.user_growth_long_run,
        steady.user_growth_closed,
        steady.user_growth_noise * shocks.users,
    )
    business_growth = reverting(
        state.business_growth,
        params.business_growth_long_run,
        steady.business_growth_closed,
        steady.business_growth_noise * shocks.business,
    )
    lag = training_lag(state.compute_training, state.rival_training)
    taken = share_lost(params.erosion, params.training_effect, lag)
    unserved = params.unserved_loss * state.unmet_share
    lift, lost = climate.growth, taken + unserved
    users_change = demand_change(state.users, user_growth, steady.per_user_market, lift, taken, dt)
    business_change = demand_change(state.business_demand, business_growth, steady.per_business_market, lift, lost, dt)
    new_change = demand_change(state.new_demand, params.new_growth, steady.per_new_market, lift, lost, dt)
    price_change = params.revenue_per_payer_drift * dt
    payer_change = use_cost_growth(params.payer_cost_drift, params.rebound, surprise, dt)
    free_change = use_cost_growth(params.free_cost_drift, params.rebound, surprise, dt)
    users = grown(state.users, users_change)
    business = grown(state.business_demand, business_change)
    new_start = params.new_start_share * params.new_market
    new = new_products_after(state.new_demand, new_change, time, params.launch_wait, new_start)
    free_cost = grown(state.free_use_cost, free_change)
    clamps = clamped(users, users_change) + clamped(business, business_change) + clamped(new, new_change)
    clamps += steady.price_clamped + clamped(free_cost, free_change)
    return Demand(
        users,
        user_growth,
        payers_after(
            Payers(state.paying_share, state.new_payer_share),
            steady.lasting_new_share,
            params.churn,
            params.new_payer_churn,
            params.settling,
            unserved,
            dt,
        ),
        min(state.revenue_per_payer * steady.price_factor, LARGEST_LEVEL),
        min(state.payer_quota_cost * steady.price_factor, LARGEST_LEVEL),
        min(max(state.use_room + price_change - payer_change, -LARGEST_GAP), LARGEST_GAP),
        free_cost,
        advertising_price(
            state.revenue_per_free_user,
            params.advertising_long_run,
            params.advertising_ramp,
            time >= params.advertising_wait,
            dt,
        ),
        business,
        business_growth,
        new,
        multiplied(state.rival_training, steady.rival_training_factor),
        clamps,
    )
