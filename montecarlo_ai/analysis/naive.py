"""The forecast that any model has to beat: a random walk with the drift and the volatility of the history."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from montecarlo_ai.analysis.scoring import crps_log_normal, crps_normal
from montecarlo_ai.errors import invalid

__all__ = ["FEWEST", "RandomWalk", "fitted_walk"]

FEWEST = 3
"""Values that a drift and a volatility need."""


class RandomWalk(NamedTuple):
    """A random walk with drift that goes on from the last value of a history.

    Attributes
    ----------
    logs : bool
        Whether the logarithm walks; the value itself where the history has values at or below zero.
    last, date : float
        Last value, or its logarithm, and its time in years.
    drift : float, 1/year or unit/year
    volatility : float, 1/year**0.5 or unit/year**0.5
    span : float
        Years over which the drift was seen.
    n : int
        Values of the history.
    """

    logs: bool
    last: float
    date: float
    drift: float
    volatility: float
    span: float
    n: int

    def at(self, date: float) -> tuple[float, float]:
        """Return mean and standard deviation at a time: the noise of the way, and the error of the drift.

        sd**2 = volatility**2 (h + h**2 / span), h years after the last value.
        """
        h = max(date - self.date, 0.0)
        return self.last + self.drift * h, self.volatility * math.sqrt(h + h * h / self.span)

    def crps(self, date: float, outcome: float) -> float:
        """Return the CRPS of an outcome at a time, in the unit of the outcome."""
        mean, sd = self.at(date)
        return crps_log_normal(mean, sd, outcome) if self.logs else crps_normal(mean, sd, outcome)


def fitted_walk(dates: ArrayLike, values: ArrayLike) -> RandomWalk | None:
    """Return the random walk of a history; None of fewer than three values.

    The drift joins the first and the last value; the volatility is the unbiased one about it,
    sigma**2 = sum((dx - drift dt)**2 / dt) / (increments - 1).

    Parameters
    ----------
    dates : (n,) float
        Years, rising.
    values : (n,) float

    Raises
    ------
    InputError
        If the dates do not rise.
    """
    at, x = np.asarray(dates, dtype=np.float64), np.asarray(values, dtype=np.float64)
    steps = np.diff(at)
    if not np.all(steps > 0.0):
        raise invalid("dates", at.tolist(), "must rise")
    if at.size < FEWEST:
        return None
    logs = bool(np.all(x > 0.0))
    x = np.log(x) if logs else x
    span = float(at[-1] - at[0])
    drift = float((x[-1] - x[0]) / span)
    squares = (np.diff(x) - drift * steps) ** 2 / steps
    volatility = math.sqrt(float(np.sum(squares)) / (steps.size - 1))
    return RandomWalk(logs, float(x[-1]), float(at[-1]), drift, volatility, span, at.size)
