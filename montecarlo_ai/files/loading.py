"""Scenarios from files and presets: read strictly, checked as a whole, built into a `Scenario`."""

from __future__ import annotations

import datetime
import json
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from montecarlo_ai.assumptions import Assumption, MissingProvenanceWarning, missing_provenance
from montecarlo_ai.checks import Checks, Described
from montecarlo_ai.dependence.groups import correlated_groups
from montecarlo_ai.dependence.tables import correlation_from_list
from montecarlo_ai.errors import Problem, ScenarioError
from montecarlo_ai.files.checks import (
    check_bounds,
    check_chips,
    check_entity,
    check_figures,
    check_inputs,
    check_provenance,
    read_assumptions,
    read_correlation,
    sound_medians,
    stated_provenance,
)
from montecarlo_ai.files.code import is_code, model_from_code
from montecarlo_ai.files.document import document_to_toml, preset_names
from montecarlo_ai.files.history import read_history
from montecarlo_ai.files.merging import METADATA, plain
from montecarlo_ai.files.overlays import overlay_names, with_overlays
from montecarlo_ai.files.overrides import bare_after, overridden, parse_override
from montecarlo_ai.files.schema import EMPTY_TEXT, Form, contract_tables, read_form
from montecarlo_ai.files.sources import Layers, layers_of, read_layers, with_lines
from montecarlo_ai.inputs import Inputs
from montecarlo_ai.known_series import Series
from montecarlo_ai.lab import Contract, build
from montecarlo_ai.lab.consistency import check_scenario
from montecarlo_ai.lab.model import LabParts
from montecarlo_ai.model import Model
from montecarlo_ai.scenario import Scenario
from montecarlo_ai.timegrid import TimeGrid

__all__ = [
    "document_to_toml",
    "load_scenario",
    "overlay_names",
    "parse_override",
    "preset_names",
    "scenario_from_canonical",
    "scenario_from_document",
]

MODEL = "lab"


def load_scenario(
    name_or_path: str | os.PathLike[str],
    *,
    overrides: Mapping[str, object] | None = None,
    overlays: Sequence[str | os.PathLike[str]] = (),
    allow_code: bool = False,
) -> Scenario:
    """Return the scenario of a preset or a file.

    Parameters
    ----------
    name_or_path : str or path
        Name of a preset (see `preset_names`), or the path of a TOML file.
    overrides : mapping of str to object, optional
        Values by dotted names of the file: ``{"time.years": 3, "inputs.churn": 0.4}``. A number or a distribution
        replaces that of an input; see `montecarlo_ai.files.overrides.apply_overrides`. They come after the overlays.
    overlays : sequence of str or path, optional
        Names of overlays (see `overlay_names`) or paths of overlay files, laid over the scenario in this order.
    allow_code : bool
        Whether a file may name a model of its own, ``model = "module:name"``, whose module is then imported and run.

    Returns
    -------
    Scenario
        Its `document` is the whole scenario as a plain dict: base and overlays merged, after overrides, in the
        model's units.

    Raises
    ------
    ScenarioError
        All that is wrong, by dotted names such as ``inputs.churn.sigma``, with the line where it is known.

    Warns
    -----
    MissingProvenanceWarning
        Names the assumptions that state no source, date or rationale.
    """
    checks = Checks(ScenarioError)
    layers = with_overlays(read_layers(name_or_path, checks), overlays, checks)
    changes: Mapping[str, object] = {} if overrides is None else overrides
    if not isinstance(changes, Mapping):
        checks.add("overrides", changes, "must be a mapping of names to values", 'such as {"time.years": 3}')
        changes = {}
    document, bare = overridden(layers.document, changes, checks), bare_after(changes, layers.bare)
    scenario = None
    try:
        scenario = _scenario(document, bare=bare, folder=layers.folder, allow_code=allow_code)
    except ScenarioError as error:
        checks.problems += _with_lines(error.problems, layers, changes)
    checks.finish()
    assert scenario is not None
    return scenario


def scenario_from_document(
    document: Mapping[str, Any], *, allow_code: bool = False, model: Model | None = None
) -> Scenario:
    """Return the scenario that a parsed scenario file states.

    Parameters
    ----------
    document : mapping
        Plain values in the form of a scenario file; its base, if it has one, is a preset.
    allow_code : bool
        As for `load_scenario`.
    model : Model, optional
        The model of one's own that the document names, if it is at hand.

    Raises
    ------
    ScenarioError
        All that is wrong, by dotted names.

    Warns
    -----
    MissingProvenanceWarning
        Names the assumptions that state no source, date or rationale.
    """
    checks, scenario = Checks(ScenarioError), None
    layers = layers_of(document, checks)
    try:
        scenario = _scenario(layers.document, bare=layers.bare, folder=None, allow_code=allow_code, model=model)
    except ScenarioError as error:
        checks.problems += error.problems
    checks.finish()
    assert scenario is not None
    return scenario


