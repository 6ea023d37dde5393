"""Any frozen scipy.stats distribution as the distribution of an input."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from montecarlo_ai.checks import Checks, nearest, refused
from montecarlo_ai.distributions.base import Distribution
from montecarlo_ai.distributions.part import Part
from montecarlo_ai.distributions.quantile_table import FloatArray
from montecarlo_ai.distributions.range_means import mean_by_tails, mean_by_terms
from montecarlo_ai.distributions.smallest_float import smallest_float
from montecarlo_ai.lazy import cached_property

_FINGERPRINT_POINTS = 256
_LONGEST_SUMS = 2**12, 2**17, 2**22
"""How far scipy may have to add up probabilities one by one, tried in this order."""

_ROUNDING = 1e-9
_SCIPY_FAILS = (TypeError, ValueError, ArithmeticError, RuntimeError, MemoryError)


class ScipyDistribution(Distribution):
    """A frozen distribution of scipy.stats, continuous or discrete.

    Parameters
    ----------
    frozen : frozen scipy.stats distribution
        Such as ``scipy.stats.gamma(2.0, scale=3.0)``; its quantile function serves as it is.

    Raises
    ------
    InputError
        If its parameters are arrays, or give no distribution.
    """

    family: ClassVar[str] = "scipy"
    _closed: ClassVar[bool] = False

    def __init__(self, frozen: Any) -> None:
        check_frozen(frozen, "ScipyDistribution.frozen")
        self._frozen = frozen
        self._parameters = _parameters_of(frozen)

    @property
    def frozen(self) -> Any:
        """The scipy distribution itself."""
        return self._frozen

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Name, args and kwds to rebuild it from scipy.stats; name and fingerprint where that is not possible."""
        return self._parameters

    def mean(self) -> float:
        """Return the expected value; inf or nan where it is infinite or undefined."""
        with np.errstate(all="ignore"):
            return float(self._asked("mean"))

    def support(self) -> tuple[float, float]:
        """Return the ends of the support."""
        low, high = self._frozen.support()
        return float(low), float(high)

    def _asked(self, name: str, *values: FloatArray) -> FloatArray:
        return _asked(self._frozen, name, *values)

    def _quantiles(self, u: FloatArray) -> FloatArray:
        low, high = self.support()
        inner = (u > 0.0) & (u < 1.0)
        self._check_reach(float(np.max(u, where=inner, initial=0.0)))
        values = np.empty(np.shape(u))
        values[inner] = self._asked("ppf", u[inner])
        return np.where(u <= 0.0, low, np.where(u >= 1.0, high, values))

    def _check_reach(self, u: float) -> None:
        """Raise where the quantile is so far out that scipy, which adds up all values before it, would not end."""
        low, high = self.support()
        if self.continuous or self._has_own("_cdf") or self._has_own("_ppf") or math.isinf(low) or math.isfinite(high):
            return
        for terms in _LONGEST_SUMS:
            if u <= float(self._asked("cdf", np.array(low + terms))):
                return
        rule = (
            f"has its quantile at probability {u:.16g} beyond {low + terms:,.0f}, and scipy would add up all before it"
        )
        raise refused("ScipyDistribution.frozen", self, rule, "truncate it, or use a distribution with a lighter tail")

    def _has_own(self, method: str) -> bool:
        """Return whether scipy has a formula for it, and does not fall back on what every distribution can do."""
        from scipy.stats import rv_discrete

        return getattr(type(self._frozen.dist), method) is not getattr(rv_discrete, method)

    def _upper_quantiles(self, q: FloatArray) -> FloatArray:
        if not self.continuous:  # scipy's own gives nan far out
            return self._upper_steps(q)
        low, high = self.support()
        values = self._asked("isf", q)
        return np.where(q <= 0.0, high, np.where(q >= 1.0, low, values))

    def _upper_steps(self, q: FloatArray) -> FloatArray:
        """Return the first whole numbers that are exceeded with at most probability q, from the tail itself."""
        values = super()._upper_quantiles(q)
        inner = (q > 0.0) & (q < 1.0)
        if not (self._on_integers and self._has_own("_sf") and inner.any()):
            return values
        low, _ = self.support()
        bottom, top, tail = values[inner] - 1.0, values[inner], q[inner]
        step = 1.0
        while (short := self._exceedances(top) > tail).any():
            bottom, top, step = np.where(short, top, bottom), np.where(short, top + step, top), 2.0 * step
        step = 1.0
        while (long := (bottom >= low) & (self._exceedances(bottom) <= tail)).any():
            bottom, top, step = np.where(long, bottom - step, bottom), np.where(long, bottom, top), 2.0 * step
        values[inner] = smallest_float(lambda x: self._exceedances(x) <= tail, bottom, top)
        return values

    @cached_property
    def _on_integers(self) -> bool:
        """Whether the values are whole numbers."""
        if self.continuous or hasattr(self._frozen.dist, "xk"):
            return False
        return float(self._asked("median")).is_integer()

    def _whole(self, x: FloatArray) -> FloatArray:
        """Return the value at or before x: between its values scipy's distribution function may be nan."""
        return np.floor(x) if self._on_integers else x

    def _probabilities(self, x: FloatArray) -> FloatArray:
        return self._asked("cdf", self._whole(x))

    def _exceedances(self, x: FloatArray) -> FloatArray:
        return self._asked("sf", self._whole(x))

    def _density(self, x: float) -> float:
        """Return the density; zero beyond the circle of a circular distribution, where scipy goes on around it."""
        place = np.array(x)
        inside = abs(float(self._asked("sf", place)) - 0.5) <= 0.5 + _ROUNDING
        return float(self._asked("pdf", place)) if inside else 0.0

    def _mean_inside(self, low: float, high: float) -> float:
        if low == -math.inf and high == math.inf:
            return self.mean()
        part = Part(self, low, high)
        if not part.mass > 0.0:
            return 0.0
        if self.continuous:
            return part.mass * mean_by_tails(self._density, part)
        if self._on_integers:
            return part.mass * mean_by_terms(lambda k: self._asked("pmf", k), part)
        return float(self._frozen.expect(lambda value: value, lb=part.ends[0], ub=part.ends[1]))

    @property
    def continuous(self) -> bool:
        """Whether scipy has it among the continuous distributions."""
        from scipy.stats import rv_continuous

        return isinstance(self._frozen.dist, rv_continuous)

    def _described(self) -> str:
        if "args" not in self._parameters:
            return f"ScipyDistribution({self._frozen.dist.name})"
        listed = [repr(value) for value in self._parameters["args"]]
        listed += [f"{name}={value!r}" for name, value in self._parameters["kwds"].items()]
        return f"scipy.stats.{self._parameters['name']}({', '.join(listed)})"


