"""Functions that stay vectorised inside a step.

Each is the plain scalar function here, so that a step runs unchanged in plain Python; inside a compiled step
the engine replaces it by a branch-free version of its own (kernels/special.py), which costs a fraction of a
library call. None of them raises: out of range they return the IEEE value (``exp(1000)`` is ``inf``,
``log(-1)`` is ``nan``).

The errors below are those of the compiled versions, in units in the last place of a float64 (docs/accuracy.md).
"""

from __future__ import annotations

import math as _math

__all__ = ["exp", "expm1", "log", "log1p", "normal_cdf", "pow", "tanh"]


def exp(x: float) -> float:
    """Return e**x, to 1.5 ulp; ``inf`` above 709.78, 0.0 where it would be below 3.2e-308."""
    try:
        return _math.exp(x)
    except OverflowError:
        return _math.inf


def log(x: float) -> float:
    """Return the natural logarithm of x, to 1.5 ulp; ``-inf`` at zero, ``nan`` below."""
    if x > 0.0:
        return _math.log(x)
    return -_math.inf if x == 0.0 else _math.nan


def expm1(x: float) -> float:
    """Return e**x - 1, to 2.5 ulp also near zero."""
    try:
        return _math.expm1(x)
    except OverflowError:
        return _math.inf


def log1p(x: float) -> float:
    """Return log(1 + x), to 2 ulp also near zero; ``-inf`` at -1, ``nan`` below."""
    if x > -1.0:
        return _math.log1p(x)
    return -_math.inf if x == -1.0 else _math.nan


def pow(x: float, y: float) -> float:
    """Return x**y for x >= 0, to 2.5 ulp times 1 + abs(y log x); ``nan`` for a negative base."""
    if x < 0.0 or x != x:
        return _math.nan
    return 1.0 if x == 0.0 and y == 0.0 else exp(y * log(x))


def tanh(x: float) -> float:
    """Return the hyperbolic tangent of x, to 3 ulp also near zero."""
    return _math.tanh(x)


def normal_cdf(x: float) -> float:
    """Return the standard normal distribution function at x, to 9 ulp down to -37.5; 0.0 below -37.7."""
    return 0.5 * _math.erfc(-x * 0.7071067811865476)
