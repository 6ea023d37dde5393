"""Families determined exactly by as many quantiles as they have parameters."""

from __future__ import annotations

import itertools
from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np

from montecarlo_ai.checks import Checks
from montecarlo_ai.distribution import Distribution

_COUNT_WORDS = {1: "one quantile", 2: "two quantiles"}


class Elicited(Distribution):
    """A distribution that can be stated by what people know: quantiles, or a central interval."""

    quantiles_needed: ClassVar[int]
    quantiles_positive: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def _through(cls, points: list[tuple[float, float]]) -> Self:
        """Return the distribution through (probability, value) points in ascending order."""

    @classmethod
    def from_quantiles(cls, quantiles: Mapping[float, float]) -> Self:
        """Return the distribution that has these quantiles.

        Parameters
        ----------
        quantiles : mapping of float to float
            Value of the input by probability, such as ``{0.05: 1.0, 0.95: 10.0}``; exactly as many as the family has
            parameters.

        Raises
        ------
        InputError
            If a probability is not inside (0, 1), values are tied or out of order, a value is not above zero where
            the family needs that, or there are more or fewer quantiles than parameters.
        """
        name = f"{cls.__name__}.quantiles"
        checks = Checks()
        if not isinstance(quantiles, Mapping):
            checks.add(name, quantiles, "must map probabilities to values", "write {0.05: 1.0, 0.95: 10.0}")
            checks.finish()
        lowest = 0.0 if cls.quantiles_positive else None
        points = []
        for key, value in quantiles.items():
            probability = checks.number(f"{name}: probability", key, above=0.0, below=1.0)
            points.append((probability, checks.number(f"{name}[{key!r}]", value, above=lowest)))
        if len(points) != cls.quantiles_needed:
            checks.add(
                name,
                len(points),
                f"must be {_COUNT_WORDS[cls.quantiles_needed]}, as many as {cls.__name__} has parameters",
            )
        checks.finish()
        points.sort()
        _check_ascending(name, points, checks)
        return cls._through(points)

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
                "use from_quantiles with one quantile",
            )
        lowest = 0.0 if cls.quantiles_positive else None
        ends = [checks.number(f"{name}: {end}", value, above=lowest) for end, value in (("low", low), ("high", high))]
        inside = checks.number(f"{cls.__name__}.level", level, above=0.0, below=1.0)
        checks.finish()
        points = [(0.5 - inside / 2.0, ends[0]), (0.5 + inside / 2.0, ends[1])]
        if not 0.0 < points[0][0] < points[1][0] < 1.0:
            checks.add(f"{cls.__name__}.level", level, "leaves no probability outside, or none inside, the interval")
        _check_ascending(name, points, checks)
        return cls._through(points)


def _check_ascending(name: str, points: list[tuple[float, float]], checks: Checks) -> None:
    """Raise unless probabilities and values both ascend strictly."""
    values = [value for _, value in points]
    if any(np.diff([probability for probability, _ in points]) <= 0.0):
        checks.add(name, [probability for probability, _ in points], "states a probability twice")
    elif any(low >= high for low, high in itertools.pairwise(values)):
        checks.add(name, values, "must ascend strictly: quantiles are out of order or tied")
    checks.finish()
