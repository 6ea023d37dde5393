"""The chart of running out of chips: cumulative incidence by cause, each with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

from montecarlo_ai.errors import invalid
from montecarlo_ai.passages import ANY, attribute_names
from montecarlo_ai.plot import style
from montecarlo_ai.risk import describe_chips, interval_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from matplotlib.lines import Line2D
    from matplotlib.text import Annotation

__all__ = ["ChipsArtists", "chips"]

# Okabe and Ito's colours, told apart with every common colour vision; line styles tell them apart in grey.
CAUSE_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
DASHES = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (6, 2, 1, 2)), (0, (1, 1)), (0, (8, 3, 2, 3)))
NEEDED = ("probability", "lower", "upper", "first", "first_lower", "first_upper", "count", "first_count")


class ChipsArtists(NamedTuple):
    """What a chart of running out of chips consists of.

    Attributes
    ----------
    axes : Axes
    lines : dict of str to Line2D
        By cause, ``"any"`` the last.
    bands : dict of str to PolyCollection
        The intervals, by cause.
    labels : tuple of Annotation
        The direct labels right of the axes.
    title, caption, footnote : Annotation
    """

    axes: Axes
    lines: dict[str, Line2D]
    bands: dict[str, PolyCollection]
    labels: tuple[Annotation, ...]
    title: Annotation
    caption: Annotation
    footnote: Annotation


def chips(
    data: xr.Dataset, *, ax: Axes | None = None, title: str | None = None, note: str | None = None
) -> ChipsArtists:
    """Return the artists of the probability of running out of chips by each time, by what runs out first.

    Chips are drawn as the cumulative incidence of competing risks, so that their lines sum to ``any``; a cause
    that does not count as a chip is drawn beside them, thin, as the probability that it has happened at all.

    Parameters
    ----------
    data : Dataset
        From `runs_out_of_chips`, at all times or at chosen dates.
    ax : Axes, optional
        Where to draw; a new figure if not given. Where it is not alone in its figure, room for the title, labels
        and notes around it is the caller's, such as by ``layout="constrained"``.
    title, note : str, optional
        Shown as they are: nothing in them is read as markup.

    Raises
    ------
    InputError
        If `data` does not come from `runs_out_of_chips`.
    """
    style.check_text("title", title)
    style.check_text("note", note)
    if not isinstance(data, xr.Dataset) or any(name not in data for name in NEEDED) or data.sizes["time"] == 0:
        raise invalid("data", type(data).__name__, "must come from runs_out_of_chips")
    axes, own = style.prepare_axes(ax)
    counted = attribute_names(data, "chips")
    causes = [str(cause) for cause in data["cause"].values]
    times = np.asarray(data["time"].values)
    lines: dict[str, Line2D] = {}
    bands: dict[str, PolyCollection] = {}
    ends = []
    for place, cause in enumerate(causes):
        row = data.sel(cause=cause)
        whole, apart = cause == causes[-1], cause not in counted and cause != causes[-1]
        middle, low, high = ("probability", "lower", "upper") if apart else ("first", "first_lower", "first_upper")
        color = style.INK if whole else (style.MUTED if apart else CAUSE_COLORS[place % len(CAUSE_COLORS)])
        (lines[cause],) = axes.plot(
            times,
            100.0 * row[middle].values,
            color=color,
            linewidth=2.4 if whole else (1.2 if apart else 2.0),
            linestyle="-" if whole else DASHES[place % len(DASHES)],
            zorder=4 if whole else 3,
        )
        bands[cause] = axes.fill_between(
            times,
            100.0 * row[low].values,
            100.0 * row[high].values,
            facecolor=color,
            edgecolor="none",
            alpha=0.18,
            zorder=2,
        )
        ends.append(100.0 * float(row[middle].values[-1]))
    _limits(axes, data, times)
    style.time_axis(axes)
    texts = [
        f"{_name(cause)}  {_percent(end)}" + ("" if cause in (*counted, causes[-1]) else " *")
        for cause, end in zip(causes, ends, strict=True)
    ]
    heading, written = style.dress(
        axes,
        "Running out of chips" if title is None else title,
        "probability by each date, %",
        own=own,
        notes=[_caption(data, counted, causes), _footnote(data, counted, causes, note)],
        labels=texts,
    )
    colors = [str(lines[cause].get_color()) for cause in causes]
    labels = style.label_right(axes, ends, texts, colors, [cause == causes[-1] for cause in causes])
    return ChipsArtists(axes, lines, bands, tuple(labels), heading, written[0], written[1])


def _limits(axes: Axes, data: xr.Dataset, times: np.ndarray[tuple[int, ...], np.dtype[np.datetime64]]) -> None:
    """Let the vertical axis begin at zero and end a little above the highest interval."""
    highest = 100.0 * float(max(data["upper"].max(), data["first_upper"].max()))
    axes.set_ylim(0.0, min(max(1.06 * highest, 0.01), 102.0))
    axes.set_xlim(times[0], max(times[-1], times[0] + np.timedelta64(86_400, "s")))


def _name(cause: str) -> str:
    return "any chip" if cause == ANY else cause.replace("_", " ")


def _percent(percent: float) -> str:
    """Return a share for a label: two digits, and never 0% where there were hits."""
    if percent == 0.0:
        return "none"
    return f"{percent:.0f}%" if percent >= 10.0 else f"{percent:.2g}%"


def _caption(data: xr.Dataset, counted: list[str], causes: list[str]) -> str:
    """Return what the chart says at its end, in words."""
    end = data.isel(time=-1)
    total = describe_chips(data)
    shares = {cause: _percent(100.0 * float(end["first"].sel(cause=cause))) for cause in causes if cause in counted}
    firsts = ", ".join(f"{_name(cause)} first {share}" for cause, share in shares.items())
    what = f"; {firsts}" if len(shares) > 1 else ""
    return (
        f"Probability of running out of chips by {style.when(data['time'].values[-1])}: {total}{what}. "
        "Lines of the chips show which ran out first and sum to any chip."
    )


def _footnote(data: xr.Dataset, counted: list[str], causes: list[str], note: str | None) -> str:
    """Return the key to the marks, where the chart comes from and what its bands are."""
    beside = ", ".join(_name(cause) for cause in causes[:-1] if cause not in counted)
    key = f"* {beside}: not counted in any chip; the line shows whether it has happened at all." if beside else ""
    bands = f"shaded: {100.0 * float(data.attrs['confidence']):.6g}% intervals ({interval_name(data)})"
    origin = " · ".join(part for part in (style.provenance(data.attrs), bands) if part)
    return "\n".join(part for part in (note, key, origin) if part)
