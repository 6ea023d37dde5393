"""Pictures of distributions: what they show is what the distribution says."""

from collections.abc import Iterator

import matplotlib
import numpy as np
import pytest
from distribution_cases import EVERY, LAUNCH
from matplotlib import pyplot

from montecarlo_ai.distributions import Beta, Distribution, Empirical, LogNormal, Normal, StudentT

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    pyplot.close("all")


@pytest.mark.parametrize("distribution", EVERY, ids=repr)
def test_every_distribution_can_be_drawn(distribution: Distribution) -> None:
    drawn = distribution.plot()
    low, high = drawn.axes[0].get_xlim()
    assert np.isfinite([low, high]).all()
    x, probabilities = drawn.cdf.get_data()  # type: ignore[attr-defined]
    np.testing.assert_allclose(probabilities, distribution.cdf(x))
    assert float(distribution.cdf(high)) - float(distribution.cdf(low)) >= 0.9
    assert bool(drawn.masses) or distribution.continuous
    drawn.axes[0].figure.canvas.draw()


def test_the_area_under_the_density_and_the_masses_are_probabilities() -> None:
    drawn = LAUNCH.plot()
    x, heights = drawn.density[0].get_data()  # type: ignore[attr-defined]
    assert np.trapezoid(heights, x) == pytest.approx(0.7, abs=0.01)
    assert [label.get_text() for label in drawn.masses if hasattr(label, "get_text")] == ["30%"]
    clipped = Normal(1.0, 1.0).clip(0.0, 2.0).plot()
    assert [label.get_text() for label in clipped.masses if hasattr(label, "get_text")] == ["15.9%", "15.9%"]
    assert not Empirical([1.0, 2.0]).plot().density


def test_claims_and_units_stand_in_the_picture() -> None:
    distribution = LogNormal.from_interval(1.0, 10.0).with_units("billion USD/year")
    drawn = distribution.plot()
    texts = [artist.get_text() for artist in drawn.claims if hasattr(artist, "get_text")]
    assert texts == ["5%: 1", "95%: 10"]
    places = drawn.claims[0].get_data()  # type: ignore[attr-defined]
    assert [list(values) for values in places] == [[1.0, 10.0], [0.05, 0.95]]
    assert "billion USD/year" in drawn.axes[1].get_xlabel()


def test_heavy_tails_and_infinite_densities_are_cropped_and_said_to_be() -> None:
    assert "lies outside" in StudentT(1.0).plot().axes[1].get_xlabel()
    low, high = StudentT(1.0).plot().axes[0].get_xlim()
    assert high - low < 40.0
    arcsine = Beta(0.5, 0.5).plot()
    assert arcsine.axes[0].get_ylim()[1] < 10.0
    assert arcsine.axes[0].get_xscale() == "linear"
    assert LogNormal(0.0, 3.0).plot().axes[0].get_xscale() == "log"


def test_a_given_place_is_drawn_on() -> None:
    figure = pyplot.figure()
    left, right = figure.subplots(1, 2)
    place = left.get_position()
    upper, lower = Normal(0.0, 1.0).plot(ax=left).axes
    figure.canvas.draw()
    assert upper is left
    for drawn in (upper.get_position(), lower.get_position()):
        assert place.x0 - 0.01 <= drawn.x0 < drawn.x1 <= place.x1 + 0.01
        assert place.y0 - 0.01 <= drawn.y0 < drawn.y1 <= place.y1 + 0.01
    assert right.get_lines() == []


def test_nothing_in_a_title_is_markup() -> None:
    distribution = Normal(0.0, 1.0).with_units("million $ of $ H100e")
    figure = distribution.plot().axes[0].figure
    figure.canvas.draw()
    words = [figure.axes[0].title, figure.axes[0]._left_title, figure.axes[1].xaxis.label]
    assert any("$ of $" in text.get_text() for text in words)
    assert not any(text.get_parse_math() for text in words if text.get_text())
