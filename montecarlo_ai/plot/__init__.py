"""Charts of results for reports: fans, running out of chips, backtests, exposures, the corridor of commitments."""

from __future__ import annotations

from montecarlo_ai.plot.chips import ChipsArtists, chips
from montecarlo_ai.plot.corridor import CorridorArtists, corridor
from montecarlo_ai.plot.exposure import ExposureArtists, exposure
from montecarlo_ai.plot.fan import FanArtists, fan
from montecarlo_ai.plot.markers import MarkerArtists, markers
from montecarlo_ai.plot.ranks import BacktestArtists, backtest

__all__ = [
    "BacktestArtists",
    "ChipsArtists",
    "CorridorArtists",
    "ExposureArtists",
    "FanArtists",
    "MarkerArtists",
    "backtest",
    "chips",
    "corridor",
    "exposure",
    "fan",
    "markers",
]
