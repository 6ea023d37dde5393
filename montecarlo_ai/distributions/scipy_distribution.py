"""Any frozen scipy.stats distribution as the distribution of an input."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from montecarlo_ai.checks import Checks, nearest, refused
from montecarlo_ai.distributions.base import Distribution
from montecarlo_ai.distributions.part import Part
from montecarlo_ai.distributions.quantile_table import FloatArray

_FINGERPRINT_POINTS = 256


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
            return float(self._frozen.mean())

    def support(self) -> tuple[float, float]:
        """Return the ends of the support."""
        low, high = self._frozen.support()
        return float(low), float(high)

    def _quantiles(self, u: FloatArray) -> FloatArray:
        low, high = self.support()
        values = np.asarray(self._frozen.ppf(u), dtype=np.float64)
        return np.where(u <= 0.0, low, np.where(u >= 1.0, high, values))

    def _upper_quantiles(self, q: FloatArray) -> FloatArray:
        if not self.continuous:  # scipy's own gives nan far out
            return super()._upper_quantiles(q)
        low, high = self.support()
        values = np.asarray(self._frozen.isf(q), dtype=np.float64)
        return np.where(q <= 0.0, high, np.where(q >= 1.0, low, values))

    def _probabilities(self, x: FloatArray) -> FloatArray:
        return np.asarray(self._frozen.cdf(x), dtype=np.float64)

    def _exceedances(self, x: FloatArray) -> FloatArray:
        return np.asarray(self._frozen.sf(x), dtype=np.float64)

    def _mean_inside(self, low: float, high: float) -> float:
        if self.continuous:
            return super()._mean_inside(low, high)
        part = Part(self, low, high)
        if not part.mass > 0.0:
            return 0.0
        first, last = part.ends
        return float(self._frozen.expect(lambda value: value, lb=first, ub=last))

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
    except (TypeError, ValueError, ArithmeticError) as error:
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
    quantiles = np.asarray(frozen.ppf(points), dtype="<f8")
    return {"name": str(name), "quantiles_sha256": hashlib.sha256(quantiles.tobytes()).hexdigest()}
