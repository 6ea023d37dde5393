"""Between which numbers an input makes sense: what catches a percentage where a share belongs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from montecarlo_ai.checks import Checks

NEGLIGIBLE_MASS = 1e-6
"""Probability that may lie outside: the thin tail of a distribution whose body is sound."""

_SHARES = ("fraction", "ratio")


class HasCdf(Protocol):
    """What has a distribution function."""

    def cdf(self, x: float, /) -> Any:
        """Return P(X <= x)."""


@dataclass(frozen=True)
class Bounds:
    """Between which numbers a field of a model's Params makes sense, in its unit.

    Stands in the annotation, after the unit: ``Annotated[float, "fraction", mc.Bounds(0.0, 1.0)]``. A scenario refuses
    an input that has more than a millionth of its probability outside. Bounds are there for slips (45 for 45%, FLOP
    for FLOP/s, dollars for thousands of millions of them), so they should be wide: what is unlikely is for the
    distribution to say.

    Parameters
    ----------
    low, high : float
        In the field's unit; infinite where there is no end. Both ends belong to the range.

    Raises
    ------
    InputError
        If they are no numbers, or out of order.
    """

    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        checks = Checks()
        for name in ("low", "high"):
            value = getattr(self, name)
            if isinstance(value, float) and math.isinf(value):
                continue
            object.__setattr__(self, name, checks.number(f"Bounds.{name}", value))
        if not checks.problems and not self.low < self.high:
            checks.add("Bounds.low", self.low, f"must be below high = {self.high!r}")
        checks.finish()

    def mass_outside(self, distribution: HasCdf) -> float:
        """Return the probability that a distribution gives to what lies outside."""
        below = distribution.cdf(np.nextafter(self.low, -math.inf)) if self.low > -math.inf else 0.0
        above = 1.0 - distribution.cdf(self.high) if self.high < math.inf else 0.0
        return float(below) + float(above)

    def check(self, field: str, distribution: HasCdf, units: str, checks: Checks) -> None:
        """Record a distribution that reaches outside.

        Parameters
        ----------
        field : str
            What an error calls the input.
        distribution : Distribution
            In the field's unit.
        units : str
        checks : Checks
            Where a problem goes.
        """
        mass = self.mass_outside(distribution)
        if mass <= NEGLIGIBLE_MASS:
            return
        unit = f" {units}" if units else ""
        rule = f"must lie in [{self.low:g}, {self.high:g}]{unit}"
        remedy = "write 0.05 for 5%" if units in _SHARES else f"give it in {units or 'the unit of the model'}"
        if mass < 1.0:
            rule += f", where {mass:.3g} of its probability is outside"
            remedy += ", or truncate or clip it"
        checks.add(field, distribution, rule, remedy)
