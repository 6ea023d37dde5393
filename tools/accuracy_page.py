"""Measures the fast functions for docs/accuracy.md, its table and its picture: ``python -m tools.accuracy_page``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks import accuracy
from benchmarks.fast_functions import FUNCTIONS, Function
from benchmarks.measurement import Measurement
from montecarlo_ai.plot.style import BODY, INK, MUTED, SMALL
from tools.pages import DOCS

PAGE = DOCS / "accuracy.md"
PICTURE = DOCS / "images" / "accuracy.png"
POINTS = 1_500
"""Of the picture, a range."""

TABLE = re.compile(r"^\| function \| range .*?\n\n", re.DOTALL | re.MULTILINE)
COLUMNS = 3
FAR = 800.0
"""How far to both sides the picture goes."""

SYMMETRIC = ("exp", "expm1", "log1p", "tanh", "normal_cdf")
"""Functions of arguments of both signs; the others' arguments are above zero, or probabilities."""


def table(measurements: Sequence[Measurement]) -> str:
    """Return the measurements as a table of the page."""
    lines = ["| function | range | promised | largest | at | rms | unit |", "|---|---|--:|--:|---|--:|---|"]
    for one in measurements:
        found, details = one.minimum, one.details
        cells = (
            one.job,
            one.engine,
            f"{details['promised']:g}",
            f"{found:.2g}",
            details["at"],
            f"{details['rms']:.2g}",
        )
        lines.append(f"| {' | '.join((*cells, one.unit))} |")
    return "\n".join([*lines, "", ""])


def draw(path: Path, functions: Sequence[Function] = FUNCTIONS) -> None:
    """Draw the errors of every function against its first argument, a panel each."""
    rows = -(-len(functions) // COLUMNS)
    figure = Figure(figsize=(10.0, 2.1 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    for panel, function in zip(figure.subplots(rows, COLUMNS).flat, functions, strict=False):
        arguments = np.concatenate([function.sample(name, POINTS) for name in function.ranges], axis=1)
        places, errors = arguments[0].astype(float), function.errors(arguments)
        if function.name in SYMMETRIC:
            panel.set_xscale("symlog", linthresh=0.1)
            panel.set_xticks(
                [-100.0, -10.0, -1.0, 0.0, 1.0, 10.0, 100.0], labels=["-100", "-10", "-1", "0", "1", "10", "100"]
            )
            label = "argument"
        elif places.max() < 1.0:
            places, label = np.log10(places / (1.0 - places)), "log10 of u / (1 - u)"
        else:
            places, label = np.log10(places), "log10 of the first argument"
        panel.plot(places, errors, ".", color="#2b6a99", markersize=1.2)
        panel.axhline(function.bound, color=MUTED, linewidth=0.8, linestyle="--")
        panel.set_xlim(max(places.min(), -FAR), min(places.max(), FAR))
        panel.set_ylim(0.0, 1.08 * function.bound)
        panel.set_title(function.label, fontsize=BODY, color=INK, loc="left")
        panel.set_xlabel(label, fontsize=SMALL, color=MUTED)
        panel.set_ylabel(function.unit.name, fontsize=SMALL, color=MUTED)
        panel.tick_params(labelsize=SMALL, colors=MUTED)
        panel.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=80)


def main() -> None:
    """Make the table and the picture again."""
    page = PAGE.read_text(encoding="utf-8")
    made = table(accuracy.measure())
    PAGE.write_text(TABLE.sub(lambda _: made, page), encoding="utf-8")
    draw(PICTURE)


if __name__ == "__main__":
    main()
