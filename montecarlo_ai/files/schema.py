"""The form of a scenario file, strictly: no key unknown, no number that is none, all errors at once."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, TypeVar, get_type_hints

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema, create_model

from montecarlo_ai.checks import Checks, Described, nearest
from montecarlo_ai.errors import InputError
from montecarlo_ai.lab.contracts import Contract

SCHEMA_VERSION = 1


def _listed(value: object) -> object:
    """Return one text as a list of one."""
    return [value] if isinstance(value, str) else value


def _dated(value: object) -> object:
    """Return ISO text as a date."""
    if isinstance(value, str):
        return datetime.date.fromisoformat(value)
    return value


_NUMBER = WithJsonSchema({"type": "number"})
_DATE = WithJsonSchema({"type": "string", "format": "date"})
_NUMBERS = WithJsonSchema({"type": "array", "items": {"type": "number"}})

Names = Annotated[
    list[str],
    BeforeValidator(_listed),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Members = Annotated[list[str], Field(min_length=2)]
Date = Annotated[datetime.date | None, BeforeValidator(_dated), WithJsonSchema({"type": "string", "format": "date"})]
Number = Annotated[Any, _NUMBER]
"""A number whose rules the class that it is for checks, so that its own words tell what is wrong."""


class Table(BaseModel):
    """A table of the file: strict types, no unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)


class Provenance(Table):
    """Where a number comes from; what is missing is a warning, not an error."""

    source: Names = Field([], description='Ids of rows of facts.csv, or "judgement".')
    date: Date = Field(None, description="When what the number rests on was first public.")
    rationale: str = Field("", description="Why this number.")


class TimeTable(Table):
    """``[time]``: the grid of times, whose rules `TimeGrid` checks."""

    start: Annotated[Any, _DATE] = Field(description="Time of the initial state, a date without a time zone.")
    years: Number = Field(description="Horizon in years; a whole number of steps.")
    steps_per_year: Annotated[Any, WithJsonSchema({"type": "integer", "minimum": 1})] = Field(
        12, description="Steps in a year: 1, 2, 3, 4, 6 or 12 are calendar months; 12 if not given."
    )


class InputTable(Provenance):
    """``[inputs.NAME]``: the other keys state its distribution, which checks them."""

    model_config = ConfigDict(extra="allow")
    units: str | None = Field(
        None, description="Unit of the numbers; if it is not the model's, they are converted to the model's."
    )

    @property
    def statement(self) -> dict[str, Any]:
        """The keys that state the distribution."""
        return dict(self.__pydantic_extra__ or {})


class ChangedInputTable(InputTable):
    """``[inputs.NAME]`` of an overlay: a new distribution, or a change of the one that is there."""

    multiply: Number = Field(None, description="Factor above zero on the distribution that is there.")
    add: Number = Field(None, description="What is added to the distribution that is there, in its units.")


class Dependence(Provenance):
    """How some names depend on each other: one number for all pairs, or a matrix."""

    value: Number = Field(None, description="Correlation of each pair of the names, from -1 to 1.")
    matrix: Annotated[Any, WithJsonSchema({"type": "array", "items": _NUMBERS.json_schema})] = Field(
        None, description="Correlation matrix, rows and columns in the order of the names."
    )
    measure: Annotated[Any, WithJsonSchema({"enum": ["pearson", "spearman", "kendall"]})] = Field(
        None, description="What the numbers are; pearson, of the normal scores, if not given."
    )
    group: Annotated[Any, WithJsonSchema({"type": "string"})] = Field(
        None, description="Group that [dependence.groups] gives a copula of its own."
    )


class CorrelationTable(Dependence):
    """``[[correlation]]``: dependence of inputs."""

    inputs: Members = Field(description="Two inputs or more.")


class ShockCorrelationTable(Dependence):
    """``[[shock_correlation]]``: dependence of normal shocks."""

    shocks: Members = Field(description="Two shocks or more.")


class HistoryTable(Table):
    """``[[history]]``: the facts that say what a variable was before the start; no number stands here."""

    variable: str = Field(description="A state of the model.")
    facts: Names = Field(description="Ids of rows of facts.csv.")
    note: str = Field("", description="What a chart says about them.")


_VERSION = Field(description="Version of this form.", json_schema_extra={"const": SCHEMA_VERSION})
_WINTER_FROM = "Day on which a winter begins for certain; it lasts as any winter does."


class RegimesTable(Provenance):
    """``[regimes]``: what is stated of the regimes of the industry beyond their hazards."""

    winter_from: Annotated[datetime.date, BeforeValidator(_dated), _DATE] = Field(description=_WINTER_FROM)


class ChangedRegimesTable(Provenance):
    """``[regimes]`` of an overlay: what it is given behind its name may be missing."""

    winter_from: Date = Field(None, description=_WINTER_FROM)


