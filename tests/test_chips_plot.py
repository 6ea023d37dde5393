"""The chart of running out of chips: its lines, marks and words are those of the probabilities."""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pytest
import xarray as xr
from matplotlib import pyplot
from synthetic import ensemble, with_event_times
from test_plot import edges

from montecarlo_ai import plot
from montecarlo_ai.errors import InputError
from montecarlo_ai.risk import describe_probability, runs_out_of_chips


@pytest.fixture(autouse=True)
def _close() -> object:
    yield
    pyplot.close("all")


@pytest.fixture(scope="module")
def data() -> xr.Dataset:
    return ensemble(1_500)


def test_chips_draw_first_causes_that_sum_to_any(data: xr.Dataset) -> None:
    chips = runs_out_of_chips(data)
    artists = plot.chips(chips)
    assert list(artists.lines) == ["cash", "unmonetized_compute", "compute_shortage", "any"]
    total = artists.lines["cash"].get_ydata() + artists.lines["unmonetized_compute"].get_ydata()
    assert np.allclose(total, artists.lines["any"].get_ydata())
    low, high = edges(artists.bands["cash"])
    assert np.allclose(low, 100 * chips["first_lower"].sel(cause="cash"))
    assert np.allclose(high, 100 * chips["first_upper"].sel(cause="cash"))
    assert np.allclose(artists.lines["compute_shortage"].get_ydata(), 100 * chips["probability"][2])
    count = int(chips["count"].sel(cause="any")[-1])
    assert describe_probability(count, 1_500) in artists.caption.get_text().replace("\n", " ")


def test_chips_without_a_single_hit_never_say_zero_percent() -> None:
    never = with_event_times([[np.inf] * 1_000, [np.inf] * 1_000])
    never = never.assign_attrs(causes=["cash", "unmonetized_compute"])
    artists = plot.chips(runs_out_of_chips(never, at=["2027-01-01", "2031-01-01"]))
    text = artists.caption.get_text() + " ".join(label.get_text() for label in artists.labels)
    assert "below 0.3% (95%, none in 1,000 paths)" in text.replace("\n", " ")
    assert " 0%" not in text


def test_one_date_is_drawn_as_marks_with_their_intervals(data: xr.Dataset) -> None:
    for chips in (runs_out_of_chips(data, at="2028-12-31"), runs_out_of_chips(data).isel(time=-1)):
        artists = plot.chips(chips)
        places = []
        for cause, mark in artists.lines.items():
            one = chips.sel(cause=cause)
            names = (
                ("probability", "lower", "upper")
                if cause == "compute_shortage"
                else ("first", "first_lower", "first_upper")
            )
            (middle,) = mark.get_ydata()
            (bar,) = artists.bands[cause].lines[2]
            (ends,) = (segment[:, 1] for segment in bar.get_segments())
            assert np.allclose([middle, *ends], [100.0 * float(one[name].squeeze()) for name in names])
            assert mark.get_marker() == "o"
            places.append(mark.get_xdata()[0])
        assert len(set(places)) == len(places)
        assert "bars: 95% intervals" in artists.footnote.get_text()


def test_some_causes_are_drawn_without_the_others(data: xr.Dataset) -> None:
    chips = runs_out_of_chips(data)
    share = 100 * float(chips["first"].sel(cause="cash")[-1])
    for part in (chips.sel(cause=["cash"]), chips.sel(cause="cash")):
        artists = plot.chips(part)
        assert list(artists.lines) == ["cash"]
        assert artists.caption.get_text() == f"Probability by the end of 2030: cash first {share:.0f}%."
        assert np.allclose(artists.lines["cash"].get_ydata(), 100 * chips["first"].sel(cause="cash"))
    beside = plot.chips(chips.sel(cause=["compute_shortage"]))
    assert "not counted in any chip" in beside.footnote.get_text()
    assert np.allclose(beside.lines["compute_shortage"].get_ydata(), 100 * chips["probability"][2])
    some = plot.chips(chips.sel(cause=["cash", "any"])).caption.get_text()
    assert "sum to" not in some
    for empty in (chips.isel(cause=[]), chips.isel(time=[])):
        with pytest.raises(InputError, match="select at least one"):
            plot.chips(empty)
