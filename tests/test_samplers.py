"""Samplers: each fills the inputs as it says, keeps its promises bit for bit, and knows its own error."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from models import Cash, CashEvent, CashShock, NoParams, business, competing_hazards, walk
from scipy import stats
from scipy.stats import qmc
from test_promises import digest

import montecarlo_ai as mc
from montecarlo_ai import simulation
from montecarlo_ai.kernels.latin import permutation_keys, stratify
from montecarlo_ai.kernels.philox import input_uniforms
from montecarlo_ai.kernels.sobol import direction_numbers, fill_sobol, scrambled
from montecarlo_ai.samplers import SAMPLERS, Sampling

SEED = 2**61 + 9
NAMES = ("sobol", "latin", "antithetic", "random")
PREFIX = ("sobol", "antithetic", "random")


def uniforms(sampler, streams, n, replicates=1, seed=SEED, first=0, run=None):
    """Uniforms of consecutive paths, (streams, n)."""
    made = SAMPLERS[sampler](seed, streams, Sampling(run or n, sampler, replicates))
    return np.array([made.uniforms(first, n)[name] for name in streams])


# Sobol': the sequence itself


def unscrambled(dimension, first, n):
    table = np.zeros((1, 33), dtype=np.uint64)
    table[0, :32] = direction_numbers(dimension + 1)[dimension].astype(np.uint64) << np.uint64(20)
    out = np.empty(n)
    fill_sobol(table, np.uint64(first), out)
    return np.floor(out * 2.0**32).astype(np.uint64)


@pytest.mark.parametrize("first", [0, 2**15 - 7])
def test_the_sequence_is_that_of_joe_and_kuo(first):
    """Integers equal SciPy's, which reads the published table, in every one of the first thousand dimensions."""
    known = qmc.Sobol(1_000, scramble=False, bits=32)
    if first:
        known.fast_forward(first)
    due = (known.random(16) * 2.0**32).astype(np.uint64)
    directions = direction_numbers(1_000).astype(np.uint64) << np.uint64(20)
    for dimension in range(1_000):
        table = np.append(directions[dimension], np.uint64(0))[np.newaxis]
        out = np.empty(16)
        fill_sobol(table, np.uint64(first), out)
        assert (np.floor(out * 2.0**32).astype(np.uint64) == due[:, dimension]).all()


def test_points_far_out_are_those_of_the_definition():
    """Also the last of 2**32 points, where no sequence can be walked to: exclusive or over the Gray code's bits."""
    for dimension in (0, 1, 40, 1_023):
        columns = direction_numbers(1_024)[dimension].tolist()
        for first in (2**20 + 5, 2**31 - 3, 2**32 - 8):
            due = []
            for index in range(first, first + 8):
                gray, cell = index ^ (index >> 1), 0
                for bit in range(32):
                    cell ^= columns[bit] if gray >> bit & 1 else 0
                due.append(cell)
            assert unscrambled(dimension, first, 8).tolist() == due


@pytest.mark.parametrize("replicates", [1, 3])
def test_scrambled_points_stay_a_net(replicates):
    """The first 2**10 points of each replicate are a (0, 10, 2)-net: one in every elementary interval."""
    m = 10
    points = uniforms("sobol", ("a", "b"), replicates * 2**m, replicates)
    for replicate in range(replicates):
        a, b = points[:, replicate::replicates]
        for k in range(m + 1):
            box = np.floor(a * 2**k) * 2 ** (m - k) + np.floor(b * 2 ** (m - k))
            assert np.unique(box).size == 2**m
    for dimension in range(50):  # and each dimension alone is a (0, m, 1)-net
        column = uniforms("sobol", tuple(f"x{i}" for i in range(50)), 2**7)[dimension]
        assert np.unique(np.floor(column * 2**7)).size == 2**7


def test_scrambles_differ_by_input_replicate_and_seed():
    points = uniforms("sobol", ("a", "b"), 64, 4)
    assert np.unique(points).size == points.size
    assert not np.intersect1d(points, uniforms("sobol", ("a", "b"), 64, 4, seed=SEED + 1)).size
    assert ((points > 0.0) & (points < 1.0)).all()


