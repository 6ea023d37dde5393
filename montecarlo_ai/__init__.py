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
    from montecarlo_ai.analysis.archive import archive_summary, read_archive
    from montecarlo_ai.analysis.backtesting import backtest
    from montecarlo_ai.analysis.corridors import corridor
    from montecarlo_ai.analysis.exposures import exposure, exposure_variables
    from montecarlo_ai.analysis.observations import observations
    from montecarlo_ai.analysis.outlooks import outlook_variables, outlooks
    from montecarlo_ai.analysis.register import register
    from montecarlo_ai.analysis.statement import cash_statement
    from montecarlo_ai.assumptions import MissingProvenanceWarning
    from montecarlo_ai.bounds import Bounds
    from montecarlo_ai.dependence.correlation import Correlation
    from montecarlo_ai.distributions import (
        PERT,
        Beta,
        Clipped,
        Constant,
        Empirical,
        Exponential,
        Gamma,
        LogNormal,
        LogUniform,
        Measured,
        Metalog,
        Mixture,
        Normal,
        Scaled,
        StudentT,
        Triangular,
        Truncated,
        Uniform,
    )
    from montecarlo_ai.distributions.base import Distribution
    from montecarlo_ai.distributions.claim import MisfitWarning
    from montecarlo_ai.errors import (
        InputError,
        ModelError,
        MonteCarloAIError,
        NumericalError,
        ScenarioError,
        SlowStepWarning,
    )
    from montecarlo_ai.files.history import history
    from montecarlo_ai.files.json_schema import scenario_schema
    from montecarlo_ai.files.loading import load_scenario, preset_names
    from montecarlo_ai.files.overlays import overlay_names
    from montecarlo_ai.functions import once_a_path
    from montecarlo_ai.inputs import Inputs
    from montecarlo_ai.model import Clock, Model, Uniform01
    from montecarlo_ai.risk import runs_out_of_chips
    from montecarlo_ai.scenario import Scenario
    from montecarlo_ai.simulation import replay, simulate
    from montecarlo_ai.summary import summarize
    from montecarlo_ai.timegrid import TimeGrid
    from montecarlo_ai.warming import warmup

_NAMES = {
    "analysis.archive": ("archive_summary", "read_archive"),
    "analysis.backtesting": ("backtest",),
    "analysis.corridors": ("corridor",),
    "analysis.exposures": ("exposure", "exposure_variables"),
    "analysis.observations": ("observations",),
    "analysis.outlooks": ("outlook_variables", "outlooks"),
    "analysis.register": ("register",),
    "analysis.statement": ("cash_statement",),
    "assumptions": ("MissingProvenanceWarning",),
    "bounds": ("Bounds",),
    "distributions.claim": ("MisfitWarning",),
    "dependence.correlation": ("Correlation",),
    "distributions.base": ("Distribution",),
    "distributions": (
        "PERT",
        "Beta",
        "Clipped",
        "Constant",
        "Empirical",
        "Exponential",
        "Gamma",
        "LogNormal",
        "LogUniform",
        "Measured",
        "Metalog",
        "Mixture",
        "Normal",
        "Scaled",
        "StudentT",
        "Triangular",
        "Truncated",
        "Uniform",
    ),
    "errors": (
        "InputError",
        "ModelError",
        "MonteCarloAIError",
        "NumericalError",
        "ScenarioError",
        "SlowStepWarning",
    ),
    "inputs": ("Inputs",),
    "model": ("Clock", "Model", "Uniform01"),
    "files.overlays": ("overlay_names",),
    "functions": ("once_a_path",),
    "risk": ("runs_out_of_chips",),
    "scenario": ("Scenario",),
    "files.loading": ("load_scenario", "preset_names"),
    "files.history": ("history",),
    "files.json_schema": ("scenario_schema",),
    "simulation": ("replay", "simulate"),
    "summary": ("summarize",),
    "timegrid": ("TimeGrid",),
    "warming": ("warmup",),
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names}
_MODULES = ("math", "plot")

__all__ = [
    "PERT",
    "Beta",
    "Bounds",
    "Clipped",
    "Clock",
    "Constant",
    "Correlation",
    "Distribution",
    "Empirical",
    "Exponential",
    "Gamma",
    "InputError",
    "Inputs",
    "LogNormal",
    "LogUniform",
    "Measured",
    "Metalog",
    "MisfitWarning",
    "MissingProvenanceWarning",
    "Mixture",
    "Model",
    "ModelError",
    "MonteCarloAIError",
    "Normal",
    "NumericalError",
    "Scaled",
    "Scenario",
    "ScenarioError",
    "SlowStepWarning",
    "StudentT",
    "TimeGrid",
    "Triangular",
    "Truncated",
    "Uniform",
    "Uniform01",
    "__version__",
    "archive_summary",
    "backtest",
    "cash_statement",
    "corridor",
    "exposure",
    "exposure_variables",
    "history",
    "load_scenario",
    "math",
    "observations",
    "once_a_path",
    "outlook_variables",
    "outlooks",
    "overlay_names",
    "plot",
    "preset_names",
    "read_archive",
    "register",
    "replay",
    "runs_out_of_chips",
    "scenario_schema",
    "simulate",
    "summarize",
    "warmup",
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
