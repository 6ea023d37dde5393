"""What every distribution of an input offers."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast, overload

import numpy as np
from numpy.typing import ArrayLike

from montecarlo_ai.checks import LARGEST_SEED, Checks, refused
from montecarlo_ai.distributions.arrays import real_array
from montecarlo_ai.distributions.claim import NEGLIGIBLE_MISFIT, Claim
from montecarlo_ai.distributions.drawing import DistributionArtists, draw
from montecarlo_ai.distributions.part import Part
from montecarlo_ai.distributions.quantile_table import TARGET, FloatArray, QuantileTable
from montecarlo_ai.kernels.laws import Law
from montecarlo_ai.lazy import cached_property

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LARGEST_UNIFORM = 1.0 - 2.0**-53
"""The largest float below one: a probability that rounds up to one would give the end of the support."""

SMALLEST_UNIFORM = 2.0**-53

LARGEST_LOGARITHM = math.log(np.finfo(np.float64).max)
LARGEST_SAMPLE = 2**40

TRANSFORMATIONS: dict[str, Callable[..., Distribution]] = {}
"""What `truncate`, `clip`, `scaled` and `with_units` make: distributions themselves, so `distributions` enters them."""


class Distribution(ABC):
    """A distribution of one input, given by its quantile function.

    A family says what its parameters are and computes quantiles and probabilities of float64 arrays; arguments are
    checked, scalars handled and equality defined here. Every operation on an array is elementwise, so that a draw
    depends on its own uniform only. Probabilities near one are told by what is missing to one, so that an upper tail
    is as exact as a lower one.

    Attributes
    ----------
    claim : Claim or None
        The quantiles that it was made from, beside those that it has; no part of what makes distributions equal.
    table_error : float
        Largest error of `draws`, relative to the larger of the interquartile range and the distance from the median;
        zero where draws are the quantiles themselves.
    """

    family: ClassVar[str]
    """Name of the family in a scenario file."""

    _closed: ClassVar[bool] = True
    """Whether the quantile function is a formula, so that draws need no table."""

    _of_scores: ClassVar[bool] = False
    """Whether the quantile function is a formula in the normal score."""

    _claimed: tuple[tuple[float, float], ...] | None = None

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Arguments that construct this distribution again, by name: a dataclass's fields."""
        return {field.name: getattr(self, field.name) for field in fields(cast(Any, self))}

    def _set(self, **values: Any) -> None:
        """Set fields of a frozen dataclass to their checked values."""
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @abstractmethod
    def mean(self) -> float:
        """Return the expected value; inf or nan where it is infinite or undefined."""

    @abstractmethod
    def support(self) -> tuple[float, float]:
        """Return the ends of the support, ``(ppf(0), ppf(1))``."""

    @abstractmethod
    def _quantiles(self, u: FloatArray) -> FloatArray:
        """Return the quantiles of probabilities in [0, 1]; any shape, elementwise."""

    @abstractmethod
    def _probabilities(self, x: FloatArray) -> FloatArray:
        """Return P(X <= x); any shape, elementwise."""

    @property
    def continuous(self) -> bool:
        """Whether no value has a probability of its own."""
        return True

    def _upper_quantiles(self, q: FloatArray) -> FloatArray:
        """Return the values that are exceeded with probability q."""
        return self._quantiles(np.where(q > 0.0, np.minimum(1.0 - q, LARGEST_UNIFORM), 1.0))

    def _exceedances(self, x: FloatArray) -> FloatArray:
        """Return P(X > x)."""
        return 1.0 - self._probabilities(x)

    def _quantiles_between(self, below: FloatArray, above: FloatArray) -> FloatArray:
        """Return quantiles by the probability below and that above, from the smaller of the two."""
        near = below <= 0.5
        values = np.empty(np.shape(near))
        values[near] = self._quantiles(below[near])
        values[~near] = self._upper_quantiles(above[~near])
        return values

    def _at_scores(self, scores: FloatArray) -> FloatArray:
        """Return the quantiles at standard normal scores, exactly."""
        from scipy.special import ndtr

        return self._quantiles_between(np.asarray(ndtr(scores)), np.asarray(ndtr(-scores)))

    def _mean_inside(self, low: float, high: float) -> float:
        """Return E[X; low <= X <= high], of a part of X that has a mean."""
        if low == -math.inf and high == math.inf:
            return self.mean()
        part = Part(self, low, high)
        return part.mass * part.mean() if part.mass > 0.0 else 0.0

    @overload
    def ppf(self, u: float) -> np.float64: ...
    @overload
    def ppf(self, u: ArrayLike) -> FloatArray: ...
    def ppf(self, u: ArrayLike) -> FloatArray | np.float64:
        """Return quantiles.

        Parameters
        ----------
        u : float or array of float
            Probabilities in [0, 1]; 0 and 1 give the ends of the support.

        Returns
        -------
        float or array of float, shape of u
            The smallest value that is not exceeded with at least this probability.

        Raises
        ------
        InputError
            If a probability is outside [0, 1], nan or no number.
        """
        probabilities = real_array(f"{type(self).__name__}.ppf: u", u)
        if probabilities.size and not (probabilities.min() >= 0.0 and probabilities.max() <= 1.0):
            raise refused(f"{type(self).__name__}.ppf: u", u, "must lie in [0, 1]")
        quantiles: FloatArray = np.asarray(self._quantiles(probabilities))[()]
        return quantiles

    @overload
    def cdf(self, x: float) -> np.float64: ...
    @overload
    def cdf(self, x: ArrayLike) -> FloatArray: ...
    def cdf(self, x: ArrayLike) -> FloatArray | np.float64:
        """Return the probability of a value at most x.

        Parameters
        ----------
        x : float or array of float
            Values, in the input's units.

        Returns
        -------
        float or array of float, shape of x
            nan where x is nan.

        Raises
        ------
        InputError
            If a value is no number.
        """
        values = real_array(f"{type(self).__name__}.cdf: x", x)
        with np.errstate(invalid="ignore"):
            probabilities: FloatArray = np.where(np.isnan(values), np.nan, self._probabilities(values))[()]
        return probabilities

    def median(self) -> float:
        """Return the value in the middle, ``ppf(0.5)``."""
        return float(self.ppf(0.5))

    def interval(self, level: float = 0.9) -> tuple[float, float]:
        """Return the central interval: as much probability lies below it as above.

        Parameters
        ----------
        level : float
            Probability inside, in (0, 1).
        """
        checks = Checks()
        inside = checks.number(f"{type(self).__name__}.interval: level", level, above=0.0, below=1.0)
        checks.finish()
        tail = np.array([0.5 - 0.5 * inside])
        return float(self._quantiles(tail)[0]), float(self._upper_quantiles(tail)[0])

    @property
    def law(self) -> Law | None:
        """The quantile function as compiled loops know it; None where they do not."""
        return None

    @cached_property
    def _table(self) -> QuantileTable | None:
        """Table of the quantile function; None where it needs none, has jumps, or misses the target."""
        if self._of_scores or not self.continuous:
            return None
        with np.errstate(all="ignore"):
            table = QuantileTable(self._at_scores)
        return table if table.error <= TARGET else None

    @property
    def table_error(self) -> float:
        """Largest error of draws that come from a table, as `QuantileTable` measures it; zero where none is used."""
        return 0.0 if self._table is None else self._table.error

    def draws(self, u: FloatArray) -> FloatArray:
        """Return the quantiles of uniforms, fast: by a table with an error of `table_error` where `ppf` iterates.

        Parameters
        ----------
        u : (n,) float64
            Strictly inside (0, 1); not checked.

        Returns
        -------
        (n,) float64
            Elementwise: a draw depends on its own uniform only, and ascends with it.
        """
        if self.law is not None:
            from montecarlo_ai.kernels.draws import values_of

            return values_of(self.law, u)
        if self._closed or self._table is None:
            return self._quantiles(u)
        from montecarlo_ai.kernels.quantile import normal_scores

        return self._table(normal_scores(u))

    def at_normal_scores(self, scores: FloatArray) -> FloatArray:
        """Return draws at standard normal scores, ``ppf(Phi(z))`` with an error of `table_error`.

        Families that are functions of a normal skip the way through the probability.

        Parameters
        ----------
        scores : (n,) float64
            Finite standard normal values.
        """
        return self._at_scores(scores) if self._table is None else self._table(scores)

    def sample(self, size: int, seed: int | None = None) -> FloatArray:
        """Return independent draws, by the quantile function.

        Parameters
        ----------
        size : int
            Number of draws.
        seed : int, optional
            From 0 below 2**63; fresh entropy if not given.

        Returns
        -------
        (size,) float64
        """
        checks = Checks()
        count = checks.whole("size", size, at_least=0, at_most=LARGEST_SAMPLE)
        start = None if seed is None else checks.whole("seed", seed, at_least=0, at_most=LARGEST_SEED)
        checks.finish()
        return self.draws((np.random.default_rng(start).integers(0, 2**52, count) + 0.5) * np.float64(2.0**-52))

    def truncate(self, low: float | None = None, high: float | None = None) -> Distribution:
        """Return the distribution given that the value lies from `low` to `high`; no value outside ever happened.

        The probability outside is spread over the inside in proportion; `clip` moves it to the ends instead.

        Parameters
        ----------
        low, high : float, optional
            Ends, in the input's units; no end where not given.

        Raises
        ------
        InputError
            If there is no probability inside; the error shows how much there is.
        """
        return TRANSFORMATIONS["truncated"](self, low, high)

    def clip(self, low: float | None = None, high: float | None = None) -> Distribution:
        """Return the distribution of the value moved to the nearer end where it lies outside `low` to `high`.

        The ends get the probability that lay beyond them as point masses; `truncate` leaves it out instead.

        Parameters
        ----------
        low, high : float, optional
            Ends, in the input's units; no end where not given.
        """
        return TRANSFORMATIONS["clipped"](self, low, high)

    def scaled(self, factor: float) -> Distribution:
        """Return the distribution of `factor` times the value, of the same family where it has one.

        Parameters
        ----------
        factor : float
            Above zero. What was claimed of the distribution is scaled with it.
        """
        checks = Checks()
        number = checks.number(f"{type(self).__name__}.scaled: factor", factor, above=0.0)
        checks.finish()
        result = self._scaled(number)
        if self._claimed is not None:
            result._claim([(probability, value * number) for probability, value in self._claimed])
        return result

    def shifted(self, offset: float) -> Distribution:
        """Return the distribution of the value plus `offset`, of the same family where it has one.

        Parameters
        ----------
        offset : float
            In the input's units. What was claimed of the distribution is moved with it.
        """
        checks = Checks()
        number = checks.number(f"{type(self).__name__}.shifted: offset", offset)
        checks.finish()
        result = self._shifted(number)
        if self._claimed is not None:
            result._claim([(probability, value + number) for probability, value in self._claimed])
        return result

    def _scaled(self, factor: float) -> Distribution:
        return TRANSFORMATIONS["scaled"](self, factor)

    def _shifted(self, offset: float) -> Distribution:
        return TRANSFORMATIONS["scaled"](self, 1.0, offset)

    def with_units(self, units: str) -> Distribution:
        """Return the distribution with the units that its values are stated in, such as ``"billion USD/year"``.

        A scenario converts it to the units of the model. See `montecarlo_ai.units` for what can be written.
        """
        return TRANSFORMATIONS["measured"](self, units)

    def plot(self, ax: Axes | None = None) -> DistributionArtists:
        """Return the artists of a picture: density and distribution function, with what was claimed marked.

        Parameters
        ----------
        ax : Axes, optional
            Whose place both share, the density above, on these axes, and the distribution function below; a new
            figure if not given.
        """
        return draw(self, ax)

    @property
    def claim(self) -> Claim | None:
        """What was claimed of the distribution beside what it says; None if it was not made from quantiles."""
        if self._claimed is None:
            return None
        from scipy.special import ndtri

        probabilities, values = zip(*self._claimed, strict=True)
        fitted = self._at_scores(np.asarray(ndtri(np.array(probabilities))))
        reached = self._probabilities(np.array(values))
        return Claim(probabilities, values, tuple(map(float, fitted)), tuple(map(float, reached)))

    def _claim(self, points: Sequence[tuple[float, float]]) -> Self:
        """Keep (probability, value) points that were claimed."""
        object.__setattr__(self, "_claimed", tuple(points))
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the family and its parameters as plain values, which `distribution_from_dict` reads."""
        return {
            "distribution": self.family,
            **{key: value for key, value in self.parameters.items() if value is not None},
        }

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Distribution):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(repr(self.to_dict()))

    def __repr__(self) -> str:
        text, claim = self._described(), self.claim
        if claim is None or claim.misfit <= NEGLIGIBLE_MISFIT:
            return text
        return f"<{text}: {claim}>"

    def _described(self) -> str:
        """Return the call that makes the distribution."""
        listed = ", ".join(f"{name}={value!r}" for name, value in self.parameters.items())
        return f"{type(self).__name__}({listed})"
