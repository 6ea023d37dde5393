"""What a measurement says, and how measurements are printed."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Measurement:
    """Repeated values of one quantity.

    Parameters
    ----------
    job, engine : str
        What was done, and by what.
    unit : str
        Of the values.
    values : list of float
        One a repeat, in the order in which they were taken.
    details : dict
        Whatever else belongs to it: paths, ratio to the baseline, what was checked.
    """

    job: str
    engine: str
    unit: str
    values: list[float]
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def minimum(self) -> float:
        """Least disturbed repeat."""
        return min(self.values)

    @property
    def median(self) -> float:
        """Middle repeat."""
        return statistics.median(self.values)

    def to_dict(self) -> dict[str, Any]:
        """Return the measurement as JSON can hold it."""
        return {**asdict(self), "minimum": self.minimum, "median": self.median}


def table(measurements: Sequence[Measurement]) -> str:
    """Return the measurements as text, a line each."""
    rows = [("job", "engine", "minimum", "median", "unit", "")]
    for one in measurements:
        notes = ", ".join(f"{name} {_short(value)}" for name, value in one.details.items())
        rows.append((one.job, one.engine, digits(one.minimum), digits(one.median), one.unit, notes))
    return aligned(rows, left=(0, 1, 4, 5))


def aligned(rows: Sequence[Sequence[str]], *, left: Sequence[int]) -> str:
    """Return rows of cells as text in columns, which end at one place but for those that begin at one.

    Parameters
    ----------
    rows : sequence of sequence of str
        All of one length.
    left : sequence of int
        Columns of words.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        padded = zip(row, widths, strict=True)
        cells = [cell.ljust(width) if i in left else cell.rjust(width) for i, (cell, width) in enumerate(padded)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def digits(value: float) -> str:
    """Return a figure with three digits, or whole from a thousand on."""
    return f"{value:,.0f}" if abs(value) >= 1_000.0 else f"{value:.3g}"


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
