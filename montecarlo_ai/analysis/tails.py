"""Tails of a sample: expected shortfall with its atom split, and intervals that need no resampling."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from montecarlo_ai.checks import Checks
from montecarlo_ai.errors import invalid
from montecarlo_ai.intervals import Parts, rank_at, replicate_error, replicate_interval

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
    ordered = np.sort(_checked(losses, level))
    tail = (1.0 - level) * ordered.size
    whole = min(int(tail + 1e-9 * ordered.size), ordered.size)
    part = max(tail - whole, 0.0) if whole < ordered.size else 0.0
    beyond = float(np.sum(ordered[ordered.size - whole :]))
    edge = float(ordered[ordered.size - whole - 1]) if part > 0.0 else 0.0
    return (beyond + part * edge) / (whole + part)


def shortfall_interval(
    losses: ArrayLike, level: float, confidence: float = 0.95, *, parts: Parts | None = None
) -> Interval:
    """Return the expected shortfall with its large-sample interval.

    Its standard error is that of the mean of (L - q)+ / (1 - level), which the quantile does not move in first order.
    Where the tail holds no more than one loss, (1 - level) n <= 1, nothing is known of its spread: limits are nan.

    Parameters
    ----------
    losses : (n,) float
    level, confidence : float
    parts : Parts, optional
        As for `mean_interval`.

    References
    ----------
    Trindade, Uryasev, Shapiro and Zrazhevsky (2007), doi:10.1016/j.jbankfin.2007.04.014.
    """
    sample = _checked(losses, level)
    value = expected_shortfall(sample, level)
    edge = np.sort(sample)[rank_at(level, sample.size) - 1]
    half = _half_width(np.maximum(sample - edge, 0.0) / (1.0 - level), confidence, parts)
    if (1.0 - level) * sample.size <= 1.0 + 1e-9:
        half = math.nan
    return Interval(value, value - half, value + half)


def mean_interval(values: ArrayLike, confidence: float = 0.95, *, parts: Parts | None = None) -> Interval:
    """Return the mean and its interval, mean -+ z s / sqrt(n); limits are nan for a single value.

    Parameters
    ----------
    values : (n,) float
    confidence : float
    parts : Parts, optional
        For values that are not independent, or are of several replicates: the interval is then Student's t with the
        error of `montecarlo_ai.intervals.replicate_error`; nan where all values are of one replicate.
    """
    sample = _checked(values, 0.0)
    mean, half = float(np.mean(sample)), _half_width(sample, confidence, parts)
    return Interval(mean, mean - half, mean + half)


def quantile_interval(
    values: ArrayLike, level: float, confidence: float = 0.95, *, parts: Parts | None = None
) -> Interval:
    """Return a quantile and two order statistics between which it lies, whatever the distribution.

    The ranks r < s are the narrowest for which a Binomial(n, level) count lies below r, or at or above s, with at
    most half the error each; where the sample is too small for one, that limit is infinite. With replicates they are
    as far from the level as the limits of the share of values up to the quantile are from that share (Woodruff 1952).

    Parameters
    ----------
    values : (n,) float
    level : float
        Inside (0, 1).
    confidence : float
    parts : Parts, optional
        As for `mean_interval`.

    References
    ----------
    David and Nagaraja (2003), Order Statistics, section 7.1; Woodruff (1952), doi:10.1080/01621459.1952.10483443.
    """
    sample = _checked(values, level)
    ordered, n = np.sort(sample), sample.size
    value = float(ordered[rank_at(level, n) - 1])
    low, high = (
        _binomial_ranks(n, level, confidence) if parts is None else _ranks(sample <= value, level, confidence, parts)
    )
    return Interval(
        value,
        float(ordered[low - 1]) if low >= 1 else -math.inf,
        float(ordered[high - 1]) if high <= n else math.inf,
    )


def _binomial_ranks(n: int, level: float, confidence: float) -> tuple[int, int]:
    """Return between which ranks a quantile of independent values lies; 0 and n + 1 where there is none."""
    from scipy.special import bdtr

    error = 0.5 * (1.0 - confidence)
    counts = np.arange(n + 1, dtype=np.float64)
    below = np.asarray(bdtr(counts, n, level))  # P(count <= k)
    low = int(np.searchsorted(below, error, side="right"))  # the largest r with P(count < r) <= error
    high = int(np.searchsorted(below, 1.0 - error, side="left")) + 1  # the smallest s with P(count >= s) <= error
    return low, high


def _ranks(below: NDArray[np.bool_], level: float, confidence: float, parts: Parts) -> tuple[int, int]:
    """Return between which ranks a quantile lies by the replicates' shares of values up to it."""
    n, share, sizes = below.size, float(below.mean()), parts.sizes
    if sizes.size < 2:
        return 0, n + 1
    counts = parts.sums(below).astype(np.int64)
    _, lowest, highest = replicate_interval(counts, sizes, confidence=confidence, together=parts.together)
    low, high = level - (share - float(lowest)), level + (float(highest) - share)
    return max(math.floor(n * low), 0), min(math.floor(n * high), n) + 1


def _half_width(values: NDArray[np.float64], confidence: float, parts: Parts | None) -> float:
    """Return half the length of the interval of a mean; nan where there is one value, or one replicate, alone."""
    from scipy.special import stdtrit

    if parts is None:
        error = float(np.std(values, ddof=1) / math.sqrt(values.size)) if values.size > 1 else math.nan
        return _score(confidence) * error
    sizes = parts.sizes
    if sizes.size < 2:
        return math.nan
    score = float(stdtrit(sizes.size - 1, 0.5 + 0.5 * confidence))
    return score * float(replicate_error(parts.sums(values), sizes))


def _score(confidence: float) -> float:
    from scipy.special import ndtri

    checks = Checks()
    level = checks.number("confidence", confidence, above=0.0, below=1.0)
    checks.finish()
    return float(ndtri(0.5 + 0.5 * level))


def _checked(values: ArrayLike, level: float) -> NDArray[np.float64]:
    """Return the values, after checking them and the level."""
    checks = Checks()
    checks.number("level", level, at_least=0.0, below=1.0)
    checks.finish()
    found = np.asarray(values, dtype=np.float64).ravel()
    if found.size == 0 or not np.all(np.isfinite(found)):
        raise invalid("values", f"{found.size} values", "must be finite numbers, one at least")
    return found
