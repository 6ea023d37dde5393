"""The pictures of docs/model.md: one a law, as the command draws them now, and the parts of each law's section."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from tools.law_pictures import FOLDER, PAGE, PICTURES, draw
from tools.law_pictures.canvas import CURVE

TEXT = PAGE.read_text(encoding="utf-8")
SECTIONS = {
    int(number): body
    for number, body in re.findall(r"^## (\d+) [^\n]*\n(.*?)(?=^## )", TEXT, flags=re.MULTILINE | re.DOTALL)
}
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {path.name: path for path in draw(tmp_path_factory.mktemp("pictures"))}


def curves(path: Path) -> dict[str, np.ndarray]:
    """Return the points of everything in a picture that shows a number, by id."""
    found = {}
    for group in ElementTree.parse(path).iter(f"{SVG}g"):
        name = group.get("id", "")
        if name.startswith(CURVE):
            text = " ".join(shape.get("d", "") for shape in group.iter(f"{SVG}path"))
            found[name] = np.array(re.findall(r"-?\d+\.?\d*", text), dtype=float)
    return found


def words(path: Path) -> set[str]:
    """Return the texts of a picture."""
    return {"".join(text.itertext()).strip() for text in ElementTree.parse(path).iter(f"{SVG}text")}


def test_the_page_shows_exactly_what_the_command_draws(drawn: dict[str, Path]) -> None:
    shown = re.findall(r"\]\(images/([^)]+)\)", TEXT)
    assert shown == [f"{name}.svg" for name in PICTURES]
    assert set(drawn) == set(shown) == {path.name for path in FOLDER.glob("law-*")}
    assert "python -m tools.law_pictures" in TEXT


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_what_the_laws_give_today(name: str, drawn: dict[str, Path]) -> None:
    """Curves within a fiftieth of a point: what another version of matplotlib lays out differently is not looked at."""
    file = f"{name}.svg"
    kept, fresh = curves(FOLDER / file), curves(drawn[file])
    assert len(kept) >= 2
    assert kept.keys() == fresh.keys()
    for curve, points in kept.items():
        assert points.shape == fresh[curve].shape, f"{file}, {curve}: run python -m tools.law_pictures"
        np.testing.assert_allclose(fresh[curve], points, atol=0.02, err_msg=f"{file}: run python -m tools.law_pictures")
    assert words(FOLDER / file) == words(drawn[file])


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_small_and_has_two_named_panels(name: str) -> None:
    path = FOLDER / f"{name}.svg"
    assert path.stat().st_size < 60_000
    panels = [group for group in ElementTree.parse(path).iter(f"{SVG}g") if group.get("id", "").startswith("axes_")]
    assert len(panels) == 2
    assert len(words(path)) > 12  # titles, units, what runs along, ticks and names


def test_every_law_has_its_section() -> None:
    assert list(SECTIONS) == list(range(1, 14))
    assert [int(name.split("-")[1]) for name in PICTURES] == list(SECTIONS)


@pytest.mark.parametrize("number", range(1, 14))
def test_a_section_has_equation_source_units_limits_and_picture(number: int) -> None:
    body = SECTIONS[number]
    assert re.search(r"^    \S.* [=:] .*|^    .*->", body, flags=re.MULTILINE), "an equation, indented by four"
    assert f"](images/law-{number:02d}-" in body
    assert re.search(r"!\[[^\]]{40,}\]", body), "words for those who do not see the picture"
    paragraphs = body.split("\n\n")
    for start in ("Source: ", "Units: ", "Limits: ", "Limiting cases: "):
        assert sum(paragraph.startswith(start) for paragraph in paragraphs) == 1, start


def names_of_tests() -> Iterator[str]:
    """Yield the names of all tests."""
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node.name


def test_limiting_cases_name_tests_that_there_are() -> None:
    known = set(names_of_tests())
    for number, body in SECTIONS.items():
        cases = next(paragraph for paragraph in body.split("\n\n") if paragraph.startswith("Limiting cases: "))
        named = re.findall(r"`(test_\w+)`", cases)
        assert named, f"law {number}"
        assert [name for name in named if name not in known] == [], f"law {number}"
