"""Dependence between normals: the check of a correlation, and the factor that imposes it.

The joint law is a Gaussian copula: the correlation stated for two inputs is that of their standard normal scores. Its
rank correlation (Spearman) is ``6 / pi * asin(rho / 2)``, and it has no tail dependence unless rho is one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from montecarlo_ai.checks import Checks, nearest
from montecarlo_ai.distribution import FloatArray

Correlation = Mapping[tuple[str, str], float]
"""Correlation by pair of names."""

SMALLEST_EIGENVALUE = -1e-10
"""A matrix below this is no correlation; above it, what is negative is rounding."""

_ZERO_PIVOT = 1e-12
_SHARE_TO_NAME = 0.1


@dataclass(frozen=True, eq=False)
class CorrelatedGroup:
    """Names that depend on each other, and on no other name.

    Attributes
    ----------
    names : tuple of str
        In order of declaration.
    factor : (m, m) float64
        Lower-triangular, rows of unit length: ``factor @ independent normals`` are the correlated normals.
    """

    names: tuple[str, ...]
    factor: FloatArray

    def correlate(self, scores: Sequence[FloatArray]) -> list[FloatArray]:
        """Return correlated standard normals.

        Sums run over the names in order, element by element, so that a draw never depends on its neighbours.

        Parameters
        ----------
        scores : sequence of (n,) float64
            Independent standard normals, one array a name.

        Returns
        -------
        list of (n,) float64
        """
        correlated = []
        for row in self.factor:
            total = np.zeros_like(scores[0])
            for loading, score in zip(row, scores, strict=True):
                if loading != 0.0:
                    total += loading * score
            correlated.append(total)
        return correlated


def correlated_groups(names: Sequence[str], pairs: Correlation, field: str) -> tuple[CorrelatedGroup, ...]:
    """Return the groups of names that pairs with a correlation other than zero connect.

    Parameters
    ----------
    names : sequence of str
        All names, in order of declaration.
    pairs : mapping of (str, str) to float
        Correlation of the standard normals of two names, from -1 to 1; the order inside a pair does not matter.
    field : str
        What an error calls it, such as ``correlation``.

    Returns
    -------
    tuple of CorrelatedGroup
        Ordered by their first name. A group's factor depends on its own pairs only.

    Raises
    ------
    InputError
        All problems at once: an unknown name, a name paired with itself, a pair stated twice (in either order), a
        number outside [-1, 1], or a matrix whose smallest eigenvalue is below -1e-10.
    """
    checks = Checks()
    values = checked_pairs(names, pairs, field, checks)
    groups = []
    for members in _components(names, values):
        matrix = np.eye(len(members))
        place = {name: index for index, name in enumerate(members)}
        for (first, second), value in values.items():
            if first in place and second in place:
                matrix[place[first], place[second]] = matrix[place[second], place[first]] = value
        if _is_correlation(matrix, members, field, checks):
            groups.append(CorrelatedGroup(members, triangular_factor(matrix)))
    checks.finish()
    return tuple(groups)


def correlation_factor(names: Sequence[str], pairs: Correlation, field: str) -> tuple[tuple[str, ...], FloatArray]:
    """Return the correlated names and one factor for all of them.

    Parameters
    ----------
    names, pairs, field
        As in `correlated_groups`.

    Returns
    -------
    names : tuple of str
        Only those with a correlation other than zero, in order of declaration.
    factor : (m, m) float64
        Lower-triangular, C-contiguous, with zeros between groups: ``factor @ independent normals`` are correlated.

    Raises
    ------
    InputError
        As `correlated_groups`.
    """
    groups = correlated_groups(names, pairs, field)
    members = {name for group in groups for name in group.names}
    ordered = tuple(name for name in names if name in members)
    place = {name: index for index, name in enumerate(ordered)}
    factor = np.zeros((len(ordered), len(ordered)))
    for group in groups:
        places = [place[name] for name in group.names]
        factor[np.ix_(places, places)] = group.factor
    return ordered, factor


def checked_pairs(names: Sequence[str], pairs: Correlation, field: str, checks: Checks) -> dict[tuple[str, str], float]:
    """Return correlations by pairs in order of declaration; problems are recorded.

    Parameters
    ----------
    names, pairs, field
        As in `correlated_groups`.
    checks : Checks
        Where problems go.
    """
    if not isinstance(pairs, Mapping):
        checks.add(field, pairs, "must map pairs of names to correlations", 'write {("a", "b"): 0.5}')
        return {}
    place = {name: index for index, name in enumerate(names)}
    values: dict[tuple[str, str], float] = {}
    for key, value in pairs.items():
        if not (isinstance(key, tuple) and len(key) == 2 and all(isinstance(name, str) for name in key)):
            checks.add(field, key, "must be a pair of names", 'write {("a", "b"): 0.5}')
            continue
        where = f"{field}[{key[0]}, {key[1]}]"
        unknown = [name for name in key if name not in place]
        for name in unknown:
            checks.add(where, name, "is no name here", nearest(name, names))
        rho = checks.number(where, value, at_least=-1.0, at_most=1.0)
        if key[0] == key[1]:
            checks.add(where, key[0], "pairs a name with itself")
        elif not unknown:
            first, second = sorted(key, key=place.__getitem__)
            if (first, second) in values:
                checks.add(where, value, f"states a pair twice: ({second}, {first}) is stated too")
            values[first, second] = 0.0 if math.isnan(rho) else rho
    return values


def _components(names: Sequence[str], values: Correlation) -> list[tuple[str, ...]]:
    """Return the names connected by correlations other than zero, each group in order of declaration."""
    root = {name: name for name in names}

    def find(name: str) -> str:
        while root[name] != name:
            name = root[name]
        return name

    for (first, second), value in values.items():
        if value != 0.0:
            root[find(second)] = find(first)
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(find(name), []).append(name)
    return [tuple(members) for members in groups.values() if len(members) > 1]


def _is_correlation(matrix: FloatArray, names: Iterable[str], field: str, checks: Checks) -> bool:
    """Return whether a matrix is positive semidefinite; record its smallest eigenvalue and who makes it otherwise."""
    eigenvalues, eigenvectors = np.linalg.eigh(matrix)
    if eigenvalues[0] >= SMALLEST_EIGENVALUE:
        return True
    weights = np.abs(eigenvectors[:, 0])
    involved = [name for name, weight in zip(names, weights, strict=True) if weight > _SHARE_TO_NAME * weights.max()]
    checks.add(
        field,
        float(eigenvalues[0]),
        f"is the smallest eigenvalue, which makes the correlations of {', '.join(involved)} impossible together",
        "bring them closer to zero",
    )
    return False


def triangular_factor(matrix: FloatArray) -> FloatArray:
    """Return the lower-triangular L with L L' = matrix and rows of unit length.

    Parameters
    ----------
    matrix : (m, m) float64
        Correlation matrix, positive semidefinite.

    Notes
    -----
    Cholesky's recursion, with a pivot at the level of rounding taken as zero: a name that others determine gets no
    normal of its own, so a correlation of one gives equal scores exactly. Where the matrix is singular, correlations
    come out within 1e-6 of those stated.
    """
    size = len(matrix)
    factor = np.zeros((size, size))
    for row in range(size):
        for column in range(row):
            if factor[column, column] > 0.0:
                rest = matrix[row, column] - math.fsum(factor[row, :column] * factor[column, :column])
                factor[row, column] = rest / factor[column, column]
        own = matrix[row, row] - math.fsum(factor[row, :row] ** 2)
        if own > _ZERO_PIVOT:
            factor[row, row] = math.sqrt(own)
        else:
            factor[row, :row] /= math.sqrt(math.fsum(factor[row, :row] ** 2))
    return factor
