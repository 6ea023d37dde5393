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
    from matplotlib.container import ErrorbarContainer
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
        By cause, ``"any"`` the last; of one date a mark each.
    bands : dict of str to PolyCollection or ErrorbarContainer
        The intervals, by cause: bands over time, or bars where there is one date.
    labels : tuple of Annotation
        The direct labels right of the axes.
    title, caption, footnote : Annotation
    """

    axes: Axes
    lines: dict[str, Line2D]
    bands: dict[str, PolyCollection | ErrorbarContainer]
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
        From `runs_out_of_chips`, at all times or at chosen dates, of all causes or of some.
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
    if not isinstance(data, xr.Dataset) or any(name not in data for name in (*NEEDED, "cause", "time")):
        raise invalid("data", type(data).__name__, "must come from runs_out_of_chips")
    for dim in ("cause", "time"):
        data = data if dim in data.dims else data.expand_dims(dim)
        if data.sizes[dim] == 0:
            raise invalid("data", f"no {dim}", "must come from runs_out_of_chips", f"select at least one {dim}")
    axes, own = style.prepare_axes(ax)
    counted = attribute_names(data, "chips")
    causes = [str(cause) for cause in data["cause"].values]
    lines: dict[str, Line2D] = {}
    bands: dict[str, PolyCollection | ErrorbarContainer] = {}
    ends = []
    for place, cause in enumerate(causes):
        lines[cause], bands[cause] = _draw(axes, data, place, cause in counted)
        ends.append(float(np.asarray(lines[cause].get_ydata(), dtype=np.float64)[-1]))
    _limits(axes, data)
    texts = [
        f"{_name(cause)}  {_percent(end)}" + ("" if cause in (*counted, ANY) else " *")
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
    labels = style.label_right(axes, ends, texts, colors, [cause == ANY for cause in causes])
    return ChipsArtists(axes, lines, bands, tuple(labels), heading, written[0], written[1])


_DAY = np.timedelta64(86_400, "s")


def _draw(axes: Axes, data: xr.Dataset, place: int, chip: bool) -> tuple[Line2D, PolyCollection | ErrorbarContainer]:
    """Return the line of a cause and its intervals; of one date a mark and its bar, beside those of other causes."""
    cause = str(data["cause"].values[place])
    whole, row = cause == ANY, data.isel(cause=place)
    apart = not chip and not whole
    names = ("probability", "lower", "upper") if apart else ("first", "first_lower", "first_upper")
    middle, low, high = (100.0 * row[name].values for name in names)
    color = style.INK if whole else (style.MUTED if apart else CAUSE_COLORS[place % len(CAUSE_COLORS)])
    width, order = 2.4 if whole else (1.2 if apart else 2.0), 4 if whole else 3
    times = np.asarray(data["time"].values)
    if times.size == 1:
        at = times + (place + 0.5) / data.sizes["cause"] * _DAY
        reach = np.abs(np.stack([low, high]) - middle)
        bars = axes.errorbar(
            at, middle, yerr=reach, fmt="none", ecolor=color, elinewidth=width, capsize=4.0, zorder=order
        )
        (mark,) = axes.plot(at, middle, color=color, linestyle="none", marker="o", markersize=7.0, zorder=order)
        return mark, bars
    dashes = "-" if whole else DASHES[place % len(DASHES)]
    (line,) = axes.plot(times, middle, color=color, linewidth=width, linestyle=dashes, zorder=order)
    band = axes.fill_between(times, low, high, facecolor=color, edgecolor="none", alpha=0.18, zorder=2)
    return line, band


def _limits(axes: Axes, data: xr.Dataset) -> None:
    """Let the vertical axis begin at zero and end a little above the highest interval; show years, or the one date."""
    highest = 100.0 * float(max(data["upper"].max(), data["first_upper"].max()))
    axes.set_ylim(0.0, min(max(1.06 * highest, 0.01), 102.0))
    times = np.asarray(data["time"].values)
    if times.size == 1:
        axes.set_xlim(times[0], times[0] + _DAY)
        axes.set_xticks(times + 0.5 * _DAY, [style.when(times[0])])
    else:
        axes.set_xlim(times[0], times[-1])
        style.time_axis(axes)


def _name(cause: str) -> str:
    return "any chip" if cause == ANY else cause.replace("_", " ")


def _percent(percent: float) -> str:
    """Return a share for a label: two digits, and never 0% where there were hits."""
    if percent == 0.0:
        return "none"
    return f"{percent:.0f}%" if percent >= 10.0 else f"{percent:.2g}%"


def _caption(data: xr.Dataset, counted: list[str], causes: list[str]) -> str:
    """Return what the chart says at its end, in words."""
    end, by = data.isel(time=-1), style.when(data["time"].values[-1])
    firsts = [f"{_name(cause)} first {_share(end, 'first', cause)}" for cause in causes if cause in counted]
    if ANY not in causes:
        beside = [f"{_name(cause)} {_share(end, 'probability', cause)}" for cause in causes if cause not in counted]
        return f"Probability by {by}: {', '.join([*firsts, *beside])}."
    what = f"; {', '.join(firsts)}" if firsts and len(counted) > 1 else ""
    summed = " and sum to any chip" if set(counted) <= set(causes) else ""
    drawn = "Lines" if data.sizes["time"] > 1 else "Marks"
    return (
        f"Probability of running out of chips by {by}: {describe_chips(data)}{what}. "
        f"{drawn} of the chips show which ran out first{summed}."
    )


def _share(end: xr.Dataset, name: str, cause: str) -> str:
    return _percent(100.0 * float(end[name].sel(cause=cause)))


def _footnote(data: xr.Dataset, counted: list[str], causes: list[str], note: str | None) -> str:
    """Return the key to the marks, where the chart comes from and what its bands are."""
    beside = ", ".join(_name(cause) for cause in causes if cause not in (*counted, ANY))
    drawn, shown = ("line", "shaded") if data.sizes["time"] > 1 else ("mark", "bars")
    key = f"* {beside}: not counted in any chip; the {drawn} shows whether it has happened at all." if beside else ""
    bands = f"{shown}: {100.0 * float(data.attrs['confidence']):.6g}% intervals ({interval_name(data)})"
    origin = " · ".join(part for part in (style.provenance(data.attrs), bands) if part)
    return "\n".join(part for part in (note, key, origin) if part)
