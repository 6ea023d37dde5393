"""Branch-free exp, log and their kin: what `montecarlo_ai.math` becomes inside a compiled step.

`montecarlo_ai.math` states the accuracy of each, docs/accuracy.md what was measured. Out of range they give the IEEE
value, but results of exp below 3.2e-308 are zero. Coefficients: Remez exchange in 50 digits on the stated intervals.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from montecarlo_ai import math as plain
from montecarlo_ai.kernels.intrinsics import bits_of, float_of, polynomial
from montecarlo_ai.kernels.options import COMPILE
from montecarlo_ai.kernels.overloading import compiled_as

# e**r = 1 + r + r**2 Q(r) on [-log(2)/2, log(2)/2], relative error 3.4e-18.
_exp_tail = polynomial(
    (
        0.5000000000000012, 0.166666666666667, 0.041666666666515445, 0.008333333333307108, 0.0013888888947011363,
        0.00019841269917570068, 2.480148994557347e-05, 2.755721614142826e-06, 2.7631279523301156e-07,
        2.511791086267465e-08,
    ),
    chains=2,
)  # fmt: skip
# log(1 + f) = f + f**2 Q(f) on [sqrt(1/2) - 1, sqrt(2) - 1], relative error 8e-18.
_log_tail = polynomial(
    (
        -0.5000000000000003, 0.33333333333333026, -0.2499999999997496, 0.2000000000008538, -0.1666666667135061,
        0.1428571427959283, -0.12499999604768608, 0.11111111100836131, -0.10000017932111796, 0.09090927378313386,
        -0.08332864139315418, 0.07691434447977648, -0.07149938491878359, 0.06685919987191831, -0.0619433909158786,
        0.056590495175220266, -0.05678333321817599, 0.0652944576038932, -0.06005421460896183, 0.026168657968019444,
    ),
    chains=2,
)  # fmt: skip
# (1 + 2z) exp(z**2) erfc(z) in t = (z - 3.75) / (z + 3.75), z in [0, 28], relative error 1.1e-17; the form is that
# of Shepherd and Laframboise (1981), Chebyshev approximation of (1 + 2x) exp(x**2) erfc x, Math. Comp. 36(153).
_erfcx_form = polynomial(
    (
        1.2375126308378275, -0.1402405985855467, 0.0035854154854627314, 0.08227673849011108, -0.10880393014165698,
        0.09230432116157827, -0.05869339859144144, 0.028362277399443324, -0.009746579541725621, 0.001755626028656642,
        0.0002937135973177866, -0.00029015504095699886, 5.1649157068650444e-05, 2.2387562624290125e-05,
        -1.1443504688044949e-05, -9.809154083621936e-07, 1.7487161845424007e-06, -4.704444203724863e-08,
        -2.5287815590650525e-07, 1.508210330514943e-08, 3.273082829517045e-08, -5.603505909209873e-10,
        -2.289209354062165e-09,
    ),
    chains=2,
)  # fmt: skip

_LOG2_E = 1.4426950408889634
_LN2_HIGH = 0.693147180369123816490  # 33 bits, so that n times it is exact
_LN2_LOW = 1.90821492927058770002e-10
_ROUND = 6755399441055744.0  # 1.5 * 2**52: adding it rounds to an integer that stands in the low bits
_EXP_LOW = -708.3964185322641  # -1022 log 2, where 2**(n - 1) is zero
_TOP = _ROUND + 1024.0  # n where e**x overflows
_ROOT_HALF_BITS = np.uint64(0x3FE6A09E667F3BCD)
_MANTISSA = np.uint64(0x000FFFFFFFFFFFFF)
_HIGH_27 = np.uint64(0xFFFFFFFFF8000000)
_SHIFT = np.uint64(52)
_ROOT_HALF = math.sqrt(0.5)


@njit(forceinline=True, **COMPILE)
def _reduce(x: Any) -> Any:
    """Return (e**r - 1, 2**(n - 1)) with x = n log 2 + r, for x not below the range of exp.

    Above it n stays where it is and r grows, so that the product overflows to infinity by itself.
    """
    nearest = x * _LOG2_E + _ROUND
    shifted = _TOP if nearest > _TOP else nearest
    n = shifted - _ROUND
    r = (x - n * _LN2_HIGH) - n * _LN2_LOW
    # The low bits of `shifted` hold n + 2**51: moving them to the exponent drops all but n; 1022 = bias - 1.
    scale = float_of((bits_of(shifted) + np.uint64(1022)) << _SHIFT)
    return r + r * r * _exp_tail(r), scale


@njit(forceinline=True, **COMPILE)
def fast_exp(x: Any) -> Any:
    """Return e**x."""
    tail, half_scale = _reduce(_EXP_LOW if x < _EXP_LOW else x)
    return (tail * half_scale + half_scale) * 2.0


@njit(forceinline=True, **COMPILE)
def fast_expm1(x: Any) -> Any:
    """Return e**x - 1."""
    tail, half_scale = _reduce(-40.0 if x < -40.0 else x)
    value: float = (tail * half_scale + (half_scale - 0.5)) * 2.0
    return value


@njit(forceinline=True, **COMPILE)
def _log(x: Any, more: Any) -> Any:
    """Return log x + more log 2 of a number that is neither subnormal nor infinite, above zero."""
    bits = bits_of(x) - _ROOT_HALF_BITS
    exponent = np.float64(np.int64(bits) >> np.int64(52)) + more
    f = float_of((bits & _MANTISSA) + _ROOT_HALF_BITS) - 1.0
    return exponent * _LN2_HIGH + (f + (f * f * _log_tail(f) + exponent * _LN2_LOW))


@njit(forceinline=True, **COMPILE)
def ordinary_log(x: Any) -> Any:
    """Return the natural logarithm of a number that is neither subnormal nor infinite, above zero."""
    return _log(x, 0.0)


@njit(forceinline=True, **COMPILE)
def fast_log(x: Any) -> Any:
    """Return the natural logarithm of x."""
    small = x < 2.2250738585072014e-308
    value = _log(x * 18014398509481984.0 if small else x, -54.0 if small else 0.0)
    finite = x if x > 1.7976931348623157e308 else value
    return finite if x > 0.0 else (-math.inf if x == 0.0 else math.nan)


@njit(forceinline=True, **COMPILE)
def fast_log1p(x: Any) -> Any:
    """Return log(1 + x)."""
    u = 1.0 + x
    lost = (x - (u - 1.0)) / u  # what rounding took from 1 + x; not a number at the ends, where it is not used
    return fast_log(u) + (lost if abs(lost) < 1.0 else 0.0)


@njit(forceinline=True, **COMPILE)
def fast_pow(x: Any, y: Any) -> Any:
    """Return x**y for x >= 0."""
    value = fast_exp(y * fast_log(x))
    return 1.0 if x == 0.0 and y == 0.0 else value


@njit(forceinline=True, **COMPILE)
def fast_tanh(x: Any) -> Any:
    """Return the hyperbolic tangent of x."""
    size = abs(x)
    e = fast_expm1(2.0 * (22.0 if size > 22.0 else size))
    value = e / (e + 2.0)
    return -value if x < 0.0 else value


@njit(forceinline=True, **COMPILE)
def fast_normal_cdf(x: Any) -> Any:
    """Return the standard normal distribution function at x."""
    size = 39.0 if abs(x) > 39.0 else abs(x)
    z = size * _ROOT_HALF
    # exp(-x**2 / 2) with x split, so that the rounding of x**2 does not reach the result.
    high = float_of(bits_of(size) & _HIGH_27)
    d = 0.5 * (size - high) * (size + high)
    gauss = fast_exp(-0.5 * high * high) * (1.0 - d * (1.0 - d * (0.5 - d * (1.0 / 6.0))))
    above, scale = z + 3.75, 1.0 + 2.0 * z
    both = 1.0 / (above * scale)  # one division for two
    upper = 0.5 * gauss * _erfcx_form((z - 3.75) * scale * both) * (above * both)
    return 1.0 - upper if x > 0.0 else upper


for _function, _fast in (
    (plain.exp, fast_exp),
    (plain.expm1, fast_expm1),
    (plain.log, fast_log),
    (plain.log1p, fast_log1p),
    (plain.tanh, fast_tanh),
    (plain.normal_cdf, fast_normal_cdf),
):
    compiled_as(_function, _fast, np.float64, 1)
compiled_as(plain.pow, fast_pow, np.float64, 2)
