"""The inputs of a scenario: one distribution a name, and how they depend on each other."""

from __future__ import annotations

import keyword
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from montecarlo_ai.checks import Checks, nearest, refused
from montecarlo_ai.dependence.correlation import GAUSSIAN, Copula, Correlation, checked_copula
from montecarlo_ai.dependence.groups import Dependence, Repair, Stated, correlated_groups
from montecarlo_ai.dependence.tables import correlation_from_list, correlation_to_list, dependence_to_dict
from montecarlo_ai.distributions import Constant, as_distribution, distribution_from_dict
from montecarlo_ai.distributions.arrays import real_array
from montecarlo_ai.distributions.base import Distribution
from montecarlo_ai.distributions.quantile_table import FloatArray
from montecarlo_ai.errors import InputError
from montecarlo_ai.frozen import Table
from montecarlo_ai.input_rows import InputRows
from montecarlo_ai.kernels.options import BLOCK
from montecarlo_ai.lazy import cached_property
from montecarlo_ai.model import RESERVED
from montecarlo_ai.streams import colliding

_SHOWN_PAIRS = 45
"""All pairs of ten inputs."""


@dataclass(frozen=True, init=False, eq=False)
class Inputs:
    """What is not known, and what is, about a model's parameters.

    Parameters
    ----------
    values : mapping of str to float, Distribution or frozen scipy.stats distribution
        By name of the parameter; a number is a constant.
    correlation : mapping of (str, str) to float, Correlation, or mapping of str to Correlation, optional
        Correlation of the scores of two inputs, by pair; a `Correlation`, which may state rank correlations and
        repair; or one for each of several groups by name, each with its own copula if it states one ("" names what
        is in no group). An input is in one group at most. Inputs outside the named pairs are independent, and their
        draws are the same as without any correlation. The factor takes correlated names in alphabetical order, so that
        draws do not depend on the order of declaration.
    copula : "gaussian" or ("t", df)
        The joint law of the groups that state none.

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
    _joint: Dependence

    def __init__(
        self, values: Mapping[str, Any], *, correlation: Stated | None = None, copula: Copula = GAUSSIAN
    ) -> None:
        checks = Checks()
        distributions = _checked_distributions(values, checks)
        law = checked_copula(copula, "copula", checks)
        names = sorted(name for name in values if isinstance(name, str)) if isinstance(values, Mapping) else []
        constants = {name for name, value in distributions.items() if isinstance(value, Constant)}
        with checks.collecting():
            joint = correlated_groups(names, correlation, "correlation", copula=law, constants=constants)
        checks.finish()
        object.__setattr__(self, "distributions", Table(distributions))
        object.__setattr__(self, "_joint", joint)
        for first, second in colliding(self.streams):
            rule = "have names with the same 32-bit hash, and would have the same draws"
            checks.add("inputs", [first, second], rule, "rename one")
        checks.finish()

    @property
    def correlation(self) -> dict[tuple[str, str], float]:
        """Correlations of the scores as they are used, by pair in alphabetical order."""
        return dict(self._joint.pairs)

    @property
    def dependence(self) -> Mapping[str, Correlation]:
        """Correlations as stated, by name of the group, each with its copula; "" has what is in no named group."""
        return dict(self._joint.stated)

    @property
    def copula(self) -> Copula:
        """The joint law of what is in no named group, and of the groups that state none."""
        return self._joint.stated[""].copula or GAUSSIAN

    @property
    def repairs(self) -> tuple[Repair, ...]:
        """Which correlations were not possible together, and by what they were replaced."""
        return self._joint.repairs

    @property
    def names(self) -> tuple[str, ...]:
        """All inputs, in order of declaration."""
        return tuple(self.distributions)

    @cached_property
    def constants(self) -> Mapping[str, float]:
        """Values of the inputs that are known numbers."""
        known = ((name, value) for name, value in self.distributions.items() if isinstance(value, Constant))
        return Table({name: constant.value for name, constant in known})

    @cached_property
    def varying(self) -> tuple[str, ...]:
        """Inputs that are drawn, in order of declaration."""
        return tuple(name for name, value in self.distributions.items() if not isinstance(value, Constant))

    @cached_property
    def streams(self) -> tuple[str, ...]:
        """Names of the independent uniforms that draws are made of: the varying inputs, then one for each t copula."""
        return self.varying + tuple(group.stream for group in self._joint.groups if group.df < math.inf)

    def from_uniforms(self, uniforms: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """Return draws of the varying inputs.

        Elementwise: element k of every draw depends on element k of the uniforms only.

        Parameters
        ----------
        uniforms : mapping of str to (n,) float64
            Independent uniforms strictly inside (0, 1), one array for each of the `streams`.

        Returns
        -------
        dict of str to (n,) float64
            In order of declaration, in each input's own units.

        Raises
        ------
        InputError
            If the names are not those of the `streams`, or a uniform is no number or outside (0, 1).
        """
        columns = self._checked_uniforms(uniforms)
        shape = next(iter(columns.values())).shape if columns else (0,)
        n = math.prod(shape)
        packed = np.empty((-(-n // BLOCK), len(self.varying), BLOCK))
        self.rows_of(self.varying).fill(packed, {name: _whole_blocks(column) for name, column in columns.items()}, None)
        return {name: packed[:, i].reshape(-1)[:n].reshape(shape).copy() for i, name in enumerate(self.varying)}

    def rows_of(self, names: Sequence[str]) -> InputRows:
        """Return what draws the varying inputs as rows in this order of their names."""
        return InputRows({name: self.distributions[name] for name in names}, self._joint.groups)

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
        kept = {label: group.without(fixed) for label, group in self.dependence.items()}
        return type(self)({**self.distributions, **changed}, correlation=kept)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that make these inputs again.

        Returns
        -------
        dict
            ``inputs``; ``correlation``, a list of tables as a scenario file has them; ``copula`` and, where they say
            something, ``repair`` and ``groups``, the tables of its ``[dependence]``; and, where correlations were
            repaired, ``repairs``, the matrices that are used instead.
        """
        repairs = [repair.to_dict() for repair in self.repairs]
        return {
            "inputs": {name: value.to_dict() for name, value in self.distributions.items()},
            "correlation": correlation_to_list(self.dependence, "inputs"),
            **dependence_to_dict(self.dependence),
            **({"repairs": repairs} if repairs else {}),
        }

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> Self:
        """Return the inputs of a `to_dict` table; its ``repairs`` are made anew.

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
        law = {key: table[key] for key in ("copula", "repair", "groups") if key in table}
        return cls(
            values, correlation=correlation_from_list(table.get("correlation", []), "inputs", "correlation", law)
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Inputs):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(frozenset(self.distributions.items()))

    def __repr__(self) -> str:
        lines = [f"    {name}: {value!r}" for name, value in self.distributions.items()]
        pairs = list(self.correlation.items())
        lines += [f"    correlation({first}, {second}): {rho!r}" for (first, second), rho in pairs[:_SHOWN_PAIRS]]
        lines += [f"    and {len(pairs) - _SHOWN_PAIRS} more correlations"] if len(pairs) > _SHOWN_PAIRS else []
        lines += [
            f"    t copula({', '.join(group.names)}): {group.df:g} degrees of freedom"
            for group in self._joint.groups
            if group.df < math.inf
        ]
        lines += [f"    repaired: {repair!r}" for repair in self.repairs]
        return "\n".join([f"Inputs: {len(self.names)}, {len(self.varying)} varying", *lines])

    def _checked_uniforms(self, uniforms: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """Return contiguous columns of the streams, or raise."""
        checks = Checks()
        if not isinstance(uniforms, Mapping):
            raise refused("uniforms", uniforms, "must map names to arrays", "one array for each of Inputs.streams")
        for name in self.streams:
            if name not in uniforms:
                checks.add("uniforms", sorted(uniforms), f'must have "{name}"', "one array for each of Inputs.streams")
        for name in uniforms:
            if name not in self.streams:
                checks.add("uniforms", name, "is no varying input", nearest(name, self.streams))
        checks.finish()
        columns = {name: np.ascontiguousarray(real_array(f"uniforms.{name}", uniforms[name])) for name in self.streams}
        shapes = {column.shape for column in columns.values()}
        if len(shapes) > 1:
            raise refused("uniforms", sorted(shapes), "must have one shape")
        for name, column in columns.items():
            if column.size and not (column.min() > 0.0 and column.max() < 1.0):
                checks.add(f"uniforms.{name}", column, "must lie strictly inside (0, 1)")
        checks.finish()
        return columns


def _whole_blocks(column: FloatArray) -> FloatArray:
    """Return uniforms up to a multiple of 256, flat; what is added has no meaning."""
    if column.ndim == 1 and column.size % BLOCK == 0:
        return column
    whole = np.full(-(-column.size // BLOCK) * BLOCK, 0.5)
    whole[: column.size] = column.reshape(-1)
    return whole


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
