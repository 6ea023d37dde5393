"""Two results side by side: ``python -m benchmarks.compare [A.json B.json]``.

Without names, A is the last but one result of benchmarks/results and B the last.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from benchmarks.answers import family
from benchmarks.measurement import aligned
from benchmarks.page import busy

RESULTS = Path(__file__).parent / "results"
LEGEND = "B/A above one: B takes more. Closer to one than the spread (the larger median over its least), it is noise."
Key = tuple[str, str, str]
"""Job, engine and unit."""

HEADER = ("job", "engine", "unit", "A", "B", "B/A least", "B/A median", "spread")


def main() -> None:
    """Print what differs of two machines or two versions, and the ratios of what both measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare", description=f"Compare two results. {LEGEND}")
    parser.add_argument("results", nargs="*", type=Path, metavar="RESULT", help="two JSON files; the last two if none")
    files = parser.parse_args().results or sorted(RESULTS.glob("*.json"))[-2:]
    if len(files) != 2:
        parser.error(f"two results are compared, not {len(files)}; python -m benchmarks makes them in {RESULTS}")
    try:
        a, b = map(read, files)
    except ValueError as error:
        parser.error(f"{error}; python -m benchmarks makes results in {RESULTS}")
    print("\n".join(f"{letter} {file}" for letter, file in zip("AB", files, strict=True)))
    print(comparison(a, b))


class Details(BaseModel):
    """What is compared of the details of a measurement."""

    peak: float = Field(0.0, alias="peak MiB")
    compiling: float = Field(0.0, alias="s to compile")


class Quantity(BaseModel):
    """What is compared of a measurement."""

    job: str
    engine: str
    unit: str
    minimum: float
    median: float
    details: Details


class Result(BaseModel):
    """What a file must hold to be compared; older ones hold less of the rest, newer ones more."""

    date: str
    machine: dict[str, str | int | float]
    measurements: list[Quantity]


def read(file: Path) -> dict[str, Any]:
    """Return a result; ValueError, which names the file, if it cannot be read or holds something else."""
    try:
        result: dict[str, Any] = json.loads(file.read_bytes())
        Result.model_validate(result, strict=True)
    except OSError as error:
        raise ValueError(f"{file}: cannot be read ({error.strerror})") from None
    except ValidationError as error:
        flaw = error.errors()[0]
        where = ".".join(map(str, flaw["loc"]))
        raise ValueError(f"{file}: is no result of the benchmarks ({where or 'all of it'}: {flaw['msg']})") from None
    except ValueError as error:
        raise ValueError(f"{file}: is not JSON ({error})") from None
    return result


def comparison(a: dict[str, Any], b: dict[str, Any]) -> str:
    """Return a comparison as text: what differs of the machines, then a line for each quantity that both have.

    The last column is the larger of the two medians over minima. Below the table is what one of them alone has: a job,
    an engine or a unit, with the reason where the other one says why it is missing.
    """
    lines = [f"A {a['date']}, B {b['date']}"]
    for name in dict.fromkeys([*a["machine"], *b["machine"]]):
        ours, theirs = a["machine"].get(name, "none"), b["machine"].get(name, "none")
        if ours != theirs:
            lines.append(f"{name}: A {ours}, B {theirs}")
    lines += [f"{letter}: {line}" for letter, result in (("A", a), ("B", b)) for line in busy(result)]
    before, after = _quantities(a), _quantities(b)
    rows = [HEADER, *(_row(key, before[key], after[key]) for key in before if key in after)]
    lines += ["", aligned(rows, left=(0, 1, 2)), LEGEND]
    lines += [f"only in A: {name}" for name in _alone(before, after, b)]
    lines += [f"only in B: {name}" for name in _alone(after, before, a)]
    return "\n".join(lines)


def _alone(ours: Iterable[Key], theirs: Iterable[Key], other: dict[str, Any]) -> list[str]:
    """Return what the other result has not: a job where all of it is absent, else an engine, else a unit."""
    reasons = {(one["job"], one["engine"]): one["reason"] for one in other.get("missing", [])}  # not in older ones
    known = {key[:length] for key in theirs for length in (1, 2, 3)}
    found = []
    for key in ours:
        absent = next((key[:length] for length in (1, 2, 3) if key[:length] not in known), None)
        if absent is not None:
            reason = reasons.get((key[0], family(key[1])))
            found.append(", ".join(absent) + (f" (missing: {reason})" if reason and len(absent) == 2 else ""))
    return list(dict.fromkeys(found))


def _quantities(result: dict[str, Any]) -> dict[Key, dict[str, Any]]:
    """Return measurements by job, engine and unit; memory and compile time are quantities of their own."""
    found = {}
    for one in result["measurements"]:
        found[one["job"], one["engine"], one["unit"]] = one
        for unit in ("peak MiB", "s to compile"):
            if unit in one["details"]:
                value = one["details"][unit]
                found[one["job"], one["engine"], unit] = {"minimum": value, "median": value}
    return found


def _row(key: Key, a: dict[str, Any], b: dict[str, Any]) -> tuple[str, ...]:
    """Return a line of the table."""
    spread = max((one["median"] / one["minimum"] if one["minimum"] > 0.0 else 1.0) for one in (a, b))
    figures = (f"{a['minimum']:.3g}", f"{b['minimum']:.3g}", _ratio(a, b, "minimum"), _ratio(a, b, "median"))
    return (*key, *figures, f"{spread:.2f}")


def _ratio(a: dict[str, Any], b: dict[str, Any], which: str) -> str:
    return f"{b[which] / a[which]:.2f}" if a[which] else "-"


if __name__ == "__main__":
    main()
