"""The command: exit codes, nothing written on bad input or failure, and files that agree with each other."""

from __future__ import annotations

import copy
import csv
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from montecarlo_ai import artifacts, cli
from montecarlo_ai.artifacts import FANS
from montecarlo_ai.checks import LARGEST_THREADS, Checks
from montecarlo_ai.errors import InputError, NumericalError
from montecarlo_ai.files.document import document_to_toml
from montecarlo_ai.files.history import history
from montecarlo_ai.files.loading import load_scenario
from montecarlo_ai.files.sources import read_layers
from montecarlo_ai.risk import runs_out_of_chips
from montecarlo_ai.simulation import simulate

PRESET = "openai-2025-12"
SMALL = ("--paths", "400", "--seed", "7", "--set", "time.years=2")
CHARTS = {f"{name}.{ending}" for name in ("cash", "revenue", "compute_cost", "chips") for ending in ("svg", "png")}
TABLES = {"scenario.toml", "summary.csv", "summary.nc"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a small run with charts."""
    folder = tmp_path_factory.mktemp("runs") / "new" / "run"
    assert cli.main(["run", PRESET, *SMALL, "--out", str(folder)]) == 0
    return folder


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_all_files_are_written_and_nothing_else(made: Path) -> None:
    assert names(made) == CHARTS | TABLES
    assert names(made.parent) == {"run"}
    assert all(path.stat().st_size > 500 for path in made.iterdir())


def test_netcdf_gives_the_summary_back(made: Path) -> None:
    with xr.open_dataset(made / "summary.nc", engine="h5netcdf") as stored:
        assert stored.attrs["seed"] == 7
        assert stored.attrs["n_paths"] == 400
        assert stored["event_count"].dtype == np.int64
        chips = runs_out_of_chips(stored)
        assert float(chips["probability"].max()) <= 1.0
        with open(made / "summary.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        median = [float(row["value"]) for row in rows if (row["variable"], row["level"]) == ("cash", "0.5")]
        assert median[: stored.sizes["time"]] == stored["cash"].sel(quantile=0.5).values.tolist()
        counts = [row for row in rows if (row["variable"], row["statistic"]) == ("out_of_chips_any", "count")]
        assert [int(row["value"]) for row in counts] == chips["count"].sel(cause="any").values.tolist()


def test_the_written_scenario_is_the_one_that_ran(made: Path) -> None:
    scenario = load_scenario(made / "scenario.toml")
    assert scenario.time.years == 2
    with xr.open_dataset(made / "summary.nc", engine="h5netcdf") as stored:
        assert stored.attrs["scenario_hash"] == scenario.hash


def test_the_same_seed_gives_the_same_files(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    again = tmp_path / "again"
    assert cli.main(["run", PRESET, *SMALL, "--out", str(again), "--threads", "1"]) == 0
    for name in ("summary.csv", "scenario.toml", "chips.svg", "cash.png"):
        assert (again / name).read_bytes() == (made / name).read_bytes(), name
    printed = capsys.readouterr().out
    for part in (
        "assumption",
        "churn",
        "any chip",
        "end of 2027",
        "largest funding gap",
        "if training stopped growing",
    ):
        assert part in printed
    assert str(again / "summary.csv") in printed
    assert " nan" not in printed


def test_overwriting_keeps_what_is_not_ours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "chips.png").write_text("of an earlier run")
    arguments = ["run", PRESET, *SMALL, "--out", str(tmp_path), "--no-plots"]
    assert cli.main(arguments) == 2
    assert "not empty" in capsys.readouterr().err
    assert names(tmp_path) == {"notes.txt", "chips.png"}
    assert cli.main([*arguments, "--overwrite"]) == 0
    assert names(tmp_path) == {"notes.txt", *TABLES}
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_the_loss_of_the_interview_is_shown_where_the_scenario_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["run", PRESET, *SMALL, "--out", str(tmp_path / "run"), "--no-plots"]) == 0
    words = "beside the 120 bn USD until 2028-12-31 of the interview"
    assert words in capsys.readouterr().out
    document = copy.deepcopy(dict(read_layers(PRESET, Checks()).document))
    del document["base_period"]["interview_loss_fact"]
    file = tmp_path / "own.toml"
    file.write_text(document_to_toml(document), encoding="utf-8")
    assert cli.main(["run", str(file), *SMALL, "--out", str(tmp_path / "without"), "--no-plots"]) == 0
    assert words not in capsys.readouterr().out
    document["base_period"]["interview_loss_fact"] = "no_such_fact"
    file.write_text(document_to_toml(document), encoding="utf-8")
    assert cli.main(["run", str(file), *SMALL, "--out", str(tmp_path / "bad"), "--no-plots"]) == 2
    assert "interview_loss_fact" in capsys.readouterr().err


@pytest.mark.parametrize("name", FANS)
def test_fans_are_drawn_after_what_was_known(name: str, made: Path) -> None:
    past = history(load_scenario(PRESET))[name]
    drawn = " ".join((made / f"{name}.svg").read_text(encoding="utf-8").split())
    assert past.attrs["note"].split(".")[0] in drawn.replace("<!-- ", "").replace(" -->", "")


BAD = {
    "no such preset": (["openai-2025-13"], "did you mean"),
    "no such file": (["nowhere.toml"], "cannot be read"),
    "no paths": ([PRESET, "--paths", "0"], "--paths"),
    "half a path": ([PRESET, "--paths", "2.5"], "--paths"),
    "too many paths": ([PRESET, "--paths", "9" * 30], "--paths"),
    "negative seed": ([PRESET, "--seed", "-1"], "--seed"),
    "large seed": ([PRESET, "--seed", str(2**63)], "--seed"),
    "no threads": ([PRESET, "--threads", "0"], "--threads"),
    "no value": ([PRESET, "--set", "time.years"], "--set"),
    "twice": ([PRESET, "--set", "time.years=1", "--set", "time.years=2"], "twice"),
    "unknown name": ([PRESET, "--set", "inputs.chrun=0.4"], "churn"),
    "nan": ([PRESET, "--set", "inputs.churn=nan"], "churn"),
    "no horizon": ([PRESET, "--set", "time.years=-1"], "time.years"),
    "unknown option": ([PRESET, "--path", "3"], "unrecognized"),
    "empty folder name": ([PRESET, "--out", ""], "--out"),
    "impossible folder": ([PRESET, "--out", "a\0b"], "--out"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_exits_2_and_writes_nothing(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments, message = BAD[case]
    assert cli.main(["run", *arguments]) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""
    assert names(tmp_path) == set()


def test_all_problems_come_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "file"
    file.write_text("")
    arguments = ["run", PRESET, "--paths", "x", "--seed", "-1", "--set", "inputs.churn=-1", "--out", str(file / "run")]
    assert cli.main(arguments) == 2
    printed = capsys.readouterr().err
    for field in ("--paths", "--seed", "--out"):
        assert field in printed


@pytest.mark.parametrize(
    ("error", "code"),
    [(NumericalError("cash is not finite"), 1), (OSError("disk full"), 1), (KeyboardInterrupt(), 130)],
)
def test_a_failed_run_leaves_nothing(
    error: BaseException, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(folder: Path, *_: object, **__: object) -> None:
        (folder / "half.csv").write_text("half")
        raise error

    monkeypatch.setattr(artifacts, "write_run", fail)
    assert cli.main(["run", PRESET, *SMALL, "--out", str(tmp_path / "a" / "b"), "--no-plots"]) == code
    assert "montecarlo-ai: " in capsys.readouterr().err
    assert names(tmp_path) == set()


def test_the_seed_is_drawn_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["run", PRESET, "--paths", "300", "--set", "time.years=1", "--no-plots"]) == 0
    (run,) = (tmp_path / cli.RUNS).iterdir()
    with xr.open_dataset(run / "summary.nc", engine="h5netcdf") as stored:
        assert run.name == f"{PRESET}-seed{stored.attrs['seed']}"


def test_the_other_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["scenarios"]) == 0
    listed = capsys.readouterr().out
    assert PRESET in listed
    assert "2026-01-01" in listed
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("montecarlo-ai ")
    assert cli.main(["run", "--help"]) == 0
    assert cli.main([]) == 2
    assert cli.main(["walk"]) == 2


def test_the_process_ends_with_the_code_and_prints_no_traceback(tmp_path: Path) -> None:
    command = "import sys; from montecarlo_ai.cli import main; sys.exit(main())"
    ended = subprocess.run(
        [sys.executable, "-c", command, "run", PRESET, "--paths", "0", "--out", str(tmp_path / "run")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr


def test_read_only_folder_is_found_before_computing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts.os, "access", lambda *_: False)
    (problem,) = artifacts.output_problems(tmp_path / "run", overwrite=False)
    assert "read-only" in problem.rule


PROGRAM = (sys.executable, "-m", "montecarlo_ai.cli")


def test_a_run_whose_reader_leaves_still_writes_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with subprocess.Popen(
        [*PROGRAM, "run", PRESET, *SMALL, "--no-plots", "--out", str(folder)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.close()  # before anything is printed
        assert process.wait() == 0
    assert names(folder) == TABLES


def test_a_run_without_stdout_or_stderr_writes_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)  # what Python makes of a descriptor that was closed
    monkeypatch.setattr(sys, "stderr", None)
    assert cli.main(["run", PRESET, *SMALL, "--no-plots", "--out", str(tmp_path / "run")]) == 0
    assert names(tmp_path / "run") == TABLES
    assert cli.main(["validate", "nowhere.toml"]) == 2


@pytest.mark.parametrize("words", [("run", "nowhere"), ("validate", "nowhere.toml")])
def test_bad_input_has_its_exit_code_where_stderr_takes_no_text(words: tuple[str, ...]) -> None:
    with open(os.devnull, encoding="utf-8") as unwritable:
        ended = subprocess.run([*PROGRAM, *words], stdout=subprocess.PIPE, stderr=unwritable, check=False)
    assert ended.returncode == 2
    assert ended.stdout == b""


@pytest.mark.parametrize("kind", ["here", "link", "empty", "link to nothing", "named twice"])
def test_a_folder_is_written_whatever_leads_to_it(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "target"
    if kind != "link to nothing":
        target.mkdir()
    (tmp_path / "link").symlink_to(target)
    monkeypatch.chdir(target if kind == "here" else tmp_path)
    out = {"here": ".", "empty": "target", "named twice": "target/../target"}.get(kind, "link")
    there = target.stat().st_ino if target.exists() else None
    assert cli.main(["run", PRESET, *SMALL, "--no-plots", "--out", out]) == 0
    assert names(target) == TABLES
    assert there in (None, target.stat().st_ino)  # the folder itself, which a shell may stand in or a disk may be at
    assert (tmp_path / "link").is_symlink()
    assert names(tmp_path) == {"target", "link"}


def test_a_link_to_itself_is_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert cli.main(["run", PRESET, *SMALL, "--out", str(tmp_path / "loop")]) == 2
    assert "link that leads to itself" in capsys.readouterr().err
    assert artifacts.file_problems(tmp_path / "loop", "--csv", "path.csv")


@pytest.mark.parametrize("there", [False, True])
def test_a_run_that_comes_second_overwrites_nothing(
    there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, write_run = tmp_path / "run", artifacts.write_run
    if there:
        folder.mkdir()

    def late(*arguments: object, **options: object) -> None:
        write_run(*arguments, **options)  # type: ignore[arg-type]
        folder.mkdir(exist_ok=True)
        (folder / "summary.csv").write_text("of another run")

    monkeypatch.setattr(artifacts, "write_run", late)
    arguments = ["run", PRESET, *SMALL, "--no-plots", "--out", str(folder)]
    assert cli.main(arguments) == 1
    assert "has been written to since" in capsys.readouterr().err
    assert names(folder) == {"summary.csv"}
    assert (folder / "summary.csv").read_text() == "of another run"
    assert cli.main([*arguments, "--overwrite"]) == 0
    assert names(folder) == TABLES
    assert names(tmp_path) == {"run"}


def test_a_refusal_of_the_archive_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = tmp_path / "archive"
    arguments = ["run", PRESET, *SMALL, "--no-plots", "--archive", str(archive), "--out"]
    assert cli.main([*arguments, str(tmp_path / "first")]) == 0
    (filed,) = archive.glob("*/*.nc")
    filed.write_bytes(b"no longer a summary")
    assert cli.main([*arguments, str(tmp_path / "second")]) == 2
    assert "cannot be read" in capsys.readouterr().err
    assert names(tmp_path) == {"first", "archive"}


def test_the_command_and_the_library_allow_the_same_threads(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError) as refused:
        simulate(load_scenario(PRESET), n_paths=1, threads=LARGEST_THREADS + 1)
    assert cli.main(["run", PRESET, "--threads", str(LARGEST_THREADS + 1)]) == 2
    said = capsys.readouterr().err
    assert [problem.rule in said for problem in refused.value.problems] == [True]


def test_scenario_toml_is_plain_toml(made: Path) -> None:
    document = tomllib.loads((made / "scenario.toml").read_text(encoding="utf-8"))
    assert document["name"] == PRESET
    assert document["time"]["years"] == 2
