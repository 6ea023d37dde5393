"""Pictures of a distribution: density above, distribution function below, and what was claimed of it."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]

INK, MUTED, RULE, FILL, LINE, CLAIMED = "#14202b", "#5a6772", "#d9dee3", "#b3cee6", "#1f5f9e", "#b4511c"
_POINTS = 2001
_SHARE_SHOWN, _SHARE_OF_HEAVY_TAILS, _HEAVY = 0.99, 0.95, 4.0
_LONGEST_TITLE = 90
_LABELLED = 4
_TOP = 4.0
_UNSEEN = 0.01
"""Probability that point masses may lack together before the rest counts as a density; small ones are not found."""
_MANY_DECADES, _FAR_ABOVE = 100.0, 8.0


class DistributionArtists(NamedTuple):
    """What a picture consists of.

    Attributes
    ----------
    axes : tuple of Axes
        Of the density, and of the distribution function.
    density : list of Artist
        The curve and its area; empty where there are only point masses.
    masses : list of Artist
        A stem for each value that has a probability of its own.
    cdf : Artist
        The distribution function.
    claims : list of Artist
        Claimed quantiles and their labels.
    """

    axes: tuple[Axes, Axes]
    density: list[Artist]
    masses: list[Artist]
    cdf: Artist
    claims: list[Artist]


def draw(distribution: Any, ax: Axes | None) -> DistributionArtists:
    """Return the artists of the picture of a distribution; see `Distribution.plot`."""
    if ax is None:
        from matplotlib import pyplot

        upper, lower = pyplot.figure(figsize=(7.5, 5.6), dpi=130, layout="constrained").subplots(2, 1, sharex=True)
    else:
        from mpl_toolkits.axes_grid1 import make_axes_locatable

        upper, lower = ax, make_axes_locatable(ax).append_axes("bottom", "100%", pad=0.15, sharex=ax)
    claim = distribution.claim
    low, high, logarithmic = _view(distribution, () if claim is None else claim.values)
    x = np.geomspace(low, high, _POINTS) if logarithmic else np.linspace(low, high, _POINTS)
    atoms = _atoms(distribution)
    density, masses = _draw_density(upper, distribution, x, atoms, logarithmic)
    steps = np.unique(np.concatenate([x, [place for place, _ in atoms]]))
    (cdf,) = lower.plot(steps, distribution.cdf(steps), color=LINE, linewidth=1.8, drawstyle=_style(distribution))
    claims = [] if claim is None else _draw_claims(upper, lower, claim)
    if logarithmic:
        upper.set_xscale("log")
        lower.set_xscale("log")
    upper.tick_params(labelbottom=False)
    _dress(upper, lower, distribution, low, high)
    return DistributionArtists((upper, lower), density, masses, cdf, claims)


def _view(distribution: Any, claimed: Any) -> tuple[float, float, bool]:
    """Return the ends of the picture, and whether it is logarithmic.

    It holds 99% of the probability (95% where the tails are so heavy that the rest would be a needle) and all that was
    claimed.
    """
    low, high = distribution.interval(_SHARE_SHOWN)
    logarithmic = low > 0.0 and high > _MANY_DECADES * low and high > _FAR_ABOVE * distribution.median()
    if not logarithmic:
        inner = distribution.interval(_SHARE_OF_HEAVY_TAILS)
        if high - low > _HEAVY * (inner[1] - inner[0]) > 0.0:
            low, high = inner
    low, high = min(low, *claimed, low), max(high, *claimed, high)
    if logarithmic:
        return low / 1.3, high * 1.3, True
    first, last = distribution.support()
    width = high - low or abs(high) or 1.0
    if math.isfinite(first) and low - first < 0.15 * width:
        low = first
    if math.isfinite(last) and last - high < 0.15 * width:
        high = last
    return low - 0.04 * width, high + 0.04 * width, False


def _atoms(distribution: Any) -> list[tuple[float, float]]:
    """Return values with a probability of their own, as quantiles that stay the same show them, and it."""
    if distribution.continuous:
        return []
    quantiles = distribution.ppf((np.arange(_POINTS) + 0.5) / _POINTS)
    places = np.unique(quantiles[1:][np.diff(quantiles) == 0.0])
    if not places.size:
        places = np.unique(quantiles)
    masses = distribution.cdf(places) - distribution.cdf(np.nextafter(places, -np.inf))
    return [(float(place), float(mass)) for place, mass in zip(places, masses, strict=True) if mass > 0.0]


def _draw_density(
    ax: Axes, distribution: Any, x: FloatArray, atoms: list[tuple[float, float]], logarithmic: bool
) -> tuple[list[Artist], list[Artist]]:
    """Draw the density from differences of the distribution function, and a stem with its share for each mass."""
    density: list[Artist] = []
    masses: list[Artist] = []
    below = distribution.cdf(x) - sum((mass * (x >= place) for place, mass in atoms), np.zeros(x.size))
    if sum(mass for _, mass in atoms) < 1.0 - _UNSEEN:
        middle = np.sqrt(x[1:] * x[:-1]) if logarithmic else 0.5 * (x[1:] + x[:-1])
        heights = np.maximum(np.diff(below), 0.0) / np.diff(np.log(x) if logarithmic else x)
        order = np.argsort(heights)
        shares = np.cumsum(np.diff(below)[order])
        common = float(heights[order][np.searchsorted(shares, 0.5 * shares[-1])])
        top = 1.15 * min(float(heights.max()), _TOP * common)  # where the density is infinite, as at the ends of a beta
        density += ax.plot(middle, heights, color=LINE, linewidth=1.8)
        density.append(ax.fill_between(middle, heights, color=FILL, alpha=0.6, linewidth=0.0))
        ax.set_ylim(0.0, top)
        ax.set_ylabel("density of the logarithm" if logarithmic else "density", color=MUTED)
    if atoms:
        stems = ax if not density else ax.twinx()
        largest = max(mass for _, mass in atoms)
        places, heights_of = zip(*atoms, strict=True)
        masses.append(stems.vlines(places, 0.0, heights_of, color=INK, linewidth=2.2 if len(atoms) < 40 else 0.8))
        if len(atoms) < 40:
            masses += stems.plot(places, heights_of, "o", color=INK, markersize=5.0)
        if len(atoms) <= _LABELLED:
            middle_place = 0.5 * (x[0] + x[-1])
            masses += [
                stems.annotate(
                    f"{100.0 * mass:.3g}%",
                    (place, mass),
                    (-6.0 if place > middle_place else 6.0, 4.0),
                    textcoords="offset points",
                    ha="right" if place > middle_place else "left",
                    fontsize=9,
                    color=INK,
                )
                for place, mass in atoms
            ]
        stems.set_ylim(0.0, 1.25 * largest)
        stems.set_ylabel("probability of the value", color=MUTED)
        stems.tick_params(labelsize=9, labelcolor=MUTED)
        for side in ("top", "left"):
            stems.spines[side].set_visible(False)
        if density and len(atoms) <= _LABELLED:  # the labels say what the second axis would
            stems.yaxis.set_visible(False)
            stems.spines["right"].set_visible(False)
    return density, masses


def _draw_claims(upper: Axes, lower: Axes, claim: Any) -> list[Artist]:
    """Mark the claimed quantiles on the distribution function, with their values."""
    artists: list[Artist] = list(
        lower.plot(claim.values, claim.probabilities, "o", color=CLAIMED, markersize=6.0, zorder=4, label="claimed")
    )
    for probability, value in zip(claim.probabilities, claim.values, strict=True):
        artists.append(upper.axvline(value, color=CLAIMED, linewidth=0.9, linestyle=(0, (4, 3))))
        artists.append(
            lower.annotate(
                f"{100.0 * probability:g}%: {value:.4g}",
                (value, probability),
                (8.0, -9.0),
                textcoords="offset points",
                fontsize=9,
                color=CLAIMED,
                ha="left",
                clip_on=True,
                bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.5},
            )
        )
    return artists


def _dress(upper: Axes, lower: Axes, distribution: Any, low: float, high: float) -> None:
    """Write title, units and the note about what the picture leaves out."""
    text = re.sub(r"\d+\.\d{5,}(e[+-]\d+)?", lambda number: f"{float(number[0]):.4g}", distribution._described())
    text = text if len(text) <= _LONGEST_TITLE else text[: _LONGEST_TITLE - 3] + "..."
    upper.set_title(text, loc="left", fontsize=9.5, color=INK, parse_math=False)
    lower.set_ylim(-0.03, 1.03)
    lower.set_ylabel("probability of at most", color=MUTED)
    outside = float(distribution.cdf(np.nextafter(low, -np.inf))) + 1.0 - float(distribution.cdf(high))
    words = [str(getattr(distribution, "units", "")), f"{100.0 * outside:.2g}% lies outside" if outside > 1e-9 else ""]
    lower.set_xlabel("   ·   ".join(word for word in words if word), color=MUTED, parse_math=False)
    upper.set_xlim(low, high)
    for ax in (upper, lower):
        ax.grid(color=RULE, linewidth=0.6)
        ax.set_axisbelow(True)
        ax.tick_params(labelsize=9, labelcolor=MUTED)
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)


def _style(distribution: Any) -> str:
    return "default" if distribution.continuous else "steps-post"
