"""Two small panels in the style of the library's charts: title, units, what runs along, lines named at their ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from montecarlo_ai.plot import style
from montecarlo_ai.plot.chips import CAUSE_COLORS, DASHES

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

WIDTH, HEIGHT = 560.0, 205.0  # points
LEFT, BOTTOM, TOP = 34.0, 34.0, 38.0  # points from the edge of a panel to its axes
COLORS = (*CAUSE_COLORS[:4], CAUSE_COLORS[5])
YEARS = "years from the start"
CURVE = "curve"
"""What the id of everything that shows a number begins with in the file."""


class Panel(NamedTuple):
    """What a panel is called, the units upwards, what runs along, and the room for names right of it, in points."""

    title: str
    units: str
    along: str
    room: float


def canvas(*panels: Panel) -> tuple[Figure, list[Axes]]:
    """Return a figure and the axes of its panels, side by side, dressed and empty."""
    figure = Figure(figsize=(WIDTH / 72.0, HEIGHT / 72.0))
    FigureCanvasAgg(figure)
    width = (WIDTH - sum(LEFT + panel.room for panel in panels)) / len(panels)
    drawn, left = [], 0.0
    for panel in panels:
        place = (left + LEFT, BOTTOM, width, HEIGHT - BOTTOM - TOP)
        ax = figure.add_axes(
            (place[0] / WIDTH, place[1] / HEIGHT, place[2] / WIDTH, place[3] / HEIGHT),
        )
        left += LEFT + width + panel.room
        _dress(ax, panel)
        drawn.append(ax)
    return figure, drawn


def lines(
    ax: Axes,
    along: Sequence[float],
    curves: Mapping[str, Sequence[float]],
    *,
    colors: Sequence[str] = COLORS,
    first: int = 0,
    limits: tuple[float, float] | None = None,
) -> None:
    """Draw curves and name each at its right end.

    Parameters
    ----------
    ax : Axes
    along : sequence of float
        Where the values lie.
    curves : mapping of str to sequence of float
        Values by name.
    colors : sequence of str
        In the order of the curves, which are also told apart by dashes.
    first : int
        Place of the first curve in colours and dashes.
    limits : (float, float), optional
        Of the axis upwards; from zero, or what the values reach, if not given.
    """
    ax.set_xlim(min(along), max(along))
    shown = list(enumerate(curves.items(), start=first))
    for place, (_, values) in shown:
        (line,) = ax.plot(along, values, color=colors[place % len(colors)], linewidth=1.8, linestyle=DASHES[place])
        mark(ax, line)
    highest = max(max(values) for values in curves.values())
    lowest = min(min(values) for values in curves.values())
    low, high = (min(lowest, 0.0), highest) if limits is None else limits
    ax.set_ylim(low, high + (0.06 * (high - low) if limits is None else 0.0))
    if low < 0.0 < high:
        ax.axhline(0.0, color=style.MUTED, linewidth=0.9, zorder=1.5)
    ends = [float(values[-1]) for _, (_, values) in shown]
    tints = [colors[place % len(colors)] for place, _ in shown]
    style.label_right(ax, ends, [name for _, (name, _) in shown], tints, [False] * len(ends))


def stacked(ax: Axes, along: Sequence[float], parts: Mapping[str, Sequence[float]], colors: Sequence[str]) -> None:
    """Draw parts of a whole upon each other, each named where it is thickest.

    Parameters
    ----------
    ax : Axes
    along : sequence of float
        Where the values lie.
    parts : mapping of str to sequence of float
        Values by name, from the lowest up.
    colors : sequence of str
        In the order of the parts.
    """
    ax.set_xlim(min(along), max(along))
    below = np.zeros(len(along))
    for (name, values), color in zip(parts.items(), colors, strict=True):
        above = below + np.asarray(values)
        area = ax.fill_between(along, below, above, facecolor=color, edgecolor="white", linewidth=0.8)
        mark(ax, area)
        inside = slice(len(along) // 6, -(len(along) // 6))
        at = int(np.argmax((above - below)[inside])) + inside.start
        where = (along[at], float(0.5 * (below[at] + above[at])))
        style.note(
            ax, name, where, (0.0, 0.0), size=style.SMALL, xycoords="data", ha="center", va="center", color=style.INK
        )
        below = above
    ax.set_ylim(0.0, float(below.max()))
    ax.grid(visible=False)


def mark(ax: Axes, artist: Artist) -> None:
    """Give what shows a number an id in the file, by which it can be found and compared."""
    panel = ax.figure.axes.index(ax)
    count = sum(1 for other in ax.get_children() if str(other.get_gid() or "").startswith(CURVE))
    artist.set_gid(f"{CURVE}-{panel}-{count}")


def level(ax: Axes, value: float, text: str, *, at: float = 0.02) -> None:
    """Draw a thin level across, named above its left end or from a share of the width on."""
    ax.axhline(value, color=style.MUTED, linewidth=0.9, linestyle=(0, (1, 2)))
    style.note(
        ax, text, (at, value), (0.0, 2.5), size=style.SMALL, xycoords=ax.get_yaxis_transform(), color=style.MUTED
    )


def save(figure: Figure, path: Path) -> Path:
    """Write a picture and return its file; ids and date do not change from run to run."""
    with matplotlib.rc_context({"svg.hashsalt": "montecarlo_ai", "svg.fonttype": "none"}):
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None}, facecolor="white")
    return path


def _dress(ax: Axes, panel: Panel) -> None:
    """Write title, units and what runs along, and leave no more lines than reading needs."""
    style.note(ax, panel.title, (0.0, 1.0), (-24.0, 21.0), size=style.BODY, color=style.INK, weight="bold")
    style.note(ax, panel.units, (0.0, 1.0), (-24.0, 9.0), size=style.SMALL, color=style.MUTED)
    style.note(ax, panel.along, (0.0, 0.0), (0.0, -27.0), size=style.SMALL, color=style.MUTED)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.spines["bottom"].set_color(style.MUTED)
    ax.grid(axis="y", color=style.RULE, linewidth=0.7)
    ax.set_axisbelow(True)
    ax.tick_params(axis="y", length=0, labelsize=style.SMALL, labelcolor=style.MUTED)
    ax.tick_params(axis="x", color=style.MUTED, labelsize=style.SMALL, labelcolor=style.MUTED)
    ax.locator_params(axis="y", nbins=5)
