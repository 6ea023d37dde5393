"""Pictures of costs, decisions, money and the climate of the industry: laws 10 to 13."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from montecarlo_ai.lab.commitments import credits_used
from montecarlo_ai.lab.costs import interest, partner_share
from montecarlo_ai.lab.fleet import stage_outflow
from montecarlo_ai.lab.funding import debt_limit, price_of_equity, urgency_of, valuation, wanted_cash
from montecarlo_ai.lab.initial import base_income
from montecarlo_ai.lab.market import climate_of
from montecarlo_ai.lab.policy import (
    deferring_pressure,
    discretionary_orders,
    planned_training,
    shortness,
)
from montecarlo_ai.lab.regimes import BOOM, NORMAL, WINTER, regime_after
from montecarlo_ai.lab.steady import steady_of
from montecarlo_ai.plot import style
from montecarlo_ai.plot.fan import BAND_COLORS
from tools.law_pictures.canvas import COLORS, YEARS, Panel, canvas, lines, mark, stacked
from tools.law_pictures.preset import DT, Preset

CLIMATES = {"winter": WINTER, "normal": NORMAL, "boom": BOOM}
TINTS = (BAND_COLORS[2], BAND_COLORS[0], "#f3c9a5")
"""Of winter, normal times and boom, light enough to write upon."""


def costs(preset: Preset) -> Figure:
    """Return the picture of law 10: a partner's share that ends at its cap, and a loss that credits pay in part."""
    p = preset.middle
    figure, (left, right) = canvas(
        Panel("The partner's share of a growing revenue", "billion USD a year", YEARS, 88.0),
        Panel("Loss and burn of a lab that stands still", "billion USD a year; credits of 10 billion", YEARS, 84.0),
    )
    years = [k * DT for k in range(1, 73)]
    revenue = base_income(p).revenue

    def paid(cap: float) -> list[float]:
        left_, seen = cap, []
        for year in years:
            share = partner_share(revenue * math.exp(0.5 * year), p.revenue_share, 0.0, 0.0, left_, 1.0 / DT)
            left_ = max(left_ - share * DT, 0.0)
            seen.append(share / 1e9)
        return seen

    caps = {"no cap": p.revenue_share_cap, "cap of 40 bn": 40e9, "cap of 20 bn": 20e9}
    lines(left, years, {name: paid(cap) for name, cap in caps.items()})
    operating, cash, credits = base_income(p).operating, p.base_cash, 10e9
    curves: dict[str, list[float]] = {"operating loss": [], "burn of cash": []}
    for _ in years:
        used = credits_used(p.base_bill, 0.2, credits, 1.0 / DT)
        flow = operating + used - interest(p.interest_rate, max(-cash, 0.0), cash)
        cash, credits = cash + flow * DT, max(credits - used * DT, 0.0)
        curves["operating loss"].append(-operating / 1e9)
        curves["burn of cash"].append(-flow / 1e9)
    lines(right, years, curves)
    return figure


def policy(preset: Preset) -> Figure:
    """Return the picture of law 11: what a short runway changes, and what a fleet too small or too large does."""
    p = preset.middle
    figure, (left, right) = canvas(
        Panel("What a short runway does", "% of what is planned, wanted, flexible", "runway, years", 84.0),
        Panel(
            "What the fleet in sight does",
            "% of the fleet wanted, a year; % of what is flexible",
            "fleet in sight over the fleet wanted",
            84.0,
        ),
    )
    runways = np.linspace(0.0, 3.0, 121).tolist()
    cuts = [shortness(runway, 1.0 / p.cut_runway) for runway in runways]
    curves = {
        "orders": [100.0 * (1.0 - shortness(runway, 1.0 / p.runway_target)) for runway in runways],
        "training": [100.0 * planned_training(1.0, 1.0, p.cut_floor, cut, 1.0, 1.0) for cut in cuts],
        "putting off": [100.0 * deferring_pressure(1.0, 1.0, cut) for cut in cuts],
    }
    lines(left, runways, curves, limits=(0.0, 104.0))
    ratios = np.linspace(0.0, 2.2, 111).tolist()
    wanted, closed = 100e9, stage_outflow(1.0 / p.ordering_time, DT)  # USD a year, of which only the ratio matters
    curves = {
        "putting off": [100.0 * deferring_pressure(wanted, ratio * wanted, 0.0) for ratio in ratios],
        "orders": [
            100.0 * discretionary_orders(wanted, ratio * wanted, closed, 1.0) / (wanted * DT) for ratio in ratios
        ],
    }
    lines(right, ratios, curves, limits=(0.0, 104.0))
    return figure


