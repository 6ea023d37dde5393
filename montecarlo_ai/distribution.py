"""What every distribution of an input offers."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar, cast, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from montecarlo_ai.checks import LARGEST_SEED, Checks, refused

FloatArray = NDArray[np.float64]

LARGEST_UNIFORM = 1.0 - 2.0**-53
"""The largest float below one: a probability that rounds up to one would give the end of the support."""

LARGEST_LOGARITHM = math.log(np.finfo(np.float64).max)
LARGEST_SAMPLE = 2**40


class Distribution(ABC):
    """A distribution of one input, given by its quantile function.

    A family says what its parameters are and computes quantiles and probabilities of float64 arrays; arguments are
    checked, scalars handled and equality defined here. Every operation on an array is elementwise, so that a draw
    depends on its own uniform only.
    """

    family: ClassVar[str]
    """Name of the family in a scenario file."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Arguments that construct this distribution again, by name: a dataclass's fields."""
        return {field.name: getattr(self, field.name) for field in fields(cast(Any, self))}

    def _set(self, **values: float) -> None:
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

        Raises
        ------
        InputError
            If a probability is outside [0, 1] or nan.
        """
        probabilities = np.asarray(u, dtype=np.float64)
        if probabilities.size and not (probabilities.min() >= 0.0 and probabilities.max() <= 1.0):
            raise refused(f"{type(self).__name__}.ppf: u", u, "must lie in [0, 1]")
        quantiles: FloatArray = self._quantiles(probabilities)[()]
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
        """
        values = np.asarray(x, dtype=np.float64)
        probabilities: FloatArray = np.where(np.isnan(values), np.nan, self._probabilities(values))[()]
        return probabilities

    def at_normal_scores(self, scores: FloatArray) -> FloatArray:
        """Return the quantiles at standard normal scores, ``ppf(Phi(z))``.

        Families that are functions of a normal skip the way through the probability, and keep the precision that it
        loses in the upper tail.

        Parameters
        ----------
        scores : (n,) float64
            Finite standard normal values.
        """
        from scipy.special import ndtr

        return self._quantiles(np.minimum(ndtr(scores), LARGEST_UNIFORM))

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
        uniforms = (np.random.default_rng(start).integers(0, 2**52, count) + 0.5) * np.float64(2.0**-52)
        return self._quantiles(uniforms)

    def to_dict(self) -> dict[str, Any]:
        """Return the family and its parameters as plain values, which `distribution_from_dict` reads."""
        return {"distribution": self.family, **self.parameters}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Distribution):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(repr(self.to_dict()))

    def __repr__(self) -> str:
        listed = ", ".join(f"{name}={value!r}" for name, value in self.parameters.items())
        return f"{type(self).__name__}({listed})"
