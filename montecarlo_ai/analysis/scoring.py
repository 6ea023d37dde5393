"""How good a forecast was: scores of one outcome against the distribution that was forecast, on plain arrays."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from montecarlo_ai.errors import InputError, Problem

__all__ = [
    "crps_log_normal",
    "crps_normal",
    "crps_of_quantiles",
    "crps_of_sample",
    "probability_below",
    "rank_of",
]


def crps_of_sample(sample: ArrayLike, outcome: float, *, fair: bool = True) -> float:
    """Return the continuous ranked probability score of an outcome against a sample, in the unit of both.

    CRPS(F, y) = E|X - y| - E|X - X'| / 2, the mean absolute error of a forecast that is a point.

    Parameters
    ----------
    sample : (n,) float
        Equally likely values.
    outcome : float
    fair : bool
        Whether E|X - X'| is taken over pairs of different members, n (n - 1) of them, which makes the score an
        unbiased estimate of that of the distribution from which they were drawn; otherwise over all n**2 pairs, which
        is the score of the sample itself.

    Raises
    ------
    InputError
        If a value is not finite, or the sample is too small: one value, two for the fair score.

    References
    ----------
    Gneiting and Raftery (2007), doi:10.1198/016214506000001437; Ferro (2014), doi:10.1002/qj.2270.
    """
    values = np.sort(_checked("sample", sample, at_least=2 if fair else 1))
    outcome = float(_checked("outcome", [outcome], at_least=1)[0])
    n = values.size
    centred = values - values[n // 2]  # a spread far smaller than the level would drown in rounding
    weights = 2.0 * np.arange(1, n + 1) - n - 1.0
    pairs = n * (n - 1.0) if fair else float(n) * n
    return float(np.mean(np.abs(values - outcome)) - np.dot(weights, centred) / pairs)


def rank_of(sample: ArrayLike, outcome: float) -> float:
    """Return the probability integral transform of an outcome: its rank among a sample, inside (0, 1).

    (r + 1/2) / (n + 1), where r members lie below and each that is equal counts for half: uniform on its n + 1 values
    if the outcome is one more draw of the same distribution.

    Parameters
    ----------
    sample : (n,) float
    outcome : float

    Raises
    ------
    InputError
        If a value is not finite or the sample is empty.
    """
    values = _checked("sample", sample, at_least=1)
    outcome = float(_checked("outcome", [outcome], at_least=1)[0])
    below = float(np.sum(values < outcome)) + 0.5 * float(np.sum(values == outcome))
    return (below + 0.5) / (values.size + 1.0)


def crps_of_quantiles(levels: ArrayLike, quantiles: ArrayLike, outcome: float) -> float:
    """Return the CRPS of an outcome against the distribution through some quantiles.

    The distribution function is linear between neighbouring quantiles; beyond the outermost ones it goes on as an
    exponential that continues the density of the outermost piece. The integral of (F(x) - 1{x >= y})**2 is then closed.

    Parameters
    ----------
    levels : (m,) float
        Rising, inside [0, 1], two at least.
    quantiles : (m,) float
        Not falling.
    outcome : float

    Raises
    ------
    InputError
        If the levels do not rise, the quantiles fall, or a value is not finite.
    """
    p, q = _curve(levels, quantiles)
    outcome = float(_checked("outcome", [outcome], at_least=1)[0])
    return _squared_below(p, q, outcome) + _squared_below(1.0 - p[::-1], -q[::-1], -outcome)


def probability_below(levels: ArrayLike, quantiles: ArrayLike, outcome: float) -> float:
    """Return the probability of lying below a value under the distribution of `crps_of_quantiles`.

    Raises
    ------
    InputError
        As `crps_of_quantiles`.
    """
    p, q = _curve(levels, quantiles)
    outcome = float(_checked("outcome", [outcome], at_least=1)[0])
    if outcome < q[0]:
        scale = _tail(p, q)
        return float(p[0] * math.exp((outcome - q[0]) / scale)) if scale > 0.0 else 0.0
    if outcome > q[-1]:
        return 1.0 - probability_below(1.0 - p[::-1], -q[::-1], -outcome)
    # Where several levels share a value the distribution jumps, from 0 or to 1 at an end of the levels: half of the
    # jump counts as below.
    low, high = np.searchsorted(q, outcome, side="left"), np.searchsorted(q, outcome, side="right")
    if high > low:
        lowest = p[low] if low > 0 or _tail(p, q) > 0.0 else 0.0
        highest = p[high - 1] if high < q.size or _tail(1.0 - p[::-1], -q[::-1]) > 0.0 else 1.0
        return float(0.5 * (lowest + highest))
    return float(np.interp(outcome, q, p))


def crps_normal(mean: float, sd: float, outcome: float) -> float:
    """Return the CRPS of an outcome against a normal distribution, sd (z (2 Phi(z) - 1) + 2 phi(z) - 1/sqrt(pi)).

    Parameters
    ----------
    mean, sd, outcome : float, in one unit. A standard deviation of zero gives the absolute error.

    References
    ----------
    Gneiting, Raftery, Westveld and Goldman (2005), doi:10.1175/MWR2904.1, equation 5.
    """
    if sd == 0.0:
        return abs(outcome - mean)
    z = (outcome - mean) / sd
    density = math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    return sd * (z * (2.0 * _normal_cdf(z) - 1.0) + 2.0 * density - 1.0 / math.sqrt(math.pi))


def crps_log_normal(mu: float, sigma: float, outcome: float) -> float:
    """Return the CRPS of an outcome against a log-normal distribution.

    y (2 Phi(w) - 1) - 2 exp(mu + sigma**2 / 2) (Phi(w - sigma) + Phi(sigma / sqrt(2)) - 1), w = (ln y - mu) / sigma.

    Parameters
    ----------
    mu, sigma : float
        Of the logarithm; a sigma of zero gives the absolute error.
    outcome : float
        At or below zero every member of the distribution lies above it.

    References
    ----------
    Baran and Lerch (2015), doi:10.1002/qj.2521, equation 6.
    """
    if sigma == 0.0:
        return abs(outcome - math.exp(mu))
    w = (math.log(outcome) - mu) / sigma if outcome > 0.0 else -math.inf
    mean = math.exp(mu + 0.5 * sigma * sigma)
    spread = _normal_cdf(w - sigma) + _normal_cdf(sigma / math.sqrt(2.0)) - 1.0
    return outcome * (2.0 * _normal_cdf(w) - 1.0) - 2.0 * mean * spread


def _normal_cdf(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def _tail(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """Return the scale of the exponential below the lowest quantile; zero where there is nothing below it."""
    return float(p[0] * (q[1] - q[0]) / (p[1] - p[0]))


def _squared_below(p: NDArray[np.float64], q: NDArray[np.float64], y: float) -> float:
    """Return the integral of F(x)**2 from minus infinity to y."""
    scale = _tail(p, q)
    if y <= q[0]:
        return 0.5 * p[0] ** 2 * scale * math.exp(2.0 * (y - q[0]) / scale) if scale > 0.0 else 0.0
    total = 0.5 * p[0] ** 2 * scale
    end = min(y, float(q[-1]))
    k = int(np.searchsorted(q, end, side="left"))
    # Up to the lowest level of those that share a value: the jump there is no part of what lies below it.
    height = p[k - 1] + (p[k] - p[k - 1]) * (end - q[k - 1]) / (q[k] - q[k - 1]) if k > 0 else p[0]
    edges, heights = np.append(q[:k], end), np.append(p[:k], height)
    low, high = heights[:-1], heights[1:]
    total += float(np.sum(np.diff(edges) * (low * low + low * high + high * high) / 3.0))
    beyond, above = y - float(q[-1]), 1.0 - float(p[-1])
    if beyond > 0.0:
        scale = _tail(1.0 - p[::-1], -q[::-1])
        total += beyond
        if scale > 0.0:
            total += 2.0 * above * scale * math.expm1(-beyond / scale)
            total -= 0.5 * above**2 * scale * math.expm1(-2.0 * beyond / scale)
    return float(total)


def _curve(levels: ArrayLike, quantiles: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return levels and quantiles after checking them."""
    p, q = _checked("levels", levels, at_least=2), _checked("quantiles", quantiles, at_least=2)
    problems = []
    if not (np.all(np.diff(p) > 0.0) and p[0] >= 0.0 and p[-1] <= 1.0):
        problems.append(Problem("levels", p.tolist(), "must rise inside [0, 1]"))
    if q.size != p.size or not np.all(np.diff(q) >= 0.0):
        problems.append(Problem("quantiles", q.tolist(), "must be one for each level and not fall"))
    if problems:
        raise InputError(problems)
    return p, q


def _checked(field: str, values: ArrayLike, *, at_least: int) -> NDArray[np.float64]:
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1 or found.size < at_least:
        raise InputError(Problem(field, f"shape {found.shape}", f"must be a row of at least {at_least}"))
    if not np.all(np.isfinite(found)):
        raise InputError(Problem(field, "nan or infinity", "must be finite"))
    return found
