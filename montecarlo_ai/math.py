"""Functions that stay vectorised inside a step.

Each is the plain scalar function here, so that a step runs unchanged in plain Python; inside a compiled step
the engine replaces it by a branch-free version of its own (kernels/special.py), which costs a fraction of a
library call. None of them raises: out of range they return the IEEE value (``exp(1000)`` is ``inf``,
``log(-1)`` is ``nan``).
"""

from __future__ import annotations

import math as _math

__all__ = ["exp", "expm1", "log", "log1p", "normal_cdf", "pow", "tanh"]


def exp(x: float) -> float:
    """Return e**x; ``inf`` above 709.78, 0.0 far below."""
    try:
        return _math.exp(x)
    except OverflowError:
        return _math.inf


def log(x: float) -> float:
    """Return the natural logarithm of x; ``-inf`` at zero, ``nan`` below."""
    if x > 0.0:
        return _math.log(x)
    return -_math.inf if x == 0.0 else _math.nan


def expm1(x: float) -> float:
    """Return e**x - 1 without cancellation near zero."""
    try:
        return _math.expm1(x)
    except OverflowError:
        return _math.inf


def log1p(x: float) -> float:
    """Return log(1 + x) without cancellation near zero; ``-inf`` at -1, ``nan`` below."""
    if x > -1.0:
        return _math.log1p(x)
    return -_math.inf if x == -1.0 else _math.nan


def pow(x: float, y: float) -> float:
    """Return x**y for x >= 0; ``nan`` for a negative base."""
    if x < 0.0 or x != x:
        return _math.nan
    if x == 0.0:
        return 1.0 if y == 0.0 else (0.0 if y > 0.0 else _math.inf)
    return exp(y * _math.log(x))


def tanh(x: float) -> float:
    """Return the hyperbolic tangent of x."""
    return _math.tanh(x)


def normal_cdf(x: float) -> float:
    """Return the standard normal distribution function at x."""
    return 0.5 * _math.erfc(-x * 0.7071067811865476)
