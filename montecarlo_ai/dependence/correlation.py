"""What is stated about how names depend on each other: correlations by pair, their measure, the copula, repair."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal, Self

import numpy as np

from montecarlo_ai.checks import Checks, nearest
from montecarlo_ai.dependence.ranks import MEASURES, SMALLEST_SPEARMAN_DF
from montecarlo_ai.dependence.student import SMALLEST_DF
from montecarlo_ai.suggest import did_you_mean

Measure = Literal["pearson", "spearman", "kendall"]
Copula = Literal["gaussian"] | tuple[Literal["t"], float]
Pairs = Mapping[tuple[str, str], Any]
"""Correlation by pair of names: a number, or its measure and a number."""

GAUSSIAN: Literal["gaussian"] = "gaussian"
_ROUNDING = 1e-12
_WRITE_A_PAIR = 'write {("a", "b"): 0.5}'


@dataclass(frozen=True, init=False)
class Correlation:
    """How some names depend on each other.

    Parameters
    ----------
    pairs : mapping of (str, str) to float or (str, float)
        Correlation of two names, from -1 to 1; the order inside a pair does not matter. A pair may state its own
        measure: ``("spearman", 0.48)``.
    measure : {"pearson", "spearman", "kendall"}
        What the numbers are: the correlation of the scores (normal, or t under a t copula), which is not that of the
        inputs' own values; or a rank correlation, which is the inputs' own whatever their distributions.
    copula : "gaussian" or ("t", df), optional
        The joint law; that of the `Inputs` if not given. df, the degrees of freedom, is at least 1e-6. Under a t copula
        names that are stated with 0 still have their extremes together.
    repair : bool
        Whether correlations that no joint law can have become the nearest ones that it can. It moves the whole matrix
        of connected names, pairs that were not stated included; `Inputs.repairs` has what it did.

    Attributes
    ----------
    pairs : mapping of (str, str) to (str, float)
        Measure and number, by pair in alphabetical order.

    Raises
    ------
    InputError
        All problems at once: a name paired with itself, a pair stated twice (in either order), a number outside
        [-1, 1], an unknown measure or copula.

    Examples
    --------
    >>> from montecarlo_ai.dependence.correlation import Correlation
    >>> Correlation.exchangeable(["a", "b", "c"], 0.5, measure="kendall").pairs["a", "c"]
    ('kendall', 0.5)
    """

    pairs: Mapping[tuple[str, str], tuple[str, float]]
    copula: Copula | None
    repair: bool

    def __init__(
        self, pairs: Pairs, *, measure: Measure = "pearson", copula: Copula | None = None, repair: bool = False
    ) -> None:
        checks = Checks()
        values = checked_pairs(pairs, "correlation", checks, measure=measure)
        law = None if copula is None else checked_copula(copula, "correlation.copula", checks)
        if not isinstance(repair, bool | np.bool_):
            checks.add("correlation.repair", repair, "must be True or False")
        checks.finish()
        if law is not None:
            check_spearman(values, law, "correlation", checks)
            checks.finish()
        for field, value in (("pairs", values), ("copula", law), ("repair", bool(repair))):
            object.__setattr__(self, field, value)

    @classmethod
    def exchangeable(
        cls,
        names: Sequence[str],
        value: float,
        *,
        measure: Measure = "pearson",
        copula: Copula | None = None,
        repair: bool = False,
    ) -> Self:
        """Return the same correlation for every pair of names.

        Parameters
        ----------
        names : sequence of str
            Two or more.
        value : float
        measure, copula, repair
            As in `Correlation`.

        Raises
        ------
        InputError
            As `Correlation`; if there are fewer than two names, or one twice.
        """
        checks = Checks()
        listed = checked_names(names, "names", checks)
        checks.finish()
        return cls(dict.fromkeys(combinations(listed, 2), value), measure=measure, copula=copula, repair=repair)

    @classmethod
    def from_matrix(
        cls,
        names: Sequence[str],
        matrix: Any,
        *,
        measure: Measure = "pearson",
        copula: Copula | None = None,
        repair: bool = False,
    ) -> Self:
        """Return the correlations of a matrix.

        Parameters
        ----------
        names : sequence of str
            Two or more, in the order of the rows.
        matrix : (m, m) array of float
            Symmetric, with a unit diagonal.
        measure, copula, repair
            As in `Correlation`.

        Raises
        ------
        InputError
            As `Correlation`; if the matrix has another shape, is not symmetric, or has another diagonal.
        """
        checks = Checks()
        pairs = matrix_pairs(checked_names(names, "names", checks), matrix, "matrix", checks)
        checks.finish()
        return cls(pairs, measure=measure, copula=copula, repair=repair)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all pairs, in alphabetical order."""
        return tuple(sorted({name for pair in self.pairs for name in pair}))

    def without(self, names: set[str]) -> Correlation:
        """Return the same without the pairs that have one of these names."""
        pairs = {pair: stated for pair, stated in self.pairs.items() if not names.intersection(pair)}
        return Correlation(pairs, copula=self.copula, repair=self.repair)

    def __hash__(self) -> int:
        return hash((frozenset(self.pairs.items()), self.copula, self.repair))


