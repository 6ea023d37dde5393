"""Charts: what they draw is what the data say, text is inert, and hard cases draw or fail in words."""

from __future__ import annotations

import io
import re
from itertools import pairwise
from xml.etree import ElementTree

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pytest
import xarray as xr
from matplotlib import pyplot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text
from synthetic import ensemble, summary, with_event_times

from montecarlo_ai import plot
from montecarlo_ai.artifacts import new_axes
from montecarlo_ai.errors import InputError
from montecarlo_ai.plot.style import scale_for, spread
from montecarlo_ai.risk import runs_out_of_chips

HISTORY = {"2024-01-01": 4e9, "2025-01-01": 9e9, "2025-12-01": 19e9}


@pytest.fixture(autouse=True)
def _close() -> object:
    yield
    pyplot.close("all")


@pytest.fixture(scope="module")
def data() -> xr.Dataset:
    return ensemble(1_500)


def edges(band: object) -> tuple[np.ndarray, np.ndarray]:
    """Return the lower and upper edge of a filled band, in the order of time."""
    vertices = band.get_paths()[0].vertices  # type: ignore[attr-defined]
    times = np.unique(vertices[:, 0])
    at = [vertices[vertices[:, 0] == time, 1] for time in times]
    return np.array([values.min() for values in at]), np.array([values.max() for values in at])


def drawn_boxes(figure: Figure) -> list[tuple[str, object]]:
    """Return the extent of every text without its leader line, in pixels, after drawing."""
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    texts = [text for ax in figure.axes for text in ax.texts if isinstance(text, Annotation) and text.get_text()]
    return [(text.get_text(), Text.get_window_extent(text, renderer)) for text in texts]


def test_bands_and_median_are_the_quantiles(data: xr.Dataset) -> None:
    artists = plot.fan(data, "revenue")
    assert list(artists.bands) == [0.9, 0.7, 0.5, 0.3]
    for share, band in artists.bands.items():
        low, high = edges(band)
        expected = np.quantile(data["revenue"].values / 1e9, [0.5 - share / 2, 0.5 + share / 2], axis=1)
        assert np.allclose([low, high], expected)
    assert np.allclose(artists.median.get_ydata(), np.median(data["revenue"].values / 1e9, axis=1))
    assert artists.history is None


def test_a_summary_draws_the_same_fan(data: xr.Dataset) -> None:
    one, other = plot.fan(data, "cash"), plot.fan(summary(data), "cash")
    assert np.allclose(one.median.get_ydata(), other.median.get_ydata())
    assert one.caption.get_text() == other.caption.get_text()


def test_caption_numbers_are_the_quantiles_at_the_end(data: xr.Dataset) -> None:
    caption = " ".join(plot.fan(data, "revenue").caption.get_text().split())
    low, middle, high = np.quantile(data["revenue"].values[-1] / 1e9, [0.05, 0.5, 0.95])
    pattern = r"In 90 of 100 .* between (\S+) and (\S+) bn USD a year at the end of 2030; the median is (\S+)\."
    found = re.fullmatch(pattern, caption)
    assert found is not None, caption
    assert np.allclose([float(value.replace(",", "")) for value in found.groups()], [low, high, middle], atol=0.5)


def test_footnote_states_where_the_chart_comes_from(data: xr.Dataset) -> None:
    footnote = " ".join(plot.fan(data, "cash", note="A note.").footnote.get_text().split())
    for part in (
        "A note.",
        "montecarlo_ai 0.1.0",
        "synthetic (0123456789ab)",
        "seed 7",
        "1,500 paths",
        "standard error",
    ):
        assert part in footnote


def test_fan_opens_with_zero_width_from_history(data: xr.Dataset) -> None:
    artists = plot.fan(data, "revenue", history=HISTORY)
    for band in artists.bands.values():
        low, high = edges(band)
        assert low[0] == high[0] == 19.0
        assert (high[1:] >= low[1:]).all()
    assert artists.history is not None
    assert np.allclose(artists.history.get_ydata(), [4, 9, 19])
    assert artists.history.get_xdata()[-1] == artists.median.get_xdata()[0] == np.datetime64("2025-12-01")


def test_the_forecast_begins_at_the_start_with_its_own_quantiles(data: xr.Dataset) -> None:
    for history in (HISTORY, {"2024-01-01": 4e9, "2025-06-30": 13e9}):
        artists = plot.fan(data, "revenue", history=history)
        start = data["time"].values[0]
        assert artists.forecast_line.get_xdata()[0] == start
        assert any("1 Jan 2026" in label.get_text() for label in artists.labels)
        at_start = artists.median.get_ydata()[list(artists.median.get_xdata()).index(start)]
        assert at_start == pytest.approx(np.median(data["revenue"].values[0]) / 1e9)
        low, high = edges(artists.bands[0.9])
        expected = np.quantile(data["revenue"].values[0] / 1e9, [0.05, 0.95])
        assert np.allclose([low[1], high[1]], expected)
        assert ("not simulated" in artists.footnote.get_text()) == ("2025-06-30" in history)


