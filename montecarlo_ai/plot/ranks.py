"""The chart of a backtest: where each outcome fell in its forecast, against the bands that it should fall in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

from montecarlo_ai.errors import invalid
from montecarlo_ai.plot import style
from montecarlo_ai.plot.chips import CAUSE_COLORS
from montecarlo_ai.plot.fan import BAND_COLORS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from matplotlib.text import Annotation

__all__ = ["BacktestArtists", "backtest"]

_MARKS = ("o", "s", "^", "D", "v", "P", "X")


_BESIDE_ROWS, _ROW = 3.4, 0.17
"""Inches that title and notes take, and that a row takes."""


class BacktestArtists(NamedTuple):
    """What a chart of a backtest consists of.

    Attributes
    ----------
    axes : Axes
    points : dict of str to Line2D
        The ranks of the outcomes, by state.
    title, caption, footnote : Annotation
    """

    axes: Axes
    points: dict[str, Line2D]
    title: Annotation
    caption: Annotation
    footnote: Annotation


def backtest(found: xr.Dataset, *, ax: Axes | None = None, title: str | None = None) -> BacktestArtists:
    """Return the artists of a chart of ranks: a row for each outcome, the bands of the forecast behind.

    Parameters
    ----------
    found : Dataset
        From `montecarlo_ai.backtest`.
    ax : Axes, optional
        Where to draw; a new figure if not given.
    title : str, optional

    Raises
    ------
    InputError
        If nothing of it was scored.
    """
    style.check_text("title", title)
    if not isinstance(found, xr.Dataset) or "pit" not in found:
        raise invalid("found", type(found).__name__, "must come from backtest")
    places = np.flatnonzero(found["status"].values == "scored")
    if places.size == 0:
        raise invalid("found", "nothing scored", "must hold at least one outcome that was scored")
    variables = found["variable"].values
    states = list(dict.fromkeys(variables[places].tolist()))
    ordered = [int(k) for state in states for k in places if variables[k] == state]
    axes, own = style.prepare_axes(ax, height_of(found))
    bands = sorted((float(band) for band in found["band"].values), reverse=True)
    for k, band in enumerate(bands):
        axes.axvspan(50.0 - 50.0 * band, 50.0 + 50.0 * band, color=BAND_COLORS[min(k, 2)], linewidth=0, zorder=1)
    axes.axvline(50.0, color=style.MUTED, linewidth=1.0, zorder=2)
    points: dict[str, Line2D] = {}
    for k, state in enumerate(states):
        rows = [row for row, place in enumerate(ordered) if variables[place] == state]
        (points[state],) = axes.plot(
            100.0 * found["pit"].values[[ordered[row] for row in rows]],
            rows,
            linestyle="none",
            marker=_MARKS[k % len(_MARKS)],
            markersize=7,
            color=CAUSE_COLORS[k % len(CAUSE_COLORS)],
            markeredgecolor="white",
            zorder=4,
            clip_on=False,
        )
    axes.set_xlim(0.0, 100.0)
    axes.set_ylim(len(ordered) - 0.4, -0.6)
    labels = [_label(found, place) for place in ordered]
    heading, written = style.dress(
        axes,
        "Outcomes in their forecasts" if title is None else title,
        f"rank of the outcome among simulated futures, %; shaded: the {_listed(bands)} bands",
        own=own,
        notes=[_caption(found), "\n".join([*found.attrs["caveats"], style.provenance(found.attrs)])],
        labels=labels,
    )
    axes.grid(visible=False)
    axes.set_yticks([])
    width = axes.get_xlim()[1]
    for row, (text, place) in enumerate(zip(labels, ordered, strict=True)):
        color = str(points[str(variables[place])].get_color())
        style.note(
            axes, text, (width, row), (8.0, 0.0), size=style.SMALL, xycoords="data", color=color, va="center", ha="left"
        )
    return BacktestArtists(axes, points, heading, written[0], written[1])


def height_of(found: xr.Dataset) -> float:
    """Return how high a chart of ranks should be for its rows to be read, inches."""
    rows = int(np.sum(found["status"].values == "scored"))
    return max(style.CHART_SIZE[1], _BESIDE_ROWS + _ROW * rows)


def _label(found: xr.Dataset, place: int) -> str:
    row = found.isel(observation=place)
    first, last = (str(row[name].values)[:7] for name in ("period_start", "period_end"))
    when = last if first == last else f"{first} to {last}"
    return f"{str(row['variable'].values).replace('_', ' ')}, {when}"


def _listed(bands: list[float]) -> str:
    texts = [f"{100 * band:.6g}%" for band in sorted(bands)]
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def _caption(found: xr.Dataset) -> str:
    """Return the coverage of each band in words."""
    level = f"{100 * float(found.attrs['confidence']):.6g}%"
    parts = []
    for band in sorted(float(value) for value in found["band"].values):
        row = found.sel(group="all", band=band)
        low, high = float(row["expected_lower"]), float(row["expected_upper"])
        expected = (
            f" ({100 * low:.0f} to {100 * high:.0f}% if the model is true, {level})" if math.isfinite(low) else ""
        )
        parts.append(f"{100 * float(row['coverage']):.0f}% lay in the {100 * band:.6g}% band{expected}")
    return f"Of {int(found['n'].sel(group='all'))} outcomes {', '.join(parts)}."
