"""The JSON Schema of scenario files: up to date, itself valid, met by what loads, not met by what has another form."""

from __future__ import annotations

import copy
import datetime
from importlib import resources
from typing import Any

import jsonschema
import pytest

from montecarlo_ai.distributions import FAMILIES
from montecarlo_ai.errors import InputError
from montecarlo_ai.files.document import parse_document, preset_content, preset_names
from montecarlo_ai.files.json_schema import KINDS, published_schema, scenario_schema, schema_text
from montecarlo_ai.files.overlays import overlay_names

PRESET = "openai-2025-12"


def plain(value: Any) -> Any:
    """Return a document as JSON has it: dates as text."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime.date) else value


def validator(kind: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(scenario_schema(kind), format_checker=jsonschema.FormatChecker())


@pytest.fixture
def document() -> dict[str, Any]:
    found: dict[str, Any] = plain(parse_document(preset_content(PRESET), PRESET))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_the_published_schema_is_valid_and_up_to_date(kind: str) -> None:
    assert published_schema(kind) == schema_text(kind), "run tools/write-schemas"
    jsonschema.Draft202012Validator.check_schema(scenario_schema(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_says_what_it_is(kind: str) -> None:
    schema = scenario_schema(kind)
    for name, table in {"top": schema, **schema["$defs"]}.items():
        if name != "ContractTable":
            assert all("description" in field for field in table["properties"].values()), name


def test_presets_and_overlays_conform() -> None:
    for name in preset_names():
        validator("scenario").validate(plain(parse_document(preset_content(name), name)))
    folder = resources.files("montecarlo_ai") / "scenarios" / "overlays"
    for name in overlay_names():
        validator("overlay").validate(plain(parse_document((folder / f"{name}.toml").read_bytes(), name)))


def test_a_file_with_a_base_needs_nothing_else() -> None:
    validator("scenario").validate({"schema_version": 1, "base": PRESET})


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("nmae", "x"),
        ("name", ...),
        ("name", ""),
        ("name", 3),
        ("schema_version", ...),
        ("schema_version", 2),
        ("time", ...),
        ("time/years", "5"),
        ("time/yeras", 5),
        ("time/steps_per_year", 2.5),
        ("time/start", "soon"),
        ("chips", 3),
        ("inputs", []),
        ("inputs/churn", 0.4),
        ("inputs/churn/distribution", "lognromal"),
        ("inputs/churn/interval", [0.5]),
        ("inputs/churn/interval", [0.5, True]),
        ("inputs/churn/level", 90),
        ("inputs/churn/sgima", 1.0),
        ("inputs/churn/date", "2025-99-01"),
        ("inputs/churn/source", 3),
        ("contracts/0/base_bil", 1.0),
        ("contracts/0/added_bill", 1.0),
        ("correlation/0/inputs", ["churn"]),
        ("correlation/0/value", True),
        ("history/0/variable", ...),
        ("forcing", {"rent": ["a"]}),
    ],
)
def test_files_of_another_form_do_not_conform(document: dict[str, Any], place: str, value: object) -> None:
    spoilt = copy.deepcopy(document)
    *outer, last = [int(part) if part.isdigit() else part for part in place.split("/")]
    table: Any = spoilt
    for part in outer:
        table = table[part]
    if value is ...:
        del table[last]
    else:
        table[last] = value
    assert validator("scenario").is_valid(document)
    assert not validator("scenario").is_valid(spoilt)


def test_the_families_are_those_of_the_library() -> None:
    table = scenario_schema()["$defs"]["InputTable"]["properties"]
    assert set(table["distribution"]["enum"]) == {*FAMILIES, "scipy"}
    with pytest.raises(InputError, match="overlay"):
        scenario_schema("overlays")
