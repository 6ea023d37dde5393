"""The fast functions against fifty-digit arithmetic, over their range and at its ends."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from numba import njit

import montecarlo_ai as mc
from montecarlo_ai.kernels.options import COMPILE
from montecarlo_ai.kernels.quantile import normal_scores
from montecarlo_ai.kernels.special import fast_exp  # noqa: F401  (registers the compiled versions)

SPREAD = np.random.default_rng(5)
SMALL = 10.0 ** SPREAD.uniform(-18, 0, 500) * SPREAD.choice([-1.0, 1.0], 500)
CASES = {
    "exp": (mpmath.exp, np.concatenate([SPREAD.uniform(-708, 709.7, 1000), SPREAD.normal(0, 1, 1000), SMALL]), 2),
    "expm1": (mpmath.expm1, np.concatenate([SPREAD.uniform(-45, 709, 1000), SPREAD.normal(0, 1, 1000), SMALL]), 4),
    "log": (
        mpmath.log,
        np.concatenate([10.0 ** SPREAD.uniform(-320, 308, 1000), 1 + SPREAD.normal(0, 0.1, 1000), 1 + SMALL / 8]),
        2,
    ),
    "log1p": (mpmath.log1p, np.concatenate([10.0 ** SPREAD.uniform(-20, 300, 1000), SMALL * 0.999]), 4),
    "tanh": (mpmath.tanh, np.concatenate([SPREAD.normal(0, 3, 1000), SMALL]), 4),
    "normal_cdf": (mpmath.ncdf, np.concatenate([SPREAD.uniform(-37, 9, 1000), SPREAD.normal(0, 1, 1000)]), 45),
}
ENDS = np.array([math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, -1.0, 710.0, -750.0, 5e-324])


def compiled(function):
    @njit(**COMPILE)
    def over(x, out):
        for i in range(x.size):
            out[i] = function(x[i])

    return over


@pytest.mark.parametrize("name", CASES)
def test_accuracy_in_ulp(name):
    exact, x, bound = CASES[name]
    out = np.empty_like(x)
    compiled(getattr(mc.math, name))(x, out)
    with mpmath.workdps(50):
        for value, argument in zip(out, x, strict=True):
            due = exact(mpmath.mpf(float(argument)))
            if abs(due) < 1e-300:
                assert abs(value) < 1e-300
            else:
                assert abs(mpmath.mpf(float(value)) - due) <= bound * mpmath.mpf(np.spacing(abs(float(due))))


@pytest.mark.parametrize("name", CASES)
def test_ends_are_those_of_the_plain_function(name):
    out = np.empty_like(ENDS)
    compiled(getattr(mc.math, name))(ENDS, out)
    np.testing.assert_allclose(out, [getattr(mc.math, name)(x) for x in ENDS], rtol=1e-15, atol=1e-320)


def test_power():
    x, y = 10.0 ** SPREAD.uniform(-6, 6, 1000), SPREAD.normal(0, 2, 1000)
    out = np.empty_like(x)

    @njit(**COMPILE)
    def over(x, y, out):
        for i in range(x.size):
            out[i] = mc.math.pow(x[i], y[i])

    over(x, y, out)
    np.testing.assert_array_less(abs(out / x**y - 1), 2.3e-16 * (3 + abs(y * np.log(x))))
    ends = np.array([(0.0, 0.0), (0.0, 2.0), (0.0, -1.0), (-1.0, 2.0), (math.nan, 1.0), (2.0, 0.0)])
    out = np.empty(len(ends))
    over(ends[:, 0].copy(), ends[:, 1].copy(), out)
    np.testing.assert_array_equal(out, [mc.math.pow(*pair) for pair in ends])


def test_normal_quantile():
    """Against Newton's step in fifty digits from the value itself: part in 10**15 from the far tails to the middle."""
    low = 10.0 ** SPREAD.uniform(-300, -1, 500)
    u = np.concatenate([SPREAD.uniform(size=500), low, 1.0 - 10.0 ** SPREAD.uniform(-15.9, -1, 500), 0.5 + SMALL / 4])
    with mpmath.workdps(50):
        for p, z in zip(u, normal_scores(u), strict=True):
            x, due = mpmath.mpf(float(z)), mpmath.mpf(float(p))
            off = (mpmath.ncdf(x) - due) / mpmath.npdf(x) if x < 0 else ((1 - due) - mpmath.ncdf(-x)) / mpmath.npdf(x)
            assert abs(off) <= 1e-15 * abs(x)
    assert normal_scores(np.array([0.0, 0.5, 1.0])).tolist() == [-math.inf, 0.0, math.inf]
    assert np.isnan(normal_scores(np.array([-0.1, 1.1, math.nan]))).all()
    assert normal_scores(np.full((2, 3), 0.5)).shape == (2, 3)
