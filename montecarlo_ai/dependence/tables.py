"""Correlations as plain tables: the form of a scenario file and of the canonical text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from montecarlo_ai.checks import Checks, nearest
from montecarlo_ai.dependence.correlation import (
    GAUSSIAN,
    Copula,
    Correlation,
    checked_copula,
    checked_measure,
    checked_names,
    checked_pairs,
    matrix_pairs,
)

_DEFAULTS = ("copula", "repair")


def correlation_from_list(
    entries: object, names_key: str, field: str, dependence: Mapping[str, Any] | None = None
) -> dict[str, Correlation]:
    """Return correlations by group from a list of tables, as a scenario file states them.

    Parameters
    ----------
    entries : list of mapping
        Each with names under `names_key`; a ``value`` for every pair of them, or a ``matrix`` with a row for each; and
        if need be a ``measure`` ("pearson" if not given) and the name of a ``group``. Other keys are not looked at.
    names_key : str
        "inputs" or "shocks".
    field : str
        What an error calls the list.
    dependence : mapping, optional
        ``copula`` and ``repair`` of all groups, and ``groups``, which has tables of both by name.

    Returns
    -------
    dict of str to Correlation
        For `Inputs` and `Scenario`; "" has the entries without a group.

    Raises
    ------
    InputError
        All problems at once: an entry of another form, and what a `Correlation` refuses.
    """
    checks = Checks()
    stated: dict[str, dict[tuple[str, str], Any]] = {"": {}}
    if not isinstance(entries, list | tuple):
        checks.add(field, entries, "must be a list of tables")
        entries = ()
    for index, entry in enumerate(entries):
        where = f"{field}[{index}]"
        if not isinstance(entry, Mapping):
            checks.add(where, entry, "must be a table")
            continue
        label = entry.get("group", "")
        if not isinstance(label, str):
            checks.add(f"{where}.group", label, "must be the name of a group")
            continue
        group = stated.setdefault(label, {})
        for pair, value in _entry_pairs(entry, names_key, where, checks).items():
            if pair in group:
                checks.add(where, list(pair), "states a pair twice")
            group[pair] = value
    laws = _laws(dependence, names_key, list(stated), checks)
    groups: dict[str, Correlation] = {}
    for label, pairs in stated.items():
        values = checked_pairs(pairs, f"{field}.{label}" if label else field, checks)
        with checks.collecting():
            groups[label] = Correlation(values, **laws[label])
    checks.finish()
    return groups


def correlation_to_list(stated: Mapping[str, Correlation], names_key: str) -> list[dict[str, Any]]:
    """Return the list of tables that states correlations by group, pair by pair, in alphabetical order."""
    entries = []
    for label in sorted(stated):
        for pair, (measure, value) in sorted(stated[label].pairs.items()):
            entry: dict[str, Any] = {names_key: list(pair), "value": value}
            if measure != "pearson":
                entry["measure"] = measure
            if label:
                entry["group"] = label
            entries.append(entry)
    return entries


def dependence_to_dict(stated: Mapping[str, Correlation]) -> dict[str, Any]:
    """Return copula and repair of all groups as `correlation_from_list` reads them, without what says nothing."""
    common = stated[""]
    groups = {}
    for label in sorted(label for label, group in stated.items() if label and group.pairs):
        group = stated[label]
        table: dict[str, Any] = {} if group.copula == common.copula else {"copula": _plain(group.copula)}
        if group.repair != common.repair:
            table["repair"] = group.repair
        if table:
            groups[label] = table
    content: dict[str, Any] = {"copula": _plain(common.copula)}
    return content | ({"repair": True} if common.repair else {}) | ({"groups": groups} if groups else {})


def without_name(entries: Sequence[Any], name: str, names_key: str = "inputs") -> list[Any]:
    """Return the entries of a scenario file without a name, for example of an input that has become a constant.

    An entry of more than two names loses the name, with its row and column of a matrix; an entry of two is left out.

    Parameters
    ----------
    entries : sequence of table
        They are not changed; those of another form stay as they are.
    name : str
    names_key : str
        "inputs" or "shocks".
    """
    kept = []
    for entry in entries:
        names = entry.get(names_key) if isinstance(entry, Mapping) else None
        if not isinstance(names, list | tuple) or name not in names:
            kept.append(entry)
        elif len(names) > 2:
            place = list(names).index(name)
            changed = {**entry, names_key: _dropped(names, place)}
            matrix = entry.get("matrix")
            if isinstance(matrix, list | tuple):
                changed["matrix"] = [_dropped(row, place) for row in _dropped(matrix, place)]
            kept.append(changed)
    return kept


def dependence_left(dependence: Any, before: Sequence[Any], after: Sequence[Any]) -> Any:
    """Return a table ``[dependence]`` without the groups that lost all their entries.

    Parameters
    ----------
    dependence : mapping, or anything else, which stays as it is
    before, after : sequence of table
        The entries from which names were left out, and what is left of them.
    """
    if not isinstance(dependence, Mapping) or not isinstance(dependence.get("groups"), Mapping):
        return dependence
    labels, left = (
        {entry.get("group") for entry in entries if isinstance(entry, Mapping)} for entries in (before, after)
    )
    groups = {label: table for label, table in dependence["groups"].items() if label not in labels - left}
    return {**dependence, "groups": groups}


def _dropped(items: Any, place: int) -> Any:
    """Return a list without the item at a place; anything else as it is, for the check of its form to report."""
    return [*items[:place], *items[place + 1 :]] if isinstance(items, list | tuple) else items


def _entry_pairs(entry: Mapping[str, Any], names_key: str, where: str, checks: Checks) -> dict[tuple[str, str], Any]:
    """Return measure and number of the pairs of one entry; problems of its form are recorded."""
    names = checked_names(entry.get(names_key), f"{where}.{names_key}", checks)
    if ("value" in entry) == ("matrix" in entry):
        checks.add(where, dict(entry), 'must have either a "value" or a "matrix"')
        return {}
    pairs: dict[tuple[str, str], Any] = {}
    if "matrix" in entry:
        pairs.update(matrix_pairs(names, entry["matrix"], f"{where}.matrix", checks))
    else:
        pairs.update(dict.fromkeys(combinations(names, 2), entry["value"]))
    measure = checked_measure(entry.get("measure", "pearson"), f"{where}.measure", checks)
    return {pair: value if measure == "pearson" else (measure, value) for pair, value in pairs.items()}


def _laws(dependence: object, names_key: str, labels: Sequence[str], checks: Checks) -> dict[str, dict[str, Any]]:
    """Return copula and repair by group; problems are recorded when inputs are read, whose table it is."""
    found = Checks()
    table = _table(dependence, "dependence", (*_DEFAULTS, "groups"), found)
    own = _table(table.get("groups"), "dependence.groups", None, found)
    common = _law(table, "dependence", {"copula": GAUSSIAN, "repair": False}, found)
    laws = dict.fromkeys(labels, common)
    for label, group in own.items():
        where = f"dependence.groups.{label}"
        law = _law(_table(group, where, _DEFAULTS, found), where, common, found)
        if label in laws and label:
            laws[label] = law
        else:
            near = nearest(label, [name for name in labels if name])
            found.add(where, label, "is a group without correlations", near)
    if names_key != "inputs":
        return {label: {"repair": law["repair"]} for label, law in laws.items()}
    checks.problems += found.problems
    return laws


def _law(table: Mapping[str, Any], where: str, default: Mapping[str, Any], checks: Checks) -> dict[str, Any]:
    """Return copula and repair of one table; problems are recorded."""
    repair = table.get("repair", default["repair"])
    if not isinstance(repair, bool):
        checks.add(f"{where}.repair", repair, "must be true or false")
        repair = False
    copula = checked_copula(table.get("copula", default["copula"]), f"{where}.copula", checks)
    return {"copula": copula, "repair": repair}


def _table(value: object, where: str, keys: Sequence[str] | None, checks: Checks) -> dict[str, Any]:
    """Return a table that has no other keys; an empty one, with the problem recorded, for anything else."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        checks.add(where, value, "must be a table")
        return {}
    for key in value:
        if keys is not None and key not in keys:
            checks.add(f"{where}.{key}", value[key], "is no key here", nearest(str(key), keys))
    return dict(value)


def _plain(copula: Copula | None) -> str | list[Any]:
    """Return a copula as a file has it."""
    return [*copula] if isinstance(copula, tuple) else GAUSSIAN
