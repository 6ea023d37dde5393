"""The generated block of docs/performance.md: the figures of one run, with the machine's name."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import tables
from benchmarks.measurement import digits

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
PICTURE = PAGE.parent / "images" / "performance.svg"
BLOCK = re.compile(r"(<!-- figures: made by make bench -->\n).*?(<!-- figures: end -->)", re.DOTALL)
OTHERS_HEADER = ("what", "of", "least", "median", "unit", "beside")
BESIDE = ("times as fast as one", "processors", "to AVX-512")
"""Details of other measurements that their line shows."""
QUIET = 1.1
"""Wall time over a thread's own time, the middle engine's, from which on a machine is not quiet."""

ELSEWHERE = ("samplers", "comparisons", "accuracy")
"""Measurements whose figures stand on other pages."""


def by_job(result: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the measurements of engines, job after job."""
    jobs: dict[str, list[dict[str, Any]]] = {}
    for one in result["measurements"]:
        if "threads" in one["details"]:
            jobs.setdefault(one["job"], []).append(one)
    return jobs


def block(result: dict[str, Any]) -> str:
    """Return the tables of a result: a job each, then the other measurements."""
    machine = dict(result["machine"])
    named = f"{machine.pop('processor')}, {machine.pop('cores')} cores"
    rest = ", ".join(f"{name} {value}" for name, value in machine.items())
    text = [f"{result['date']}, {named}, {result['minutes']:.0f} minutes ({rest}).\n"]
    text += [f"{line}\n" for line in busy(result)]
    for job, rows in by_job(result).items():
        text += [f"**{job}**{tables.stated(rows)}\n", *_table(tables.HEADER, tables.cells(rows)), ""]
        missing = {one["engine"]: one["reason"] for one in result["missing"] if one["job"] == job}
        text += [f"{tables.missing_line(missing)}\n"] if missing else []
    text += _refused(result)
    others = [
        (one["job"], one["engine"], digits(one["minimum"]), digits(one["median"]), one["unit"], _beside(one["details"]))
        for one in result["measurements"]
        if "threads" not in one["details"] and one["measurement"] not in ELSEWHERE
    ]
    if others:
        text += ["**The rest of the library**\n", *_table(OTHERS_HEADER, others), ""]
    return "\n".join(text)


def rewrite(page: str, result: dict[str, Any]) -> str:
    """Return a page with its block made anew; ValueError if it has none."""
    made, count = BLOCK.subn(lambda found: f"{found[1]}\n{block(result)}\n{found[2]}", page)
    if count != 1:
        raise ValueError(f"docs/performance.md has {count} blocks of figures, not one")
    return made


def busy(result: dict[str, Any]) -> list[str]:
    """Return a line that says so if the machine had other work."""
    waits = [
        one["details"]["wall ns"] / one["minimum"]
        for rows in by_job(result).values()
        for one in rows
        if one["details"]["threads"] == 1 and "wall ns" in one["details"]  # not in older results
    ]
    wait = statistics.median(waits or [1.0])
    if wait < QUIET:
        return []
    return [
        f"The machine had other work: engines on one thread took {wait:.2f} times their own time on the wall, "
        "so that figures of several threads are too high and no basis for a comparison."
    ]


def _refused(result: dict[str, Any]) -> list[str]:
    """Return a line for each engine and reason, with the jobs."""
    jobs: dict[tuple[str, str], list[str]] = {}
    for one in result["refused"]:
        jobs.setdefault((one["engine"], one["reason"]), []).append(one["job"])
    return [f"Not timed: {engine} ({', '.join(names)}): {reason}.\n" for (engine, reason), names in jobs.items()]


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = (header, ["---"] * len(header), *rows)
    return ["| " + " | ".join(line) + " |" for line in lines]


def _beside(details: dict[str, Any]) -> str:
    return ", ".join(f"{name} {digits(details[name])}" for name in BESIDE if name in details)
