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
    "tanh": (mpmath.tanh, np.concatenate([SPREAD.normal(0, 3, 1000), SMALL]), 2),
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


def test_power_of_single_precision():
    x, y = (10.0 ** SPREAD.uniform(-6, 6, 1000)).astype(np.float32), SPREAD.normal(0, 2, 1000).astype(np.float32)
    out = np.empty_like(x)

    @njit(**COMPILE, pipeline_class=SinglePrecision)
    def over(x, y, out):
        for i in range(x.size):
            out[i] = mc.math.pow(x[i], y[i])

    over(x, y, out)
    exact = x.astype(float) ** y.astype(float)
    np.testing.assert_array_less(abs(out / exact - 1), 1.2e-7 * (3 + abs(y * np.log(x))))
    ends = np.array([(0.0, 0.0), (0.0, 2.0), (0.0, -1.0), (-1.0, 2.0), (math.nan, 1.0), (2.0, 0.0)], dtype=np.float32)
    out = np.empty(len(ends), dtype=np.float32)
    over(ends[:, 0].copy(), ends[:, 1].copy(), out)
    np.testing.assert_array_equal(out, [mc.math.pow(*pair) for pair in ends.tolist()])
