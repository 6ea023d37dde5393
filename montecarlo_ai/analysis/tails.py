"""Tails of a sample: expected shortfall with its atom split, and intervals that need no resampling."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from montecarlo_ai.checks import Checks
from montecarlo_ai.errors import invalid

__all__ = ["Interval", "expected_shortfall", "mean_interval", "quantile_interval", "shortfall_interval"]


class Interval(NamedTuple):
    """An estimate and the limits of its two-sided interval, in the unit of the sample."""

    value: float
    lower: float
    upper: float


def expected_shortfall(losses: ArrayLike, level: float) -> float:
    """Return the mean of the worst share 1 - level of the losses.

    The loss at the edge of the tail counts with the part of it that the tail needs (the atom is split), so that the
    measure is coherent and continuous in the level:
    ES = (E[L; L > q] + q (P(L <= q) - level)) / (1 - level), q the quantile at the level.

    Parameters
    ----------
    losses : (n,) float
        Equally likely; large is bad.
    level : float
        Inside [0, 1).

    Raises
    ------
    InputError
        If there are no losses, one is not finite, or the level is out of its range.

    References
    ----------
    Acerbi and Tasche (2002), doi:10.1016/S0378-4266(02)00283-2.

    Examples
    --------
    >>> round(expected_shortfall(range(1, 11), 0.85), 4)
    9.6667
    """
    ordered = _ordered(losses, level)
    tail = (1.0 - level) * ordered.size
    whole = min(int(tail + 1e-9 * ordered.size), ordered.size)
    part = max(tail - whole, 0.0) if whole < ordered.size else 0.0
    beyond = float(np.sum(ordered[ordered.size - whole :]))
    edge = float(ordered[ordered.size - whole - 1]) if part > 0.0 else 0.0
    return (beyond + part * edge) / (whole + part)


def shortfall_interval(losses: ArrayLike, level: float, confidence: float = 0.95) -> Interval:
    """Return the expected shortfall with its large-sample interval.

    Its standard error is that of the mean of (L - q)+ / (1 - level), which the quantile does not move in first order.
    Where the tail holds no more than one loss, (1 - level) n <= 1, nothing is known of its spread: limits are nan.

    Parameters
    ----------
    losses : (n,) float
    level, confidence : float

    References
    ----------
    Trindade, Uryasev, Shapiro and Zrazhevsky (2007), doi:10.1016/j.jbankfin.2007.04.014.
    """
    ordered = _ordered(losses, level)
    value = expected_shortfall(ordered, level)
    edge = ordered[max(math.ceil(level * ordered.size * (1.0 - 1e-12)), 1) - 1]
    beyond = np.maximum(ordered - edge, 0.0) / (1.0 - level)
    half = _score(confidence) * _standard_error(beyond)
    if (1.0 - level) * ordered.size <= 1.0 + 1e-9:
        half = math.nan
    return Interval(value, value - half, value + half)


def mean_interval(values: ArrayLike, confidence: float = 0.95) -> Interval:
    """Return the mean and mean -+ z s / sqrt(n); limits are nan for a single value."""
    sample = _ordered(values, 0.0)
    mean = float(np.mean(sample))
    half = _score(confidence) * _standard_error(sample)
    return Interval(mean, mean - half, mean + half)


def quantile_interval(values: ArrayLike, level: float, confidence: float = 0.95) -> Interval:
    """Return a quantile and two order statistics between which it lies, whatever the distribution.

    The ranks r < s are the narrowest for which a Binomial(n, level) count lies below r, or at or above s, with at
    most half the error each; where the sample is too small for one, that limit is infinite.

    Parameters
    ----------
    values : (n,) float
    level : float
        Inside (0, 1).
    confidence : float

    References
    ----------
    David and Nagaraja (2003), Order Statistics, section 7.1.
    """
    from scipy.special import bdtr

    ordered = _ordered(values, level)
    n = ordered.size
    error = 0.5 * (1.0 - confidence)
    counts = np.arange(n + 1, dtype=np.float64)
    below = np.asarray(bdtr(counts, n, level))  # P(count <= k)
    low = int(np.searchsorted(below, error, side="right"))  # the largest r with P(count < r) <= error
    high = int(np.searchsorted(below, 1.0 - error, side="left")) + 1  # the smallest s with P(count >= s) <= error
    value = float(ordered[max(math.ceil(level * n * (1.0 - 1e-12)), 1) - 1])
    return Interval(
        value,
        float(ordered[low - 1]) if low >= 1 else -math.inf,
        float(ordered[high - 1]) if high <= n else math.inf,
    )


def _standard_error(values: NDArray[np.float64]) -> float:
    return float(np.std(values, ddof=1) / math.sqrt(values.size)) if values.size > 1 else math.nan


def _score(confidence: float) -> float:
    from scipy.special import ndtri

    checks = Checks()
    level = checks.number("confidence", confidence, above=0.0, below=1.0)
    checks.finish()
    return float(ndtri(0.5 + 0.5 * level))


def _ordered(values: ArrayLike, level: float) -> NDArray[np.float64]:
    """Return the values in rising order, after checking them and the level."""
    checks = Checks()
    checks.number("level", level, at_least=0.0, below=1.0)
    checks.finish()
    found = np.sort(np.asarray(values, dtype=np.float64).ravel())
    if found.size == 0 or not np.all(np.isfinite(found)):
        raise invalid("values", f"{found.size} values", "must be finite numbers, one at least")
    return found
