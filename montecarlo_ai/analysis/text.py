"""Analyses as plain aligned text: backtest, exposure, corridor, others' pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from montecarlo_ai.risk import probability_text, share_texts
from montecarlo_ai.tabular import how_many, number, table

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["backtest_text", "corridor_text", "exposure_text", "outlooks_text"]


def backtest_text(found: xr.Dataset) -> str:
    """Return a backtest as text: outcomes with their scores, coverage, skill, and what has to be known about both."""
    status = found["status"].values
    whom = found.attrs.get("history", "given")
    what = "what happened" if whom == "given" else f"what happened to {whom}"
    lines = [f"{_identity(found)}: the forecast against {what} after {found.attrs['known_by']}"]
    if int(found.attrs["forecasts"]) > 1:
        lines[0] += f" (and {how_many(int(found.attrs['forecasts']) - 1, 'more forecast')})"
    if not np.any(status == "scored"):
        apart = [f"{int(np.sum(status == name))} {name}" for name in dict.fromkeys(status.tolist())]
        return "\n".join(
            [*lines, "", *found.attrs["caveats"], *([f"Not scored: {', '.join(apart)}."] if apart else [])]
        )
    rows = []
    for k in np.flatnonzero(status == "scored"):
        row = found.isel(observation=k)
        median = float(row["quantiles"].sel(quantile=0.5))
        scores = [_shown(float(row[name])) for name in ("crps", "crps_naive")]
        rows.append(
            (
                str(row["variable"].values),
                _when(row),
                number(float(row["value"])),
                _shown(median),
                f"{float(row['pit']):.3f}",
                *scores,
            )
        )
    head = ("state", "of", "outcome", "median forecast", "rank", "CRPS", "naive CRPS")
    lines += ["", table(head, rows, right=(2, 3, 4, 5, 6)), "", _coverage(found)]
    apart = [f"{int(np.sum(status == name))} {name}" for name in dict.fromkeys(status.tolist()) if name != "scored"]
    if apart:
        lines += ["", f"Not scored: {', '.join(apart)}."]
    skills = [
        f"{group} {float(found['skill'].sel(group=group)):.2f}"
        for group in found["group"].values
        if math.isfinite(float(found["skill"].sel(group=group)))
    ]
    if skills:
        lines.append(
            f"Skill over a random walk with the history's drift and volatility (1 is perfect): {', '.join(skills)}."
        )
    return "\n".join([*lines, *found.attrs["caveats"]])


def _coverage(found: xr.Dataset) -> str:
    rows = []
    level = f"{100 * float(found.attrs['confidence']):.6g}%"
    for group in found["group"].values:
        for band in found["band"].values:
            row = found.sel(group=group, band=band)
            if not int(row["n"]):
                continue
            worth = float(row["independent"])
            rows.append(
                (
                    str(group),
                    f"{100 * float(band):.6g}%",
                    str(int(row["n"])),
                    f"{worth:.1f}" if math.isfinite(worth) else "not known",
                    f"{100 * float(row['coverage']):.0f}%",
                    _range(float(row["lower"]), float(row["upper"])),
                    _range(float(row["expected_lower"]), float(row["expected_upper"])),
                )
            )
    head = ("group", "band", "outcomes", "worth", "inside", f"exact {level}, if independent", f"{level} if true")
    return table(head, rows, right=(1, 2, 3, 4))


def exposure_text(found: xr.Dataset) -> str:
    """Return an exposure at its last date as text: a line for each counterparty."""
    last = found.isel(time=-1)
    confidence, probabilities = (
        float(found.attrs["confidence"]),
        share_texts(found, ("probability", "probability_lower", "probability_upper")),
    )
    share, interval = probabilities[-1]
    day = str(last["time"].values)[:10]
    event = str(found.attrs["event"]).replace("_", " ")
    level = float(found["level"].values[0])
    rows = []
    for name in found["counterparty"].values:
        row = last.sel(counterparty=name)
        rows.append(
            (
                str(name),
                _shown(float(row["outstanding"])),
                _with_limits(row, "loss"),
                _with_limits(row, "given_event"),
                f"{float(row['wrong_way']):.2f}" if math.isfinite(float(row["wrong_way"])) else "",
                _shown(float(row["shortfall"].sel(level=level))),
            )
        )
    head = (
        "counterparty",
        "outstanding",
        "expected loss",
        "outstanding at the event",
        "wrong-way ratio",
        f"shortfall {100 * level:.6g}%",
    )
    lines = [
        _identity(found),
        f"USD outstanding when the lab meets {event}, by {day}: {share}" + (f" ({interval})" if interval else ""),
        "",
        table(head, rows, right=(1, 2, 3, 4, 5)),
        "",
        _losses_by_date(found, level, [share for share, _ in probabilities]),
        "",
        f"Before recovery and before the compute is let to others; {100 * confidence:.6g}% intervals.",
    ]
    return "\n".join(lines)


def _losses_by_date(found: xr.Dataset, level: float, probabilities: Sequence[str]) -> str:
    """Return the probability, the expected loss of each counterparty and the shortfall of all by each date."""
    names = [str(name) for name in found["counterparty"].values]
    rows = []
    for k in range(found.sizes["time"]):
        row = found.isel(time=k)
        losses = [_shown(float(row["loss"].sel(counterparty=name))) for name in names]
        shortfall = _shown(float(row["shortfall"].sel(level=level, counterparty=names[-1])))
        rows.append((str(row["time"].values)[:10], probabilities[k], *losses, shortfall))
    head = ("expected loss by", "probability", *names, f"shortfall {100 * level:.6g}%")
    return table(head, rows, right=range(1, len(head)))


def corridor_text(found: xr.Dataset) -> str:
    """Return a corridor as text: the probabilities at each pace, and where the chance is least."""
    n, confidence = int(found.attrs["n_paths"]), float(found.attrs["confidence"])
    causes = [str(cause) for cause in found["cause"].values]
    rows = []
    for k, pace in enumerate(found["pace"].values):
        texts = [probability_text(int(found["count"].sel(cause=cause).values[k]), n, confidence) for cause in causes]
        rows.append((f"{pace:g}", *(f"{share} ({limits})" if limits else share for share, limits in texts)))
    head = ("pace", *(cause.replace("_", " ") for cause in causes))
    event = found.attrs["event"]
    what = event if isinstance(event, str) else " or ".join(event)
    return "\n".join(
        [
            _identity(found),
            f"By {found.attrs['by'][:10]}, {found.attrs['vary']} times the pace, the same paths at each",
            "",
            table(head, rows),
            "",
            f"Least chance of {what.replace('_', ' ')}: {least_text(found)}",
        ]
    )


def least_text(found: xr.Dataset) -> str:
    """Return in words where the chance is least."""
    state, pace = found.attrs["least_state"], float(found["least"])
    low, high = float(found["least_lower"]), float(found["least_upper"])
    level = f"{100 * float(found.attrs['confidence']):.6g}%"
    if state == "flat":
        return "no pace differs from another; the curve is flat at this number of paths"
    if state == "at the edge":
        side = f"below {high:g}" if not math.isfinite(low) else f"above {low:g}"
        return f"at the end of the paces tried, {pace:g}; the least lies {side} or beyond ({level})"
    ends = [f"{end:g}" if math.isfinite(end) else "the end of the paces" for end in (low, high)]
    error = float(found["least_error"])
    spread = f" \N{PLUS-MINUS SIGN} {error:.2g}" if math.isfinite(error) else ""
    return f"at {pace:.2f}{spread}, between {ends[0]} and {ends[1]} ({level}, paired)"


def outlooks_text(found: xr.Dataset) -> str:
    """Return others' figures beside the model's as text."""
    rows = []
    for k in range(found.sizes["figure"]):
        row = found.isel(figure=k)
        above = f"{100 * float(row['above']):.1f}%"
        if math.isfinite(float(row["lower"])):
            ((share, limits),) = share_texts(found.isel(figure=[k]), ("above", "lower", "upper"))
            above = f"{share} ({limits})" if limits else share
        values = (number(float(row["value"])), _shown(float(row["median"])))
        rows.append((str(row["label"].values), str(row["variable"].values), _when(row), *values, above))
    head = ("whose", "state", "of", "figure", "model's median", "model lies above it")
    if not rows:
        return f"{_identity(found)}\n\nNo figure of others is known of the scenario's entity, or none that it reaches."
    lines = [_identity(found), "", table(head, rows, right=(3, 4))]
    left_out = int(found.attrs["left_out"])
    if left_out:
        lines += ["", f"Left out, for the result does not hold or reach them: {left_out}."]
    return "\n".join(lines)


def _identity(found: xr.Dataset) -> str:
    """Return which run a result is of, so that anyone can make it again."""
    attrs = found.attrs
    digits, seed = str(attrs.get("scenario_hash", ""))[:12], attrs.get("seed", "not known")
    paths = how_many(int(attrs["n_paths"]), "path")
    return f"{attrs.get('scenario', 'a forecast')} ({digits or 'made by hand'}), seed {seed}, {paths}"


def _when(row: xr.Dataset) -> str:
    """Return the period of a figure: a day, or its first and last month."""
    first, last = (str(row[name].values)[:10] for name in ("period_start", "period_end"))
    if first == last:
        return last
    return first[:4] if first[5:] == "01-01" and last == f"{first[:4]}-12-31" else f"{first[:7]} to {last[:7]}"


def _shown(value: float) -> str:
    return number(value) if math.isfinite(value) else ""


def _range(low: float, high: float) -> str:
    return f"{100 * low:.0f}% to {100 * high:.0f}%" if math.isfinite(low) else "not known"


def _with_limits(row: xr.Dataset, name: str) -> str:
    value, low, high = (float(row[f"{name}{end}"]) for end in ("", "_lower", "_upper"))
    return f"{number(value)} ({number(low)} to {number(high)})" if math.isfinite(low) else _shown(value)
