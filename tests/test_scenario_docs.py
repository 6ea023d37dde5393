"""The page on scenario files: every snippet loads, and every key of the forms is on it."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pytest

from montecarlo_ai.assumptions import MissingProvenanceWarning
from montecarlo_ai.files.json_schema import scenario_schema
from montecarlo_ai.files.loading import load_scenario

PAGE = (Path(__file__).parent.parent / "docs" / "scenario-files.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("snippet", SNIPPETS, ids=range(len(SNIPPETS)))
def test_snippets_load(snippet: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(snippet, encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("error", MissingProvenanceWarning)
        whole = "\nbase =" in snippet
        scenario = load_scenario(path) if whole else load_scenario("openai-2025-12", overlays=[path])
    assert scenario.name in ("slow contracts", "openai-2025-12 + long-winter")


def test_every_key_is_on_the_page() -> None:
    schema = scenario_schema()
    keys = {*schema["properties"], *(key for table in schema["$defs"].values() for key in table["properties"])}
    families = set(schema["$defs"]["InputTable"]["properties"]) - {"units", "source", "date", "rationale"}
    for key in (keys - families) | {"distribution", "value", "interval", "level", "quantiles"}:
        assert re.search(rf"[`\[ .]{key}[`\] .=]", PAGE), key


def test_the_page_is_short() -> None:
    assert len(PAGE.splitlines()) <= 150
