"""How one layer of a scenario changes another: a file its base, an overlay a scenario, ``--set`` a file.

The rules are the same for all of them. Values replace values, tables merge key by key, and the entries of a list
merge by what they are about. A new number does not inherit the provenance of the old one.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from montecarlo_ai.checks import Checks, nearest
from montecarlo_ai.dependence.tables import dependence_left, without_name
from montecarlo_ai.distributions import FAMILIES

PROVENANCE = ("source", "date", "rationale")
METADATA = ("units", *PROVENANCE)
"""Keys of an input that say something about its number; all others state it."""

_WAYS = {"distribution": "", "value": "value", "interval": "interval", "level": "interval", "quantiles": "quantiles"}
"""Keys of every family, and which of the ways to state a distribution they belong to."""

STATEMENT_KEYS = frozenset(
    {*_WAYS, "name", "args", "kwds", "terms"}.union(*(inspect.signature(kind).parameters for kind in FAMILIES.values()))
)
"""Keys that state a distribution of some family; four of them one of scipy.stats, or quantiles."""

TABLES = ("time", "base_period", "regimes", "forcing", "dependence")
"""Sections whose keys merge one by one."""


def merged(base: Mapping[str, Any], layer: Mapping[str, Any], checks: Checks) -> dict[str, Any]:
    """Return a document after another has changed it; neither is changed.

    Parameters
    ----------
    base, layer : mapping
        Parsed scenario files. What has another form than a scenario file's is taken as it is, for the check of the
        form to report.
    checks : Checks
        Where problems go.
    """
    result = dict(base)
    for key, value in layer.items():
        there = base.get(key)
        if key == "inputs" and isinstance(there, Mapping) and isinstance(value, Mapping):
            changes = {name: changed_input(there.get(name), value[name], f"inputs.{name}", checks) for name in value}
            result[key] = {**there, **changes}
        elif key in TABLES and isinstance(there, Mapping) and isinstance(value, Mapping):
            result[key] = {**there, **value}
        elif key in _ENTRIES and isinstance(there, list) and isinstance(value, list):
            result[key] = _merged_entries(there, value, *_ENTRIES[key])
        else:
            result[key] = value
    for name in table_of(layer.get("inputs")):
        if name in table_of(base.get("inputs")) and is_constant(table_of(result["inputs"])[name]):
            result = {**result, **without_correlations(result, name, stated=layer)}
    return result


def changed_input(table: object, change: object, field: str, checks: Checks) -> Any:
    """Return the table of an input after another has changed it.

    Parameters
    ----------
    table, change : mapping
        Tables ``[inputs.NAME]``. A statement of the distribution in `change` replaces that of `table`: as a whole
        where it names the family beside other keys, otherwise key by key, where an interval displaces the parameters
        that stood there. Source, date and rationale then come from `change` alone. Metadata alone replace metadata,
        but for units, without which the numbers would be others.
    field : str
        Dotted name of the table.
    checks : Checks
        Where problems go: a key that no input has, and units that change alone.
    """
    if not isinstance(table, Mapping) or not isinstance(change, Mapping):
        return change
    if _unknown_keys(table, change, field, checks):
        return table
    stated, noted = statement(change), {key: change[key] for key in METADATA if key in change}
    if not stated:
        if noted.get("units", table.get("units")) != table.get("units"):
            rule = f'change without the numbers, which are in "{table.get("units")}"'
            checks.add(f"{field}.units", noted.pop("units"), rule, "state the numbers in these units too")
        return {**table, **noted}
    units = {"units": table["units"]} if "units" in table else {}
    if "distribution" in stated and len(stated) > 1:
        return {**units, **noted, **stated}
    if len({_WAYS.get(key, "parameters") for key in stated if key != "distribution"}) > 1:
        kept = {"distribution": table["distribution"]} if "distribution" in table and "value" not in stated else {}
        return {**units, **noted, **kept, **stated}  # for whoever reads the distribution to refuse, or take
    new = statement(table)
    for key, value in stated.items():
        new = _with_key(new, key, value)
    return {**units, **noted, **new}


def _unknown_keys(table: Mapping[str, Any], change: Mapping[str, Any], field: str, checks: Checks) -> bool:
    """Return whether a change has keys that no input has, which are recorded: none may displace what is there."""
    unknown = [key for key in change if key not in METADATA and key not in STATEMENT_KEYS]
    family = change.get("distribution", table.get("distribution"))
    own = inspect.signature(FAMILIES[family]).parameters if isinstance(family, str) and family in FAMILIES else ()
    for key in unknown:
        checks.add(f"{field}.{key}", change[key], "is no key here", nearest(str(key), [*METADATA, *_WAYS, *own]))
    return bool(unknown)


def statement(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of an input that state its distribution."""
    return {key: value for key, value in table.items() if key not in METADATA}


