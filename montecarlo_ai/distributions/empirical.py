"""A sample as it is: draws are its values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from montecarlo_ai.checks import Checks
from montecarlo_ai.distributions.arrays import is_listed
from montecarlo_ai.distributions.base import Distribution
from montecarlo_ai.distributions.quantile_table import FloatArray
from montecarlo_ai.distributions.weights import checked_weights
from montecarlo_ai.lazy import cached_property

_LISTED = 6


@dataclass(frozen=True, eq=False, repr=False)
class Empirical(Distribution):
    """A sample: each of its values with its probability, and nothing between or beyond them.

    Parameters
    ----------
    values : sequence of float or (n,) array
        At least one, in the input's units; in any order, which does not matter.
    weights : sequence of float or (n,) array, optional
        Probability of each value, above zero, summing to one; the same for each if not given.

    Raises
    ------
    InputError
        If the sample is empty or holds what is no finite number, or the weights are not as many, not above zero, or
        do not sum to one.
    """

    family: ClassVar[str] = "empirical"
    values: tuple[float, ...]
    weights: tuple[float, ...] | None

    def __init__(self, values: Sequence[float], weights: Sequence[float] | None = None) -> None:
        checks = Checks()
        numbers: list[float] = []
        if not is_listed(values):
            checks.add("Empirical.values", values, "must be a list of numbers")
        elif len(values) == 0:
            checks.add("Empirical.values", values, "must have at least one value")
        else:
            numbers = [checks.number(f"Empirical.values[{place}]", value) for place, value in enumerate(values)]
        shares = None
        if weights is not None:
            shares = checked_weights("Empirical.weights", weights, len(numbers), checks)
        checks.finish()
        if shares is None:
            self._set(values=tuple(sorted(numbers)), weights=None)
        else:
            pairs = sorted(zip(numbers, shares, strict=True))
            self._set(values=tuple(value for value, _ in pairs), weights=tuple(share for _, share in pairs))

    @property
    def parameters(self) -> dict[str, Any]:
        """Arguments that construct this distribution again, by name: values in order."""
        return {"values": list(self.values), "weights": None if self.weights is None else list(self.weights)}

    @property
    def continuous(self) -> bool:
        """Whether no value has a probability of its own: never."""
        return False

    @cached_property
    def _steps(self) -> tuple[FloatArray, FloatArray]:
        """Values, and the probability of at most each of them; the last is one."""
        count = len(self.values)
        if self.weights is None:
            below = np.arange(1, count + 1) / count
        else:
            below = np.minimum(np.cumsum(self.weights), 1.0)
            below[-1] = 1.0
        return np.array(self.values), below

    def mean(self) -> float:
        """Return the mean of the sample."""
        return self._mean_inside(-math.inf, math.inf)

    def support(self) -> tuple[float, float]:
        """Return the smallest and the largest value."""
        return self.values[0], self.values[-1]

    def _scaled(self, factor: float) -> Distribution:
        return Empirical([factor * value for value in self.values], self.weights)

    def _shifted(self, offset: float) -> Distribution:
        return Empirical([value + offset for value in self.values], self.weights)

    def _quantiles(self, u: FloatArray) -> FloatArray:
        values, below = self._steps
        return values[np.searchsorted(below, u)]

    def _probabilities(self, x: FloatArray) -> FloatArray:
        values, below = self._steps
        return np.append(0.0, below)[np.searchsorted(values, x, side="right")]

    def _mean_inside(self, low: float, high: float) -> float:
        shares = [1.0 / len(self.values)] * len(self.values) if self.weights is None else self.weights
        pairs = zip(self.values, shares, strict=True)
        return math.fsum(value * share for value, share in pairs if low <= value <= high)

    def _described(self) -> str:
        if len(self.values) > _LISTED:
            weighted = "" if self.weights is None else ", weighted"
            low, high = self.support()
            return f"Empirical({len(self.values):,} values from {low:g} to {high:g}{weighted})"
        weights = "" if self.weights is None else f", {list(self.weights)!r}"
        return f"Empirical({list(self.values)!r}{weights})"
