"""The files of a run: made apart, and moved to the wanted folder once all are there; a failure leaves nothing."""

from __future__ import annotations

import csv
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from montecarlo_ai.errors import Problem

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

    from montecarlo_ai.scenario import Scenario

__all__ = [
    "FANS",
    "Workshop",
    "chart_problems",
    "file_problems",
    "new_axes",
    "output_problems",
    "publish",
    "save_chart",
    "whole_file",
    "write_run",
]

FANS = ("cash", "revenue", "compute_cost")
"""Variables of which a run draws fan charts, where the model has them."""

FORMATS = ("svg", "png")
"""In which a run draws each of its charts."""

CHART_ENDINGS = (".png", ".svg", ".pdf")
"""What a chart can be written as: with these the same chart gives the same bytes."""

CHART_SIZE = (10.0, 5.8)
DOTS_PER_INCH = 160
_PREFIX = ".montecarlo-ai-"
_STATISTICS = ("probability", "lower", "upper", "first", "first_lower", "first_upper", "count", "first_count")


def output_problems(folder: Path, option: str = "--out", *, overwrite: bool) -> list[Problem]:
    """Return why a run could not write into a folder; an empty list if it can."""
    if "\0" in str(folder):
        return [Problem(option, str(folder), "is no path")]
    real = _real(folder)
    try:
        if real.is_symlink():
            return [Problem(option, str(folder), "is a link that leads to itself", "name another folder")]
        if real.exists() and not real.is_dir():
            return [Problem(option, str(folder), "is a file", "name another folder")]
        if real.is_dir() and _holds_files(real) and not overwrite:
            return [Problem(option, str(folder), "exists and is not empty", "name another folder or add --overwrite")]
        there = next(place for place in (real, *real.parents) if place.exists())
    except OSError as error:
        return [Problem(option, str(folder), f"cannot be used: {error.strerror}")]
    if not there.is_dir():
        return [Problem(option, str(folder), f"cannot be made: {there} is a file")]
    if not os.access(there, os.W_OK | os.X_OK):
        return [Problem(option, str(folder), f"cannot be written: {there} is read-only", "name another folder")]
    return []


def file_problems(file: Path, option: str, example: str) -> list[Problem]:
    """Return why a file could not be written; an empty list if it can."""
    if "\0" in str(file):
        return [Problem(option, str(file), "is no path")]
    try:
        there = _real(file).parent if _is_replaced(file) else file
        if file.is_dir():
            return [Problem(option, str(file), "is a folder", f"name a file such as {example}")]
        if _real(file).is_symlink():
            return [Problem(option, str(file), "is a link that leads to itself", "name another file")]
        if not there.exists():
            rule = "cannot be written: its folder does not exist"
            return [Problem(option, str(file), rule, "make the folder first")]
    except OSError as error:
        return [Problem(option, str(file), f"cannot be used: {error.strerror}")]
    if there != file and not there.is_dir():
        return [Problem(option, str(file), f"cannot be written: {there} is a file")]
    if not os.access(there, os.W_OK | os.X_OK if there.is_dir() else os.W_OK):
        return [Problem(option, str(file), f"cannot be written: {there} is read-only", "name another place")]
    return []


@contextmanager
def whole_file(file: Path) -> Iterator[Path]:
    """Give a new path beside a file to write to, which then takes its place whole, or not at all after an error.

    A link stays one: what it leads to is replaced. What is no plain file, such as a pipe, is written itself.

    Parameters
    ----------
    file : Path

    Raises
    ------
    OSError
        If it cannot be moved.
    """
    if not _is_replaced(file):
        yield file
        return
    real = _real(file)
    beside = real.with_name(f"{_PREFIX}{secrets.token_hex(4)}{real.suffix}")
    try:
        yield beside
        beside.replace(real)
    finally:
        beside.unlink(missing_ok=True)


def _real(path: Path) -> Path:
    """Return the absolute path that links lead to: what is removed or renamed is the thing itself, not a link."""
    return Path(os.path.realpath(path))


def _holds_files(folder: Path) -> bool:
    """Return whether a folder holds anything but the workshops of runs."""
    return any(not path.name.startswith(_PREFIX) for path in folder.iterdir())


def _is_replaced(file: Path) -> bool:
    """Return whether a file is written by putting another in its place, as all but devices and pipes are."""
    return file.is_file() or not file.exists()