def checked_pairs(
    pairs: object, field: str, checks: Checks, *, measure: object = "pearson", names: Sequence[str] | None = None
) -> dict[tuple[str, str], tuple[str, float]]:
    """Return (measure, number) by pair in alphabetical order; problems are recorded.

    Parameters
    ----------
    pairs : object
        What was stated as `Pairs`.
    field : str
        What an error calls it, such as ``correlation``.
    checks : Checks
        Where problems go.
    measure : object
        Of the pairs that state none.
    names : sequence of str, optional
        All names that there are, where that is known.
    """
    usual = checked_measure(measure, f"{field}.measure", checks)
    if not isinstance(pairs, Mapping):
        checks.add(field, pairs, "must map pairs of names to correlations", _WRITE_A_PAIR)
        return {}
    known = None if names is None else set(names)
    values: dict[tuple[str, str], tuple[str, float]] = {}
    for key, stated in pairs.items():
        if not (isinstance(key, tuple) and len(key) == 2 and all(isinstance(name, str) for name in key)):
            checks.add(field, key, "must be a pair of names", _WRITE_A_PAIR)
            continue
        where = f"{field}[{key[0]}, {key[1]}]"
        unknown = [name for name in key if known is not None and name not in known]
        for name in unknown:
            checks.add(where, name, "is no name here", nearest(name, names or ()))
        value = _checked_value(stated, usual, where, checks)
        if key[0] == key[1]:
            checks.add(where, key[0], "pairs a name with itself")
        elif not unknown:
            first, second = sorted(key)
            if (first, second) in values:
                checks.add(where, stated, f"states a pair twice: ({second}, {first}) is stated too")
            values[first, second] = value
    return values


def checked_measure(measure: object, field: str, checks: Checks) -> str:
    """Return a measure of dependence; "pearson", with the problem recorded, for anything else."""
    if isinstance(measure, str) and measure in MEASURES:
        return measure
    checks.add(field, measure, f"must be one of {', '.join(MEASURES)}", _near_measure(measure))
    return "pearson"


def _checked_value(stated: object, measure: str, where: str, checks: Checks) -> tuple[str, float]:
    """Return measure and number of one pair; problems are recorded, and the number is then zero."""
    if isinstance(stated, tuple):
        if not (len(stated) == 2 and isinstance(stated[0], str) and stated[0] in MEASURES):
            rule = f"must be a number, or one of {', '.join(MEASURES)} and a number"
            checks.add(where, stated, rule, _near_measure(stated[0] if stated else None))
            return measure, 0.0
        measure, stated = stated
    value = checks.number(where, stated, at_least=-1.0, at_most=1.0)
    return measure, 0.0 if math.isnan(value) else value


