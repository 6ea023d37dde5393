"""Others' figures on a fan: each a mark at its date or over its period, one shape and colour for each picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr

from montecarlo_ai.errors import invalid
from montecarlo_ai.plot import style
from montecarlo_ai.plot.chips import CAUSE_COLORS
from montecarlo_ai.plot.fan import FanArtists
from montecarlo_ai.timegrid import SECONDS_PER_YEAR

if TYPE_CHECKING:
    from matplotlib.legend import Legend
    from matplotlib.lines import Line2D

__all__ = ["MarkerArtists", "markers"]

_MARKS = ("D", "s", "^", "o", "v")
_COLORS = (*CAUSE_COLORS[1:4], CAUSE_COLORS[5])
_LONGEST = 1.5


class MarkerArtists(NamedTuple):
    """What the marks on a fan consist of.

    Attributes
    ----------
    points : dict of str to Line2D
        By whose picture it is.
    legend : Legend
    """

    points: dict[str, Line2D]
    legend: Legend


def markers(fan: FanArtists, found: xr.Dataset, variable: str) -> MarkerArtists | None:
    """Return the marks of others' figures, drawn on a fan; None if there is none of its variable.

    A figure of a day stands at its end; the sum of a period becomes its mean rate, drawn over the period with the mark
    in its middle. Sums of more than a year and a half stay in the table: a mean rate of many years is no point of a
    fan.

    Parameters
    ----------
    fan : FanArtists
        From `montecarlo_ai.plot.fan`.
    found : Dataset
        From `montecarlo_ai.outlooks`.
    variable : str
        Of the fan.

    Raises
    ------
    InputError
        If `found` comes from elsewhere.
    """
    if not isinstance(found, xr.Dataset) or "label" not in found or "measure" not in found:
        raise invalid("found", type(found).__name__, "must come from outlooks")
    places: dict[str, list[tuple[Any, Any, float]]] = {}
    for place in np.flatnonzero(found["variable"].values == variable):
        row = found.isel(figure=int(place))
        first, end = row["period_start"].values[()], row["period_end"].values[()] + np.timedelta64(86_400, "s")
        length = float((end - first) / np.timedelta64(1, "s")) / SECONDS_PER_YEAR
        value = float(row["value"])
        if str(row["measure"].values) == "sum":
            if length > _LONGEST:
                continue
            places.setdefault(str(row["label"].values), []).append((first, end, value / length))
        else:
            places.setdefault(str(row["label"].values), []).append((end, end, value))
    if not places:
        return None
    points: dict[str, Line2D] = {}
    for k, (label, marks) in enumerate(places.items()):
        color = _COLORS[k % len(_COLORS)]
        middle = [first + (end - first) // 2 for first, end, _ in marks]
        values = [value / fan.scale.factor for _, _, value in marks]
        for (first, end, _), value in zip(marks, values, strict=True):
            fan.axes.plot([first, end], [value, value], color=color, linewidth=1.6, zorder=6)
        (points[label],) = fan.axes.plot(
            middle,
            values,
            linestyle="none",
            marker=_MARKS[k % len(_MARKS)],
            markersize=7,
            color=color,
            markeredgecolor="white",
            zorder=7,
            label=label,
        )
    low, high = fan.axes.get_ylim()
    drawn = [value / fan.scale.factor for marks in places.values() for _, _, value in marks]
    reach = 0.05 * (high - low)
    if fan.axes.get_yscale() == "linear":
        fan.axes.set_ylim(min(low, min(drawn) - reach), max(high, max(drawn) + reach))
        _move_labels(fan)
    legend = fan.axes.legend(
        handles=list(points.values()),
        loc="upper left",
        bbox_to_anchor=(_beside_line(fan), 0.93),
        fontsize=style.SMALL,
        facecolor="white",
        edgecolor="none",
        labelcolor=style.INK,
    )
    return MarkerArtists(points, legend)


def _beside_line(fan: FanArtists) -> float:
    """Return where the legend begins, in fractions of the axes: right of the forecast line, if there is more room."""
    line = np.asarray(fan.axes.convert_xunits(fan.forecast_line.get_xdata()), dtype=np.float64)  # type: ignore[no-untyped-call]
    low, high = fan.axes.get_xlim()
    at = (float(line[0]) - low) / (high - low)
    return at if at < 0.5 else 0.0


def _move_labels(fan: FanArtists) -> None:
    """Put the direct labels beside their values again after the axis has changed."""
    labels = fan.labels[:-1]
    ends = [np.asarray(fan.median.get_ydata(), dtype=np.float64)[-1]]
    for band in fan.bands.values():
        vertices = np.asarray(band.get_paths()[0].vertices, dtype=np.float64)
        last = vertices[vertices[:, 0] == vertices[:, 0].max(), 1]
        ends += [last.min(), last.max()]
    texts = [label.get_text() for label in labels]
    colors = [str(label.get_color()) for label in labels]
    for label in labels:
        label.remove()
    style.label_right(fan.axes, sorted(ends), texts, colors, [text.startswith("median") for text in texts])
