"""Dependence through the engine: a t copula in an ensemble, and shocks stated by measure, group and repair."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from models import business
from test_copulas import joint_probability

import montecarlo_ai as mc
from montecarlo_ai.dependence.correlation import Correlation
from montecarlo_ai.dependence.tables import correlation_from_list

N = 400_000
IMPOSSIBLE = {("demand", "price"): 0.9, ("price", "cash"): 0.9, ("demand", "cash"): -0.9}


def with_shocks(correlation):
    known = business()
    return mc.Scenario(
        known.model, inputs=known.inputs, time=known.time, forcing=known.forcing, shock_correlation=correlation
    )


def uncertain(copula):
    values = {"growth": mc.Uniform(0.0, 1.0), "decline": mc.Uniform(0.0, 1.0), "spread": 0.2, "outage": 0.5}
    return business(mc.Inputs(values, correlation={("growth", "decline"): 0.5}, copula=copula), years=1)


def test_a_t_copula_through_an_ensemble():
    """C(q, q) at .05 and .01 in both tails, |z| < 4.5; the Gaussian copula's probability at .01 is refused."""
    ensemble = mc.simulate(uncertain(("t", 4.0)), n_paths=N, seed=21, variables=[])
    u, v = ensemble.growth.values, ensemble.decline.values
    assert "copula(decline,growth)" not in ensemble
    for q in (0.05, 0.01):
        exact = joint_probability(q, 4.0)
        for both in ((u < q) & (v < q), (u > 1.0 - q) & (v > 1.0 - q)):
            assert abs(both.mean() - exact) < 4.5 * math.sqrt(exact / N)
            if q == 0.01:  # Gaussian, rho = .5: C(.01, .01) = .0012939
                assert abs(both.mean() - 0.0012939) > 4.5 * math.sqrt(exact / N)


def test_a_t_copula_keeps_the_promises_of_the_engine():
    scenario = uncertain(("t", 4.0))
    one, two = (mc.simulate(scenario, n_paths=3_000, seed=3, threads=threads) for threads in (1, 2))
    more = mc.simulate(scenario, n_paths=5_000, seed=3)
    path = mc.replay(more, path=2_999, scenario=scenario)
    for name in ("growth", "decline", "cash"):
        assert np.array_equal(one[name].values, two[name].values)
        assert np.array_equal(one[name].values, more[name].values[..., :3_000])
        assert np.array_equal(path[name].values, more[name].values[..., 2_999])
    gaussian = mc.simulate(uncertain("gaussian"), n_paths=3_000, seed=3)
    assert not np.array_equal(one.growth.values, gaussian.growth.values)


def test_shocks_may_be_stated_by_rank_and_by_group():
    stated = {"one": Correlation({("demand", "cash"): ("kendall", 1.0 / 3.0)}), "": Correlation({})}
    scenario = with_shocks(stated)
    assert scenario.shock_correlation == {("demand", "cash"): pytest.approx(0.5, abs=1e-15)}
    plain = with_shocks({("cash", "demand"): scenario.shock_correlation["demand", "cash"]})
    first, second = (mc.simulate(one, n_paths=300, seed=5) for one in (scenario, plain))
    assert np.array_equal(first.cash.values, second.cash.values)


def test_shocks_are_repaired_on_request_and_it_is_recorded():
    with pytest.raises(mc.ScenarioError, match="smallest eigenvalue"):
        with_shocks(IMPOSSIBLE)
    scenario = with_shocks(Correlation(IMPOSSIBLE, repair=True))
    (repair,) = scenario.repairs
    assert repair.names == ("demand", "price", "cash")
    # By symmetry the nearest correlations have one size, and 1/2 is the largest that is possible.
    assert {pair: round(rho, 9) for pair, rho in scenario.shock_correlation.items()} == {
        ("demand", "price"): 0.5, ("demand", "cash"): -0.5, ("price", "cash"): 0.5,
    }  # fmt: skip
    assert scenario.with_inputs(outage=0.1).repairs[0].matrix.tolist() == repair.matrix.tolist()
    assert scenario.with_inputs(outage=0.5) == scenario


def test_the_canonical_text_states_shocks_as_a_file_does():
    for stated in (
        {("cash", "demand"): 0.5},
        Correlation({("cash", "demand"): 0.5}, measure="spearman"),
        Correlation(IMPOSSIBLE, repair=True),
        {"one": Correlation(IMPOSSIBLE, repair=True), "": Correlation({})},
    ):
        scenario = with_shocks(stated)
        canonical = json.loads(scenario.canonical())
        assert ("shock_repairs" in canonical) == bool(scenario.repairs)
        entries, laws = canonical["shock_correlation"], canonical.get("shock_dependence")
        again = with_shocks(correlation_from_list(entries, "shocks", "shock_correlation", laws))
        assert again == scenario
        assert again.shock_correlation == scenario.shock_correlation


@pytest.mark.parametrize(
    ("stated", "field", "words"),
    [
        (Correlation({("demand", "cash"): 0.5}, copula=("t", 4.0)), "shock_correlation.copula", "shocks are normal"),
        (
            {"one": Correlation({("demand", "cash"): 0.5}, copula=("t", 4.0))},
            "shock_correlation.one.copula",
            "shocks are normal",
        ),
        ({("strike", "cash"): 0.5}, "shock_correlation[strike, cash]", "strike is uniform"),
        (Correlation({("demnad", "cash"): 0.5}), "shock_correlation[cash, demnad]", "did you mean 'demand'?"),
        ({("demand", "cash"): 1.5}, "shock_correlation[demand, cash]", "at most 1"),
        ([("demand", "cash", 0.5)], "shock_correlation", "must map pairs"),
    ],
)
def test_what_is_wrong_with_shocks_is_named(stated, field, words):
    with pytest.raises(mc.ScenarioError) as caught:
        with_shocks(stated)
    (problem,) = caught.value.problems
    assert problem.field == field
    assert words in f"{problem.rule}; {problem.remedy}"
