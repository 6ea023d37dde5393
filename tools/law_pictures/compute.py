"""Pictures of compute that is ordered, used and sold: laws 6 to 9."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from montecarlo_ai.lab.allocation import Allocation, allocate
from montecarlo_ai.lab.commitments import called_off, compute_bill, deferrable, put_off
from montecarlo_ai.lab.contracts import Contract, bill_under_contract
from montecarlo_ai.lab.demand import relaxation, reverting
from montecarlo_ai.lab.fleet import aged, pipeline_after, stage_outflow, stranded_cost
from montecarlo_ai.lab.resale import resale_price, resold_compute
from montecarlo_ai.lab.technology import cost_after_gain, cost_of_new_compute
from montecarlo_ai.plot import style
from montecarlo_ai.plot.fan import BAND_COLORS
from montecarlo_ai.timegrid import TimeGrid
from tools.law_pictures.canvas import YEARS, Panel, canvas, lines, stacked
from tools.law_pictures.preset import DT, Preset

ORDER = 10e9  # USD a year: the example of an order


def fleet(preset: Preset) -> Figure:
    """Return the picture of law 6: an order on its way, and what it strands."""
    p = preset.middle
    figure, (left, right) = canvas(
        Panel("An order of 10 billion USD a year", "billion USD a year", "years from the order", 62.0),
        Panel(
            "Stranded cost of a fleet of that bill", "billion USD, if all of it is firm", "years from delivery", 62.0
        ),
    )
    n = 120
    years = [k * DT for k in range(n + 1)]
    moved, ages = stage_outflow(2.0 / p.lead_time, DT), stage_outflow(3.0 / p.contract_term, DT)
    early, late, online, gone = ORDER, 0.0, aged(0.0, 0.0, 0.0, 0.0, 0.0), 0.0
    curves: dict[str, list[float]] = {"on order": [ORDER / 1e9], "online": [0.0], "retired": [0.0]}
    for _ in range(n):
        early, late, delivered = pipeline_after(early, late, 0.0, moved)
        online = aged(online.young, online.middle, online.total, delivered, ages)
        gone += online.retired
        for name, value in (("on order", early + late), ("online", online.total), ("retired", gone)):
            curves[name].append(value / 1e9)
    lines(left, years, curves)
    cost = cost_of_new_compute(p.power_cost, p.base_compute_per_power)

    def stranded(gain: float) -> list[float]:
        bill, capacity = aged(ORDER, 0.0, ORDER, 0.0, 0.0), aged(ORDER / cost, 0.0, ORDER / cost, 0.0, 0.0)
        seen = [0.0]
        for year in years[1:]:
            bill = aged(bill.young, bill.middle, bill.total, 0.0, ages)
            capacity = aged(capacity.young, capacity.middle, capacity.total, 0.0, ages)
            seen.append(stranded_cost(capacity, bill, cost_after_gain(cost, gain, year), p.contract_term) / 1e9)
        return seen

    low, high = preset.ends("hardware_gain")
    owed = {f"gain {gain:.2f}": stranded(gain)[:73] for gain in (high, p.hardware_gain, low)}
    lines(right, years[:73], owed)
    return figure


def contracts(preset: Preset) -> Figure:
    """Return the picture of law 7: a total that is called off, cut and delivered, and what is paid unused."""
    p = preset.middle
    figure, (left, right) = canvas(
        Panel("A contract of 100 billion USD", "billion USD a year; pressure 1 in 2028", "calendar year", 70.0),
        Panel("Paid for a fleet that is not all used", "% of its bill", "share of the fleet that is used, %", 102.0),
    )
    n = 72
    time = TimeGrid("2026-01-01", years=n * DT, steps_per_year=12)
    contract = Contract("example", 0.0, total=100e9, start=2027.0, ramp=2.0, term=6.0)
    bills = bill_under_contract(contract, time)
    flexible, moved = deferrable(0.5, p.contract_deferral), stage_outflow(2.0 / p.lead_time, DT)
    recalled = stage_outflow(1.0 / p.ordering_time, DT)
    asked = kept = early = late = delivered = waiting = 0.0
    curves: dict[str, list[float]] = {"schedule": [0.0], "called off": [0.0], "on order": [0.0], "delivered": [0.0]}
    for k in range(n):
        called = called_off(float(bills[k + 1] - bills[k]), p.contract_speed * p.contract_size)
        pressure = 1.0 if 24 <= k < 36 else 0.0
        back = recalled * (1.0 - pressure) * waiting
        held = put_off(called + back, flexible, pressure)
        waiting += held - back
        early, late, came = pipeline_after(early, late, called + back - held, moved)
        asked, kept, delivered = asked + called, kept + called + back - held, delivered + came
        for name, value in zip(curves, (float(bills[k + 1]), asked, kept, delivered), strict=True):
            curves[name].append(value / 1e9)
    lines(left, [2026.0 + k * DT for k in range(n + 1)], curves)
    left.set_xticks([2026, 2028, 2030, 2032])
    shares = np.linspace(0.0, 100.0, 51).tolist()
    paid = {
        f"take-or-pay {fixed:.0f}%": [compute_bill(100.0, fixed, 0.01 * share) for share in shares]
        for fixed in (50.0, 70.0, 90.0)
    }
    lines(right, shares, paid, limits=(0.0, 104.0))
    return figure


def allocation(preset: Preset) -> Figure:
    """Return the picture of law 8: who gets the fleet as need grows past it."""
    p = preset.middle
    figure, (left, right) = canvas(
        Panel("Use of the fleet", "% of the fleet", "need of all users, % of the fleet", 34.0),
        Panel("What does not fit", "% of paid demand, % of the fleet", "need of all users, % of the fleet", 84.0),
    )
    needs = np.linspace(0.0, 140.0, 141).tolist()
    paid = p.paid_share_of_inference

    def at(need: float) -> Allocation:
        return allocate(
            1.0,
            1.0 - p.inference_share,
            0.01 * need * paid,
            0.01 * need * (1.0 - paid),
            p.training_yield,
            p.free_floor,
            p.absorption,
            p.resale_cap,
            1.0,
        )

    uses = [at(need) for need in needs]
    parts = {
        "training": [100.0 * use.training for use in uses],
        "served": [100.0 * use.served for use in uses],
        "resold": [100.0 * use.resold for use in uses],
        "idle": [100.0 * use.idle for use in uses],
    }
    stacked(left, needs, parts, (BAND_COLORS[2], BAND_COLORS[0], "#f3c9a5", style.RULE))
    curves = {
        "paid, unmet": [100.0 * use.unmet_share for use in uses],
        "surplus": [100.0 * use.surplus_share for use in uses],
    }
    lines(right, needs, curves)
    return figure


def resale(preset: Preset) -> Figure:
    """Return the picture of law 9: the price of surplus compute, and how much of a surplus is sold."""
    p = preset.middle
    figure, (left, right) = canvas(
        Panel("Prices when rents begin a third above cost", "thousand USD a year for one H100e", YEARS, 82.0),
        Panel("Surplus that is sold", "% of the fleet", "surplus, % of the fleet", 70.0),
    )
    years = [k * DT for k in range(61)]
    start, premium = cost_of_new_compute(p.power_cost, p.base_compute_per_power), np.log(4.0 / 3.0)
    curves: dict[str, list[float]] = {"market rent": [], "cost of new": [], "for surplus": []}
    for year in years:
        cost = 1e-3 * cost_after_gain(start, p.hardware_gain, year)
        prices = (resale_price(cost, premium, 0.0), cost, resale_price(cost, premium, p.resale_discount))
        for seen, price in zip(curves.values(), prices, strict=True):
            seen.append(price)
        premium = reverting(premium, p.rental_premium_long_run, relaxation(p.market_reversion, DT), 0.0)
    lines(left, years, curves)
    surpluses = np.linspace(0.0, 30.0, 61).tolist()
    low, high = preset.ends("resale_cap")
    sold = {
        f"cap {100.0 * cap:.1f}%": [resold_compute(surplus, 100.0, cap) for surplus in surpluses]
        for cap in (high, p.resale_cap, low)
    }
    lines(right, surpluses, sold, limits=(0.0, 20.0))
    return figure
