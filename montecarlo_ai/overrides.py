"""Changes to a scenario file by dotted names, as ``--set`` and ``load_scenario(overrides=)`` state them."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping
from numbers import Real
from typing import Any

from montecarlo_ai.assumptions import OVERRIDE
from montecarlo_ai.checks import Checks, nearest, refused
from montecarlo_ai.distribution import Distribution
from montecarlo_ai.errors import ScenarioError

_METADATA = ("units", "source", "date", "rationale")
_TOP_LEVEL = ("name", "title", "description", "chips", "correlation", "shock_correlation", "contracts", "history")
_TIME = ("start", "years", "steps_per_year")


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
        ``inputs.NAME.interval``, ``contracts.COUNTERPARTY.FIELD``, ``chips``, ``name``.

    Raises
    ------
    ScenarioError
        All names that cannot be replaced, at once.
    """
    changed = copy.deepcopy(dict(document))
    checks = Checks(ScenarioError)
    for name, value in overrides.items():
        if not isinstance(name, str):
            checks.add("overrides", name, "must be a dotted name of the scenario file")
            continue
        parts = name.split(".")
        if parts[0] == "inputs" and len(parts) in (2, 3):
            _override_input(changed, parts, value, checks)
        elif parts[0] == "contracts" and len(parts) >= 3:
            _override_contract(changed, ".".join(parts[1:-1]), parts[-1], value, checks)
        elif parts[0] == "time" and len(parts) == 2 and parts[1] in _TIME:
            changed["time"] = {**_table(changed.get("time")), parts[1]: _plain(value)}
        elif name in _TOP_LEVEL:
            changed[name] = _plain(value)
        else:
            known = [*_TOP_LEVEL, *(f"time.{key}" for key in _TIME)]
            known += [f"inputs.{key}" for key in _table(changed.get("inputs"))]
            checks.add(name, value, "is no name that an override can replace", nearest(name, known))
    checks.finish()
    return changed


def _override_input(document: dict[str, Any], parts: list[str], value: object, checks: Checks) -> None:
    """Replace the distribution of an input, or one of its keys."""
    inputs = _table(document.get("inputs"))
    name = parts[1]
    if name not in inputs:
        checks.add(f"inputs.{name}", value, "is no input", nearest(name, inputs))
        return
    entry = _table(inputs[name])
    if len(parts) == 3:
        statement = _with_key(_statement(entry), parts[2], _plain(value))
        if parts[2] in _METADATA:
            statement = _statement(entry)
            entry[parts[2]] = _plain(value)
    elif isinstance(value, Distribution):
        statement = value.to_dict()
    elif isinstance(value, Mapping):
        statement = {key: _plain(item) for key, item in value.items()}
    elif isinstance(value, Real) and not isinstance(value, bool):
        statement = {"value": _plain(value)}
    else:
        checks.add(f"inputs.{name}", value, "must be a number, a distribution, or a table that states one")
        return
    kept = {key: entry[key] for key in _METADATA if key in entry}
    if not (len(parts) == 3 and parts[2] in _METADATA):
        kept = {"units": entry.get("units"), "source": OVERRIDE}
    inputs[name] = {**kept, **statement}
    document["inputs"] = inputs
    if statement.get("distribution", "constant") == "constant":
        _uncorrelate(document, name)


def _override_contract(document: dict[str, Any], counterparty: str, key: str, value: object, checks: Checks) -> None:
    """Replace a field of the contract with a counterparty."""
    contracts = [dict(_table(entry)) for entry in document.get("contracts") or ()]
    for entry in contracts:
        if entry.get("counterparty") == counterparty:
            entry[key] = _plain(value)
            document["contracts"] = contracts
            return
    known = [str(entry.get("counterparty")) for entry in contracts]
    checks.add(f"contracts.{counterparty}", value, "is no counterparty", nearest(counterparty, known))


def _uncorrelate(document: dict[str, Any], name: str) -> None:
    """Leave out the correlations that name an input."""
    entries = document.get("correlation")
    if isinstance(entries, list):
        document["correlation"] = [entry for entry in entries if name not in _table(entry).get("inputs", ())]


def _statement(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of an input that state its distribution."""
    return {key: value for key, value in entry.items() if key not in _METADATA}


def _with_key(statement: Mapping[str, Any], key: str, value: object) -> dict[str, Any]:
    """Return a statement with one key replaced, and with it the other ways to state a distribution."""
    keep: tuple[str, ...]
    if key == "distribution":
        return {**statement, key: value}
    if key in ("interval", "level"):
        keep = ("distribution", "interval", "level")
    elif key in ("quantiles", "value"):
        keep = ("distribution",) if key == "quantiles" else ()
    else:
        keep = tuple(name for name in statement if name not in ("interval", "level", "quantiles", "value"))
    return {**{name: statement[name] for name in keep if name in statement}, key: value}


def _table(value: object) -> dict[str, Any]:
    """Return a table; an empty one for anything else, which the check of the file's form reports."""
    return dict(value) if isinstance(value, Mapping) else {}


def _plain(value: object) -> Any:
    """Return numpy's numbers and arrays as Python's."""
    return value.tolist() if hasattr(value, "tolist") else value
