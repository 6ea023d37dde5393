"""The engines of a job as a table: what stands above it, its cells, and which engines are missing from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from benchmarks.apart import COUNTED
from benchmarks.measurement import aligned, digits

HEADER = (
    *("engine", "threads", "ns", "median", "wall", "paths/s"),
    *("times the bound", "x NumPy", "peak MiB", "compile s"),
)


def floor(rows: Iterable[dict[str, Any]]) -> float | None:
    """Return the bound of float64 on one thread, ns; None where none was counted."""
    return max((row["details"]["bound"] for row in rows if "bound" in row["details"]), default=None)


def stated(rows: Sequence[dict[str, Any]]) -> str:
    """Return what is said of a job beside its name: its bound, and how long the machine code of its step is."""
    bound = floor(rows)
    said = "" if bound is None else f"; counted bound of float64 on one thread {bound:.2f} ns"
    counted = [row["details"][COUNTED] for row in rows if COUNTED in row["details"]]
    return said + "".join(f"; {count:,} vector operations in the step's machine code" for count in counted)


def cells(rows: Sequence[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Return a line for each engine, the quickest first."""
    return [_cells(row) for row in sorted(rows, key=lambda row: float(row["minimum"]))]


def text(job: str, rows: Sequence[dict[str, Any]]) -> str:
    """Return the table of a job for a terminal."""
    return f"{job}, ns per path-step{stated(rows)}\n{aligned([HEADER, *cells(rows)], left=(0,))}"


def missing_line(missing: Mapping[str, str]) -> str:
    """Return a line with the engines that are missing, those with one reason together; empty if none is.

    Parameters
    ----------
    missing : mapping of str to str
        Families of engines, each with the reason.
    """
    engines: dict[str, list[str]] = {}
    for engine, reason in missing.items():
        engines.setdefault(reason, []).append(engine)
    groups = (f"{', '.join(names)}: {reason}" for reason, names in engines.items())
    return f"Missing: {'; '.join(groups)}." if engines else ""


def _cells(one: dict[str, Any]) -> tuple[str, ...]:
    details = one["details"]
    forms: dict[str, Callable[[float], str]] = {
        "wall ns": digits,
        "paths a second": "{:,}".format,
        "times the bound": digits,
        "times as fast as NumPy": digits,
        "peak MiB": "{:.0f}".format,
        "s to compile": "{:.1f}".format,
    }
    found = [form(details[name]) if name in details else "" for name, form in forms.items()]
    return (one["engine"], str(details["threads"]), digits(one["minimum"]), digits(one["median"]), *found)
