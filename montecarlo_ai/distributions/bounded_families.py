"""The families on a finite range."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from montecarlo_ai.checks import Checks
from montecarlo_ai.distributions.base import LARGEST_LOGARITHM, Distribution
from montecarlo_ai.distributions.beta_quantile import BetaQuantile
from montecarlo_ai.distributions.elicitation import Elicited
from montecarlo_ai.distributions.fitting import best_shape, columns, line_through
from montecarlo_ai.distributions.quantile_table import FloatArray
from montecarlo_ai.kernels.laws import LOG_UNIFORM, UNIFORM, Law
from montecarlo_ai.lazy import cached_property


@dataclass(frozen=True, eq=False, repr=False)
class Uniform(Elicited):
    """The uniform distribution.

    Parameters
    ----------
    low, high : float
        Ends, in the input's units; low below high.
    """

    family: ClassVar[str] = "uniform"
    quantiles_needed: ClassVar[int] = 2
    low: float
    high: float

    def __post_init__(self) -> None:
        low, high = _checked_ends("Uniform", self.low, self.high)
        self._set(low=low, high=high)

    @property
    def law(self) -> Law | None:
        """The quantile function as compiled loops know it."""
        return Law(UNIFORM, self.low, self.high, self.low, self.high)

    @classmethod
    def _through(cls, points: list[tuple[float, float]]) -> Self:
        return cls(*_line_through(points))

    def mean(self) -> float:
        """Return the middle."""
        return 0.5 * self.low + 0.5 * self.high

    def support(self) -> tuple[float, float]:
        """Return the ends."""
        return self.low, self.high

    def _quantiles(self, u: FloatArray) -> FloatArray:
        return np.clip(self.low * (1.0 - u) + self.high * u, self.low, self.high)

    def _upper_quantiles(self, q: FloatArray) -> FloatArray:
        return np.clip(self.low * q + self.high * (1.0 - q), self.low, self.high)

    def _scaled(self, factor: float) -> Distribution:
        return Uniform(factor * self.low, factor * self.high)

    def _shifted(self, offset: float) -> Distribution:
        return Uniform(self.low + offset, self.high + offset)

    def _probabilities(self, x: FloatArray) -> FloatArray:
        return (np.clip(x, self.low, self.high) - self.low) / (self.high - self.low)


@dataclass(frozen=True, eq=False, repr=False)
class LogUniform(Elicited):
    """The log-uniform distribution: the logarithm is uniform.

    Parameters
    ----------
    low, high : float
        Ends, in the input's units; above zero, low below high.
    """

    family: ClassVar[str] = "loguniform"
    quantiles_needed: ClassVar[int] = 2
    quantiles_above: ClassVar[float | None] = 0.0
    low: float
    high: float

    def __post_init__(self) -> None:
        low, high = _checked_ends("LogUniform", self.low, self.high, above=0.0)
        self._set(low=low, high=high)

    @property
    def law(self) -> Law | None:
        """The quantile function as compiled loops know it."""
        return Law(LOG_UNIFORM, math.log(self.low), math.log(self.high), self.low, self.high)

    @classmethod
    def _through(cls, points: list[tuple[float, float]]) -> Self:
        low, high = _line_through([(probability, math.log(value)) for probability, value in points])
        return cls(math.exp(low), math.exp(high) if high < LARGEST_LOGARITHM else math.inf)

    def mean(self) -> float:
        """Return (high - low) / log(high / low)."""
        excess = (self.high - self.low) / self.low
        return (self.high - self.low) / (math.log1p(excess) if excess < 1.0 else self._log_range)

    def support(self) -> tuple[float, float]:
        """Return the ends."""
        return self.low, self.high

    def _scaled(self, factor: float) -> Distribution:
        return LogUniform(factor * self.low, factor * self.high)

    @property
    def _log_range(self) -> float:
        return math.log(self.high) - math.log(self.low)

    def _quantiles(self, u: FloatArray) -> FloatArray:
        values: FloatArray = np.exp(math.log(self.low) * (1.0 - u) + math.log(self.high) * u)
        values = np.where(u <= 0.0, self.low, np.where(u >= 1.0, self.high, values))
        return np.clip(values, self.low, self.high)

    def _probabilities(self, x: FloatArray) -> FloatArray:
        inside = np.clip(x, self.low, self.high)
        return np.clip((np.log(inside) - math.log(self.low)) / self._log_range, 0.0, 1.0)


@dataclass(frozen=True, eq=False, repr=False)
class Triangular(Elicited):
    """The triangular distribution.

    Parameters
    ----------
    low, mode, high : float
        Ends and most likely value, in the input's units; low below high, the mode from low to high.
    """

    family: ClassVar[str] = "triangular"
    quantiles_needed: ClassVar[int] = 3
    low: float
    mode: float
    high: float

    def __post_init__(self) -> None:
        low, mode, high = _checked_mode("Triangular", self.low, self.mode, self.high)
        self._set(low=low, mode=mode, high=high)

    @classmethod
    def _through(cls, points: list[tuple[float, float]]) -> Self:
        return cls(*_mode_through(points, lambda mode: cls(0.0, mode, 1.0)))

    def _scaled(self, factor: float) -> Distribution:
        return Triangular(factor * self.low, factor * self.mode, factor * self.high)

    def _shifted(self, offset: float) -> Distribution:
        return Triangular(self.low + offset, self.mode + offset, self.high + offset)

    def mean(self) -> float:
        """Return (low + mode + high) / 3."""
        return self.low / 3.0 + self.mode / 3.0 + self.high / 3.0

    def support(self) -> tuple[float, float]:
        """Return the ends."""
        return self.low, self.high

    def _quantiles(self, u: FloatArray) -> FloatArray:
        width, rise, fall = self.high - self.low, self.mode - self.low, self.high - self.mode
        rising = self.low + np.sqrt(u * (rise / width)) * width
        falling = self.high - np.sqrt((1.0 - u) * (fall / width)) * width
        return np.clip(np.where(u * width < rise, rising, falling), self.low, self.high)

    def _upper_quantiles(self, q: FloatArray) -> FloatArray:
        width, rise, fall = self.high - self.low, self.mode - self.low, self.high - self.mode
        rising = self.low + np.sqrt((1.0 - q) * (rise / width)) * width
        falling = self.high - np.sqrt(q * (fall / width)) * width
        return np.clip(np.where(q * width < fall, falling, rising), self.low, self.high)

    def _exceedances(self, x: FloatArray) -> FloatArray:
        return Triangular(-self.high, -self.mode, -self.low)._probabilities(-x)

    def _probabilities(self, x: FloatArray) -> FloatArray:
        width, rise, fall = self.high - self.low, self.mode - self.low, self.high - self.mode
        inside = np.clip(x, self.low, self.high)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # of the side not taken
            rising = ((inside - self.low) / width) * ((inside - self.low) / rise)
            falling = 1.0 - ((self.high - inside) / width) * ((self.high - inside) / fall)
        return np.where(inside >= self.high, 1.0, np.where(inside < self.mode, rising, falling))


@dataclass(frozen=True, eq=False, repr=False)
class PERT(Elicited):
    """The PERT distribution: a beta distribution on [low, high], mean (low + 4 mode + high) / 6.

    Parameters
    ----------
    low, mode, high : float
        Ends and most likely value, in the input's units; low below high, the mode from low to high.

    References
    ----------
    Malcolm, Roseboom, Clark, Fazar (1959), Operations Research 7(5), doi:10.1287/opre.7.5.646.
    """

    family: ClassVar[str] = "pert"
    quantiles_needed: ClassVar[int] = 3
    _closed: ClassVar[bool] = False
    low: float
    mode: float
    high: float

    def __post_init__(self) -> None:
        low, mode, high = _checked_mode("PERT", self.low, self.mode, self.high)
        self._set(low=low, mode=mode, high=high)

    @classmethod
    def _through(cls, points: list[tuple[float, float]]) -> Self:
        return cls(*_mode_through(points, lambda mode: cls(0.0, mode, 1.0)))

    def _scaled(self, factor: float) -> Distribution:
        return PERT(factor * self.low, factor * self.mode, factor * self.high)

    def _shifted(self, offset: float) -> Distribution:
        return PERT(self.low + offset, self.mode + offset, self.high + offset)

    @property
    def alpha(self) -> float:
        """First shape of the beta distribution, 1 + 4 (mode - low) / (high - low)."""
        return 1.0 + 4.0 * ((self.mode - self.low) / (self.high - self.low))

    @property
    def beta(self) -> float:
        """Second shape of the beta distribution, 1 + 4 (high - mode) / (high - low)."""
        return 1.0 + 4.0 * ((self.high - self.mode) / (self.high - self.low))

    def mean(self) -> float:
        """Return (low + 4 mode + high) / 6."""
        return self.low / 6.0 + self.mode / 1.5 + self.high / 6.0

    def support(self) -> tuple[float, float]:
        """Return the ends."""
        return self.low, self.high

    def _quantiles(self, u: FloatArray) -> FloatArray:
        share = self._share(u)
        return np.clip(self.low * (1.0 - share) + self.high * share, self.low, self.high)

    @cached_property
    def _share(self) -> BetaQuantile:
        return BetaQuantile(self.alpha, self.beta)

    def _probabilities(self, x: FloatArray) -> FloatArray:
        from scipy.special import betainc

        share = np.clip((x - self.low) / (self.high - self.low), 0.0, 1.0)
        probabilities: FloatArray = betainc(self.alpha, self.beta, share)
        return probabilities

    def _upper_quantiles(self, q: FloatArray) -> FloatArray:
        share = self._share.upper(q)
        return np.clip(self.low * (1.0 - share) + self.high * share, self.low, self.high)

    def _exceedances(self, x: FloatArray) -> FloatArray:
        from scipy.special import betainc

        share = np.clip((self.high - x) / (self.high - self.low), 0.0, 1.0)
        exceedances: FloatArray = betainc(self.beta, self.alpha, share)
        return exceedances


def _checked_ends(name: str, low: float, high: float, above: float | None = None) -> tuple[float, float]:
    """Return the ends of a range, or raise: finite, low below high, the range itself finite."""
    checks = Checks()
    ends = checks.number(f"{name}.low", low, above=above), checks.number(f"{name}.high", high, above=above)
    _check_order(name, *ends, checks)
    checks.finish()
    return ends


def _checked_mode(name: str, low: float, mode: float, high: float) -> tuple[float, float, float]:
    """Return ends and mode, or raise: finite, low below high, the mode between them."""
    checks = Checks()
    values = tuple(
        checks.number(f"{name}.{field}", value) for field, value in (("low", low), ("mode", mode), ("high", high))
    )
    _check_order(name, values[0], values[2], checks)
    if values[0] < values[2] and not math.isnan(values[1]) and not values[0] <= values[1] <= values[2]:
        checks.add(f"{name}.mode", mode, f"must lie from low = {low!r} to high = {high!r}")
    checks.finish()
    return values[0], values[1], values[2]


def _check_order(name: str, low: float, high: float, checks: Checks) -> None:
    """Record a problem unless low is below high by a finite difference."""
    if low == high:
        checks.add(f"{name}.low", low, f"must be below high = {high!r}", "a known number is a Constant")
    elif low > high:
        checks.add(f"{name}.low", low, f"must be below high = {high!r}")
    elif math.isinf(high - low):
        checks.add(f"{name}.high", high, f"must be a finite distance above low = {low!r}")


def _mode_through(
    points: list[tuple[float, float]], unit: Callable[[float], Distribution]
) -> tuple[float, float, float]:
    """Return low, mode and high of the family nearest to three or more points.

    Given the place of the mode between the ends, values are a line of the quantiles of the family on [0, 1].
    """
    probabilities, values = columns(points)
    power = math.frexp(max(abs(values[0]), abs(values[-1])))[
        1
    ]  # of two, so that sums stay in the range of a float and digits as they are
    values = np.ldexp(values, -power)
    spread = values[-1] - values[0]

    def line(mode: float) -> tuple[FloatArray, float, float]:
        places = unit(mode).ppf(probabilities)
        return places, *line_through(places, values)

    def residuals(mode: float) -> FloatArray:
        places, start, width = line(mode)
        misses: FloatArray = (start + width * places - values) / spread
        return misses

    mode = best_shape(residuals, 0.0, 1.0, kinks=probabilities)  # a triangle has its mode at a probability as large
    _, low, width = line(mode)
    with np.errstate(over="ignore"):
        ends = np.ldexp([low, min(low + mode * width, low + width), low + width], power)
    return float(ends[0]), float(ends[1]), float(ends[2])


def _line_through(points: list[tuple[float, float]]) -> tuple[float, float]:
    """Return values at probabilities 0 and 1 of the line through two (probability, value) points, or near more."""
    if len(points) > 2:
        start, rise = line_through(*columns(points))
        return start, start + rise
    (p_low, low), (p_high, high) = points
    slope = high / (p_high - p_low) - low / (p_high - p_low)
    return low - p_low * slope, high + (1.0 - p_high) * slope
