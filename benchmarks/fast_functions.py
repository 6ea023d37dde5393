"""The fast functions, the ranges over which they are held against forty-digit arithmetic, and what they promise."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
from mpmath import mpf
from numba import njit
from numpy.typing import NDArray

import montecarlo_ai as mc
from montecarlo_ai.distributions import Beta, Distribution, Exponential, Gamma, LogNormal, StudentT
from montecarlo_ai.kernels import special  # noqa: F401  (compiled code that calls mc.math gets its functions)
from montecarlo_ai.kernels.normals import normal_pair, squared_radius
from montecarlo_ai.kernels.options import COMPILE
from montecarlo_ai.kernels.quantile import normal_scores

DIGITS = 40

Array = NDArray[Any]
Sample = Callable[[np.random.Generator, int], Array]
"""Makes arguments: (n,) or, for functions of two, (2, n)."""


@dataclass(frozen=True)
class Unit:
    """What an error is measured in.

    Parameters
    ----------
    name : str
    size : callable
        Of one value: takes the spacing of floating-point numbers at the exact value, and the exact value.
    """

    name: str
    size: Callable[[Any, Any], Any]


ULP = Unit("ulp", lambda spacing, due: spacing)
ULP_OF_POWER = Unit("ulp (1 + size of the log)", lambda spacing, due: spacing * (1 + abs(mpmath.log(due))))
EPSILON = Unit("2⁻⁵²", lambda spacing, due: mpf(2) ** -52)


def of_quartiles(distribution: Distribution) -> Unit:
    """Return the unit of quantiles from a table: 2**-52 of the distance from the median, or of the quartiles'."""
    low, median, high = (mpf(float(x)) for x in distribution.ppf([0.25, 0.5, 0.75]))
    name = "2⁻⁵² of the spread"
    return Unit(name, lambda spacing, due: max(abs(due - median), high - low) * mpf(2) ** -52)


@dataclass(frozen=True)
class Function:
    """One fast function in one precision.

    Parameters
    ----------
    name : str
    values : callable
        The fast function over arrays.
    exact : callable
        The value that is due; takes the value that came, from which that of an inverse is found, and the arguments.
    ranges : mapping of str to callable
        Samples of arguments by the name of the range.
    bound : float
        Largest error that is promised, in `unit`.
    unit : Unit
    dtype : type
        Of arguments and values.
    """

    name: str
    values: Callable[..., Array]
    exact: Callable[..., Any]
    ranges: Mapping[str, Sample]
    bound: float
    unit: Unit = ULP
    dtype: type[np.floating[Any]] = np.float64

    @property
    def label(self) -> str:
        """Name and precision."""
        return f"{self.name}, {np.dtype(self.dtype).name}"

    def sample(self, name: str, points: int) -> Array:
        """Return arguments of a range, (arguments, points); the same at every call."""
        generator = np.random.default_rng(zlib.crc32(f"{self.label}, {name}".encode()))
        return np.atleast_2d(self.ranges[name](generator, points)).astype(self.dtype)

    def errors(self, arguments: Array) -> NDArray[np.float64]:
        """Return how far the values are from the truth, in `unit`, (points,)."""
        values = self.values(*arguments)
        with mpmath.workdps(DIGITS):
            return np.array([self._error(*each) for each in zip(values, *arguments, strict=True)])

    def _error(self, value: Any, *arguments: Any) -> float:
        due = self.exact(mpf(float(value)), *(mpf(float(argument)) for argument in arguments))
        spacing = mpf(float(np.spacing(self.dtype(abs(float(due))))))
        return float(abs(mpf(float(value)) - due) / self.unit.size(spacing, due))


def looped(function: Any, *, arguments: int = 1) -> Callable[..., Array]:
    """Return a compiled loop that applies a function of one or two numbers to every element."""

    @njit(**COMPILE)  # type: ignore[untyped-decorator]  # numba declares no types for it
    def of_one(x: Any, out: Any) -> None:
        for i in range(x.size):
            out[i] = function(x[i])

    @njit(**COMPILE)  # type: ignore[untyped-decorator]
    def of_two(x: Any, y: Any, out: Any) -> None:
        for i in range(x.size):
            out[i] = function(x[i], y[i])

    def values(*given: Array) -> Array:
        out = np.empty_like(given[0])
        (of_one if arguments == 1 else of_two)(*map(np.ascontiguousarray, given), out)
        return out

    return values


def between(low: float, high: float) -> Sample:
    """Return a sample that is uniform from `low` to `high`."""
    return lambda generator, n: generator.uniform(low, high, n)


