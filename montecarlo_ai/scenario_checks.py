"""What a scenario file states, checked against the model and the table of facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from montecarlo_ai.assumptions import Assumption, check_sources
from montecarlo_ai.checks import Checks, Described, nearest
from montecarlo_ai.distributions import distribution_from_dict
from montecarlo_ai.inputs import pairs_from_list
from montecarlo_ai.model import Model
from montecarlo_ai.scenario_schema import CorrelationTable, Form, Provenance, ShockCorrelationTable


def check_figures(value: object, field: str, checks: Checks) -> None:
    """Record every number below a place in the document that is not finite.

    Parameters
    ----------
    value : object
        Tables, lists, text and numbers, nested.
    field : str
        Dotted name of the place.
    checks : Checks
        Where problems go.
    """
    if isinstance(value, Mapping):
        for key, item in value.items():
            check_figures(item, f"{field}.{key}", checks)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            check_figures(item, f"{field}[{index}]", checks)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        checks.number(field, value)


def check_inputs(form: Form, model: Model, checks: Checks) -> None:
    """Record inputs that the model does not have, those that the file does not state, and units that differ.

    Parameters
    ----------
    form : Form
        The file.
    model : Model
        What its inputs are for.
    checks : Checks
        Where problems go.
    """
    stated = form.document.inputs
    for name in stated:
        entry = form.inputs.get(name)
        if name not in model.param_fields:
            left = [field for field in model.param_fields if field not in stated]
            remedy = nearest(name, left or model.param_fields)
            checks.add(f"inputs.{name}", Described("a table"), "is no input of the model", remedy)
        elif entry is not None and entry.units != model.units.get(name, ""):
            rule = f'must be the unit that the model has for it, "{model.units.get(name, "")}"'
            checks.add(f"inputs.{name}.units", entry.units, rule)
    for name in model.param_fields:
        if name not in stated:
            checks.add(f"inputs.{name}", Described("nothing"), "must be given")


def check_chips(form: Form, model: Model, checks: Checks) -> None:
    """Record chips that are no causes of the model.

    Parameters
    ----------
    form : Form
        The file.
    model : Model
        What can run out.
    checks : Checks
        Where problems go.
    """
    for chip in form.document.chips or ():
        if chip not in model.causes:
            checks.add("chips", chip, "is no cause of the model", nearest(chip, model.causes))


def read_assumptions(form: Form, checks: Checks) -> dict[str, Assumption]:
    """Return the inputs of a file whose distributions are sound, with their provenance; problems are recorded.

    Parameters
    ----------
    form : Form
        The file.
    checks : Checks
        Where problems go.
    """
    assumptions: dict[str, Assumption] = {}
    for name, entry in form.inputs.items():
        with checks.collecting():
            distribution = distribution_from_dict(entry.statement, f"inputs.{name}")
            source = tuple(entry.source)
            assumptions[name] = Assumption(entry.units, source, entry.date, entry.rationale, distribution)
    return assumptions


def read_pairs(
    entries: Sequence[CorrelationTable | ShockCorrelationTable], section: str, names_key: str, checks: Checks
) -> dict[tuple[str, str], Any]:
    """Return the correlations of a file by pair; problems are recorded.

    Parameters
    ----------
    entries : sequence of tables
        Those of the section.
    section, names_key : str
        "correlation" and "inputs", or "shock_correlation" and "shocks".
    checks : Checks
        Where problems go.
    """
    with checks.collecting():
        return pairs_from_list([entry.model_dump() for entry in entries], names_key, section)
    return {}


def check_provenance(form: Form, checks: Checks) -> None:
    """Record every source in a file that is neither a fact nor a judgement.

    Parameters
    ----------
    form : Form
        The file.
    checks : Checks
        Where problems go.
    """
    stated = stated_provenance(form)
    stated += [(f"correlation[{index}]", entry) for index, entry in enumerate(form.correlation)]
    stated += [(f"shock_correlation[{index}]", entry) for index, entry in enumerate(form.shock_correlation)]
    for field, entry in stated:
        check_sources(tuple(entry.source), field, checks)


def stated_provenance(form: Form) -> list[tuple[str, Provenance]]:
    """Return the provenance of each input and contract of a file under its dotted name."""
    inputs: list[tuple[str, Provenance]] = [(f"inputs.{name}", entry) for name, entry in form.inputs.items()]
    return inputs + [(f"contracts.{contract.counterparty}", entry) for contract, entry in form.contracts]
