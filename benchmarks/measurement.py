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
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if column in (2, 3) else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=False))
        ]
        lines.append("  ".join([*cells, row[5]]).rstrip())
    return "\n".join(lines)


def digits(value: float) -> str:
    """Return a figure with three digits, or whole from a thousand on."""
    return f"{value:,.0f}" if abs(value) >= 1_000.0 else f"{value:.3g}"


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
