"""Quantile functions from a table on a grid of normal scores, for draws of what has no closed inverse."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

LIMIT = 8.25
"""Uniforms of 52 bits have scores within 8.21; beyond the table the exact inverse serves."""

TARGET = 1e-9
_ENOUGH = 1e-12
_CELLS_PER_UNIT = (8, 16, 32, 64, 128)
_DEGREE = 7
_BETWEEN = (0.03, 0.2, 0.5, 0.8, 0.97)


class QuantileTable:
    """A quantile function of normal scores, polynomials of degree 7 on equal cells.

    A quantile function is smooth in the normal score even where it is singular in the probability. Each polynomial
    goes through the exact quantiles at Chebyshev points of its cell, both ends among them, and is kept between the
    values at the ends, so that draws never leave the support and ascend from cell to cell.

    Parameters
    ----------
    exact : function of (n,) float64 to (n,) float64
        Quantiles by normal score.

    Attributes
    ----------
    error : float
        Largest distance from the exact quantiles, measured at five points of every cell between those that the
        polynomial meets, relative to the larger of the interquartile range and the distance from the median.
        Infinite where the quantiles do not ascend or are not finite.

    References
    ----------
    Trefethen (2019), Approximation Theory and Approximation Practice, chapter 8, doi:10.1137/1.9781611975949.
    """

    def __init__(self, exact: Callable[[FloatArray], FloatArray]) -> None:
        self._exact = exact
        self.error = np.inf
        quartiles = exact(np.array([-0.6744897501960817, 0.0, 0.6744897501960817]))
        spread = float(quartiles[2] - quartiles[0])
        if not (np.isfinite(spread) and spread > 0.0):
            return
        for per_unit in _CELLS_PER_UNIT:
            error = self._fill(per_unit, float(quartiles[1]), spread)
            if not np.isfinite(error) or (error > 1e-2 and per_unit >= 32):  # a jump, that no finer grid removes
                break
            if self.error <= _ENOUGH:
                break

    def __call__(self, scores: FloatArray) -> FloatArray:
        """Return the quantiles at normal scores, elementwise and in their shape."""
        from montecarlo_ai.kernels.table import evaluate

        values = evaluate(scores, self._coefficients, self._ends, -LIMIT, self._per_unit)
        outside = np.abs(scores) > LIMIT
        if outside.any():
            values[outside] = self._exact(scores[outside])
        return values

    def _fill(self, per_unit: int, median: float, spread: float) -> float:
        """Make the table with this many cells a unit of the score, keep it if it is better, and return its error."""
        cells = round(2.0 * LIMIT * per_unit)
        nodes, to_coefficients, between = _interpolation()
        starts = np.arange(cells)[:, np.newaxis] / per_unit - LIMIT
        values = self._exact((starts + nodes / per_unit).ravel()).reshape(cells, -1)
        expected = self._exact((starts + np.array(_BETWEEN) / per_unit).ravel()).reshape(cells, -1)
        ends = np.append(values[:, 0], values[-1, -1])
        if not (np.isfinite(values).all() and np.isfinite(expected).all() and (np.diff(ends) >= 0.0).all()):
            return np.inf
        values[:, -1] = ends[1:]
        coefficients = values @ to_coefficients.T
        found = np.clip(coefficients @ between, ends[:-1, np.newaxis], ends[1:, np.newaxis])
        error = float(np.max(np.abs(found - expected) / np.maximum(spread, np.abs(expected - median))))
        if error < self.error:
            self._coefficients, self._ends = np.ascontiguousarray(coefficients), ends
            self._per_unit, self.error = float(per_unit), error
        return error


@cache
def _interpolation() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return Chebyshev points of the cell [0, 1], the map from values to coefficients, and powers of places between."""
    places = -np.cos(np.pi * np.arange(_DEGREE + 1) / _DEGREE)
    to_coefficients = np.linalg.inv(np.vander(places, increasing=True))
    between = np.vander(2.0 * np.array(_BETWEEN) - 1.0, _DEGREE + 1, increasing=True).T
    nodes = 0.5 * (places + 1.0)
    return nodes, to_coefficients, between
