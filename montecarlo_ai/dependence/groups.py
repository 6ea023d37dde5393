"""Dependence between scores: groups of names, the check of their correlations, and the factor that imposes them.

The joint law of a group is a Gaussian or a t copula: the correlations are those of standard normal scores z, and under
a t copula of ``t = z sqrt(df / V)``, with one chi-square variable V for the group.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from montecarlo_ai.checks import Checks, nearest
from montecarlo_ai.dependence.correlation import (
    GAUSSIAN,
    Copula,
    Correlation,
    Pairs,
    check_spearman,
    checked_pairs,
    degrees_of_freedom,
)
from montecarlo_ai.dependence.nearest import nearest_correlation
from montecarlo_ai.dependence.ranks import score_correlation
from montecarlo_ai.distributions.quantile_table import FloatArray

Stated = Pairs | Correlation | Mapping[str, Correlation]
"""What a user states: pairs, a `Correlation`, or one by name of group; "" names what is in no group."""

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
        In the order of the factor's rows.
    factor : (m, m) float64
        Lower-triangular, rows of unit length: ``factor @ independent normals`` are the correlated normals.
    df : float
        Degrees of freedom of the t copula; infinite for the Gaussian.
    """

    names: tuple[str, ...]
    factor: FloatArray
    df: float = math.inf

    @property
    def stream(self) -> str:
        """Name of the stream of the t copula's chi-square variable; no identifier, so that no input has it."""
        return f"copula({','.join(sorted(self.names))})"

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


@dataclass(frozen=True, eq=False)
class Repair:
    """Correlations of scores that no joint law can have, and the nearest ones that it can.

    Attributes
    ----------
    names : tuple of str
        Rows of the matrix.
    smallest_eigenvalue : float
        Of the matrix as it was stated, below zero.
    largest_change : float
        Of a correlation, in absolute value.
    matrix : (m, m) float64
        The nearest correlation matrix; read-only.
    """

    names: tuple[str, ...]
    smallest_eigenvalue: float
    largest_change: float
    matrix: FloatArray

    def to_dict(self) -> dict[str, Any]:
        """Return the names and the repaired matrix as plain values, which depend on no machine's rounding."""
        return {"names": list(self.names), "matrix": self.matrix.tolist()}

    def __repr__(self) -> str:
        changed = f"eigenvalue {self.smallest_eigenvalue:.3g}, largest change {self.largest_change:.3g}"
        return f"Repair({', '.join(self.names)}: {changed})"


@dataclass(frozen=True, eq=False)
class Dependence:
    """How names depend on each other, checked.

    Attributes
    ----------
    stated : mapping of str to Correlation
        By name of the group, each with its copula; "" is there always, and has what is in no named group.
    groups : tuple of CorrelatedGroup
        Ordered by their first name. A group's factor depends on its own pairs only.
    pairs : dict of (str, str) to float
        Correlations of the scores, converted and repaired; names in the order of all names.
    repairs : tuple of Repair
    """

    stated: Mapping[str, Correlation]
    groups: tuple[CorrelatedGroup, ...]
    pairs: dict[tuple[str, str], float]
    repairs: tuple[Repair, ...]


def correlated_groups(
    names: Sequence[str],
    correlation: Stated | None,
    field: str,
    *,
    copula: Copula = GAUSSIAN,
    constants: Collection[str] = (),
) -> Dependence:
    """Return how names depend on each other.

    Under a Gaussian copula a group is what correlations other than zero connect; under a t copula what stated pairs
    connect, and a named group is one group.

    Parameters
    ----------
    names : sequence of str
        All names; the factor of a group takes its names in this order.
    correlation : mapping of (str, str) to float, Correlation, or mapping of str to Correlation
    field : str
        What an error calls it, such as ``correlation``.
    copula : "gaussian" or ("t", df)
        Of the groups that state none.
    constants : collection of str
        Names that correlate with nothing, for they are known numbers.

    Raises
    ------
    InputError
        All problems at once: those of a `Correlation`, an unknown name or a constant, a name in two groups, or a
        matrix whose smallest eigenvalue is below -1e-10 and that is not to be repaired.
    """
    checks = Checks()
    stated = _stated_groups(names, correlation, field, copula, checks)
    _check_members(names, constants, stated, field, checks)
    groups: list[CorrelatedGroup] = []
    pairs: dict[tuple[str, str], float] = {}
    repairs: list[Repair] = []
    place = {name: index for index, name in enumerate(names)}
    for label, group in stated.items():
        df = degrees_of_freedom(group.copula or copula)
        values = _score_correlations(group, df, place)
        pairs.update(values)
        for members in _components(names, values, df, label):
            matrix = _matrix(members, values)
            repair = _checked_matrix(matrix, members, group.repair, _place(field, label), checks)
            if repair is not None:
                repairs.append(repair)
                matrix = repair.matrix
                pairs.update(
                    ((first, second), float(matrix[i, j]))
                    for j, second in enumerate(members)
                    for i, first in enumerate(members[:j])
                )
            groups.append(CorrelatedGroup(members, triangular_factor(matrix), df))
    checks.finish()
    groups.sort(key=lambda group: place[group.names[0]])
    return Dependence(stated, tuple(groups), pairs, tuple(repairs))


def _score_correlations(group: Correlation, df: float, place: Mapping[str, int]) -> dict[tuple[str, str], float]:
    """Return the correlations of the scores of known names, each pair in the order of their places."""
    values = {}
    for (first, second), (measure, value) in group.pairs.items():
        if first in place and second in place:
            ordered = (first, second) if place[first] < place[second] else (second, first)
            values[ordered] = score_correlation(measure, value, df)
    return values


