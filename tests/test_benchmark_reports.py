"""What is told of a run of the benchmark: tables, engines that are missing, comparisons, the page, the commands."""

import functools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import __main__ as command
from benchmarks import chart, compare, machine, page, suite, tables
from benchmarks.engines import BASELINE, ENGINES, Engine, compiled, numpy_blocks


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    """Return a small result as it stands in a file."""
    engines = [engine for engine in ENGINES if engine.name in (BASELINE, "plain Python")]
    taken = suite.measure("walk", n_paths=2**14, repeats=2, engines=engines, costs=False).timed
    return json.loads(
        json.dumps(
            {
                "date": "2026-11-22",
                "minutes": 1.0,
                "machine": {"processor": "P", "cores": 2},
                "measurements": [{"measurement": "walk", **one.to_dict()} for one in taken],
                "refused": [{"job": "walk", "engine": "another", "reason": "it is wrong"}],
                "missing": [{"job": job, "engine": "JAX", "reason": "not installed"} for job in ("walk", "lab")],
            }
        )
    )


def test_engines_that_cannot_are_named_with_the_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a compiler and without any package that the library does without."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("benchmarks.engines.base.find_spec", lambda package: None)
    others = ("C++ by hand", BASELINE, "numba path by path", "JAX", "PyTorch", "QuantLib path generator")
    engines = [engine for engine in ENGINES if engine.name.startswith(others)]
    missing = {
        name: suite.measure(name, n_paths=2**12, repeats=1, engines=engines, costs=False).missing
        for name in ("walk", "lab")
    }
    packages = dict.fromkeys(others[-3:], "not installed (make bench-engines)")
    assert missing["walk"] == {"C++ by hand": "no compiler that works: no g++, no clang++", **packages}
    assert missing["lab"] == {**dict.fromkeys(others[:-1], "not written for lab"), others[-1]: "only the walk"}
    assert tables.missing_line(packages) == (
        "Missing: JAX, PyTorch, QuantLib path generator: not installed (make bench-engines)."
    )
    assert tables.missing_line({}) == ""


@pytest.mark.parametrize(
    ("script", "told", "named"),
    [
        ("exit 1", "g++ --version exits with 1: says nothing, no clang++", False),
        ("echo 'g++: error: no cc1plus' >&2; exit 4", "g++ --version exits with 4: g++: error: no cc1plus", False),
        (
            '[ "$1" = --version ] && echo g++ 99 && exit 0; echo "walk.cpp:1: fatal error: no cmath" >&2; exit 1',
            "g++ walk.cpp exits with 1: walk.cpp:1: fatal error: no cmath",
            True,
        ),
    ],
    ids=["silent", "speaks", "cannot build"],
)
def test_a_broken_compiler_is_told_and_the_others_are_measured(
    script: str, told: str, named: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "g++").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (tmp_path / "g++").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    engines = [Engine("C++ by hand", compiled.prepare), Engine(BASELINE, numpy_blocks.prepare)]
    taken = suite.measure("walk", n_paths=2**12, repeats=1, engines=engines, costs=False)
    assert [one.engine for one in taken.timed] == [BASELINE]
    assert taken.refused == {}
    assert told in taken.missing["C++ by hand"]
    assert machine.describe()["compiler"] == (f"g++ 99 {' '.join(compiled.FLAGS)}" if named else "none")


