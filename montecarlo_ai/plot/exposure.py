"""The chart of an exposure: what counterparties have outstanding when the lab fails, and if by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

from montecarlo_ai.errors import invalid
from montecarlo_ai.plot import style
from montecarlo_ai.plot.chips import CAUSE_COLORS
from montecarlo_ai.risk import describe_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer
    from matplotlib.text import Annotation

__all__ = ["ExposureArtists", "exposure"]


class ExposureArtists(NamedTuple):
    """What a chart of an exposure consists of.

    Attributes
    ----------
    axes : Axes
    bars : BarContainer
        Outstanding at the event, by counterparty, the largest on top.
    title, caption, footnote : Annotation
    """

    axes: Axes
    bars: BarContainer
    title: Annotation
    caption: Annotation
    footnote: Annotation


def exposure(found: xr.Dataset, *, ax: Axes | None = None, title: str | None = None) -> ExposureArtists:
    """Return the artists of what counterparties have outstanding at the event, by its last date.

    Bars are what is outstanding where the event happened, with its interval; open diamonds what it would be if the
    event fell on any path alike; the label is the expected loss.

    Parameters
    ----------
    found : Dataset
        From `montecarlo_ai.exposure`.
    ax : Axes, optional
        Where to draw; a new figure if not given.
    title : str, optional

    Raises
    ------
    InputError
        If it comes from elsewhere, or the event happened on no path.
    """
    style.check_text("title", title)
    if not isinstance(found, xr.Dataset) or "given_event" not in found:
        raise invalid("found", type(found).__name__, "must come from exposure")
    last = found.isel(time=-1)
    if int(last["count"]) == 0:
        raise invalid("found", "an event on no path", "must hold an event that happened")
    each = last.isel(counterparty=slice(None, -1))
    each = each.isel(counterparty=np.argsort(-each["given_event"].values, kind="stable"))
    scale = style.scale_for("USD", float(each["given_event"].max()))
    axes, own = style.prepare_axes(ax)
    rows = np.arange(each.sizes["counterparty"])
    value = each["given_event"].values / scale.factor
    reach = np.abs(
        np.array([each["given_event_lower"].values, each["given_event_upper"].values]) / scale.factor - value
    )
    bars = axes.barh(rows, value, height=0.62, color=CAUSE_COLORS[0], alpha=0.85, zorder=2)
    if np.all(np.isfinite(reach)):
        axes.errorbar(value, rows, xerr=reach, fmt="none", ecolor=style.INK, elinewidth=1.2, capsize=2.5, zorder=4)
    axes.plot(
        each["independent"].values / scale.factor,
        rows,
        linestyle="none",
        marker="D",
        markersize=6,
        markerfacecolor="white",
        markeredgecolor=CAUSE_COLORS[1],
        markeredgewidth=1.6,
        zorder=5,
    )
    axes.set_ylim(rows[-1] + 0.6, -0.6)
    axes.set_xlim(0.0, 1.08 * max(float(value.max()), float(each["independent"].max()) / scale.factor))
    labels = [
        f"{name}  {_money(float(loss), scale, 0.1)}"
        for name, loss in zip(each["counterparty"].values, each["loss"].values, strict=True)
    ]
    event = str(found.attrs["event"]).replace("_", " ")
    heading, written = style.dress(
        axes,
        "What counterparties stand to lose" if title is None else title,
        f"{scale.units} still to be paid when the lab runs out ({event}); right: expected loss",
        own=own,
        notes=[_caption(found, last, scale), _footnote(found)],
        labels=labels,
    )
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color=style.RULE, linewidth=0.7)
    axes.set_yticks([])
    for row, text in zip(rows, labels, strict=True):
        style.note(
            axes,
            text,
            (1.0, float(row)),
            (8.0, 0.0),
            size=style.BODY - 0.5,
            xycoords=axes.get_yaxis_transform(),
            color=style.INK,
            va="center",
        )
    return ExposureArtists(axes, bars, heading, written[0], written[1])


def _caption(found: xr.Dataset, last: xr.Dataset, scale: style.Scale) -> str:
    whole = last.sel(counterparty="all")
    chance = describe_share(found, ("probability", "probability_lower", "probability_upper"), int(last["count"]))
    level = float(found["level"].values[0])
    return (
        f"Probability by {style.when(found['time'].values[-1])}: {chance}. All together expect to lose "
        f"{_money(float(whole['loss']), scale, 1.0)} {scale.units}; in the worst {100 * (1 - level):.3g}% of futures "
        f"{_money(float(whole['shortfall'].sel(level=level)), scale, 1.0)}. "
        f"Wrong-way ratio {float(whole['wrong_way']):.2f}."
    )


def _money(value: float, scale: style.Scale, step: float) -> str:
    """Return an amount to a step of the chart's unit, and to two digits where it is smaller."""
    return scale.text(value, min(step * scale.factor, style.resolution(value)) if value > 0.0 else scale.factor)


def _footnote(found: xr.Dataset) -> str:
    level = f"{100 * float(found.attrs['confidence']):.6g}%"
    key = (
        f"Bars: where it happened, with {level} intervals; diamonds: if it fell on any future alike. "
        "Before recovery and before the compute is let to others."
    )
    return f"{key}\n{style.provenance(found.attrs)}"
