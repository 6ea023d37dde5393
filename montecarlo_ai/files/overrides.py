"""Changes to a scenario file by dotted names, as ``--set`` and ``load_scenario(overrides=)`` state them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from numbers import Real
from typing import Any

from montecarlo_ai.assumptions import OVERRIDE
from montecarlo_ai.checks import Checks, nearest, refused
from montecarlo_ai.distributions.base import Distribution
from montecarlo_ai.errors import ScenarioError
from montecarlo_ai.files.merging import (
    METADATA,
    PROVENANCE,
    changed_contract,
    changed_input,
    is_constant,
    plain,
    table_of,
    without_correlations,
)

_TOP_LEVEL = (
    *("name", "title", "description", "entity", "chips"),
    *("correlation", "shock_correlation", "contracts", "history"),
)
_KEYS = {
    "time": ("start", "years", "steps_per_year"),
    "regimes": ("winter_from", *PROVENANCE),
    "dependence": ("copula", "repair"),
    "forcing": (),
    "base_period": (),
}
"""Sections whose keys are replaced one by one, and which keys; any where none is named."""


def parse_override(text: str) -> tuple[str, object]:
    """Return dotted name and value of an override on the command line.

    Parameters
    ----------
    text : str
        ``name=value``. The value is written as in TOML (``1.5``, ``[5.2e9, 6.4e9]``, ``2026-01-01``); bare words are
        text.

    Raises
    ------
    ScenarioError
        If it has no name, no equals sign, no value, or a value that looks like TOML and is none.

    Examples
    --------
    >>> parse_override("time.years=3")
    ('time.years', 3)
    >>> parse_override("name=winter")
    ('name', 'winter')
    """
    remedy = "write NAME=VALUE, such as time.years=3"
    name, equals, right = (part.strip() for part in text.partition("="))
    if not equals or not name or not right:
        raise ScenarioError(refused("--set", text, "must be a name, an equals sign and a value", remedy).problems)
    if "\n" in right or "\r" in right:
        raise ScenarioError(refused(f"--set {name}", right, "must be on one line", remedy).problems)
    try:
        return name, tomllib.loads(f"value = {right}")["value"]
    except (ValueError, RecursionError) as error:
        if right[0] in "[{\"'+-.0123456789":
            raise ScenarioError(refused(f"--set {name}", right, f"is no value of TOML: {error}").problems) from None
        return name, right


def apply_overrides(document: Mapping[str, Any], overrides: Mapping[str, object]) -> dict[str, Any]:
    """Return the document of a scenario with some of its values replaced.

    A number or a distribution in place of an input replaces its distribution, keeps its units, and names "override" as
    its source; correlations that name an input which becomes a constant are left out. One way to state a distribution
    replaces another: an interval displaces the parameters that stood there.

    Parameters
    ----------
    document : mapping
        A parsed scenario file; it is not changed.
    overrides : mapping of str to object
        Values by dotted name: ``time.years``, ``inputs.NAME`` (a number, a distribution or a table),
        ``inputs.NAME.interval``, ``contracts.COUNTERPARTY.FIELD``, ``regimes.winter_from``, ``dependence.copula``,
        ``base_period.NAME``, ``forcing.NAME``; as a whole ``chips``, ``name``, ``title``, ``description``, ``entity``,
        ``contracts``, ``correlation``, ``shock_correlation``, ``history``.

    Raises
    ------
    ScenarioError
        All names that cannot be replaced, at once.
    """
    checks = Checks(ScenarioError)
    changed = overridden(document, overrides, checks)
    checks.finish()
    return changed


def overridden(document: Mapping[str, Any], overrides: Mapping[str, object], checks: Checks) -> dict[str, Any]:
    """Return the document of a scenario with those of some values replaced that can be; others are recorded.

    Parameters
    ----------
    document, overrides : mapping
        As for `apply_overrides`.
    checks : Checks
        Where problems go.
    """
    changed = dict(document)
    for name, value in overrides.items():
        if not isinstance(name, str):
            checks.add("overrides", name, "must be a dotted name of the scenario file")
            continue
        section, _, rest = name.partition(".")
        if section == "inputs" and rest:
            _override_input(changed, *_halves(rest), value, checks)
        elif section == "contracts" and "." in rest:
            counterparty, _, key = rest.rpartition(".")
            _override_contract(changed, counterparty, key, value, checks)
        elif _is_key(section, rest):
            _override_table(changed, section, rest, value)
        elif name in _TOP_LEVEL:
            changed[name] = plain(value)
        else:
            known = [*_TOP_LEVEL, *(f"{table}.{key}" for table in _KEYS for key in _KEYS[table])]
            known += [f"inputs.{key}" for key in table_of(changed.get("inputs"))]
            checks.add(name, value, "is no name that an override can replace", nearest(name, known))
    return changed


def bare_after(overrides: Mapping[str, object], bare: frozenset[str]) -> frozenset[str]:
    """Return the inputs whose numbers stand without their units after overrides (see `merging.bare_inputs`).

    Parameters
    ----------
    overrides : mapping of str to object
        As for `apply_overrides`.
    bare : set of str
        Those before.
    """
    numbers = set(bare)
    measured: set[str] = set()
    for name, value in overrides.items():
        section, _, rest = str(name).partition(".")
        field, key = _halves(rest)
        if section != "inputs" or key in ("source", "date", "rationale", "level", "distribution"):
            continue
        tabled = isinstance(value, Mapping | Distribution) and "units" in _statement_of(value)
        (measured if key == "units" or tabled else numbers).add(field)
    return frozenset(numbers - measured)


def _is_key(section: str, key: str) -> bool:
    """Return whether a section has a key that an override can replace."""
    named = _KEYS.get(section)
    return named is not None and (key in named if named else bool(key) and "." not in key)


def _halves(text: str) -> tuple[str, str]:
    """Return what stands before the first dot, and what stands after it."""
    name, _, key = text.partition(".")
    return name, key


def _statement_of(value: Mapping[str, Any] | Distribution) -> dict[str, Any]:
    """Return a table that states a distribution, in TOML's types."""
    table: dict[str, Any] = plain(value.to_dict() if isinstance(value, Distribution) else value)
    return table


