"""Charts of results for reports: fans of a variable, and the probability of running out of chips."""

from __future__ import annotations

from montecarlo_ai.plot.chips import ChipsArtists, chips
from montecarlo_ai.plot.fan import FanArtists, fan

__all__ = ["ChipsArtists", "FanArtists", "chips", "fan"]
