"""The numbers of the pictures: medians of a preset, and the ends of what it holds possible."""

from __future__ import annotations

from typing import NamedTuple

from montecarlo_ai.files.loading import load_scenario
from montecarlo_ai.inputs import Inputs
from montecarlo_ai.lab.parameters import Params

NAME = "openai-2025-12"
DT = 1.0 / 12.0


class Preset(NamedTuple):
    """The medians of all inputs, and their distributions."""

    middle: Params
    inputs: Inputs

    def ends(self, name: str) -> tuple[float, float]:
        """Return the central 90% interval of an input, in the model's units."""
        low, high = self.inputs.distributions[name].interval(0.9)
        return float(low), float(high)


def read_preset() -> Preset:
    """Return the preset at whose medians the laws are drawn."""
    inputs = load_scenario(NAME).inputs
    return Preset(Params(**{name: float(inputs.distributions[name].ppf(0.5)) for name in Params._fields}), inputs)
