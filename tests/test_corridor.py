"""The corridor: common random numbers, multiples of distributions, and where the least chance is, honestly."""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pytest

import montecarlo_ai as mc
from montecarlo_ai.analysis.corridors import _bottom
from montecarlo_ai.analysis.text import corridor_text, least_text
from montecarlo_ai.plot import corridor as draw


class State(NamedTuple):
    level: Annotated[float, "1"]


class Params(NamedTuple):
    pace: Annotated[float, "ratio"]
    noise: Annotated[float, "ratio"]


class Shocks(NamedTuple):
    level: float


class Events(NamedTuple):
    short: float
    long: float


def step(state: State, params: Params, shocks: Shocks, clock: mc.Clock) -> State:
    return State(params.pace + params.noise * shocks.level)


def initial(params: Params) -> State:
    return State(params.pace)


def events(state: State, params: Params, clock: mc.Clock) -> Events:
    return Events(short=state.level - 0.0, long=2.0 - state.level)


def both_sides(noise: float = 1.0, pace: object = 1.0) -> mc.Scenario:
    """Return a walk of one step that fails below 0 and above 2: least at a pace of 1, by symmetry."""
    time = mc.TimeGrid("2026-01-01", years=1, steps_per_year=1)
    model = mc.Model(step, initial=initial, events=events)
    return mc.Scenario(model, inputs=mc.Inputs({"pace": pace, "noise": noise}), time=time)


PACES = (0.25, 0.5, 0.75, 1.05, 1.3, 1.5, 1.75)


def test_probabilities_are_those_of_the_normal_and_the_least_is_found() -> None:
    found = mc.corridor(both_sides(), paces=PACES, vary="pace", n_paths=40_000, seed=3)
    for pace, chance in zip(PACES, found["chance"].values, strict=True):
        exact = 0.5 * math.erfc(pace / math.sqrt(2.0)) + 0.5 * math.erfc((2.0 - pace) / math.sqrt(2.0))
        assert abs(chance - exact) < 4.5 * math.sqrt(exact * (1.0 - exact) / 40_000)
    assert found.attrs["least_state"] == "inside"
    assert float(found["least_lower"]) < 1.0 < float(found["least_upper"])
    assert abs(float(found["least"]) - 1.0) < 4.5 * float(found["least_error"]) + 0.02  # a parabola is not the curve
    assert np.allclose(found["chance"], found["probability"].sel(cause="any"))
    assert len(draw(found).lines) == 3
    assert "paired" in corridor_text(found)


def test_paces_share_their_paths() -> None:
    found = mc.corridor(both_sides(), paces=(0.9, 1.0, 1.1), vary="pace", n_paths=20_000, seed=3, event="short")
    independent = math.sqrt(2.0 * 0.16 * 0.84 / 20_000)
    assert float(found["difference_error"].values[0]) < 0.6 * independent
    assert (np.diff(found["chance"]) < 0.0).all()  # path by path, a larger pace is never shorter


def test_an_end_and_a_flat_curve_are_called_so() -> None:
    edge = mc.corridor(both_sides(), paces=(1.2, 1.5, 2.0), vary="pace", n_paths=20_000, seed=3)
    assert edge.attrs["least_state"] == "at the edge"
    assert float(edge["least"]) == 1.2
    assert float(edge["least_lower"]) == -math.inf
    assert "below" in least_text(edge)
    flat = mc.corridor(both_sides(), paces=(0.99, 1.0, 1.01), vary="pace", n_paths=500, seed=3)
    assert flat.attrs["least_state"] == "flat"
    assert "flat" in least_text(flat)
    assert "no pace" in draw(flat).caption.get_text().replace("\n", " ")


def test_the_interval_of_the_least_covers_it() -> None:
    # 40 seeds: at least 95% each, and the chance of three misses or more is below 1/3 only if coverage is nominal.
    missed = 0
    for seed in range(40):
        found = mc.corridor(both_sides(), paces=PACES, vary="pace", n_paths=4_000, seed=seed)
        missed += not float(found["least_lower"]) < 1.0 < float(found["least_upper"])
    assert missed <= 3


def test_several_causes_are_one_event_where_one_is_enough() -> None:
    scenario = both_sides()
    found = mc.corridor(scenario, paces=PACES, vary="pace", n_paths=5_000, seed=3, event=("short", "long"))
    assert np.allclose(found["chance"], found["probability"].sel(cause="any"))


def test_what_cannot_be_used_is_refused() -> None:
    for wrong, field in (
        ({"paces": (1.0, 2.0)}, "paces"),
        ({"paces": (1.0, 0.5, 2.0)}, "paces"),
        ({"paces": (1.0, 1.0, 2.0)}, "paces[1]"),
        ({"paces": 1}, "paces"),
        ({"vary": "pcae"}, "vary"),
        ({"vary": None}, "vary"),
        ({"event": "never"}, "event"),
        ({"event": 1}, "event"),
        ({"event": []}, "event"),
        ({"by": []}, "by"),
        ({"by": True}, "by"),
        ({"by": 0}, "by"),
        ({"by": "2031-01-01"}, "by"),
        ({"seed": None}, "seed"),  # the paths of the paces would not be the same
    ):
        with pytest.raises(mc.InputError) as caught:
            mc.corridor(both_sides(), **{"vary": "pace", **wrong})
        assert [problem.field for problem in caught.value.problems] == [field]


def test_a_pace_out_of_bounds_is_refused_before_any_path_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = mc.load_scenario("openai-2025-12")
    monkeypatch.setattr("montecarlo_ai.simulation.simulate", lambda *_, **__: pytest.fail("ran"))
    with pytest.raises(mc.InputError, match=r"paces\[2\] = 50.0: .*contract_speed must lie in \[0, 100\].*narrower"):
        mc.corridor(scenario, vary="contract_speed", paces=(0.5, 1.0, 50.0))


def test_any_among_several_events_stands_for_the_chips_and_is_said_as_asked() -> None:
    found = mc.corridor(both_sides(), paces=PACES, vary="pace", n_paths=1_000, seed=3, event=("short", "any"))
    assert found.attrs["event"] == ["short", "any"]
    assert np.allclose(found["chance"], found["probability"].sel(cause="any"))


def test_few_discordant_paths_tell_no_error() -> None:
    flags = np.zeros((3, 1_000), dtype=bool)
    flags[0, :5] = flags[2, 5:9] = True
    assert math.isnan(_bottom(np.array([0.5, 1.0, 1.5]), flags)[1])
    flags[2, 9] = True
    assert _bottom(np.array([0.5, 1.0, 1.5]), flags)[1] > 0.0
