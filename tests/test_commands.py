"""The words of the command line that look into a scenario: what they print, draw and refuse."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from montecarlo_ai import artifacts, cli
from montecarlo_ai.analysis.archive import read_archive
from montecarlo_ai.artifacts import chart_problems, new_axes, save_chart, whole_file
from montecarlo_ai.dependence.correlation import Correlation
from montecarlo_ai.errors import InputError
from montecarlo_ai.files.loading import load_scenario
from montecarlo_ai.simulation import simulate

PRESET = "openai-2025-12"
FEW = ("--paths", "2000", "--seed", "7")


@pytest.mark.parametrize(
    ("word", "more", "words"),
    [
        ("backtest", (), ("outcome", "naive CRPS", "inside", "were public when")),
        ("exposure", (), ("Oracle", "wrong-way ratio", "all")),
        ("corridor", (), ("compute shortage", "Least chance")),
    ],
)
def test_an_analysis_is_printed_and_drawn(
    word: str, more: tuple[str, ...], words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chart = tmp_path / f"{word}.svg"
    assert cli.main([word, PRESET, *FEW, *more, "--plot", str(chart)]) == 0
    printed = capsys.readouterr().out
    assert all(text in printed for text in words)
    assert chart.read_text(encoding="utf-8").startswith("<?xml")


def test_others_figures_are_beside_the_models(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["outlooks", PRESET, *FEW]) == 0
    printed = capsys.readouterr().out
    assert "HSBC, November 2025" in printed
    assert "OpenAI's plan, September 2026" in printed
    assert "Anthropic" not in printed


def test_a_forecast_is_filed_once_and_scored_later(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = tmp_path / "forecasts"
    for out in ("a", "b"):
        arguments = ["run", PRESET, *FEW, "--no-plots", "--archive", str(archive), "--out", str(tmp_path / out)]
        assert cli.main(arguments) == 0
    (summary,) = read_archive(archive)
    assert summary.attrs["scenario"] == PRESET
    capsys.readouterr()
    assert cli.main(["backtest", str(archive)]) == 0
    assert "valuation" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("backtest", PRESET, "--history", "OpenAl"), "OpenAI"),
        (("exposure", PRESET, "--event", "cahs"), "cash"),
        (("corridor", PRESET, "--vary", "contract_sise"), "contract_size"),
        (("corridor", PRESET, "--paths", "0"), "--paths"),
        (("outlooks", "nowhere.toml"), "nowhere.toml"),
        (("exposure", PRESET, "--plot", "no/such/folder/x.png"), "folder"),
        (("exposure", PRESET, *FEW, "--plot", "x.docx"), "png"),
        (("exposure", PRESET, *FEW, "--plot", "a\0b.png"), "is no path"),
        (("explain", PRESET, "--csv", ""), "--csv"),
        (("run", PRESET, "--archive", ""), "--archive"),
        (("explain", PRESET, "--path", "half"), "--path"),
        (("run", PRESET, "--archive", __file__), "is a file"),
    ],
)
def test_bad_input_names_what_is_wrong(
    arguments: tuple[str, ...], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: object
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(list(arguments)) == 2
    assert isinstance(capfd, pytest.CaptureFixture)
    assert words in capfd.readouterr().err
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("ending", ["jpg", "gif", "tif", "webp", "avif", "raw", "rgba", "pgf", "svgz", "ps", "eps", ""])
def test_a_chart_is_written_as_png_svg_or_pdf_only(ending: str) -> None:
    (problem,) = chart_problems(Path(f"chart.{ending}"), "--plot")
    assert problem.rule == "must end in .png, .svg or .pdf"


@pytest.mark.parametrize("ending", ["png", "svg", "pdf", "SVG"])
def test_the_same_chart_gives_the_same_bytes(ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    for day in (10**9, 2 * 10**9):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(day))  # what matplotlib takes as the time of a file that names one
        axes = new_axes()
        axes.plot([0.0, 1.0], [0.0, 1.0])
        save_chart(axes, tmp_path / f"chart.{ending}")
        written.append((tmp_path / f"chart.{ending}").read_bytes())
    assert written[0] == written[1]
    assert [path.name for path in tmp_path.iterdir()] == [f"chart.{ending}"]


@pytest.mark.parametrize(
    "arguments", [("explain", PRESET, "--csv"), ("exposure", PRESET, "--plot"), ("backtest", PRESET, "--fan")]
)
def test_a_read_only_place_is_found_before_computing(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(artifacts.os, "access", lambda *_: False)
    file = f"{'revenue=' if arguments[-1] == '--fan' else ''}{tmp_path / 'chart.png'}"
    assert cli.main([*arguments, file]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "is read-only" in printed.err


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    file, link = tmp_path / "old.csv", tmp_path / "link.csv"
    file.write_text("old")
    link.symlink_to(file)

    def fail() -> None:
        with whole_file(link) as beside:
            beside.write_text("half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail()
    assert file.read_text() == "old"
    with whole_file(link) as beside:
        beside.write_text("new")
    assert (file.read_text(), link.is_symlink()) == ("new", True)
    assert len(list(tmp_path.iterdir())) == 2
    with whole_file(Path(os.devnull)) as itself:
        assert itself == Path(os.devnull)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: load_scenario("zzz"),
        lambda: simulate(load_scenario(PRESET), n_paths=1, dtype="zzz"),
        lambda: Correlation({("a", "b"): ("zzz", 0.1)}, measure="zzz"),
    ],
)
def test_an_error_lists_what_is_known_once(wrong: Callable[[], object]) -> None:
    with pytest.raises(InputError) as refused:
        wrong()
    for problem in refused.value.problems:
        for name in (PRESET, "float32", "kendall"):
            assert f"{problem.rule}; {problem.remedy}".count(name) <= 1


def test_one_of_a_thing_is_said_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = ("--paths", "1", "--set", "time.years=1")
    assert cli.main(["run", PRESET, *one, "--no-plots", "--out", str(tmp_path / "run")]) == 0
    assert cli.main(["outlooks", PRESET, *one]) == 0
    printed = capsys.readouterr().out
    assert "(1 path;" in printed
    assert ", 1 path\n" in printed
    assert not re.search(r"\b1 (path|step|state|forecast)s", printed)


def test_a_reader_that_has_had_enough_is_no_failure() -> None:
    command = f"{sys.executable} -m montecarlo_ai.cli register {PRESET} | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("assumption")
    assert done.stderr == ""
