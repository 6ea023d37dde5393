"""Paths of the lab in plain Python for the tests: inputs, forcing and a loop over the step."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_type_hints

from montecarlo_ai.declaration import bounds_of
from montecarlo_ai.lab.events import margins
from montecarlo_ai.lab.initial import initial_state
from montecarlo_ai.lab.model import next_state
from montecarlo_ai.lab.parameters import Events, Params, Shocks, State
from montecarlo_ai.model import Clock

PRESET = Path(__file__).parents[1] / "montecarlo_ai" / "scenarios" / "openai-2025-12.toml"
BASE_BILL = 24e9
ADDED = (8e9, 35e9, 75e9, 100e9, 115e9)
NO_SHOCKS = Shocks(*(0.0 for _ in Shocks._fields))

FROZEN = {"management_reaction": 0.0, "round_rate": 0.0, "supplier_equity": 0.0}
"""Policies, discretionary orders and funding frozen: what is left is contracts, demand and technology."""


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
    (
        "inference_share",
        "paid_share_of_inference",
        "business_share_of_paid",
        "training_share_long_run",
        "paying_share_long_run",
        "take_or_pay",
        "training_yield",
        "free_rationing",
        "free_floor",
        "absorption",
        "cut_floor",
        "paid_now",
        "resale_discount",
    )
)
"""Inputs that lie between 0 and 1."""


def wide_bounds(name: str, table: dict[str, Any]) -> tuple[float, float]:
    """Return bounds three times as far apart as those of an input's interval, kept inside its domain."""
    center = middle(table)
    if "rate" in table:
        return 0.0, 2.0 * center
    low, high = table.get("interval") or (table["low"], table["high"])
    low, high = center - 1.5 * (high - low), center + 1.5 * (high - low)
    if table["distribution"] != "normal" or name in ("contract_speed", "contract_size"):
        low = max(low, 0.02 * center)
    bounds = bounds_of(get_type_hints(Params, include_extras=True)[name])
    assert bounds is not None
    return max(low, bounds.low), min(high, 0.95 if name in SHARES else bounds.high)


def draw_params(seed: int) -> Params:
    """Return inputs drawn uniformly between their wide bounds."""
    source = random.Random(seed)
    drawn = {}
    for name, table in preset_inputs().items():
        drawn[name] = middle(table) if "value" in table else source.uniform(*wide_bounds(name, table))
    return Params(**drawn)


def without_volatility(params: Params) -> Params:
    """Return the inputs with every volatility at zero."""
    return params._replace(**{name: 0.0 for name in Params._fields if name.endswith("volatility")})


def forcing_of(years: float, steps_per_year: int) -> list[float]:
    """Return the bill under contract of all counterparties together by the end of each step, USD/year."""
    bills = []
    total = BASE_BILL
    for index in range(round(years * steps_per_year)):
        total += ADDED[min(index // steps_per_year, len(ADDED) - 1)] / steps_per_year
        bills.append(total)
    return bills


def walk(params: Params, forcing: Sequence[float], dt: float, seed: int | None = None) -> list[State]:
    """Return the states of one path, the initial one included; without a seed no shock falls."""
    source = random.Random(seed)
    state = initial_state(params, BASE_BILL)
    path = [state]
    for index, scheduled in enumerate(forcing):
        shocks = NO_SHOCKS if seed is None else Shocks(*(source.gauss(0.0, 1.0) for _ in Shocks._fields))
        state = next_state(state, params, shocks, Clock(index * dt, dt, index), scheduled)
        path.append(state)
    return path


def margins_along(path: Sequence[State], params: Params, dt: float) -> list[Events]:
    """Return the margins of the events after each step."""
    return [margins(state, params, Clock(k * dt, dt, k)) for k, state in enumerate(path) if k > 0]