def joint_factor(names: Sequence[str], groups: Sequence[CorrelatedGroup]) -> tuple[tuple[str, ...], FloatArray]:
    """Return the correlated names and one factor for all of them.

    Parameters
    ----------
    names : sequence of str
        All names, in order of declaration.
    groups : sequence of CorrelatedGroup

    Returns
    -------
    names : tuple of str
        Those of the groups, in order of declaration.
    factor : (m, m) float64
        Lower-triangular, C-contiguous, with zeros between groups: ``factor @ independent normals`` are correlated.
    """
    members = {name for group in groups for name in group.names}
    ordered = tuple(name for name in names if name in members)
    place = {name: index for index, name in enumerate(ordered)}
    factor = np.zeros((len(ordered), len(ordered)))
    for group in groups:
        places = [place[name] for name in group.names]
        factor[np.ix_(places, places)] = group.factor
    return ordered, factor


def _stated_groups(
    names: Sequence[str], correlation: object, field: str, copula: Copula, checks: Checks
) -> dict[str, Correlation]:
    """Return what was stated by name of group, each with its copula; problems are recorded."""
    given: dict[str, Correlation] = {}
    if correlation is None:
        pass
    elif isinstance(correlation, Correlation):
        given[""] = correlation
    elif isinstance(correlation, Mapping) and any(isinstance(value, Correlation) for value in correlation.values()):
        for label, value in correlation.items():
            if not isinstance(label, str):
                checks.add(field, label, "stands beside named groups and is none", 'state such pairs as a group ""')
            elif not isinstance(value, Correlation):
                checks.add(_place(field, label), value, "must be a Correlation")
            else:
                given[label] = value
    else:
        given[""] = Correlation(checked_pairs(correlation, field, checks, names=names))
    stated = {}
    for label, group in ({"": Correlation({})} | given).items():
        law = group.copula or copula
        if check_spearman(group.pairs, law, _place(field, label), checks):
            stated[label] = Correlation(group.pairs, copula=law, repair=group.repair)
    return stated


def _place(field: str, label: str) -> str:
    """Return what an error calls a group."""
    return f"{field}.{label}" if label else field


def _check_members(
    names: Sequence[str], constants: Collection[str], stated: Mapping[str, Correlation], field: str, checks: Checks
) -> None:
    """Record names that there are not or that are constants, and names in two groups."""
    known, owners = set(names), dict[str, str]()
    for label, group in stated.items():
        where = _place(field, label)
        for pair, (_, value) in group.pairs.items():
            for name in pair:
                if name not in known:
                    checks.add(f"{where}[{pair[0]}, {pair[1]}]", name, "is no name here", nearest(name, names))
                elif name in constants:
                    rule = f"{name} is a constant, which correlates with nothing"
                    checks.add(f"{where}[{pair[0]}, {pair[1]}]", value, rule)
        for name in group.names:
            if name in owners:
                other = f'group "{owners[name]}"' if owners[name] else "a pair without a group"
                checks.add(where, name, f"is in {other} too", "a name is in one group at most")
            owners[name] = label


def _components(
    names: Sequence[str], values: Mapping[tuple[str, str], float], df: float, label: str
) -> list[tuple[str, ...]]:
    """Return the names that depend on each other, each group in the order of all names."""
    root = {name: name for pair in values for name in pair}

    def find(name: str) -> str:
        while root[name] != name:
            root[name] = root[root[name]]
            name = root[name]
        return name

    anchor = next(iter(root), "")
    for (first, second), value in values.items():
        if value != 0.0 or math.isfinite(df):
            root[find(second)] = find(first)
        if label and math.isfinite(df):
            root[find(first)] = find(anchor)
    groups: dict[str, list[str]] = {}
    for name in names:
        if name in root:
            groups.setdefault(find(name), []).append(name)
    return [tuple(members) for members in groups.values() if len(members) > 1]


def _matrix(members: Sequence[str], values: Mapping[tuple[str, str], float]) -> FloatArray:
    """Return the correlation matrix of a group; pairs that were not stated have zero."""
    matrix = np.eye(len(members))
    place = {name: index for index, name in enumerate(members)}
    for (first, second), value in values.items():
        if first in place and second in place:
            matrix[place[first], place[second]] = matrix[place[second], place[first]] = value
    return matrix


def _checked_matrix(
    matrix: FloatArray, names: tuple[str, ...], repair: bool, field: str, checks: Checks
) -> Repair | None:
    """Return the repair of a matrix that needs one; if it is not to be, record its eigenvalue and who makes it."""
    eigenvalues, eigenvectors = np.linalg.eigh(matrix)
    smallest = float(eigenvalues[0])
    if smallest >= SMALLEST_EIGENVALUE:
        return None
    if repair:
        repaired = nearest_correlation(matrix)
        repaired.flags.writeable = False
        return Repair(names, smallest, float(np.abs(repaired - matrix).max()), repaired)
    weights = np.abs(eigenvectors[:, 0])
    involved = [name for name, weight in zip(names, weights, strict=True) if weight > _SHARE_TO_NAME * weights.max()]
    rule = f"is the smallest eigenvalue, which makes the correlations of {', '.join(involved)} impossible together"
    checks.add(field, smallest, rule, "bring them closer to zero, or take the nearest possible ones by repair=True")
    return None


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
