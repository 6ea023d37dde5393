"""Forecasts filed away before the outcome is known, so that they can be scored when it is."""

from __future__ import annotations

import datetime
import os
import re
import secrets
from pathlib import Path

import xarray as xr

from montecarlo_ai.checks import Checks
from montecarlo_ai.errors import invalid

__all__ = ["archive_summary", "read_archive"]

_NEEDED = ("kind", "scenario", "scenario_hash", "seed", "n_paths", "created_at")
_DIGITS = 12


def archive_summary(summary: xr.Dataset, folder: str | os.PathLike[str]) -> Path:
    """Return where a summary was filed: ``FOLDER/DATE/SCENARIO-HASH-seedS-N.nc``.

    The date is that on which the summary was made, the hash the first twelve digits of the scenario's. What is filed
    is never replaced: filing the same forecast again returns where it is.

    Parameters
    ----------
    summary : Dataset
        From `summarize`.
    folder : path
        The archive; made if it is not there.

    Raises
    ------
    InputError
        If the Dataset is no summary, or another forecast of the same name is already there.
    OSError
        If the file cannot be written.
    """
    checks = Checks()
    if not isinstance(summary, xr.Dataset):
        raise invalid("summary", f"a {type(summary).__name__}", "must be a result of summarize")
    missing = [name for name in _NEEDED if name not in summary.attrs]
    if missing or summary.attrs["kind"] != "summary":
        what = f"a {summary.attrs['kind']}" if not missing else f"a Dataset without {', '.join(missing)}"
        checks.add("summary", what, "must be a result of summarize", "an archive holds summaries only")
        checks.finish()
    made = datetime.datetime.fromisoformat(str(summary.attrs["created_at"]))
    scenario = re.sub(r"[^A-Za-z0-9._-]+", "-", str(summary.attrs["scenario"])).strip(".-") or "scenario"
    name = f"{scenario}-{str(summary.attrs['scenario_hash'])[:_DIGITS]}"
    name += f"-seed{summary.attrs['seed']}-{int(summary.attrs['n_paths'])}.nc"
    place = Path(folder) / made.date().isoformat() / name
    if place.exists():
        there = _read(place)
        if not there.drop_attrs().identical(_plain(summary).drop_attrs()):
            rule = "holds another forecast of the same scenario, seed, paths and day"
            raise invalid("folder", str(place), rule, "file it in another archive")
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = place.with_name(f".{secrets.token_hex(4)}.nc")
    try:
        _plain(summary).to_netcdf(beside, engine="h5netcdf")
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)
    return place


def read_archive(place: str | os.PathLike[str]) -> list[xr.Dataset]:
    """Return the summaries of an archive, oldest first; of a file, the one in it.

    Parameters
    ----------
    place : path
        A folder that `archive_summary` files into, or one file of it.

    Raises
    ------
    InputError
        If there is nothing of the kind.
    """
    where = Path(place)
    files = sorted(where.glob("*/*.nc")) if where.is_dir() else [where]
    files = [file for file in files if not file.name.startswith(".")]
    if not files or not files[0].is_file():
        raise invalid(
            "archive", str(where), "holds no filed summary", "give the folder that archive_summary filed into"
        )
    read = [_read(file) for file in files]
    return sorted(read, key=lambda summary: str(summary.attrs["created_at"]))


def _read(file: Path) -> xr.Dataset:
    try:
        with xr.open_dataset(file, engine="h5netcdf") as opened:
            summary = opened.load()
    except (OSError, ValueError) as error:
        raise invalid("archive", str(file), f"cannot be read ({error})") from None
    missing = [name for name in _NEEDED if name not in summary.attrs]
    if missing:
        raise invalid("archive", str(file), f"is no filed summary: it lacks {', '.join(missing)}")
    return summary


def _plain(summary: xr.Dataset) -> xr.Dataset:
    """Return the summary as a file gives it back: without what is carried in memory."""
    plain = summary.copy()
    plain.encoding = {}
    return plain