class Document(Table):
    """A scenario file; its sections are read entry by entry, so that one wrong entry hides no other."""

    schema_version: int = _VERSION
    name: Annotated[str, Field(min_length=1, max_length=200)] = Field(description="What results are called by.")
    title: str = Field("", description="One line for lists and charts.")
    description: str = Field("", description="What the scenario is about, and what it leaves out.")
    entity: str = Field("", description="Whose published figures stand beside results, as facts.csv names it.")
    model: str = Field(description='"lab", or "module:name" of a Model of your own, which needs --allow-code.')
    chips: Names | None = Field(None, description="Causes that count as running out; the model's, if not given.")
    time: dict[str, Any] = Field(description="The grid of times.")
    base_period: dict[str, Any] = Field({}, description="What is known of the time before the start, for checks.")
    inputs: dict[str, Any] = Field(description="A distribution or a number for every input of the model.")
    correlation: list[Any] = Field([], description="Dependence of inputs; all others are independent.")
    dependence: Annotated[Any, WithJsonSchema({"type": "object"})] = Field(
        None, description="Copula and repair of the correlations, for all or by group."
    )
    shock_correlation: list[Any] = Field([], description="Dependence of normal shocks.")
    contracts: list[Any] = Field([], description="What each counterparty is to deliver; the lab needs one or more.")
    regimes: dict[str, Any] = Field({}, description="When a winter of the industry begins, where that is stated.")
    forcing: dict[str, Any] = Field({}, description="Known series of a model of your own, one number a step.")
    history: list[Any] = Field([], description="Published figures from before the start, for charts.")


class OverlayDocument(Table):
    """An overlay: a change of some inputs of a scenario, under a name."""

    schema_version: int = _VERSION
    name: Annotated[str, Field(min_length=1, max_length=200)] = Field(
        description="What the scenario's name gets added."
    )
    title: str = Field("", description="One line for lists.")
    description: str = Field("", description="What the overlay stands for.")
    argument: str = Field(
        "", description="Place of what stands behind the overlay's name, winter-from=DATE: regimes.winter_from."
    )
    inputs: dict[str, Any] = Field({}, description="The inputs that change.")
    regimes: dict[str, Any] = Field({}, description="What is stated of the regimes of the industry.")


@dataclass(frozen=True)
class Form:
    """A scenario file in its form: what of it is sound.

    Attributes
    ----------
    document : Document
        Its top level; what is wrong there stands as empty.
    time : TimeTable or None
        None if it is wrong.
    inputs : dict of str to InputTable
        Those that are sound.
    correlation, shock_correlation : list of tables
        Those that are sound.
    contracts : list of (Contract, Provenance)
        Those that are sound.
    history : dict of int to HistoryTable
        Those that are sound, by their place in the file.
    regimes : RegimesTable or None
        None if nothing is stated, or it is wrong.
    """

    document: Document
    time: TimeTable | None
    inputs: dict[str, InputTable]
    correlation: list[CorrelationTable]
    shock_correlation: list[ShockCorrelationTable]
    contracts: list[tuple[Contract, Provenance]]
    history: dict[int, HistoryTable]
    regimes: RegimesTable | None


EMPTY_TEXT = "(nothing)"
"""Stands for a name or a model whose problem is recorded."""

_EMPTY: dict[str, Any] = {
    "schema_version": SCHEMA_VERSION,
    "name": EMPTY_TEXT,
    "model": EMPTY_TEXT,
    "time": {},
    "inputs": {},
}

_EMPTY_OVERLAY: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "name": EMPTY_TEXT, "inputs": {}}

_RULES = {
    "missing": "must be given",
    "string_type": "must be text",
    "string_too_short": "must not be empty",
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "finite_number": "must be a finite number",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "too_short": "must be two names or more",
    "date_type": "must be a date",
    "value_error": "must be a date in ISO form",
}

Entry = TypeVar("Entry", bound=BaseModel)


def read_form(document: Mapping[str, Any], checks: Checks) -> Form:
    """Return a document in its form, with every problem recorded under its dotted name.

    Parameters
    ----------
    document : mapping
        A parsed scenario file.
    checks : Checks
        Where problems go.
    """
    top = _top_level(Document, document, _EMPTY, checks)
    return Form(
        top,
        _entry(TimeTable, top.time, ("time",), checks) if top.time or document.get("time") == {} else None,
        _input_tables(InputTable, top.inputs, checks),
        _entries(CorrelationTable, top.correlation, "correlation", checks),
        _entries(ShockCorrelationTable, top.shock_correlation, "shock_correlation", checks),
        contract_tables(top.contracts, checks),
        history_tables(top.history, checks),
        _entry(RegimesTable, top.regimes, ("regimes",), checks) if top.regimes else None,
    )


