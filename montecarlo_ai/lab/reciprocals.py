"""Reciprocals of the inputs that a step divides by, four for the price of one division.

Vector units divide at a sixteenth of the rate at which they multiply, and products of four such inputs stay far from
overflow (each is at most 1e15 by its bounds): 1/a = b c d / (a b c d).
"""

from typing import NamedTuple

from montecarlo_ai.lab.parameters import Params

SMALLEST = 1e-9  # numerical guard: what is divided by is at least this


class Four(NamedTuple):
    """Reciprocals of four numbers."""

    first: float
    second: float
    third: float
    fourth: float


class Reciprocals(NamedTuple):
    """Reciprocals of inputs, by the input's name."""

    user_market: float
    business_market: float
    new_market: float
    churn_and_settling: float
    lead_time: float
    contract_term: float
    ordering_time: float
    cut_runway: float
    runway_target: float
    use_spread: float
    new_monetization: float
    base_revenue: float
    winter_duration: float
    boom_duration: float


def four(a: float, b: float, c: float, d: float) -> Four:
    """Return 1/a, 1/b, 1/c and 1/d of positive numbers, each taken as at least 1e-9."""
    a, b, c, d = max(a, SMALLEST), max(b, SMALLEST), max(c, SMALLEST), max(d, SMALLEST)
    left, right = a * b, c * d
    whole = 1.0 / (left * right)
    of_left, of_right = right * whole, left * whole
    return Four(b * of_left, a * of_left, d * of_right, c * of_right)


def reciprocals_of(params: Params) -> Reciprocals:
    """Return what the laws of a step would otherwise divide by, one input at a time."""
    markets = four(params.user_market, params.business_market, params.new_market, params.churn + params.settling)
    times = four(params.lead_time, params.contract_term, params.ordering_time, params.cut_runway)
    base_revenue = params.consumer_run_rate + params.business_run_rate
    rest = four(params.runway_target, params.use_spread, params.new_monetization, base_revenue)
    stays = four(params.winter_duration, params.boom_duration, 1.0, 1.0)
    return Reciprocals(
        markets.first,
        markets.second,
        markets.third,
        markets.fourth,
        times.first,
        times.second,
        times.third,
        times.fourth,
        rest.first,
        rest.second,
        rest.third,
        rest.fourth,
        stays.first,
        stays.second,
    )
