"""How far the fast functions are from the truth: the largest error over each range, where it is, and the rms."""

from __future__ import annotations

import numpy as np

from benchmarks.fast_functions import FUNCTIONS, Function
from benchmarks.measurement import Measurement

POINTS = 20_000
"""Arguments a range."""


def measure(*, points: int = POINTS) -> list[Measurement]:
    """Return the largest error of every function over every range, in the function's unit."""
    return [_largest(function, name, points) for function in FUNCTIONS for name in function.ranges]


def _largest(function: Function, name: str, points: int) -> Measurement:
    arguments = function.sample(name, points)
    errors = function.errors(arguments)
    worst = int(errors.argmax())
    details = {
        "at": ", ".join(f"{float(argument):.6g}" for argument in arguments[:, worst]),
        "rms": float(np.sqrt(np.mean(errors**2))),
        "promised": function.bound,
    }
    return Measurement(function.label, name, function.unit.name, [float(errors[worst])], details)
