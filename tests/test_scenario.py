"""A scenario as an object: changed copies, units, equality by content, what it shows of itself."""

from html.parser import HTMLParser
from typing import Annotated, NamedTuple

import numpy as np
import pytest
from models import walk

import montecarlo_ai as mc


class Money(NamedTuple):
    cash: Annotated[float, "USD"]


class Terms(NamedTuple):
    income: Annotated[float, "USD/year"]
    growth: Annotated[float, "fraction", mc.Bounds(-1.0, 10.0)]
    start: float


class NoShocks(NamedTuple):
    pass


class Broke(NamedTuple):
    cash: float


def step(state: Money, params: Terms, shocks: NoShocks, clock: mc.Clock) -> Money:
    return Money(state.cash + params.income * (1.0 + params.growth) * clock.dt)


def initial(params: Terms) -> Money:
    return Money(params.start)


def events(state: Money, params: Terms, clock: mc.Clock) -> Broke:
    return Broke(state.cash)


def own(**inputs):
    stated = {"income": 1e9, "growth": mc.Normal(0.1, 0.01), "start": 5.0, **inputs}
    model = mc.Model(step, initial=initial, events=events)
    return mc.Scenario(model, inputs=stated, time=mc.TimeGrid("2026-01-01", years=1), name="own <b>&")


@pytest.fixture(scope="module")
def preset():
    return mc.load_scenario("openai-2025-12")


def test_inputs_may_be_stated_in_other_units_of_the_same_kind():
    plain = own(income=mc.LogNormal.from_interval(1e9, 3e9), growth=mc.Uniform(0.05, 0.25))
    stated = own(
        income=mc.LogNormal.from_interval(1.0, 3.0).with_units("billion USD/year"),
        growth=mc.Uniform(5.0, 25.0).with_units("percent"),
    )
    levels = np.linspace(0.01, 0.99, 9)
    for name in ("income", "growth"):
        due, came = (scenario.inputs.distributions[name] for scenario in (plain, stated))
        np.testing.assert_allclose(came.ppf(levels), due.ppf(levels), rtol=1e-13)
    assert own(income=mc.Constant(12.0).with_units("billion USD/year")).inputs.constants["income"] == 12e9
    assert own(income=mc.Constant(1.0).with_units("billion USD/month")).inputs.constants["income"] == pytest.approx(
        12e9
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"income": mc.Constant(1.0).with_units("USD")}, r"inputs\.income = .*USD.*USD/year"),
        ({"income": mc.Constant(1.0).with_units("FLOP/s")}, r"inputs\.income = .*FLOP/s.*USD/year"),
        ({"start": mc.Constant(1.0).with_units("USD")}, r"inputs\.start = .*USD"),
        ({"growth": mc.Constant(2000.0).with_units("percent")}, r"inputs\.growth = .*must lie in \[-1, 10\]"),
    ],
)
def test_units_that_do_not_convert_are_refused(change, message):
    with pytest.raises(mc.ScenarioError, match=message):
        own(**change)
    with pytest.raises(mc.InputError, match=message):
        own().with_inputs(**change)


def test_an_input_in_its_own_units_goes_into_the_file_in_those_of_the_model(preset):
    changed = preset.with_inputs(base_cash=mc.LogNormal.from_interval(30.0, 40.0).with_units("billion USD"))
    assert changed.inputs.distributions["base_cash"].ppf(0.95) == pytest.approx(40e9)
    again = mc.load_scenario(
        "openai-2025-12", overrides={"inputs.base_cash": changed.inputs.distributions["base_cash"]}
    )
    assert again == changed
    assert changed.document["inputs"]["base_cash"]["units"] == "USD"
    assert changed.with_inputs(base_cash=35e9).inputs.constants["base_cash"] == 35e9


