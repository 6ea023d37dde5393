"""The corridor: common random numbers, multiples of distributions, and where the least chance is, honestly."""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pytest

import montecarlo_ai as mc
from montecarlo_ai.analysis.corridors import _bottom, _possible
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


def both_sides(noise: float = 1.0, pace: object = 1.0, years: int = 1) -> mc.Scenario:
    """Return a level drawn anew each year that fails below 0 and above 2: least at a pace of 1, by symmetry."""
    time = mc.TimeGrid("2026-01-01", years=years, steps_per_year=1)
    model = mc.Model(step, initial=initial, events=events)
    return mc.Scenario(model, inputs=mc.Inputs({"pace": pace, "noise": noise}), time=time)


PACES = (0.25, 0.5, 0.75, 1.05, 1.3, 1.5, 1.75)


def failing(pace: float, years: int) -> float:
    """Return the chance of either way to fail within some years."""
    once = 0.5 * math.erfc(pace / math.sqrt(2.0)) + 0.5 * math.erfc((2.0 - pace) / math.sqrt(2.0))
    return 1.0 - (1.0 - once) ** years


def test_probabilities_are_those_of_the_normal_and_the_least_is_found() -> None:
    found = mc.corridor(both_sides(), paces=PACES, vary="pace", n_paths=40_000, seed=3)
    for pace, chance in zip(PACES, found["chance"].values, strict=True):
        exact = failing(pace, 1)
        assert abs(chance - exact) < 4.5 * math.sqrt(exact * (1.0 - exact) / 40_000)
    assert found.attrs["least_state"] == "inside"
    assert float(found["least_lower"]) < 1.0 < float(found["least_upper"])
    assert abs(float(found["least"]) - 1.0) < 4.5 * float(found["least_error"]) + 0.02  # a parabola is not the curve
    assert np.allclose(found["chance"], found["probability"].sel(cause="any"))
    assert len(draw(found).lines) == 3
    assert "paired" in corridor_text(found)


@pytest.mark.parametrize(("by", "years"), [("2027-01-01", 1), ("2028-12-31", 2), (None, 3)])
def test_chances_are_those_by_the_date_that_is_asked_for(by: str | None, years: int) -> None:
    """|z| < 4.5 at three paces: a year more or less moves the chance by more than 20 standard errors."""
    found = mc.corridor(both_sides(years=3), paces=(0.5, 1.0, 1.5), vary="pace", n_paths=20_000, seed=3, by=by)
    for pace, chance in zip((0.5, 1.0, 1.5), found["chance"].values, strict=True):
        exact = failing(pace, years)
        assert abs(chance - exact) < 4.5 * math.sqrt(exact * (1.0 - exact) / 20_000)
    assert np.allclose(found["chance"], found["probability"].sel(cause="any"))
    assert found.attrs["by"][:4] == str(2026 + years)


def test_paces_share_their_paths() -> None:
    """A path that is short at a pace is short at every smaller one: differences have a variance of d (1 - d)."""
    found = mc.corridor(both_sides(), paces=(0.9, 1.0, 1.1), vary="pace", n_paths=20_000, seed=3, event="short")
    assert (np.diff(found["chance"]) < 0.0).all()
    difference = found["difference"].values
    np.testing.assert_allclose(difference, found["chance"] - found["chance"][-1])
    due = np.sqrt(difference * (1.0 - difference) / 20_000)
    np.testing.assert_allclose(found["difference_error"], due)


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
    """At a coverage of 95% more than 8 of 40 runs miss with a chance of 1.3e-4; at one of 70%, with a chance of .89."""
    missed = 0
    for seed in range(40):
        found = mc.corridor(both_sides(), paces=PACES, vary="pace", n_paths=4_000, seed=seed)
        missed += not float(found["least_lower"]) < 1.0 < float(found["least_upper"])
    assert missed <= 8


def test_a_pace_is_ruled_out_at_the_error_shared_among_the_others() -> None:
    """Five paths that fail here and not there have a chance of 1/32, six of 1/64: a third of .05 rules out the six."""
    flags = np.zeros((4, 100), dtype=bool)
    flags[1, :5], flags[2, :6], flags[3, :7] = True, True, True
    possible = {error: _possible(flags, error).tolist() for error in (0.05, 0.022, 0.1)}
    assert possible[0.05] == [True, True, False, False]
    assert possible[0.022] == [True, True, True, True]
    assert possible[0.1] == [True, False, False, False]


def test_a_pace_is_not_ruled_out_by_paths_that_go_both_ways() -> None:
    flags = np.zeros((2, 100), dtype=bool)
    flags[0, :20] = flags[1, 10:40] = True  # 10 against 20: .049 one-sided
    assert _possible(flags, 0.05).tolist() == [True, False]
    assert _possible(flags, 0.049).tolist() == [True, True]


@pytest.mark.parametrize("shares", [(0.3, 0.2, 0.35), (0.6, 0.2, 0.25), (0.21, 0.2, 0.5)])
def test_the_bottom_is_that_of_the_parabola_and_its_error_the_delta_methods(shares: tuple[float, ...]) -> None:
    """Place and height by a fit, the error by moving each of the three chances a little."""
    x = np.array([0.5, 0.8, 1.5])
    flags = np.random.default_rng(4).random((1, 5_000)) < np.array(shares)[:, None]
    flags[2] ^= np.random.default_rng(5).random(5_000) < 0.1

    def fitted(y: np.ndarray) -> float:
        a, b, _ = np.polyfit(x, y, 2)
        return float(-b / (2.0 * a))

    y = flags.mean(axis=1)
    place, height, error = _bottom(x, flags)
    assert place == pytest.approx(fitted(y))
    assert height == pytest.approx(np.polyval(np.polyfit(x, y, 2), place))
    gradient = np.array([(fitted(y + move) - fitted(y - move)) / 2e-6 for move in 1e-6 * np.eye(3)])
    assert error == pytest.approx(math.sqrt(gradient @ np.cov(flags) @ gradient / 5_000), rel=1e-5)


def test_the_dot_stands_at_the_bottom_of_the_parabola_not_above_the_line() -> None:
    found = mc.corridor(both_sides(), paces=PACES, vary="pace", n_paths=40_000, seed=3)
    artists = draw(found)
    ((place,), (height,)) = artists.least.get_data()
    k = int(np.argmin(found["chance"].values))
    near = slice(k - 1, k + 2)
    due = np.polyval(np.polyfit(PACES[near], found["chance"].values[near], 2), place)
    assert place == float(found["least"])
    assert height == pytest.approx(100.0 * due)
    assert height <= artists.lines["chance"].get_ydata().min()


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
        ({"n_paths": 0}, "n_paths"),
        ({"seed": None}, "seed"),  # the paths of the paces would not be the same
    ):
        with pytest.raises(mc.InputError) as caught:
            mc.corridor(both_sides(), **{"vary": "pace", **wrong})
        assert [problem.field for problem in caught.value.problems] == [field]
    with pytest.raises(mc.InputError) as caught:
        mc.corridor(both_sides(), vary="pcae", event="never", paces=[-1], n_paths=0, seed=-1, by=0, confidence=2)
    fields = ["vary", "event", "paces[0]", "n_paths", "seed", "by", "confidence"]
    assert [problem.field for problem in caught.value.problems] == fields


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
    assert math.isnan(_bottom(np.array([0.5, 1.0, 1.5]), flags)[2])
    flags[2, 9] = True
    assert _bottom(np.array([0.5, 1.0, 1.5]), flags)[2] > 0.0
