"""The correlation matrix nearest to a symmetric matrix that is none."""

from __future__ import annotations

import numpy as np

from montecarlo_ai.distributions.quantile_table import FloatArray

_CLOSE_ENOUGH = 1e-12
_MOST_ROUNDS = 2000
_DECIMALS = 12


def nearest_correlation(matrix: FloatArray) -> FloatArray:
    """Return the nearest correlation matrix in the Frobenius norm.

    Alternating projections onto the positive semidefinite matrices, with Dykstra's correction, and onto those with a
    unit diagonal. The last iterate is rescaled to a diagonal of exactly one, and rounded to 12 decimals, so that
    machines whose eigenvalues differ in their last digits repair to the same numbers.

    Parameters
    ----------
    matrix : (m, m) float64
        Symmetric, with a unit diagonal.

    Returns
    -------
    (m, m) float64
        Symmetric, unit diagonal, positive semidefinite within rounding.

    References
    ----------
    Higham (2002), Computing the nearest correlation matrix: a problem from finance. IMA Journal of Numerical Analysis
    22(3), algorithm 3.3, doi:10.1093/imanum/22.3.329.
    """
    nearest: FloatArray = matrix.copy()
    correction = np.zeros_like(matrix)
    for _ in range(_MOST_ROUNDS):
        shifted = nearest - correction
        projected = _positive_part(shifted)
        correction = projected - shifted
        before, nearest = nearest, projected.copy()
        np.fill_diagonal(nearest, 1.0)
        if np.abs(nearest - before).max() <= _CLOSE_ENOUGH and np.abs(nearest - projected).max() <= _CLOSE_ENOUGH:
            break
    scale = 1.0 / np.sqrt(np.diag(projected))
    nearest = np.clip(projected * np.outer(scale, scale), -1.0, 1.0).round(_DECIMALS) + 0.0
    np.fill_diagonal(nearest, 1.0)
    return nearest


def _positive_part(matrix: FloatArray) -> FloatArray:
    """Return the nearest positive semidefinite matrix: negative eigenvalues become zero."""
    eigenvalues, vectors = np.linalg.eigh(matrix)
    kept = vectors * np.sqrt(np.maximum(eigenvalues, 0.0))
    positive: FloatArray = kept @ kept.T
    return positive
