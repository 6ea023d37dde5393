"""Memory that is used again: only once nobody holds it, never more than stated, and without a trace in results."""

from __future__ import annotations

import gc
import mmap
import os
import threading

import numpy as np
import pytest
from models import business, walk

import montecarlo_ai as mc
from montecarlo_ai import areas
from montecarlo_ai.areas import LEAST, MOST, empty_area
from montecarlo_ai.memory import check_memory

keeps = pytest.mark.skipif(not areas._KEEPS, reason="this system cannot take memory back lazily")


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    gc.collect()
    monkeypatch.setattr(areas, "_free", type(areas._free)())


def address(array):
    return array.ctypes.data


@keeps
def test_a_dropped_area_is_used_again():
    array = empty_area(LEAST)
    array[:] = 7
    where = address(array)
    del array
    again = empty_area(LEAST)
    assert address(again) == where
    assert (len(again), again.dtype, again.flags.writeable) == (LEAST, np.uint8, True)


@keeps
@pytest.mark.parametrize(
    ("size", "again"), [(LEAST, False), (2 * LEAST - 1, False), (2 * LEAST, True), (4 * LEAST, True)]
)
def test_an_area_is_used_again_for_what_fills_half_of_it(size, again):
    array = empty_area(4 * LEAST)
    where = address(array)
    del array
    assert (address(empty_area(size)) == where) == again


@keeps
@pytest.mark.parametrize("held", [lambda a: a[5:], lambda a: a.view(np.float32).reshape(2, -1)[1], memoryview])
def test_an_area_is_not_used_again_while_any_part_is_held(held):
    array = empty_area(LEAST)
    array[:] = 7
    part = held(array)
    del array
    gc.collect()
    other = empty_area(LEAST)
    other[:] = 0
    assert np.all(np.asarray(part).view(np.uint8) == 7)
    assert not areas._free


@keeps
def test_no_more_is_kept_than_stated(monkeypatch):
    monkeypatch.setattr(areas, "MOST", 3 * LEAST)
    for many in ([LEAST] * 5, [LEAST, 2 * LEAST, 4 * LEAST], [4 * LEAST]):
        arrays = [empty_area(size) for size in many]
        del arrays
        assert sum(map(len, areas._free)) <= 3 * LEAST
    assert MOST >= 8 * LEAST
    monkeypatch.setattr(areas, "MOST", MOST)
    monkeypatch.setattr(areas, "MOST_AREAS", 2)
    arrays = [empty_area(LEAST) for _ in range(5)]
    del arrays
    assert len(areas._free) == 2


@keeps
def test_what_is_kept_makes_way_where_memory_is_short(monkeypatch):
    empty_area(LEAST)
    assert areas._free
    monkeypatch.setattr("montecarlo_ai.memory.available_memory", lambda: 10 if areas._free else 20)
    check_memory(10, "n_paths", 1, "take fewer")
    assert areas._free, "there was room"
    check_memory(20, "n_paths", 1, "take fewer")
    assert not areas._free
    with pytest.raises(mc.InputError, match="n_paths"):
        check_memory(21, "n_paths", 1, "take fewer")


@keeps
def test_small_areas_and_those_beyond_all_memory_are_numpys():
    assert empty_area(LEAST - 1).base is None
    with pytest.raises(MemoryError):
        empty_area(2**62)


def test_a_system_without_lazy_freeing_has_ordinary_arrays(monkeypatch):
    monkeypatch.setattr(areas, "_KEEPS", False)
    assert empty_area(LEAST).base is None


@keeps
def test_an_area_that_the_system_will_not_take_back_is_returned_to_it(monkeypatch):
    array = empty_area(LEAST)
    monkeypatch.setattr(areas, "_SYSTEM", type("System", (), {"MADV_FREE": -1}))
    del array
    assert not areas._free


@keeps
def test_threads_that_take_and_drop_areas_never_share_one():
    wrong = []

    def work(mark):
        for _ in range(30):
            array = empty_area(LEAST)
            array[:: mmap.PAGESIZE] = mark
            if not np.all(array[:: mmap.PAGESIZE] == mark):
                wrong.append(mark)

    threads = [threading.Thread(target=work, args=(mark,)) for mark in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


class Circle:
    """Holds an area that only a collection of garbage gives back."""

    def __init__(self):
        self.itself, self.area = self, empty_area(LEAST)


@keeps
@pytest.mark.parametrize("kept", [10, 20, 25])
def test_areas_given_back_while_others_are_looked_through(kept, monkeypatch):
    """At every collection that making a few objects sets off."""
    unraised = []
    monkeypatch.setattr("sys.unraisablehook", unraised.append)
    thresholds = gc.get_threshold()
    try:
        for threshold in (1, 2, 3):
            areas.forget()
            arrays = [empty_area(LEAST) for _ in range(kept)]
            gc.collect()
            circle = Circle()
            del arrays
            gc.set_threshold(threshold)
            del circle
            empty_area(64 * LEAST)
            gc.set_threshold(*thresholds)
    finally:
        gc.set_threshold(*thresholds)
    assert not unraised


@keeps
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_child_does_not_write_into_its_parents_area():
    array = empty_area(LEAST)
    array[:] = 7
    kept = empty_area(LEAST)
    del kept
    child = os.fork()
    if child == 0:
        mine = empty_area(LEAST)
        mine[:] = 1
        array[:] = 2
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert np.all(array == 7)
    other = empty_area(LEAST)
    assert not np.any(other == 1)


@keeps
@pytest.mark.parametrize("scenario", [walk, business])
def test_an_ensemble_in_used_memory_is_that_in_fresh_memory(scenario):
    n_paths = LEAST // 200
    first = mc.simulate(scenario(), n_paths=n_paths, seed=1, store_dtype="float32")
    due = first.copy(deep=True)
    name = next(iter(scenario().model.outputs))
    where = address(first[name].to_numpy().base)
    del first
    gc.collect()
    assert areas._free
    mc.simulate(scenario(), n_paths=n_paths, seed=2, store_dtype="float32")
    gc.collect()
    again = mc.simulate(scenario(), n_paths=n_paths, seed=1, store_dtype="float32")
    assert address(again[name].to_numpy().base) == where
    assert again.equals(due)
