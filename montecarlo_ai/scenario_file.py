"""Scenarios from files and presets: read strictly, checked as a whole, built into a `Scenario`."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from montecarlo_ai.assumptions import MissingProvenanceWarning, missing_provenance
from montecarlo_ai.checks import Checks
from montecarlo_ai.dependence import correlated_groups, correlation_factor
from montecarlo_ai.errors import ScenarioError
from montecarlo_ai.inputs import Inputs
from montecarlo_ai.lab import Contract, build
from montecarlo_ai.model import Model
from montecarlo_ai.overrides import apply_overrides, parse_override
from montecarlo_ai.scenario import Scenario, Series
from montecarlo_ai.scenario_checks import (
    check_chips,
    check_figures,
    check_inputs,
    check_provenance,
    read_assumptions,
    read_pairs,
    stated_provenance,
)
from montecarlo_ai.scenario_document import document_to_toml, preset_names, read_document
from montecarlo_ai.scenario_history import read_history
from montecarlo_ai.scenario_schema import EMPTY_TEXT, Form, contract_tables, read_form
from montecarlo_ai.timegrid import TimeGrid

__all__ = [
    "document_to_toml",
    "load_scenario",
    "parse_override",
    "preset_names",
    "scenario_from_canonical",
    "scenario_from_document",
]

MODEL = "lab"


def load_scenario(name_or_path: str | os.PathLike[str], *, overrides: Mapping[str, object] | None = None) -> Scenario:
    """Return the scenario of a preset or a file.

    Parameters
    ----------
    name_or_path : str or path
        Name of a preset (see `preset_names`), or the path of a TOML file.
    overrides : mapping of str to object, optional
        Values by dotted names of the file: ``{"time.years": 3, "inputs.churn": 0.4}``. A number or a distribution
        replaces that of an input; see `montecarlo_ai.overrides.apply_overrides`.

    Returns
    -------
    Scenario
        Its `document` is the file as a plain dict, after overrides.

    Raises
    ------
    ScenarioError
        All that is wrong, by dotted names such as ``inputs.churn.sigma``.

    Warns
    -----
    MissingProvenanceWarning
        Names the assumptions that state no source, date or rationale.
    """
    document = read_document(name_or_path)
    if overrides:
        document = apply_overrides(document, overrides)
    return scenario_from_document(document)


def scenario_from_document(document: Mapping[str, Any]) -> Scenario:
    """Return the scenario that a parsed scenario file states.

    Parameters
    ----------
    document : mapping
        Plain values in the form of a scenario file.

    Raises
    ------
    ScenarioError
        All that is wrong, by dotted names.

    Warns
    -----
    MissingProvenanceWarning
        Names the assumptions that state no source, date or rationale.
    """
    checks = Checks(ScenarioError)
    form = read_form(document, checks)
    stated = form.document
    check_figures(stated.base_period, "base_period", checks)
    if stated.model not in (MODEL, EMPTY_TEXT):
        checks.add("model", stated.model, f'must be "{MODEL}", the model that this library has')
    grid, parts = None, None
    contracts = [contract for contract, _ in form.contracts]
    if form.time is not None:
        with checks.collecting():
            grid = TimeGrid(**form.time.model_dump())
    if grid is not None and len(contracts) == len(stated.contracts):
        with checks.collecting():
            parts = build(contracts, grid)
    model = _any_lab() if parts is None else parts.model
    check_inputs(form, model, checks)
    assumptions = read_assumptions(form, checks)
    correlation = read_pairs(form.correlation, "correlation", "inputs", checks)
    shock_correlation = read_pairs(form.shock_correlation, "shock_correlation", "shocks", checks)
    inputs = None
    if set(assumptions) == set(stated.inputs):
        distributions = {name: assumptions[name].distribution for name in _ordered(assumptions, model)}
        with checks.collecting():
            inputs = Inputs(distributions, correlation=correlation)
    else:
        with checks.collecting():
            correlated_groups(list(stated.inputs), correlation, "correlation")
    normals = [name for name in model.shock_fields if name not in model.uniform_shocks]
    with checks.collecting():
        correlation_factor(normals, shock_correlation, "shock_correlation")
    check_chips(form, model, checks)
    check_provenance(form, checks)
    read_history(form.history, model, None if grid is None else grid.start, checks)
    if checks.problems or grid is None or parts is None or inputs is None:
        raise ScenarioError(checks.problems)
    _warn_of_missing_provenance(form)
    return Scenario(
        model,
        inputs=inputs,
        time=grid,
        series=partial(_series, contracts),
        shock_correlation=shock_correlation,
        chips=stated.chips,
        name=stated.name,
        assumptions={name: assumptions[name] for name in inputs.names},
        document=dict(document),
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
        shocks = {(first, second): value for first, second, value in canonical["shock_correlation"]}
        chips, name, stated = canonical["chips"], canonical["name"], dict(canonical["inputs"])
        entries = origin.get("contracts", [])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        checks.add("scenario", text, f"is no canonical form of a scenario ({type(error).__name__}: {error})")
        raise ScenarioError(checks.problems) from None
    if origin.get("name") != MODEL:
        checks.add("scenario.model", origin.get("name"), "is no built-in model", "pass scenario= with the model itself")
        raise ScenarioError(checks.problems)
    contracts = [contract for contract, _ in contract_tables(entries, checks)]
    checks.finish()
    with checks.collecting():
        grid = TimeGrid(times["start"], years=times["years"], steps_per_year=times["steps_per_year"])
        model = build(contracts, grid).model
        return Scenario(
            model,
            inputs=Inputs.from_dict(
                {**canonical, "inputs": {field: stated[field] for field in _ordered(stated, model)}}
            ),
            time=grid,
            series=partial(_series, contracts),
            shock_correlation=shocks,
            chips=chips,
            name=name,
        )
    raise ScenarioError(checks.problems)


def _series(contracts: Sequence[Contract], time: TimeGrid) -> Series:
    """Return what the lab is told of its contracts on a time grid."""
    parts = build(contracts, time)
    return Series(parts.forcing, parts.context)


def _ordered(names: Iterable[str], model: Model) -> list[str]:
    """Return names of inputs in the order of the model, and then those that it does not have."""
    return sorted(names, key=lambda name: [*model.param_fields, name].index(name))


def _any_lab() -> Model:
    """Return the lab with a contract that calls nothing off, to check names against."""
    return build([Contract("none", 0.0, ())], TimeGrid("2026-01-01", years=1)).model


def _warn_of_missing_provenance(form: Form) -> None:
    """Warn of the assumptions that state no source, date or rationale, all in one warning."""
    lacking = []
    for name, entry in stated_provenance(form):
        missing = missing_provenance(tuple(entry.source), entry.date, entry.rationale)
        if missing:
            lacking.append(f"{name} ({', '.join(missing)})")
    if lacking:
        message = f"assumptions without provenance: {'; '.join(lacking)}"
        warnings.warn(message, MissingProvenanceWarning, stacklevel=4)
