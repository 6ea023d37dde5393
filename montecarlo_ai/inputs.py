"""The inputs of a scenario: one distribution a name, and how they depend on each other."""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from montecarlo_ai.checks import Checks, nearest, refused
from montecarlo_ai.dependence import CorrelatedGroup, Correlation, checked_pairs, correlated_groups
from montecarlo_ai.distribution import Distribution, FloatArray
from montecarlo_ai.distributions import Constant, as_distribution, distribution_from_dict
from montecarlo_ai.errors import InputError
from montecarlo_ai.model import RESERVED


@dataclass(frozen=True, init=False, eq=False)
class Inputs:
    """What is not known, and what is, about a model's parameters.

    Parameters
    ----------
    values : mapping of str to float, Distribution or frozen scipy.stats distribution
        By name of the parameter; a number is a constant.
    correlation : mapping of (str, str) to float, optional
        Correlation of the standard normal scores of two inputs. Inputs outside the named pairs are independent, and
        their draws are the same as without any correlation. The factor takes correlated names in alphabetical order,
        so that draws do not depend on the order of declaration.
    copula : str
        "gaussian", the joint law that the correlation belongs to.

    Raises
    ------
    InputError
        All problems at once, by dotted names such as ``inputs.growth``: a name that cannot be used, a value that is
        no distribution, a correlation that names an unknown input or a constant, or that is none.

    Examples
    --------
    >>> from montecarlo_ai import Inputs, Normal
    >>> Inputs({"growth": Normal(0.5, 0.2), "start": 1.0}).varying
    ('growth',)
    """

    distributions: Mapping[str, Distribution]
    correlation: Correlation
    copula: str
    _groups: tuple[CorrelatedGroup, ...]

    def __init__(
        self, values: Mapping[str, Any], *, correlation: Correlation | None = None, copula: str = "gaussian"
    ) -> None:
        checks = Checks()
        distributions = _checked_distributions(values, checks)
        if copula != "gaussian":
            checks.add("copula", copula, 'must be "gaussian"')
        names = sorted(name for name in values if isinstance(name, str)) if isinstance(values, Mapping) else []
        pairs = {} if correlation is None else checked_pairs(names, correlation, "correlation", checks)
        for pair, rho in pairs.items():
            for name in pair:
                if isinstance(distributions.get(name), Constant):
                    checks.add(
                        f"correlation[{pair[0]}, {pair[1]}]",
                        rho,
                        f"{name} is a constant, which correlates with nothing",
                    )
        groups: tuple[CorrelatedGroup, ...] = ()
        try:
            groups = correlated_groups(names, pairs, "correlation")
        except InputError as error:
            checks.problems.extend(error.problems)
        checks.finish()
        object.__setattr__(self, "distributions", distributions)
        object.__setattr__(self, "correlation", pairs)
        object.__setattr__(self, "copula", copula)
        object.__setattr__(self, "_groups", groups)

    @property
    def names(self) -> tuple[str, ...]:
        """All inputs, in order of declaration."""
        return tuple(self.distributions)

    @cached_property
    def constants(self) -> dict[str, float]:
        """Values of the inputs that are known numbers."""
        return {name: known.value for name, known in self.distributions.items() if isinstance(known, Constant)}

    @cached_property
    def varying(self) -> tuple[str, ...]:
        """Inputs that are drawn, in order of declaration."""
        return tuple(name for name, value in self.distributions.items() if not isinstance(value, Constant))

    def from_uniforms(self, uniforms: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """Return draws of the varying inputs.

        Elementwise: element k of every draw depends on element k of the uniforms only.

        Parameters
        ----------
        uniforms : mapping of str to (n,) float64
            Independent uniforms strictly inside (0, 1), one array for each varying input.

        Returns
        -------
        dict of str to (n,) float64
            In order of declaration, in each input's own units.

        Raises
        ------
        InputError
            If the names are not those of the varying inputs, or a uniform is outside (0, 1).
        """
        columns = self._checked_uniforms(uniforms)
        draws: dict[str, FloatArray] = {}
        for group in self._groups:
            draws.update(self._correlated_draws(group, columns))
        return {
            name: draws[name] if name in draws else self.distributions[name].ppf(columns[name]) for name in self.varying
        }

    def replace(self, **changes: Any) -> Self:
        """Return the same inputs with some values replaced.

        Pairs of correlated inputs that name an input which becomes a constant are left out, for a known number is
        independent of everything.

        Parameters
        ----------
        **changes : float, Distribution or frozen scipy.stats distribution
            New values by name.

        Raises
        ------
        InputError
            If a name is not among the inputs, or a value is no distribution.
        """
        checks = Checks()
        changed: dict[str, Distribution] = {}
        for name, value in changes.items():
            if name not in self.distributions:
                checks.add(f"inputs.{name}", value, "is no input", nearest(name, self.names))
                continue
            try:
                changed[name] = as_distribution(value, f"inputs.{name}")
            except InputError as error:
                checks.problems.extend(error.problems)
        checks.finish()
        fixed = {name for name, value in changed.items() if isinstance(value, Constant)}
        pairs = {pair: rho for pair, rho in self.correlation.items() if not fixed.intersection(pair)}
        return type(self)({**self.distributions, **changed}, correlation=pairs, copula=self.copula)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that make these inputs again: ``inputs``, ``correlation`` (a list) and ``copula``."""
        return {
            "inputs": {name: value.to_dict() for name, value in self.distributions.items()},
            "correlation": [{"inputs": list(pair), "value": rho} for pair, rho in sorted(self.correlation.items())],
            "copula": self.copula,
        }

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> Self:
        """Return the inputs of a `to_dict` table.

        Raises
        ------
        InputError
            All that is wrong with it at once.
        """
        checks = Checks()
        values: dict[str, Distribution] = {}
        for name, entry in table["inputs"].items():
            try:
                values[name] = distribution_from_dict(entry, f"inputs.{name}")
            except InputError as error:
                checks.problems.extend(error.problems)
        checks.finish()
        pairs = pairs_from_list(table.get("correlation", ()), "inputs", "correlation")
        return cls(values, correlation=pairs, copula=table.get("copula", "gaussian"))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Inputs):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(frozenset(self.distributions.items()))

    def __repr__(self) -> str:
        lines = [f"    {name}: {value!r}" for name, value in self.distributions.items()]
        lines += [f"    correlation({first}, {second}): {rho!r}" for (first, second), rho in self.correlation.items()]
        return "\n".join([f"Inputs: {len(self.names)}, {len(self.varying)} varying", *lines])

    def _checked_uniforms(self, uniforms: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """Return contiguous columns of the varying inputs, or raise."""
        checks = Checks()
        for name in self.varying:
            if name not in uniforms:
                checks.add("uniforms", sorted(uniforms), f'must have "{name}", a varying input')
        for name in uniforms:
            if name not in self.varying:
                checks.add("uniforms", name, "is no varying input", nearest(name, self.varying))
        checks.finish()
        columns = {name: np.ascontiguousarray(uniforms[name], dtype=np.float64) for name in self.varying}
        shapes = {column.shape for column in columns.values()}
        if len(shapes) > 1:
            raise refused("uniforms", sorted(shapes), "must have one shape")
        for name, column in columns.items():
            if column.size and not (column.min() > 0.0 and column.max() < 1.0):
                checks.add(f"uniforms.{name}", column, "must lie strictly inside (0, 1)")
        checks.finish()
        return columns

    def _correlated_draws(self, group: CorrelatedGroup, columns: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """Return the draws of one correlated group."""
        from montecarlo_ai.kernels.quantile import normal_scores

        scores = group.correlate([normal_scores(columns[name]) for name in group.names])
        return {
            name: self.distributions[name].at_normal_scores(score)
            for name, score in zip(group.names, scores, strict=True)
        }


def pairs_from_list(entries: object, names_key: str, field: str) -> dict[tuple[str, str], float]:
    """Return correlations by pair from a list of tables, as a scenario file states them.

    Parameters
    ----------
    entries : list of mapping
        Each with two names under `names_key`, and ``value``.
    names_key : str
        "inputs" or "shocks".
    field : str
        What an error calls the list.

    Raises
    ------
    InputError
        If an entry has another form, or a pair is stated twice.
    """
    checks = Checks()
    pairs: dict[tuple[str, str], float] = {}
    for index, entry in enumerate(entries if isinstance(entries, list | tuple) else ()):
        where = f"{field}[{index}]"
        names = entry.get(names_key) if isinstance(entry, Mapping) else None
        if not isinstance(names, list | tuple) or len(names) != 2 or not all(isinstance(name, str) for name in names):
            checks.add(f"{where}.{names_key}", names, "must be two names")
            continue
        pair = (names[0], names[1])
        if pair in pairs:
            checks.add(where, list(pair), "states a pair twice")
        pairs[pair] = entry.get("value")
    checks.finish()
    return pairs


def _checked_distributions(values: object, checks: Checks) -> dict[str, Distribution]:
    """Return the values as distributions; problems are recorded."""
    if not isinstance(values, Mapping):
        checks.add("inputs", values, "must map names to numbers or distributions")
        return {}
    distributions: dict[str, Distribution] = {}
    for name, value in values.items():
        if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
            checks.add("inputs", name, "must be a name that a parameter can have")
            continue
        if name in RESERVED:
            checks.add(f"inputs.{name}", value, "has a name that results use for a dimension or coordinate")
        try:
            distributions[name] = as_distribution(value, f"inputs.{name}")
        except InputError as error:
            checks.problems.extend(error.problems)
    return distributions
