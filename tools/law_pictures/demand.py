"""Pictures of what customers want and what compute is worth: laws 1 to 5."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from montecarlo_ai.lab.competition import deviation_after, sales_at_price, share_lost, training_lag
from montecarlo_ai.lab.consumers import Payers, payers_after, use_under_quota
from montecarlo_ai.lab.demand import (
    demand_change,
    grown,
    growth_in_empty_market,
    new_products_after,
    relaxation,
    reverting,
)
from montecarlo_ai.lab.fleet import aged, stage_outflow
from montecarlo_ai.lab.initial import base_use, base_use_cost
from montecarlo_ai.lab.monetization import monetization_change
from montecarlo_ai.lab.technology import (
    compute_per_bill,
    cost_after_gain,
    cost_change,
    cost_of_new_compute,
    cost_surprise,
)
from tools.law_pictures.canvas import YEARS, Panel, canvas, level, lines
from tools.law_pictures.preset import DT, Preset

ENDLESS = 1e18  # users, or USD a year: a market without an end


def demand(preset: Preset) -> Figure:
    """Return the picture of law 1: what fading and saturation do to users, and launches."""
    p = preset.middle
    figure, (left, right) = canvas(
        Panel("Users: growth fades, the market fills", "billion", YEARS, 88.0),
        Panel("New products: it takes a launch", "billion USD a year", YEARS, 84.0),
    )
    n = 96
    years = [k * DT for k in range(n + 1)]

    def users(reversion: float, market: float) -> list[float]:
        level_, growth = p.base_users, growth_in_empty_market(p.base_user_growth, p.base_users, market)
        seen = [level_]
        for _ in range(n):
            growth = reverting(growth, p.user_growth_long_run, relaxation(reversion, DT), 0.0)
            level_ = grown(level_, demand_change(level_, growth, 1.0 / market, 0.0, 0.0, DT))
            seen.append(level_)
        return [value / 1e9 for value in seen]

    curves = {
        "both": users(p.user_growth_reversion, p.user_market),
        "fading only": users(p.user_growth_reversion, ENDLESS),
        "saturation only": users(0.0, p.user_market),
    }
    lines(left, years, curves, limits=(0.0, 1.15 * p.user_market / 1e9))
    level(left, p.user_market / 1e9, "market M")

    def sales(launch: float) -> list[float]:
        level_, seen = 0.0, [0.0]
        for k in range(n):
            change = demand_change(level_, p.new_growth, 1.0 / p.new_market, 0.0, 0.0, DT)
            start = p.new_start_share * p.new_market
            level_ = new_products_after(level_, change, (k + 1) * DT, launch, start)
            seen.append(level_)
        return [value / 1e9 for value in seen]

    waits = {"after 1 year": 1.0, "after 2 years": 2.0, "after 4 years": 4.0}
    seen = {name: sales(wait) for name, wait in waits.items()}
    lines(right, years, seen, limits=(0.0, 1.15 * p.new_market / 1e9))
    level(right, p.new_market / 1e9, "market M")
    return figure


def consumers(preset: Preset) -> Figure:
    """Return the picture of law 2: the margin of a flat price under heavy-tailed use, and payers who leave."""
    p = preset.middle
    figure, (left, right) = canvas(
        Panel(
            "Margin of a flat price on compute", "% of the price", "spread s of use, standard deviation of ln Z", 92.0
        ),
        Panel("Payers who stay when nobody new comes", "% of those at the start", YEARS, 82.0),
    )
    cost = cost_of_new_compute(p.power_cost, p.base_compute_per_power)
    use = base_use(p.base_capacity, p.inference_share, p.paid_share_of_inference, p.free_rationing, p.free_floor)
    payers = p.base_users * p.base_paying_share
    price = p.consumer_run_rate / payers
    mean = base_use_cost(cost * use.paid_need * (1.0 - p.business_share_of_paid) / payers, p.use_quota, p.use_spread)
    spreads = np.linspace(0.05, 2.5, 99).tolist()

    def margin(quota: float) -> list[float]:
        costs = [use_under_quota(mean, quota * mean, math.log(quota), s, 1.0 / s) for s in spreads]
        return [100.0 * (1.0 - value / price) for value in costs]

    quotas = {"q = 1.5 w": 1.5, "q = 3 w": 3.0, "q = 6 w": 6.0, "no quota": 1e9}
    lines(left, spreads, {name: margin(quota) for name, quota in quotas.items()}, limits=(60.0, 100.0))

    def left_of(new: float, new_churn: float) -> list[float]:
        both = Payers(1.0, new)
        seen = [100.0]
        for _ in range(60):
            both = payers_after(both, 0.0, p.churn, new_churn, p.settling, 0.0, DT)
            seen.append(100.0 * both.all)
        return seen

    curves = {
        "all settled": left_of(0.0, p.new_payer_churn),
        "both cohorts": left_of(p.base_new_payer_share, p.new_payer_churn),
        "all new": left_of(1.0, p.new_payer_churn),
    }
    lines(right, [k * DT for k in range(61)], curves, limits=(0.0, 100.0))
    return figure


def competition(preset: Preset) -> Figure:
    """Return the picture of law 3: share lost by training, and sales by the price of service."""
    p = preset.middle
    figure, (left, right) = canvas(
        Panel("Customers lost to rivals", "% a year", "own training over the rival's, T / R", 76.0),
        Panel(
            "Sales as prices leave their path",
            "% of those expected",
            "price over the expected one, p / p_expected",
            62.0,
        ),
    )
    ratios = np.geomspace(0.1, 10.0, 81).tolist()
    left.set_xscale("log")
    low, high = preset.ends("training_effect")
    effects = {f"effect {value:.3g}": value for value in (high, p.training_effect, low)}
    lost = {
        name: [100.0 * share_lost(p.erosion, effect, training_lag(ratio, 1.0)) for ratio in ratios]
        for name, effect in effects.items()
    }
    lines(left, ratios, lost, limits=(-30.0, 30.0))
    left.xaxis.set_major_locator(FixedLocator([0.1, 0.3, 1.0, 3.0, 10.0]))
    left.xaxis.set_minor_locator(NullLocator())
    left.xaxis.set_major_formatter("{x:g}")
    prices = np.linspace(0.4, 1.6, 61).tolist()
    low, high = preset.ends("price_elasticity")
    sales = {
        f"e = {value:.2f}": [100.0 * sales_at_price(1.0, math.log(price), value) for price in prices]
        for value in (low, p.price_elasticity, high)
    }
    lines(right, prices, sales, limits=(60.0, 150.0))
    return figure


def technology(preset: Preset) -> Figure:
    """Return the picture of law 4: the cost of new compute, and which gain lifts what."""
    p = preset.middle
    figure, (left, right) = canvas(
        Panel("Cost of new compute", "thousand USD a year for one H100e", YEARS, 92.0),
        Panel("Service of a fleet per dollar of its bill", "times that of the start, gain of 0.30 a year", YEARS, 78.0),
    )
    years = [k * DT for k in range(73)]
    cost = cost_of_new_compute(p.power_cost, p.base_compute_per_power)
    low, high = preset.ends("hardware_gain")
    costs = {
        f"gain {gain:.2f} a year": [1e-3 * cost_after_gain(cost, gain, year) for year in years]
        for gain in (low, p.hardware_gain, high)
    }
    lines(left, years, costs)
    gain = p.expected_hardware_gain
    log_software, price, moved = 0.0, cost, stage_outflow(3.0 / p.contract_term, DT)
    bill = capacity = aged(1.0, 0.0, 1.0, 0.0, 0.0)
    capacity = aged(1.0 / cost, 0.0, 1.0 / cost, 0.0, 0.0)
    hardware, software = [1.0], [1.0]
    for _ in years[1:]:
        price *= math.exp(cost_change(gain, 0.0, DT))
        log_software -= cost_surprise(0.0, 0.0, gain, DT)
        renewed = bill.total - aged(bill.young, bill.middle, bill.total, 0.0, moved).total
        bill = aged(bill.young, bill.middle, bill.total, renewed, moved)
        bought = renewed * compute_per_bill(price, 0.0, renewed / DT, bill.total)
        capacity = aged(capacity.young, capacity.middle, capacity.total, bought, moved)
        hardware.append(capacity.total * cost / bill.total)
        software.append(math.exp(log_software))
    lines(right, years, {"by software": software, "by hardware": hardware})
    return figure


def monetization(preset: Preset) -> Figure:
    """Return the picture of law 5: what a shortage, a surplus and an efficiency gain do to prices."""
    p = preset.middle
    figure, (left, right) = canvas(
        Panel("Revenue per dollar of inference compute", "USD a USD; a year of each, from year 1 to 2", YEARS, 84.0),
        Panel("Price of a unit of service", "% of its expected path; costs fall by 30% in year 1", YEARS, 104.0),
    )
    n, event, gain = 72, 12, -math.log(0.7)
    years = [k * DT for k in range(n + 1)]

    def path(unmet: float, surplus: float, pass_through: float, jump: float) -> tuple[list[float], list[float]]:
        gap, deviation, earned, prices = 0.0, 0.0, [p.monetization_long_run], [100.0]
        for k in range(n):
            during, leap = event <= k < 2 * event, jump if k == event else 0.0
            change = monetization_change(
                gap,
                p.monetization_reversion,
                p.scarcity_response,
                unmet if during else 0.0,
                surplus if during else 0.0,
                p.usual_surplus,
                0.0,
                (1.0 - pass_through) * leap,
                0.0,
                DT,
            )
            gap, deviation = gap + change, deviation_after(deviation, change, -leap)
            earned.append(p.monetization_long_run * math.exp(gap))
            prices.append(100.0 * math.exp(deviation))
        return earned, prices

    curves = {"20% unmet": path(0.2, 0.0, 1.0, 0.0)[0], "20% surplus": path(0.0, 0.2, 1.0, 0.0)[0]}
    rest = p.monetization_long_run
    lines(left, years, curves, limits=(0.82 * rest, 1.18 * rest))
    level(left, rest, "long run", at=0.42)
    low, high = preset.ends("pass_through")
    shares = (low, p.pass_through, high)
    lines(
        right,
        years,
        {f"pass-through {100.0 * share:.0f}%": path(0.0, 0.0, share, gain)[1] for share in shares},
        limits=(60.0, 104.0),
    )
    return figure