def _near_measure(measure: object) -> str:
    """Return the measure that was meant, if it is near."""
    return did_you_mean(measure, MEASURES) if isinstance(measure, str) else ""


def checked_copula(copula: object, field: str, checks: Checks) -> Copula:
    """Return "gaussian" or ("t", df) with df a float; problems are recorded.

    Parameters
    ----------
    copula : object
        What was stated; a list stands for a tuple, as a file has it.
    field : str
        What an error calls it.
    checks : Checks
        Where problems go.
    """
    if isinstance(copula, str) and copula == GAUSSIAN:
        return GAUSSIAN
    if isinstance(copula, tuple | list) and len(copula) == 2 and isinstance(copula[0], str) and copula[0] == "t":
        df = checks.number(f"{field}: degrees of freedom", copula[1], at_least=SMALLEST_DF)
        return GAUSSIAN if math.isnan(df) else ("t", df)
    checks.add(field, copula, 'must be "gaussian" or ("t", degrees of freedom)', 'such as ("t", 4.0)')
    return GAUSSIAN


def degrees_of_freedom(copula: Copula) -> float:
    """Return the degrees of freedom of a copula; infinite for the Gaussian, which is the t copula's limit."""
    return math.inf if isinstance(copula, str) else copula[1]


def check_spearman(
    pairs: Mapping[tuple[str, str], tuple[str, float]], copula: Copula, field: str, checks: Checks
) -> bool:
    """Return whether Spearman's correlations can be computed under a copula; record the first that cannot."""
    stated = next((pair for pair, (measure, _) in pairs.items() if measure == "spearman"), None)
    if stated is None or degrees_of_freedom(copula) >= SMALLEST_SPEARMAN_DF:
        return True
    rule = f"is below {SMALLEST_SPEARMAN_DF:g} degrees of freedom, too few for Spearman's correlation"
    checks.add(f"{field}[{stated[0]}, {stated[1]}]", copula, rule, "state Kendall's")
    return False


def checked_names(names: object, field: str, checks: Checks) -> tuple[str, ...]:
    """Return two or more different names; problems are recorded."""
    if isinstance(names, str) or not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        checks.add(field, names, "must be a list of names")
        return ()
    if len(names) < 2:
        checks.add(field, list(names), "must be two names or more")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        checks.add(field, twice, "must be different names")
    return tuple(names)


def matrix_pairs(names: Sequence[str], matrix: object, field: str, checks: Checks) -> dict[tuple[str, str], float]:
    """Return the pairs of a correlation matrix; problems are recorded.

    Parameters
    ----------
    names : sequence of str
        Of the rows, from `checked_names`; empty if they were none, which is recorded there.
    matrix : object
        What was stated as a matrix.
    field : str
        What an error calls it.
    checks : Checks
        Where problems go.
    """
    try:
        values = np.asarray(matrix)
    except ValueError:  # rows of different lengths
        values = np.empty(0)
    if values.dtype.kind not in "iuf" or values.shape != (len(names), len(names)):
        if names:
            shape = values.shape if values.ndim and values.size else matrix
            size = f"{len(names)} rows of {len(names)} numbers"
            checks.add(field, shape, f"must be {size}, one row for each name")
        return {}
    values = values.astype(np.float64)
    pairs: dict[tuple[str, str], float] = {}
    for i, first in enumerate(names):
        if not abs(values[i, i] - 1.0) <= _ROUNDING:
            checks.add(f"{field}[{first}, {first}]", float(values[i, i]), "must be 1: it is on the diagonal")
        for j in range(i):
            pair = (names[j], first)
            above, below = float(values[j, i]), float(values[i, j])
            if math.isfinite(above) and math.isfinite(below) and abs(above - below) > _ROUNDING:
                checks.add(f"{field}[{pair[0]}, {pair[1]}]", above, f"must equal {below!r} across the diagonal")
            pairs[pair] = above if math.isfinite(below) else below
    return pairs
