"""The generated parts of the docs: registers as the presets are now, answers of the presets as they are now."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

import montecarlo_ai as mc
from tools.pages import BLOCK, DOCS, register_pages

PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted(DOCS.glob("*.md"))}
ANSWERS = [(name, match[1], match[2]) for name, page in PAGES.items() for match in BLOCK.finditer(page)]


@pytest.mark.parametrize("path", register_pages(), ids=lambda path: path.stem)
def test_registers_are_those_of_the_presets(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == register_pages()[path], "run python -m tools.pages registers"


@pytest.mark.parametrize(("page", "command", "answer"), ANSWERS, ids=[command[14:60] for _, command, _ in ANSWERS])
def test_answers_are_of_the_scenarios_as_they_are(page: str, command: str, answer: str) -> None:
    words = shlex.split(command)
    overlays = [words[place + 1] for place, word in enumerate(words) if word == "--with"]
    scenario = mc.load_scenario(words[2], overlays=overlays)
    shown = re.match(r"(\S.*?) \(([0-9a-f]{12})\), seed", answer)
    assert shown is not None
    assert shown.groups() == (scenario.name, scenario.hash[:12]), f"run python -m tools.pages {page[:-3]}"
    for word in words:
        if word.startswith("docs/images/"):
            assert word.removeprefix("docs/") in PAGES[page]


def test_there_are_answers_and_every_picture_is_there() -> None:
    assert len(ANSWERS) >= 7
    for page in PAGES.values():
        for picture in re.findall(r"\]\((images/[^)]+)\)", page):
            assert (DOCS / picture).is_file(), picture
