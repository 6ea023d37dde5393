"""Polynomials of degree 7 on equal cells, over arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from montecarlo_ai.kernels.disk import kept


@kept(
    types.float64[::1],
    types.float64[:, ::1],
    types.float64[::1],
    types.float64,
    types.float64,
    types.float64[::1],
)
def _fill(x: Any, coefficients: Any, ends: Any, first: Any, per_unit: Any, out: Any) -> None:
    """Write the polynomial of each place's cell, kept between the values at the ends of the cell."""
    last = coefficients.shape[0] - 1
    for i in range(np.uintp(x.size)):
        place = (x[i] - first) * per_unit
        cell = np.intp(min(max(place, 0.0), float(last)))
        t = 2.0 * (place - cell) - 1.0
        c = coefficients[cell]
        low = (c[0] + t * c[1]) + (t * t) * (c[2] + t * c[3])
        high = (c[4] + t * c[5]) + (t * t) * (c[6] + t * c[7])
        out[i] = min(max(low + (t * t) * (t * t) * high, ends[cell]), ends[cell + 1])


def evaluate(
    x: NDArray[np.float64],
    coefficients: NDArray[np.float64],
    ends: NDArray[np.float64],
    first: float,
    per_unit: float,
) -> NDArray[np.float64]:
    """Return piecewise polynomials of an array, in its shape; places outside the cells give what means nothing.

    Parameters
    ----------
    x : float64 array of any shape
        Places.
    coefficients : (cells, 8) float64
        Of powers of t, which goes from -1 to 1 over a cell.
    ends : (cells + 1,) float64
        Values at the ends of the cells, ascending.
    first : float
        Start of the first cell.
    per_unit : float
        Cells a unit of x.
    """
    flat = np.ascontiguousarray(x, dtype=np.float64).reshape(-1)
    out = np.empty(flat.size)
    _fill(flat, coefficients, ends, first, per_unit, out)
    return out.reshape(np.shape(x))
