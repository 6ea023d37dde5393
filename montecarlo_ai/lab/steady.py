"""What of a step depends on a path's inputs alone: it stays from step to step, and a run computes it once a path."""

import math
from typing import NamedTuple

from montecarlo_ai.functions import once_a_path
from montecarlo_ai.lab.consumers import lasting_new_share
from montecarlo_ai.lab.demand import SMALLEST, clamped, grown, relaxation
from montecarlo_ai.lab.fleet import stage_outflow
from montecarlo_ai.lab.parameters import Params
from montecarlo_ai.lab.technology import cost_after_gain


class Steady(NamedTuple):
    """Numbers of a path that no step changes.

    Reciprocals of what laws divide by (``per_``); and of a step the shares of a gap that close (``_closed``), factors
    by which levels move (``_factor``), standard deviations of noise (``_noise``), shares of a stage that leave it
    (``_moved``), probabilities of the regime's moves, and the few others that laws name.
    """

    per_user_market: float
    per_business_market: float
    per_new_market: float
    per_cut_runway: float
    per_runway_target: float
    per_use_spread: float
    per_new_monetization: float
    per_base_revenue: float
    into_winter: float
    thaws: float
    into_boom: float
    boom_ends: float
    boom_busts: float

    user_growth_closed: float
    business_growth_closed: float
    market_closed: float
    training_share_closed: float
    price_factor: float
    price_clamped: float
    power_factor: float
    rival_training_factor: float
    later_cost_factor: float
    user_growth_noise: float
    business_growth_noise: float
    hardware_noise: float
    rental_noise: float
    monetization_noise: float
    mood_noise: float
    gap_ordered: float
    retiring_in_lead_time: float
    deferred_lapsed: float
    pipeline_moved: float
    fleet_moved: float
    lasting_new_share: float
    monetization_long_run: float


def _over(value: float) -> float:
    """Return the reciprocal of a number that is not negative, taken as at least 1e-9."""
    return 1.0 / max(value, SMALLEST)


@once_a_path
def steady_of(params: Params, dt: float) -> Steady:
    """Return what the laws of a step would otherwise compute from the inputs again and again."""
    root = math.sqrt(dt)
    price_change = params.revenue_per_payer_drift * dt
    price_factor = grown(1.0, price_change)
    boom_ends = relaxation(_over(params.boom_duration), dt)
    return Steady(
        per_user_market=_over(params.user_market),
        per_business_market=_over(params.business_market),
        per_new_market=_over(params.new_market),
        per_cut_runway=_over(params.cut_runway),
        per_runway_target=_over(params.runway_target),
        per_use_spread=_over(params.use_spread),
        per_new_monetization=_over(params.new_monetization),
        per_base_revenue=_over(params.consumer_run_rate + params.business_run_rate),
        into_winter=relaxation(params.winter_hazard, dt),
        thaws=relaxation(_over(params.winter_duration), dt),
        into_boom=relaxation(params.boom_hazard, dt),
        boom_ends=boom_ends,
        boom_busts=boom_ends * params.bust_share,
        user_growth_closed=relaxation(params.user_growth_reversion, dt),
        business_growth_closed=relaxation(params.business_growth_reversion, dt),
        market_closed=relaxation(params.market_reversion, dt),
        training_share_closed=relaxation(params.training_share_speed, dt),
        price_factor=price_factor,
        price_clamped=clamped(price_factor, price_change),
        power_factor=grown(1.0, -params.energy_gain * dt),
        rival_training_factor=grown(1.0, params.rival_training_growth * dt),
        later_cost_factor=cost_after_gain(1.0, params.expected_hardware_gain, params.lead_time),
        user_growth_noise=params.user_growth_volatility * root,
        business_growth_noise=params.business_growth_volatility * root,
        hardware_noise=params.hardware_volatility * root,
        rental_noise=params.rental_volatility * root,
        monetization_noise=params.monetization_volatility * root,
        mood_noise=params.mood_volatility * root,
        gap_ordered=stage_outflow(_over(params.ordering_time), dt),
        retiring_in_lead_time=stage_outflow(3.0 * _over(params.contract_term), params.lead_time),
        deferred_lapsed=stage_outflow(_over(params.contract_term), dt),
        pipeline_moved=stage_outflow(2.0 * _over(params.lead_time), dt),
        fleet_moved=stage_outflow(3.0 * _over(params.contract_term), dt),
        lasting_new_share=lasting_new_share(
            params.paying_share_long_run, relaxation(params.churn, dt), relaxation(params.settling, dt)
        ),
        monetization_long_run=max(params.monetization_long_run, SMALLEST),
    )