def test_a_scrambled_point_is_uniform_in_all_its_digits():
    """Point 5 over 4,096 scrambles: mean, and each of 52 digits, by |z| < 4.5 (7% of a standard deviation shows)."""
    directions = direction_numbers(3)[2]
    values = np.empty(4_096)
    for seed in range(64):
        table = scrambled(directions, seed, "x", 64)
        first = np.empty(6 * 64)
        fill_sobol(table, np.uint64(0), first)
        values[64 * seed : 64 * (seed + 1)] = first[5 * 64 :]
    assert abs(values.mean() - 0.5) < 4.5 / math.sqrt(12 * values.size)
    cells = np.floor(values * 2.0**52).astype(np.uint64)
    for digit in range(52):
        ones = int(((cells >> np.uint64(digit)) & np.uint64(1)).sum())
        assert abs(ones - values.size / 2) < 4.5 * math.sqrt(values.size) / 2


def smooth(u):
    """A product of smooth factors, each with mean one and variance s = 0.25 / 12 + 0.04 * 144 / 180."""
    return np.prod(1.0 + 0.5 * (u - 0.5) + 0.2 * (12.0 * (u - 0.5) ** 2 - 1.0), axis=0)


S = 0.25 / 12.0 + 0.04 * 144.0 / 180.0


def test_errors_on_a_smooth_integrand():
    """Root mean square errors over 64 replicates of 2**14 points in five dimensions, beside the exact mean of one.

    With variance s of each factor, random's variance is ((1 + s)**5 - 1) / n, and a Latin hypercube takes away the main
    effects, 5 s / n. The 64 means scatter by 9% about their root mean square: both within 40% of what is due, so that a
    Latin hypercube without its strata (2.9 times as large) shows; Sobol's below a fiftieth of random's, and falling at
    least 4 times from 2**11 to 2**14 points, where independent points fall 2.8 times.
    """
    streams, replicates = tuple("abcde"), 64
    error = {}
    for m in (11, 14):
        for sampler in ("random", "sobol", "latin"):
            values = smooth(uniforms(sampler, streams, replicates * 2**m, replicates)).reshape(2**m, replicates)
            error[sampler, m] = np.sqrt(np.mean((values.mean(axis=0) - 1.0) ** 2))
    whole, interactions = (math.sqrt(((1.0 + S) ** 5 - 1.0 - main) / 2**14) for main in (0.0, 5.0 * S))
    assert 0.6 < error["random", 14] / whole < 1.4
    assert 0.6 < error["latin", 14] / interactions < 1.4
    assert 0.0 < error["sobol", 14] < whole / 50.0
    assert error["sobol", 14] < error["sobol", 11] / 4.0


# Latin hypercube


@pytest.mark.parametrize(
    ("n", "replicates"), [(1, 1), (2, 1), (3, 1), (100, 1), (4_097, 1), (7, 7), (8, 7), (100, 7), (4_097, 7)]
)
def test_each_stratum_is_hit_exactly_once(n, replicates):
    for column in uniforms("latin", ("a", "b"), n, replicates):
        for replicate in range(replicates):
            part = column[replicate::replicates].tolist()
            strata = [math.floor(Fraction(u) * len(part)) for u in part]  # no rounding
            assert sorted(strata) == list(range(len(part)))
            assert all(0.0 < u < 1.0 for u in part)


def test_strata_of_a_hundred_billion_paths():
    """Far apart in the largest run there is, paths meet different strata and stay strictly inside them."""
    n = 10**11
    strata, keys = np.array([n]), permutation_keys(SEED, "a", np.array([n]))
    seen = set()
    for first in (0, 2**32, n - 256):
        column = input_uniforms(SEED, "a", first, 256)
        stratify(keys, strata, np.uint64(first), column)
        for u in column.tolist():
            place = Fraction(u) * n
            assert place.denominator > 1
            seen.add(math.floor(place))
    assert len(seen) == 3 * 256