def test_history_as_an_array_and_outcomes_after_the_start(data: xr.Dataset) -> None:
    dates = np.array(["2026-07-01", "2025-07-01", "2026-01-01"], dtype="datetime64[ns]")
    past = xr.DataArray([25e9, 12e9, 21e9], dims="time", coords={"time": dates})
    artists = plot.fan(data, "revenue", history=past)
    assert artists.history is not None
    assert np.allclose(artists.history.get_ydata(), [12, 21, 25])
    assert artists.median.get_ydata()[0] == 21.0
    assert artists.median.get_xdata()[0] == np.datetime64("2026-01-01")


def test_bands_keep_their_order_in_grey(data: xr.Dataset) -> None:
    artists = plot.fan(data, "cash")
    grey = [float(np.dot(band.get_facecolor()[0][:3], [0.2126, 0.7152, 0.0722])) for band in artists.bands.values()]
    assert all(before - after > 0.08 for before, after in pairwise(grey))


@pytest.mark.parametrize("markup", ["$\\frac{$", "<script>alert(1)</script>", "50% of $20 & $30 \\", "_{^"])
def test_markup_is_inert(data: xr.Dataset, markup: str) -> None:
    labelled = data.assign_attrs(scenario=markup)
    labelled["cash"] = labelled["cash"].assign_attrs(long_name=markup)
    chart = runs_out_of_chips(labelled)
    for artists in (
        plot.fan(labelled, "cash", title=markup, note=markup),
        plot.chips(chart, title=markup, note=markup),
    ):
        assert artists.title.get_text() == markup
        assert markup in artists.footnote.get_text().replace("\n", " ")
        for options in ({"format": "png"}, {"format": "svg"}):
            file = io.BytesIO()
            artists.axes.get_figure().savefig(file, **options)
            if options["format"] == "svg":
                tree = ElementTree.fromstring(file.getvalue())
                assert not [element for element in tree.iter() if element.tag.endswith("script")]


def test_an_own_axes_leaves_pyplot_alone(data: xr.Dataset) -> None:
    figure = Figure()
    FigureCanvasAgg(figure)
    ax = figure.add_subplot()
    before = matplotlib.rcParams.copy()
    assert plot.fan(data, "cash", ax=ax).axes is ax
    assert pyplot.get_fignums() == []
    assert matplotlib.rcParams == before


def test_constrained_layout_leaves_room_between_charts(data: xr.Dataset) -> None:
    figure = Figure(figsize=(10, 12), layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2)
    plot.fan(data, "cash", ax=above)
    plot.chips(runs_out_of_chips(data), ax=below)
    boxes = drawn_boxes(figure)
    first, second = boxes[: len(above.texts)], boxes[len(above.texts) :]
    assert min(box.y0 for _, box in first) >= max(box.y1 for _, box in second)
    assert min(box.y0 for _, box in second) >= 0


@pytest.mark.parametrize("case", ["fan", "history", "summary", "chips", "rare", "alone"])
def test_no_text_overlaps_or_leaves_the_figure(data: xr.Dataset, case: str) -> None:
    rare = with_event_times([[1.0] + [np.inf] * 9, [np.inf] * 10, [np.inf] * 10])
    long = "A title that goes on and on about " + "futures and their chips " * 8
    artists = {
        "fan": lambda: plot.fan(data, "revenue", title=long),
        "history": lambda: plot.fan(data, "revenue", history=HISTORY, note="A note about the history. " * 6),
        "summary": lambda: plot.fan(summary(data.isel(path=slice(0, 100))), "cash"),
        "chips": lambda: plot.chips(runs_out_of_chips(data)),
        "alone": lambda: plot.chips(runs_out_of_chips(data), ax=pyplot.subplots(figsize=(8, 6))[1]),
        "rare": lambda: plot.chips(runs_out_of_chips(rare)),
    }[case]()
    figure = artists.axes.get_figure()
    boxes = drawn_boxes(figure)
    for text, box in boxes:
        assert min(box.x0, box.y0) >= 0, text
        assert box.x1 <= figure.bbox.x1, text
        assert box.y1 <= figure.bbox.y1, text
    for k, (text, box) in enumerate(boxes):
        for other_text, other in boxes[k + 1 :]:
            apart = box.x1 <= other.x0 or other.x1 <= box.x0 or box.y1 <= other.y0 + 1 or other.y1 <= box.y0 + 1
            assert apart, (text, other_text)


