"""Paths of the lab in plain Python for the tests: inputs, forcing and a loop over the step."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

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


def draw_params(seed: int) -> Params:
    """Return inputs drawn uniformly over three times the width of the preset's intervals, kept inside their domain."""
    source = random.Random(seed)
    drawn = {}
    for name, table in preset_inputs().items():
        center = middle(table)
        if "interval" not in table and "low" not in table:
            drawn[name] = center * source.uniform(0.0, 2.0) if "rate" in table else center
            continue
        low, high = table.get("interval") or (table["low"], table["high"])
        value = center + 1.5 * (high - low) * source.uniform(-1.0, 1.0)
        signed = table["distribution"] == "normal"
        drawn[name] = value if signed else max(value, 0.02 * center)
    for name in ("inference_share", "paid_share_of_inference", "business_share_of_paid", "training_share_long_run"):
        drawn[name] = min(drawn[name], 0.95)
    for name in (
        "take_or_pay",
        "training_yield",
        "free_floor",
        "absorption",
        "cut_floor",
        "paid_now",
        "resale_discount",
    ):
        drawn[name] = min(drawn[name], 1.0)
    for name in ("contract_speed", "contract_size"):
        drawn[name] = max(drawn[name], 0.0)
    drawn["pent_up_demand"] = min(drawn["pent_up_demand"], 0.5)
    drawn["paying_share_long_run"] = min(drawn["paying_share_long_run"], 1.0)
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
