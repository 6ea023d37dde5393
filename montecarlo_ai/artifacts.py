"""The files of a run: made beside the wanted folder and moved there whole, so that a failure leaves nothing."""

from __future__ import annotations

import csv
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from montecarlo_ai.errors import Problem

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

    from montecarlo_ai.scenario import Scenario

__all__ = ["FANS", "chart_problems", "new_axes", "output_problems", "publish", "save_chart", "write_run"]

FANS = ("cash", "revenue", "compute_cost")
"""Variables of which a run draws fan charts, where the model has them."""

FORMATS = ("svg", "png")
CHART_SIZE = (10.0, 5.8)
DOTS_PER_INCH = 160
_STATISTICS = ("probability", "lower", "upper", "first", "first_lower", "first_upper", "count", "first_count")


def output_problems(folder: Path, option: str = "--out", *, overwrite: bool) -> list[Problem]:
    """Return why a run could not write into a folder; an empty list if it can."""
    if "\0" in str(folder):
        return [Problem(option, str(folder), "is no path")]
    try:
        if folder.exists() and not folder.is_dir():
            return [Problem(option, str(folder), "is a file", "name another folder")]
        if folder.is_dir() and any(folder.iterdir()) and not overwrite:
            return [Problem(option, str(folder), "exists and is not empty", "name another folder or add --overwrite")]
        there = folder if folder.is_dir() else next(above for above in folder.absolute().parents if above.exists())
    except OSError as error:
        return [Problem(option, str(folder), f"cannot be used: {error.strerror}")]
    needed = [there] if there != folder else [folder, folder.absolute().parent]
    for place in needed:
        if not place.is_dir():
            return [Problem(option, str(folder), f"cannot be made: {place} is a file")]
        if not os.access(place, os.W_OK | os.X_OK):
            return [Problem(option, str(folder), f"cannot be written: {place} is read-only", "name another folder")]
    return []


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


def publish(made: Path, folder: Path) -> list[Path]:
    """Move finished files from the folder where they were made to the wanted one; returns where they are.

    A folder that is new or empty is replaced as a whole. In another, each file replaces the one of its name, files
    that an earlier run wrote and this one did not are removed, and what no run writes is left alone.

    Raises
    ------
    OSError
        If a file cannot be moved.
    """
    names = sorted(path.name for path in made.iterdir())
    if not folder.exists() or not any(folder.iterdir()):
        if folder.exists():
            folder.rmdir()
        made.rename(folder)
    else:
        for name in names:
            (made / name).replace(folder / name)
        for name in set(_known_files()) - set(names):
            (folder / name).unlink(missing_ok=True)
        made.rmdir()
    return [folder / name for name in names]


class Workshop:
    """A new folder beside the wanted one, removed at the end with whatever is left, and its new parents if empty.

    Parameters
    ----------
    folder : Path
        The wanted one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.made: list[Path] = []

    def __enter__(self) -> Path:
        missing = [self.folder.parent, *self.folder.parent.parents]
        self.made = [above for above in missing if not above.exists()]
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self.place = self.folder.parent / f".montecarlo-ai-{secrets.token_hex(4)}"
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

    figure = Figure(figsize=(CHART_SIZE[0], height), dpi=DOTS_PER_INCH)
    FigureCanvasAgg(figure)
    return figure.add_subplot()


def chart_problems(file: Path, option: str) -> list[Problem]:
    """Return why a chart could not be written into a file; an empty list if it can."""
    from matplotlib.backend_bases import FigureCanvasBase

    if file.is_dir():
        return [Problem(option, str(file), "is a folder", "name a file such as chart.svg")]
    if not file.absolute().parent.is_dir():
        return [Problem(option, str(file), "cannot be written: its folder does not exist", "make the folder first")]
    known = FigureCanvasBase.get_supported_filetypes()
    if file.suffix.removeprefix(".").lower() not in known:
        return [Problem(option, str(file), f"must end in one of {', '.join(f'.{ending}' for ending in known)}")]
    return []


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
    ending = file.suffix.removeprefix(".").lower()
    undated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with matplotlib.rc_context({"svg.hashsalt": "montecarlo_ai"}):
        figure.savefig(file, metadata=undated.get(ending, {}))
