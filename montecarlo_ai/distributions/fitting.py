"""Least-squares fits of quantile functions to any number of quantiles."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from montecarlo_ai.distributions.quantile_table import FloatArray

Points = Sequence[tuple[float, float]]
_STARTS, _FINER = 41, 401
_CLEARLY = 1e-6
_NOWHERE = np.empty(0)


def line_through(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Return intercept and slope of the line of least squares in y; through both points where there are two."""
    middle = x.mean()
    slope = float(((x - middle) * (y - y.mean())).sum() / ((x - middle) ** 2).sum())
    return float(y.mean() - slope * middle), slope


def best_shape(
    residuals: Callable[[float], FloatArray], low: float, high: float, kinks: FloatArray = _NOWHERE
) -> float:
    """Return the shape between two ends whose residuals have the least sum of squares.

    The best of a grid, refined by least squares, so that residuals that can vanish do to the last digits; where
    a local minimum of a finer grid, or one between kinks, leads lower, that one.

    Parameters
    ----------
    residuals : function of float to (n,) float64
        By shape; smooth but for kinks.
    low, high : float
        Ends of the shapes that are tried.
    kinks : (k,) float64
        Shapes, ascending between the ends, at which residuals may bend, so that a minimum may lie between two of them.
    """
    with np.errstate(all="ignore"):
        grid = np.linspace(low, high, _STARTS)
        sums = np.array([_sum_of_squares(residuals(float(shape))) for shape in grid])
        best, least = _refined(residuals, grid, sums, int(np.argmin(sums)))
        finer = np.unique(np.concatenate([np.linspace(low, high, _FINER), kinks, 0.5 * (kinks[1:] + kinks[:-1])]))
        sums = np.array([_sum_of_squares(residuals(float(shape))) for shape in finer])
        around = np.concatenate([[np.inf], sums, [np.inf]])
        for start in np.flatnonzero(np.isfinite(sums) & (sums <= around[:-2]) & (sums <= around[2:])):
            shape, total = _refined(residuals, finer, sums, int(start))
            if total < (1.0 - _CLEARLY) * least - _CLEARLY**4:
                best, least = shape, total
    return best


def _refined(
    residuals: Callable[[float], FloatArray], grid: FloatArray, sums: FloatArray, start: int
) -> tuple[float, float]:
    """Return the shape of least squares between the neighbours of a place of the grid, and its sum."""
    from scipy.optimize import least_squares

    def of_array(shape: FloatArray) -> FloatArray:
        return residuals(float(shape[0]))

    low, high = float(grid[max(start - 1, 0)]), float(grid[min(start + 1, len(grid) - 1)])
    margin = 1e-9 * float(np.ptp(grid))
    inner = min(max(float(grid[start]), low + margin), high - margin)
    if not (low < inner < high and np.isfinite(residuals(inner)).all()):
        return float(grid[start]), float(sums[start])
    found = least_squares(of_array, [inner], bounds=(low, high), jac="3-point", xtol=1e-15, ftol=1e-15, gtol=1e-15)
    shape = float(found.x[0])
    return min(
        ((shape, _sum_of_squares(residuals(shape))), (float(grid[start]), float(sums[start]))), key=lambda one: one[1]
    )


def _sum_of_squares(values: FloatArray) -> float:
    total = float((values**2).sum())
    return total if np.isfinite(total) else np.inf


def columns(points: Points) -> tuple[FloatArray, FloatArray]:
    """Return probabilities and values of points as arrays."""
    table = np.array(points, dtype=np.float64)
    return table[:, 0], table[:, 1]
