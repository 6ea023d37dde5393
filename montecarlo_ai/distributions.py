"""The distributions of inputs: the families, and how a value or a table becomes one.

A new family is a class with `ppf`, `cdf`, `mean` and `support` (see `Distribution`) and a place in `FAMILIES`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from montecarlo_ai.bounded_families import PERT, LogUniform, Triangular, Uniform
from montecarlo_ai.checks import Checks, nearest, refused
from montecarlo_ai.distribution import Distribution, FloatArray
from montecarlo_ai.elicitation import Elicited
from montecarlo_ai.errors import InputError, Problem
from montecarlo_ai.families import Constant, Exponential, LogNormal, Normal
from montecarlo_ai.scipy_distribution import ScipyDistribution, check_frozen, is_frozen, rebuild

__all__ = [
    "FAMILIES",
    "PERT",
    "Constant",
    "Distribution",
    "Exponential",
    "FloatArray",
    "LogNormal",
    "LogUniform",
    "Normal",
    "ScipyDistribution",
    "Triangular",
    "Uniform",
    "as_distribution",
    "distribution_from_dict",
]

FAMILIES: dict[str, type[Distribution]] = {
    family.family: family
    for family in (Constant, Normal, LogNormal, Uniform, LogUniform, Triangular, PERT, Exponential)
}
"""Families by their name in a scenario file; "scipy" stands beside them for distributions of scipy.stats."""

_PARAMETERS = {name: tuple(inspect.signature(kind).parameters) for name, kind in FAMILIES.items()}
_PARAMETERS["scipy"] = ("name", "args", "kwds")


def as_distribution(value: object, field: str = "value") -> Distribution:
    """Return a value as a distribution: a number is a constant, a frozen scipy.stats distribution is wrapped.

    Parameters
    ----------
    value : float, Distribution or frozen scipy.stats distribution
        What stands for an input.
    field : str
        What an error calls it.

    Raises
    ------
    InputError
        If it is anything else: a boolean, text, an array, nan or infinity.
    """
    if isinstance(value, Distribution):
        return value
    if is_frozen(value):
        check_frozen(value, field)
        return ScipyDistribution(value)
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        checks = Checks()
        number = checks.number(field, value)
        checks.finish()
        return Constant(number)
    raise refused(
        field,
        value,
        "must be a number, a distribution, or a frozen scipy.stats distribution",
        "such as 0.1 or LogNormal.from_interval(1.0, 10.0)",
    )


def distribution_from_dict(table: Mapping[str, Any], field: str = "distribution") -> Distribution:
    """Return the distribution that a table states.

    Parameters
    ----------
    table : mapping
        The `to_dict` form of any distribution, or that of a scenario file: ``distribution`` names the family, then
        come either its parameters, or ``interval = [low, high]`` (with ``level``, 0.9 if not given), or
        ``quantiles = {"0.05" = low, "0.95" = high}``. ``value`` alone is a constant.
    field : str
        Dotted name of the table, for errors.

    Raises
    ------
    ScenarioError or InputError
        All that is wrong with the table at once.
    """
    family = table.get("distribution", "constant" if "value" in table else None)
    if family is None:
        raise refused(field, dict(table), 'states neither a "distribution" nor a "value"')
    if not isinstance(family, str) or family not in _PARAMETERS:
        raise refused(f"{field}.distribution", family, "is no family", nearest(str(family), _PARAMETERS))
    statement = {key: value for key, value in table.items() if key != "distribution"}
    try:
        return _stated(family, statement, field)
    except InputError as error:
        raise InputError([_renamed(problem, field) for problem in error.problems]) from None


def _stated(family: str, statement: Mapping[str, Any], field: str) -> Distribution:
    """Return the distribution of a family from its parameters, an interval or quantiles."""
    parameters = _PARAMETERS[family]
    checks = Checks()
    if family == "scipy" and "quantiles_sha256" in statement:
        checks.add(
            f"{field}.name", statement.get("name"), "was not made by scipy.stats from numbers, so it cannot be rebuilt"
        )
        checks.finish()
    by_interval, by_quantiles = "interval" in statement, "quantiles" in statement
    allowed: tuple[str, ...] = parameters
    if by_interval or by_quantiles:
        allowed = ("interval", "level") if by_interval else ("quantiles",)
    for key, value in statement.items():
        if key not in allowed:
            _report_unknown(checks, f"{field}.{key}", value, family, allowed)
    optional = {"level", "args", "kwds"}
    for key in allowed:
        if key not in statement and key not in optional:
            checks.add(field, dict(statement), f'needs "{key}" for a distribution "{family}"')
    checks.finish()
    if family == "scipy":
        return rebuild(statement["name"], statement.get("args", []), statement.get("kwds", {}))
    if by_interval or by_quantiles:
        return _elicited(family, statement, field)
    constructor: Callable[..., Distribution] = FAMILIES[family]
    return constructor(**statement)


def _elicited(family: str, statement: Mapping[str, Any], field: str) -> Distribution:
    """Return the distribution of a family through an interval or quantiles as a file states them."""
    kind = FAMILIES[family]
    form = "interval" if "interval" in statement else "quantiles"
    if not issubclass(kind, Elicited):
        needed = ", ".join(_PARAMETERS[family])
        raise refused(f"{field}.{form}", statement[form], f'does not determine a "{family}"', f"give {needed}")
    if form == "interval":
        interval = statement["interval"]
        if not isinstance(interval, list | tuple) or len(interval) != 2:
            raise refused(f"{field}.interval", interval, "must be two numbers, [low, high]")
        return kind.from_interval(interval[0], interval[1], statement.get("level", 0.9))
    quantiles = statement["quantiles"]
    if not isinstance(quantiles, Mapping):
        raise refused(f"{field}.quantiles", quantiles, 'must be a table such as {"0.05" = 1.0, "0.95" = 10.0}')
    checks = Checks()
    points: dict[float, float] = {}
    for key, value in quantiles.items():
        try:
            probability = float(key)
        except (TypeError, ValueError):
            checks.add(f"{field}.quantiles", key, "must name probabilities, such as 0.05")
            continue
        if probability in points:
            checks.add(f"{field}.quantiles", key, "states a probability twice")
        points[probability] = value
    checks.finish()
    return kind.from_quantiles(points)


def _report_unknown(checks: Checks, field: str, value: object, family: str, allowed: tuple[str, ...]) -> None:
    """Record a key that a statement does not take."""
    key = field.rpartition(".")[2]
    every = {*_PARAMETERS[family], "interval", "level", "quantiles"}
    if key in every:
        rule = f"stands beside {' and '.join(allowed)}" if key not in ("level",) else "needs an interval"
        checks.add(field, value, rule, "state a distribution once: by parameters, an interval, or quantiles")
    else:
        checks.add(field, value, f'is no key of a distribution "{family}"', nearest(key, [*allowed, "interval"]))


def _renamed(problem: Problem, field: str) -> Problem:
    """Return a problem of a class's constructor under the dotted name of the table it came from."""
    owner, dot, rest = problem.field.partition(".")
    owners = {kind.__name__ for kind in FAMILIES.values()} | {"ScipyDistribution"}
    if dot and owner in owners:
        return Problem(f"{field}.{rest}", problem.value, problem.rule, problem.remedy)
    return problem
