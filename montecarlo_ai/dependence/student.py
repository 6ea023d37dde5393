"""The t copula: normal scores that share a random scale, and with it their extremes."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from montecarlo_ai.distributions.quantile_table import LIMIT, FloatArray, QuantileTable

SMALLEST_DF = 1e-6
"""Degrees of freedom below which the tables lose digits."""

_NEARLY_NORMAL = 1e6
"""Degrees of freedom from which the first terms of the expansions in 1 / df are within 1e-9."""

_LARGEST_SCORE = 37.0
"""The normal distribution function is above zero down to here."""

_TABLED_TAIL = -40.0
_LARGEST_EXPONENT = 600.0


class Scales(NamedTuple):
    """Random scales of t variables, ``sqrt(df / V)``.

    Attributes
    ----------
    factor : (n,) float64
        Divided by sqrt(df) where it is read from a table, and by e**excess.
    excess : (n,) float64, or None for zero everywhere
        Where the exponential would overflow: few degrees of freedom.
    """

    factor: FloatArray
    excess: FloatArray | None


class StudentScores:
    """Turns independent normal scores and one mixing score into scores that a t copula joins.

    With z correlated standard normals and V an independent chi-square variable, ``t = z sqrt(df / V)`` is multivariate
    t. What is returned are standard normal scores again, ``Phi^-1(T_df(t))``: both tails keep their precision, and a
    distribution takes them as it takes those of a Gaussian copula.

    Both maps are read from tables of degree 7 (`QuantileTable`): scores come out within 1e-9 of the exact ones. From
    df = 1e6 they are the expansions of Wilson and Hilferty (1931) and of Fisher.

    Parameters
    ----------
    df : float
        Degrees of freedom, at least 1e-6 and finite.

    References
    ----------
    Demarta, McNeil (2005), The t copula and related copulas. International Statistical Review 73(1),
    doi:10.1111/j.1751-5823.2005.tb00254.x.
    """

    def __init__(self, df: float) -> None:
        self.df = df
        self._tables: tuple[QuantileTable, QuantileTable] | None = None
        if df < _NEARLY_NORMAL:
            self._stretch = self._tabled_range() / LIMIT
            self._tables = (
                QuantileTable(self._log_chi_square),
                QuantileTable(lambda x: self._exact_scores(x * self._stretch)),
            )

    def scales(self, mixing: FloatArray) -> Scales:
        """Return ``sqrt(df / V)``, for `__call__`, at normal scores of V.

        Parameters
        ----------
        mixing : (n,) float64
            Normal scores of the chi-square variable.
        """
        if self._tables is None:
            part = 2.0 / (9.0 * self.df)
            return Scales(np.exp(-1.5 * np.log1p(mixing * math.sqrt(part) - part)), None)
        logarithm = -0.5 * self._tables[0](mixing)
        excess = np.maximum(logarithm - _LARGEST_EXPONENT, 0.0)
        return Scales(np.exp(logarithm - excess), excess if excess.any() else None)

    def __call__(self, scores: FloatArray, scales: Scales) -> FloatArray:
        """Return normal scores of t variables, elementwise.

        Parameters
        ----------
        scores : (n,) float64
            Standard normals.
        scales : Scales
            From `scales`.
        """
        if self._tables is None:
            t = scores * scales.factor
            return t - t * (t * t + 1.0) / (4.0 * self.df)
        size = np.abs(scores)
        size *= scales.factor
        w = np.arcsinh(size, out=size)  # t = sqrt(df) sinh(w)
        if scales.excess is not None:
            w += np.where(scores == 0.0, 0.0, scales.excess)
        places = np.arcsinh(w, out=w)
        places /= self._stretch
        return np.copysign(self._tables[1](places), scores)

    def _log_chi_square(self, scores: FloatArray) -> FloatArray:
        """Return the logarithm of chi-square quantiles at normal scores, also where the quantile is too small."""
        from scipy.special import gammainccinv, gammaincinv, gammaln, log_ndtr, ndtr

        a = 0.5 * self.df
        below = gammaincinv(a, ndtr(np.minimum(scores, 0.0)))
        above = gammainccinv(a, ndtr(-np.maximum(scores, 0.0)))
        with np.errstate(divide="ignore"):
            exact = np.log(np.where(scores < 0.0, below, above))
        leading = (log_ndtr(scores) + gammaln(a + 1.0)) / a  # x**a / Gamma(a + 1) is all of it near zero
        return math.log(2.0) + np.where(leading < -_LARGEST_EXPONENT, leading, exact)

    def _exact_scores(self, y: FloatArray) -> FloatArray:
        """Return ``Phi^-1(T_df(sqrt(df) sinh(sinh(y))))``, within the scores that have a probability."""
        from scipy.special import ndtri_exp

        size = ndtri_exp(np.minimum(self._log_tail(np.sinh(np.abs(y))), -math.log(2.0)))
        return np.copysign(np.minimum(np.abs(size), _LARGEST_SCORE), y)

    def _log_tail(self, w: FloatArray) -> FloatArray:
        """Return the logarithm of ``P(T > sqrt(df) sinh(w))``."""
        from scipy.special import betaln, stdtr

        a = 0.5 * self.df
        far = w > 0.5 * _LARGEST_EXPONENT
        leading = a * (math.log(4.0) - 2.0 * w) - math.log(2.0 * a) - betaln(a, 0.5)
        with np.errstate(divide="ignore"):
            exact = np.log(stdtr(self.df, -math.sqrt(self.df) * np.sinh(np.where(far, 0.0, w))))
        return np.where(far, leading, exact)

    def _tabled_range(self) -> float:
        """Return the y up to which scores are tabled: beyond it lies a probability of e**-40."""
        low, high = 0.0, 64.0
        for _ in range(64):
            middle = 0.5 * (low + high)
            with np.errstate(over="ignore"):
                inside = float(self._log_tail(np.array([math.sinh(middle)]))[0]) > _TABLED_TAIL
            low, high = (middle, high) if inside else (low, middle)
        return high


@lru_cache(maxsize=64)
def student_scores(df: float) -> StudentScores:
    """Return the tables of a number of degrees of freedom, made once."""
    return StudentScores(df)
