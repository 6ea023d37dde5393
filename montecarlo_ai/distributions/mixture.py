"""One of several distributions, each with its probability."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from montecarlo_ai.checks import Checks
from montecarlo_ai.distributions.base import LARGEST_UNIFORM, SMALLEST_UNIFORM, Distribution
from montecarlo_ai.distributions.operand import as_distribution
from montecarlo_ai.distributions.quantile_table import FloatArray
from montecarlo_ai.distributions.smallest_float import smallest_float
from montecarlo_ai.distributions.weights import checked_weights
from montecarlo_ai.lazy import cached_property

_SMALL = 0.1


class _Parted(NamedTuple):
    """A mixture of known numbers and of what varies without steps.

    Attributes
    ----------
    rest : Distribution
        What varies.
    share : float
        Its weight.
    places, known_up_to, up_to : (k,) float64
        The known numbers, the weights of them up to each, and the probability of at most each.
    """

    rest: Distribution
    share: float
    places: FloatArray
    known_up_to: FloatArray
    up_to: FloatArray


@dataclass(frozen=True, eq=False, repr=False)
class Mixture(Distribution):
    """One of several distributions, each with its probability.

    Parameters
    ----------
    components : sequence of Distribution, float or frozen scipy.stats distribution
        At least one, in the same units.
    weights : sequence of float
        Their probabilities, above zero, summing to one.

    Raises
    ------
    InputError
        If a component is no distribution, or the weights are not as many, not above zero, or do not sum to one.

    Examples
    --------
    >>> from montecarlo_ai.distributions import LogNormal, Mixture
    >>> launch = Mixture([0.0, LogNormal.from_interval(1.0, 10.0)], [0.3, 0.7])
    >>> float(launch.cdf(0.0))
    0.3
    """

    family: ClassVar[str] = "mixture"
    _closed: ClassVar[bool] = False
    components: tuple[Distribution, ...]
    weights: tuple[float, ...]

    def __init__(self, components: Sequence[Any], weights: Sequence[float]) -> None:
        checks = Checks()
        parts: list[Distribution] = []
        if not isinstance(components, list | tuple) or not components:
            checks.add("Mixture.components", components, "must be a list of at least one distribution")
            components = ()
        for place, component in enumerate(components):
            with checks.collecting():
                parts.append(as_distribution(component, f"Mixture.components[{place}]"))
                if hasattr(component, "units"):
                    rule = "has units of its own"
                    checks.add(f"Mixture.components[{place}]", component, rule, "give units to the whole mixture")
        shares = checked_weights("Mixture.weights", weights, len(components), checks)
        checks.finish()
        self._set(components=tuple(parts), weights=shares)

    @property
    def parameters(self) -> dict[str, Any]:
        """Arguments that construct this distribution again, the components as plain values."""
        return {"components": [part.to_dict() for part in self.components], "weights": list(self.weights)}

    @property
    def continuous(self) -> bool:
        """Whether no value has a probability of its own."""
        return all(part.continuous for part in self.components)

    def mean(self) -> float:
        """Return the weighted mean; inf or nan where that of a component is."""
        return math.fsum(self._weighted(part.mean() for part in self.components))

    def support(self) -> tuple[float, float]:
        """Return the ends of all supports together."""
        ends = [part.support() for part in self.components]
        return min(low for low, _ in ends), max(high for _, high in ends)

    @cached_property
    def _parted(self) -> _Parted | None:
        """The known numbers among the components, and the mixture of the others; None where these have steps too."""
        ends = [part.support() for part in self.components]
        known = [low == high for low, high in ends]
        others = [part for part, is_known in zip(self.components, known, strict=True) if not is_known]
        if not any(known) or not others or not all(part.continuous for part in others):
            return None
        weights = np.array(self.weights)[~np.array(known)]
        rest = others[0] if len(others) == 1 else Mixture(others, [float(share) for share in weights / weights.sum()])
        places = np.unique(
            [part.support()[0] for part, is_known in zip(self.components, known, strict=True) if is_known]
        )
        up_to, share = self._probabilities(places), float(weights.sum())
        return _Parted(rest, share, places, up_to - share * rest._probabilities(places), up_to)

    def draws(self, u: FloatArray) -> FloatArray:
        """Return the quantiles of uniforms, fast; known numbers among the components cost no precision."""
        parted = self._parted
        if parted is None:
            return super().draws(u)
        passed = np.append(0.0, parted.known_up_to)[np.searchsorted(parted.up_to, u)]
        rest = parted.rest.draws(np.clip((u - passed) / parted.share, SMALLEST_UNIFORM, LARGEST_UNIFORM))
        place = np.minimum(np.searchsorted(parted.up_to, u), len(parted.places) - 1)
        known = np.append(0.0, parted.known_up_to)
        step = known[place + 1] - known[place]
        at_place = (u <= parted.up_to[place]) & (u >= parted.up_to[place] - step)
        return np.where(at_place, parted.places[place], rest)

    def at_normal_scores(self, scores: FloatArray) -> FloatArray:
        """Return draws at standard normal scores."""
        from scipy.special import ndtr

        if self._parted is None:
            return super().at_normal_scores(scores)
        return self.draws(np.clip(ndtr(scores), SMALLEST_UNIFORM, LARGEST_UNIFORM))

    @property
    def table_error(self) -> float:
        """Largest error of draws that come from a table; zero where none is used."""
        return super().table_error if self._parted is None else self._parted.rest.table_error

    def _weighted(self, values: Any) -> Any:
        """Return values of the components times the weights."""
        return (weight * value for weight, value in zip(self.weights, values, strict=True))

    def _scaled(self, factor: float) -> Distribution:
        return Mixture([part.scaled(factor) for part in self.components], self.weights)

    def _shifted(self, offset: float) -> Distribution:
        return Mixture([part.shifted(offset) for part in self.components], self.weights)

    def _quantiles(self, u: FloatArray) -> FloatArray:
        return self._quantiles_between(u, 1.0 - u)

    def _upper_quantiles(self, q: FloatArray) -> FloatArray:
        return self._quantiles_between(1.0 - q, q)

    def _quantiles_between(self, below: FloatArray, above: FloatArray) -> FloatArray:
        """Return quantiles by the probability below, or by that above where it is small: between the components'."""
        values = np.empty(np.shape(below))
        high = above < _SMALL
        u, q = below[~high], above[high]
        ends = [part._quantiles(u) for part in self.components]
        lowest, highest = np.minimum.reduce(ends), np.maximum.reduce(ends)
        values[~high] = smallest_float(lambda x: self._probabilities(x) >= u, lowest, highest)
        ends = [part._upper_quantiles(q) for part in self.components]
        lowest, highest = np.minimum.reduce(ends), np.maximum.reduce(ends)
        found = smallest_float(lambda x: self._exceedances(x) <= q, lowest, highest)
        values[high] = np.where(q > 0.0, found, highest)
        return values

    def _probabilities(self, x: FloatArray) -> FloatArray:
        total: FloatArray = sum(self._weighted(part._probabilities(x) for part in self.components))
        return np.minimum(total, 1.0)

    def _exceedances(self, x: FloatArray) -> FloatArray:
        total: FloatArray = sum(self._weighted(part._exceedances(x) for part in self.components))
        return np.minimum(total, 1.0)

    def _mean_inside(self, low: float, high: float) -> float:
        return math.fsum(self._weighted(part._mean_inside(low, high) for part in self.components))

    def _described(self) -> str:
        return f"Mixture({list(self.components)!r}, {list(self.weights)!r})"