def test_equal_by_content_and_hashable():
    assert own() == own()
    assert len({own(), own(), own(start=6.0)}) == 2
    assert own() != own(start=6.0)
    assert own().with_inputs(start=6.0) == own(start=6.0)
    assert own().with_inputs(start=6.0).with_inputs(start=5.0) == own()
    assert own() != "own"


def test_a_scenario_is_frozen(preset):
    with pytest.raises(AttributeError, match="with_inputs, with_time or with_overlays"):
        preset.name = "other"


def test_text_shows_each_assumption_with_interval_unit_and_source(preset):
    text = repr(preset)
    lines = text.splitlines()
    assert lines[0].startswith(f"Scenario 'openai-2025-12' ({preset.hash[:12]})")
    for name in preset.inputs.names:
        (line,) = (line for line in lines if line.split(" ")[0] == name)
        assert preset.model.units[name] in line
        assert preset.assumptions[name].source[0] in line
    (rate,) = (line for line in lines if line.startswith("business_run_rate"))
    assert rate.split()[1:7] == ["5.2", "bn", "5.769", "bn", "6.4", "bn"]
    assert "correlation: energy_gain, hardware_gain 0.7" in lines


def test_text_shows_correlations_and_what_was_repaired():
    stated = mc.Correlation(
        {("growth", "income"): 0.9, ("growth", "start"): 0.9, ("income", "start"): -0.9}, repair=True
    )
    values = {"income": mc.Normal(1e9, 1e8), "growth": mc.Normal(0.1, 0.01), "start": mc.Normal(5.0, 1.0)}
    model = mc.Model(step, initial=initial, events=events)
    scenario = mc.Scenario(model, inputs=mc.Inputs(values, correlation=stated), time=mc.TimeGrid("2026-01-01", years=1))
    (line,) = (line for line in repr(scenario).splitlines() if line.startswith("repaired correlations: "))
    assert line.endswith(f"by up to {scenario.repairs[0].largest_change:.2g}")
    assert all(name in line for name in values)


class Cells(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.cells, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if self.open[-1] in ("td", "th"):
            self.cells[-1] += data


def test_html_shows_the_same_table_and_escapes_what_it_shows(preset):
    page = Cells()
    page.feed(preset._repr_html_())
    assert page.open == []
    for name in preset.inputs.names:
        assert name in page.cells
    page = Cells()
    page.feed(own()._repr_html_())
    assert "'own <b>&'" in page.text
    assert page.cells[7:14] == ["income", "", "1 bn", "", "USD/year", "constant", ""]


def test_what_only_a_file_has_is_refused_to_a_scenario_made_in_python():
    for call in (lambda: own().to_toml(), lambda: own().with_overlays("price-war")):
        with pytest.raises(mc.ScenarioError, match="was made in Python and has no scenario file"):
            call()


def test_overlays_change_the_scenario_in_order(preset):
    both = preset.with_overlays("price-war", "no-new-funding")
    assert both == preset.with_overlays("price-war").with_overlays("no-new-funding")
    assert both.name == "openai-2025-12 + price-war + no-new-funding"
    assert both != preset.with_overlays("price-war")
    assert mc.load_scenario("openai-2025-12") == preset
    before, after = (scenario.inputs.distributions["monetization_long_run"] for scenario in (preset, both))
    assert after.ppf(0.5) == pytest.approx(0.5 * before.ppf(0.5))
    with pytest.raises(mc.ScenarioError, match=r"did you mean 'price-war'"):
        preset.with_overlays("price-wars")


def test_text_of_a_scenario_file_reads_back(preset, tmp_path):
    for place, scenario in enumerate((preset, preset.with_overlays("price-war"), preset.with_time(years=2))):
        path = tmp_path / f"{place}.toml"
        path.write_text(scenario.to_toml(), encoding="utf-8")
        assert mc.load_scenario(path) == scenario


def test_an_unknown_part_of_the_grid_is_refused():
    with pytest.raises(mc.ScenarioError, match=r"time\.year = 3: is no part of a time grid; did you mean 'years'"):
        walk().with_time(year=3)
