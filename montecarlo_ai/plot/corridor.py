"""The chart of the corridor: the ways to run out against the pace of commitments, and the least chance marked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import xarray as xr

from montecarlo_ai.errors import invalid
from montecarlo_ai.passages import attribute_names
from montecarlo_ai.plot import style
from montecarlo_ai.plot.chips import CAUSE_COLORS, DASHES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from matplotlib.text import Annotation

__all__ = ["CorridorArtists", "corridor"]


class CorridorArtists(NamedTuple):
    """What a chart of the corridor consists of.

    Attributes
    ----------
    axes : Axes
    lines : dict of str to Line2D
        By cause, and "chance" for the event whose least is looked for.
    least : Line2D
        The mark at the least: the bottom of the parabola, which lies on the line or below it.
    title, caption, footnote : Annotation
    """

    axes: Axes
    lines: dict[str, Line2D]
    least: Line2D
    title: Annotation
    caption: Annotation
    footnote: Annotation


def corridor(found: xr.Dataset, *, ax: Axes | None = None, title: str | None = None) -> CorridorArtists:
    """Return the artists of the probabilities against the pace of commitments.

    Parameters
    ----------
    found : Dataset
        From `montecarlo_ai.corridor`.
    ax : Axes, optional
        Where to draw; a new figure if not given.
    title : str, optional

    Raises
    ------
    InputError
        If it comes from elsewhere.
    """
    style.check_text("title", title)
    if not isinstance(found, xr.Dataset) or "chance" not in found:
        raise invalid("found", type(found).__name__, "must come from corridor")
    axes, own = style.prepare_axes(ax)
    pace = found["pace"].values
    lines: dict[str, Line2D] = {}
    ends, texts, colors = [], [], []
    event = found.attrs["event"]
    names = [event] if isinstance(event, str) else list(event)
    counted = [*names, *(attribute_names(found, "chips") if "any" in names else ())]
    for k, cause in enumerate(str(cause) for cause in found["cause"].values if str(cause) != "any"):
        row = found.sel(cause=cause)
        color = CAUSE_COLORS[k % len(CAUSE_COLORS)]
        (lines[cause],) = axes.plot(
            pace,
            100.0 * row["probability"].values,
            color=color,
            linestyle=DASHES[k % len(DASHES)],
            linewidth=2.0,
            zorder=3,
        )
        axes.fill_between(pace, 100.0 * row["lower"].values, 100.0 * row["upper"].values, color=color, alpha=0.18, lw=0)
        ends.append(100.0 * float(row["probability"].values[-1]))
        texts.append(cause.replace("_", " ") + ("" if cause in counted else " (beside)"))
        colors.append(color)
    chance = 100.0 * found["chance"].values
    (lines["chance"],) = axes.plot(pace, chance, color=style.INK, linewidth=2.4, zorder=4)
    low, high = 100.0 * found["chance_lower"].values, 100.0 * found["chance_upper"].values
    axes.fill_between(pace, low, high, color=style.INK, alpha=0.18, linewidth=0)
    bottom = [float(found["least"])], [100.0 * float(found["least_chance"])]
    (least,) = axes.plot(*bottom, marker="o", markersize=8, color=style.INK, zorder=6, clip_on=False)
    _interval(axes, found)
    axes.set_xlim(pace[0], pace[-1])
    axes.set_ylim(0.0, min(1.06 * max(chance.max(), 100.0 * float(found["upper"].max())), 102.0))
    whole = _whole(names, len(lines) - 1)
    ends, texts, colors = [*ends, float(chance[-1])], [*texts, whole], [*colors, style.INK]
    heading, written = style.dress(
        axes,
        "The corridor of commitments" if title is None else title,
        f"probability by {str(found.attrs['by'])[:10]}, %, against the pace (1: the scenario's "
        f"{str(found.attrs['vary']).replace('_', ' ')})",
        own=own,
        notes=[_caption(found, whole), _footnote(found)],
        labels=texts,
    )
    style.label_right(axes, ends, texts, colors, [text == whole for text in texts])
    return CorridorArtists(axes, lines, least, heading, written[0], written[1])


def _whole(names: list[str], causes: int) -> str:
    """Return in words of which events one is enough."""
    if names == ["any"]:
        return "any chip"
    if len(names) == 1:
        return names[0].replace("_", " ")
    return "any of these" if len(names) == causes else " or ".join(name.replace("_", " ") for name in names)


def _interval(axes: Axes, found: xr.Dataset) -> None:
    """Shade the paces among which the least lies; all of them where the curve is flat."""
    pace = found["pace"].values
    low, high = float(found["least_lower"]), float(found["least_upper"])
    axes.axvspan(max(low, pace[0]), min(high, pace[-1]), color=style.RULE, alpha=0.6, linewidth=0, zorder=1)


def _caption(found: xr.Dataset, event: str) -> str:
    """Return where the chance is least, in words."""
    state, at = found.attrs["least_state"], float(found["least"])
    if state == "flat":
        return f"At this number of paths no pace has a smaller chance of {event} than another."
    percent = 100.0 * float(found["least_chance"])
    if state == "at the edge":
        return (
            f"The chance of {event} is least at the end of the paces tried ({at:g}: {percent:.2g}%): no least inside."
        )
    low, high = (float(found[name]) for name in ("least_lower", "least_upper"))
    between = [f"{end:g}" if math.isfinite(end) else "the end of the paces" for end in (low, high)]
    where = f"at {at:.2f} times the pace of the scenario (between {between[0]} and {between[1]})"
    return f"The chance of {event} is least, near {percent:.2g}%, {where}."


def _footnote(found: xr.Dataset) -> str:
    level = f"{100 * float(found.attrs['confidence']):.6g}%"
    key = f"Dot: least chance; grey: where it lies by paired differences ({level}); coloured: {level} intervals."
    return f"{key}\n{style.provenance(found.attrs)}, the same at every pace"
