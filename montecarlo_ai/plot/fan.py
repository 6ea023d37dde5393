"""The fan chart: nested bands of quantiles around the median, after what was known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from montecarlo_ai.errors import invalid
from montecarlo_ai.plot import style
from montecarlo_ai.plot.curves import Curves, curves_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from matplotlib.lines import Line2D
    from matplotlib.text import Annotation

__all__ = ["FanArtists", "fan"]

# One hue from light (the widest band) to dark, of falling luminance, so that a grey print keeps the order.
BAND_COLORS = ("#dbe7f2", "#b3cee6", "#83afd6", "#4f8cc0")
MEDIAN_COLOR = "#0c2d4f"


class FanArtists(NamedTuple):
    """What a fan chart consists of.

    Attributes
    ----------
    axes : Axes
    bands : dict of float to PolyCollection
        By the share of futures that the band holds, widest first.
    median : Line2D
    history : Line2D or None
    forecast_line : Line2D
    labels : tuple of Annotation
        The direct labels right of the axes and the label of the forecast line.
    title, caption, footnote : Annotation
    scale : Scale
        By which values are divided on the vertical axis.
    """

    axes: Axes
    bands: dict[float, PolyCollection]
    median: Line2D
    history: Line2D | None
    forecast_line: Line2D
    labels: tuple[Annotation, ...]
    title: Annotation
    caption: Annotation
    footnote: Annotation
    scale: style.Scale


def fan(
    data: xr.Dataset,
    variable: str,
    *,
    ax: Axes | None = None,
    history: Mapping[Any, float] | xr.DataArray | None = None,
    bands: Sequence[float] = (0.3, 0.5, 0.7, 0.9),
    title: str | None = None,
    note: str | None = None,
    yscale: str | None = None,
) -> FanArtists:
    """Return the artists of a fan chart: nested bands of futures around the median, joined to history.

    Parameters
    ----------
    data : Dataset
        An ensemble, or a summary that holds the quantiles that the bands need.
    variable : str
        One of its variables over time.
    ax : Axes, optional
        Where to draw; a new figure if not given. Where it is not alone in its figure, room for the title, labels
        and notes around it is the caller's, such as by ``layout="constrained"``.
    history : mapping of date to value, or DataArray over one dimension of dates, optional
        In the variable's units. The bands open from its last value at or before the start, straight to those of
        the start; later values are drawn over the fan as outcomes.
    bands : sequence of float
        Shares of futures inside each band, in (0, 1).
    title, note : str, optional
        The title, by default the variable's long name, and one more line for the footnote. Shown as they are:
        nothing in them is read as markup.
    yscale : {"linear", "log", "symlog"}, optional
        By default the scale that `ax` has.

    Raises
    ------
    InputError
        If the variable is missing or not finite, a summary lacks a quantile, a band is no share inside (0, 1), or a
        logarithmic axis would meet values at or below zero.
    """
    style.check_text("title", title)
    style.check_text("note", note)
    curves = curves_of(data, variable, bands)
    past = _history(history)
    _check_scale(yscale or ("linear" if ax is None else ax.get_yscale()), variable, curves, past)
    axes, own = style.prepare_axes(ax)
    if yscale is not None:
        axes.set_yscale(yscale)
    units = str(data[variable].attrs.get("units", ""))
    name = str(data[variable].attrs.get("long_name", variable.replace("_", " ")))
    scale = style.scale_for(units, float(np.max(np.abs(curves.values))))
    start, edges = _joined(curves, past)
    drawn = _draw_bands(axes, curves.levels, start, edges / scale.factor)
    (median,) = axes.plot(start, edges[len(drawn)] / scale.factor, color=MEDIAN_COLOR, linewidth=2.0, zorder=4)
    known = None
    if past is not None:
        (known,) = axes.plot(
            past[0],
            past[1] / scale.factor,
            color=style.INK,
            linewidth=1.6,
            marker="o",
            markersize=3.2,
            zorder=5,
            clip_on=False,
        )
    dates = start if past is None else np.union1d(start, past[0])
    axes.set_xlim(dates[0], max(dates[-1], dates[0] + np.timedelta64(86_400, "s")))
    _limits(axes)
    line, line_label = _forecast_line(axes, curves.times[0])
    style.time_axis(axes)
    footnote = "\n".join(part for part in (note, _gap(curves, start), _footnote(data, curves, scale)) if part)
    ends, texts = _labels(curves, scale)
    heading, written = style.dress(
        axes,
        name[:1].upper() + name[1:] if title is None else title,
        _subtitle(curves, scale),
        own=own,
        notes=[_caption(name, curves, scale), footnote],
        labels=texts,
    )
    middle = len(texts) // 2
    colors = [MEDIAN_COLOR if k == middle else style.MUTED for k in range(len(texts))]
    labels = style.label_right(axes, ends, texts, colors, [k == middle for k in range(len(texts))])
    return FanArtists(axes, drawn, median, known, line, (*labels, line_label), heading, written[0], written[1], scale)


def _history(
    history: Mapping[Any, float] | xr.DataArray | None,
) -> tuple[NDArray[np.datetime64], NDArray[np.float64]] | None:
    """Return dates and values of the history in the order of time."""
    if history is None:
        return None
    try:
        if isinstance(history, xr.DataArray):
            dates = np.asarray(history[history.dims[0]].values, dtype="datetime64[s]")
            values = np.asarray(history.values, dtype=np.float64)
        else:
            dates = np.array([np.datetime64(date, "s") for date in history])
            values = np.array([float(value) for value in history.values()])
    except (ValueError, TypeError, IndexError, AttributeError):
        raise invalid("history", history, "must map dates to numbers") from None
    if values.ndim != 1 or not np.all(np.isfinite(values)) or bool(np.isnat(dates).any()):
        raise invalid("history", history, "must map dates to finite numbers")
    order = np.argsort(dates)
    return (dates[order], values[order]) if values.size else None


def _joined(
    curves: Curves, past: tuple[NDArray[np.datetime64], NDArray[np.float64]] | None
) -> tuple[NDArray[np.datetime64], NDArray[np.float64]]:
    """Return times and quantiles that open from the last known value at or before the start, if there is one."""
    if past is None or past[0][0] > curves.times[0]:
        return curves.times, curves.values
    last = int(np.searchsorted(past[0], curves.times[0], side="right")) - 1
    later = curves.times > past[0][last]
    point = np.full((len(curves.levels), 1), past[1][last])
    return np.append(past[0][last : last + 1], curves.times[later]), np.hstack([point, curves.values[:, later]])


def _draw_bands(
    axes: Axes, levels: Sequence[float], times: NDArray[np.datetime64], edges: NDArray[np.float64]
) -> dict[float, PolyCollection]:
    """Return the filled bands, widest and lightest first."""
    from matplotlib.colors import LinearSegmentedColormap

    n_bands = len(levels) // 2
    shades = LinearSegmentedColormap.from_list("fan", BAND_COLORS)
    drawn: dict[float, PolyCollection] = {}
    for k in range(n_bands):
        share = round(levels[-1 - k] - levels[k], 12)
        shade = shades(k / (n_bands - 1) if n_bands > 1 else 0.5)
        drawn[share] = axes.fill_between(
            times,
            edges[k],
            edges[-1 - k],
            facecolor=shade,
            edgecolor="none",
            zorder=2 + k / n_bands,
        )
    return drawn


def _limits(axes: Axes) -> None:
    """Leave room above the fan, and let a linear axis begin at zero where the values nearly do."""
    axes.margins(y=0.08)
    low, high = axes.dataLim.y0, axes.dataLim.y1
    # A dip below zero that is thinner than a line would open an empty stretch of axis.
    if axes.get_yscale() == "linear" and -0.005 * high <= low < 0.5 * high:
        axes.set_ylim(bottom=0.0)


def _forecast_line(axes: Axes, time: np.datetime64) -> tuple[Line2D, Annotation]:
    """Return the vertical line where the forecast begins, and its label."""
    from matplotlib.dates import date2num
    from matplotlib.patheffects import withStroke

    line = axes.axvline(time, color=style.MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=3)  # type: ignore[arg-type]
    at = float(date2num(time))  # type: ignore[no-untyped-call]
    day = time.astype("datetime64[D]").item()
    label = style.note(
        axes,
        f"forecast from {day.day} {day:%b %Y} \N{RIGHTWARDS ARROW}",
        (at, 1.0),
        (5.0, -3.0),
        size=style.SMALL,
        xycoords=axes.get_xaxis_transform(),
        color=style.MUTED,
        va="top",
        zorder=6,
        path_effects=[withStroke(linewidth=2.5, foreground="white")],
    )
    return line, label


def _labels(curves: Curves, scale: style.Scale) -> tuple[list[float], list[str]]:
    """Return where the edges of the bands and the median end (in shown units), and their labels."""
    last = curves.values[:, -1]
    step = _step(curves, scale)
    shares = [abs(2.0 * level - 1.0) for level in curves.levels]
    texts = [
        f"{100 * share:.6g}%  {scale.text(float(value), step)}"
        if share > 1e-12
        else f"median  {scale.text(float(value), step)}"
        for share, value in zip(shares, last, strict=True)
    ]
    return [float(value) / scale.factor for value in last], texts


def _subtitle(curves: Curves, scale: style.Scale) -> str:
    """Return the units and what the bands are."""
    *rest, widest = sorted(f"{100.0 * (1.0 - 2.0 * level):.6g}" for level in curves.levels if level < 0.5)
    shares = f"{', '.join(rest)} and {widest}" if rest else widest
    return f"{scale.units or 'no unit'}; the bands hold {shares}% of simulated futures"


def _caption(name: str, curves: Curves, scale: style.Scale) -> str:
    """Return what the widest band and the median say at the end, in words."""
    low, middle, high = (float(curves.at(level)[-1]) for level in (curves.levels[0], 0.5, curves.levels[-1]))
    step, when = _step(curves, scale), style.when(curves.times[-1])
    share = style.share_of_hundred(round(curves.levels[-1] - curves.levels[0], 12))
    futures = "In the one simulated future" if curves.n_paths == 1 else f"In {share} simulated futures"
    noun, _, detail = name.partition(", ")
    subject = f"{noun} ({detail})" if detail else noun
    end = _with_units(scale.text(high, step), scale)
    if _agree(curves):
        return f"{futures} {subject} is {end} at {when}."
    return (
        f"{futures} {subject} lies between {scale.text(low, step)} and {end} at {when}; "
        f"the median is {scale.text(middle, step)}."
    )


def _with_units(number: str, scale: style.Scale) -> str:
    """Return a number with the units of the chart, held on one line."""
    return f"{number} {scale.units}".strip().replace(" ", "\N{NO-BREAK SPACE}")


def _gap(curves: Curves, drawn: NDArray[np.datetime64]) -> str:
    """Return what the fan is before the start, where the last known value lies more than a step before it."""
    first = curves.times[:2]
    if first.size < 2 or first[0] - drawn[0] <= first[1] - first[0]:
        return ""
    return "Left of the dashed line the fan is drawn straight from the last dot, not simulated."


def _footnote(data: xr.Dataset, curves: Curves, scale: style.Scale) -> str:
    """Return where the chart comes from, with the paths that it shows, and how exact its quantiles are at the end."""
    origin = data.attrs if curves.n_paths is None else {**data.attrs, "n_paths": curves.n_paths}
    return " · ".join(part for part in (style.provenance(origin), _error_text(curves, scale)) if part)


def _error_text(curves: Curves, scale: style.Scale) -> str:
    """Return the standard errors of the median and of the least exact quantile in words."""
    errors = curves.last_errors
    if not np.all(np.isfinite(errors)):
        return "no Monte Carlo error from a single path" if curves.n_paths == 1 else "Monte Carlo error not available"
    middle, most = float(errors[curves.levels.index(0.5)]), int(np.argmax(errors))
    if _agree(curves):
        return "no Monte Carlo error at the end, where the paths agree"
    told = [error for error in (middle, float(errors[most])) if error > _ROUNDING * _largest(curves)]
    step = style.resolution(told[0]) if told else scale.factor  # all fall on point masses
    largest = _with_units(scale.text(float(errors[most]), step), scale)
    return (
        f"Monte Carlo standard error at the end: {scale.text(middle, step)} for the median, "
        f"{largest} for the {100 * curves.levels[most]:.6g}% quantile"
    )


_ROUNDING = 1e-9
"""Of values, below which a difference of theirs is taken for rounding."""


def _largest(curves: Curves) -> float:
    """Return the largest absolute value at the end."""
    return float(np.abs(curves.values[:, -1]).max())


def _agree(curves: Curves) -> bool:
    """Return whether the values at the end are one and the same."""
    return float(curves.values[-1, -1] - curves.values[0, -1]) <= _ROUNDING * _largest(curves)


def _step(curves: Curves, scale: style.Scale) -> float:
    """Return the resolution of the values at the end: that of their range, or their own where they agree."""
    if not _agree(curves):
        return style.resolution(float(curves.values[-1, -1] - curves.values[0, -1]))
    largest = _largest(curves)
    return 0.1 * style.resolution(largest) if largest > 0.0 else scale.factor


def _check_scale(
    yscale: str, variable: str, curves: Curves, past: tuple[NDArray[np.datetime64], NDArray[np.float64]] | None
) -> None:
    """Raise for an unknown scale, and where a logarithmic axis would have to show values at or below zero."""
    if yscale not in ("linear", "log", "symlog"):
        raise invalid("yscale", yscale, "must be linear, log or symlog")
    lowest = float(min(curves.values.min(), past[1].min() if past is not None else np.inf))
    if yscale == "log" and lowest <= 0.0:
        rule = f"a logarithmic axis cannot show {variable}, which reaches {lowest:.3g}"
        raise invalid("yscale", "log", rule, 'use "symlog" or "linear"')
