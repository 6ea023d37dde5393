"""The words of the command line that look into a scenario: what they print, draw and refuse."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from montecarlo_ai import cli
from montecarlo_ai.analysis.archive import read_archive

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


def test_a_reader_that_has_had_enough_is_no_failure() -> None:
    command = f"{sys.executable} -m montecarlo_ai.cli register {PRESET} | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("assumption")
    assert done.stderr == ""