@pytest.mark.parametrize("n", [3, 4])
def test_permutations_are_uniform(n):
    """All n! permutations over 20,000 keys: chi-square below its 1 - 1e-6 quantile; each being 5% off would show."""
    replicates, seen = 1_000, {}
    for seed in range(20):
        keys = permutation_keys(seed, "x", np.full(replicates, n))
        column = np.full(replicates * n, 0.5)
        stratify(keys, np.full(replicates, n), np.uint64(0), column)
        for row in np.floor(column.reshape(n, replicates).T * n).astype(int).tolist():
            seen[tuple(row)] = seen.get(tuple(row), 0) + 1
    due = 20 * replicates / math.factorial(n)
    chi = sum((count - due) ** 2 / due for count in seen.values())
    assert len(seen) == math.factorial(n)
    assert chi < stats.chi2.isf(1e-6, math.factorial(n) - 1)


def test_one_path_a_replicate_is_an_independent_draw():
    assert (uniforms("latin", ("a",), 8, 8) == uniforms("random", ("a",), 8)).all()


def test_an_added_input_leaves_latin_draws():
    assert (uniforms("latin", ("a", "b"), 64, 4)[0] == uniforms("latin", ("a",), 64, 4)[0]).all()


# Antithetic pairs


def test_pairs_mirror_inputs_and_shocks():
    pairs = uniforms("antithetic", ("a", "b"), 512)
    assert (pairs[:, 0::2] == uniforms("random", ("a", "b"), 256)).all()
    assert (pairs[:, 1::2] == 1.0 - pairs[:, 0::2]).all()


def flat_step(state: Cash, params: NoParams, shocks: CashShock, clock: mc.Clock) -> Cash:
    return Cash(state.cash + 0.3 * shocks.cash)


def flat_initial(params: NoParams) -> Cash:
    return Cash(0.0)


def flat_events(state: Cash, params: NoParams, clock: mc.Clock) -> CashEvent:
    return CashEvent(cash=state.cash)


def test_the_mean_of_a_pair_of_the_driftless_walk_is_its_start():
    """The walk is linear in its shocks, so that two paths of a pair are each other's negatives: no variance is left."""
    model = mc.Model(flat_step, initial=flat_initial, events=flat_events)
    scenario = mc.Scenario(model, inputs={}, time=mc.TimeGrid("2026-01-01", years=5))
    pairs = mc.simulate(scenario, n_paths=600, seed=SEED, sampler="antithetic").cash.values
    assert (pairs[:, 0::2] == -pairs[:, 1::2]).all()
    assert (pairs[:, 0::2] == mc.simulate(scenario, n_paths=300, seed=SEED).cash.values).all()
    stated = mc.summarize(scenario, n_paths=600, seed=SEED, sampler="antithetic")
    assert abs(stated.cash_mean).max() < 1e-14


def test_correlated_and_uniform_shocks_are_mirrored_too():
    """Uniforms are 1 - u, so that hazards never strike both paths of a pair at once; growth of a pair offsets."""
    hazards = mc.simulate(competing_hazards(), n_paths=2_000, seed=SEED, sampler="antithetic").event_time.values
    both = np.isfinite(hazards[:, 0::2]) & np.isfinite(hazards[:, 1::2])
    assert (hazards[:, 0::2][both] != hazards[:, 1::2][both]).all()  # u and 1 - u are not both below 2.5%
    pairs = mc.simulate(business(), n_paths=4_000, seed=SEED, sampler="antithetic")
    demand = np.log(pairs.demand.values[-1])
    assert np.corrcoef(demand[0::2], demand[1::2])[0, 1] < -0.8


# Promises of every sampler


@pytest.fixture(scope="module", params=NAMES)
def ensemble(request):
    return mc.simulate(business(), n_paths=5_003, seed=SEED, sampler=request.param, replicates=5, threads=2)