def funding(preset: Preset) -> Figure:
    """Return the picture of law 12: how fast rounds close, and how much a lab can raise and owe."""
    p = preset.middle
    figure, (left, right) = canvas(
        Panel("Rounds under way", "rounds a year", "runway of cash and tranches, years", 58.0),
        Panel("The most that money gives", "billion USD", "revenue, billion USD a year", 118.0),
    )
    runways = np.linspace(0.0, 2.5, 101).tolist()

    def pace(regime: float, runway: float) -> float:
        climate = climate_of(regime, p)
        wanted = wanted_cash(p.runway_target, 1e9, 0.0, p.coming_bill_weight)
        urgency = urgency_of(max(wanted - runway * 1e9, 0.0), wanted)
        return p.round_rate * price_of_equity(0.0, climate.log_multiple) * climate.openness * urgency

    paces = {name: [pace(CLIMATES[name], runway) for runway in runways] for name in ("winter", "normal", "boom")}
    lines(left, runways, paces)
    revenues = np.linspace(0.0, 100.0, 51).tolist()

    def largest(growth: float) -> list[float]:
        worth = (valuation(r, p.valuation_multiple, p.growth_slope, growth, 1.0, 0.0, 0.0) for r in revenues)
        return [p.dilution * value for value in worth]

    limits = [debt_limit(0.0, p.credit_line, p.debt_facility, p.debt_covenant, 1e9 * r, 1.0) / 1e9 for r in revenues]
    curves = {"round, growth 0.6": largest(0.6), "round, growth 0.2": largest(0.2), "debt under covenant": limits}
    lines(right, revenues, curves)
    return figure


def regimes(preset: Preset) -> Figure:
    """Return the picture of law 13: how many paths are in which regime, and what a regime does."""
    p, steady = preset.middle, steady_of(preset.middle, DT)
    figure, (left, right) = canvas(
        Panel("Paths by regime", "% of all paths", YEARS, 62.0),
        Panel("What a year of a regime does", "% of what normal times give", "%", 40.0),
    )
    draws = ((np.arange(2000) + 0.5) / 2000.0).tolist()
    states = list(CLIMATES.values())
    chain = np.zeros((3, 3))
    for row, regime in enumerate(states):
        for draw in draws:
            after = regime_after(
                regime,
                draw,
                into_winter=steady.into_winter,
                thaws=steady.thaws,
                into_boom=steady.into_boom,
                boom_ends=steady.boom_ends,
                boom_busts=steady.boom_busts,
            )
            chain[row, states.index(after)] += 1.0 / len(draws)
    shares = [np.array([0.0, 1.0, 0.0])]
    for _ in range(120):
        shares.append(shares[-1] @ chain)
    parts = {name: [100.0 * float(share[k]) for share in shares] for k, name in enumerate(CLIMATES)}
    stacked(left, [k * DT for k in range(121)], parts, TINTS)
    effects = {}
    for name, regime in (("winter", WINTER), ("boom", BOOM)):
        climate = climate_of(regime, p)
        effects[name] = [
            100.0 * math.exp(climate.growth),
            100.0 * price_of_equity(0.0, climate.log_multiple),
            100.0 * climate.openness,
            100.0 * math.exp(climate.log_rent),
        ]
    _bars(right, ("demand", "valuation", "rounds", "rents"), effects)
    return figure


def _bars(ax: Axes, names: tuple[str, ...], effects: dict[str, list[float]]) -> None:
    """Draw bars of each name side by side, one colour for each set, with their values at the ends."""
    for place, (label, values) in enumerate(effects.items()):
        rows = [row + 0.36 * place for row in range(len(names))]
        for bar in ax.barh(rows, values, height=0.33, color=COLORS[place]):
            mark(ax, bar)
        for row, value in zip(rows, values, strict=True):
            _written(ax, f"{value:.0f}", value, row, COLORS[place])
        _written(ax, label, 0.0, rows[0], "white")
    ax.axvline(100.0, color=style.MUTED, linewidth=0.9)
    ax.set_yticks([row + 0.18 for row in range(len(names))], names)
    ax.set_ylim(len(names) - 0.4, -0.4)
    ax.grid(visible=False)
    ax.set_xlim(0.0, 160.0)


def _written(ax: Axes, text: str, at: float, row: float, color: str) -> None:
    """Write text right of a place in a row."""
    style.note(ax, text, (at, row), (3.0, 0.0), size=style.SMALL, xycoords="data", va="center", color=color)
