"""The families whose inverses are iterative: beta, gamma, Student's t."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from montecarlo_ai.checks import Checks
from montecarlo_ai.distributions.base import LARGEST_LOGARITHM, Distribution
from montecarlo_ai.distributions.elicitation import Elicited
from montecarlo_ai.distributions.fitting import best_shape, columns, line_through
from montecarlo_ai.distributions.quantile_table import FloatArray

_SMALLEST_NORMAL = float(np.finfo(np.float64).tiny)
_UNDERFLOW = 1e-290
_TINY, _NO_SECOND_TERM = 1e-100, 1e-17
_SHAPES = math.log(1e-3), math.log(1e8)
"""Range in which fits look for the logarithm of a shape."""


@dataclass(frozen=True, eq=False, repr=False)
class Beta(Elicited):
    """The beta distribution on [0, 1].

    Parameters
    ----------
    a, b : float
        Shapes, above zero; the mean is a / (a + b).
    """

    family: ClassVar[str] = "beta"
    quantiles_needed: ClassVar[int] = 2
    quantiles_above: ClassVar[float | None] = 0.0
    quantiles_below: ClassVar[float | None] = 1.0
    _closed: ClassVar[bool] = False
    a: float
    b: float

    def __post_init__(self) -> None:
        checks = Checks()
        a, b = checks.number("Beta.a", self.a, above=0.0), checks.number("Beta.b", self.b, above=0.0)
        checks.finish()
        self._set(a=a, b=b)

    @classmethod
    def _through(cls, points: list[tuple[float, float]]) -> Self:
        from scipy.optimize import least_squares
        from scipy.special import logit

        probabilities, values = columns(points)
        targets = logit(values)

        def residuals(logs: FloatArray) -> FloatArray:
            here = cls(*np.exp(logs))
            below, above = here._quantiles(probabilities), here._complement()._upper_quantiles(probabilities)
            with np.errstate(divide="ignore"):
                misses: FloatArray = np.clip(np.log(below) - np.log(above), -1e3, 1e3) - targets
            return misses

        middle, spread = float(np.mean(values)), float(np.ptp(targets))
        starts = [np.log([size * middle, size * (1.0 - middle)]) for size in (30.0 / spread**2, 2.0, 0.3, 300.0, 1e5)]
        bounds = [_SHAPES[0]] * 2, [_SHAPES[1]] * 2
        fits = [
            least_squares(
                residuals, np.clip(start, *_SHAPES), bounds=bounds, x_scale="jac", xtol=1e-15, ftol=1e-15, gtol=1e-15
            )
            for start in starts
        ]
        return cls(*np.exp(min(fits, key=lambda fit: float(fit.cost)).x))

    def mean(self) -> float:
        """Return a / (a + b)."""
        return 1.0 / (1.0 + self.b / self.a)

    def support(self) -> tuple[float, float]:
        """Return 0 and 1."""
        return 0.0, 1.0

    def _complement(self) -> Beta:
        """Return the distribution of one less the value."""
        return Beta(self.b, self.a)

    def _quantiles(self, u: FloatArray) -> FloatArray:
        from scipy.special import betaincinv

        values = np.asarray(betaincinv(self.a, self.b, _normal_or_zero(u)))
        far, near = _near_zero(self.a, self.b, u)
        return np.where(near, far, values)

    def _upper_quantiles(self, q: FloatArray) -> FloatArray:
        from scipy.special import betainccinv

        values = np.asarray(betainccinv(self.a, self.b, _normal_or_zero(q)))
        far, near = _near_zero(self.b, self.a, q)
        return np.where(near, 1.0 - far, values)

    def _probabilities(self, x: FloatArray) -> FloatArray:
        from scipy.special import betainc

        return np.asarray(betainc(self.a, self.b, np.clip(x, 0.0, 1.0)))

    def _exceedances(self, x: FloatArray) -> FloatArray:
        from scipy.special import betaincc

        return np.asarray(betaincc(self.a, self.b, np.clip(x, 0.0, 1.0)))


@dataclass(frozen=True, eq=False, repr=False)
class Gamma(Elicited):
    """The gamma distribution.

    Parameters
    ----------
    shape : float
        Above zero; the reciprocal of the squared coefficient of variation.
    scale : float
        Above zero, in the input's units; the mean is shape times scale.
    """

    family: ClassVar[str] = "gamma"
    quantiles_needed: ClassVar[int] = 2
    quantiles_above: ClassVar[float | None] = 0.0
    _closed: ClassVar[bool] = False
    shape: float
    scale: float

    def __post_init__(self) -> None:
        checks = Checks()
        shape = checks.number("Gamma.shape", self.shape, above=0.0)
        scale = checks.number("Gamma.scale", self.scale, above=0.0)
        checks.finish()
        self._set(shape=shape, scale=scale)

    @classmethod
    def _through(cls, points: list[tuple[float, float]]) -> Self:
        probabilities, values = columns(points)

        def log_ratios(log_shape: float) -> FloatArray:
            with np.errstate(divide="ignore"):
                places = np.log(cls(math.exp(log_shape), 1.0)._quantiles(probabilities))
            return np.log(values) - np.maximum(places, -1e4)

        log_shape = best_shape(lambda log_shape: _centred(log_ratios(log_shape)), *_SHAPES)
        log_scale = float(np.mean(log_ratios(log_shape)))
        return cls(math.exp(log_shape), math.exp(log_scale) if log_scale < LARGEST_LOGARITHM else math.inf)

    def mean(self) -> float:
        """Return shape times scale."""
        return self.shape * self.scale

    def support(self) -> tuple[float, float]:
        """Return the positive half-line."""
        return 0.0, math.inf

    def _scaled(self, factor: float) -> Distribution:
        return Gamma(self.shape, factor * self.scale)

    def _quantiles(self, u: FloatArray) -> FloatArray:
        from scipy.special import gammaincinv

        return np.asarray(self.scale * gammaincinv(self.shape, u))

    def _upper_quantiles(self, q: FloatArray) -> FloatArray:
        from scipy.special import gammainccinv

        return np.asarray(self.scale * gammainccinv(self.shape, q))

    def _probabilities(self, x: FloatArray) -> FloatArray:
        from scipy.special import gammainc

        return np.asarray(gammainc(self.shape, np.maximum(x, 0.0) / self.scale))

    def _exceedances(self, x: FloatArray) -> FloatArray:
        from scipy.special import gammaincc

        return np.asarray(gammaincc(self.shape, np.maximum(x, 0.0) / self.scale))


@dataclass(frozen=True, eq=False, repr=False)
class StudentT(Elicited):
    """Student's t distribution, moved and stretched.

    Parameters
    ----------
    df : float
        Degrees of freedom, above zero: the tails fall like the power -df, so that there is a mean above 1 and a
        variance above 2.
    loc : float
        Median, in the input's units.
    scale : float
        Stretch, above zero, in the input's units; no standard deviation.
    """

    family: ClassVar[str] = "studentt"
    quantiles_needed: ClassVar[int] = 3
    _closed: ClassVar[bool] = False
    df: float
    loc: float = 0.0
    scale: float = 1.0

    def __post_init__(self) -> None:
        checks = Checks()
        df = checks.number("StudentT.df", self.df, above=0.0)
        loc, scale = checks.number("StudentT.loc", self.loc), checks.number("StudentT.scale", self.scale, above=0.0)
        checks.finish()
        self._set(df=df, loc=loc, scale=scale)

    @classmethod
    def _through(cls, points: list[tuple[float, float]]) -> Self:
        probabilities, values = columns(points)

        def line(log_df: float) -> tuple[FloatArray, float, float]:
            places = cls(math.exp(log_df))._quantiles(probabilities)
            return places, *line_through(places, values)

        def residuals(log_df: float) -> FloatArray:
            places, loc, scale = line(log_df)
            misses: FloatArray = (loc + scale * places - values) / (values[-1] - values[0])
            return misses

        log_df = best_shape(residuals, math.log(0.1), math.log(1e6))
        return cls(math.exp(log_df), *line(log_df)[1:])

    def mean(self) -> float:
        """Return loc; nan where df is at most 1, for then there is no mean."""
        return self.loc if self.df > 1.0 else math.nan

    def support(self) -> tuple[float, float]:
        """Return the whole line."""
        return -math.inf, math.inf

    def _scaled(self, factor: float) -> Distribution:
        return StudentT(self.df, factor * self.loc, factor * self.scale)

    def _shifted(self, offset: float) -> Distribution:
        return StudentT(self.df, self.loc + offset, self.scale)

    def _quantiles(self, u: FloatArray) -> FloatArray:
        return self.loc - self.scale * self._sizes(u)

    def _upper_quantiles(self, q: FloatArray) -> FloatArray:
        return self.loc + self.scale * self._sizes(q)

    def _sizes(self, tail: FloatArray) -> FloatArray:
        """Return t with P(T > t) = tail, from the beta distribution of df / (df + t**2) or of its complement."""
        from scipy.special import betainccinv, betaincinv, betaln

        half = 0.5 * self.df
        both = _normal_or_zero(2.0 * np.minimum(tail, 1.0 - tail))
        with np.errstate(divide="ignore", over="ignore", under="ignore"):
            far = betaincinv(half, 0.5, both)
            near = np.where(both < 0.5, betainccinv(0.5, half, both), betaincinv(0.5, half, 1.0 - both))
            roots = np.sqrt(np.where(far < 0.5, (1.0 - far) / far, near / (1.0 - near)))
            # Where far leaves the range of a float, far**half = both half B(half, 1/2).
            farthest = np.exp(-0.5 / half * (np.log(both) + math.log(half) + betaln(half, 0.5)))
        return np.copysign(math.sqrt(self.df) * np.where(far < _UNDERFLOW, farthest, roots), 0.5 - tail)

    def _probabilities(self, x: FloatArray) -> FloatArray:
        from scipy.special import stdtr

        return np.asarray(stdtr(self.df, (x - self.loc) / self.scale))

    def _exceedances(self, x: FloatArray) -> FloatArray:
        from scipy.special import stdtr

        return np.asarray(stdtr(self.df, (self.loc - x) / self.scale))


def _normal_or_zero(u: FloatArray) -> FloatArray:
    """Return probabilities with those below the normal floats at the smallest of them, where scipy has nan."""
    return np.where(u > 0.0, np.maximum(u, _SMALLEST_NORMAL), 0.0)


def _near_zero(a: float, b: float, u: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return x of u = x**a / (a B(a, b)), and where it is the beta quantile: at tiny u, where scipy may have nan."""
    from scipy.special import betaln

    tiny = (u > 0.0) & (u < _TINY)
    far = np.exp((np.log(np.where(tiny, u, 1.0)) + math.log(a) + betaln(a, b)) / a)
    return far, tiny & (far * max(b, 1.0) < _NO_SECOND_TERM)


def _centred(values: FloatArray) -> FloatArray:
    centred: FloatArray = values - values.mean()
    return centred
