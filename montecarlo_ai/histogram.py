"""Quantiles of a histogram, and their errors."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from montecarlo_ai.intervals import replicate_error
from montecarlo_ai.kernels.bins import BINS, inner_edges
from montecarlo_ai.kernels.inversion import invert
from montecarlo_ai.kernels.reductions import Tally


class Histogram(NamedTuple):
    """The histograms of a variable, one for each time.

    Attributes
    ----------
    counts : (times, bins + lanes) int64
        Values in each bin, those that equal the centre apart, as in a `Tally`.
    centre, scale : (times,) float64
        Of the map from values to bins.
    ends : (2, times) float64
        The smallest and the largest value.
    parts : (times, replicates, wide bins) int64 or None
        The histograms of the replicates, where there are several.
    sizes : (replicates,) int64 or None
        Values of each replicate.
    together : int
        Values that hang together: two in a pair.
    """

    counts: NDArray[np.int64]
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    ends: NDArray[np.float64]
    parts: NDArray[np.int64] | None
    sizes: NDArray[np.int64] | None
    together: int

    @classmethod
    def of(
        cls,
        total: Tally,
        variable: int,
        centre: NDArray[np.float64],
        scale: NDArray[np.float64],
        sizes: NDArray[np.int64] | None,
        together: int,
    ) -> Self:
        """Return the histograms of a variable from a tally of all paths."""
        ends = np.stack([total.lowest[variable].min(axis=1), total.highest[variable].max(axis=1)])
        parts = None if sizes is None else total.replicate_counts[variable]
        return cls(total.counts[variable], centre, scale, ends, parts, sizes, together)

    @property
    def n(self) -> float:
        """How many values there are at each time."""
        return float(self.counts[0].sum())


def quantiles(histogram: Histogram, levels: Sequence[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return quantiles and their errors, (times, levels), from piecewise linear distribution functions.

    They run from the smallest to the largest value; the atom stands on the lower edge of the bin in the middle, where
    the function jumps.
    """
    level = np.asarray(levels)
    sampling = _sampling_error(histogram, level)
    limits = np.maximum(level - sampling, 0.0), np.minimum(level + sampling, 1.0)
    wanted = np.concatenate([level + np.zeros_like(sampling), *limits], axis=1)
    found = np.empty((2, *wanted.shape))
    invert(histogram.counts, np.stack([histogram.centre, histogram.scale]), _edges(), histogram.ends, wanted, found)
    places, half_widths = found
    value, low, high = np.split(places, 3, axis=1)
    error = np.hypot(0.5 * high - 0.5 * low, half_widths[:, : level.size] / np.sqrt(3.0))
    ends = histogram.ends[:, :, np.newaxis]
    exact = (level == 0.0) | (level == 1.0)
    return np.where(exact, np.where(level == 0.0, *ends), value), np.where(exact, 0.0, error)


def _sampling_error(histogram: Histogram, level: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the standard error of the share of values below each quantile, (times, levels).

    That of independent values; or where there are replicates, by how far their shares are apart. Inside a wide bin a
    replicate's share is taken to grow as the whole's does, and what that leaves out is added as for independent values.
    """
    n = histogram.n
    if histogram.parts is None or histogram.sizes is None:
        return np.tile(np.sqrt(level * (1.0 - level) / n), (len(histogram.counts), 1))
    reached = np.pad(histogram.parts.cumsum(axis=2), ((0, 0), (0, 0), (1, 0)))
    whole = reached.sum(axis=1) / n
    upper = np.clip([np.searchsorted(row, level) for row in whole], 1, whole.shape[1] - 1)
    share = _taken(whole, upper) - _taken(whole, upper - 1)
    part = np.divide(level - _taken(whole, upper - 1), share, out=np.zeros_like(share), where=share > 0.0)
    rows = upper[:, np.newaxis]
    between = (1.0 - part)[:, np.newaxis] * _taken(reached, rows - 1) + part[:, np.newaxis] * _taken(reached, rows)
    inside = share * np.clip(part * (1.0 - part), 0.0, None) * histogram.together / n
    apart = replicate_error(between.transpose(1, 0, 2), histogram.sizes)
    error: NDArray[Any] = np.hypot(apart, np.sqrt(inside))
    return error


def _taken(of: NDArray[Any], index: NDArray[np.intp]) -> NDArray[Any]:
    """Return entries along the last axis."""
    return np.take_along_axis(of, index, axis=-1)


@functools.cache
def _edges() -> NDArray[np.float64]:
    """Return the edges of the bins, at which the pieces of a distribution function begin; the centre is there twice."""
    inner, half = inner_edges(), BINS // 2
    return np.concatenate([[-np.inf], inner[:half], inner[half - 1 :], [np.inf]])
