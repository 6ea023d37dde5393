"""Least-squares fits of quantile functions to any number of quantiles."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from montecarlo_ai.distributions.quantile_table import FloatArray

Points = Sequence[tuple[float, float]]
_STARTS = 41


def line_through(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Return intercept and slope of the line of least squares in y; through both points where there are two."""
    middle = x.mean()
    slope = float(((x - middle) * (y - y.mean())).sum() / ((x - middle) ** 2).sum())
    return float(y.mean() - slope * middle), slope


def best_shape(residuals: Callable[[float], FloatArray], low: float, high: float) -> float:
    """Return the shape between two ends whose residuals have the least sum of squares.

    The best of a grid, refined by least squares, so that residuals that can vanish do to the last digits.

    Parameters
    ----------
    residuals : function of float to (n,) float64
        By shape; smooth.
    low, high : float
        Ends of the shapes that are tried.
    """
    from scipy.optimize import least_squares

    def of_array(shape: FloatArray) -> FloatArray:
        return residuals(float(shape[0]))

    grid = np.linspace(low, high, _STARTS)
    with np.errstate(all="ignore"):
        sums = np.array([_sum_of_squares(residuals(float(shape))) for shape in grid])
        start = int(np.argmin(sums))
        ends = float(grid[max(start - 1, 0)]), float(grid[min(start + 1, _STARTS - 1)])
        inner = min(max(float(grid[start]), ends[0] + 1e-9 * (high - low)), ends[1] - 1e-9 * (high - low))
        found = least_squares(of_array, [inner], bounds=ends, jac="3-point", xtol=1e-15, ftol=1e-15, gtol=1e-15)
    return min((float(found.x[0]), float(grid[start])), key=lambda shape: _sum_of_squares(residuals(shape)))


def _sum_of_squares(values: FloatArray) -> float:
    total = float((values**2).sum())
    return total if np.isfinite(total) else np.inf


def columns(points: Points) -> tuple[FloatArray, FloatArray]:
    """Return probabilities and values of points as arrays."""
    table = np.array(points, dtype=np.float64)
    return table[:, 0], table[:, 1]