def test_one_path_draws_without_an_error_of_its_median() -> None:
    artists = plot.fan(ensemble(1), "cash")
    assert "1 path" in artists.footnote.get_text()
    assert "no Monte Carlo error from a single path" in artists.footnote.get_text()
    assert "In the one simulated future cash is" in artists.caption.get_text()
    assert "nan" not in artists.caption.get_text() + artists.footnote.get_text()
    artists.axes.get_figure().savefig(io.BytesIO())


@pytest.mark.parametrize(
    ("width", "level", "shown"),
    [(0.0, 0.0, "0 USD"), (0.0, 1.23456789e10, "12.3 bn USD"), (1e-16, 1.23456789e10, "12.3 bn USD")],
)
def test_futures_that_agree_are_given_once_to_three_digits(
    width: float, level: float, shown: str, data: xr.Dataset
) -> None:
    artists = plot.fan(data.assign(flat=data["cash"] * width + level), "flat")
    caption = artists.caption.get_text().replace("\n", " ").replace("\N{NO-BREAK SPACE}", " ")
    assert caption == f"In 90 of 100 simulated futures cash is {shown} at the end of 2030."
    assert artists.labels[0].get_text() == f"90%  {shown.split()[0]}"
    assert "where the paths agree" in artists.footnote.get_text()
    falls = data["cash"] * (data["time"] < data["time"][-1])
    assert "is 0" in plot.fan(data.assign(falls=falls), "falls").caption.get_text()


def test_the_caption_is_true_where_the_median_is_a_point_mass(data: xr.Dataset) -> None:
    data = data.assign(debt=data["cash"].where(data["path"] >= 900, 0.0))
    caption = plot.fan(data, "debt").caption.get_text().replace("\n", " ")
    assert caption.endswith("; the median is 0.")
    assert "half" not in caption


def test_a_part_of_the_paths_states_how_many_it_shows(data: xr.Dataset) -> None:
    part = data.isel(path=slice(0, 200))
    footnote = plot.fan(part, "cash").footnote.get_text()
    assert "200 paths" in footnote
    assert "1,500" not in footnote
    assert "200 paths" in plot.fan(part.drop_attrs().assign_attrs(scenario="x"), "cash").footnote.get_text()


def test_a_dip_thinner_than_a_line_opens_no_axis_below_zero(data: xr.Dataset) -> None:
    positive = data["revenue"] - data["revenue"].min()
    low, high = plot.fan(data.assign(x=positive - 1e-3 * positive.max()), "x").axes.get_ylim()
    assert low == 0.0 < high
    assert plot.fan(data.assign(x=positive - 0.1 * positive.max()), "x").axes.get_ylim()[0] < 0.0


def test_all_nan_and_wrong_arguments_fail_in_words(data: xr.Dataset) -> None:
    broken = data.assign(broken=data["cash"] * np.nan)
    with pytest.raises(InputError, match="must be finite to be drawn"):
        plot.fan(broken, "broken")
    with pytest.raises(InputError, match="is no variable over time"):
        plot.fan(data, "growth")
    with pytest.raises(InputError, match="inside"):
        plot.fan(data, "cash", bands=(0.9, 1.0))
    with pytest.raises(InputError, match="at least one"):
        plot.fan(data, "cash", bands=())
    for bands in (0.9, "0.9", None):
        with pytest.raises(InputError, match="sequence of shares"):
            plot.fan(data, "cash", bands=bands)  # type: ignore[arg-type]
    for bands in (("wide",), (True,), (None,)):
        with pytest.raises(InputError, match="inside"):
            plot.fan(data, "cash", bands=bands)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"0\.01, 0\.99"):
        plot.fan(summary(data.isel(path=slice(0, 20))), "cash", bands=(0.98,))
    with pytest.raises(InputError, match="yscale"):
        plot.fan(data, "cash", yscale="cubic")
    for history in ({"2025-01-01": np.nan}, {"soon": 1.0}, [1.0, 2.0], "cash"):
        with pytest.raises(InputError, match="history"):
            plot.fan(data, "cash", history=history)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="title"):
        plot.fan(data, "cash", title=3)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="runs_out_of_chips"):
        plot.chips(data)
    assert pyplot.get_fignums() == []


def test_log_axis_works_above_zero_and_says_so_at_zero(data: xr.Dataset) -> None:
    assert plot.fan(data, "revenue", yscale="log").axes.get_yscale() == "log"
    zeros = data.assign(zeros=data["revenue"].where(data["path"] > 500, 0.0))
    with pytest.raises(InputError, match="cannot show zeros"):
        plot.fan(zeros, "zeros", yscale="log")
    ax = Figure().add_subplot()
    ax.set_yscale("log")
    with pytest.raises(InputError, match="cannot show zeros"):
        plot.fan(zeros, "zeros", ax=ax)
    plot.fan(zeros, "zeros", yscale="symlog").axes.get_figure().savefig(io.BytesIO())


