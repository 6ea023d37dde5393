"""Same bits: over threads, ranges, more paths, added inputs, kept variables, replay, and a plain-Python twin."""

from __future__ import annotations

import hashlib
import weakref

import numpy as np
import pytest
from models import business, walk
from twin import assert_meets_its_twin

import montecarlo_ai as mc
from montecarlo_ai import simulation, summary

SEED = 2**62 + 5


def digest(result):
    """SHA-256 over the variables in order of name; paths are in order already."""
    total = hashlib.sha256()
    for name in sorted(result.data_vars):
        total.update(name.encode())
        total.update(np.ascontiguousarray(result[name].values).tobytes())
    return total.hexdigest()


@pytest.fixture(scope="module")
def ensemble():
    return mc.simulate(business(), n_paths=20_000, seed=SEED, threads=2)


def test_threads_and_ranges_leave_every_bit(ensemble, monkeypatch):
    due = digest(ensemble)
    for threads in (1, 2, 5):
        for size in (256, 1_024, 8_192, 65_536):
            monkeypatch.setattr(simulation, "_RANGE", size)
            assert digest(mc.simulate(business(), n_paths=20_000, seed=SEED, threads=threads)) == due


def test_summaries_do_not_depend_on_threads():
    due = digest(mc.summarize(business(), n_paths=50_000, seed=SEED, threads=1))
    assert digest(mc.summarize(business(), n_paths=50_000, seed=SEED, threads=3)) == due


@pytest.mark.parametrize("n_paths", [1, 255, 256, 257, 8_193, 19_999])
def test_first_paths_stay(ensemble, n_paths):
    fewer = mc.simulate(business(), n_paths=n_paths, seed=SEED)
    for name in fewer.data_vars:
        more = ensemble[name]
        assert (fewer[name].values == (more.isel(path=slice(n_paths)) if "path" in more.dims else more).values).all()


def test_kept_variables_leave_every_bit(ensemble):
    for kept in ([], ["cash"], ["price", "demand"]):
        other = mc.simulate(business(), n_paths=20_000, seed=SEED, variables=kept)
        assert (other.event_time.values == ensemble.event_time.values).all()
        for name in kept:
            assert (other[name].values == ensemble[name].values).all()


def test_stored_precision_rounds_what_was_computed(ensemble):
    single = mc.simulate(business(), n_paths=20_000, seed=SEED, store_dtype="float32")
    assert single.cash.dtype == np.float32
    assert (single.cash.values == ensemble.cash.values.astype(np.float32)).all()
    assert (single.event_time.values == ensemble.event_time.values).all()


def test_replay_makes_a_path_again_without_having_stored_it(ensemble):
    bare = mc.simulate(business(), n_paths=20_000, seed=SEED, variables=[])
    for path in (0, 255, 256, 12_345, 19_999):
        again = mc.replay(bare, path=path)
        for name in ("demand", "price", "cash", "growth", "decline", "spread"):
            assert (again[name].values == ensemble[name].isel(path=path).values).all()
        assert (again.event_time.values == ensemble.event_time.isel(path=path).values).all()
    beyond = mc.replay(bare, path=10**12)
    assert np.isfinite(beyond.cash).all()


def test_replay_refuses_another_scenario(ensemble):
    other = business().with_inputs(outage=0.4)
    with pytest.raises(mc.InputError, match=r"must be the one that was run"):
        mc.replay(ensemble, path=1, scenario=other)
    stripped = ensemble.copy()
    stripped.encoding = {}
    with pytest.raises(mc.InputError, match=r"scenario"):
        mc.replay(stripped, path=1)
    assert (mc.replay(stripped, path=1, scenario=business()).cash.values == ensemble.cash.values[:, 1]).all()


def test_replay_refuses_what_is_no_result_of_a_run(ensemble):
    for other in (mc.runs_out_of_chips(ensemble), ensemble.cash, ensemble.drop_attrs()):
        with pytest.raises(mc.InputError, match=r"ensemble = .*: must be a result of simulate or summarize"):
            mc.replay(other, path=1)
    bare = ensemble.copy()
    bare.encoding = {}
    del bare.attrs["scenario_canonical"]
    with pytest.raises(mc.InputError, match="pass scenario="):
        mc.replay(bare, path=1)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("sampler", "halton"), ("sampler", 5), ("dtype", "float16"), ("dtype", 64), ("seed", -1), ("seed", "x"),
        ("n_paths", 0), ("n_paths", "many"), ("replicates", 0), ("replicates", "x"),
    ],
)  # fmt: skip
def test_replay_refuses_a_damaged_attribute(ensemble, attribute, value):
    damaged = ensemble.assign_attrs({attribute: value})
    damaged.encoding = ensemble.encoding
    with pytest.raises(mc.InputError, match=r"give the result as it was returned") as caught:
        mc.replay(damaged, path=1)
    assert caught.value.problems[0].field == f"ensemble.attrs.{attribute}"


