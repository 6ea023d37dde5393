"""JSON Schema of scenario files and overlays, for editors and other programs; made from the forms that read them."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from pydantic import Field, create_model

from montecarlo_ai.checks import refused
from montecarlo_ai.distributions import FAMILIES
from montecarlo_ai.files.merging import STATEMENT_KEYS
from montecarlo_ai.files.schema import (
    ChangedInputTable,
    ChangedRegimesTable,
    CorrelationTable,
    Document,
    HistoryTable,
    InputTable,
    OverlayDocument,
    RegimesTable,
    ShockCorrelationTable,
    TimeTable,
    contract_form,
)

__all__ = ["KINDS", "published_schema", "scenario_schema", "schema_text"]

KINDS = ("scenario", "overlay")

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NUMBER = {"type": "number"}
_STATEMENT: dict[str, Any] = {
    "distribution": {"description": "Family of the distribution."},
    "value": {**_NUMBER, "description": "A known number, which is a constant."},
    "interval": {
        "type": "array",
        "items": _NUMBER,
        "minItems": 2,
        "maxItems": 2,
        "description": "Central interval: as much probability lies below it as above it.",
    },
    "level": {
        **_NUMBER,
        "exclusiveMinimum": 0,
        "exclusiveMaximum": 1,
        "description": "Probability inside the interval; 0.9 if not given.",
    },
    "quantiles": {"description": 'Quantiles by probability, such as {"0.05" = 1.0, "0.95" = 10.0}.'},
}
_PARAMETER = {
    "type": ["number", "string", "array", "object"],
    "description": "Parameter of the family of the distribution.",
}


def scenario_schema(kind: str = "scenario") -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of scenario files or of overlays.

    It says what form a file has: which keys there are, which must be given, what types they have. What the model and
    the distributions ask of the numbers, `load_scenario` and ``montecarlo-ai validate`` check. Dates are text in JSON.

    Parameters
    ----------
    kind : str
        "scenario" or "overlay".

    Raises
    ------
    InputError
        If it is neither.

    Examples
    --------
    >>> scenario_schema()["title"]
    'Scenario of montecarlo_ai'
    """
    if kind not in KINDS:
        raise refused("kind", kind, f"must be one of {', '.join(KINDS)}")
    schema: dict[str, Any] = json.loads(schema_text(kind))
    return schema


@cache
def schema_text(kind: str) -> str:
    """Return a schema as the text of its file."""
    schema = _form(kind).model_json_schema()
    for table in ("InputTable", "ChangedInputTable"):
        if table in schema["$defs"]:
            _state_distributions(schema["$defs"][table])
    if kind == "scenario":
        needed = [name for name in schema.pop("required") if name != "schema_version"]
        schema["required"] = ["schema_version"]
        schema["anyOf"] = [{"required": ["base"]}, {"required": needed}]
    title = "Scenario of montecarlo_ai" if kind == "scenario" else "Overlay of montecarlo_ai"
    ordered = {"$schema": _DIALECT, "title": title, **{key: schema[key] for key in schema if key != "title"}}
    return json.dumps(_without_titles(ordered), indent=2, ensure_ascii=False) + "\n"


def published_schema(kind: str) -> str:
    """Return the schema that lies in the package, for editors: scenarios/scenario.schema.json and its like."""
    return (resources.files("montecarlo_ai") / "scenarios" / f"{kind}.schema.json").read_text(encoding="utf-8")


def _form(kind: str) -> Any:
    """Return the form of a whole file, its sections spelled out."""
    if kind == "overlay":
        changed: dict[str, Any] = {"inputs": dict[str, ChangedInputTable], "regimes": ChangedRegimesTable}
        fields = {
            name: (kind_of, Field(None, description=OverlayDocument.model_fields[name].description))
            for name, kind_of in changed.items()
        }
        return create_model("Overlay", __base__=OverlayDocument, **fields)  # type: ignore[call-overload]
    base = Field(None, description="A preset, or a file beside this one, that this file changes.", min_length=1)
    sections: dict[str, Any] = {
        "base": (str, base),
        "time": (TimeTable, ...),
        "inputs": (dict[str, InputTable], ...),
        "correlation": (list[CorrelationTable], []),
        "shock_correlation": (list[ShockCorrelationTable], []),
        "contracts": (list[contract_form()], []),  # type: ignore[misc]  # a type made at run time
        "regimes": (RegimesTable | None, None),
        "forcing": (dict[str, list[float]], {}),
        "history": (list[HistoryTable], []),
    }
    described: dict[str, Any] = {
        name: (kind_of, _described(name, default)) if name != "base" else (kind_of, default)
        for name, (kind_of, default) in sections.items()
    }
    return create_model("Scenario", __base__=Document, **described)


def _described(name: str, default: Any) -> Any:
    """Return a section's default with the description that it has in the form."""
    return Field(default, description=Document.model_fields[name].description)


def _state_distributions(table: dict[str, Any]) -> None:
    """Put the keys that state a distribution into the schema of an input's table."""
    keys = {**_STATEMENT, **{name: _PARAMETER for name in sorted(STATEMENT_KEYS) if name not in _STATEMENT}}
    keys["distribution"] = {**keys["distribution"], "enum": [*FAMILIES, "scipy"]}
    table["properties"] = {**table["properties"], **keys}
    table["additionalProperties"] = False


def _without_titles(schema: Any) -> Any:
    """Return a schema without the titles that only repeat names."""
    if isinstance(schema, dict):
        kept = {}
        for key, value in schema.items():
            if key == "title" and isinstance(value, str) and "$schema" not in schema:
                continue
            kept[key] = _without_titles(value)
        return kept
    return [_without_titles(item) for item in schema] if isinstance(schema, list) else schema
