"""The metalog: a quantile function that is linear in its coefficients, so that it goes through stated quantiles."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from montecarlo_ai.checks import Checks, refused
from montecarlo_ai.distributions.arrays import is_listed
from montecarlo_ai.distributions.base import Distribution
from montecarlo_ai.distributions.elicitation import checked_points, claiming
from montecarlo_ai.distributions.part import mean_of_quantiles
from montecarlo_ai.distributions.quantile_table import FloatArray
from montecarlo_ai.distributions.smallest_float import smallest_float
from montecarlo_ai.lazy import cached_property

LARGEST_TERMS = 16
_CHECKED = 4001
_FARTHEST_LOGIT = 37.0
_NEGLIGIBLE = 1e-14


@dataclass(frozen=True, eq=False, repr=False)
class Metalog(Distribution):
    """The metalog distribution, on the whole line, a half-line or a range.

    With y the probability, L = log(y / (1 - y)) and t = y - 1/2, the quantile function is::

        M(y) = a1 + a2 L + a3 t L + a4 t + a5 t**2 + a6 t**2 L + a7 t**3 + a8 t**3 L + ...

    and, with ends, low + exp(M), high - exp(-M), or (low + high exp(M)) / (1 + exp(M)).

    Parameters
    ----------
    coefficients : sequence of float
        a1, a2, ..., from 2 to 16 of them; without ends in the input's units, with one end those of a logarithm of
        the distance to it, with two those of log-odds.
    low, high : float, optional
        Ends of the support, in the input's units; no end where not given.

    Raises
    ------
    InputError
        If the quantile function does not ascend everywhere; the error says where it fails.

    References
    ----------
    Keelin (2016), The Metalog Distributions, Decision Analysis 13(4), doi:10.1287/deca.2016.0338.
    """

    family: ClassVar[str] = "metalog"
    _closed: ClassVar[bool] = False
    coefficients: tuple[float, ...]
    low: float | None
    high: float | None

    def __init__(self, coefficients: Sequence[float], low: float | None = None, high: float | None = None) -> None:
        checks = Checks()
        numbers: list[float] = []
        if not is_listed(coefficients) or not 2 <= len(coefficients) <= LARGEST_TERMS:
            checks.add("Metalog.coefficients", coefficients, f"must be from 2 to {LARGEST_TERMS} numbers")
        else:
            numbers = [checks.number(f"Metalog.coefficients[{k}]", value) for k, value in enumerate(coefficients)]
        low, high = _checked_ends(low, high, checks)
        checks.finish()
        self._set(coefficients=tuple(numbers), low=low, high=high)
        self._check_ascent()

    @classmethod
    def from_quantiles(
        cls,
        quantiles: Mapping[float, float],
        low: float | None = None,
        high: float | None = None,
        terms: int | None = None,
    ) -> Self:
        """Return the metalog through these quantiles, or nearest to them.

        Parameters
        ----------
        quantiles : mapping of float to float
            Value of the input by probability, strictly between the ends; at least two.
        low, high : float, optional
            Ends of the support, in the input's units; no end where not given.
        terms : int, optional
            Coefficients, from 2 to as many as there are quantiles; fewer make a smoother curve that is fitted by
            least squares. If not given as many as quantiles, or the fewest more that meet them where probabilities
            lie symmetrically about one half, so that some terms repeat each other there; 16 at most.

        Raises
        ------
        InputError
            If quantiles are not ascending or not between the ends, or the curve through them does not ascend.

        Warns
        -----
        MisfitWarning
            If the distribution misses a quantile by more than five points of probability.
        """
        checks = Checks()
        low, high = _checked_ends(low, high, checks)
        checks.finish()
        points = checked_points("Metalog", quantiles, 2, above=low, below=high)
        most = min(len(points), LARGEST_TERMS)
        count = most if terms is None else checks.whole("Metalog.terms", terms, at_least=2, at_most=most)
        checks.finish()
        probabilities, values = np.array(points).T
        targets = _unbounded(values, low, high)
        solution, _, rank, _ = np.linalg.lstsq(_basis(probabilities, count), targets, rcond=None)
        while terms is None and rank < len(points) and count < LARGEST_TERMS:
            count += 1
            solution, _, rank, _ = np.linalg.lstsq(_basis(probabilities, count), targets, rcond=None)
        solution[np.abs(solution) < _NEGLIGIBLE * np.abs(solution).max()] = 0.0
        return claiming(cls([float(value) for value in solution], low, high), points)

    @property
    def parameters(self) -> dict[str, Any]:
        """Arguments that construct this distribution again, by name."""
        return {"coefficients": list(self.coefficients), "low": self.low, "high": self.high}

    @cached_property
    def _polynomials(self) -> tuple[FloatArray, FloatArray]:
        """Coefficients of powers of t: those that stand alone, and those that L is multiplied by."""
        places = _places(len(self.coefficients))
        alone, with_logit = np.zeros(LARGEST_TERMS), np.zeros(LARGEST_TERMS)
        for (power, logit), value in zip(places, self.coefficients, strict=True):
            (with_logit if logit else alone)[power] += value
        return alone, with_logit

    @cached_property
    def _slopes(self) -> tuple[float, float]:
        """What the logit is multiplied by at probabilities zero and one."""
        with_logit = self._polynomials[1]
        low, high = np.polynomial.polynomial.polyval(np.array([-0.5, 0.5]), with_logit)
        return float(low), float(high)

    def _check_ascent(self) -> None:
        """Raise unless y (1 - y) dM/dy is above zero on a grid of logits, and not below it at the ends."""
        from numpy.polynomial.polynomial import polyder, polyval
        from scipy.special import expit

        logits = np.linspace(-_FARTHEST_LOGIT, _FARTHEST_LOGIT, _CHECKED)
        below, above = expit(logits), expit(-logits)
        t = 0.5 * (below - above)
        alone, with_logit = self._polynomials
        rises = polyval(t, with_logit) + below * above * (
            polyval(t, polyder(with_logit)) * logits + polyval(t, polyder(alone))
        )
        lowest = int(np.argmin(rises))
        if min(self._slopes) < 0.0 or not rises[lowest] > 0.0:
            worst = float(below[lowest])
            if min(self._slopes) < min(0.0, float(rises[lowest])):
                worst = float(np.argmin(self._slopes))
            rule = f"make a quantile function that does not ascend at probability {worst:.4g}"
            remedy = "use fewer terms, quantiles that are nearer to a smooth curve, or ends"
            raise refused("Metalog.coefficients", list(self.coefficients), rule, remedy)

    def mean(self) -> float:
        """Return the expected value; infinite where a tail towards the open side has none."""
        if self.low is None and self.high is None:
            places = _places(len(self.coefficients))
            return math.fsum(a * _mean_of_term(*place) for a, place in zip(self.coefficients, places, strict=True))
        if self.high is None and self._slopes[1] >= 1.0:
            return math.inf
        if self.low is None and self._slopes[0] >= 1.0:
            return -math.inf
        return mean_of_quantiles(self._at_scores)

    def support(self) -> tuple[float, float]:
        """Return the ends."""
        zero, one = np.zeros(1), np.ones(1)
        return float(self._quantiles_between(zero, one)[0]), float(self._quantiles_between(one, zero)[0])

    def _scaled(self, factor: float) -> Distribution:
        low, high = (None if end is None else factor * end for end in (self.low, self.high))
        if low is None and high is None:
            return Metalog([factor * value for value in self.coefficients])
        first = self.coefficients[0]
        if high is None:
            first += math.log(factor)
        elif low is None:
            first -= math.log(factor)
        return Metalog([first, *self.coefficients[1:]], low, high)

    def _shifted(self, offset: float) -> Distribution:
        low, high = (None if end is None else end + offset for end in (self.low, self.high))
        moved = offset if low is None and high is None else 0.0
        return Metalog([self.coefficients[0] + moved, *self.coefficients[1:]], low, high)

    def _unbounded_quantiles(self, below: FloatArray, above: FloatArray) -> FloatArray:
        """Return M by the probability below and that above."""
        from numpy.polynomial.polynomial import polyval

        alone, with_logit = self._polynomials
        t = 0.5 * (below - above)
        with np.errstate(divide="ignore", invalid="ignore"):
            steep = polyval(t, with_logit) * (np.log(below) - np.log(above))
        flat = np.where(below <= 0.0, self._slopes[0], self._slopes[1]) == 0.0  # 0 times infinity is no step here
        at_ends = (below <= 0.0) | (above <= 0.0)
        return np.asarray(polyval(t, alone) + np.where(at_ends & flat, 0.0, steep), dtype=np.float64)

    def _quantiles_between(self, below: FloatArray, above: FloatArray) -> FloatArray:
        from scipy.special import expit

        values = self._unbounded_quantiles(below, above)
        with np.errstate(over="ignore"):
            if self.low is not None and self.high is not None:
                share, rest = np.asarray(expit(values)), np.asarray(expit(-values))
                return np.clip(self.low * rest + self.high * share, self.low, self.high)
            if self.low is not None:
                return self.low + np.exp(values)
            return values if self.high is None else self.high - np.exp(-values)

    def _quantiles(self, u: FloatArray) -> FloatArray:
        return self._quantiles_between(u, 1.0 - u)

    def _upper_quantiles(self, q: FloatArray) -> FloatArray:
        return self._quantiles_between(1.0 - q, q)

    def _probabilities(self, x: FloatArray) -> FloatArray:
        below, above = self._tails(x)
        return np.where(below < 0.5, below, 1.0 - above)

    def _exceedances(self, x: FloatArray) -> FloatArray:
        below, above = self._tails(x)
        return np.where(above < 0.5, above, 1.0 - below)

    def _tails(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the probabilities below x and above it, each exact up to one half."""
        values = _unbounded(x, self.low, self.high)
        zero, half = np.zeros(np.shape(x)), np.full(np.shape(x), 0.5)
        below = smallest_float(lambda y: self._unbounded_quantiles(y, 1.0 - y) >= values, zero, half)
        above = smallest_float(lambda y: self._unbounded_quantiles(1.0 - y, y) <= values, zero, half)
        return below, above


