"""From Spearman's and Kendall's rank correlation to the correlation of the scores, for Gaussian and t copulas."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from montecarlo_ai.distributions.quantile_table import FloatArray

if TYPE_CHECKING:
    from scipy.interpolate import PchipInterpolator

MEASURES = ("pearson", "spearman", "kendall")

SMALLEST_SPEARMAN_DF = 0.1
"""Below it the integral of Spearman's correlation under a t copula spreads too far to be summed."""

LARGEST_SPEARMAN_DF = 1e8
"""Above it the t copula's curve is the Gaussian one within 1e-8."""

_STEP = 0.5
_DECAY = 27.0
_NEARLY_NORMAL = 10.0
_CURVE_POINTS = 129


def score_correlation(measure: str, value: float, df: float) -> float:
    """Return the correlation of the scores that has a given rank correlation.

    Kendall: ``rho = sin(pi tau / 2)`` for every elliptical copula. Spearman: ``rho = 2 sin(pi s / 6)`` for the
    Gaussian copula, and the inverse of `spearman_of_student` for a t copula.

    Parameters
    ----------
    measure : {"pearson", "spearman", "kendall"}
        "pearson" is the correlation of the scores itself.
    value : float
        From -1 to 1.
    df : float
        Degrees of freedom of the t copula; infinite for the Gaussian.

    Returns
    -------
    float
        From -1 to 1; 0, 1 and -1 are kept exactly.

    References
    ----------
    McNeil, Frey, Embrechts (2015), Quantitative Risk Management, propositions 7.43 and 7.44.
    """
    if measure == "pearson" or value in (-1.0, 0.0, 1.0):
        return value
    if measure == "kendall":
        return math.sin(0.5 * math.pi * value)
    if df > LARGEST_SPEARMAN_DF:
        return 2.0 * math.sin(math.pi * value / 6.0)
    angle = float(_student_angle(df)(abs(value)))
    return math.copysign(math.sin(0.5 * math.pi * angle), value)


def spearman_of_student(rho: FloatArray, df: float) -> FloatArray:
    """Return Spearman's rank correlation of a bivariate t copula.

    ``6 / pi E[asin(rho W / sqrt((W + W') (W + W'')))]`` with W, W', W'' independent inverse-chi-square variables. With
    W = 1 / G the ratios G' / G and G'' / G have the density ``(s t)**(a-1) / (1 + s + t)**(3 a)``, a = df / 2, up to a
    constant; in their logarithms the integrand is analytic in a strip of half-width pi, so the trapezoidal rule
    converges geometrically: its error is below 1e-9.

    Parameters
    ----------
    rho : (n,) float64
        Correlation of the scores, from -1 to 1.
    df : float
        From 0.1 to 1e8.

    Returns
    -------
    (n,) float64

    References
    ----------
    Heinen, Valdesogo (2020), Spearman rank correlation of the bivariate Student t and scale mixtures of normal
    distributions, Journal of Multivariate Analysis 179, doi:10.1016/j.jmva.2020.104650.
    """
    from scipy.special import gammaln

    a = 0.5 * df
    spread = math.sqrt(2.0 / a)
    step = min(_STEP, 0.6 * spread)
    low, high = -9.0 * spread, 9.0 * spread
    if a < _NEARLY_NORMAL:
        low, high = -_DECAY / (a + 0.5) - math.log(27.0), _DECAY / a + math.log(27.0)
    x = np.arange(low, high + step, step)
    softplus = np.logaddexp(0.0, x)
    exponent = a * np.add.outer(x, x) - 3.0 * a * np.logaddexp(softplus[:, np.newaxis], x)
    if a < _NEARLY_NORMAL:
        weights = np.exp(exponent + (gammaln(3.0 * a) - 3.0 * gammaln(a))) * step**2
    else:  # the constant would lose digits, and the grid holds all the mass
        weights = np.exp(exponent - exponent.max())
        weights /= weights.sum()
    half_share = np.exp(0.5 * (x - softplus))
    shares = np.outer(half_share, half_share)
    total = [float(np.sum(weights * np.arcsin(np.minimum(abs(one) * shares, 1.0)))) for one in rho]
    return np.copysign(6.0 / math.pi * np.array(total), rho)


@lru_cache(maxsize=64)
def _student_angle(df: float) -> PchipInterpolator:
    """Return ``2 asin(rho) / pi`` as a function of Spearman's correlation from 0 to 1, within 1e-7.

    This inverse is smooth up to its ends, where the curve itself need not be.
    """
    from scipy.interpolate import PchipInterpolator

    angles = np.sin(0.5 * math.pi * np.linspace(0.0, 1.0, _CURVE_POINTS))
    ranks = spearman_of_student(np.sin(0.5 * math.pi * angles), df)
    return PchipInterpolator(np.append(ranks[:-1], 1.0), angles)
