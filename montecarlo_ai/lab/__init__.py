"""The AI lab: one economic law a file, joined by `model`."""

from montecarlo_ai.lab.contracts import Contract
from montecarlo_ai.lab.model import LabParts, build

__all__ = ["Contract", "LabParts", "build"]