def _places(terms: int) -> list[tuple[int, bool]]:
    """Return the power of t of each term, and whether it is multiplied by L."""
    places = [(0, False), (0, True), (1, True), (1, False)]
    places += [(k // 2 if k % 2 else k // 2 - 1, k % 2 == 0) for k in range(5, terms + 1)]
    return places[:terms]


def _basis(y: FloatArray, terms: int) -> FloatArray:
    """Return the terms at probabilities, a row a probability."""
    logit = np.log(y) - np.log1p(-y)
    return np.column_stack(
        [(y - 0.5) ** power * (logit if with_logit else 1.0) for power, with_logit in _places(terms)]
    )


def _mean_of_term(power: int, with_logit: bool) -> float:
    """Return the integral over (0, 1) of t**power, times L or not."""
    if with_logit == (power % 2 == 0):
        return 0.0
    if not with_logit:
        return 0.25 ** (power // 2) / (power + 1)
    half = (power + 1) // 2  # by parts, with t**(power + 1) - 1/2**(power + 1) divided by t**2 - 1/4
    return 0.25 ** (half - 1) / (2 * half) * math.fsum(1.0 / (2 * k + 1) for k in range(half))


def _unbounded(x: FloatArray, low: float | None, high: float | None) -> FloatArray:
    """Return M of values; infinite at an end and beyond."""
    with np.errstate(divide="ignore"):
        if low is None and high is None:
            return np.asarray(x)
        above = np.log(np.maximum(x - low, 0.0)) if low is not None else np.zeros(np.shape(x))
        below = np.log(np.maximum(high - x, 0.0)) if high is not None else np.zeros(np.shape(x))
        return np.asarray(above - below)


def _checked_ends(low: object, high: object, checks: Checks) -> tuple[float | None, float | None]:
    """Return the ends as numbers; problems are recorded."""
    bottom = None if low is None else checks.number("Metalog.low", low)
    top = None if high is None else checks.number("Metalog.high", high)
    if bottom is not None and top is not None and bottom >= top:
        checks.add("Metalog.low", low, f"must be below high = {high!r}")
    return bottom, top
