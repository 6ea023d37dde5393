"""Confidence intervals of a probability: counted on independent paths, or on independent replicates of any paths."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from montecarlo_ai.errors import InputError, Problem

__all__ = [
    "BINOMIAL_METHODS",
    "METHODS",
    "REPLICATES",
    "Parts",
    "binomial_interval",
    "check_interval",
    "rank_at",
    "replicate_error",
    "replicate_interval",
    "share_interval",
]

BINOMIAL_METHODS = ("clopper-pearson", "wilson")
REPLICATES = "replicates"
METHODS = (*BINOMIAL_METHODS, REPLICATES)


class Parts(NamedTuple):
    """How the values of a sample hang together.

    Attributes
    ----------
    replicate : (n,) int64
        The independent replicate that each belongs to, numbered from 0 without gaps.
    together : int
        How many paths hang together in any case: the two of a pair.
    """

    replicate: NDArray[np.int64]
    together: int

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Values of each replicate, (replicates,)."""
        return np.bincount(self.replicate)

    def sums(self, values: NDArray[np.float64] | NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the sums of the values over each replicate, (replicates,)."""
        return np.asarray(np.bincount(self.replicate, weights=values), dtype=np.float64)

    def among(self, chosen: NDArray[np.bool_]) -> Self:
        """Return the same for part of the values; replicates that have none of them are no more."""
        return self._replace(replicate=np.unique(self.replicate[chosen], return_inverse=True)[1].astype(np.int64))


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
    problems = check_interval(confidence, method, BINOMIAL_METHODS)
    if n < 1:
        problems.append(Problem("n", n, "must be at least 1"))
    elif not np.all((hits >= 0) & (hits <= n)):
        problems.append(Problem("count", count, f"must lie between 0 and n = {n}"))
    if problems:
        raise InputError(problems)
    return (_clopper_pearson if method == "clopper-pearson" else _wilson)(hits, n, confidence)


def replicate_error(parts: NDArray[np.float64], sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the standard error of a mean from the sums of independent replicates.

    With means m_r of n_r values each, m their whole mean and w_r = n_r / n, it is the root of
    R / (R - 1) sum w_r**2 (m_r - m)**2: for replicates of one size, their standard deviation over the root of R.

    Parameters
    ----------
    parts : (replicates, ...) float64
        Sums over the values of each replicate.
    sizes : (replicates,) int64
        How many values each has, at least one; at least two replicates.
    """
    n = sizes.sum()
    size = sizes.reshape(-1, *[1] * (parts.ndim - 1))
    strays = (parts - size * (parts.sum(axis=0) / n)) / n
    error: NDArray[np.float64] = np.sqrt(len(sizes) / (len(sizes) - 1.0) * (strays**2).sum(axis=0))
    return error


def replicate_interval(
    hits: NDArray[np.int64], sizes: NDArray[np.int64], *, confidence: float = 0.95, together: int = 1
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return standard error, lower and upper limit of a probability from the hits of independent replicates.

    The interval is Student's t on the replicates' shares, with one degree of freedom less than there are replicates
    (L'Ecuyer, Nakayama, Owen and Tuffin 2023 find none better for so few), cut to [0, 1]. Where the shares are all the
    same, as where nothing or everything was hit, they say nothing about their spread: there the limits are
    Clopper-Pearson's on all paths, as if they were independent. Where fewer are hit than there are replicates, or fewer
    are not, they say too little, and no limit is nearer than that one: else one hit would have a lower upper limit than
    none.

    Parameters
    ----------
    hits : (replicates, ...) int64
    sizes : (replicates,) int64
        Paths of each replicate.
    confidence : float
    together : int
        How many paths hang together in any case, and count as one trial where Clopper-Pearson's limits are taken.

    References
    ----------
    L'Ecuyer, Nakayama, Owen and Tuffin (2023), Confidence intervals for randomized quasi-Monte Carlo estimators,
    Winter Simulation Conference, doi:10.1109/WSC60868.2023.10408613.
    """
    from scipy.special import stdtrit

    n = int(sizes.sum())
    total = hits.sum(axis=0)
    share = total / n
    error = replicate_error(hits.astype(np.float64), sizes)
    same = (hits * sizes[0] == hits[0] * sizes.reshape(-1, *[1] * (hits.ndim - 1))).all(axis=0)
    half = float(stdtrit(len(sizes) - 1, 0.5 + 0.5 * confidence)) * error
    lowest, highest = _clopper_pearson(total / together, n / together, confidence)
    lower, upper = np.maximum(share - half, 0.0), np.minimum(share + half, 1.0)
    few = np.minimum(total, n - total) < together * len(sizes)
    return (
        np.where(same, np.sqrt(share * (1.0 - share) * together / n), error),
        np.where(same, lowest, np.where(few, np.minimum(lower, lowest), lower)),
        np.where(same, highest, np.where(few, np.maximum(upper, highest), upper)),
    )


def share_interval(
    hits: NDArray[np.bool_], parts: Parts | None = None, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the limits of the share of paths that are hit: Clopper-Pearson's, or those of the replicates.

    Parameters
    ----------
    hits : (path,) bool
    parts : Parts, optional
        For paths that are not independent, or are of several replicates; see `replicate_interval`.
    confidence : float
    """
    if parts is None:
        lower, upper = binomial_interval(int(hits.sum()), hits.size, confidence=confidence)
    else:
        counts = parts.sums(hits).astype(np.int64)
        _, lower, upper = replicate_interval(counts, parts.sizes, confidence=confidence, together=parts.together)
    return float(lower), float(upper)


def rank_at(level: float, n: int) -> int:
    """Return the rank, from 1, of the smallest of n values that at least a share of them does not exceed.

    Where the share is a whole number of values but for rounding, .07 of 100, it is that number.
    """
    return max(math.ceil(level * n * (1.0 - 1e-12)), 1)


def check_interval(confidence: float, method: str, methods: Sequence[str] = METHODS) -> list[Problem]:
    """Return what is wrong with a confidence level and a method; an empty list if nothing."""
    problems = []
    number = isinstance(confidence, (int, float, np.floating)) and not isinstance(confidence, bool)
    if not (number and 0.0 < confidence < 1.0):
        problems.append(Problem("confidence", confidence, "must lie inside (0, 1)", "write 0.95 for 95%"))
    if method not in methods:
        problems.append(Problem("method", method, f"must be one of {', '.join(methods)}"))
    return problems


def _clopper_pearson(
    hits: NDArray[np.float64], n: float, confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from scipy.special import betaincinv

    tail = 0.5 * (1.0 - confidence)
    lower = np.where(hits > 0, betaincinv(np.where(hits > 0, hits, 1.0), n - hits + 1.0, tail), 0.0)
    upper = np.where(hits < n, betaincinv(hits + 1.0, np.where(hits < n, n - hits, 1.0), 1.0 - tail), 1.0)
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
