"""Forecasts filed away before the outcome is known, so that they can be scored when it is."""

from __future__ import annotations

import datetime
import hashlib
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
_SEAL = b"\nsha256 "
"""Begins the end of a filed file, which HDF5 does not read: a digest of all bytes before it, and a line feed."""


def archive_summary(summary: xr.Dataset, folder: str | os.PathLike[str]) -> Path:
    """Return where a summary was filed: ``FOLDER/DATE/SCENARIO-HASH-seedS-N.nc``.

    The date is that on which the summary was made, the hash the first twelve digits of the scenario's. What is filed
    is never replaced: filing the same forecast again returns where it is. The file ends in the SHA-256 of what comes
    before, so that a damaged one is never read for what was filed.

    Parameters
    ----------
    summary : Dataset
        From `summarize`.
    folder : path
        The archive; made if it is not there.

    Raises
    ------
    InputError
        If the Dataset is no summary, the folder is none, or another forecast of the same name is already there.
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
    made = datetime.datetime.min
    try:
        made = datetime.datetime.fromisoformat(str(summary.attrs.get("created_at", made)))
    except ValueError:
        checks.add("summary.created_at", summary.attrs["created_at"], "must be a time in ISO form")
    archive = _path("folder", folder, checks)
    file = next((each for each in (archive, *archive.parents) if each.exists() and not each.is_dir()), None)
    if file is not None:
        checks.add("folder", str(file), "is a file", "give a folder, which is made if it is not there")
    checks.finish()
    scenario = re.sub(r"[^A-Za-z0-9._-]+", "-", str(summary.attrs["scenario"])).strip(".-") or "scenario"
    name = f"{scenario}-{str(summary.attrs['scenario_hash'])[:_DIGITS]}"
    name += f"-seed{summary.attrs['seed']}-{int(summary.attrs['n_paths'])}.nc"
    place = archive / made.date().isoformat() / name
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
        with beside.open("r+b") as written:
            written.write(_seal(written.read()))
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)
    return place


def read_archive(place: str | os.PathLike[str]) -> list[xr.Dataset]:
    """Return the summaries of an archive, oldest first; of a file, the one in it.

    Of a folder those files are read that `archive_summary` could have made: named ``*.nc``, in a folder that is named
    as a date, and of the kind "summary". Any other files beside them are left alone.

    Parameters
    ----------
    place : path
        A folder that `archive_summary` files into, or one file of it.

    Raises
    ------
    InputError
        If there is nothing of the kind, or a file that should be one cannot be read, does not end in its digest, as a
        summary that was written with ``to_netcdf`` does not, or no longer holds what was filed.
    """
    checks = Checks()
    where = _path("archive", place, checks)
    if not where.exists():
        checks.add("archive", str(where), "is neither a folder nor a file")
    checks.finish()
    read = [_read(where)] if where.is_file() else []
    for file in sorted(where.glob("*/*.nc")):
        if _is_date(file.parent.name) and not file.name.startswith(".") and file.is_file():
            filed, found = _is_filed(file), _opened(file)
            read += [_summary(found, file, filed)] if found.attrs.get("kind") == "summary" else []
    if not read:
        raise invalid(
            "archive", str(where), "holds no filed summary", "give the folder that archive_summary filed into"
        )
    return sorted(read, key=lambda summary: str(summary.attrs["created_at"]))


def _path(field: str, value: object, checks: Checks) -> Path:
    """Return a path; the current folder, with the problem recorded, if it is none."""
    try:
        if not isinstance(value, str | os.PathLike) or "\0" in os.fspath(value):
            raise ValueError
        found = Path(value)
        found.exists()  # raises for what is too long for a name
    except (OSError, TypeError, ValueError):
        shown = value if isinstance(value, str | os.PathLike) else f"a {type(value).__name__}"
        checks.add(field, shown, "must be the path of a folder or a file")
        return Path()
    return found


def _is_date(name: str) -> bool:
    """Return whether a folder is named as a day, 2026-01-31."""
    try:
        return datetime.date.fromisoformat(name).isoformat() == name
    except ValueError:
        return False


def _read(file: Path) -> xr.Dataset:
    """Return the summary in a file."""
    filed = _is_filed(file)  # first, since a damaged file may end in anything once it is opened
    return _summary(_opened(file), file, filed)


def _seal(content: bytes) -> bytes:
    """Return what a file of this content ends in."""
    return _SEAL + hashlib.sha256(content).hexdigest().encode() + b"\n"


def _is_filed(file: Path) -> bool:
    """Return whether a file ends in a digest; raise if it is that of something else."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise invalid("archive", str(file), f"cannot be read ({error})") from None
    begin = max(len(content) - len(_seal(b"")), 0)
    if not content.startswith(_SEAL, begin):
        return False
    if content[begin:] != _seal(content[:begin]):
        raise invalid("archive", str(file), "no longer holds what was filed", "bring it back from a copy")
    return True


def _opened(file: Path) -> xr.Dataset:
    try:
        with xr.open_dataset(file, engine="h5netcdf") as opened:
            return opened.load()
    except Exception as error:  # there is no telling in what a broken HDF5 file ends
        reason = str(error) or type(error).__name__
        raise invalid("archive", str(file), f"cannot be read ({reason})") from None


def _summary(found: xr.Dataset, file: Path, filed: bool) -> xr.Dataset:
    """Return what a file holds if it is a filed summary."""
    missing = [name for name in _NEEDED if name not in found.attrs]
    if missing or found.attrs["kind"] != "summary":
        what = f"it lacks {', '.join(missing)}" if missing else f"it is of the kind {found.attrs['kind']}"
        raise invalid("archive", str(file), f"is no filed summary: {what}")
    if not filed:
        rule = "does not end in a digest, as what was filed does"
        remedy = "bring it back from a copy; a summary that was never filed can be opened with xarray and given to "
        raise invalid("archive", str(file), rule, f"{remedy}backtest, or to archive_summary")
    return found


def _plain(summary: xr.Dataset) -> xr.Dataset:
    """Return the summary as a file gives it back: without what is carried in memory."""
    plain = summary.copy()
    plain.encoding = {}
    return plain
