"""What a scenario file states, checked against the model and the table of facts."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from montecarlo_ai.assumptions import Assumption, check_sources, fact_table
from montecarlo_ai.checks import Checks, Described, nearest, refused
from montecarlo_ai.dependence.tables import correlation_from_list
from montecarlo_ai.distributions import distribution_from_dict
from montecarlo_ai.distributions.base import Distribution
from montecarlo_ai.distributions.claim import MisfitWarning
from montecarlo_ai.errors import InputError
from montecarlo_ai.files.schema import Form, Provenance
from montecarlo_ai.model import Model
from montecarlo_ai.units import conversion


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
    """Record inputs that the model does not have, and those that the file does not state.

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
        if name not in model.param_fields:
            left = [field for field in model.param_fields if field not in stated]
            remedy = nearest(name, left or model.param_fields)
            checks.add(f"inputs.{name}", Described("a table"), "is no input of the model", remedy)
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


def check_entity(form: Form, checks: Checks) -> None:
    """Record an entity that the table of facts does not know.

    Parameters
    ----------
    form : Form
        The file.
    checks : Checks
        Where problems go.
    """
    entity = form.document.entity
    known = sorted({row["entity"] for row in fact_table().values()})
    if entity and entity not in known:
        checks.add("entity", entity, "is not in the table of facts", nearest(entity, known))


def check_bounds(assumptions: Mapping[str, Assumption], model: Model, checks: Checks) -> None:
    """Record inputs that reach outside what the model says they can be.

    Parameters
    ----------
    assumptions : mapping of str to Assumption
        Those that are sound, in the model's units.
    model : Model
        What its inputs are for.
    checks : Checks
        Where problems go.
    """
    for name, assumption in assumptions.items():
        if name in model.bounds:
            model.bounds[name].check(f"inputs.{name}", assumption.distribution, assumption.units, checks)


def sound_medians(assumptions: Mapping[str, Assumption], checks: Checks) -> dict[str, float]:
    """Return the medians of the inputs about which nothing has been recorded.

    Parameters
    ----------
    assumptions : mapping of str to Assumption
        Those whose distributions are sound, in the model's units.
    checks : Checks
        What has been found so far.
    """
    found = {problem.field for problem in checks.problems}
    return {
        name: float(assumption.distribution.median())
        for name, assumption in assumptions.items()
        if f"inputs.{name}" not in found
    }


def read_assumptions(
    form: Form, units: Mapping[str, str] | None, bare: frozenset[str], checks: Checks
) -> dict[str, Assumption]:
    """Return the inputs of a file whose distributions are sound, in the model's units; problems are recorded.

    Parameters
    ----------
    form : Form
        The file.
    units : mapping of str to str, or None
        Those of the model by input; None if there is no model, which leaves units unchecked.
    bare : set of str
        Inputs whose numbers stand without units.
    checks : Checks
        Where problems go.
    """
    assumptions: dict[str, Assumption] = {}
    for name, entry in form.inputs.items():
        due = None if units is None else units.get(name, "")
        if name in bare and due is not None and entry.units not in (None, due):
            rule = f'must be given with these numbers: the others were in "{entry.units}", the model has "{due}"'
            checks.add(f"inputs.{name}.units", Described("nothing"), rule, "state the units that you mean")
            continue
        if entry.units is None and due:
            checks.add(f"inputs.{name}.units", Described("nothing"), "must be given", f'write units = "{due}"')
        with checks.collecting(), _misfits_named(name):
            distribution = distribution_from_dict(entry.statement, f"inputs.{name}")
            if due is not None and entry.units not in (None, due):
                distribution = _in_units(distribution, entry.units, due, f"inputs.{name}.units")
            source = tuple(entry.source)
            stated = entry.units or "" if due is None else due
            assumptions[name] = Assumption(stated, source, entry.date, entry.rationale, distribution)
    return assumptions


@contextmanager
def _misfits_named(name: str) -> Iterator[None]:
    """Let warnings of quantiles that a family misses say which input they are about."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", MisfitWarning)
        yield
    for warning in told:
        warnings.warn(f"inputs.{name}: {warning.message}", warning.category, stacklevel=2)


def _in_units(distribution: Distribution, units: str, due: str, field: str) -> Distribution:
    """Return a distribution that is stated in some units in those of the model.

    Raises
    ------
    InputError
        If they do not convert.
    """
    if due == "":
        raise refused(field, units, "must be left out: the model states no unit for this input")
    try:
        factor = conversion(units, due)
    except InputError as error:
        raise InputError([replace(problem, field=field, value=units) for problem in error.problems]) from None
    return distribution if factor == 1.0 else distribution.scaled(factor)


def read_correlation(form: Form, section: str, known: Collection[str] | None, checks: Checks) -> Any:
    """Return what a file says of the dependence of inputs or shocks; problems are recorded.

    Parameters
    ----------
    form : Form
        The file.
    section : str
        "correlation" or "shock_correlation".
    known : collection of str, or None
        Names that there are, if that is known; others are recorded here only where nothing is returned that would tell
        of them.
    checks : Checks
        Where problems go.
    """
    names_key = "inputs" if section == "correlation" else "shocks"
    entries = [entry.model_dump(exclude_unset=True) for entry in getattr(form, section)]
    with checks.collecting():
        return correlation_from_list(entries, names_key, section, form.document.dependence)
    for index, entry in enumerate(entries):
        for name in entry[names_key]:
            if known is not None and name not in known:
                checks.add(f"{section}[{index}].{names_key}", name, "is no name here", nearest(name, known))
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
    for field, entry in stated_provenance(form):
        check_sources(tuple(entry.source), field, checks)


def stated_provenance(form: Form) -> list[tuple[str, Provenance]]:
    """Return the provenance of each input, correlation and contract, and of the regimes, under its dotted name."""
    inputs: list[tuple[str, Provenance]] = [(f"inputs.{name}", entry) for name, entry in form.inputs.items()]
    contracts = [(f"contracts.{contract.counterparty}", entry) for contract, entry in form.contracts]
    correlations: list[tuple[str, Provenance]] = [
        (f"{section}[{index}]", entry)
        for section in ("correlation", "shock_correlation")
        for index, entry in enumerate(getattr(form, section))
    ]
    return [*inputs, *correlations, *contracts, *([] if form.regimes is None else [("regimes", form.regimes)])]