def read_overlay_form(
    document: Mapping[str, Any], checks: Checks
) -> tuple[OverlayDocument, dict[str, ChangedInputTable]]:
    """Return an overlay in its form, and its inputs that are sound; problems are recorded.

    Parameters
    ----------
    document : mapping
        A parsed overlay file.
    checks : Checks
        Where problems go.
    """
    top = _top_level(OverlayDocument, document, _EMPTY_OVERLAY, checks)
    return top, _input_tables(ChangedInputTable, top.inputs, checks)


def _top_level(form: type[Entry], document: Mapping[str, Any], empty: Mapping[str, Any], checks: Checks) -> Entry:
    """Return the top level of a document, what is wrong there as empty; problems are recorded."""
    try:
        return form.model_validate(dict(document))
    except ValidationError as error:
        _record(error, (), form, checks)
        wrong = {detail["loc"][0] for detail in error.errors(include_url=False)}
        sound = {key: value for key, value in document.items() if key not in wrong}
        return form.model_validate({**empty, **sound})


def _input_tables(form: type[Entry], tables: Mapping[str, object], checks: Checks) -> dict[str, Entry]:
    """Return the tables of inputs that are sound; problems are recorded."""
    read = {name: _entry(form, table, ("inputs", name), checks) for name, table in tables.items()}
    return {name: entry for name, entry in read.items() if entry is not None}


def _entry(form: type[Entry], table: object, where: tuple[str | int, ...], checks: Checks) -> Entry | None:
    """Return a table in its form; None, with its problems recorded, if it is wrong."""
    try:
        return form.model_validate(table)
    except ValidationError as error:
        _record(error, where, form, checks)
        return None


def _entries(form: type[Entry], tables: Sequence[object], section: str, checks: Checks) -> list[Entry]:
    """Return the tables of a section that are sound; problems are recorded."""
    read = [_entry(form, table, (section, index), checks) for index, table in enumerate(tables)]
    return [entry for entry in read if entry is not None]


def contract_tables(entries: Sequence[object], checks: Checks) -> list[tuple[Contract, Provenance]]:
    """Return the contracts of a scenario, each with its provenance; problems are recorded.

    Parameters
    ----------
    entries : sequence of table
        Tables ``[[contracts]]`` of a file: the fields of a `Contract`, then source, date and rationale.
    checks : Checks
        Where problems go.
    """
    names = [field.name for field in dataclasses.fields(Contract)]
    read = []
    for index, entry in enumerate(entries):
        table = _entry(contract_form(), entry, ("contracts", index), checks)
        if table is not None:
            try:
                read.append((Contract(**{name: getattr(table, name) for name in names}), table))
            except InputError as error:
                unnamed, place = "contracts.counterparty", f"contracts[{index}].counterparty"
                checks.problems += [
                    dataclasses.replace(problem, field=place) if problem.field == unnamed else problem
                    for problem in error.problems
                ]
    return read


def history_tables(entries: Sequence[object], checks: Checks) -> dict[int, HistoryTable]:
    """Return the tables ``[[history]]`` that are sound by their place in the file; problems are recorded.

    Parameters
    ----------
    entries : sequence of table
        Variable, facts and note each.
    checks : Checks
        Where problems go.
    """
    read = {index: _entry(HistoryTable, table, ("history", index), checks) for index, table in enumerate(entries)}
    return {index: entry for index, entry in read.items() if entry is not None}


@cache
def contract_form() -> type[Provenance]:
    """Return the strict form of a contract: the fields of `Contract`, and its provenance."""
    hints = get_type_hints(Contract, include_extras=True)
    fields: dict[str, Any] = {}
    for field in dataclasses.fields(Contract):
        if field.default is not dataclasses.MISSING:
            default: Any = field.default
        elif field.default_factory is not dataclasses.MISSING:
            default = Field(default_factory=field.default_factory)
        else:
            default = ...
        fields[field.name] = (_from_list(hints[field.name]), default)
    return create_model("ContractTable", __base__=Provenance, **fields)


def _from_list(hint: Any) -> Any:
    """Return a type that takes a list of the file where a tuple is declared."""
    return Annotated[hint, BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)]


def _record(error: ValidationError, where: tuple[str | int, ...], form: type[BaseModel], checks: Checks) -> None:
    """Record pydantic's errors under dotted names, in this library's words."""
    for detail in error.errors(include_url=False, include_context=False):
        kind = detail["type"]
        rule, remedy = _RULES.get(kind, detail["msg"][:1].lower() + detail["msg"][1:]), ""
        value: object = detail["input"]
        if kind == "missing":
            value = Described("nothing")
        elif rule == _RULES["float_type"] and isinstance(value, datetime.date):
            remedy = f"write {value.year + (value.month - 1) / 12:.6g} for the day {value}"
        elif kind == "extra_forbidden":
            rule, remedy = "is no key here", nearest(str(detail["loc"][-1]), form.model_fields)
        checks.add(dotted((*where, *detail["loc"])), value, rule, remedy)


def dotted(where: Sequence[str | int]) -> str:
    """Return a place in a document as text, such as ``contracts[0].base_bill``."""
    text = ""
    for part in where:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text
