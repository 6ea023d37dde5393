"""What the charts share: colours, units on axes, text that cannot be read as markup, labels that keep apart."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from montecarlo_ai.errors import invalid

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation

__all__ = [
    "BODY",
    "INK",
    "MUTED",
    "SMALL",
    "TITLE",
    "Scale",
    "check_text",
    "dress",
    "label_right",
    "note",
    "prepare_axes",
    "provenance",
    "resolution",
    "scale_for",
    "share_of_hundred",
    "spread",
    "time_axis",
    "when",
]

INK = "#14202b"
MUTED = "#5a6772"
RULE = "#d9dee3"
TITLE, BODY, SMALL = 13.0, 9.5, 8.0
LINE_SPACING = 1.35
# In points: left of the axes, above them, down to below the tick labels, from the axes to a direct label.
LEFT_MARGIN, TOP_MARGIN, TICKS, LEADER = 52.0, 50.0, 34.0, 14.0


def resolution(size: float) -> float:
    """Return the power of ten at which a positive number of this size shows two digits."""
    return 10.0 ** (math.floor(math.log10(size)) - 1)


class Scale(NamedTuple):
    """How a variable is shown: divided by `factor`, in `units`.

    Attributes
    ----------
    factor : float
        In units of the variable.
    units : str
        What stands on the axis and in the caption.
    """

    factor: float
    units: str

    def text(self, value: float, step: float) -> str:
        """Return a value of the variable as text, to the digits that a resolution of `step` deserves."""
        shown, resolution = value / self.factor, abs(step / self.factor)
        digits = 0 if not resolution > 0.0 else min(max(0, -math.floor(math.log10(resolution))), 12)
        return f"{shown:z,.{digits}f}".replace("-", "\N{MINUS SIGN}")


def scale_for(units: str, largest: float) -> Scale:
    """Return the scale on which a variable of these units reads best.

    Parameters
    ----------
    units : str
        As in the attributes of a result, such as ``"USD/year"`` or ``"H100e"``.
    largest : float
        The largest absolute value that will be shown, in `units`.
    """
    base, _, per = units.partition("/")
    suffix = f" a {per}" if per in ("year", "month", "day") else (f"/{per}" if per else "")
    if base == "fraction":
        power = 1.0 if _MANY[0] <= 100.0 * largest < 1e6 else _thousands(100.0 * largest)
        return Scale(0.01 * power, f"{_times(power)}%{suffix}")
    name = "" if base in ("1", "ratio") else base
    if 0.0 < largest < _MANY[0] or largest >= _MANY[1]:
        power = _thousands(largest)
        return Scale(power, f"{_times(power)}{name}{suffix}".strip())
    for power, word, money in ((1e12, "trillion", "tn"), (1e9, "billion", "bn"), (1e6, "million", "m")):
        # One power is kept up to 2,000 of it, so that an axis reads 1,400 bn and not 1.4 tn.
        if largest >= (2.0 if power == 1e12 else 1.0) * power:
            return Scale(power, f"{money if base == 'USD' else word} {name}".rstrip() + suffix)
    return Scale(1.0, f"{name}{suffix}")


_MANY = (1e-4, 1e16)
"""Below and above which a variable has no word for its thousands, and its power of ten is written."""


def _thousands(size: float) -> float:
    """Return the power of a thousand at or below a size; one for zero."""
    return 10.0 ** (3 * math.floor(math.log10(size) / 3.0)) if size > 0.0 else 1.0


def _times(power: float) -> str:
    """Return a power of ten as a factor before a unit; nothing for one."""
    exponent = str(round(math.log10(power))).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return "" if power == 1.0 else f"\N{MULTIPLICATION SIGN}10{exponent} "


def spread(positions: ArrayLike, gap: float, low: float, high: float) -> NDArray[np.float64]:
    """Return positions moved as little as possible so that neighbours are at least `gap` apart.

    Parameters
    ----------
    positions : (n,) float
        Wanted positions, in any order and any unit.
    gap : float
        Smallest distance; it shrinks where `low` to `high` cannot hold n of them.
    low, high : float
        Where positions may lie.

    Notes
    -----
    Least squares under ordered gaps is isotonic regression of the positions less their places in the order;
    pooling adjacent violators solves it exactly.
    """
    wanted = np.asarray(positions, dtype=np.float64)
    n = wanted.size
    if n == 0:
        return wanted
    gap = min(gap, (high - low) / max(n - 1, 1))
    order = np.argsort(wanted, kind="stable")
    blocks: list[tuple[float, int]] = []
    for place, value in enumerate(wanted[order]):
        mean, size = float(value) - place * gap, 1
        while blocks and blocks[-1][0] > mean:
            before, members = blocks.pop()
            mean, size = (mean * size + before * members) / (size + members), size + members
        blocks.append((mean, size))
    fitted = np.concatenate([np.full(size, mean) for mean, size in blocks])
    fitted = np.clip(fitted, low, max(low, high - (n - 1) * gap)) + gap * np.arange(n)
    result = np.empty(n)
    result[order] = fitted
    return result


CHART_SIZE = (10.0, 5.8)
"""Of a chart that makes its own figure, inches."""


def prepare_axes(ax: Axes | None, height: float = CHART_SIZE[1]) -> tuple[Axes, bool]:
    """Return axes to draw on, and whether the figure is theirs alone (then its margins may be set).

    Parameters
    ----------
    ax : Axes or None
    height : float
        Of a new figure, inches.
    """
    if ax is not None:
        figure = ax.figure.get_figure(root=True)
        return ax, figure is ax.figure and figure.axes == [ax] and figure.get_layout_engine() is None
    import matplotlib
    from matplotlib.patches import Rectangle

    size, ground = (CHART_SIZE[0], height), "white"  # whatever the style: ink and bands are chosen for it
    try:
        from matplotlib import pyplot

        figure = pyplot.figure(figsize=size, dpi=160, facecolor=ground)
    except ImportError:
        # A backend was asked for that this machine has no display for: draw all the same, for saving.
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=size, dpi=160, facecolor=ground)
        FigureCanvasAgg(figure)
    if matplotlib.rcParams["savefig.facecolor"] != "auto":  # else a dark style would blacken what is saved
        sheet = Rectangle((0.0, 0.0), 1.0, 1.0, transform=figure.transFigure, facecolor=ground, zorder=-1.0)
        sheet.set_in_layout(False)
        figure.add_artist(sheet)
    return figure.add_subplot(facecolor=ground), True


def dress(
    ax: Axes, title: str, subtitle: str, *, own: bool, notes: Sequence[str], labels: Sequence[str]
) -> tuple[Annotation, list[Annotation]]:
    """Set grid and margins, write title and notes, and return these.

    Parameters
    ----------
    ax : Axes
    title, subtitle : str
        Shown as they are: no character is read as markup.
    own : bool
        Whether the figure belongs to the chart, so that its margins may be set.
    notes : sequence of str
        Paragraphs below the axes, the first in the size of the text and the others small.
    labels : sequence of str
        Direct labels that will stand right of the axes, in bold at most.
    """
    width, height = _size_in_points(ax)
    right = LEADER + max(_width(text, BODY, "bold") for text in labels) + 10.0
    if own:
        ax.figure.subplots_adjust(left=LEFT_MARGIN / width, right=1.0 - right / width)
    room = ax.get_position().width * width + right - 16.0
    sizes = [BODY] + [SMALL] * (len(notes) - 1)
    wrapped = [_wrap(text, room, size) for text, size in zip(notes, sizes, strict=True)]
    offsets = [TICKS]
    for text, size in zip(wrapped, sizes, strict=True):
        offsets.append(offsets[-1] + (text.count("\n") + 1) * size * LINE_SPACING + 5.0)
    title = _wrap(title, room, TITLE, "bold")
    if own:
        above = TOP_MARGIN + title.count("\n") * TITLE * LINE_SPACING
        ax.figure.subplots_adjust(bottom=(offsets[-1] + 6.0) / height, top=1.0 - above / height)
    heading = note(ax, title, (0.0, 1.0), (0.0, 23.0), size=TITLE, color=INK, weight="bold", va="bottom")
    note(ax, subtitle, (0.0, 1.0), (0.0, 9.0), size=BODY, color=MUTED, va="baseline")
    written = [
        note(ax, text, (0.0, 0.0), (0.0, -offset), size=size, color=INK if k == 0 else MUTED, va="top")
        for k, (text, size, offset) in enumerate(zip(wrapped, sizes, offsets[:-1], strict=True))
    ]
    _rules(ax)
    return heading, written


def note(
    ax: Axes, text: str, at: tuple[float, float], offset: tuple[float, float], *, size: float, **keywords: Any
) -> Annotation:
    """Return text put at a place of the axes (fractions) plus an offset (points), with no markup read in it."""
    return ax.annotate(
        text,
        xy=at,
        xycoords=keywords.pop("xycoords", "axes fraction"),
        xytext=offset,
        textcoords="offset points",
        fontsize=size,
        linespacing=LINE_SPACING,
        annotation_clip=False,
        parse_math=False,
        **keywords,
    )


def label_right(
    ax: Axes, values: Sequence[float], texts: Sequence[str], colors: Sequence[str], bold: Sequence[bool]
) -> list[Annotation]:
    """Write labels right of the axes beside the values (data units), moved apart where they would overlap."""
    height = max(ax.get_position().height * _size_in_points(ax)[1], 1.0)
    pixels = ax.transData.transform(np.column_stack([np.full(len(values), ax.get_xlim()[1]), values]))
    wanted = ax.transAxes.inverted().transform(pixels)[:, 1] * height
    gap = BODY * 1.3
    placed = spread(wanted, gap, 0.0, height)
    labels = []
    for want, place, text, color, heavy in zip(wanted, placed, texts, colors, bold, strict=True):
        leader = {"arrowstyle": "-", "color": RULE if abs(want - place) < 2.0 else MUTED, "lw": 0.7, "shrinkA": 1.0}
        labels.append(
            ax.annotate(
                text,
                xy=(1.0, want / height),
                xycoords="axes fraction",
                xytext=(LEADER, place - want),
                textcoords="offset points",
                fontsize=BODY - 0.5,
                color=color,
                weight="bold" if heavy else "normal",
                va="center",
                annotation_clip=False,
                parse_math=False,
                arrowprops={**leader, "shrinkB": 0.0, "relpos": (0.0, 0.5)},
            )
        )
    return labels


def provenance(attrs: Mapping[str, Any]) -> str:
    """Return version, scenario, hash, seed and number of paths of a result, as far as it states them."""
    parts = []
    if "montecarlo_ai_version" in attrs:
        parts.append(f"montecarlo_ai {attrs['montecarlo_ai_version']}")
    if "scenario" in attrs:
        digits = f" ({str(attrs['scenario_hash'])[:12]})" if "scenario_hash" in attrs else ""
        parts.append(f"scenario {attrs['scenario']}{digits}")
    if "seed" in attrs:
        parts.append(f"seed {attrs['seed']}")
    if "n_paths" in attrs:
        n = int(attrs["n_paths"])
        parts.append("1 path" if n == 1 else f"{n:,} paths")
    return " · ".join(parts)


def when(time: np.datetime64) -> str:
    """Return a date in words; the first instant of a year is the end of the year before."""
    if time == time.astype("datetime64[Y]"):
        return f"the end of {int(str(time.astype('datetime64[Y]'))) - 1}"
    day = time.astype("datetime64[D]").item()
    return f"{day.day} {day:%B %Y}"


def share_of_hundred(share: float) -> str:
    """Return a share as "90 of 100", with as many zeros as it takes."""
    hundred = 100
    while abs(share * hundred - round(share * hundred)) > 1e-9 and hundred < 100_000:
        hundred *= 10
    return f"{round(share * hundred):,} of {hundred:,}"


def time_axis(ax: Axes) -> None:
    """Let the time axis show years, and months where there are few years."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=3, maxticks=9)  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))  # type: ignore[no-untyped-call]


