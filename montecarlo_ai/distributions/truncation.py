"""Distributions confined to a range: conditional on lying inside it, or moved to its ends."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from montecarlo_ai.checks import Checks, refused
from montecarlo_ai.distributions.base import TRANSFORMATIONS, Distribution
from montecarlo_ai.distributions.operand import as_distribution
from montecarlo_ai.distributions.part import Part
from montecarlo_ai.distributions.quantile_table import FloatArray
from montecarlo_ai.lazy import cached_property


class _Confined(Distribution):
    """A distribution made of another and a range."""

    of: Distribution
    low: float | None
    high: float | None

    @property
    def parameters(self) -> dict[str, Any]:
        """Arguments that construct this distribution again, the inner one as plain values."""
        return {"of": self.of.to_dict(), "low": self.low, "high": self.high}

    @cached_property
    def _range(self) -> tuple[float, float]:
        low = -math.inf if self.low is None else self.low
        return low, math.inf if self.high is None else self.high

    def _confine(self) -> None:
        """Check the fields and set them."""
        name = type(self).__name__
        checks = Checks()
        with checks.collecting():
            self._set(of=as_distribution(self.of, f"{name}.of"))
        low, high = (
            None if value is None else checks.number(f"{name}.{end}", value)
            for end, value in (("low", self.low), ("high", self.high))
        )
        if low is None and high is None:
            checks.add(name, (low, high), "needs a lower or an upper end")
        if low is not None and high is not None and low >= high:
            checks.add(f"{name}.low", self.low, f"must be below high = {self.high!r}")
        checks.finish()
        self._set(low=low, high=high)

    def _mean_of_ends(self, inside: Callable[[], float]) -> float:
        """Return the mean where the tails that are left have one, else what they make of it."""
        whole = self.of.mean()
        lower_exists = self.low is not None or math.isfinite(whole) or whole == math.inf
        upper_exists = self.high is not None or math.isfinite(whole) or whole == -math.inf
        if lower_exists and upper_exists:
            return inside()
        return math.inf if lower_exists else -math.inf if upper_exists else math.nan

    def _described(self) -> str:
        ends = [f"{name}={value!r}" for name, value in (("low", self.low), ("high", self.high)) if value is not None]
        return f"{type(self).__name__}({', '.join([repr(self.of), *ends])})"

    def _scaled(self, factor: float) -> Distribution:
        if not self.of.continuous:  # a rounding would move an end past a step
            return super()._scaled(factor)
        low, high = (None if end is None else end * factor for end in (self.low, self.high))
        return TRANSFORMATIONS[self.family](self.of.scaled(factor), low, high)

    def _shifted(self, offset: float) -> Distribution:
        if not self.of.continuous:
            return super()._shifted(offset)
        low, high = (None if end is None else end + offset for end in (self.low, self.high))
        return TRANSFORMATIONS[self.family](self.of.shifted(offset), low, high)


@dataclass(frozen=True, eq=False, repr=False)
class Truncated(_Confined):
    """A distribution given that the value lies in a range; both ends belong to it.

    A range far out in either tail is as exact as one in the middle.

    Parameters
    ----------
    of : Distribution
        Of the value before anything is known about the range.
    low, high : float, optional
        Ends of the range, in the input's units; one of them may be missing.

    Raises
    ------
    InputError
        If an end is not finite, they are tied or out of order, or no probability lies between them.
    """

    family: ClassVar[str] = "truncated"
    _closed: ClassVar[bool] = False
    of: Distribution
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        self._confine()
        if not self.mass > 0.0:
            low, high = self._range
            rule = f"leaves nothing: P({low:g} <= X <= {high:g}) = {self.mass:.3g} for X = {self.of!r}"
            raise refused("Truncated.range", (self.low, self.high), rule, "widen the range")

    @cached_property
    def _part(self) -> Part:
        return Part(self.of, *self._range)

    @property
    def mass(self) -> float:
        """Probability inside the range before truncation."""
        return self._part.mass

    @property
    def continuous(self) -> bool:
        """Whether no value has a probability of its own."""
        return self.of.continuous

    def mean(self) -> float:
        """Return the expected value; inf or nan where a tail that is left has none."""
        return self._mean_of_ends(lambda: self.of._mean_inside(*self._range) / self.mass)

    def support(self) -> tuple[float, float]:
        """Return the ends of the part of the support that is inside."""
        return self._part.ends

    def _quantiles_between(self, below: FloatArray, above: FloatArray) -> FloatArray:
        return np.clip(self._part.quantiles(below, above), *self._part.ends)

    def _quantiles(self, u: FloatArray) -> FloatArray:
        return self._quantiles_between(u, 1.0 - u)

    def _upper_quantiles(self, q: FloatArray) -> FloatArray:
        return self._quantiles_between(1.0 - q, q)

    def _probabilities(self, x: FloatArray) -> FloatArray:
        return self._part.up_to(x)

    def _exceedances(self, x: FloatArray) -> FloatArray:
        return self._part.beyond(x)

    def _mean_inside(self, low: float, high: float) -> float:
        ends = max(low, self._range[0]), min(high, self._range[1])
        return self.of._mean_inside(*ends) / self.mass if ends[0] <= ends[1] else 0.0


@dataclass(frozen=True, eq=False, repr=False)
class Clipped(_Confined):
    """A distribution whose values outside a range are moved to its nearer end.

    The ends carry what lay beyond them as point masses; the distribution function is continuous from the right.

    Parameters
    ----------
    of : Distribution
        Of the value before it is moved.
    low, high : float, optional
        Ends of the range, in the input's units; one of them may be missing.

    Raises
    ------
    InputError
        If an end is not finite, or they are tied or out of order.
    """

    family: ClassVar[str] = "clipped"
    of: Distribution
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        self._confine()

    @property
    def continuous(self) -> bool:
        """Whether nothing lies beyond the ends."""
        low, high = self.of.support()
        return self.of.continuous and self._range[0] <= low and high <= self._range[1]

    def mean(self) -> float:
        """Return the expected value; inf or nan where a tail that is left has none."""
        return self._mean_of_ends(lambda: self._mean_inside(-math.inf, math.inf))

    def support(self) -> tuple[float, float]:
        """Return the ends of what is left of the support."""
        low, high = np.clip(self.of.support(), *self._range)
        return float(low), float(high)

    def draws(self, u: FloatArray) -> FloatArray:
        """Return the inner draws, moved to the ends."""
        return np.clip(self.of.draws(u), *self._range)

    def at_normal_scores(self, scores: FloatArray) -> FloatArray:
        """Return the inner draws at normal scores, moved to the ends."""
        return np.clip(self.of.at_normal_scores(scores), *self._range)

    @property
    def table_error(self) -> float:
        """Largest error of the inner draws."""
        return self.of.table_error

    def _quantiles(self, u: FloatArray) -> FloatArray:
        return np.clip(self.of._quantiles(u), *self._range)

    def _upper_quantiles(self, q: FloatArray) -> FloatArray:
        return np.clip(self.of._upper_quantiles(q), *self._range)

    def _at_scores(self, scores: FloatArray) -> FloatArray:
        return np.clip(self.of._at_scores(scores), *self._range)

    def _probabilities(self, x: FloatArray) -> FloatArray:
        low, high = self._range
        return np.where(x < low, 0.0, np.where(x >= high, 1.0, self.of._probabilities(x)))

    def _exceedances(self, x: FloatArray) -> FloatArray:
        low, high = self._range
        return np.where(x < low, 1.0, np.where(x >= high, 0.0, self.of._exceedances(x)))

    def _mean_inside(self, low: float, high: float) -> float:
        """Return the part of the mean that lies from `low` to `high`: what was there already, and what was moved."""
        bottom, top = self._range
        middle = max(low, bottom), min(high, top)
        total = self.of._mean_inside(*middle) if middle[0] <= middle[1] else 0.0
        ends = np.array([bottom, top])
        before = np.array([bottom]) if self.of.continuous else np.nextafter(np.array([bottom]), -np.inf)
        moved = float(self.of._probabilities(before)[0]), float(self.of._exceedances(ends)[1])
        return total + sum(
            end * mass for end, mass in zip((bottom, top), moved, strict=True) if mass and low <= end <= high
        )


TRANSFORMATIONS.update(truncated=Truncated, clipped=Clipped)
