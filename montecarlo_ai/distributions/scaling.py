"""A distribution times a number, and a distribution with its units."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from montecarlo_ai.checks import Checks, refused
from montecarlo_ai.distributions.base import TRANSFORMATIONS, Distribution
from montecarlo_ai.distributions.operand import as_distribution
from montecarlo_ai.distributions.quantile_table import FloatArray
from montecarlo_ai.distributions.smallest_float import smallest_float
from montecarlo_ai.errors import InputError
from montecarlo_ai.kernels.laws import Law
from montecarlo_ai.units import check_units, conversion


@dataclass(frozen=True, eq=False, repr=False)
class Scaled(Distribution):
    """The distribution of a number times a value, plus another.

    Parameters
    ----------
    of : Distribution
        Of the value.
    factor : float
        Above zero.
    offset : float
        Added after the multiplication.
    """

    family: ClassVar[str] = "scaled"
    of: Distribution
    factor: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        checks = Checks()
        with checks.collecting():
            self._set(of=as_distribution(self.of, "Scaled.of"))
        factor = checks.number("Scaled.factor", self.factor, above=0.0)
        offset = checks.number("Scaled.offset", self.offset)
        checks.finish()
        self._set(factor=factor, offset=offset)

    @property
    def parameters(self) -> dict[str, Any]:
        """Arguments that construct this distribution again, the inner one as plain values."""
        return {"of": self.of.to_dict(), "factor": self.factor, "offset": self.offset}

    @property
    def continuous(self) -> bool:
        """Whether no value has a probability of its own."""
        return self.of.continuous

    @property
    def table_error(self) -> float:
        """Largest error of the inner draws."""
        return self.of.table_error

    def mean(self) -> float:
        """Return the factor times the mean, plus the offset."""
        return self.factor * self.of.mean() + self.offset

    def support(self) -> tuple[float, float]:
        """Return the ends."""
        low, high = self.of.support()
        return self.factor * low + self.offset, self.factor * high + self.offset

    def draws(self, u: FloatArray) -> FloatArray:
        """Return the inner draws, scaled."""
        return self.factor * self.of.draws(u) + self.offset

    def at_normal_scores(self, scores: FloatArray) -> FloatArray:
        """Return the inner draws at normal scores, scaled."""
        return self.factor * self.of.at_normal_scores(scores) + self.offset

    def _scaled(self, factor: float) -> Distribution:
        return Scaled(self.of, self.factor * factor, self.offset * factor)

    def _shifted(self, offset: float) -> Distribution:
        return Scaled(self.of, self.factor, self.offset + offset)

    def _inner(self, x: FloatArray) -> FloatArray:
        """Return the largest value that is scaled to at most x; to a rounding where there are no steps to miss."""
        inner = (x - self.offset) / self.factor
        if self.of.continuous:
            return inner
        with np.errstate(over="ignore", invalid="ignore"):
            room = 4.0 * np.spacing(np.abs(x) + abs(self.offset)) / self.factor + 4.0 * np.spacing(np.abs(inner))
            first = smallest_float(lambda value: self.factor * value + self.offset > x, inner - room, inner + room)
        return np.where(np.isfinite(inner), np.nextafter(first, -np.inf), inner)

    def _quantiles(self, u: FloatArray) -> FloatArray:
        return self.factor * self.of._quantiles(u) + self.offset

    def _upper_quantiles(self, q: FloatArray) -> FloatArray:
        return self.factor * self.of._upper_quantiles(q) + self.offset

    def _at_scores(self, scores: FloatArray) -> FloatArray:
        return self.factor * self.of._at_scores(scores) + self.offset

    def _probabilities(self, x: FloatArray) -> FloatArray:
        return self.of._probabilities(self._inner(x))

    def _exceedances(self, x: FloatArray) -> FloatArray:
        return self.of._exceedances(self._inner(x))

    def _mean_inside(self, low: float, high: float) -> float:
        first = np.nextafter(self._inner(np.nextafter(np.array([low]), -np.inf)), np.inf)
        last = self._inner(np.array([high]))
        mass = float(self.of._exceedances(np.nextafter(first, -np.inf))[0] - self.of._exceedances(last)[0])
        return self.factor * self.of._mean_inside(float(first[0]), float(last[0])) + self.offset * mass

    def _described(self) -> str:
        return f"Scaled({self.of!r}, factor={self.factor!r}, offset={self.offset!r})"


@dataclass(frozen=True, eq=False, repr=False)
class Measured(Distribution):
    """A distribution and the units in which its values are stated; a scenario converts it to those of the model.

    Parameters
    ----------
    of : Distribution
        Of the value as a number.
    units : str
        Such as "billion USD/year"; see `montecarlo_ai.units`.
    """

    family: ClassVar[str] = "measured"
    of: Distribution
    units: str

    def __post_init__(self) -> None:
        checks = Checks()
        with checks.collecting():
            self._set(of=as_distribution(self.of, "Measured.of"))
        with checks.collecting():
            check_units(self.units, "Measured.units")
        checks.finish()
        if isinstance(self.of, Measured):
            raise refused("Measured.units", self.units, f"comes after {self.of.units!r}", "convert with .to(units)")

    @property
    def law(self) -> Law | None:
        """The quantile function as compiled loops know it."""
        return self.of.law

    def to(self, units: str) -> Measured:
        """Return the same distribution in other units.

        Raises
        ------
        InputError
            If these do not measure the same.
        """
        return Measured(self.in_units(units), units)

    def in_units(self, units: str, field: str = "units") -> Distribution:
        """Return the distribution of the same value as a number of other units: what a model takes.

        Parameters
        ----------
        units : str
            Units of the model.
        field : str
            What an error calls the distribution.

        Raises
        ------
        InputError
            If these do not measure the same; names the field and both units.
        """
        try:
            return self.of.scaled(conversion(self.units, units))
        except InputError as error:
            raise InputError([replace(problem, field=field) for problem in error.problems]) from None

    def to_dict(self) -> dict[str, Any]:
        """Return the distribution's plain values with ``units`` beside them."""
        return {**self.of.to_dict(), "units": self.units}

    @property
    def claim(self) -> Any:
        """What was claimed of the distribution, in these units."""
        return self.of.claim

    @property
    def continuous(self) -> bool:
        """Whether no value has a probability of its own."""
        return self.of.continuous

    @property
    def table_error(self) -> float:
        """Largest error of the draws."""
        return self.of.table_error

    def mean(self) -> float:
        """Return the expected value, in these units."""
        return self.of.mean()

    def support(self) -> tuple[float, float]:
        """Return the ends of the support, in these units."""
        return self.of.support()

    def draws(self, u: FloatArray) -> FloatArray:
        """Return the draws, in these units."""
        return self.of.draws(u)

    def at_normal_scores(self, scores: FloatArray) -> FloatArray:
        """Return the draws at normal scores, in these units."""
        return self.of.at_normal_scores(scores)

    def truncate(self, low: float | None = None, high: float | None = None) -> Distribution:
        """Return the distribution given that the value lies from `low` to `high`, in these units."""
        return Measured(self.of.truncate(low, high), self.units)

    def clip(self, low: float | None = None, high: float | None = None) -> Distribution:
        """Return the distribution of the value moved to the ends where it lies outside them, in these units."""
        return Measured(self.of.clip(low, high), self.units)

    def scaled(self, factor: float) -> Distribution:
        """Return the distribution of `factor` times the value, in these units."""
        return Measured(self.of.scaled(factor), self.units)

    def shifted(self, offset: float) -> Distribution:
        """Return the distribution of the value plus `offset`, in these units."""
        return Measured(self.of.shifted(offset), self.units)

    def _quantiles(self, u: FloatArray) -> FloatArray:
        return self.of._quantiles(u)

    def _upper_quantiles(self, q: FloatArray) -> FloatArray:
        return self.of._upper_quantiles(q)

    def _at_scores(self, scores: FloatArray) -> FloatArray:
        return self.of._at_scores(scores)

    def _probabilities(self, x: FloatArray) -> FloatArray:
        return self.of._probabilities(x)

    def _exceedances(self, x: FloatArray) -> FloatArray:
        return self.of._exceedances(x)

    def _mean_inside(self, low: float, high: float) -> float:
        return self.of._mean_inside(low, high)

    def _described(self) -> str:
        return f"{self.of._described()}.with_units({self.units!r})"


TRANSFORMATIONS.update(scaled=Scaled, measured=Measured)