def test_threads_and_ranges_leave_every_bit(ensemble, monkeypatch):
    sampler, due = ensemble.attrs["sampler"], digest(ensemble)
    for threads, size in ((1, 256), (2, 1_024), (3, 8_192)):
        monkeypatch.setattr(simulation, "_RANGE", size)
        again = mc.simulate(business(), n_paths=5_003, seed=SEED, sampler=sampler, replicates=5, threads=threads)
        assert digest(again) == due
        assert (again.replicate == ensemble.replicate).all()


def test_first_paths_stay(ensemble):
    sampler = ensemble.attrs["sampler"]
    for n_paths in (10, 257, 1_024):
        fewer = mc.simulate(business(), n_paths=n_paths, seed=SEED, sampler=sampler, replicates=5)
        same = [(fewer[name].values == ensemble[name].values[..., :n_paths]).all() for name in ("cash", "growth")]
        assert same == [sampler in PREFIX] * 2


def test_replay_makes_a_path_again(ensemble):
    for path in (0, 1, 255, 256, 4_321, 5_002):
        again = mc.replay(ensemble, path=path)
        for name in ("demand", "cash", "growth", "spread"):
            assert (again[name].values == ensemble[name].isel(path=path).values).all()
        assert (again.event_time.values == ensemble.event_time.isel(path=path).values).all()
        assert again.replicate == ensemble.replicate[path]


def test_a_summary_and_an_ensemble_agree(ensemble):
    sampler = ensemble.attrs["sampler"]
    stated = mc.summarize(business(), n_paths=5_003, seed=SEED, sampler=sampler, replicates=5)
    one, other = mc.runs_out_of_chips(ensemble), mc.runs_out_of_chips(stated)
    for name in one.data_vars:
        assert (one[name].values == other[name].values).all()
    assert one.attrs["method"] == other.attrs["method"] == "replicates"
    np.testing.assert_allclose(stated.cash_mean, ensemble.cash.mean("path"), rtol=1e-12)
    assert digest(mc.summarize(business(), n_paths=5_003, seed=SEED, sampler=sampler, replicates=5, threads=3)) == (
        digest(stated)
    )


def test_replicates_are_interleaved(ensemble):
    path = np.arange(5_003)
    pairs = 2 if ensemble.attrs["sampler"] == "antithetic" else 1
    assert (ensemble.replicate.values == path // pairs % 5).all()


def test_replicates_change_no_draw_of_random_and_antithetic():
    for sampler in ("random", "antithetic"):
        one, other = (mc.simulate(walk(), n_paths=600, seed=3, sampler=sampler, replicates=r) for r in (1, 7))
        assert digest(one) == digest(other)
        assert "replicate" not in one.coords
        assert "replicate" in other.coords


@pytest.mark.parametrize("sampler", NAMES)
def test_the_scale_of_a_t_copula_is_drawn_like_an_input(sampler):
    """Its stream is one more dimension: replayed, and the same whatever order the inputs are declared in."""
    values = {
        "growth": mc.Normal(0.1, 0.05),
        "decline": mc.Uniform(0.0, 0.1),
        "spread": mc.LogNormal.from_interval(0.1, 0.3),
        "outage": 0.5,
    }
    pairs = {("growth", "decline"): 0.4}
    ensembles = [
        mc.simulate(
            business(mc.Inputs(given, correlation=pairs, copula=("t", 4.0))), n_paths=640, seed=SEED, sampler=sampler
        )
        for given in (values, dict(reversed(values.items())))
    ]
    assert digest(ensembles[0]) == digest(ensembles[1])
    assert np.unique(ensembles[0].growth).size == 640
    again = mc.replay(ensembles[0], path=333)
    assert (again.growth == ensembles[0].growth[333]) & (again.cash == ensembles[0].cash[:, 333]).all()


def test_shocks_of_sobol_and_latin_are_those_of_random():
    for sampler in ("sobol", "latin"):
        assert (
            mc.simulate(walk(), n_paths=64, seed=3, sampler=sampler).cash.values
            == mc.simulate(walk(), n_paths=64, seed=3).cash.values
        ).all()
