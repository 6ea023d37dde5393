"""A function compiled in single precision: floats are float32 wherever they come from, integers stay integers."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest
from numba import njit

import montecarlo_ai as mc
from montecarlo_ai.kernels import special_single  # noqa: F401  (registers the functions of mc.math)
from montecarlo_ai.kernels.options import COMPILE
from montecarlo_ai.kernels.single import SinglePrecision, single_value


class Plan(NamedTuple):
    rate: float
    years: int


RATE, PRECISE = 0.3, np.float64(0.7)
PLAN = Plan(0.1, 3)
TABLE, TUPLE = np.array([0.1, 0.5, 0.2]), (0.1, 0.5, 0.2)


def literals(x, n):
    return 2 * x + 0.1 - x / 3 + (1.0 if 0 < x <= 3 else 0.5) * x + max(0, x) + min(x, 1, n) + 0.5**2


def powers(x, n):
    return x**2 + abs(x) ** 0.5 + x**3 + 1.0 / x**2 + x**-1.0 + x**n


def integers(x, n):
    total = 0
    for i in range(3):
        total += i * x
    return total + n * x + n / 3 + (n > 1) * x + (7 * n // 2) * 0.5 + n % 3 * x


def rounding(x, n):
    return x % 1.0 + x // 1.0 + math.floor(x) * x + round(x) * 0.5 + int(x) / 3 + math.ceil(x) * 0.1 + divmod(x, 2)[1]


def outside(x, n):
    return x * RATE + math.pi * x + PRECISE + PLAN.rate * PLAN.years + TABLE[n % 3] * x + TUPLE[n % 3] - math.e


def functions(x, n):
    y = math.sqrt(x) + math.copysign(1, x) + np.maximum(x, 0) + math.hypot(x, 3) + mc.math.exp(-x) + mc.math.pow(x, 2)
    return y + mc.math.log(n) + max((x, 0.5)) + float(n) * 0.1 + np.float64(0.3) * x


def closures(x, n):
    scaled = lambda y: 0.1 * y + n  # noqa: E731
    return scaled(x) + Plan(x, n).rate * 0.5 + sum((x, 0.25))


FUNCTIONS = (literals, powers, integers, rounding, outside, functions, closures)


def compiled(function):
    return njit(**COMPILE, pipeline_class=SinglePrecision)(function)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.__name__)
def test_what_comes_out_is_single_and_near(function):
    """Numbers of order ten, made by some ten operations: within 2**-19 of what Python says."""
    single = compiled(function)
    for x in (0.4, 1.7, 2.3):
        exact = np.float32(x)
        value = single(exact, 2)
        assert abs(value - function(float(exact), 2)) < 2.0**-19 * 10.0
    (signature,) = single.nopython_signatures
    assert str(signature.return_type) == "float32"


@pytest.mark.parametrize("function", [literals, powers, rounding, outside], ids=lambda each: each.__name__)
def test_nothing_in_between_is_double(function):
    single = compiled(function)
    single(np.float32(1.7), 2)
    (result,) = single.overloads.values()
    assert {name for name, kind in result.type_annotation.typemap.items() if str(kind) == "float64"} == set()


def test_integers_among_themselves_stay_integers():
    @compiled
    def index(n):
        return (3 * n + 1) // 2 % 7 + min(n, 4) - max(n, 2)

    assert [index(n) for n in range(9)] == [(3 * n + 1) // 2 % 7 + min(n, 4) - max(n, 2) for n in range(9)]
    (signature,) = index.nopython_signatures
    assert str(signature.return_type) == "int64"


def test_minimum_and_maximum_are_those_of_python():
    """Also for ties of zeros and for what is not a number, which stays where it comes first."""

    @compiled
    def both(x, y):
        return min(x, y), max(x, y)

    numbers = (math.nan, 0.0, -0.0, 1.5, -math.inf, math.inf)
    for x in numbers:
        for y in numbers:
            np.testing.assert_array_equal(both(np.float32(x), np.float32(y)), (min(x, y), max(x, y)))


def test_constants_keep_their_form():
    plan = single_value(Plan(0.1, 3))
    assert plan == Plan(np.float32(0.1), 3)
    assert isinstance(plan, Plan)
    assert single_value((True, 2, "text", None)) == (True, 2, "text", None)
    assert single_value(np.arange(3)).dtype == np.arange(3).dtype
    assert single_value(TABLE).dtype == np.float32
    assert TABLE.dtype == np.float64
    assert single_value(1e300) == np.inf


def test_other_compiled_functions_are_as_before():
    """The pass belongs to the functions that ask for it: numba's own typing is untouched."""
    plain = njit(literals)
    plain(np.float32(0.4), 2)
    (signature,) = plain.nopython_signatures
    assert str(signature.return_type) == "float64"
