"""How often a comparison that must hold with policies frozen fails with policies live, path by path on the same seed.

More cash can run out sooner, because cuts come later; less training can cost more for compute, because it leaves money
for orders; cheaper compute can leave less of it, because less is ordered. How often is found and not required. Beside
that stands what the length of a step does to the preset's odds: the scheme is of first order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

import montecarlo_ai as mc
from benchmarks.measurement import Measurement

PRESET = "openai-2025-12"
SEED = 2026
VARIABLES = ("compute_cost", "capacity", "bill")
ROUNDING = 1e-9
STEPS_PER_YEAR = (12, 24, 52, 365)
ALMOST_NOTHING = mc.Uniform(0.0, 1e-12)  # a number in place of a distribution would make another kernel
FROZEN: dict[str, Any] = {
    "management_reaction": 0.0,
    "round_rate": ALMOST_NOTHING,
    "supplier_equity": ALMOST_NOTHING,
    "warrant_sale_rate": ALMOST_NOTHING,
    "unserved_loss": ALMOST_NOTHING,
    "scarcity_response": ALMOST_NOTHING,
    "training_effect": ALMOST_NOTHING,
}
"""Policies, orders and funding, and the answers of customers and prices to who is served and which model is better."""


def measure(*, n_paths: int = 20_000) -> list[Measurement]:
    """Return the share of paths on which each comparison fails, and the odds by length of a step."""
    found = []
    for name, frozen in (("live", {}), ("frozen", FROZEN)):
        scenario = mc.load_scenario(PRESET).with_inputs(**frozen)
        usual = _paths(scenario, n_paths)
        richer = _paths(_changed(scenario, "base_cash", 1.1), n_paths)
        frugal = _paths(_changed(scenario, "training_share_long_run", 0.5), n_paths)
        cheaper = _paths(_changed(scenario, "power_cost", 0.9), n_paths)
        failures = {
            "10% more cash runs out of it sooner": _out(richer) < _out(usual),
            "half the training costs more for compute at some time": _above(frugal.compute_cost, usual.compute_cost),
            "compute 10% cheaper makes a dearer fleet at some time": _above(_unit_cost(cheaper), _unit_cost(usual)),
            "compute 10% cheaper leaves less of it at some time": _above(usual.capacity, cheaper.capacity),
        }
        found += [
            Measurement(job, f"policies {name}", "share of paths", [float(np.mean(failed))], {"paths": n_paths})
            for job, failed in failures.items()
        ]
    for steps_per_year in STEPS_PER_YEAR:
        scenario = mc.load_scenario(PRESET).with_time(steps_per_year=steps_per_year)
        summary = mc.summarize(scenario, n_paths=5 * n_paths, seed=SEED, variables=["cash"])
        odds = float(mc.runs_out_of_chips(summary).probability.sel(cause="any").values[-1])
        details = {"paths": 5 * n_paths, "steps a year": steps_per_year}
        found.append(Measurement("any chip out by the horizon", "step length", "probability", [odds], details))
    return found


def _changed(scenario: mc.Scenario, name: str, factor: float) -> mc.Scenario:
    """Return a scenario with the distribution of an input multiplied by a factor."""
    return scenario.with_inputs(**{name: scenario.inputs.distributions[name].scaled(factor)})


def _paths(scenario: mc.Scenario, n_paths: int) -> xr.Dataset:
    return mc.simulate(scenario, n_paths=n_paths, seed=SEED, variables=list(VARIABLES), threads=1)


def _out(paths: xr.Dataset) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the years until cash is out."""
    return np.asarray(paths.event_time.sel(event="cash").values)


def _unit_cost(paths: xr.Dataset) -> xr.DataArray:
    """Return what a unit of the fleet costs, USD/(H100e year)."""
    cost: xr.DataArray = paths.bill / paths.capacity
    return cost


def _above(left: xr.DataArray, right: xr.DataArray) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return on which paths the left is ever above the right."""
    return np.asarray((left.values > right.values * (1.0 + ROUNDING)).any(axis=0))