def test_no_display_falls_back_to_a_canvas_for_saving(data: xr.Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ImportError("Cannot load backend 'TkAgg' as 'headless' is currently running")

    monkeypatch.setattr(pyplot, "figure", refuse)
    plot.fan(data, "cash").axes.get_figure().savefig(io.BytesIO())


@pytest.mark.parametrize("wanted", [[5.0, 5.1, 5.2], [0.0, 0.0, 0.0, 0.0], [9.9, 10.0, 1.0], [3.0], []])
def test_spread_keeps_order_distance_and_bounds(wanted: list[float]) -> None:
    placed = spread(wanted, 1.0, 0.0, 10.0)
    order = np.argsort(wanted, kind="stable")
    assert (np.diff(placed[order]) >= 1.0 - 1e-12).all()
    assert ((placed >= 0.0) & (placed <= 10.0)).all()
    assert np.allclose(spread([1.0, 4.0, 8.0], 1.0, 0.0, 10.0), [1.0, 4.0, 8.0])


@pytest.mark.parametrize(
    ("units", "largest", "factor", "shown"),
    [
        ("USD", 3e11, 1e9, "bn USD"),
        ("USD/year", 3e12, 1e12, "tn USD a year"),
        ("USD", 5e6, 1e6, "m USD"),
        ("H100e", 9e6, 1e6, "million H100e"),
        ("GW", 30.0, 1.0, "GW"),
        ("fraction", 0.4, 0.01, "%"),
        ("USD", 5e15, 1e12, "tn USD"),
        ("USD/year", 4.8e19, 1e18, "\N{MULTIPLICATION SIGN}10¹⁸ USD a year"),
        ("H100e", 3e-7, 1e-9, "\N{MULTIPLICATION SIGN}10⁻⁹ H100e"),
        ("fraction", 2e7, 1e7, "\N{MULTIPLICATION SIGN}10⁹ %"),
        ("1", 1e17, 1e15, "\N{MULTIPLICATION SIGN}10¹⁵"),
        ("1", 3e6, 1e6, "million"),
        ("ratio", 6.8, 1.0, ""),
        ("1", 3.0, 1.0, ""),
        ("", 0.0, 1.0, ""),
    ],
)
def test_scales(units: str, largest: float, factor: float, shown: str) -> None:
    assert scale_for(units, largest) == (factor, shown)


@pytest.mark.parametrize(("factor", "level"), [(1e8, 0.0), (1e20, 0.0), (1e-18, 0.0), (1e-6, 1e11)])
def test_no_power_or_offset_stands_over_the_subtitle(factor: float, level: float, data: xr.Dataset) -> None:
    artists = plot.fan(data.assign(x=(data["cash"] * factor + level).assign_attrs(units="USD")), "x")
    artists.axes.figure.canvas.draw()
    assert artists.axes.yaxis.get_offset_text().get_text() == ""
    right = artists.axes.get_figure().bbox.x1
    assert all(box.x1 <= right for _, box in drawn_boxes(artists.axes.get_figure()))


@pytest.mark.parametrize(
    "draw", [lambda data: plot.fan(data, "cash"), lambda data: plot.chips(runs_out_of_chips(data))]
)
def test_a_dark_style_leaves_ink_on_white(draw: object, data: xr.Dataset) -> None:
    with matplotlib.style.context("dark_background"):
        figure = draw(data).axes.get_figure()  # type: ignore[operator]
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=40)
        own = io.BytesIO()
        axes = new_axes()
        plot.fan(data, "cash", ax=axes)
        axes.get_figure().savefig(own, facecolor=axes.get_figure().get_facecolor(), format="png", dpi=40)
    for saved in (file, own):
        saved.seek(0)
        pixels = matplotlib.image.imread(saved)[:, :, :3]
        assert np.median(pixels) == 1.0
        assert (pixels[[0, 0, -1, -1], [0, -1, 0, -1]] == 1.0).all()


def test_values_that_round_to_zero_have_no_sign() -> None:
    assert scale_for("USD", 1e11).text(-4e7, 1e9) == "0"
    assert scale_for("USD", 1e11).text(-4e9, 1e9) == "\N{MINUS SIGN}4"


def test_the_error_of_a_median_at_an_atom_takes_no_more_digits_than_the_largest() -> None:
    data = ensemble(400)
    data["cash"] = data["cash"].where(data["path"] > 300, 0.0)
    footnote = plot.fan(data, "cash").footnote.get_text()
    (shown,) = re.findall(r"end: (\S+) for the median", footnote)
    assert float(shown) == 0.0
    assert len(shown) <= 5
