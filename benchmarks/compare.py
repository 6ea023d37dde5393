"""Two results side by side: ``python -m benchmarks.compare [A.json B.json]``; above one, B takes more.

Without names, A is the last but one result of benchmarks/results and B the last.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from benchmarks.measurement import aligned

RESULTS = Path(__file__).parent / "results"
HEADER = ("job", "engine", "unit", "A", "B", "B/A least", "B/A median", "spread")


def main() -> None:
    """Print what differs of two machines or two versions, and the ratios of what both measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare", description="Compare two results.")
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

    The last column is the larger of the two medians over minima: a ratio closer to one than that is noise.
    """
    lines = [f"A {a['date']}, B {b['date']}"]
    for name in dict.fromkeys([*a["machine"], *b["machine"]]):
        ours, theirs = a["machine"].get(name, "none"), b["machine"].get(name, "none")
        if ours != theirs:
            lines.append(f"{name}: A {ours}, B {theirs}")
    before, after = _quantities(a), _quantities(b)
    rows = [HEADER, *(_row(key, before[key], after[key]) for key in before if key in after)]
    lines += ["", aligned(rows, left=(0, 1, 2))]
    alone = [
        (f"only in {letter}", key)
        for letter, ours, theirs in (("A", before, after), ("B", after, before))
        for key in ours
        if key not in theirs
    ]
    return "\n".join([*lines, *(f"{where}: {', '.join(key)}" for where, key in alone)])


def _quantities(result: dict[str, Any]) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Return measurements by job, engine and unit; memory and compile time are quantities of their own."""
    found = {}
    for one in result["measurements"]:
        found[one["job"], one["engine"], one["unit"]] = one
        for unit in ("peak MiB", "s to compile"):
            if one["details"].get(unit):
                value = one["details"][unit]
                found[one["job"], one["engine"], unit] = {"minimum": value, "median": value}
    return found


def _row(key: tuple[str, str, str], a: dict[str, Any], b: dict[str, Any]) -> tuple[str, ...]:
    """Return a line of the table."""
    spread = max((one["median"] / one["minimum"] if one["minimum"] > 0.0 else 1.0) for one in (a, b))
    figures = (f"{a['minimum']:.3g}", f"{b['minimum']:.3g}", _ratio(a, b, "minimum"), _ratio(a, b, "median"))
    return (*key, *figures, f"{spread:.2f}")


def _ratio(a: dict[str, Any], b: dict[str, Any], which: str) -> str:
    return f"{b[which] / a[which]:.2f}" if a[which] else "-"


if __name__ == "__main__":
    main()
