"""The commands that look at files and at the machine, and every fault of a scenario file by way of the command."""

from __future__ import annotations

import builtins
import importlib
import os
import re
import time
from pathlib import Path

import pytest

from montecarlo_ai import cli, doctor
from montecarlo_ai.doctor import diagnose, diagnosis_text
from montecarlo_ai.errors import ScenarioError
from montecarlo_ai.files.document import preset_content
from montecarlo_ai.files.lines import lines_of
from montecarlo_ai.files.loading import load_scenario
from tests.test_scenario_code import folder_with

PRESET = "openai-2025-12"
TEXT = preset_content(PRESET).decode()


def with_interval(text: str) -> bytes:
    """Return the preset with another interval in place of its first one."""
    return re.sub(r"interval = \[[^\]]*\]", f"interval = {text}", TEXT, count=1).encode()


def test_a_sound_file_says_what_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["validate", PRESET, "--with", "price-war"]) == 0
    printed = capsys.readouterr()
    assert f"{PRESET} + price-war" in printed.out
    assert "60 steps" in printed.out
    assert "contracts    7" in printed.out
    assert printed.err == ""


def test_warnings_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(f'schema_version = 1\nbase = "{PRESET}"\n[inputs.churn]\nvalue = 0.5\n')
    assert cli.main(["validate", str(path)]) == 0
    assert "warning: assumptions without provenance: inputs.churn (source, date, rationale)" in capsys.readouterr().err