def decades(low: float, high: float, *, around: float = 0.0, signs: tuple[float, ...] = (1.0,)) -> Sample:
    """Return a sample whose distance from a place is uniform in its logarithm, 10**low to 10**high."""
    return lambda generator, n: around + 10.0 ** generator.uniform(low, high, n) * generator.choice(signs, n)


def pairs(x: Sample, y: Sample) -> Sample:
    """Return a sample of two arguments."""
    return lambda generator, n: np.stack([x(generator, n), y(generator, n)])


def forward(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return what `Function.exact` asks for, of a function that needs no value to start from."""
    return lambda value, *arguments: function(*arguments)


def inverse(cdf: Callable[[Any], Any], density: Callable[[Any], Any]) -> Callable[..., Any]:
    """Return the quantile that is due at u, by Newton's step from the value that came: sixteen digits make thirty."""
    return lambda x, u: x - (cdf(x) - u) / density(x)


def _normal_excess(x: Any, u: Any) -> Any:
    """Return the normal quantile that is due at u, without cancellation in the upper tail."""
    off = mpmath.ncdf(x) - u if x < 0 else (1 - u) - mpmath.ncdf(-x)
    return x - off / mpmath.npdf(x)


def _box_muller(a: Any, b: Any) -> tuple[Any, Any]:
    """Return the two normals of two words."""
    radius = mpmath.sqrt(-2 * mpmath.log((a + mpf(0.5)) / 2**32))
    sign, angle = divmod(int(b), 2**31)
    turn = ((angle + mpf(0.5)) / 2**31 - mpf(0.5)) * mpmath.pi
    signed = -radius if sign else radius
    return signed * mpmath.cos(turn), signed * mpmath.sin(turn)


@njit(**COMPILE)  # type: ignore[untyped-decorator]
def _cosine_half(a: Any, b: Any) -> Any:
    return normal_pair(math.sqrt(squared_radius(np.uint64(a))), np.uint64(b))[0]


@njit(**COMPILE)  # type: ignore[untyped-decorator]
def _sine_half(a: Any, b: Any) -> Any:
    return normal_pair(math.sqrt(squared_radius(np.uint64(a))), np.uint64(b))[1]


def words(low: float, high: float) -> Sample:
    """Return a sample of words, as floats, whose logarithm to base 2 is uniform."""
    return lambda generator, n: np.floor(2.0 ** generator.uniform(low, high, n))


def complements(low: float, high: float) -> Sample:
    """Return a sample of what words miss from the largest, which is uniform in its logarithm to base 2."""
    return lambda generator, n: 2.0**32 - np.floor(2.0 ** generator.uniform(low, high, n))


def any_word(generator: np.random.Generator, n: int) -> Array:
    """Return words, as floats."""
    return generator.integers(0, 2**32, n).astype(np.float64)


def grid_uniforms(generator: np.random.Generator, n: int) -> Array:
    """Return uniforms of inputs: odd multiples of 2**-53."""
    uniforms: Array = (generator.integers(0, 2**52, n) + 0.5) * 2.0**-52
    return uniforms


def low_uniforms(generator: np.random.Generator, n: int) -> Array:
    """Return uniforms of inputs down to the smallest, 2**-53."""
    uniforms: Array = (np.floor(2.0 ** generator.uniform(0.0, 50.0, n)) + 0.5) * 2.0**-52
    return uniforms


def high_uniforms(generator: np.random.Generator, n: int) -> Array:
    """Return uniforms of inputs up to the largest, 1 - 2**-53."""
    return 1.0 - low_uniforms(generator, n)


BOTH = (-1.0, 1.0)
UNIFORMS: dict[str, Sample] = {"any": grid_uniforms, "near 0": low_uniforms, "near 1": high_uniforms}
WORDS: dict[str, Sample] = {
    "any": pairs(any_word, any_word),
    "small words": pairs(words(0.0, 32.0), any_word),
    "large words": pairs(complements(0.0, 31.0), any_word),
}

FUNCTIONS: tuple[Function, ...] = (
    Function(
        "exp",
        looped(mc.math.exp),
        forward(mpmath.exp),
        {
            "-708.04 to 709.78": between(-708.04, 709.78),
            "-1 to 1": between(-1.0, 1.0),
            "±1e-18 to ±1": decades(-18, 0, signs=BOTH),
        },
        1.5,
    ),
    Function(
        "expm1",
        looped(mc.math.expm1),
        forward(mpmath.expm1),
        {
            "-45 to 709.78": between(-45.0, 709.78),
            "-1 to 1": between(-1.0, 1.0),
            "±1e-300 to ±1": decades(-300, 0, signs=BOTH),
        },
        2.5,
    ),
    Function(
        "log",
        looped(mc.math.log),
        forward(mpmath.log),
        {
            "5e-324 to 1.8e308": decades(-323.3, 308.25),
            "0.5 to 2": between(0.5, 2.0),
            "1 ± 1e-16 to 1 ± 0.1": decades(-16, -1, around=1.0, signs=BOTH),
        },
        1.5,
    ),
    Function(
        "log1p",
        looped(mc.math.log1p),
        forward(mpmath.log1p),
        {
            "1e-300 to 1.8e308": decades(-300, 308.25),
            "-0.999 to 1": between(-0.999, 1.0),
            "±1e-18 to ±1": decades(-18, -1e-9, signs=BOTH),
            "-1 + 1e-16 to -0.9": decades(-15.9, -1, around=-1.0),
        },
        2.0,
    ),
    Function(
        "pow",
        looped(mc.math.pow, arguments=2),
        forward(mpmath.power),
        {
            "x 1e-6 to 1e6, y -3 to 3": pairs(decades(-6, 6), between(-3.0, 3.0)),
            "x 0.5 to 2, y -900 to 900": pairs(between(0.5, 2.0), between(-900.0, 900.0)),
            "x 1e-300 to 1e300, y ±1": pairs(decades(-300, 300), between(-1.0, 1.0)),
        },
        2.5,
        ULP_OF_POWER,
    ),
    Function(
        "tanh",
        looped(mc.math.tanh),
        forward(mpmath.tanh),
        {
            "-25 to 25": between(-25.0, 25.0),
            "-1 to 1": between(-1.0, 1.0),
            "±1e-300 to ±1": decades(-300, 0, signs=BOTH),
        },
        3.0,
    ),
    Function(
        "normal_cdf",
        looped(mc.math.normal_cdf),
        forward(mpmath.ncdf),
        {
            "-37.5 to 9": between(-37.5, 9.0),
            "-1 to 1": between(-1.0, 1.0),
            "±1e-18 to ±1": decades(-18, 0, signs=BOTH),
        },
        9.0,
    ),
    Function(
        "normal quantile",
        normal_scores,
        _normal_excess,
        {
            **UNIFORMS,
            "1e-300 to 0.1": decades(-300, -1),
            "1/2 ± 1e-16 to 1/2 ± 0.4": decades(-16, -0.4, around=0.5, signs=BOTH),
        },
        6.0,
    ),
    Function(
        "Box-Muller, cosine",
        looped(_cosine_half, arguments=2),
        forward(lambda a, b: _box_muller(a, b)[0]),
        WORDS,
        16.0,
        EPSILON,
    ),
    Function(
        "Box-Muller, sine",
        looped(_sine_half, arguments=2),
        forward(lambda a, b: _box_muller(a, b)[1]),
        WORDS,
        16.0,
        EPSILON,
    ),
    Function("Exponential(1)", Exponential(1.0).draws, forward(lambda u: -mpmath.log1p(-u)), UNIFORMS, 1.5),
    Function(
        "LogNormal(0, 1)",
        LogNormal(0.0, 1.0).draws,
        lambda value, u: mpmath.exp(_normal_excess(mpmath.log(value), u)),
        UNIFORMS,
        6.0,
        ULP_OF_POWER,
    ),
    Function(
        "Gamma(2, 1)",
        Gamma(2.0, 1.0).draws,
        inverse(lambda x: -mpmath.expm1(-x) - x * mpmath.exp(-x), lambda x: x * mpmath.exp(-x)),
        UNIFORMS,
        100.0,
        of_quartiles(Gamma(2.0, 1.0)),
    ),
    Function(
        "Beta(2, 5)",
        Beta(2.0, 5.0).draws,
        inverse(lambda x: 1 - (1 - x) ** 5 * (1 + 5 * x), lambda x: 30 * x * (1 - x) ** 4),
        UNIFORMS,
        100.0,
        of_quartiles(Beta(2.0, 5.0)),
    ),
    Function(
        "StudentT(4)",
        StudentT(4.0).draws,
        inverse(
            lambda x: mpf(0.5) + x * (x**2 + 6) / (2 * (x**2 + 4) ** mpf(1.5)),
            lambda x: 12 / (x**2 + 4) ** mpf(2.5),
        ),
        UNIFORMS,
        1000.0,
        of_quartiles(StudentT(4.0)),
    ),
)