@np.errstate(over="ignore", divide="ignore", invalid="ignore")  # extreme numbers are checked, not warned of
def _scenario(
    document: Mapping[str, Any],
    *,
    bare: frozenset[str],
    folder: Path | None,
    allow_code: bool,
    model: Model | None = None,
) -> Scenario:
    """Return the scenario of a flat document."""
    checks = Checks(ScenarioError)
    form = read_form(document, checks)
    stated = form.document
    for section in ("base_period", "forcing"):
        check_figures(getattr(stated, section), section, checks)
    grid: TimeGrid | None = None
    if form.time is not None:
        with checks.collecting():
            grid = TimeGrid(**form.time.model_dump())
    known = Known(
        tuple(contract for contract, _ in form.contracts), None if form.regimes is None else form.regimes.winter_from
    )
    own = model
    if own is None and is_code(stated.model):
        with checks.collecting():
            own = model_from_code(stated.model, folder=folder, allow_code=allow_code)
    if is_code(stated.model):
        _check_no_lab(form, checks)
    found = own if is_code(stated.model) else _lab(form, known, grid, checks)
    if found is not None:
        check_inputs(form, found, checks)
    units = None if found is None else {name: found.units.get(name, "") for name in found.param_fields}
    assumptions = read_assumptions(form, units, bare, checks)
    inputs = _inputs(form, assumptions, found, checks)
    shock_correlation = read_correlation(
        form, "shock_correlation", None if found is None else found.shock_fields, checks
    )
    if found is not None:
        check_bounds(assumptions, found, checks)
        if own is None and grid is not None:
            sound = known.contracts if len(known.contracts) == len(stated.contracts) else ()
            check_scenario(sound_medians(assumptions, checks), sound, grid, checks)
        _check_with_model(form, found, shock_correlation, grid, checks)
    check_entity(form, checks)
    check_provenance(form, checks)
    if checks.problems or grid is None or found is None or inputs is None:
        raise ScenarioError(checks.problems)
    _warn_of_missing_provenance(form)
    series: dict[str, Any] = {"forcing": stated.forcing} if own is not None else {"series": partial(_series, known)}
    return Scenario(
        found,
        inputs=inputs,
        time=grid,
        **series,
        shock_correlation=shock_correlation,
        chips=stated.chips,
        name=stated.name,
        assumptions={name: assumptions[name] for name in inputs.names},
        document=_flat(document, form, assumptions),
        reader=partial(scenario_from_document, model=own),
    )


def scenario_from_canonical(text: str) -> Scenario:
    """Return the scenario of a built-in model from its canonical form.

    Parameters
    ----------
    text : str
        JSON, as `Scenario.canonical` writes it and every result carries it.

    Raises
    ------
    ScenarioError
        If it is no such text, or states a model of the user's own, whose functions text cannot bring back.
    """
    checks = Checks(ScenarioError)
    try:
        canonical = json.loads(text)
        origin, times = canonical["model"], canonical["time"]
        laws = canonical.get("shock_dependence")
        shocks = correlation_from_list(canonical["shock_correlation"], "shocks", "shock_correlation", laws)
        chips, name, stated = canonical["chips"], canonical["name"], dict(canonical["inputs"])
        entries, winter = origin.get("contracts", []), origin.get("winter_from")
        winter_from = None if winter is None else datetime.date.fromisoformat(winter)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        checks.add("scenario", text, f"is no canonical form of a scenario ({type(error).__name__}: {error})")
        raise ScenarioError(checks.problems) from None
    if origin.get("name") != MODEL:
        checks.add("scenario.model", origin.get("name"), "is no built-in model", "pass scenario= with the model itself")
        raise ScenarioError(checks.problems)
    known = Known(tuple(contract for contract, _ in contract_tables(entries, checks)), winter_from)
    checks.finish()
    with checks.collecting():
        grid = TimeGrid(times["start"], years=times["years"], steps_per_year=times["steps_per_year"])
        model = _parts(known, grid).model
        return Scenario(
            model,
            inputs=Inputs.from_dict(
                {**canonical, "inputs": {field: stated[field] for field in _ordered(stated, model)}}
            ),
            time=grid,
            series=partial(_series, known),
            shock_correlation=shocks,
            chips=chips,
            name=name,
        )
    raise ScenarioError(checks.problems)


class Known(NamedTuple):
    """What a file states for certain of a lab's future: its contracts, and when a winter begins."""

    contracts: tuple[Contract, ...]
    winter_from: datetime.date | None = None


