"""Probabilities that a frontier AI lab runs out of chips, and the Monte Carlo engine under them.

>>> import montecarlo_ai as mc
>>> scenario = mc.load_scenario("openai-2025-12")
>>> ensemble = mc.simulate(scenario, n_paths=100_000, seed=7)
>>> chips = mc.runs_out_of_chips(ensemble)

Names are loaded when they are first used, so that importing the package does not wait for xarray, numba or scipy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from montecarlo_ai._version import __version__

if TYPE_CHECKING:
    from montecarlo_ai import math, plot
    from montecarlo_ai.distribution import Distribution
    from montecarlo_ai.distributions import (
        PERT,
        Constant,
        Exponential,
        LogNormal,
        LogUniform,
        Normal,
        Triangular,
        Uniform,
    )
    from montecarlo_ai.errors import InputError, ModelError, MonteCarloAIError, NumericalError, ScenarioError
    from montecarlo_ai.inputs import Inputs
    from montecarlo_ai.model import Clock, Model, Uniform01
    from montecarlo_ai.risk import runs_out_of_chips
    from montecarlo_ai.scenario import Scenario
    from montecarlo_ai.scenario_file import load_scenario, preset_names
    from montecarlo_ai.scenario_history import history
    from montecarlo_ai.simulation import replay, simulate
    from montecarlo_ai.summary import summarize
    from montecarlo_ai.timegrid import TimeGrid

_HOMES = {
    "Distribution": "distribution",
    **dict.fromkeys(
        ("PERT", "Constant", "Exponential", "LogNormal", "LogUniform", "Normal", "Triangular", "Uniform"),
        "distributions",
    ),
    **dict.fromkeys(("InputError", "ModelError", "MonteCarloAIError", "NumericalError", "ScenarioError"), "errors"),
    "Inputs": "inputs",
    **dict.fromkeys(("Clock", "Model", "Uniform01"), "model"),
    "runs_out_of_chips": "risk",
    "Scenario": "scenario",
    **dict.fromkeys(("load_scenario", "preset_names"), "scenario_file"),
    "history": "scenario_history",
    **dict.fromkeys(("replay", "simulate"), "simulation"),
    "summarize": "summary",
    "TimeGrid": "timegrid",
}
_MODULES = ("math", "plot")

__all__ = [
    "PERT",
    "Clock",
    "Constant",
    "Distribution",
    "Exponential",
    "InputError",
    "Inputs",
    "LogNormal",
    "LogUniform",
    "Model",
    "ModelError",
    "MonteCarloAIError",
    "Normal",
    "NumericalError",
    "Scenario",
    "ScenarioError",
    "TimeGrid",
    "Triangular",
    "Uniform",
    "Uniform01",
    "__version__",
    "history",
    "load_scenario",
    "math",
    "plot",
    "preset_names",
    "replay",
    "runs_out_of_chips",
    "simulate",
    "summarize",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
