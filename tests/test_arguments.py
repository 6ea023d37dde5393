"""Arguments of a run: what is not allowed is refused before anything runs, in words that say what is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from models import business, walk

import montecarlo_ai as mc
from montecarlo_ai import samplers
from montecarlo_ai.arguments import LARGEST_N_PATHS
from montecarlo_ai.samplers import SAMPLERS
from montecarlo_ai.timegrid import LARGEST_N_STEPS

RUNS = (mc.simulate, mc.summarize)


def refusal(run, **arguments):
    with pytest.raises(mc.InputError) as caught:
        run(walk(), **{"n_paths": 64, "seed": 1, **arguments})
    assert len(caught.value.problems) == 1
    return str(caught.value)


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("seed", [0, 2**63 - 1, np.int64(5), np.uint64(5), np.int8(5)])
def test_seeds_that_are_integers(run, seed):
    assert run(walk(), n_paths=2, seed=seed).attrs["seed"] == int(seed)


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("seed", [True, 5.0, "5", -1, 2**63, np.float64(5.0), np.True_, [5]])
def test_seeds_that_are_none(run, seed):
    assert refusal(run, seed=seed).startswith("seed = ")


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("n_paths", [0, -1, 2.5, True, 10**11 + 1, 2**4000, "64", None, np.float64(64.0)])
def test_numbers_of_paths_that_are_none(run, n_paths):
    assert refusal(run, n_paths=n_paths).startswith("n_paths = ")


def test_steps_of_paths_stay_countable():
    """The most paths times the most steps that there can be is below 2**63."""
    assert LARGEST_N_PATHS * LARGEST_N_STEPS < 2**63
    with pytest.raises(mc.InputError, match="at most 1,000,000 are allowed"):
        walk().with_time(years=100, steps_per_year=100_000)


@pytest.mark.parametrize(
    ("years", "steps_per_year"), [(0, 12), (-1, 12), (1, 0), (1, -12), (0.3, 12), (1, 2.5), (float("nan"), 12)]
)
def test_horizons_and_steps(years, steps_per_year):
    with pytest.raises(mc.InputError):
        mc.TimeGrid("2026-01-01", years=years, steps_per_year=steps_per_year)


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize(("sampler", "word"), [("sobl", "sobol"), ("Random", "random"), ("antithetc", "antithetic")])
def test_misspelt_samplers(run, sampler, word):
    assert f"did you mean '{word}'?" in refusal(run, sampler=sampler)


@pytest.mark.parametrize("sampler", [None, 5, ["sobol"], "", "x"])
def test_samplers_that_are_none(sampler):
    message = refusal(mc.simulate, sampler=sampler)
    assert message.startswith("sampler = ")
    for name in SAMPLERS:
        assert name in message


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("replicates", [0, -1, 2.5, True, "4", 1_025])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_replicates_that_are_none(run, replicates, sampler):
    assert refusal(run, replicates=replicates, sampler=sampler).startswith("replicates = ")


@pytest.mark.parametrize("sampler", ["sobol", "latin", "antithetic"])
def test_fewer_paths_than_replicates(sampler):
    least = 32 if sampler == "antithetic" else 16
    message = refusal(mc.simulate, sampler=sampler, n_paths=least - 1)
    assert f"n_paths = {least - 1}: must be at least {least}" in message
    assert "replicates=1" in message
    assert mc.simulate(walk(), n_paths=least, seed=1, sampler=sampler).attrs["replicates"] == 16
    message = refusal(mc.simulate, sampler=sampler, n_paths=30, replicates=31)
    assert message.startswith("replicates = 31: must be at most")


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("n_paths", [1, 2, 3, 255, 257])
def test_few_paths_of_one_replicate_run(sampler, n_paths):
    if sampler == "antithetic" and n_paths == 1:
        assert "a pair of paths" in refusal(mc.simulate, sampler=sampler, n_paths=1, replicates=1)
        return
    ensemble = mc.simulate(business(), n_paths=n_paths, seed=1, sampler=sampler, replicates=1)
    assert ensemble.sizes["path"] == n_paths
    assert np.isfinite(ensemble.cash).all()
    assert mc.summarize(business(), n_paths=n_paths, seed=1, sampler=sampler, replicates=1).attrs["n_paths"] == n_paths


def test_more_sobol_points_than_there_are():
    message = refusal(mc.summarize, sampler="sobol", n_paths=10**11)
    assert "4,294,967,296 for each of 16 replicates" in message
    assert "take at least 24 replicates" in message
    assert refusal(mc.summarize, sampler="sobol", n_paths=2**32 + 1, replicates=1).startswith("n_paths")


def test_more_inputs_than_sobol_covers(monkeypatch):
    monkeypatch.setattr(samplers, "DIMENSIONS", 2)
    with pytest.raises(mc.InputError, match="sampler = 'sobol': covers 2 inputs at most, and 3 vary"):
        mc.simulate(business(), n_paths=64, seed=1, sampler="sobol")


def test_all_mistakes_come_at_once():
    with pytest.raises(mc.InputError) as caught:
        mc.simulate(walk(), n_paths=0, seed=-1, sampler="sobl", threads=0)
    assert [problem.field for problem in caught.value.problems] == ["n_paths", "seed", "threads", "sampler"]


def test_mistakes_of_a_summary_come_at_once():
    with pytest.raises(mc.InputError) as caught:
        mc.summarize(walk(), n_paths=0, quantiles=[0.5, 2.0, "x"], sampler="sobl", variables=["chsa"])
    fields = {problem.field for problem in caught.value.problems}
    assert fields == {"n_paths", "quantiles[1]", "quantiles[2]", "sampler", "variables"}


@pytest.mark.parametrize(
    "quantiles", [0.5, "0.5", [], None, np.array(0.5), [[0.1], [0.2, 0.3]], [0.5, 0.1], [0.5, 0.5]]
)
def test_quantiles_that_are_none(quantiles):
    with pytest.raises(mc.InputError, match="quantiles = "):
        mc.summarize(walk(), n_paths=64, seed=1, quantiles=quantiles)


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("variables", ["cash", b"cash", 3, np.array("cash"), [["cash"]], [np.array(["cash", "cash"])]])
def test_variables_that_are_no_names(run, variables):
    assert refusal(run, variables=variables).startswith("variables = ")


def test_memory_says_what_is_needed_and_the_way_out():
    message = refusal(mc.simulate, n_paths=10**11)
    for words in ("needs", "bytes", "available", "summarize"):
        assert words in message


@pytest.mark.parametrize(("sampler", "last"), [("latin", 63), ("sobol", 16 * 2**32 - 1)])
def test_paths_that_no_sampler_has_are_not_replayed(sampler, last):
    ensemble = mc.simulate(walk(), n_paths=64, seed=1, sampler=sampler)
    assert np.isfinite(mc.replay(ensemble, path=last).cash).all()
    with pytest.raises(mc.InputError, match=f"path = {last + 1}: must be from 0 to {last}"):
        mc.replay(ensemble, path=last + 1)


class Named(NamedTuple):
    cash: float
    cash_mean_error: float


class NoEvents(NamedTuple):
    pass


class NoParams(NamedTuple):
    pass


class Shock(NamedTuple):
    cash: float


def named_step(state: Named, params: NoParams, shocks: Shock, clock: mc.Clock) -> Named:
    return Named(shocks.cash, 0.0)


def named_initial(params: NoParams) -> Named:
    return Named(0.0, 0.0)


def named_events(state: Named, params: NoParams, clock: mc.Clock) -> NoEvents:
    return NoEvents()


def test_a_state_that_is_called_like_a_statistic():
    model = mc.Model(named_step, initial=named_initial, events=named_events)
    scenario = mc.Scenario(model, inputs={}, time=mc.TimeGrid("2026-01-01", years=1))
    with pytest.raises(mc.InputError, match="variables = 'cash_mean_error'"):
        mc.summarize(scenario, n_paths=64, seed=1)
