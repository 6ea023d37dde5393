"""The Python on the pages runs as a reader pastes it, block after block, and gives the numbers that stand beside it."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import montecarlo_ai as mc

ROOT = Path(__file__).parents[1]
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
FEW = 2_048
"""Paths of a quick test; the long tests take as many as the page says."""

HEAVY = {"corridor.md"}
"""Pages whose calls make many runs of their own, or compile for long: in the long tests alone."""


def blocks(page: Path) -> list[tuple[int, str]]:
    """Return the Python blocks of a page with the line before each."""
    text = page.read_text(encoding="utf-8")
    return [
        (text.count("\n", 0, found.start()) + 1, found[1])
        for found in re.finditer(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    ]


PAGES = [page for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))) if blocks(page)]
QUICK = [page for page in PAGES if page.name not in HEAVY]


def stated(comment: str, count: int) -> list[tuple[float, float]]:
    """Return the first numbers of a comment, each with the size of its last digit."""
    found = []
    for text in NUMBER.findall(comment)[:count]:
        digits, _, power = text.partition("e")
        places = len(digits.partition(".")[2])
        found.append((float(text), 10.0 ** (int(power or 0) - places)))
    return found


def numbers(value: object) -> list[float]:
    """Return the numbers of a value, none where it is something else."""
    try:
        return [float(number) for number in np.ravel(np.asarray(value, dtype=float))]
    except (TypeError, ValueError):
        return []


def run_block(code: str, line: int, page: str, names: dict[str, Any]) -> int:
    """Run a block; return how many of its values were compared with the numbers in the comments beside them."""
    compared = 0
    lines = code.splitlines()
    for node in ast.parse(code).body:
        ast.increment_lineno(node, line)
        if not isinstance(node, ast.Expr):
            exec(compile(ast.Module([node], []), page, "exec"), names)
            continue
        value = numbers(eval(compile(ast.Expression(node.value), page, "eval"), names))
        last = lines[(node.end_lineno or line) - line - 1]
        comment = last[node.end_col_offset :].partition("#")[2]
        if value and NUMBER.match(comment.strip(" ([")):
            for got, (wanted, digit) in zip(value, stated(comment, len(value)), strict=True):
                assert abs(got - wanted) <= digit, f"{page} line {node.end_lineno}: {got:.6g}, not {wanted:g}"
                compared += 1
    return compared


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return an empty folder to work in, with the example files that a page may name."""
    monkeypatch.setenv("MPLBACKEND", "agg")
    for example in (ROOT / "examples").glob("*.toml"):
        shutil.copy(example, tmp_path)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    from matplotlib import pyplot

    pyplot.close("all")


def run_page(page: Path) -> tuple[int, str]:
    """Run all blocks of a page in one namespace; return how many values were compared, and what was printed."""
    names: dict[str, Any] = {"__name__": "page"}
    printed, compared = io.StringIO(), 0
    with contextlib.redirect_stdout(printed), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for line, code in blocks(page):
            compared += run_block(code, line, page.name, names)
    return compared, printed.getvalue()


@pytest.mark.parametrize("page", QUICK, ids=lambda page: page.stem)
def test_a_page_runs_as_it_is_pasted(page: Path, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    simulate = mc.simulate

    def few(scenario: mc.Scenario, *, n_paths: int, **more: Any) -> Any:
        return simulate(scenario, n_paths=min(n_paths, FEW), **more)

    monkeypatch.setattr(mc, "simulate", few)
    compared, printed = run_page(page)
    for sentence in re.findall(r"^prints ([^\n]*)\.$", page.read_text(encoding="utf-8"), re.MULTILINE):
        for number in NUMBER.findall(sentence):
            assert number in printed, f"{page.name}: {number} is not printed"
    assert compared >= {"own-lab": 8, "distributions": 9}.get(page.stem, 0)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_runs_as_it_is_written(page: Path, desk: Path) -> None:
    run_page(page)
