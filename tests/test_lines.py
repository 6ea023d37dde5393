"""Whole lines of the caches: where arrays begin, and that what is written past the caches is what was computed."""

from __future__ import annotations

import re

import numpy as np
import pytest
from machine_code import kernel_assembly, vector_machine
from models import business, walk

import montecarlo_ai as mc
from montecarlo_ai.kernels.lines import CACHED_BYTES, LINE, empty_lines, passes_caches, whole_lines

SEED = 31


@pytest.mark.parametrize("dtype", ["float64", "float32", "int32", "uint16"])
@pytest.mark.parametrize("shape", [(), (1,), (3, 5), (2, 61, 1_001), (1, 61, 65_536)])
def test_an_array_begins_a_line_and_is_like_any_other(shape, dtype):
    array = empty_lines(shape, dtype)
    assert array.ctypes.data % LINE == 0
    assert (array.shape, array.dtype, array.flags.c_contiguous, array.flags.writeable) == (shape, dtype, True, True)


@pytest.mark.parametrize(("cells", "dtype", "due"), [(0, "f4", 0), (1, "f4", 16), (16, "f4", 16), (17, "f8", 24)])
def test_cells_are_made_up_to_whole_lines(cells, dtype, due):
    assert whole_lines(cells, dtype) == due


def test_only_many_values_on_whole_lines_pass_the_caches():
    rows = CACHED_BYTES // 8_192
    many = empty_lines((1, rows + 2, 1_024))
    assert passes_caches(many, 0)
    assert passes_caches(many, 256)
    assert passes_caches(many[:, :, 8:], 0)
    assert not passes_caches(many, 1), "begins inside a line"
    assert not passes_caches(many[:, :, 4:], 0), "begins inside a line"
    assert not passes_caches(empty_lines((1, rows + 2, 1_025)), 0), "the second row begins inside a line"
    assert not passes_caches(empty_lines((1, rows, 1_024)), 0), "few enough to stay in a cache"


@pytest.mark.parametrize("dtype", ["float64", "mixed", "float32"])
@pytest.mark.parametrize("stored", ["float64", "float32"])
@pytest.mark.parametrize("scenario", [walk, business])
def test_values_that_pass_the_caches_are_those_that_do_not(scenario, dtype, stored):
    """Of many paths and of few; the last block of neither is full, and rows begin a line all the same."""
    names, how = scenario().model.outputs, {"seed": SEED, "dtype": dtype, "store_dtype": stored, "threads": 2}
    some = CACHED_BYTES // (len(names) * 61 * np.dtype(stored).itemsize) - 30
    many, few = (mc.simulate(scenario(), n_paths=n, **how) for n in (20_003, some))
    assert passes_caches(many[names[0]].to_numpy()[np.newaxis], 0)
    assert 0 < len(names) * few[names[0]].nbytes < CACHED_BYTES
    for name in names:
        np.testing.assert_array_equal(few[name], many[name][:, :some], strict=True)


@vector_machine
def test_a_kernel_writes_past_the_caches(monkeypatch, tmp_path):
    text = "\n".join(kernel_assembly(walk(), monkeypatch, tmp_path))
    assert re.search(r"\tv?movntp[sd]\t", text)
    assert "mfence" in text or "\tlock" in text, "and waits until all is written"
