"""The fast functions of single precision against thirty-digit arithmetic, over their range and at its ends."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from numba import njit

import montecarlo_ai as mc
from montecarlo_ai.kernels.options import COMPILE
from montecarlo_ai.kernels.single import SinglePrecision
from montecarlo_ai.kernels.special import fast_exp  # noqa: F401  (registers the compiled versions)
from montecarlo_ai.kernels.special_single import single_exp  # noqa: F401  (those of single precision)

SPREAD = np.random.default_rng(5)
SMALL = 10.0 ** SPREAD.uniform(-18, 0, 500) * SPREAD.choice([-1.0, 1.0], 500)
CASES = {  # where results are normal numbers of float32
    "exp": (mpmath.exp, np.concatenate([SPREAD.uniform(-86.9, 88.7, 1000), SPREAD.normal(0, 1, 1000), SMALL]), 2),
    "expm1": (mpmath.expm1, np.concatenate([SPREAD.uniform(-25, 88.7, 1000), SPREAD.normal(0, 1, 1000), SMALL]), 2),
    "log": (
        mpmath.log,
        np.concatenate([10.0 ** SPREAD.uniform(-44, 38, 1000), 1 + SPREAD.normal(0, 0.1, 1000), 1 + SMALL / 8]),
        2,
    ),
    "log1p": (mpmath.log1p, np.concatenate([10.0 ** SPREAD.uniform(-20, 38, 1000), SMALL * 0.999]), 2),
    "tanh": (mpmath.tanh, np.concatenate([SPREAD.normal(0, 3, 1000), SMALL, SPREAD.uniform(0.03, 0.13, 4000)]), 3),
    "normal_cdf": (mpmath.ncdf, np.concatenate([SPREAD.uniform(-12.9, 6, 1000), SPREAD.normal(0, 1, 1000)]), 10),
}


def single(function):
    """Return a loop that applies a function as a step in single precision does."""

    @njit(**COMPILE, pipeline_class=SinglePrecision)
    def over(x, out):
        for i in range(x.size):
            out[i] = function(x[i])

    return over


@pytest.mark.parametrize("name", CASES)
def test_accuracy_of_single_precision_in_ulp(name):
    exact, x, bound = CASES[name]
    x = x.astype(np.float32)
    out = np.empty_like(x)
    single(getattr(mc.math, name))(x, out)
    with mpmath.workdps(30):
        for value, argument in zip(out, x, strict=True):
            due = exact(mpmath.mpf(float(argument)))
            ulp = np.spacing(np.float32(abs(float(due))))
            assert abs(mpmath.mpf(float(value)) - due) <= bound * mpmath.mpf(float(ulp))


@pytest.mark.parametrize("name", CASES)
def test_ends_of_single_precision_are_those_of_the_plain_function(name):
    ends = np.array(
        [math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, -1.0, 88.73, 89.0, 3e38, -87.0, -110.0, -3e38, 1e-45],
        dtype=np.float32,
    )
    out = np.empty_like(ends)
    single(getattr(mc.math, name))(ends, out)
    with np.errstate(over="ignore"):
        due = np.array([getattr(mc.math, name)(float(x)) for x in ends]).astype(np.float32)
    np.testing.assert_allclose(out, due, rtol=3e-7, atol=1.7e-38)


@njit(**COMPILE, pipeline_class=SinglePrecision)
def powers(x, y, out):
    for i in range(x.size):
        out[i] = mc.math.pow(x[i], y[i])


@pytest.mark.parametrize(
    ("log_x", "largest_y"), [(14.0, 3.0), (69.0, 1.0), (87.0, 0.99), (0.7, 60.0), (0.1, 500.0)], ids=str
)
def test_accuracy_of_powers_of_single_precision(log_x, largest_y):
    """Within 2.5 ulp times 1 + |y log x|, where results are normal numbers; float64 is exact enough to tell."""
    spread = np.random.default_rng(6)
    x = np.exp(spread.uniform(-log_x, log_x, 100_000)).astype(np.float32)
    y = spread.uniform(-largest_y, largest_y, x.size).astype(np.float32)
    size = abs(y.astype(float) * np.log(x.astype(float)))
    x, y, size = x[size < 86.9], y[size < 86.9], size[size < 86.9]
    out = np.empty_like(x)
    powers(x, y, out)
    exact = x.astype(float) ** y.astype(float)
    ulps = abs(out - exact) / np.spacing(exact.astype(np.float32))
    np.testing.assert_array_less(ulps, 2.5 * (1.0 + size))


def test_ends_of_powers_of_single_precision_are_those_of_the_plain_function():
    bases, exponents = (0.0, -0.0, 0.5, 2.0, -1.0, math.inf, math.nan), (0.0, 2.0, -1.0, math.inf, -math.inf, math.nan)
    pairs = [(x, y) for x in bases for y in exponents]
    ends = np.array(pairs, dtype=np.float32)
    out = np.empty(len(ends), dtype=np.float32)
    powers(ends[:, 0].copy(), ends[:, 1].copy(), out)
    np.testing.assert_array_equal(out, np.array([mc.math.pow(*pair) for pair in pairs], dtype=np.float32))
