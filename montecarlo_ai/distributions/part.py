"""The part of a distribution that lies in a range: its probability, its quantiles, its mean."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Protocol

import numpy as np

from montecarlo_ai.distributions.quantile_table import FloatArray
from montecarlo_ai.lazy import cached_property

_DENSITY_AT_ZERO = 1.0 / math.sqrt(2.0 * math.pi)
_PIECES = (-37.0, -8.0, -2.0, 2.0, 8.0, 37.0)
_FIRST_SHARES = (2.0**-52, 2.0**-40, 2.0**-30, 2.0**-20, 2.0**-10, 0.5, 1.0)


class Whole(Protocol):
    """What a part is taken from."""

    @property
    def continuous(self) -> bool:
        """Whether no value has a probability of its own."""

    def _probabilities(self, x: FloatArray) -> FloatArray: ...
    def _exceedances(self, x: FloatArray) -> FloatArray: ...
    def _quantiles_between(self, below: FloatArray, above: FloatArray) -> FloatArray: ...


class Part:
    """A distribution between two values, both of them inside.

    Probabilities are differences of the nearer tail's, so that a range far out in either tail is as exact as one in
    the middle.

    Parameters
    ----------
    whole : Distribution
    low, high : float
        Ends of the range, which may be infinite.
    """

    def __init__(self, whole: Whole, low: float, high: float) -> None:
        self._whole, self._range = whole, (low, high)
        start = np.array([low if whole.continuous else np.nextafter(low, -math.inf)])
        end = np.array([high])
        self.below, self._from_low = _one(whole._probabilities(start)), _one(whole._exceedances(start))
        self._to_high, self.above = _one(whole._probabilities(end)), _one(whole._exceedances(end))

    @property
    def low_side(self) -> bool:
        """Whether the range begins below the median, where probabilities from below are exact."""
        return self.below <= 0.5

    @cached_property
    def mass(self) -> float:
        """Probability inside the range."""
        return self._to_high - self.below if self.low_side else self._from_low - self.above

    @cached_property
    def ends(self) -> tuple[float, float]:
        """Smallest and largest value inside that can happen."""
        zero, one = np.zeros(1), np.ones(1)
        return _one(self.quantiles(zero, one)), _one(self.quantiles(one, zero))

    def quantiles(self, below: FloatArray, above: FloatArray) -> FloatArray:
        """Return quantiles inside, by the share of the mass inside that is below and that is above."""
        lower = np.minimum(self.below + self.mass * below, self._to_high)
        upper = np.minimum(self.above + self.mass * above, self._from_low)
        return np.clip(self._whole._quantiles_between(lower, upper), self._first, self._range[1])

    @cached_property
    def _first(self) -> float:
        """First value inside; among steps, the first of them at or after the start of the range."""
        low = self._range[0]
        if self._whole.continuous or self.below <= 0.0:
            return low
        for share in _FIRST_SHARES:
            lower, upper = np.array([self.below + self.mass * share]), np.array([self._from_low - self.mass * share])
            first = _one(self._whole._quantiles_between(lower, np.maximum(upper, self.above)))
            if first >= low:
                break
        return max(low, first)

    def up_to(self, x: FloatArray) -> FloatArray:
        """Return the share of the mass inside that lies at or below x."""
        inside = np.clip(x, *self._range)
        whole = self._whole
        mass = (
            whole._probabilities(inside) - self.below if self.low_side else self._from_low - whole._exceedances(inside)
        )
        return np.where(x < self._range[0], 0.0, np.clip(mass / self.mass, 0.0, 1.0))

    def beyond(self, x: FloatArray) -> FloatArray:
        """Return the share of the mass inside that lies above x."""
        inside = np.clip(x, *self._range)
        whole = self._whole
        below_median = self._to_high <= 0.5
        mass = self._to_high - whole._probabilities(inside) if below_median else whole._exceedances(inside) - self.above
        return np.where(x < self._range[0], 1.0, np.clip(mass / self.mass, 0.0, 1.0))

    def mean(self) -> float:
        """Return the mean of what lies inside, one that exists."""
        from scipy.special import ndtr

        def at_scores(scores: FloatArray) -> FloatArray:
            return self.quantiles(np.asarray(ndtr(scores)), np.asarray(ndtr(-scores)))

        return mean_of_quantiles(at_scores)


def mean_of_quantiles(at_scores: Callable[[FloatArray], FloatArray]) -> float:
    """Return the mean of the quantiles at normal scores, a mean that exists, by adaptive quadrature."""
    from scipy.integrate import quad

    def weighted(score: float) -> float:
        return _one(at_scores(np.array([score]))) * math.exp(-0.5 * score * score) * _DENSITY_AT_ZERO

    body = np.abs(at_scores(np.array([-1.0, 0.0, 1.0])))
    small = 1e-14 * float(body.max())
    pieces = itertools.pairwise(_PIECES)
    return math.fsum(quad(weighted, low, high, epsabs=small, epsrel=1e-11, limit=200)[0] for low, high in pieces)


def _one(values: FloatArray) -> float:
    return float(values[0])
