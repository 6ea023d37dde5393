"""The bins of a histogram: every number has one, in order, and edges are where the map says."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import types

from montecarlo_ai.kernels.bins import BINS, WIDE_BINS, bin_of, inner_edges
from montecarlo_ai.kernels.disk import kept

any_number = st.floats(allow_nan=False)


@kept(types.float64[::1], types.int32[::1])
def find(y, out):
    for i in range(y.size):
        out[i] = bin_of(y[i])


def bins(*y):
    out = np.empty(len(y), dtype=np.int32)
    find(np.array(y, dtype=np.float64), out)
    return out


def test_bins_begin_at_their_edges():
    """To a unit in the last place of single precision of |y| + 1/4."""
    edges = inner_edges()
    assert edges.size == BINS - 1
    assert (np.diff(edges) > 0.0).all()
    assert (edges == -edges[::-1]).all()
    unit = (abs(edges) + 0.25) * 2.0**-22
    assert (bins(*(edges + unit)) == np.arange(1, BINS)).all()
    assert (bins(*(edges - unit)) == np.arange(BINS - 1)).all()


@settings(deadline=None)  # the first call compiles
@given(any_number, any_number)
def test_bins_keep_the_order_of_all_numbers(a, b):
    low, high = bins(min(a, b), max(a, b))
    assert 0 <= low <= high < BINS


def test_the_middle_is_fine_and_nothing_is_outside():
    """Between the ends of the middle 90%, 0.75 from the centre, no bin is wider than one part in 380 of it."""
    edges = inner_edges()
    middle = edges[abs(edges) <= 0.75]
    assert middle[-1] == 0.75
    assert np.diff(middle).max() <= 1.5 / 380
    assert bins(-np.inf, np.inf, 0.0, -1e-300).tolist() == [0, BINS - 1, BINS // 2, BINS // 2 - 1]
    assert edges[-1] > 4_000.0
    assert BINS % WIDE_BINS == 0
