"""The inverse of the normal distribution function, over arrays, without branches.

References
----------
Wichura (1988), Algorithm AS 241: the percentage points of the normal distribution. Applied Statistics 37(3), PPND16:
about one part in 10**16.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from montecarlo_ai.kernels.disk import kept
from montecarlo_ai.kernels.intrinsics import polynomial
from montecarlo_ai.kernels.options import COMPILE
from montecarlo_ai.kernels.special import fast_log, ordinary_log

_CENTRE_TOP = polynomial(
    (
        3.3871328727963666080, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
        4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3,
    )
)  # fmt: skip
_CENTRE_BOTTOM = polynomial(
    (
        1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3, 2.1213794301586595867e4,
        3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3,
    )
)  # fmt: skip
_NEAR_TOP = polynomial(
    (
        1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
        1.27045825245236838258, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4,
    )
)  # fmt: skip
_NEAR_BOTTOM = polynomial(
    (
        1.0, 2.05319162663775882187, 1.67638483018380384940, 6.89767334985100004550e-1, 1.48103976427480074590e-1,
        1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9,
    )
)  # fmt: skip
_FAR_TOP = polynomial(
    (
        6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 2.96560571828504891230e-1,
        2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
    )
)  # fmt: skip
_FAR_BOTTOM = polynomial(
    (
        1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
        7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15,
    )
)  # fmt: skip


@njit(forceinline=True, **COMPILE)
def normal_quantile(u: Any) -> Any:
    """Return the standard normal quantile; infinite at 0 and 1, NaN outside."""
    q = u - 0.5
    tail = min(u, 1.0 - u)
    length = math.sqrt(-fast_log(tail))
    central, near = abs(q) <= 0.425, length <= 5.0
    r, s, t = 0.180625 - q * q, length - 1.6, length - 5.0
    centre_top, near_top, far_top = abs(q) * _CENTRE_TOP(r), _NEAR_TOP(s), _FAR_TOP(t)
    centre_bottom, near_bottom, far_bottom = _CENTRE_BOTTOM(r), _NEAR_BOTTOM(s), _FAR_BOTTOM(t)
    top = centre_top if central else (near_top if near else far_top)
    bottom = centre_bottom if central else (near_bottom if near else far_bottom)
    size = math.inf if tail == 0.0 else top / bottom
    return -size if q < 0.0 else size


NEAR_TAIL = 1.4e-11
"""A little above e**-25: between it and what is missing from it to one, `near_quantile` holds."""


@njit(forceinline=True, **COMPILE)
def near_quantile(u: Any) -> Any:
    """Return the standard normal quantile, of u from `NEAR_TAIL` to 1 - `NEAR_TAIL`; elsewhere it means nothing."""
    q = u - 0.5
    length = math.sqrt(-ordinary_log(min(u, 1.0 - u)))
    central = abs(q) <= 0.425
    r, s = 0.180625 - q * q, length - 1.6
    centre_top, near_top = abs(q) * _CENTRE_TOP(r), _NEAR_TOP(s)
    centre_bottom, near_bottom = _CENTRE_BOTTOM(r), _NEAR_BOTTOM(s)
    size = (centre_top if central else near_top) / (centre_bottom if central else near_bottom)
    return -size if q < 0.0 else size


@kept(types.float64[::1], types.float64[::1])
def _fill(u: Any, out: Any) -> None:
    """Write the quantile of each probability."""
    for i in range(np.uintp(u.size)):
        out[i] = normal_quantile(u[i])


def normal_scores(u: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return standard normal quantiles of an array, in its shape.

    Parameters
    ----------
    u : float64 array of any shape
        Probabilities.
    """
    flat = np.ascontiguousarray(u, dtype=np.float64).reshape(-1)
    out = np.empty(flat.size)
    _fill(flat, out)
    return out.reshape(np.shape(u))
