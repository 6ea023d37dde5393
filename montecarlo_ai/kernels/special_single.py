"""Branch-free exp, log and their kin in single precision: what `montecarlo_ai.math` becomes where all is float32.

The formulas are those of `special.py`, with polynomials as short as 24 bits allow. Accuracy over the whole range, in
units in the last place: exp, log, expm1, log1p below 2; tanh below 3; normal_cdf below 10; pow below
2.5 (1 + |y log x|). Out of range they give the IEEE value; results of exp below 1.7e-38 are zero. Coefficients: Remez
exchange in 40 digits on the stated intervals.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types

from montecarlo_ai import math as plain
from montecarlo_ai.kernels.intrinsics import bits_of, float_of, polynomial
from montecarlo_ai.kernels.overloading import compiled_as
from montecarlo_ai.kernels.single import in_single_precision, stand_in

# e**r = 1 + r + r**2 Q(r) on [-log(2)/2, log(2)/2], relative error 3.1e-9.
_exp_tail = polynomial(
    (0.4999999345152053, 0.16666520689288242, 0.04166838739192678, 0.008368709874295898, 0.0013814612056028356),
    chains=2,
    of=types.float32,
)
# log(1 + f) = f + f**2 Q(f) on [sqrt(1/2) - 1, sqrt(2) - 1], relative error 4.1e-9.
_log_tail = polynomial(
    (
        -0.4999998834630788, 0.33333325691594884, -0.2500158296446748, 0.20001973958723068, -0.16609082544696285,
        0.14181824618803002, -0.13242987485782995, 0.1290443647130767, -0.07621782650889074,
    ),
    chains=2, of=types.float32,
)  # fmt: skip
# (1 + 2z) exp(z**2) erfc(z) in t = (z - 3) / (z + 3), z in [0, 10], relative error 1.8e-9.
_erfcx_form = polynomial(
    (
        1.2530080590322352, -0.13562113844142382, -0.04756238950611983, 0.1296463941582657, -0.11927115307731062,
        0.06829579712704557, -0.023796515242109448, 0.0025681661084192625, 0.0020002244699250456,
        -0.0007800764291503556, -0.000269081379733369,
    ),
    chains=2, of=types.float32,
)  # fmt: skip

_LOG2_E = math.log2(math.e)
_LN2_HIGH = 0.693359375  # 9 bits, so that n times it is exact
_LN2_LOW = math.log(2.0) - _LN2_HIGH
_ROUND = 12582912.0  # 1.5 * 2**23: adding it rounds to an integer that stands in the low bits
_EXP_LOW = -87.33654475  # -126 log 2, where 2**(n - 1) is zero
_TOP = _ROUND + 128.0  # n where e**x overflows
_SMALLEST, _LARGEST = 2.0**-126, 3.4028234663852886e38
_ROOT_HALF_BITS = np.int32(0x3F3504F3)
_MANTISSA = np.int32(0x007FFFFF)
_HIGH_12 = np.int32(-4096)
_BIAS = np.int32(126)
_SHIFT = np.int32(23)
_ROOT_HALF = math.sqrt(0.5)


@in_single_precision
def _reduce(x: Any) -> Any:
    """Return (e**r - 1, 2**(n - 1)) with x = n log 2 + r, for x not below the range of exp."""
    nearest = x * _LOG2_E + _ROUND
    shifted = _TOP if nearest > _TOP else nearest
    n = shifted - _ROUND
    r = (x - n * _LN2_HIGH) - n * _LN2_LOW
    # The low bits of `shifted` hold n + 2**22: moving them to the exponent drops all but n; 126 = bias - 1.
    scale = float_of(np.int32(np.int32(bits_of(shifted) + _BIAS) << _SHIFT))
    return r + r * r * _exp_tail(r), scale


@in_single_precision
def single_exp(x: Any) -> Any:
    """Return e**x."""
    tail, half_scale = _reduce(_EXP_LOW if x < _EXP_LOW else x)
    return (tail * half_scale + half_scale) * 2.0


@in_single_precision
def single_expm1(x: Any) -> Any:
    """Return e**x - 1."""
    tail, half_scale = _reduce(-20.0 if x < -20.0 else x)
    return (tail * half_scale + (half_scale - 0.5)) * 2.0


@in_single_precision
def single_log(x: Any) -> Any:
    """Return the natural logarithm of x."""
    small = x < _SMALLEST
    bits = np.int32(bits_of(x * 33554432.0 if small else x) - _ROOT_HALF_BITS)
    exponent = np.float32(np.int32(bits >> _SHIFT)) + (-25.0 if small else 0.0)
    f = float_of(np.int32(np.int32(bits & _MANTISSA) + _ROOT_HALF_BITS)) - 1.0
    value = exponent * _LN2_HIGH + (f + (f * f * _log_tail(f) + exponent * _LN2_LOW))
    finite = x if x > _LARGEST else value
    return finite if x > 0.0 else (-math.inf if x == 0.0 else math.nan)


@in_single_precision
def single_log1p(x: Any) -> Any:
    """Return log(1 + x)."""
    u = 1.0 + x
    lost = (x - (u - 1.0)) / u  # what rounding took from 1 + x; not a number at the ends, where it is not used
    return single_log(u) + (lost if abs(lost) < 1.0 else 0.0)


@in_single_precision
def single_pow(x: Any, y: Any) -> Any:
    """Return x**y for x >= 0."""
    value = single_exp(y * single_log(x))
    return 1.0 if x == 0.0 and y == 0.0 else value


@in_single_precision
def single_tanh(x: Any) -> Any:
    """Return the hyperbolic tangent of x."""
    size = abs(x)
    e = single_expm1(2.0 * (10.0 if size > 10.0 else size))
    value = e / (e + 2.0)
    return -value if x < 0.0 else value


@in_single_precision
def single_normal_cdf(x: Any) -> Any:
    """Return the standard normal distribution function at x."""
    size = 14.0 if abs(x) > 14.0 else abs(x)
    z = size * _ROOT_HALF
    # exp(-x**2 / 2) with x split, so that the rounding of x**2 does not reach the result.
    high = float_of(np.int32(bits_of(size) & _HIGH_12))
    d = 0.5 * (size - high) * (size + high)
    gauss = single_exp(-0.5 * high * high) * (1.0 - d * (1.0 - d * (0.5 - d * (1.0 / 6.0))))
    above, scale = z + 3.0, 1.0 + 2.0 * z
    both = 1.0 / (above * scale)  # one division for two
    upper = 0.5 * gauss * _erfcx_form((z - 3.0) * scale * both) * (above * both)
    return 1.0 - upper if x > 0.0 else upper


def _replace(function: Callable[..., float], fast: Any, arguments: int) -> None:
    """Let code of single precision that calls a function of `montecarlo_ai.math` use the fast one."""

    def single(*numbers: float) -> float:
        return function(*numbers)

    compiled_as(single, fast, np.float32, arguments)
    stand_in(function, single)


for _function, _fast in (
    (plain.exp, single_exp),
    (plain.expm1, single_expm1),
    (plain.log, single_log),
    (plain.log1p, single_log1p),
    (plain.tanh, single_tanh),
    (plain.normal_cdf, single_normal_cdf),
):
    _replace(_function, _fast, 1)
_replace(plain.pow, single_pow, 2)