def check_text(field: str, text: object) -> None:
    """Raise unless a title or note is text."""
    if text is not None and not isinstance(text, str):
        raise invalid(field, text, "must be text")


def _rules(ax: Axes) -> None:
    from matplotlib.ticker import ScalarFormatter

    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.spines["bottom"].set_color(MUTED)
    low, high = ax.get_ylim()
    if low < 0.0 < high:
        ax.axhline(0.0, color=MUTED, linewidth=1.0, zorder=2.9)
    ax.grid(axis="y", color=RULE, linewidth=0.7)
    ax.set_axisbelow(True)
    for axis in (ax.xaxis, ax.yaxis):
        formatter = axis.get_major_formatter()
        if isinstance(formatter, ScalarFormatter):  # a factor or an offset would lie over the subtitle
            formatter.set_scientific(False)
            formatter.set_useOffset(False)
    ax.tick_params(axis="y", length=0, labelsize=BODY - 0.5, labelcolor=MUTED)
    ax.tick_params(axis="x", color=MUTED, labelsize=BODY - 0.5, labelcolor=MUTED)


def _size_in_points(ax: Axes) -> tuple[float, float]:
    width, height = ax.figure.get_figure(root=True).get_size_inches()
    return float(width) * 72.0, float(height) * 72.0


def _wrap(text: str, room: float, size: float, weight: str = "normal") -> str:
    """Return text, line by line, in the fewest lines that fit a width in points; all but small print evenly."""
    return "\n".join(_wrap_line(line, room, size, weight) for line in text.split("\n"))


def _wrap_line(text: str, room: float, size: float, weight: str) -> str:
    average = _width(text, size, weight) / max(len(text), 1)
    columns = max(20, int(room / max(average, 1.0) * 0.97))
    lines = textwrap.wrap(text, columns, break_on_hyphens=False)
    while columns > 20 and any(_width(line, size, weight) > room for line in lines):  # of wider letters than most
        columns -= 1
        lines = textwrap.wrap(text, columns, break_on_hyphens=False)
    for narrower in range(columns - 1, 20, -1):
        tighter = textwrap.wrap(text, narrower, break_on_hyphens=False)
        if len(tighter) > len(lines) or size == SMALL:
            break
        lines = tighter
    return "\n".join(lines)


def _width(text: str, size: float, weight: str) -> float:
    """Return the width of a line of text in points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    font = FontProperties(size=size, weight=weight)
    return float(TextToPath().get_text_width_height_descent(text, font, ismath=False)[0])
