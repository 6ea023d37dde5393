"""Confidence intervals of a probability that was counted on independent paths."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from montecarlo_ai.errors import InputError, Problem

__all__ = ["METHODS", "binomial_interval", "check_interval"]

METHODS = ("clopper-pearson", "wilson")


def binomial_interval(
    count: ArrayLike, n: int, *, confidence: float = 0.95, method: str = "clopper-pearson"
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower and upper limit of the two-sided interval of a probability.

    Parameters
    ----------
    count : int or array of int
        Hits, 0 to n.
    n : int
        Independent trials, at least 1.
    confidence : float
        Nominal coverage, inside (0, 1).
    method : {"clopper-pearson", "wilson"}
        Clopper-Pearson inverts the binomial tails, each at half the error, so that it never covers less than
        nominal; Wilson inverts the score test.

    Raises
    ------
    InputError
        If an argument is out of its range.
    """
    hits = np.asarray(count, dtype=np.float64)
    problems = check_interval(confidence, method)
    if n < 1:
        problems.append(Problem("n", n, "must be at least 1"))
    elif not np.all((hits >= 0) & (hits <= n)):
        problems.append(Problem("count", count, f"must lie between 0 and n = {n}"))
    if problems:
        raise InputError(problems)
    return (_clopper_pearson if method == "clopper-pearson" else _wilson)(hits, n, confidence)


def check_interval(confidence: float, method: str) -> list[Problem]:
    """Return what is wrong with a confidence level and a method; an empty list if nothing."""
    problems = []
    number = isinstance(confidence, (int, float, np.floating)) and not isinstance(confidence, bool)
    if not (number and 0.0 < confidence < 1.0):
        problems.append(Problem("confidence", confidence, "must lie inside (0, 1)", "write 0.95 for 95%"))
    if method not in METHODS:
        problems.append(Problem("method", method, f"must be one of {', '.join(METHODS)}"))
    return problems


def _clopper_pearson(
    hits: NDArray[np.float64], n: int, confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from scipy.special import betaincinv

    tail = 0.5 * (1.0 - confidence)
    lower = np.where(hits > 0, betaincinv(np.maximum(hits, 1.0), n - hits + 1.0, tail), 0.0)
    upper = np.where(hits < n, betaincinv(hits + 1.0, np.maximum(n - hits, 1.0), 1.0 - tail), 1.0)
    return lower, upper


def _wilson(hits: NDArray[np.float64], n: int, confidence: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from scipy.special import ndtri

    z = float(ndtri(0.5 + 0.5 * confidence))
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1.0 + z * z / n)
    half = z / (1.0 + z * z / n) * np.sqrt(share * (1.0 - share) / n + (z / (2 * n)) ** 2)
    # At the edges the limit is 0 or 1 exactly; the subtraction would leave a rounding error there.
    lower = np.where(hits > 0, np.maximum(middle - half, 0.0), 0.0)
    upper = np.where(hits < n, np.minimum(middle + half, 1.0), 1.0)
    return lower, upper
