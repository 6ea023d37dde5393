"""Every engine of the benchmark does the same job, and the check that says so can fail."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import comparisons, samplers, three_shocks
from benchmarks.engines import ENGINES, plain_python
from benchmarks.jobs import Figures, ThreeShocks, disagreements


def test_engines_agree_and_are_timed() -> None:
    measurements = three_shocks.measure(n_paths=2**15, repeats=1)
    assert {one.engine for one in measurements} >= {engine.name for engine in ENGINES} - {"C++, by hand"}
    assert all(one.minimum > 0.0 for one in measurements)


def test_another_mean_is_noticed() -> None:
    job = ThreeShocks()
    answer = plain_python.prepare(job)(1024, 1)
    sound = Figures.of(job, answer)
    assert not disagreements(job, {"sound": sound})
    shifted = replace(sound, mean=sound.mean + 9.5 * sound.mean_error)
    found = disagreements(job, {"sound": sound, "shifted": shifted})
    assert any("closed form" in sentence for sentence in found)
    assert any("sound, shifted" in sentence for sentence in found)


def test_event_times_that_contradict_the_cash_are_noticed() -> None:
    job = ThreeShocks()
    answer = plain_python.prepare(job)(64, 1)
    with pytest.raises(ValueError, match="event times"):
        Figures.of(job, answer._replace(event_time=np.full(64, np.inf)))


def test_samplers_are_measured_against_closed_forms() -> None:
    found = samplers.measure(paths=(64,), repeats=1, preset_paths=1_024)
    errors = {one.engine: one for one in found if one.unit.startswith("standard") and " 0%" in one.job}
    plain = errors["random, 64 paths"]  # known to 9%
    assert 0.6 < plain.minimum < 1.4
    assert 0.6 < plain.details["probability"] < 1.4
    assert errors["sobol, 64 paths"].minimum < 0.5 * plain.minimum


def test_comparisons_fail_nowhere_with_policies_frozen() -> None:
    found = comparisons.measure(n_paths=512)
    assert [one.minimum for one in found if one.engine == "policies frozen"] == [0.0] * 4
    assert all(0.0 <= one.minimum <= 1.0 for one in found)
