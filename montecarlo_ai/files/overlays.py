"""Overlays: named changes of a scenario's inputs, such as a price war or a winter of funding.

Overlays are laid over a scenario in the order given, each once. One that multiplies or adds acts on whatever is there,
so that such changes combine. One that states a distribution puts it in place of what is there; where that would throw
away what an earlier overlay changed, the two contradict each other and are refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from montecarlo_ai.checks import Checks, Described, nearest
from montecarlo_ai.distributions import distribution_from_dict
from montecarlo_ai.errors import InputError, Problem, ScenarioError
from montecarlo_ai.files.document import file_content
from montecarlo_ai.files.lines import placed
from montecarlo_ai.files.merging import (
    PROVENANCE,
    changed_input,
    is_constant,
    plain,
    statement,
    table_of,
    without_correlations,
)
from montecarlo_ai.files.schema import ChangedInputTable, read_overlay_form
from montecarlo_ai.files.sources import Layers, Source, is_file, overlaid, source_of
from montecarlo_ai.units import conversion

__all__ = ["apply_overlays", "overlay_names", "with_overlays"]

_CHANGES = ("multiply", "add")


def overlay_names() -> tuple[str, ...]:
    """Return the names of the overlays that come with the library, sorted."""
    return tuple(sorted(entry.name[:-5] for entry in _folder().iterdir() if entry.name.endswith(".toml")))


def overlay_title(name: str) -> str:
    """Return what an overlay says of itself in one line."""
    return str(_packaged(name).document.get("title", ""))


def apply_overlays(document: Mapping[str, Any], names: Sequence[str | os.PathLike[str]]) -> dict[str, Any]:
    """Return the document of a scenario with overlays laid over it; its name says which.

    Parameters
    ----------
    document : mapping
        Flat: a scenario's own document. It is not changed.
    names : sequence of str or path
        Names of overlays (see `overlay_names`), or paths of overlay files, in the order in which they act. What an
        overlay needs to be told stands behind its name: "winter-from=2027-06-01".

    Raises
    ------
    ScenarioError
        If there is no such overlay or it has another form; if one is given twice, or stands in the scenario's name
        already; if it changes an input that the scenario does not have, or what an earlier one changed.
    """
    checks = Checks(ScenarioError)
    layers = with_overlays(Layers(document, (), frozenset(), None), names, checks)
    checks.finish()
    return dict(layers.document)


def with_overlays(layers: Layers, names: Sequence[str | os.PathLike[str]], checks: Checks) -> Layers:
    """Return a scenario's layers with overlays on top; those that cannot be used are left out, and recorded.

    Parameters
    ----------
    layers : Layers
    names : sequence of str or path
        As in `apply_overlays`.
    checks : Checks
        Where problems go, with lines of the overlay's file.
    """
    listed = [names] if isinstance(names, str | os.PathLike) else names
    if isinstance(listed, bytes | Mapping) or not isinstance(listed, Iterable):
        checks.add("overlays", names, "must be a sequence of names or paths", 'such as ["price-war"]')
        return layers
    changed: dict[str, str] = {}
    for name in listed:
        with checks.collecting():
            source = _read(*_split(name))
            try:
                document = _overlaid_document(layers.document, source, changed)
            except InputError as error:
                files = [(file.label, file.text, file.document) for file in (source, *layers.sources)]
                raise ScenarioError(placed(error.problems, files)) from None
            layers = overlaid(layers, source, document)
    return layers


def _folder() -> Any:
    return resources.files("montecarlo_ai") / "scenarios" / "overlays"


def _split(name: object) -> tuple[object, str | None]:
    """Return the name or path of an overlay, and what is given to it behind "=", as in winter-from=2027-06-01."""
    if not isinstance(name, str) or "=" not in name or name in overlay_names() or is_file(Path(name)):
        return name, None
    before, _, given = name.partition("=")
    return before, given


def _read(name: object, given: str | None) -> Source:
    """Return an overlay of the library or a file, with what is given to it in its place.

    Raises
    ------
    ScenarioError
        If it cannot be read, or takes nothing and is given something, or the other way round.
    """
    if isinstance(name, str) and name in overlay_names():
        source = _packaged(name)
    else:
        content = file_content(name, "overlay", overlay_names())  # type: ignore[arg-type]  # refuses what is no name
        source = source_of(content, str(name), Path(str(name)))
    place = source.document.get("argument", "")
    if bool(place) != bool(given):
        rule = f"must be given a value for {place}" if place else "takes no value"
        raise ScenarioError([Problem("overlay", str(name), rule, f"write {name}{'=...' if place else ''}")])
    if not given:
        return source
    section, _, key = str(place).partition(".")
    there = table_of(source.document.get(section))
    document = {**source.document, section: {**there, key: given}}
    document["name"] = f"{source.document.get('name', '')}={given}"
    return replace(source, document=document)


@cache
def _packaged(name: str) -> Source:
    """Return an overlay of the library; it does not change while the library is loaded."""
    return source_of((_folder() / f"{name}.toml").read_bytes(), name, None)


def _overlaid_document(document: Mapping[str, Any], source: Source, changed: dict[str, str]) -> dict[str, Any]:
    """Return a document with one overlay laid over it.

    Parameters
    ----------
    document : mapping
    source : Source
        The overlay.
    changed : dict of str to str
        Which overlay changed an input, so far; this one is entered.
    """
    checks = Checks(ScenarioError)
    overlay, tables = read_overlay_form(source.document, checks)
    name, inputs = str(document.get("name", "")), table_of(document.get("inputs"))
    own = overlay.name.partition("=")[0]
    if own in (laid.partition("=")[0] for laid in name.split(" + ")[1:]):
        checks.add("overlay", own, f'is laid over "{name}" already', "give each overlay once")
    for field, table in tables.items():
        if not isinstance(inputs.get(field), Mapping):
            checks.add(f"inputs.{field}", Described("a change"), "is no input of the scenario", nearest(field, inputs))
            continue
        moves = [key for key in _CHANGES if key in table.model_fields_set]
        if not moves and field in changed:
            rule = f'would throw away what the overlay "{changed[field]}" changed'
            checks.add(f"inputs.{field}", Described("a distribution"), rule, "put this overlay before it, or leave one")
        with checks.collecting():
            if moves:
                inputs[field] = _moved(inputs[field], table, overlay.name, f"inputs.{field}")
            else:
                given = source.document["inputs"][field]
                inputs[field] = changed_input(inputs[field], given, f"inputs.{field}", checks)
        changed[field] = overlay.name
    checks.finish()
    result = {**document, "name": f"{name} + {overlay.name}", "inputs": inputs}
    if overlay.regimes:
        result["regimes"] = {**table_of(document.get("regimes")), **overlay.regimes}
    for field in tables:
        if is_constant(inputs[field]):
            result |= without_correlations(result, field, stated={})
    return result


def _moved(table: Mapping[str, Any], change: ChangedInputTable, overlay: str, field: str) -> dict[str, Any]:
    """Return the table of an input multiplied, then added to; its provenance is that of both.

    Raises
    ------
    InputError
        If the change states a distribution too, or its numbers cannot be used.
    """
    checks = Checks(ScenarioError)
    given, units = change.model_fields_set, table.get("units")
    for key in change.statement:
        checks.add(f"{field}.{key}", change.statement[key], "stands beside multiply or add", "change, or replace")
    factor = checks.number(f"{field}.multiply", change.multiply, above=0.0) if "multiply" in given else 1.0
    offset = checks.number(f"{field}.add", change.add) if "add" in given else 0.0
    if "units" in given and "add" not in given:
        checks.add(f"{field}.units", change.units, "is not needed: a factor has none", "leave it out")
    checks.finish()
    if change.units is not None and isinstance(units, str) and change.units != units:
        offset *= conversion(change.units, units)
    distribution = distribution_from_dict(statement(table), field)
    if factor != 1.0:
        distribution = distribution.scaled(factor)
    if offset != 0.0:
        distribution = distribution.shifted(offset)
    kept = {} if units is None else {"units": units}
    return {**kept, **_both(table, change, overlay), **plain(distribution.to_dict())}


def _both(table: Mapping[str, Any], change: ChangedInputTable, overlay: str) -> dict[str, Any]:
    """Return the provenance of a number and of its change."""
    before = {key: table[key] for key in PROVENANCE if key in table}
    sources, reason = before.get("source", []), before.get("rationale", "")
    sources = [sources] if isinstance(sources, str) else sources
    if not isinstance(sources, list) or not isinstance(reason, str):
        return before  # of another form, which the check of the form reports
    why = " ".join(text for text in (reason, f"{overlay}: {change.rationale}") if text)
    added = {
        "source": [*sources, *(name for name in change.source if name not in sources)],
        "date": change.date,
        "rationale": why,
    }
    return {**before, **{key: value for key, value in added.items() if key in change.model_fields_set}}