def test_a_compiler_that_works_is_taken_before_one_that_does_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, script in (("g++", "exit 1"), ("clang++", "echo clang 99; echo more")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert compiled.compiler() == (str(tmp_path / "clang++"), "clang 99")


def test_comparison_has_the_ratios_of_what_both_have(result: dict[str, Any]) -> None:
    other = json.loads(json.dumps(result))
    other["machine"]["cores"] = 64
    first, last = other["measurements"]
    first["minimum"] *= 2.0
    first["median"] *= 3.0
    last["engine"] = "something else"
    text = compare.comparison(result, other)
    line = next(line for line in text.splitlines() if first["engine"] in line and first["unit"] in line)
    assert line.split()[-3:-1] == ["2.00", "3.00"]
    assert "cores: A 2, B 64" in text
    assert "only in B: walk, something else" in text


def test_comparison_says_what_one_has_alone_and_why(result: dict[str, Any]) -> None:
    """A whole job by its name, an engine by the two, with the reason that the other result gives."""
    first = result["measurements"][0]
    more = [{**first, "job": "lab"}, {**first, "engine": "JAX, float32"}, {**first, "unit": "s"}]
    richer = {**result, "measurements": [*result["measurements"], *more, {**more[0], "engine": "other"}]}
    alone = [line for line in compare.comparison(richer, result).splitlines() if line.startswith("only in")]
    assert alone == [
        "only in A: lab",
        "only in A: walk, JAX, float32 (missing: not installed)",
        f"only in A: walk, {first['engine']}, s",
    ]
    older = {key: value for key, value in result.items() if key != "missing"}
    assert "only in A: walk, JAX, float32\n" in compare.comparison(richer, older)


def test_comparison_says_which_machine_had_other_work(result: dict[str, Any]) -> None:
    busy, quiet = json.loads(json.dumps(result)), json.loads(json.dumps(result))
    for one in busy["measurements"]:
        one["details"]["wall ns"] = 2.0 * one["minimum"]
    for one in quiet["measurements"]:
        one["details"]["wall ns"] = one["minimum"]
    text = compare.comparison(quiet, busy)
    assert "B: The machine had other work: engines on one thread took 2.00 times" in text
    assert "A: The machine" not in text


def test_page_and_picture_are_made_from_a_result(result: dict[str, Any], tmp_path: Path) -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    made = page.rewrite(text, result)
    assert page.rewrite(made, result) == made
    least = min(one["minimum"] for one in result["measurements"])
    assert f"| {least:.3g} |" in page.block(result)
    assert "Not timed: another (walk): it is wrong." in made
    assert made.count("\n\nMissing: JAX: not installed.\n\n") == 1  # below the table of the walk
    assert made.split("<!-- figures: end -->")[1] == text.split("<!-- figures: end -->")[1]
    busy = json.loads(json.dumps(result))
    for one in busy["measurements"]:
        one["details"]["wall ns"] = 1.5 * one["minimum"]
    assert "took 1.50 times their own time" in page.block(busy)
    with pytest.raises(ValueError, match="0 blocks"):
        page.rewrite("nothing", result)
    assert chart.draw(result, tmp_path / "bars.svg")
    assert not chart.draw({**result, "measurements": []}, tmp_path / "none.svg")
    assert [file.name for file in tmp_path.iterdir()] == ["bars.svg"]


def test_the_command_prints_a_table_a_job_and_keeps_all_as_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    engines = [Engine(BASELINE, numpy_blocks.prepare), Engine("C++ by hand", compiled.prepare)]
    quick = functools.partial(suite.measure, n_paths=2**12, engines=engines, costs=False)
    monkeypatch.setattr(suite, "measure", quick)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(
        sys, "argv", ["benchmarks", "walk", "thirty-states", "walk", "--repeats", "2", "--out", str(tmp_path)]
    )
    command.main()
    printed = capsys.readouterr().out
    reason = "no compiler that works: no g++, no clang++"
    assert printed.count(f"\nMissing: C++ by hand: {reason}.\n") == 2
    (file,) = tmp_path.glob("*.json")
    kept = json.loads(file.read_text(encoding="utf-8"))
    assert kept["missing"] == [
        {"job": job, "engine": "C++ by hand", "reason": reason} for job in ("walk", "thirty-states")
    ]
    assert [len(one["values"]) for one in kept["measurements"]] == [2, 2]
    assert all(line.endswith("compile s") for line in printed.splitlines() if line.startswith("engine "))


def test_results_of_before_missing_engines_were_kept_compare(result: dict[str, Any], tmp_path: Path) -> None:
    older = {key: value for key, value in result.items() if key not in ("missing", "refused", "minutes")}
    for name, kept in (("older", older), ("newer", result)):
        (tmp_path / f"{name}.json").write_text(json.dumps(kept), encoding="utf-8")
    done = _run("benchmarks.compare", tmp_path / "older.json", tmp_path / "newer.json")
    assert done.returncode == 0
    assert len([line for line in done.stdout.splitlines() if line.split()[-3:-1] == ["1.00", "1.00"]]) == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "cannot be read (No such file or directory)"),
        ("{", "is not JSON (Expecting property name"),
        (b"\xff\xfe\xfd", "is not JSON ("),
        ("[]", "is no result of the benchmarks (all of it: "),
        ('{"date": "2026-11-23", "machine": {}}', "is no result of the benchmarks (measurements: Field required)"),
        (
            '{"date": "2026-11-23", "machine": {}, "measurements": [{"job": "walk", "engine": "e", "unit": "s", '
            '"minimum": "1", "median": 1, "details": {}}]}',
            "is no result of the benchmarks (measurements.0.minimum: Input should be a valid number)",
        ),
    ],
    ids=["absent", "malformed", "binary", "list", "another schema", "text for a number"],
)
def test_files_that_hold_no_result_are_told(
    text: str | bytes | None, told: str, result: dict[str, Any], tmp_path: Path
) -> None:
    sound, other = tmp_path / "sound.json", tmp_path / "other.json"
    sound.write_text(json.dumps(result), encoding="utf-8")
    if text is not None:
        other.write_bytes(text if isinstance(text, bytes) else text.encode())
    done = _run("benchmarks.compare", sound, other)
    assert done.returncode == 2
    assert f"error: {other}: {told}" in done.stderr
    assert "python -m benchmarks makes results in" in done.stderr
    assert "Traceback" not in done.stderr


def test_one_result_is_not_compared(tmp_path: Path) -> None:
    done = _run("benchmarks.compare", tmp_path)
    assert done.returncode == 2
    assert "two results are compared, not 1" in done.stderr


@pytest.mark.parametrize("under", ["taken", "taken/under"])
def test_out_that_is_a_file_is_told_before_anything_is_measured(under: str, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine", encoding="utf-8")
    done = _run("benchmarks", "walk", "--out", tmp_path / under)
    assert done.returncode == 2
    assert f"error: --out {tmp_path / under}: must be a folder that files can be written to (" in done.stderr
    assert done.stdout == ""
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "mine"


def _run(module: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Return what ``python -m`` gives, run in the root of the project."""
    return subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)], capture_output=True, text=True, cwd=page.PAGE.parents[1]
    )
