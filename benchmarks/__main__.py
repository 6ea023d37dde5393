"""Run the measurements, print them, and keep them as JSON: ``python -m benchmarks [NAME ...] [--out FOLDER]``."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks import (
    accuracy,
    calls,
    chart,
    comparisons,
    functions,
    import_time,
    inputs,
    lab_step,
    laws,
    machine,
    memory,
    page,
    preset,
    samplers,
    suite,
    tables,
    threads,
    vectors,
)
from benchmarks.jobs import JOBS
from benchmarks.measurement import Measurement, table

OTHERS: dict[str, Callable[[], list[Measurement]]] = {
    "lab-step": lab_step.measure,
    "laws": laws.measure,
    "inputs": inputs.measure,
    "functions": functions.measure,
    "import-time": import_time.measure,
    "preset": preset.measure,
    "memory": memory.measure,
    "samplers": samplers.measure,
    "comparisons": comparisons.measure,
    "accuracy": accuracy.measure,
    "vectors": vectors.measure,
    "threads": threads.measure,
    "calls": calls.measure,
}
"""Measurements beside the jobs by every engine."""

NAMES = (*JOBS, *OTHERS)

APART = ("accuracy",)
"""Measured only when asked for: it takes minutes and has a page of its own."""


def main() -> None:
    """Take the measurements that were asked for, all by default."""
    arguments = _arguments()
    description, now, began = machine.describe(), datetime.now(), time.monotonic()
    print(", ".join(f"{name} {value}" for name, value in description.items()), flush=True)
    file = arguments.out / f"{now:%Y-%m-%d-%H%M%S}-{machine.slug(description)}.json"
    result: dict[str, Any] = {"date": now.date().isoformat(), "machine": description}
    result |= {"measurements": [], "refused": [], "missing": []}
    for name in dict.fromkeys(arguments.names) or [name for name in NAMES if name not in APART]:
        taken = suite.measure(name, repeats=arguments.repeats) if name in JOBS else suite.Taken(OTHERS[name](), {}, {})
        timed = [{"measurement": name, **one.to_dict()} for one in taken.timed]
        result["measurements"] += timed
        result["refused"] += _reasons(name, taken.refused)
        result["missing"] += _reasons(name, taken.missing)
        result["minutes"] = (time.monotonic() - began) / 60.0
        file.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")  # what is measured is kept at once
        shown = tables.text(name, timed) if name in JOBS else table(taken.timed)
        if not timed:
            shown = f"{name}: nothing to measure on this machine"
        told = [f"Not timed: {engine}: {reason}." for engine, reason in taken.refused.items()]
        print("\n".join(["", shown, *told, *filter(None, [tables.missing_line(taken.missing)])]), flush=True)

    print("\n".join(["", *page.busy(result), "What the columns say: docs/performance.md"]))
    print(f"Kept in {file} after {result['minutes']:.1f} minutes")
    if chart.draw(result, file.with_suffix(".svg")):
        print(f"Drawn in {file.with_suffix('.svg')}")
    if arguments.page:
        page.PAGE.write_text(page.rewrite(page.PAGE.read_text(encoding="utf-8"), result), encoding="utf-8")
        chart.draw(result, page.PICTURE)
        print(f"Made anew: figures of {page.PAGE}, {page.PICTURE}")


def _reasons(job: str, reasons: dict[str, str]) -> list[dict[str, str]]:
    """Return the reasons of a job's engines as JSON holds them."""
    return [{"job": job, "engine": engine, "reason": reason} for engine, reason in reasons.items()]


def _arguments() -> argparse.Namespace:
    """Return what was asked for, checked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure speed and memory.")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"any of {', '.join(NAMES)}; all but {', '.join(APART)} by default"
    )
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent / "results", metavar="FOLDER", help="where JSON is kept"
    )
    parser.add_argument("--page", action="store_true", help="make the figures of docs/performance.md anew too")
    turns = f"turns that every engine takes at a job, {suite.REPEATS} by default"
    parser.add_argument("--repeats", type=int, default=suite.REPEATS, metavar="N", help=turns)
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(NAMES))
    if unknown:
        parser.error(f"no measurement is called {', '.join(unknown)}; there are {', '.join(NAMES)}")
    if arguments.page and arguments.names:
        parser.error(
            f"--page {' '.join(arguments.names)}: the page has all measurements; leave the names or --page out"
        )
    if arguments.repeats < 1:
        parser.error(f"--repeats {arguments.repeats}: must be at least 1")
    try:
        arguments.out.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=arguments.out).close()  # before minutes of measuring
    except OSError as error:
        parser.error(f"--out {arguments.out}: must be a folder that files can be written to ({error.strerror})")
    return arguments


if __name__ == "__main__":
    main()
