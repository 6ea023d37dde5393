"""The families on a half-line or the whole line, and the point."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from montecarlo_ai.checks import Checks
from montecarlo_ai.distributions.base import LARGEST_LOGARITHM, Distribution
from montecarlo_ai.distributions.elicitation import Elicited
from montecarlo_ai.distributions.fitting import columns, line_through
from montecarlo_ai.distributions.quantile_table import FloatArray
from montecarlo_ai.kernels.laws import EXPONENTIAL, LOG_NORMAL, NORMAL, Law

_SYMMETRIC = 1e-15
"""Probabilities that sum to one within their rounding lie symmetrically, so that the mean is the middle exactly."""


def _step_at(x: FloatArray, point: float) -> FloatArray:
    """Return the distribution function of a point mass."""
    return np.where(x >= point, 1.0, 0.0)


def _normal_score(probability: float) -> float:
    """Return the standard normal quantile."""
    from scipy.special import ndtri

    return float(ndtri(probability))


def _normal_through(points: list[tuple[float, float]]) -> tuple[float, float]:
    """Return mean and standard deviation of the normal through two (probability, value) points, or nearest to more."""
    if len(points) > 2:
        probabilities, values = columns(points)
        return line_through(np.array([_normal_score(p) for p in probabilities]), values)
    (p_low, low), (p_high, high) = points
    z_low, z_high = _normal_score(p_low), _normal_score(p_high)
    if abs(p_low + p_high - 1.0) < _SYMMETRIC:
        z_high = -z_low
    share = z_high / (z_high - z_low)
    return low * share + high * (1.0 - share), high / (z_high - z_low) - low / (z_high - z_low)


@dataclass(frozen=True, eq=False, repr=False)
class Constant(Distribution):
    """A known number.

    Parameters
    ----------
    value : float
        Finite, in the input's units.
    """

    family: ClassVar[str] = "constant"
    _of_scores: ClassVar[bool] = True
    value: float

    def __post_init__(self) -> None:
        checks = Checks()
        value = checks.number("Constant.value", self.value)
        checks.finish()
        self._set(value=value)

    def mean(self) -> float:
        """Return the number."""
        return self.value

    def support(self) -> tuple[float, float]:
        """Return the number twice."""
        return self.value, self.value

    @property
    def continuous(self) -> bool:
        """Whether no value has a probability of its own: never."""
        return False

    def _scaled(self, factor: float) -> Distribution:
        return Constant(factor * self.value)

    def _shifted(self, offset: float) -> Distribution:
        return Constant(self.value + offset)

    def _quantiles(self, u: FloatArray) -> FloatArray:
        return np.full(u.shape, self.value)

    def _probabilities(self, x: FloatArray) -> FloatArray:
        return _step_at(x, self.value)


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Normal(Elicited):
    """The normal distribution.

    Parameters
    ----------
    mean : float
        Expected value, in the input's units; kept as `loc`, for `mean()` is a method.
    sd : float
        Standard deviation, at least zero; zero is a point mass.
    """

    family: ClassVar[str] = "normal"
    _of_scores: ClassVar[bool] = True
    quantiles_needed: ClassVar[int] = 2
    loc: float
    sd: float

    def __init__(self, mean: float, sd: float) -> None:
        checks = Checks()
        loc = checks.number("Normal.mean", mean)
        scale = checks.number("Normal.sd", sd, at_least=0.0)
        checks.finish()
        self._set(loc=loc, sd=scale)

    @property
    def law(self) -> Law | None:
        """The quantile function as compiled loops know it."""
        return Law(NORMAL, self.loc, self.sd)

    @classmethod
    def _through(cls, points: list[tuple[float, float]]) -> Self:
        return cls(*_normal_through(points))

    @property
    def parameters(self) -> dict[str, float]:
        """Arguments that construct this distribution again, by name."""
        return {"mean": self.loc, "sd": self.sd}

    def mean(self) -> float:
        """Return the expected value."""
        return self.loc

    def support(self) -> tuple[float, float]:
        """Return the whole line, or the point."""
        return (-math.inf, math.inf) if self.sd > 0.0 else (self.loc, self.loc)

    @property
    def continuous(self) -> bool:
        """Whether it is no point mass."""
        return self.sd > 0.0

    def _scaled(self, factor: float) -> Distribution:
        return Normal(factor * self.loc, factor * self.sd)

    def _shifted(self, offset: float) -> Distribution:
        return Normal(self.loc + offset, self.sd)

    def _at_scores(self, scores: FloatArray) -> FloatArray:
        if self.sd == 0.0:
            return np.full(scores.shape, self.loc)
        return self.loc + self.sd * scores

    def _quantiles(self, u: FloatArray) -> FloatArray:
        from montecarlo_ai.kernels.quantile import normal_scores

        return self._at_scores(normal_scores(u))

    def _upper_quantiles(self, q: FloatArray) -> FloatArray:
        from montecarlo_ai.kernels.quantile import normal_scores

        return self._at_scores(-normal_scores(q))

    def _probabilities(self, x: FloatArray) -> FloatArray:
        from scipy.special import ndtr

        if self.sd == 0.0:
            return _step_at(x, self.loc)
        probabilities: FloatArray = ndtr((x - self.loc) / self.sd)
        return probabilities

    def _exceedances(self, x: FloatArray) -> FloatArray:
        from scipy.special import ndtr

        if self.sd == 0.0:
            return 1.0 - _step_at(x, self.loc)
        exceedances: FloatArray = ndtr((self.loc - x) / self.sd)
        return exceedances


@dataclass(frozen=True, eq=False, repr=False)
class LogNormal(Elicited):
    """The log-normal distribution: the logarithm is normal.

    Parameters
    ----------
    mu : float
        Mean of the logarithm of the value in the input's units.
    sigma : float
        Standard deviation of the logarithm, at least zero; zero is a point mass.
    """

    family: ClassVar[str] = "lognormal"
    _of_scores: ClassVar[bool] = True
    quantiles_needed: ClassVar[int] = 2
    quantiles_above: ClassVar[float | None] = 0.0
    mu: float
    sigma: float

    def __post_init__(self) -> None:
        checks = Checks()
        mu = checks.number("LogNormal.mu", self.mu, at_least=-LARGEST_LOGARITHM, at_most=LARGEST_LOGARITHM)
        sigma = checks.number("LogNormal.sigma", self.sigma, at_least=0.0)
        checks.finish()
        self._set(mu=mu, sigma=sigma)

    @property
    def law(self) -> Law | None:
        """The quantile function as compiled loops know it; none for a point mass, which is exact."""
        return Law(LOG_NORMAL, self.mu, self.sigma) if self.sigma > 0.0 else None

    @classmethod
    def _through(cls, points: list[tuple[float, float]]) -> Self:
        return cls(*_normal_through([(probability, math.log(value)) for probability, value in points]))

    def mean(self) -> float:
        """Return exp(mu + sigma**2 / 2); inf where that exceeds a float."""
        exponent = self.mu + 0.5 * self.sigma * self.sigma
        return math.exp(exponent) if exponent < LARGEST_LOGARITHM else math.inf

    def support(self) -> tuple[float, float]:
        """Return the positive half-line, or the point."""
        return (0.0, math.inf) if self.sigma > 0.0 else (math.exp(self.mu), math.exp(self.mu))

    @property
    def continuous(self) -> bool:
        """Whether it is no point mass."""
        return self.sigma > 0.0

    def _scaled(self, factor: float) -> Distribution:
        return LogNormal(self.mu + math.log(factor), self.sigma)

    def _at_scores(self, scores: FloatArray) -> FloatArray:
        if self.sigma == 0.0:
            return np.full(scores.shape, math.exp(self.mu))
        with np.errstate(over="ignore"):
            values: FloatArray = np.exp(self.mu + self.sigma * scores)
        return values

    def _quantiles(self, u: FloatArray) -> FloatArray:
        from montecarlo_ai.kernels.quantile import normal_scores

        return self._at_scores(normal_scores(u))

    def _upper_quantiles(self, q: FloatArray) -> FloatArray:
        from montecarlo_ai.kernels.quantile import normal_scores

        return self._at_scores(-normal_scores(q))

    def _probabilities(self, x: FloatArray) -> FloatArray:
        from scipy.special import ndtr

        if self.sigma == 0.0:
            return _step_at(x, math.exp(self.mu))
        probabilities: FloatArray = ndtr(self._scores(x))
        return probabilities

    def _exceedances(self, x: FloatArray) -> FloatArray:
        from scipy.special import ndtr

        if self.sigma == 0.0:
            return 1.0 - _step_at(x, math.exp(self.mu))
        exceedances: FloatArray = ndtr(-self._scores(x))
        return exceedances

    def _scores(self, x: FloatArray) -> FloatArray:
        """Return the normal scores of values."""
        with np.errstate(divide="ignore", invalid="ignore"):
            scores: FloatArray = (np.log(np.maximum(x, 0.0)) - self.mu) / self.sigma
        return scores


@dataclass(frozen=True, eq=False, repr=False)
class Exponential(Elicited):
    """The exponential distribution.

    Parameters
    ----------
    rate : float
        Reciprocal of the mean, above zero.
    """

    family: ClassVar[str] = "exponential"
    quantiles_needed: ClassVar[int] = 1
    quantiles_above: ClassVar[float | None] = 0.0
    rate: float

    def __post_init__(self) -> None:
        checks = Checks()
        rate = checks.number("Exponential.rate", self.rate, above=0.0)
        checks.finish()
        self._set(rate=rate)

    @property
    def law(self) -> Law | None:
        """The quantile function as compiled loops know it."""
        return Law(EXPONENTIAL, 1.0 / self.rate)

    @classmethod
    def _through(cls, points: list[tuple[float, float]]) -> Self:
        probabilities, values = columns(points)
        return cls(math.exp(float(np.mean(np.log(-np.log1p(-probabilities)) - np.log(values)))))

    def mean(self) -> float:
        """Return 1 / rate."""
        return 1.0 / self.rate

    def support(self) -> tuple[float, float]:
        """Return the positive half-line."""
        return 0.0, math.inf

    def _quantiles(self, u: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore"):
            return np.abs(np.log1p(-u)) / self.rate

    def _upper_quantiles(self, q: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore"):
            return np.abs(np.log(q)) / self.rate

    def _exceedances(self, x: FloatArray) -> FloatArray:
        return np.exp(-self.rate * np.maximum(x, 0.0))

    def _scaled(self, factor: float) -> Distribution:
        return Exponential(self.rate / factor)

    def _probabilities(self, x: FloatArray) -> FloatArray:
        return np.abs(np.expm1(-self.rate * np.maximum(x, 0.0)))
