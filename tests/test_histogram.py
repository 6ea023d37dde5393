"""Quantiles of a histogram are where its distribution function, made of lines and one jump, reaches a level."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from montecarlo_ai.histogram import Histogram, quantiles
from montecarlo_ai.kernels.bins import BINS, inner_edges
from montecarlo_ai.kernels.counting import LANES

CENTRE, SCALE = 3.0, 2.0
places = st.integers(1, BINS - 2)
filled = st.dictionaries(places, st.integers(1, 50), min_size=1, max_size=6)
atoms = st.lists(st.integers(0, 20), min_size=LANES, max_size=LANES)


def histogram(counts, atom):
    """One time; the smallest value a quarter into its bin, the largest three quarters into its own."""
    row = np.zeros(BINS + LANES, dtype=np.int64)
    row[list(counts)] = list(counts.values())
    row[BINS:] = atom
    edges = CENTRE + SCALE * inner_edges()
    low, high = min(counts), max(counts)
    ends = [0.75 * edges[low - 1] + 0.25 * edges[low], 0.25 * edges[high - 1] + 0.75 * edges[high]]
    if any(atom):
        ends = [min(ends[0], CENTRE), max(ends[1], CENTRE)]
    return Histogram(row[None], np.array([CENTRE]), np.array([SCALE]), np.array(ends)[:, None], None, None, 1)


def share_up_to(of, x):
    """Distribution function, bin by bin."""
    low, high = of.ends[:, 0]
    edges = np.concatenate([[-np.inf], CENTRE + SCALE * inner_edges(), [np.inf]])
    total = float(of.counts[0, BINS:].sum()) if x >= CENTRE else 0.0
    for place in np.flatnonzero(of.counts[0, :BINS]):
        begin, end = max(edges[place], low), min(edges[place + 1], high)
        total += of.counts[0, place] * min(max((x - begin) / (end - begin), 0.0), 1.0)
    return total / of.n


@settings(deadline=None)  # the first call compiles
@given(filled, atoms, st.floats(0.0, 1.0, exclude_min=True, exclude_max=True))
@example({BINS // 2 - 1: 5, BINS // 2: 5}, [1] * LANES, 0.5)
def test_a_quantile_is_where_the_function_reaches_its_level(counts, atom, level):
    of = histogram(counts, atom)
    value = quantiles(of, [level])[0][0, 0]
    near = 1e-9 * (1.0 + abs(value))
    assert share_up_to(of, value - near) <= level + 1e-6
    assert share_up_to(of, value + near) >= level - 1e-6
    assert of.ends[0, 0] <= value <= of.ends[1, 0]


@pytest.mark.parametrize(("low", "high"), [(500, 1_500), (1_020, 1_028), (300, 700), (1_100, 1_500)])
def test_a_level_that_no_value_passes_is_reached_by_the_lower_ones(low, high):
    """Half of the values in one bin, half in another: the median is where the lower bin ends."""
    value, error = quantiles(histogram({low: 8, high: 8}, [0] * LANES), [0.5])
    assert value[0, 0] == pytest.approx(CENTRE + SCALE * inner_edges()[low], rel=1e-15)
    assert error[0, 0] > 0.0
