"""What happens at the ends of what numbers can say: guards that are counted, zeros, steps of any length, censoring."""

import numpy as np
import pytest
from models import bursting_walk, walk

import montecarlo_ai as mc

SEED = 5
N = 512
GROWTHS = (
    "base_user_growth",
    "user_growth_long_run",
    "base_business_growth",
    "business_growth_long_run",
    "new_growth",
    "revenue_per_payer_drift",
    "payer_cost_drift",
    "free_cost_drift",
    "hardware_gain",
    "energy_gain",
    "software_surprise",
)
VOLATILITIES = (
    "user_growth_volatility",
    "business_growth_volatility",
    "hardware_volatility",
    "monetization_volatility",
    "rental_volatility",
    "mood_volatility",
)


@pytest.mark.parametrize("kind", ["nan", "inf"])
def test_what_is_no_finite_number_is_named_with_variable_path_and_step(kind):
    with pytest.raises(mc.NumericalError, match=rf"cash = {kind} on path 0 at step 3: must be finite"):
        mc.simulate(bursting_walk(kind), n_paths=N, seed=SEED)


def lab(years: float = 5.0, steps_per_year: int = 12, **inputs: float) -> mc.Scenario:
    """Return the preset with some inputs known; one that varied stays a distribution, so that kernels are shared."""
    preset = mc.load_scenario("openai-2025-12")
    known = {name: mc.Normal(x, 0.0) if name in preset.inputs.varying else x for name, x in inputs.items()}
    return preset.with_time(years=years, steps_per_year=steps_per_year).with_inputs(**known)


def every_state(scenario: mc.Scenario, n_paths: int = N):
    return mc.simulate(scenario, n_paths=n_paths, seed=SEED, variables=list(scenario.model.state_fields))


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("steps_per_year", [1, 12])
def test_extreme_growth_is_held_back_in_logarithms_and_counted(sign, steps_per_year):
    """Thirty years at the ends of the bounds: every state of every path stays finite, and the guard tells of itself."""
    rates = dict.fromkeys(GROWTHS, 5.0 * sign) | dict.fromkeys(VOLATILITIES, 5.0)
    paths = every_state(lab(years=30, steps_per_year=steps_per_year, **rates))
    for name in paths.data_vars:
        if name not in ("event_time", "commitment"):
            assert np.isfinite(paths[name].values).all(), name
    counted = paths.growth_clamps.values
    assert (np.diff(counted, axis=0) >= 0.0).all()
    acted = np.isfinite(paths.event_time.sel(event="growth_clamped").values)
    assert acted.all()
    assert (acted == (counted[-1] > 0.0)).all()


@pytest.mark.parametrize(
    ("inputs", "acts"),
    [
        ({"trailing_revenue": 1e9}, 1),  # twenty times the sales of a year: growth is taken as the most that counts
        ({"user_market": 1.05, "base_user_growth": 0.2}, 1),  # nearly full: growth without its limit is not known
        ({"user_market": 1.05, "base_user_growth": -0.2}, 0),  # what shrinks does so however full
        ({"user_market": 2.00, "base_user_growth": 0.2}, 0),
    ],
)
def test_a_growth_that_the_base_period_cannot_show_is_held_back_and_counted(inputs, acts):
    known = {"base_users": 1e9, "business_market": 1e13} | inputs
    known |= {"user_market": 1e9 * known["user_market"]} if "user_market" in known else {"user_market": 1e10}
    paths = every_state(lab(years=1, **known), n_paths=64)
    assert (paths.growth_clamps.isel(time=0).values == acts).all()
    if "trailing_revenue" in inputs:  # after a step sales are still a multiple of their mean
        assert (paths.growth_clamps.isel(time=1).values == acts + 1).all()
    told = np.isfinite(paths.event_time.sel(event="growth_clamped").values)
    assert told.all() if acts else not told.any()


def test_the_guard_acts_on_no_path_of_the_preset():
    summary = mc.summarize(lab(), n_paths=4_096, seed=SEED, variables=["cash"])
    assert int(summary.event_count.sel(event="growth_clamped")[-1]) == 0


@pytest.mark.parametrize(
    "inputs",
    [
        dict.fromkeys(("consumer_run_rate", "business_run_rate", "base_users", "trailing_revenue"), 0.0),
        dict.fromkeys(GROWTHS, 0.0),
        dict.fromkeys(VOLATILITIES, 0.0),
        {"base_cash": 0.0, "credit_line": 0.0},
        {"base_capacity": 0.0, "base_bill": 0.0, "base_power": 0.0},
    ],
    ids=["no revenue", "no growth", "no volatility", "no cash", "no fleet"],
)
def test_zeros_work(inputs):
    paths = every_state(lab(**inputs))
    assert all(np.isfinite(paths[name].values).all() for name in mc.load_scenario("openai-2025-12").model.state_fields)


def test_rates_are_per_year_whatever_the_step():
    """A walk's drift and variance after five years, on yearly to weekly steps: |z| < 4.5 at 40,000 paths.

    Seen in 99% of cases: a mean off by .03 (drift taken per step would move it by .4 or more) and a variance off by 5%.
    """
    n, due_mean, due_variance = 40_000, 1.0 + 0.1 * 5.0, 0.5**2 * 5.0
    for steps_per_year in (1, 4, 12, 52):
        ends = mc.simulate(walk(steps_per_year=steps_per_year), n_paths=n, seed=SEED).cash.isel(time=-1).values
        assert abs(ends.mean() - due_mean) < 4.5 * np.sqrt(due_variance / n)
        assert abs(ends.var() / due_variance - 1.0) < 4.5 * np.sqrt(2.0 / n)


def test_paths_that_never_run_out_are_censored_not_averaged():
    """A walk that can hardly fail: quantiles of the first passage are those of all paths, infinite beyond the share."""
    from montecarlo_ai.risk import first_passage_quantiles

    ensemble = mc.simulate(walk(), n_paths=20_000, seed=SEED)
    times = ensemble.event_time.sel(event="cash").values
    share = np.isfinite(times).mean()
    assert 0.15 < share < 0.25
    below, above = first_passage_quantiles(ensemble, "cash", [0.9 * share, 1.1 * share]).values
    assert below == np.sort(times)[int(np.ceil(0.9 * share * len(times))) - 1]
    assert above == np.inf