def _asked(frozen: Any, name: str, *values: FloatArray) -> FloatArray:
    """Return what the method of this name gives; what scipy raises becomes an `InputError`."""
    try:
        return np.asarray(getattr(frozen, name)(*values), dtype=np.float64)
    except _SCIPY_FAILS as error:
        rule = f"has no {name} that scipy can tell ({type(error).__name__}: {error})"
        remedy = "truncate it, or use another distribution"
        raise refused("ScipyDistribution.frozen", _call_of(frozen), rule, remedy) from error


def is_frozen(value: object) -> bool:
    """Return whether a value is a frozen scipy.stats distribution."""
    if not type(value).__module__.startswith("scipy.") or not hasattr(value, "dist"):
        return False
    from scipy.stats import rv_continuous, rv_discrete

    return isinstance(value.dist, rv_continuous | rv_discrete)


def check_frozen(frozen: Any, field: str) -> None:
    """Raise unless this is a frozen scipy.stats distribution with scalar parameters that are allowed."""
    if not is_frozen(frozen):
        raise refused(field, frozen, "must be a frozen scipy.stats distribution", "such as scipy.stats.gamma(2.0)")
    try:
        with np.errstate(all="ignore"):
            quartiles = [np.asarray(frozen.ppf(p), dtype=np.float64) for p in (0.25, 0.5, 0.75)]
    except _SCIPY_FAILS as error:
        raise refused(field, _call_of(frozen), f"gives no quantiles ({error})") from error
    if any(quartile.shape != () for quartile in quartiles):
        raise refused(field, _call_of(frozen), "must have scalar parameters, one distribution an input")
    if not np.all(np.isfinite(quartiles)):
        raise refused(field, _call_of(frozen), "has parameters that scipy does not allow: its quantiles are nan")


def rebuild(name: object, args: object, kwds: object) -> ScipyDistribution:
    """Return the distribution of scipy.stats with this name and these plain numbers.

    Parameters
    ----------
    name : str
        Such as "gamma".
    args : sequence of float
        Its shape parameters, then location and scale, by place.
    kwds : mapping of str to float
        The same by name.

    Raises
    ------
    InputError
        If scipy.stats has no such distribution, or it takes no such parameters.
    """
    import scipy.stats

    checks = Checks()
    generators = (scipy.stats.rv_continuous, scipy.stats.rv_discrete)
    known = [key for key in dir(scipy.stats) if isinstance(getattr(scipy.stats, key), generators)]
    if not isinstance(name, str) or name not in known:
        checks.add("ScipyDistribution.name", name, "is no distribution of scipy.stats", nearest(str(name), known))
    if not isinstance(args, list | tuple):
        checks.add("ScipyDistribution.args", args, "must be a list of numbers")
        args = ()
    if not isinstance(kwds, Mapping):
        checks.add("ScipyDistribution.kwds", kwds, "must map names of parameters to numbers")
        kwds = {}
    places = [checks.number(f"ScipyDistribution.args[{place}]", value) for place, value in enumerate(args)]
    names = {str(key): checks.number(f"ScipyDistribution.kwds.{key}", value) for key, value in kwds.items()}
    checks.finish()
    try:
        frozen = getattr(scipy.stats, str(name))(*places, **names)
    except (TypeError, ValueError) as error:
        raise refused("ScipyDistribution.name", name, f"does not take these parameters ({error})") from error
    return ScipyDistribution(frozen)


def _call_of(frozen: Any) -> str:
    """Return the call that made a frozen distribution, nearly."""
    return f"{frozen.dist.name}{tuple(frozen.args)}{dict(frozen.kwds) if frozen.kwds else ''}"


def _parameters_of(frozen: Any) -> dict[str, Any]:
    """Return name, args, kwds where scipy.stats rebuilds the distribution from them, else name and fingerprint."""
    import scipy.stats

    name = frozen.dist.name
    generator = getattr(scipy.stats, name, None)
    try:
        args = [float(np.asarray(value)) for value in frozen.args]
        kwds = {key: float(np.asarray(value)) for key, value in sorted(frozen.kwds.items())}
    except (TypeError, ValueError):
        args, kwds, generator = [], {}, None
    if type(generator) is type(frozen.dist):
        return {"name": name, "args": args, "kwds": kwds}
    points = (np.arange(_FINGERPRINT_POINTS) + 0.5) / _FINGERPRINT_POINTS
    quantiles = _asked(frozen, "ppf", points).astype("<f8")
    return {"name": str(name), "quantiles_sha256": hashlib.sha256(quantiles.tobytes()).hexdigest()}
