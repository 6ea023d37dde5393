"""Two standard normals from two 32-bit words: Box-Muller without branches, quadrants or library calls.

With u = (a + 1/2) / 2**32, r = sqrt(-2 log u). The other word gives 31 bits of an angle in (-pi/2, pi/2) and one
bit of sign, so that sine and cosine are single polynomials. The map is part of the stream version. Relative error
of the logarithm and absolute error of sine and cosine below 1e-15; the largest |z| is sqrt(66 log 2) = 6.76.

The square of the radius, its root and the rest are apart, so that `shocks.py` can put each into the loop that suits it.

In single precision (names that end so) the same words give the same numbers but for rounding:
uniforms within 2**-23 relatively; normals, whose error is that of an angle times a radius of at most 6.76, within 8e-7
in all of eight million, and 7e-8 root mean square. All arithmetic is on 32 bits, so that as many words as fit a vector
go through at once.

References
----------
Box and Muller (1958), A note on the generation of random normal deviates. Ann. Math. Statist. 29(2).
Coefficients: Remez exchange in 50 digits on the stated intervals.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import njit, types

from montecarlo_ai.kernels.intrinsics import bits_of, float_of, polynomial
from montecarlo_ai.kernels.options import COMPILE
from montecarlo_ai.kernels.single import in_single_precision

# log(1 + f) = f + f**2 Q(f) on [(sqrt(2) - 2) / 4, (sqrt(2) - 1) / 2], relative error 1.9e-16.
_LOG_TAIL = (
    -0.4999999999999923, 0.3333333333336072, -0.2500000000099972, 0.199999999842407, -0.16666666312041106,
    0.1428571701385931, -0.12500054299667682, 0.11110943625745288, -0.09995931450930774, 0.09091440307135726,
    -0.08478054821728291, 0.07969129334655504, -0.05336061141895554,
)  # fmt: skip


def _doubled(log_tail: Sequence[float]) -> list[float]:
    """Return P of -2 log(1 + f) = h + h**2 P(h), h = -2 f: Q scaled by powers of two, which rounds nothing."""
    return [-0.5 * c * (-0.5) ** i for i, c in enumerate(log_tail)]


_squared_tail = polynomial(_doubled(_LOG_TAIL), chains=2)
# sin x = x + x**3 S(x**2), cos x = 1 + x**2 C(x**2) on [-pi/2, pi/2], errors 1.2e-16 and 4.2e-18.
_sine_tail = polynomial(
    (
        -0.1666666666666626, 0.008333333333291294, -0.0001984126982654453, 2.755731677810373e-06,
        -2.5051891004179396e-08, 1.6048414866848634e-10, -7.377067435347254e-13,
    )
)  # fmt: skip
_cosine_tail = polynomial(
    (
        -0.49999999999999983, 0.04166666666666437, -0.0013888888888785652, 2.480158727914832e-05,
        -2.7557316525134704e-07, 2.0876567735143017e-09, -1.1463039189912363e-11, 4.6102920376865693e-14,
    )
)  # fmt: skip

_CELL = 2.0**-32
_LN2 = math.log(2.0)
_ROOT_TWO = math.sqrt(2.0)
_TWO_TO_32 = np.uint64(32 << 52)
_ANGLE_STEP = math.pi / 2.0**31
_ANGLE_FIRST = -math.pi / 2.0 + math.pi / 2.0**32
_LEAST_BITS = np.uint64(0x3FEB504F333F9DE6)
_HALF_OCTAVE = np.uint64(1 << 51)
_MANTISSA = np.uint64(0x000FFFFFFFFFFFFF)
_LOW_31 = np.uint64(0x7FFFFFFF)
_SIGN_SHIFT = np.uint64(32)
_SIGN_BIT = np.uint64(0x8000000000000000)
_LOW_32 = np.uint64(0xFFFFFFFF)
_WHOLE_BITS, _WHOLE = np.uint64(0x4330000000000000), 2.0**52  # a float in whose low bits an integer stands


@njit(forceinline=True, **COMPILE)
def _centre(word: Any) -> Any:
    """Return 1/2 more than a word."""
    return float_of((word & _LOW_32) | _WHOLE_BITS) - (_WHOLE - 0.5)


@njit(forceinline=True, **COMPILE)
def uniform(word: Any) -> Any:
    """Return the uniform of a word, strictly inside (0, 1): from 2**-33 to 1 - 2**-33."""
    return _centre(word) * _CELL


@njit(forceinline=True, **COMPILE)
def squared_radius(a: Any) -> Any:
    """Return the square of the radius, -2 log u, of a word."""
    # u = 2**(k / 2) m with m in [(2 + sqrt(2)) / 4, (1 + sqrt(2)) / 2): subtracting the bits of its start carries into
    # the exponent, and the highest bit of the mantissa then tells the half octave.
    bits = bits_of(_centre(a)) - (_LEAST_BITS + _TWO_TO_32)
    half_octaves = np.float64(np.int64(bits) >> np.int64(51))
    h = (-_ROOT_TWO if bits & _HALF_OCTAVE else -2.0) * float_of((bits & _MANTISSA) + _LEAST_BITS) + 2.0
    return h + h * h * _squared_tail(h) - half_octaves * _LN2


@njit(forceinline=True, **COMPILE)
def normal_pair(radius: Any, b: Any) -> Any:
    """Return two independent standard normals from a radius and a word."""
    signed = float_of(bits_of(radius) ^ ((b << _SIGN_SHIFT) & _SIGN_BIT))
    x = (float_of((b & _LOW_31) | _WHOLE_BITS) - _WHOLE) * _ANGLE_STEP + _ANGLE_FIRST
    t = x * x
    cosine = 1.0 + t * _cosine_tail(t)
    sine = x + x * t * _sine_tail(t)
    return signed * cosine, signed * sine


# The same three for single precision: relative error 3.0e-8, 6.1e-9, and 2.5e-10 absolute.
_LOG_TAIL_SINGLE = (
    -0.49999991606134403, 0.33333950218955216, -0.250017552799842, 0.19962072195196362, -0.165705078030935,
    0.1491797309523843, -0.14307523194389224, 0.08734844840624362,
)  # fmt: skip
_squared_tail_single = polynomial(_doubled(_LOG_TAIL_SINGLE), chains=2, of=types.float32)
_sine_tail_single = polynomial(
    (-0.16666659550431862, 0.008333066246201792, -0.00019809602911218037, 2.6057806585148796e-06), of=types.float32
)
_cosine_tail_single = polynomial(
    (
        -0.4999999954962702, 0.04166664072887619, -0.0013888403503534452, 2.4761885573424917e-05,
        -2.607708915845109e-07,
    ),
    of=types.float32,
)  # fmt: skip

_HALF_CELL = 2.0**-33
_BELOW_ONE = 1.0 - 2.0**-24
_QUARTER_TURN = np.int32(0x40000000)
_ROOT_HALF_BITS_SINGLE = np.int32(0x3F3504F3)
_MANTISSA_SINGLE = np.int32(0x007FFFFF)
_LOW_31_SINGLE = np.int32(0x7FFFFFFF)
_SIGN_BIT_SINGLE = np.int32(-0x80000000)
_SHIFT_SINGLE = np.int32(23)


@in_single_precision
def _folded(word: Any) -> Any:
    """Return min(u, 1 - u) of the uniform of a word held in a signed integer, and whether u is the larger one.

    Both ends are resolved to 2**-33, where float32 has steps of 2**-24 below one.
    """
    above = word < np.int32(0)  # the highest bit
    distance = np.int32(~word) if above else word
    return np.float32(distance) * _CELL + _HALF_CELL, above


@in_single_precision
def uniform_single(word: Any) -> Any:
    """Return the uniform of a word held in a signed integer, strictly inside (0, 1): from 2**-33 to 1 - 2**-24."""
    near, above = _folded(word)
    return min(1.0 - near, _BELOW_ONE) if above else near


@in_single_precision
def squared_radius_single(a: Any) -> Any:
    """Return the square of the radius in single precision of a word held in a signed integer."""
    near, above = _folded(a)
    bits = np.int32(bits_of(1.0 - near if above else near) - _ROOT_HALF_BITS_SINGLE)
    exponent = np.int32(bits >> _SHIFT_SINGLE)
    mantissa = np.int32(np.int32(bits & _MANTISSA_SINGLE) + _ROOT_HALF_BITS_SINGLE)
    # Close below one u is 1 - near, of which `near` holds more than the rounded difference does.
    half = near if exponent == np.int32(0) else 1.0 - float_of(mantissa)
    h = half + half
    return h + h * h * _squared_tail_single(h) - np.float32(exponent) * (2.0 * _LN2)


@in_single_precision
def normal_pair_single(radius: Any, b: Any) -> Any:
    """Return two independent standard normals in single precision from a radius and a signed integer's word."""
    signed = float_of(np.int32(bits_of(radius) ^ np.int32(b & _SIGN_BIT_SINGLE)))
    x = np.float32(np.int32(np.int32(b & _LOW_31_SINGLE) - _QUARTER_TURN)) * _ANGLE_STEP + 0.5 * _ANGLE_STEP
    t = x * x
    cosine = 1.0 + t * _cosine_tail_single(t)
    sine = x + x * t * _sine_tail_single(t)
    return signed * cosine, signed * sine