def write_run(folder: Path, scenario: Scenario, summary: xr.Dataset, *, plots: bool) -> None:
    """Write the files of a run into an existing empty folder.

    Parameters
    ----------
    folder : Path
    scenario : Scenario
    summary : Dataset
        From `summarize`.
    plots : bool
        Whether to draw the charts, which takes a few seconds.
    """
    from montecarlo_ai.files.loading import document_to_toml
    from montecarlo_ai.risk import runs_out_of_chips

    chips = runs_out_of_chips(summary)
    if scenario.document is not None:
        (folder / "scenario.toml").write_text(document_to_toml(scenario.document), encoding="utf-8")
    with open(folder / "summary.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("time", "variable", "statistic", "level", "value", "units"))
        writer.writerows(_rows(summary, chips))
    summary.to_netcdf(folder / "summary.nc", engine="h5netcdf")
    if plots:
        _draw(folder, scenario, summary, chips)


def publish(made: Path, folder: Path, *, overwrite: bool) -> list[Path]:
    """Move finished files from the workshop where they were made to the wanted folder; returns where they are.

    A folder that is new comes as a whole. In one that is there, each file replaces the one of its name, files that an
    earlier run wrote and this one did not are removed, and what no run writes is left alone.

    Parameters
    ----------
    made : Path
        From `Workshop`.
    folder : Path
    overwrite : bool
        Whether the folder may hold anything by now.

    Raises
    ------
    OSError
        If a file cannot be moved, or something has come into the folder in the meantime that may not be overwritten.
    """
    names = sorted(path.name for path in made.iterdir())
    real = _real(folder)
    if not real.exists():
        made.rename(real)
    else:
        # Another run may have come first since the folder was looked at.
        if not overwrite and _holds_files(real):
            raise FileExistsError(f"{folder} has been written to since the run began; name another or add --overwrite")
        for name in names:
            (made / name).replace(real / name)
        for name in set(_known_files()) - set(names):
            (real / name).unlink(missing_ok=True)
        made.rmdir()
    return [folder / name for name in names]


class Workshop:
    """A new folder in the wanted one or beside it, removed at the end with whatever is left, and new parents if empty.

    It is in the wanted one where that is there already, which may be the root of another disk, and beside it where it
    is not.

    Parameters
    ----------
    folder : Path
        The wanted one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = _real(folder)
        self.made: list[Path] = []

    def __enter__(self) -> Path:
        above = self.folder if self.folder.is_dir() else self.folder.parent
        self.made = [each for each in (above, *above.parents) if not each.exists()]
        above.mkdir(parents=True, exist_ok=True)
        self.place = above / f"{_PREFIX}{secrets.token_hex(4)}"
        self.place.mkdir()
        return self.place

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.place, ignore_errors=True)
        for above in self.made:
            if above.is_dir() and not any(above.iterdir()):
                above.rmdir()


def _known_files() -> Iterator[str]:
    yield from ("scenario.toml", "summary.csv", "summary.nc")
    for name in (*FANS, "chips"):
        yield from (f"{name}.{ending}" for ending in FORMATS)


def _rows(summary: xr.Dataset, chips: xr.Dataset) -> Iterator[Sequence[Any]]:
    """Yield one row for every statistic of every variable at every time."""
    times = [str(time) for time in summary["time"].values]
    levels = [float(level) for level in summary["quantile"].values]
    for name in (str(name) for name, values in summary.data_vars.items() if values.dims == ("quantile", "time")):
        if f"{name}_error" not in summary:
            continue
        units = summary[name].attrs.get("units", "")
        for statistic, values in (
            ("quantile", summary[name].values),
            ("standard_error", summary[f"{name}_error"].values),
        ):
            for level, row in zip(levels, values.tolist(), strict=True):
                yield from (
                    (time, name, statistic, level, value, units) for time, value in zip(times, row, strict=True)
                )
        for statistic in ("mean", "std"):
            row = summary[f"{name}_{statistic}"].values.tolist()
            yield from ((time, name, statistic, "", value, units) for time, value in zip(times, row, strict=True))
    for cause in chips["cause"].values:
        for statistic in _STATISTICS:
            units = chips[statistic].attrs["units"]
            row = chips[statistic].sel(cause=cause).values.tolist()
            for time, value in zip(times, row, strict=True):
                yield time, f"out_of_chips_{cause}", statistic, "", value, units


def _draw(folder: Path, scenario: Scenario, summary: xr.Dataset, chips: xr.Dataset) -> None:
    """Draw the charts, fans after what was known and beside what others expect."""
    from montecarlo_ai import plot
    from montecarlo_ai.analysis.outlooks import outlooks
    from montecarlo_ai.files.history import history

    known, expected = history(scenario), outlooks(summary)
    charts = [name for name in FANS if name in summary]
    for name in (*charts, "chips"):
        ax = new_axes()
        if name == "chips":
            plot.chips(chips, ax=ax)
        else:
            past = known.get(name)
            note = None if past is None else past.attrs["note"]
            plot.markers(plot.fan(summary, name, ax=ax, history=past, note=note), expected, name)
        for ending in FORMATS:
            save_chart(ax, folder / f"{name}.{ending}")


def new_axes(height: float = CHART_SIZE[1]) -> Axes:
    """Return the axes of a new chart of the usual width, its height in inches, without a window."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(CHART_SIZE[0], height), dpi=DOTS_PER_INCH, facecolor="white")
    FigureCanvasAgg(figure)
    return figure.add_subplot(facecolor="white")


def chart_problems(file: Path, option: str) -> list[Problem]:
    """Return why a chart could not be written into a file; an empty list if it can."""
    problems = file_problems(file, option, "chart.svg")
    if not problems and file.suffix.lower() not in CHART_ENDINGS:
        rule = f"must end in {', '.join(CHART_ENDINGS[:-1])} or {CHART_ENDINGS[-1]}"
        problems.append(Problem(option, str(file), rule, "name a file such as chart.svg"))
    return problems


def save_chart(axes: Axes, file: Path) -> None:
    """Write the chart of some axes in the format of the file's name; the same chart gives the same bytes.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    import matplotlib
    from matplotlib.figure import Figure

    figure = axes.get_figure(root=True)
    assert isinstance(figure, Figure)
    ending = file.suffix.lower()
    undated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    with matplotlib.rc_context({"svg.hashsalt": "montecarlo_ai"}), whole_file(file) as beside:
        metadata = undated.get(ending, {})
        figure.savefig(beside, format=ending.removeprefix("."), metadata=metadata, facecolor=figure.get_facecolor())
