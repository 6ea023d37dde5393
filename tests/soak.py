"""Loads random scenario files: out of each may come a Scenario or an InputError, in time, and nothing else.

``python -m tests.soak --files 500000`` reports counts by kind and outcome, the rules that were hit, the slowest file.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import multiprocessing
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from montecarlo_ai.errors import InputError
from montecarlo_ai.files.loading import load_scenario
from tests import soak_files as make

SEED = 20261122
TIME_LIMIT = 20.0
"""Seconds for one file."""

CHUNK = 500
KINDS = (
    ("own", 0.30),
    ("own, broken", 0.36),
    ("text, broken", 0.18),
    ("base", 0.05),
    ("base, broken", 0.04),
    ("overlay", 0.03),
    ("overlay, broken", 0.03),
    ("lab", 0.005),
    ("lab, broken", 0.005),
)
"""Kinds of files and their shares."""

SHOPS = 0.1
"""Share of files of the model that uses everything; the others have two inputs and load in a third of the time."""


class TooSlowError(BaseException):
    """A file took longer than the limit; no Exception, so that nothing in between takes it for its own."""


@dataclass
class Report:
    """What came out of many files.

    Attributes
    ----------
    outcomes : Counter of (kind, outcome)
    rules : Counter of str
        Rules of the problems, their own words left out.
    failures : list of (file number, what came out)
    slowest : (seconds, file number)
    """

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[int, str]] = field(default_factory=list)
    slowest: tuple[float, int] = (0.0, -1)

    def add(self, other: Report) -> None:
        self.outcomes += other.outcomes
        self.rules += other.rules
        self.failures += other.failures
        self.slowest = max(self.slowest, other.slowest)


def files_of(number: int, seed: int = SEED) -> tuple[str, dict[str, bytes], dict[str, Any]]:
    """Return the kind, the files by name (``it.toml`` is loaded) and the arguments of one file of the soak."""
    rng = random.Random(f"{seed}-{number}")
    kind = rng.choices([name for name, _ in KINDS], [share for _, share in KINDS])[0]
    what, wrong = kind.partition(",")[0], kind.endswith("broken")
    documents: dict[str, dict[str, Any]] = {}
    more: dict[str, Any] = {}
    model = make.SHOP if rng.random() < SHOPS else make.STALL
    if what == "base":
        documents = {"base.toml": make.own(rng, model), "it.toml": make.child(rng, "base.toml", model)}
    elif what == "overlay":
        documents = {"it.toml": make.own(rng, model), "over.toml": make.overlay(rng, "war", model)}
        documents["more.toml"] = make.overlay(rng, rng.choice(("peace", "peace", "peace", "war")), model)
        more["overlays"] = ["over.toml", "more.toml"]
    else:
        documents = {"it.toml": make.lab_child(rng) if what == "lab" else make.own(rng, model)}
    if wrong and what != "text":
        name = rng.choice(sorted(documents))
        documents[name] = make.broken(rng, documents[name])
    contents = {name: make.text(document) for name, document in documents.items()}
    if what == "text":
        contents["it.toml"] = make.garbled(rng, contents["it.toml"])
    if rng.random() < 0.02:
        more["overrides"] = rng.choice(({"inputs.margin": 3.0}, {"time.years": 2}, {"inputs.share": {"value": 0.5}}))
    return kind, contents, more


def outcome_of(folder: Path, contents: dict[str, bytes], more: dict[str, Any], rules: Counter[str]) -> str:
    """Return what comes out of one file: "scenario", "refused", or what must not."""
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    more = {**more, "overlays": [folder / name for name in more.get("overlays", ())]}
    try:
        with warnings.catch_warnings(record=True) as caught, limited(TIME_LIMIT):
            warnings.simplefilter("always")
            load_scenario(folder / "it.toml", allow_code=True, **more)
        outcome = "scenario"
    except InputError as error:
        outcome = "refused"
        rules.update(re.sub(r"[\"'][^\"']*[\"']|[-+]?[\d.,]+(e[-+]?\d+)?", "~", p.rule)[:90] for p in error.problems)
        if not error.problems or not all(problem.field and problem.rule for problem in error.problems):
            return "an error that names nothing"
        str(error)
    except TooSlowError:
        return f"more than {TIME_LIMIT:g} s"
    except BaseException:
        return "".join(traceback.format_exc().splitlines(keepends=True)[-6:])
    foreign = [w for w in caught if not w.category.__module__.startswith("montecarlo_ai")]
    return f"warning {foreign[0].category.__name__}: {foreign[0].message}" if foreign else outcome


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise `TooSlowError` inside after some seconds; in the main thread only."""

    def late(*_: object) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def soak(first: int, last: int, parent: str | None = None, seed: int = SEED) -> Report:
    """Return the report of a range of files, written one after another into a folder inside ``parent``."""
    report, folder = Report(), home(parent)
    for number in range(first, last):
        kind, contents, more = files_of(number, seed)
        began = time.perf_counter()
        outcome = outcome_of(folder, contents, more, report.rules)
        report.slowest = max(report.slowest, (time.perf_counter() - began, number))
        report.outcomes[kind, outcome if outcome in ("scenario", "refused") else "failure"] += 1
        if outcome not in ("scenario", "refused"):
            report.failures.append((number, outcome))
    return report


@functools.cache
def home(parent: str | None) -> Path:
    """Return the folder of this process's files, with the model beside them: a process imports it from one place."""
    folder = Path(tempfile.mkdtemp(prefix="soak-", dir=parent))
    shutil.copy(Path(__file__).parent / "soak_model.py", folder)
    return folder


def report_text(report: Report, seconds: float) -> str:
    """Return a report as text."""
    total = sum(report.outcomes.values())
    lines = [f"{total:,} files in {seconds:,.0f} s: {total / max(seconds, 1e-9):,.0f} a second", ""]
    for kind, _ in KINDS:
        counts = [(what, report.outcomes[kind, what]) for what in ("scenario", "refused", "failure")]
        lines.append(f"{kind:<16}" + "".join(f"  {what} {count:>9,}" for what, count in counts))
    lines += [
        "",
        f"slowest: file {report.slowest[1]}, {report.slowest[0]:.2f} s",
        "",
        f"{len(report.rules)} rules hit:",
    ]
    lines += [f"{count:>9,}  {rule}" for rule, count in report.rules.most_common()]
    lines += ["", f"{len(report.failures)} failures"]
    lines += [f"file {number}: {what}" for number, what in report.failures[:50]]
    return "\n".join(lines)


def main() -> int:
    """Load the files in several processes; 1 if anything came out that must not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=500_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    began, report, last = time.perf_counter(), Report(), arguments.first + arguments.files
    with (
        tempfile.TemporaryDirectory(prefix="soak-") as place,
        multiprocessing.get_context("spawn").Pool(arguments.processes) as pool,
    ):
        starts = range(arguments.first, last, CHUNK)
        work = [(start, min(start + CHUNK, last), place) for start in starts]
        for done, part in enumerate(pool.imap_unordered(_chunk, work), start=1):
            report.add(part)
            for number, what in part.failures:
                print(f"file {number}: {what}", file=sys.stderr, flush=True)
            if done % 40 == 0:
                print(f"{done * CHUNK:>9,} files, {len(report.failures)} failures", file=sys.stderr, flush=True)
    print(report_text(report, time.perf_counter() - began))
    return 1 if report.failures else 0


def _chunk(work: tuple[int, int, str]) -> Report:
    return soak(*work)


if __name__ == "__main__":
    sys.exit(main())