def test_every_problem_has_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = TEXT.replace("\nyears = 5\n", "\nyeras = 5\n").replace("base_bill = 2.5e9", 'base_bill = "2.5e9"', 1)
    text = text.replace("[inputs.churn]\n", "[inputs.churn]\nnote = '''\n[time]\nyeras = 1\n'''\n", 1)
    path = tmp_path / "mine.toml"
    path.write_text(text)
    assert cli.main(["validate", str(path)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    for start, words in (
        ("yeras = 5", "time.yeras = 5: is no key here; did you mean 'years'?"),
        ("[time]\nstart = 2", "time.years = nothing: must be given"),
        ('base_bill = "2.5e9"', "contracts[1].base_bill = '2.5e9': must be a number"),
        ("note = '''", "inputs.churn.note"),
    ):
        number = text[: text.index(start)].count("\n") + 1
        assert f"line {number}: {words}" in printed.err, words
    assert f"{path}: 4 problems" in printed.err


def test_a_mistake_in_a_contract_of_the_base_is_placed_in_the_file_that_made_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.toml"
    head = f'schema_version = 1\nbase = "{PRESET}"\n[[contracts]]\ncounterparty = '
    for whose in ("Oracle", "Microsoft", "Hillside Cloud"):  # another place in the base's list, the same, and none
        path.write_text(f'{head}"{whose}"\nbase_bill = 0.0\nadded_bill = [0.0]\nwating = 1.0\n')
        assert cli.main(["validate", str(path)]) == 2
        printed = capsys.readouterr().err
        assert re.search(r"^line 7: contracts\[\d\]\.wating = 1\.0: is no key", printed, re.MULTILINE), whose


def test_lines_are_those_of_the_text_or_none() -> None:
    text = '''a = 1
[t]
"b c" = [
  1, # ]
  "]", 2
]
c.d = """
[x]
e = 1 \\"""" # f = 2
[[l]]
g = { h = 1 }
[[l]]
g = 2
[l.m]
n = 3
'''
    document = {
        "a": 1,
        "t": {"b c": [1, "]", 2], "c": {"d": ""}},
        "l": [{"g": {"h": 1}}, {"g": 2, "m": {"n": 3}}],
    }
    assert lines_of(text, document) == {
        ("a",): 1,
        ("t",): 2,
        ("t", "b c"): 3,
        ("t", "c", "d"): 7,
        ("l", 0): 10,
        ("l", 0, "g"): 11,
        ("l", 1): 12,
        ("l", 1, "g"): 13,
        ("l", 1, "m"): 14,
        ("l", 1, "m", "n"): 15,
    }


def test_an_override_has_no_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(TEXT)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path, overrides={"inputs.churn": -1.0, "time.years": -1})
    assert [problem.place for problem in caught.value.problems if problem.field == "time.years"] == [""]


FAULTS: dict[str, tuple[bytes, str]] = {
    "unknown key": (TEXT.replace("title =", "tilte =").encode(), "did you mean 'title'?"),
    "missing field": (TEXT.replace('model = "lab"', "").encode(), "model = nothing: must be given"),
    "duplicate key": (TEXT.replace("years = 5", "years = 5\nyears = 6").encode(), "Cannot overwrite a value (at line"),
    "not UTF-8": (TEXT.encode() + b"\n# \xff", "is not UTF-8 (line"),
    "byte order mark": (b"\xef\xbb\xbf" + TEXT.encode(), "byte order mark"),
    "control character": (TEXT.replace('model = "lab"', 'model = "l\x01ab"').encode(), "is not TOML"),
    "thousands of levels": (b"x = " + b"[" * 5_000, "nests deeper than 16 levels"),
    "half a million keys with dots": (b".".join([b"a"] * 500_000) + b" = 1", "nests deeper than 16 levels"),
    "a key of a million letters": (b"a" * 1_000_000, "is not TOML"),
    "more than a MiB": (TEXT.encode() + b"#" * 2**20, "larger than 1 MiB"),
    "nan": (with_interval("[0.3, nan]"), "must be a finite number"),
    "inf": (with_interval("[0.3, inf]"), "must be a finite number"),
    "1e400": (with_interval("[0.3, 1e400]"), "must be a finite number"),
    "boolean": (with_interval("[0.3, true]"), "must be a number"),
    "half a step": (TEXT.replace("steps_per_year = 12", "steps_per_year = 2.5").encode(), "must be a whole number"),
    "5,000 digits": (TEXT.replace("years = 5", f"years = {'9' * 5000}").encode(), "4300 digits"),
    "300 digits": (TEXT.replace("years = 5", f"years = {'9' * 310}").encode(), "must be a finite number"),
    "leaves its folder": (b'schema_version = 1\nbase = "../x.toml"', "must not leave the folder"),
    "newer version": (TEXT.replace("schema_version = 1", "schema_version = 2").encode(), "upgrade"),
    "code": (TEXT.replace('model = "lab"', 'model = "os:path"').encode(), "--allow-code"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_end_in_an_error_before_anything_is_written(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    content, words = FAULTS[fault]
    assert content != TEXT.encode()
    Path("mine.toml").write_bytes(content)
    began = time.perf_counter()
    with pytest.raises(ScenarioError) as caught:
        load_scenario("mine.toml")
    assert time.perf_counter() - began < 5.0
    assert words in str(caught.value)
    for command in (["run"], ["validate"]):
        assert cli.main([*command, "mine.toml"]) == 2
        printed = capsys.readouterr()
        assert words in printed.err
        assert printed.out == ""
        assert "Traceback" not in printed.err
    assert os.listdir() == ["mine.toml"]


def test_code_runs_where_the_command_allows_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, _ = folder_with(tmp_path)
    assert cli.main(["validate", str(path), "--allow-code"]) == 0
    assert "forcing" in capsys.readouterr().out
    assert cli.main(["validate", str(path)]) == 2


def test_a_run_under_overlays_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "run"
    arguments = ["--paths", "300", "--seed", "7", "--set", "time.years=1", "--no-plots", "--out", str(folder)]
    assert cli.main(["run", PRESET, "--with", "price-war", "--with", "contracts-renegotiated", *arguments]) == 0
    assert f"{PRESET} + price-war + contracts-renegotiated" in capsys.readouterr().out
    scenario = load_scenario(PRESET, overlays=["price-war", "contracts-renegotiated"], overrides={"time.years": 1})
    assert load_scenario(folder / "scenario.toml") == scenario
    assert cli.main(["run", PRESET, "--with", "price-wra", *arguments, "--overwrite"]) == 2
    assert "did you mean 'price-war'" in capsys.readouterr().err


# The doctor


def test_the_doctor_finds_nothing_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MONTECARLO_AI_CACHE_DIR", str(tmp_path))
    assert cli.main(["doctor"]) == 0
    printed = capsys.readouterr().out
    for part in ("numba", "processors usable", "vector width", "memory available", str(tmp_path), "Nothing is wrong."):
        assert part in printed
    assert os.listdir(tmp_path) == []


def test_what_is_wrong_is_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setenv("MONTECARLO_AI_CACHE_DIR", str(file / "cache"))
    monkeypatch.setattr(doctor, "available_memory", lambda: 2**20)
    real = importlib.import_module

    def broken(name: str) -> object:
        if name == "xarray":
            raise builtins.ImportError("no such symbol")
        return real(name)

    monkeypatch.setattr(doctor.importlib, "import_module", broken)
    found = diagnose()
    assert {finding.name for finding in found.problems} == {"compiled code", "memory available", "xarray"}
    text = diagnosis_text(found)
    assert "!!  xarray" in text
    assert "no such symbol" in text
    assert cli.main(["doctor"]) == 1
    capsys.readouterr()
