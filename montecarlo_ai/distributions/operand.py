"""What can stand for a distribution: one of ours, a number, or a frozen scipy.stats distribution."""

from __future__ import annotations

import numpy as np

from montecarlo_ai.checks import Checks, refused
from montecarlo_ai.distributions.base import Distribution
from montecarlo_ai.distributions.families import Constant
from montecarlo_ai.distributions.scipy_distribution import ScipyDistribution, check_frozen, is_frozen


def as_distribution(value: object, field: str = "value") -> Distribution:
    """Return a value as a distribution: a number is a constant, a frozen scipy.stats distribution is wrapped.

    Parameters
    ----------
    value : float, Distribution or frozen scipy.stats distribution
        What stands for an input.
    field : str
        What an error calls it.

    Raises
    ------
    InputError
        If it is anything else: a boolean, text, an array, nan or infinity.
    """
    if isinstance(value, Distribution):
        return value
    if is_frozen(value):
        check_frozen(value, field)
        return ScipyDistribution(value)
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        checks = Checks()
        number = checks.number(field, value)
        checks.finish()
        return Constant(number)
    raise refused(
        field,
        value,
        "must be a number, a distribution, or a frozen scipy.stats distribution",
        "such as 0.1 or LogNormal.from_interval(1.0, 10.0)",
    )