def test_added_and_reordered_inputs_leave_the_others_draws():
    """Outside its correlated group an input's draws depend on its name alone."""
    alone = {"growth": mc.Normal(0.1, 0.05), "decline": mc.Uniform(0.0, 0.1), "spread": 0.2, "outage": 0.5}
    more = {"outage": mc.Uniform(0.3, 0.6), "spread": mc.LogNormal(-1.6, 0.2), **dict(reversed(alone.items()))}
    more.update(outage=mc.Uniform(0.3, 0.6), spread=mc.LogNormal(-1.6, 0.2))
    first = mc.simulate(business(mc.Inputs(alone)), n_paths=5_000, seed=SEED, variables=[])
    second = mc.simulate(
        business(mc.Inputs(more, correlation={("outage", "spread"): 0.5})), n_paths=5_000, seed=SEED, variables=[]
    )
    for name in ("growth", "decline"):
        assert (first[name].values == second[name].values).all()


def test_two_scenarios_share_their_shocks():
    """Common random numbers: the walk's increments differ by the drift alone."""
    slow = mc.simulate(walk(), n_paths=1_000, seed=SEED).cash
    fast = mc.simulate(walk().with_inputs(drift=0.3), n_paths=1_000, seed=SEED).cash
    np.testing.assert_allclose((fast - slow).isel(time=-1), 1.0, atol=1e-12)


def test_summary_agrees_with_the_ensemble(ensemble):
    stated = mc.summarize(business(), n_paths=20_000, seed=SEED)
    passages = np.isfinite(ensemble.event_time).sum("path")
    assert (stated.event_count.isel(time=-1).values == passages.values).all()
    for name in ("demand", "price", "cash"):
        exact = ensemble[name].quantile(stated["quantile"].values, dim="path")
        assert (abs(exact - stated[name]) <= stated[f"{name}_error"]).mean() > 0.9  # about one standard error wide
        assert (abs(exact - stated[name]) <= 3.0 * stated[f"{name}_error"] + 1e-12).all()
        np.testing.assert_allclose(stated[f"{name}_mean"], ensemble[name].mean("path"), rtol=1e-12)
        np.testing.assert_allclose(stated[f"{name}_std"], ensemble[name].std("path"), rtol=1e-9, atol=1e-12)


def test_summary_keeps_a_point_mass_exact():
    """Before anyone is ruined the indicator is zero on most paths: its median is 0.0, not a bin's edge."""
    from models import competing_hazards

    stated = mc.summarize(competing_hazards(), n_paths=20_000, seed=SEED)
    assert stated.struck_first.sel(quantile=0.5).values[:24].tolist() == [0.0] * 24
    assert (stated.struck_first_error.sel(quantile=0.5).values[:20] == 0.0).all()


def test_memory_of_a_summary_does_not_grow(monkeypatch):
    """The number of tallies alive at once is bounded by the threads, not by the paths."""
    made, alive, most = summary.Tally.empty, [], []

    def counting(*arguments, **options):
        tally = made(*arguments, **options)
        alive.append(weakref.ref(tally))
        most.append(sum(ref() is not None for ref in alive))
        return tally

    monkeypatch.setattr(summary.Tally, "empty", counting)
    mc.summarize(walk(), n_paths=40 * 16_384, seed=1, threads=2)
    assert 2 <= len(alive) <= 2 * 4 + 2
    assert max(most) <= 2 * 4 + 2


@pytest.mark.parametrize("path", [0, 300, 19_999])
def test_plain_python_twin(ensemble, path):
    """The user's own functions, run as they stand on independently made shocks: 1e-9 of the largest magnitude."""
    assert_meets_its_twin(ensemble, business(), path)


def test_scenarios_are_equal_by_content():
    assert business() == business()
    assert business().hash == business().hash
    assert business() != business().with_inputs(outage=0.4)
    assert business().with_inputs(outage=0.4).with_inputs(outage=0.5) == business()
    assert len({business(), business(), walk()}) == 2
    assert two_shocks(("demand", "price"), np.float32(0.5)) == two_shocks(("price", "demand"), 0.5)


def two_shocks(pair, rho):
    scenario = business()
    return mc.Scenario(
        scenario.model,
        inputs=scenario.inputs,
        time=scenario.time,
        forcing=scenario.forcing,
        shock_correlation={pair: rho},
    )
