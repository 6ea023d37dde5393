"""Bounds of inputs: slips of unit and of percent are refused, what lies inside is not."""

from typing import Annotated, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

import montecarlo_ai as mc
from montecarlo_ai.bounds import NEGLIGIBLE_MASS, Bounds
from montecarlo_ai.lab.parameters import SHARE

numbers = st.floats(-1e12, 1e12)


class Level(NamedTuple):
    level: Annotated[float, "USD"]


class Share(NamedTuple):
    share: Annotated[float, "fraction", mc.Bounds(0.0, 1.0)]
    free: Annotated[float, "USD"]


class NoShocks(NamedTuple):
    pass


class Low(NamedTuple):
    low: float


def step(state: Level, params: Share, shocks: NoShocks, clock: mc.Clock) -> Level:
    return Level(state.level * (1.0 + params.share * clock.dt) + params.free)


def initial(params: Share) -> Level:
    return Level(1.0)


def events(state: Level, params: Share, clock: mc.Clock) -> Low:
    return Low(state.level)


def scenario(share):
    model = mc.Model(step, initial=initial, events=events)
    return mc.Scenario(model, inputs={"share": share, "free": 1e30}, time=mc.TimeGrid("2026-01-01", years=1))


@pytest.fixture(scope="module")
def preset():
    return mc.load_scenario("openai-2025-12")


@given(numbers, numbers, numbers)
def test_a_number_passes_if_and_only_if_it_lies_inside(low, high, value):
    if low >= high:
        with pytest.raises(mc.InputError, match="must be below high"):
            Bounds(low, high)
        return
    outside = Bounds(low, high).mass_outside(mc.Constant(value))
    assert outside == (0.0 if low <= value <= high else 1.0)


@given(st.floats(-3.0, 3.0), st.floats(0.1, 3.0), st.floats(-5.0, 0.0), st.floats(0.1, 5.0))
def test_mass_outside_is_that_of_both_tails(mean, sd, low, high):
    due = norm.cdf(low, mean, sd) + norm.sf(high, mean, sd)
    assert Bounds(low, high).mass_outside(mc.Normal(mean, sd)) == pytest.approx(due, rel=1e-9, abs=1e-15)


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_what_is_supported_inside_passes(first, second):
    low, high = sorted((first, second))
    share = mc.Constant(low) if low == high else mc.Uniform(low, high)
    assert SHARE.mass_outside(share) == 0.0


def test_one_end_may_be_open():
    assert Bounds(low=0.0).mass_outside(mc.LogNormal(0.0, 9.0)) == 0.0
    assert Bounds(high=0.0).mass_outside(mc.LogNormal(0.0, 9.0)) == 1.0
    with pytest.raises(mc.InputError, match=r"Bounds\.low = 'a': must be a number"):
        Bounds("a", 1.0)
    with pytest.raises(mc.InputError, match=r"Bounds\.high = nan: must be a finite number"):
        Bounds(0.0, float("nan"))


@pytest.mark.parametrize("share", [0.0, 0.45, 1.0, mc.Uniform(0.0, 1.0), mc.Normal(0.5, 0.05)])
def test_a_share_is_accepted(share):
    assert scenario(share).inputs.distributions["free"] == mc.Constant(1e30)


@pytest.mark.parametrize(
    ("share", "message"),
    [
        (45, r"inputs\.share = Constant\(value=45\.0\): must lie in \[0, 1\] fraction; write 0\.05 for 5%"),
        (-0.001, r"must lie in \[0, 1\] fraction"),
        (mc.Uniform(0.0, 1.1), r"where 0\.0909 of its probability is outside; .* truncate or clip it"),
        (mc.Normal(0.5, 0.2), r"where 0\.0124 of its probability is outside"),
        (mc.LogNormal.from_interval(30.0, 60.0), r"must lie in \[0, 1\] fraction"),
    ],
)
def test_a_percentage_or_a_stray_tail_is_refused(share, message):
    with pytest.raises(mc.ScenarioError, match=message):
        scenario(share)
    with pytest.raises(mc.ScenarioError, match=message):
        scenario(0.5).with_inputs(share=share)


def test_tails_that_do_not_matter_pass():
    """The rule is a millionth: a normal passes on one side of it and fails on the other."""
    sd = 0.5 / norm.isf(0.5 * NEGLIGIBLE_MASS)
    scenario(mc.Normal(0.5, 0.999 * sd))
    with pytest.raises(mc.ScenarioError, match="of its probability is outside"):
        scenario(mc.Normal(0.5, 1.001 * sd))


def test_every_share_of_the_lab_refuses_percent(preset):
    """Each share of the preset, written as a percentage, at its median: all are told at once."""
    shares = [name for name, bounds in preset.model.bounds.items() if bounds == SHARE]
    slips = {name: 100.0 * float(preset.inputs.distributions[name].ppf(0.5)) for name in shares}
    slips = {name: value for name, value in slips.items() if value > 1.0}
    assert len(slips) >= 25
    with pytest.raises(mc.ScenarioError) as caught:
        preset.with_inputs(**slips)
    assert {problem.field for problem in caught.value.problems} == {f"inputs.{name}" for name in slips}


@pytest.mark.parametrize(
    ("name", "slip"),
    [
        ("base_capacity", 1.7e21),  # FLOP/s instead of H100e
        ("base_power", 1.9e9),  # W instead of GW
        ("hardware_gain", 30.0),  # percent
        ("power_cost", -1.0),
        ("lead_time", 365.0),  # days
    ],
)
def test_slips_of_unit_are_refused(preset, name, slip):
    with pytest.raises(mc.ScenarioError, match=rf"inputs\.{name} = .*must lie in"):
        preset.with_inputs(**{name: slip})


def test_every_input_of_the_lab_is_bounded(preset):
    assert set(preset.model.bounds) == set(preset.model.param_fields)
    assert all(np.isfinite([bounds.low, bounds.high]).all() for bounds in preset.model.bounds.values())


def test_a_file_tells_slips_together_with_all_else_that_is_wrong(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        """schema_version = 1
base = "openai-2025-12"
[time]
yeers = 3
[inputs.base_paying_share]
value = 5.0
[[correlation]]
inputs = ["churn", "hardware_gian"]
value = 1.4
"""
    )
    with pytest.raises(mc.ScenarioError) as caught:
        mc.load_scenario(path)
    told = {problem.field: problem for problem in caught.value.problems}
    assert list(told) == [
        "time.yeers",
        "correlation[churn, hardware_gian]",
        "correlation[1].inputs",
        "inputs.base_paying_share",
    ]
    assert "did you mean 'hardware_gain'?" in str(told["correlation[1].inputs"])
    assert told["inputs.base_paying_share"].place == "line 5"


def test_a_misfit_in_a_file_names_its_input(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        """schema_version = 1
base = "openai-2025-12"
[inputs.churn]
distribution = "lognormal"
quantiles = { "0.05" = 0.3, "0.5" = 0.8, "0.95" = 0.9 }
source = "judgement"
date = 2025-12-31
rationale = "a skewed view"
"""
    )
    with pytest.warns(mc.MisfitWarning, match=r"inputs\.churn: LogNormal misses a quantile"):
        mc.load_scenario(path)
