"""Quantiles of a histogram, and their errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from montecarlo_ai.intervals import replicate_error
from montecarlo_ai.kernels.bins import BINS, inner_edges
from montecarlo_ai.kernels.reductions import Tally


class Histogram(NamedTuple):
    """The histogram of a variable at a time.

    Attributes
    ----------
    counts : (bins,) int64
        The bin above the centre holds those that equal it, too.
    atom : int
        Values that equal the centre.
    centre, scale : float
        Of the map from values to bins.
    ends : (float, float)
        The smallest and the largest value.
    parts : (replicates, wide bins) int64 or None
        The histograms of the replicates, where there are several.
    sizes : (replicates,) int64 or None
        Values of each replicate.
    together : int
        Values that hang together: two in a pair.
    """

    counts: NDArray[np.int64]
    atom: int
    centre: float
    scale: float
    ends: tuple[float, float]
    parts: NDArray[np.int64] | None
    sizes: NDArray[np.int64] | None
    together: int

    @classmethod
    def of(
        cls,
        total: Tally,
        variable: int,
        time: int,
        centre: float,
        scale: float,
        sizes: NDArray[np.int64] | None,
        together: int,
    ) -> Self:
        """Return the histogram of a variable at a time from a tally of all paths."""
        at = variable, time
        ends = float(total.lowest[at].min()), float(total.highest[at].max())
        parts = None if sizes is None else total.replicate_counts[at]
        counts, atom = total.counts[at][:BINS].copy(), int(total.counts[at][BINS:].sum())
        counts[BINS // 2] += atom
        return cls(counts, atom, centre, scale, ends, parts, sizes, together)


def quantiles(histogram: Histogram, levels: Sequence[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return quantiles of a histogram and their errors, from the piecewise linear distribution function.

    It runs from the smallest to the largest value; the atom stands on the lower edge of the bin in the middle, where
    the function jumps.
    """
    counts, ends = histogram.counts, histogram.ends
    with np.errstate(over="ignore"):
        edges = np.clip(inner_edges() * histogram.scale + histogram.centre, *ends)
    half = BINS // 2  # the edge below which the atom stands, counted from the smallest value
    places = np.concatenate([ends[:1], edges[:half], edges[half - 1 :], ends[1:]])
    n = int(counts.sum())
    below = np.cumsum(counts) / n
    at = np.concatenate([[0.0], below[:half], [below[half - 1] + histogram.atom / n], below[half:]])
    level = np.asarray(levels)
    sampling = _sampling_error(histogram, level)
    wanted = np.stack([level, np.maximum(level - sampling, 0.0), np.minimum(level + sampling, 1.0)])
    (value, low, high), (half_width, _, _) = _inverse(at, places, wanted)
    error = np.hypot(0.5 * high - 0.5 * low, half_width / np.sqrt(3.0))
    exact = (level == 0.0) | (level == 1.0)
    return np.where(exact, np.where(level == 0.0, *ends), value), np.where(exact, 0.0, error)


def _sampling_error(histogram: Histogram, level: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the standard error of the share of values below each quantile.

    That of independent values; or where there are replicates, by how far their shares are apart. Inside a wide bin a
    replicate's share is taken to grow as the whole's does, and what that leaves out is added as for independent values.
    """
    n = float(histogram.counts.sum())
    if histogram.parts is None or histogram.sizes is None:
        return np.sqrt(level * (1.0 - level) / n)
    reached = np.pad(histogram.parts.cumsum(axis=1), ((0, 0), (1, 0)))
    whole = reached.sum(axis=0) / n
    upper = np.clip(np.searchsorted(whole, level), 1, whole.size - 1)
    share = whole[upper] - whole[upper - 1]
    part = np.divide(level - whole[upper - 1], share, out=np.zeros_like(level), where=share > 0.0)
    below = (1.0 - part) * reached[:, upper - 1] + part * reached[:, upper]
    inside = share * np.clip(part * (1.0 - part), 0.0, None) * histogram.together / n
    error: NDArray[Any] = np.hypot(replicate_error(below, histogram.sizes), np.sqrt(inside))
    return error


def _inverse(
    at: NDArray[np.float64], places: NDArray[np.float64], level: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where a piecewise linear distribution function reaches levels, and half the width of the piece."""
    upper = np.searchsorted(at, level)
    lower = np.maximum(upper - 1, 0)
    rise = at[upper] - at[lower]
    part = np.divide(level - at[lower], rise, out=np.zeros_like(level), where=rise > 0.0)
    half_width = 0.5 * places[upper] - 0.5 * places[lower]
    between = (1.0 - part) * places[lower] + part * places[upper]
    return np.where(half_width == 0.0, places[upper], between), half_width