def bare_inputs(layer: Mapping[str, Any], bare: frozenset[str] = frozenset()) -> frozenset[str]:
    """Return the inputs whose numbers stand without their units after a layer.

    Such numbers are in the units of the table that they change; a scenario refuses that where the units of the
    table are not the model's, because then either could be meant.

    Parameters
    ----------
    layer : mapping
        A parsed file.
    bare : set of str
        Those of the layers below it.
    """
    for name, table in table_of(layer.get("inputs")).items():
        if isinstance(table, Mapping) and "units" in table:
            bare = bare - {name}
        elif isinstance(table, Mapping) and set(statement(table)) - {"multiply", "level"}:
            bare = bare | {name}
    return bare


def is_constant(table: object) -> bool:
    """Return whether the table of an input states a number."""
    return isinstance(table, Mapping) and table.get("distribution", "constant") == "constant"


def without_correlations(document: Mapping[str, Any], name: str, stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tables of dependence without what names an input, entries that a layer itself states apart.

    Parameters
    ----------
    document : mapping
        The scenario.
    name : str
        An input that has become a constant, which depends on nothing.
    stated : mapping
        The layer; what it states itself is kept, to be reported.
    """
    entries = document.get("correlation")
    if not isinstance(entries, list):
        return {}
    own = stated.get("correlation")
    kept: list[Any] = []
    for entry in entries:
        kept += [entry] if isinstance(own, list) and entry in own else without_name([entry], name)
    changed: dict[str, Any] = {"correlation": kept}
    if "dependence" in document:
        changed["dependence"] = dependence_left(document["dependence"], entries, kept)
    return changed


def table_of(value: object) -> dict[str, Any]:
    """Return a table; an empty one for anything else, which the check of the form reports."""
    return dict(value) if isinstance(value, Mapping) else {}


def plain(value: Any) -> Any:
    """Return a copy in the types that TOML has: numpy's numbers and arrays and tuples as Python's."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value.tolist() if hasattr(value, "tolist") else value


def changed_contract(entry: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return a contract, or what stands like one, with fields replaced; new bills drop the old provenance."""
    kept = {key: entry[key] for key in entry if key not in PROVENANCE} if set(change) - _ABOUT_A_CONTRACT else entry
    return {**kept, **change}


_ABOUT_A_CONTRACT = {"counterparty", *PROVENANCE}


def _replaced(entry: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return the new entry in place of the old one."""
    return dict(change)


def _listed(entry: object, key: str) -> frozenset[str]:
    """Return names that an entry lists, in no order; none where it has another form."""
    names = entry.get(key) if isinstance(entry, Mapping) else None
    return frozenset(name for name in names if isinstance(name, str)) if isinstance(names, list) else frozenset()


def _named(entry: object, key: str) -> Hashable:
    """Return the text that names an entry, or nothing where it has another form."""
    name = entry.get(key) if isinstance(entry, Mapping) else None
    return name if isinstance(name, str) else None


_ENTRIES: dict[str, tuple[Callable[[object], Hashable], Callable[..., dict[str, Any]]]] = {
    "contracts": (lambda entry: _named(entry, "counterparty"), changed_contract),
    "correlation": (lambda entry: _listed(entry, "inputs") or None, _replaced),
    "shock_correlation": (lambda entry: _listed(entry, "shocks") or None, _replaced),
    "history": (lambda entry: _named(entry, "variable"), _replaced),
}
"""Lists whose entries merge: what an entry is about, and how one changes another."""


def _merged_entries(
    entries: list[Any], changes: list[Any], about: Callable[[object], Hashable], changed: Callable[..., dict[str, Any]]
) -> list[Any]:
    """Return a list of tables after another has changed it: known ones in their places, new ones at the end."""
    result = list(entries)
    places = {about(entry): place for place, entry in enumerate(entries) if about(entry) is not None}
    for change in changes:
        place = places.pop(about(change), None)  # an entry that a layer states twice is added, to be reported
        if place is None:
            result.append(change)
        else:
            result[place] = changed(entries[place], change)
    return result


def _with_key(new: Mapping[str, Any], key: str, value: object) -> dict[str, Any]:
    """Return a statement with one key replaced, and with it the other ways to state a distribution."""
    keep: tuple[str, ...]
    if key == "distribution":
        return {**new, key: value}
    if key in ("interval", "level"):
        keep = ("distribution", "interval", "level")
    elif key in ("quantiles", "value"):
        keep = ("distribution",) if key == "quantiles" else ()
    else:
        keep = tuple(name for name in new if name not in ("interval", "level", "quantiles", "value"))
    return {**{name: new[name] for name in keep if name in new}, key: value}
