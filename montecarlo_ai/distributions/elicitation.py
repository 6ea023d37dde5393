"""Families stated by quantiles: determined by as many as they have parameters, fitted to more."""

from __future__ import annotations

import itertools
import warnings
from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Self, TypeVar

import numpy as np

from montecarlo_ai.checks import Checks
from montecarlo_ai.distributions.base import Distribution
from montecarlo_ai.distributions.claim import GROSS_MISFIT, MisfitWarning

Made = TypeVar("Made", bound=Distribution)
_CLAIMED_DIGITS = 12
_COUNT_WORDS = {1: "one quantile", 2: "two quantiles", 3: "three quantiles"}


class Elicited(Distribution):
    """A distribution that can be stated by what people know: quantiles, or a central interval."""

    quantiles_needed: ClassVar[int]
    quantiles_above: ClassVar[float | None] = None
    quantiles_below: ClassVar[float | None] = None

    @classmethod
    @abstractmethod
    def _through(cls, points: list[tuple[float, float]]) -> Self:
        """Return the distribution through (probability, value) points in ascending order, or nearest to them."""

    @classmethod
    def from_quantiles(cls, quantiles: Mapping[float, float]) -> Self:
        """Return the distribution that has these quantiles, or that is nearest to them.

        As many quantiles as the family has parameters determine it, if they can; more are fitted by least squares, in
        values relative to their range, or in logarithms (log-odds) where the family is positive (a share). The result
        carries them as `claim`, with the distance in probability and in value, and shows a distance in its repr.

        Parameters
        ----------
        quantiles : mapping of float to float
            Value of the input by probability, such as ``{0.05: 1.0, 0.5: 4.0, 0.95: 10.0}``; at least as many as the
            family has parameters.

        Raises
        ------
        InputError
            If a probability is not inside (0, 1), values are tied or out of order, a value is not above zero where
            the family needs that, or there are fewer quantiles than parameters.

        Warns
        -----
        MisfitWarning
            If the distribution misses a quantile by more than five points of probability.
        """
        points = checked_points(
            cls.__name__, quantiles, cls.quantiles_needed, above=cls.quantiles_above, below=cls.quantiles_below
        )
        return claiming(cls._through(points), points)

    @classmethod
    def from_interval(cls, low: float, high: float, level: float = 0.9) -> Self:
        """Return the distribution whose central interval this is.

        Parameters
        ----------
        low, high : float
            Ends of the interval, in the input's units: as much probability lies below `low` as above `high`.
        level : float
            Probability inside the interval, in (0, 1).

        Raises
        ------
        InputError
            If the ends are tied or out of order, the level is not inside (0, 1), an end is not above zero where the
            family needs that, or an interval does not determine the family.
        """
        name = f"{cls.__name__}.interval"
        checks = Checks()
        if cls.quantiles_needed != 2:
            checks.add(
                name,
                (low, high),
                f"does not determine the family {cls.__name__}",
                f"use from_quantiles with {_COUNT_WORDS[cls.quantiles_needed]}",
            )
        ends = [
            checks.number(f"{name}: {end}", value, above=cls.quantiles_above, below=cls.quantiles_below)
            for end, value in (("low", low), ("high", high))
        ]
        inside = checks.number(f"{cls.__name__}.level", level, above=0.0, below=1.0)
        checks.finish()
        points = [(0.5 - inside / 2.0, ends[0]), (0.5 + inside / 2.0, ends[1])]
        if not 0.0 < points[0][0] < points[1][0] < 1.0:
            checks.add(f"{cls.__name__}.level", level, "leaves no probability outside, or none inside, the interval")
        _check_ascending(name, points, checks)
        claimed = [(round(probability, _CLAIMED_DIGITS), value) for probability, value in points]
        return claiming(cls._through(points), claimed)


def checked_points(
    owner: str, quantiles: object, needed: int, *, above: float | None, below: float | None
) -> list[tuple[float, float]]:
    """Return quantiles as (probability, value) points in ascending order, or raise.

    Parameters
    ----------
    owner : str
        Name of the family, for errors.
    quantiles : mapping of float to float
        Value by probability.
    needed : int
        The fewest that do.
    above, below : float or None
        What values must lie between.
    """
    name = f"{owner}.quantiles"
    checks = Checks()
    if not isinstance(quantiles, Mapping):
        checks.add(name, quantiles, "must map probabilities to values", "write {0.05: 1.0, 0.95: 10.0}")
        raise checks.error(checks.problems)
    points = []
    for key, value in quantiles.items():
        probability = checks.number(f"{name}: probability", key, above=0.0, below=1.0)
        points.append((probability, checks.number(f"{name}[{key!r}]", value, above=above, below=below)))
    if len(points) < needed:
        rule = f"must be at least {_COUNT_WORDS.get(needed, needed)}, as many as {owner} has parameters"
        checks.add(name, len(points), rule)
    checks.finish()
    points.sort()
    _check_ascending(name, points, checks)
    return points


def claiming(distribution: Made, points: list[tuple[float, float]]) -> Made:
    """Return the distribution with what was claimed of it; warn where it misses that grossly."""
    claim = distribution._claim(points).claim
    if claim is not None and not claim.misfit <= GROSS_MISFIT:
        text = (
            f"{type(distribution).__name__} misses a quantile by {100.0 * claim.misfit:.1f} points of probability: "
            f"the {claim}; another family, a Metalog or a Mixture may hold them"
        )
        warnings.warn(text, MisfitWarning, stacklevel=3)
    return distribution


def _check_ascending(name: str, points: list[tuple[float, float]], checks: Checks) -> None:
    """Raise unless probabilities and values both ascend strictly."""
    values = [value for _, value in points]
    if any(np.diff([probability for probability, _ in points]) <= 0.0):
        checks.add(name, [probability for probability, _ in points], "states a probability twice")
    elif any(low >= high for low, high in itertools.pairwise(values)):
        checks.add(name, values, "must ascend strictly: quantiles are out of order or tied")
    checks.finish()
