"""The distributions of inputs: the families, and how a value or a table becomes one.

A new family is a class with `ppf`, `cdf`, `mean` and `support` (see `Distribution`) and a place in `FAMILIES`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from montecarlo_ai.checks import Checks, nearest, refused
from montecarlo_ai.distributions.base import Distribution
from montecarlo_ai.distributions.bounded_families import PERT, LogUniform, Triangular, Uniform
from montecarlo_ai.distributions.claim import Claim, MisfitWarning
from montecarlo_ai.distributions.elicitation import Elicited
from montecarlo_ai.distributions.empirical import Empirical
from montecarlo_ai.distributions.families import Constant, Exponential, LogNormal, Normal
from montecarlo_ai.distributions.metalog import Metalog
from montecarlo_ai.distributions.mixture import Mixture
from montecarlo_ai.distributions.operand import as_distribution
from montecarlo_ai.distributions.quantile_table import FloatArray
from montecarlo_ai.distributions.scaling import Measured, Scaled
from montecarlo_ai.distributions.scipy_distribution import ScipyDistribution, rebuild
from montecarlo_ai.distributions.shape_families import Beta, Gamma, StudentT
from montecarlo_ai.distributions.truncation import Clipped, Truncated
from montecarlo_ai.errors import InputError, Problem

__all__ = [
    "FAMILIES",
    "PERT",
    "Beta",
    "Claim",
    "Clipped",
    "Constant",
    "Distribution",
    "Empirical",
    "Exponential",
    "FloatArray",
    "Gamma",
    "LogNormal",
    "LogUniform",
    "Measured",
    "Metalog",
    "MisfitWarning",
    "Mixture",
    "Normal",
    "Scaled",
    "ScipyDistribution",
    "StudentT",
    "Triangular",
    "Truncated",
    "Uniform",
    "as_distribution",
    "distribution_from_dict",
]

_FAMILIES: tuple[type[Distribution], ...] = (
    *(Constant, Normal, LogNormal, Uniform, LogUniform, Triangular, PERT, Beta, Gamma, StudentT, Exponential),
    *(Metalog, Empirical, Mixture, Truncated, Clipped, Scaled),
)
FAMILIES: dict[str, type[Distribution]] = {family.family: family for family in _FAMILIES}
"""Families by their name in a scenario file; "scipy" stands beside them for distributions of scipy.stats."""

_PARAMETERS = {name: tuple(inspect.signature(kind).parameters) for name, kind in FAMILIES.items()}
_PARAMETERS["scipy"] = ("name", "args", "kwds")
_OPTIONAL = {
    name: {
        key for key, value in inspect.signature(kind).parameters.items() if value.default is not inspect.Parameter.empty
    }
    for name, kind in FAMILIES.items()
}
_OPTIONAL["scipy"] = {"args", "kwds"}
_QUANTILE_OPTIONS = {"metalog": ("low", "high", "terms")}
"""What may stand beside quantiles."""


def distribution_from_dict(table: Mapping[str, Any], field: str = "distribution") -> Distribution:
    """Return the distribution that a table states.

    Parameters
    ----------
    table : mapping
        The `to_dict` form of any distribution, or that of a scenario file: ``distribution`` names the family, then
        come either its parameters, or ``interval = [low, high]`` (with ``level``, 0.9 if not given), or
        ``quantiles = {"0.05" = low, "0.95" = high}`` (for a metalog with ``low``, ``high``, ``terms``). ``value``
        alone is a constant. ``units`` makes a `Measured`. Distributions inside one (``of``, ``components``) are tables
        of the same form, or numbers.
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
    statement = {key: value for key, value in table.items() if key not in ("distribution", "units")}
    try:
        stated = _stated(family, statement, field)
        return stated.with_units(table["units"]) if "units" in table else stated
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
        allowed = ("interval", "level") if by_interval else ("quantiles", *_QUANTILE_OPTIONS.get(family, ()))
    for key, value in statement.items():
        if key not in allowed:
            _report_unknown(checks, f"{field}.{key}", value, family, allowed)
    optional = {"level", *_QUANTILE_OPTIONS.get(family, ())} if by_interval or by_quantiles else _OPTIONAL[family]
    for key in allowed:
        if key not in statement and key not in optional:
            checks.add(field, dict(statement), f'needs "{key}" for a distribution "{family}"')
    checks.finish()
    if family == "scipy":
        return rebuild(statement["name"], statement.get("args", []), statement.get("kwds", {}))
    if by_interval or by_quantiles:
        return _elicited(family, statement, field)
    constructor: Callable[..., Distribution] = FAMILIES[family]
    return constructor(**_with_inner(statement, field))


def _with_inner(statement: Mapping[str, Any], field: str) -> dict[str, Any]:
    """Return a statement whose inner tables have become distributions, or raise with all that is wrong in them."""
    checks = Checks()
    result = dict(statement)
    with checks.collecting():
        if "of" in statement:
            result["of"] = _inner(statement["of"], f"{field}.of")
    if isinstance(statement.get("components"), list | tuple):
        result["components"] = []
        for place, component in enumerate(statement["components"]):
            with checks.collecting():
                result["components"].append(_inner(component, f"{field}.components[{place}]"))
    checks.finish()
    return result


def _inner(value: object, field: str) -> Distribution:
    return distribution_from_dict(value, field) if isinstance(value, Mapping) else as_distribution(value, field)


def _elicited(family: str, statement: Mapping[str, Any], field: str) -> Distribution:
    """Return the distribution of a family through an interval or quantiles as a file states them."""
    kind = FAMILIES[family]
    form = "interval" if "interval" in statement else "quantiles"
    if form == "interval" and issubclass(kind, Elicited):
        return _from_interval(kind, statement, field)
    if form == "interval" or not issubclass(kind, Elicited | Metalog):
        needed = ", ".join(_PARAMETERS[family])
        raise refused(f"{field}.{form}", statement[form], f'does not determine a "{family}"', f"give {needed}")
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
    options = {key: statement[key] for key in _QUANTILE_OPTIONS.get(family, ()) if key in statement}
    return kind.from_quantiles(points, **options)


def _from_interval(kind: type[Elicited], statement: Mapping[str, Any], field: str) -> Distribution:
    """Return the distribution of a family whose central interval a file states."""
    interval = statement["interval"]
    if not isinstance(interval, list | tuple) or len(interval) != 2:
        raise refused(f"{field}.interval", interval, "must be two numbers, [low, high]")
    return kind.from_interval(interval[0], interval[1], statement.get("level", 0.9))


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
    owners = {kind.__name__ for kind in FAMILIES.values()} | {"ScipyDistribution", "Measured"}
    if dot and owner in owners:
        return Problem(f"{field}.{rest}", problem.value, problem.rule, problem.remedy)
    return problem