def _override_input(document: dict[str, Any], name: str, key: str, value: object, checks: Checks) -> None:
    """Replace the distribution of an input, or one of its keys."""
    inputs = table_of(document.get("inputs"))
    if name not in inputs:
        checks.add(f"inputs.{name}", value, "is no input", nearest(name, inputs))
        return
    if key:
        change = {key: plain(value)}
    elif isinstance(value, Distribution | Mapping):
        change = _statement_of(value)
    elif isinstance(value, Real) and not isinstance(value, bool):
        change = {"value": plain(value)}
    else:
        checks.add(f"inputs.{name}", value, "must be a number, a distribution, or a table that states one")
        return
    if set(change) - set(METADATA):
        change = {"source": OVERRIDE, **change}
    inputs[name] = changed_input(table_of(inputs[name]), change, f"inputs.{name}", checks)
    document["inputs"] = inputs
    if is_constant(inputs[name]):
        document.update(without_correlations(document, name, {}))


def _override_table(document: dict[str, Any], section: str, key: str, value: object) -> None:
    """Replace a key of a section; a stated winter, which has provenance, then has that of an override."""
    table = table_of(document.get(section))
    if section == "regimes" and key not in PROVENANCE:
        table = {**{kept: table[kept] for kept in table if kept not in PROVENANCE}, "source": OVERRIDE}
    document[section] = {**table, key: plain(value)}


def _override_contract(document: dict[str, Any], counterparty: str, key: str, value: object, checks: Checks) -> None:
    """Replace a field of the contract with a counterparty."""
    contracts = [table_of(entry) for entry in document.get("contracts") or ()]
    for place, entry in enumerate(contracts):
        if entry.get("counterparty") == counterparty:
            contracts[place] = changed_contract(entry, {"source": OVERRIDE, key: plain(value)})
            document["contracts"] = contracts
            return
    known = [str(entry.get("counterparty")) for entry in contracts]
    checks.add(f"contracts.{counterparty}", value, "is no counterparty", nearest(counterparty, known))