@lru_cache(maxsize=64)
def _parts(known: Known, grid: TimeGrid) -> LabParts:
    """Return the lab for what is known on a grid; making its model reads a few hundred annotations."""
    return build(known.contracts, grid, winter_from=known.winter_from)


def _series(known: Known, grid: TimeGrid) -> Series:
    """Return what the lab is told of what is known on a time grid."""
    parts = _parts(known, grid)
    return Series(parts.forcing, {name: values.copy() for name, values in parts.context.items()})


def _lab(form: Form, known: Known, grid: TimeGrid | None, checks: Checks) -> Model | None:
    """Return the lab with the contracts of a file, or where they are wrong with one, to check names against.

    None, which is recorded, if the file's model is not the lab.
    """
    stated = form.document
    if stated.model != MODEL:
        if stated.model != EMPTY_TEXT:
            checks.add("model", stated.model, f'must be "{MODEL}", the model that this library has, or "module:name"')
        return None
    if stated.forcing:
        checks.add("forcing", stated.forcing, "is for models of one's own; the lab's series are its [[contracts]]")
    if grid is not None and len(known.contracts) == len(stated.contracts):
        with checks.collecting():
            return _parts(known, grid).model
    return _parts(Known((Contract("none", 0.0, ()),)), TimeGrid("2026-01-01", years=1)).model


def _check_no_lab(form: Form, checks: Checks) -> None:
    """Record sections that only the lab has, in a file that names a model of one's own."""
    for section in ("contracts", "regimes"):
        if getattr(form.document, section):
            rule = 'belongs to the model "lab"; a model of one\'s own has [forcing]'
            checks.add(section, Described("a section"), rule)


def _check_with_model(form: Form, model: Model, shock_correlation: Any, grid: TimeGrid | None, checks: Checks) -> None:
    """Record what the model does not allow: correlated shocks that are no normals, other chips, another history."""
    normals = [name for name in model.shock_fields if name not in model.uniform_shocks]
    with checks.collecting():
        correlated_groups(normals, shock_correlation, "shock_correlation")
    check_chips(form, model, checks)
    read_history(form.history, model, None if grid is None else grid.start, checks)


def _inputs(form: Form, assumptions: Mapping[str, Assumption], model: Model | None, checks: Checks) -> Inputs | None:
    """Return the inputs of a file if all of them are sound; problems of their correlations are recorded."""
    correlation = read_correlation(form, "correlation", form.document.inputs, checks)
    with checks.collecting():
        if model is None or len(assumptions) < len(form.document.inputs):
            correlated_groups(list(form.document.inputs), correlation, "correlation")
            return None
        ordered = {name: assumptions[name].distribution for name in _ordered(assumptions, model)}
        return Inputs(ordered, correlation=correlation)
    return None


def _flat(document: Mapping[str, Any], form: Form, assumptions: Mapping[str, Assumption]) -> dict[str, Any]:
    """Return a copy of a document, its numbers in the model's units."""
    copy: dict[str, Any] = plain(document)
    for name, entry in form.inputs.items():
        known, table = assumptions[name], copy["inputs"][name]
        if entry.units is not None and entry.units != known.units:
            noted = {key: table[key] for key in METADATA if key in table}
            copy["inputs"][name] = {**noted, "units": known.units, **plain(known.distribution.to_dict())}
    return copy


def _ordered(names: Iterable[str], model: Model) -> list[str]:
    """Return names of inputs in the order of the model, and then those that it does not have."""
    place = {name: at for at, name in enumerate(model.param_fields)}
    return sorted(names, key=lambda name: place.get(name, len(place)))


def _with_lines(problems: Sequence[Problem], layers: Layers, overrides: Iterable[object]) -> list[Problem]:
    """Return problems with the lines of what stands in files; what an override says stands in none."""
    names = [name for name in overrides if isinstance(name, str)]
    ours = [
        any(problem.field.startswith(name) or name.startswith(f"{problem.field}.") for name in names)
        for problem in problems
    ]
    found = with_lines(problems, layers.sources, layers.document)
    return [old if own else new for old, new, own in zip(problems, found, ours, strict=True)]


def _warn_of_missing_provenance(form: Form) -> None:
    """Warn of the assumptions that state no source, date or rationale, all in one warning."""
    lacking = []
    for name, entry in stated_provenance(form):
        missing = missing_provenance(tuple(entry.source), entry.date, entry.rationale)
        if missing:
            lacking.append(f"{name} ({', '.join(missing)})")
    if lacking:
        message = f"assumptions without provenance: {'; '.join(lacking)}"
        warnings.warn(message, MissingProvenanceWarning, stacklevel=5)
