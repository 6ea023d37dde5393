"""The form of a scenario file, strictly: no key unknown, no number that is none, all errors at once."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, TypeVar, get_type_hints

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model

from montecarlo_ai.checks import Checks, Described, nearest
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


Names = Annotated[list[str], BeforeValidator(_listed)]
Pair = Annotated[list[str], Field(min_length=2, max_length=2)]
Date = Annotated[datetime.date | None, BeforeValidator(_dated)]


class Table(BaseModel):
    """A table of the file: strict types, no unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)


class Provenance(Table):
    """Where a number comes from; what is missing is a warning, not an error."""

    source: Names = []
    date: Date = None
    rationale: str = ""


class TimeTable(Table):
    """``[time]``: arguments of `TimeGrid`, which checks them."""

    start: Any
    years: Any
    steps_per_year: Any = 12


class InputTable(Provenance):
    """``[inputs.NAME]``: the other keys state its distribution, which checks them."""

    model_config = ConfigDict(extra="allow")
    units: str

    @property
    def statement(self) -> dict[str, Any]:
        """The keys that state the distribution."""
        return dict(self.__pydantic_extra__ or {})


class CorrelationTable(Provenance):
    """``[[correlation]]``: two inputs and the correlation of their normal scores."""

    inputs: Pair
    value: Any


class ShockCorrelationTable(Provenance):
    """``[[shock_correlation]]``: two shocks and their correlation."""

    shocks: Pair
    value: Any


class HistoryTable(Table):
    """``[[history]]``: the facts that say what a variable was before the start; no number stands here."""

    variable: str
    facts: Names
    note: str = ""


class Document(Table):
    """A scenario file; its sections are read entry by entry, so that one wrong entry hides no other."""

    schema_version: int
    name: Annotated[str, Field(min_length=1, max_length=200)]
    title: str = ""
    description: str = ""
    model: str
    chips: Names | None = None
    time: dict[str, Any]
    base_period: dict[str, Any] = {}
    inputs: dict[str, Any]
    correlation: list[Any] = []
    shock_correlation: list[Any] = []
    contracts: list[Any] = []
    history: list[Any] = []


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
    """

    document: Document
    time: TimeTable | None
    inputs: dict[str, InputTable]
    correlation: list[CorrelationTable]
    shock_correlation: list[ShockCorrelationTable]
    contracts: list[tuple[Contract, Provenance]]
    history: dict[int, HistoryTable]


EMPTY_TEXT = "(nothing)"
"""Stands for a name or a model whose problem is recorded."""

_EMPTY: dict[str, Any] = {
    "schema_version": SCHEMA_VERSION,
    "name": EMPTY_TEXT,
    "model": EMPTY_TEXT,
    "time": {},
    "inputs": {},
}

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
    "too_short": "must be two names",
    "too_long": "must be two names",
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
    top = _top_level(document, checks)
    inputs = {name: _entry(InputTable, table, ("inputs", name), checks) for name, table in top.inputs.items()}
    return Form(
        top,
        _entry(TimeTable, top.time, ("time",), checks) if top.time or document.get("time") == {} else None,
        {name: entry for name, entry in inputs.items() if entry is not None},
        _entries(CorrelationTable, top.correlation, "correlation", checks),
        _entries(ShockCorrelationTable, top.shock_correlation, "shock_correlation", checks),
        contract_tables(top.contracts, checks),
        history_tables(top.history, checks),
    )


def _top_level(document: Mapping[str, Any], checks: Checks) -> Document:
    """Return the top level of a document, what is wrong there as empty; problems are recorded."""
    try:
        return Document.model_validate(dict(document))
    except ValidationError as error:
        _record(error, (), Document, checks)
        wrong = {detail["loc"][0] for detail in error.errors(include_url=False)}
        sound = {key: value for key, value in document.items() if key not in wrong}
        return Document.model_validate({**_EMPTY, **sound})


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
            with checks.collecting():
                read.append((Contract(**{name: getattr(table, name) for name in names}), table))
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
        elif kind == "extra_forbidden":
            rule, remedy = "is no key here", nearest(str(detail["loc"][-1]), form.model_fields)
        checks.add(dotted((*where, *detail["loc"])), value, rule, remedy)


def dotted(where: Sequence[str | int]) -> str:
    """Return a place in a document as text, such as ``contracts[0].base_bill``."""
    text = ""
    for part in where:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text
