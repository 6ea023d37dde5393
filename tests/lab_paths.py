"""Paths of the lab in plain Python for the tests: inputs, contracts and a loop over the step."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_type_hints

from montecarlo_ai.declaration import bounds_of
from montecarlo_ai.lab import Contract, build
from montecarlo_ai.lab.events import margins
from montecarlo_ai.lab.parameters import SHARE, Events, Params, Shocks
from montecarlo_ai.model import Clock
from montecarlo_ai.timegrid import TimeGrid

PRESET = Path(__file__).parents[1] / "montecarlo_ai" / "scenarios" / "openai-2025-12.toml"
CONTRACTS = (
    Contract(
        "Cloud",
        18e9,
        (6e9, 20e9, 40e9, 50e9, 55e9),
        take_or_pay=0.9,
        flexibility=0.4,
        waiting=0.7,
        warrants_per_power=2e9,
    ),
    Contract(
        "Chips",
        6e9,
        (2e9, 15e9, 35e9, 50e9, 60e9),
        speed=1.1,
        take_or_pay=0.7,
        flexibility=1.0,
        waiting=0.2,
        equity_per_power=9e9,
        warrants_per_power=5e9,
    ),
)
LAB = build(CONTRACTS, TimeGrid("2026-01-01", years=5)).model
NO_SHOCKS = Shocks(*(0.0 for _ in Shocks._fields))._replace(regime=0.5)

FROZEN = {"management_reaction": 0.0, "round_rate": 0.0, "supplier_equity": 0.0, "warrant_sale_rate": 0.0}
"""Policies, discretionary orders and funding frozen: what is left is contracts, demand and technology."""

CONSTANT_IN_PRESET = {
    "revenue_share_cap": (5e9, 60e9),
    "owned_share": (0.0, 0.6),
    "credit_share": (0.0, 0.4),
    "winter_growth": (0.0, 0.6),
    "winter_multiple": (0.0, 1.5),
    "winter_rounds": (0.0, 1.0),
    "winter_rent": (0.0, 0.7),
    "boom_growth": (0.0, 0.3),
    "boom_multiple": (0.0, 0.6),
    "boom_rounds": (1.0, 3.0),
    "boom_rent": (0.0, 0.4),
}
"""Where inputs are drawn that the preset holds constant."""


def middle(table: dict[str, Any]) -> float:
    """Return the middle of an input's interval, or its constant, from its table in the preset."""
    if "value" in table:
        return float(table["value"])
    if "rate" in table:
        return 1.0 / float(table["rate"])
    low, high = table.get("interval") or (table["low"], table["high"])
    if table["distribution"] == "lognormal":
        return float((low * high) ** 0.5)
    return 0.5 * float(low + high)


def preset_inputs() -> dict[str, dict[str, Any]]:
    """Return the tables of the preset's inputs."""
    inputs: dict[str, dict[str, Any]] = tomllib.loads(PRESET.read_text())["inputs"]
    return inputs


CONSTANTS = Params(**{name: middle(table) for name, table in preset_inputs().items()})


SHARES = frozenset(
    name for name, hint in get_type_hints(Params, include_extras=True).items() if bounds_of(hint) == SHARE
)
"""Inputs that lie between 0 and 1."""


def wide_bounds(name: str, table: dict[str, Any]) -> tuple[float, float]:
    """Return bounds three times as far apart as those of an input's interval, kept inside its domain."""
    center = middle(table)
    if "rate" in table:
        return 0.0, 2.0 * center
    low, high = table.get("interval") or (table["low"], table["high"])
    signed = table["distribution"] == "normal" or low < 0.0
    low, high = center - 1.5 * (high - low), center + 1.5 * (high - low)
    if not signed or name in ("contract_speed", "contract_size", "price_elasticity"):
        low = max(low, 0.02 * center)
    return low, min(high, 0.95) if name in SHARES else high


def draw_params(seed: int) -> Params:
    """Return inputs drawn uniformly between their wide bounds."""
    source = random.Random(seed)
    drawn = {}
    for name, table in preset_inputs().items():
        if name in CONSTANT_IN_PRESET:
            drawn[name] = source.uniform(*CONSTANT_IN_PRESET[name])
        else:
            drawn[name] = middle(table) if "value" in table else source.uniform(*wide_bounds(name, table))
    return Params(**drawn)


def without_volatility(params: Params) -> Params:
    """Return the inputs with every volatility at zero."""
    return params._replace(**{name: 0.0 for name in Params._fields if name.endswith("volatility")})


def forcing_of(years: float, steps_per_year: int) -> list[Any]:
    """Return the bill that each contract puts on order in each step, USD/year."""
    rows = []
    for index in range(round(years * steps_per_year)):
        year = min(index // steps_per_year, 4)
        rows.append(LAB.forcing_type(*(contract.added_bill[year] / steps_per_year for contract in CONTRACTS), 0.0))
    return rows


def walk(
    params: Params, forcing: Sequence[Any], dt: float, seed: int | None = None, draws: Sequence[float] = ()
) -> list[Any]:
    """Return the states of one path, the initial one included.

    Without a seed no shock falls, but that ``draws`` are those of the regime.
    """
    source = random.Random(seed)
    state = LAB.initial(params)
    path = [state]
    for index, added in enumerate(forcing):
        if seed is None:
            shocks = NO_SHOCKS._replace(regime=draws[index]) if draws else NO_SHOCKS
        else:
            shocks = Shocks(*(source.gauss(0.0, 1.0) for _ in Shocks._fields))._replace(regime=source.random())
        state = LAB.step(state, params, shocks, Clock(index * dt, dt, index), added)
        path.append(state)
    return path


def margins_along(path: Sequence[Any], params: Params, dt: float) -> list[Events]:
    """Return the margins of the events after each step."""
    return [margins(state, params, Clock(k * dt, dt, k)) for k, state in enumerate(path) if k > 0]
