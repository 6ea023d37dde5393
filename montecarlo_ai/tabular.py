"""Numbers and rows as plain aligned text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

SCALES = ((1e12, " tn"), (1e9, " bn"), (1e6, " m"))


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """Return rows under a head in aligned columns, those of `right` to the right."""
    cells = [tuple(head), *(tuple(row) for row in rows)]
    widths = [max(len(row[k]) for row in cells) for k in range(len(head))]
    lines = []
    for row in cells:
        line = [f"{cell:>{widths[k]}}" if k in right else f"{cell:<{widths[k]}}" for k, cell in enumerate(row)]
        lines.append("  ".join(line).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def how_many(n: int, thing: str) -> str:
    """Return how many there are of a thing, in the singular for one."""
    return f"1 {thing}" if n == 1 else f"{n:,} {thing}s"


def number(value: float) -> str:
    """Return a number to four digits, large ones in thousands of millions and so on."""
    for power, word in SCALES:
        if abs(value) >= power:
            return f"{value / power:.4g}{word}"
    return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.4g}"
