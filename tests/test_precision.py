"""Mixed and single precision: the same words, rounded; the same laws; bits that depend on nothing else.

EPS is half a step of float32 at one: the largest relative error of one rounding. A statistical check passes when
|z| < 4.5.
"""

from __future__ import annotations

import hashlib
import math
from typing import NamedTuple

import numpy as np
import pytest
from models import NoParams, business, competing_hazards, walk
from numba import njit
from scipy.stats import norm
from twin import assert_meets_its_twin

import montecarlo_ai as mc
from montecarlo_ai import simulation
from montecarlo_ai.kernels.normals import uniform_single
from montecarlo_ai.kernels.options import COMPILE

EPS = 2.0**-24
SEED = 2**61 + 3
SINGLE = ("mixed", "float32")
RUNS = (mc.simulate, mc.summarize)
Z = 4.5


class Drawn(NamedTuple):
    uniform: float
    first: float
    second: float


class DrawnShocks(NamedTuple):
    uniform: mc.Uniform01
    first: float
    second: float


class Low(NamedTuple):
    low: float


def drawn_step(state: Drawn, params: NoParams, shocks: DrawnShocks, clock: mc.Clock) -> Drawn:
    return Drawn(shocks.uniform, shocks.first, shocks.second)


def drawn_initial(params: NoParams) -> Drawn:
    return Drawn(0.5, 0.0, 0.0)


def drawn_events(state: Drawn, params: NoParams, clock: mc.Clock) -> Low:
    return Low(state.first + 3.0)


def shocks_scenario():
    """States are the shocks of the step just ended, of which eight are taken."""
    model = mc.Model(drawn_step, initial=drawn_initial, events=drawn_events)
    return mc.Scenario(model, inputs={}, time=mc.TimeGrid("2026-01-01", years=2, steps_per_year=4))


@pytest.fixture(scope="module")
def shocks():
    """By precision 1.3 million uniforms and 2.6 million normals: (shock, draws) float64."""
    runs = {
        dtype: mc.simulate(shocks_scenario(), n_paths=160_000, seed=SEED, dtype=dtype) for dtype in ("float64", *SINGLE)
    }
    fields = Drawn._fields
    return {dtype: np.array([run[name].values[1:].ravel() for name in fields]) for dtype, run in runs.items()}


def test_shocks_of_mixed_and_single_precision_are_the_same(shocks):
    """And are float32: storing them in it loses nothing, while those of double precision lose something."""
    assert (shocks["mixed"] == shocks["float32"]).all()
    assert (shocks["mixed"] == shocks["mixed"].astype(np.float32)).all()
    assert (shocks["float64"] != shocks["float64"].astype(np.float32)).mean() > 0.9


def test_uniforms_are_those_of_double_precision_rounded(shocks):
    """Two roundings, each of EPS: the word's and that of adding the half; where near one, of the distance to it."""
    due, got = shocks["float64"][0], shocks["float32"][0]
    assert (abs(got - due) <= 2.0 * EPS * due).all()
    assert ((got > 0.0) & (got < 1.0)).all()


def test_normals_are_those_of_double_precision_rounded(shocks):
    """z = r sin x with r**2 = 2 on average and r < 6.76.

    An angle of at most pi/2 is rounded twice and its sine in three steps, the radius in three and the product once: in
    the worst case 8 EPS r in all. Independent roundings have an error of EPS / sqrt(3) or less each, and but half of it
    after the division by two that a square root is: below 1.6 EPS root mean square, with sqrt(2) for r.
    """
    off = shocks["float32"][1:] - shocks["float64"][1:]
    assert abs(off).max() < 8.0 * EPS * 6.76
    assert np.sqrt((off**2).mean()) < 1.6 * EPS


def test_moments_of_single_normals(shocks):
    """Of 2.6 million draws: a variance of .95 would be 57 standard errors away, one of .997 more than three."""
    z = shocks["float32"][1:].ravel()
    n = z.size
    assert n > 2_500_000
    assert abs(z.mean()) < Z / np.sqrt(n)
    assert abs((z**2).mean() - 1.0) < Z * np.sqrt(2 / n)
    assert abs((z**3).mean()) < Z * np.sqrt(15 / n)
    assert abs((z**4).mean() - 3.0) < Z * np.sqrt(96 / n)
    for level in (-3.0, 1.0, 4.0):
        p = norm.sf(level)
        assert abs((z > level).mean() - p) < Z * np.sqrt(p * (1.0 - p) / n)
    first, second = shocks["float32"][1:]
    assert abs((first * second).mean()) < Z / np.sqrt(first.size)


@njit(**COMPILE)
def fill_uniforms(words, out):
    for i in range(words.size):
        out[i] = uniform_single(np.int32(words[i]))


def uniforms_of(words):
    """The uniforms of single precision of some words."""
    out = np.empty(words.size, dtype=np.float32)
    fill_uniforms(words.astype(np.uint32), out)
    return out


def test_single_uniforms_stay_inside_the_unit_interval():
    """Words at both ends, where the nearest float32 would be zero or one."""
    words = np.array([0, 1, 2**31 - 1, 2**31, 2**32 - 257, 2**32 - 256, 2**32 - 129, 2**32 - 128, 2**32 - 1])
    u = uniforms_of(words)
    assert u[0] == 2.0**-33
    assert u[-1] == 1.0 - 2.0**-24
    assert (np.diff(u) >= 0.0).all()
    np.testing.assert_allclose(u.astype(float), (words + 0.5) / 2.0**32, rtol=2.0 * EPS)


def walks(dtype, n_paths=200_000):
    return mc.simulate(walk(), n_paths=n_paths, seed=SEED, dtype=dtype)


@pytest.fixture(scope="module")
def exact_walk():
    return walks("float64")


@pytest.mark.parametrize("dtype", SINGLE)
def test_states_and_first_passages_differ_by_rounding_only(exact_walk, dtype):
    """A walk of 60 steps: each adds the error of its shock, and in float32 two roundings of the state.

    Errors that grow as those of independent steps would be below the bound by half; the drift's rounded constant adds
    at most EPS of the drift. A path's first passage changes where a margin lies within its error of zero: over k steps
    with probability sum E|error| f(0), the density f of a margin at zero being below .4 / sd.
    """
    got = walks(dtype)
    off = got.cash.values.astype(float) - exact_walk.cash.values
    k = np.arange(61)
    a_step = 1.6 * EPS * 0.5 * np.sqrt(1 / 12)
    if dtype == "float32":
        a_step += 2.0 * EPS * np.sqrt((exact_walk.cash.values**2).mean(axis=1))
    bound = a_step * np.sqrt(k) + EPS * (0.1 * 5.0 if dtype == "float32" else 0.0) + 1e-15
    rms = np.sqrt((off**2).mean(axis=1))
    assert (rms <= bound).all()
    assert (rms[1:] > 0.0).all()
    expected = got.sizes["path"] * (bound[1:] * 0.4 / (0.5 * np.sqrt(k[1:] / 12))).sum()
    changed = (got.event_time.values != exact_walk.event_time.values).sum()
    assert changed <= expected + Z * math.sqrt(expected) + 1.0


@pytest.mark.parametrize("dtype", SINGLE)
def test_a_path_meets_its_plain_python_twin(dtype):
    """Helpers, forcing, clock, correlated and uniform shocks: within the 60 x 10 roundings of a path, all one way."""
    ensemble = mc.simulate(business(), n_paths=600, seed=SEED, dtype=dtype)
    for path in (0, 300, 599):
        assert_meets_its_twin(ensemble, business(), path, within=600 * EPS)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", SINGLE)
def test_the_lab_hardly_moves(dtype):
    """First passages of any event change on at most one of 2,000 paths, and medians by 1e-5 of the spread."""
    preset = mc.load_scenario("openai-2025-12")
    exact, got = (mc.simulate(preset, n_paths=20_000, seed=SEED, dtype=each) for each in ("float64", dtype))
    changed = (got.event_time.values != exact.event_time.values).sum(axis=1)
    assert (changed <= 10).all()
    for name in ("revenue", "cash", "capacity"):
        due, value = exact[name].values[-1], got[name].values[-1]
        assert abs(np.median(value) - np.median(due)) < 1e-5 * due.std()


def digest(result):
    total = hashlib.sha256()
    for name in sorted(result.data_vars):
        total.update(name.encode())
        total.update(np.ascontiguousarray(result[name].values).tobytes())
    return total.hexdigest()


@pytest.mark.parametrize("dtype", SINGLE)
def test_bits_depend_on_neither_threads_nor_ranges_nor_what_is_kept(dtype, monkeypatch):
    ensemble = mc.simulate(business(), n_paths=5_000, seed=SEED, threads=2, dtype=dtype)
    assert ensemble.attrs["dtype"] == dtype
    for threads, size in ((1, 256), (3, 1_024), (2, 65_536)):
        monkeypatch.setattr(simulation, "_RANGE", size)
        again = mc.simulate(business(), n_paths=5_000, seed=SEED, threads=threads, dtype=dtype)
        assert digest(again) == digest(ensemble)
    fewer = mc.simulate(business(), n_paths=1_001, seed=SEED, dtype=dtype, variables=["price"])
    assert (fewer.price.values == ensemble.price.values[:, :1_001]).all()
    assert (fewer.event_time.values == ensemble.event_time.values[:, :1_001]).all()
    for path in (0, 255, 256, 4_999):
        one = mc.replay(fewer, path=path)
        assert one.attrs["dtype"] == dtype
        for name in ensemble.data_vars:
            assert (one[name].values == ensemble[name].isel(path=path, missing_dims="ignore").values).all()
    summary = mc.summarize(business(), n_paths=5_000, seed=SEED, threads=1, dtype=dtype)
    assert digest(mc.summarize(business(), n_paths=5_000, seed=SEED, threads=3, dtype=dtype)) == digest(summary)
    assert summary.attrs["dtype"] == dtype
    times = np.isfinite(ensemble.event_time.values).sum(axis=1)
    assert (summary.event_count.values[:, -1] == times).all()
    np.testing.assert_allclose(summary.cash_mean, ensemble.cash.astype(float).mean("path"), rtol=1e-6)


def test_each_precision_has_a_kernel_of_its_own():
    """Whatever was run before it in the process."""
    runs = [mc.simulate(business(), n_paths=300, seed=SEED, dtype=each) for each in ("mixed", "float32", "float64") * 2]
    assert [digest(run) for run in runs[:3]] == [digest(run) for run in runs[3:]]
    assert len({digest(run) for run in runs}) == 3


def test_what_is_stored_has_the_precision_of_the_states_unless_asked_otherwise():
    def stored(run, **options):
        return str(run(walk(), n_paths=300, seed=1, **options)["cash"].dtype)

    for run in RUNS:
        assert [stored(run, dtype=each) for each in ("float64", "mixed", "float32")] == [
            "float64",
            "float64",
            "float32",
        ]
        assert stored(run, dtype="float32", store_dtype="float64") == "float64"
        assert stored(run, dtype="mixed", store_dtype="float32") == "float32"
    wide = mc.simulate(walk(), n_paths=300, seed=1, dtype="float32", store_dtype="float64")
    assert (wide.cash.values == mc.simulate(walk(), n_paths=300, seed=1, dtype="float32").cash.values).all()
    assert mc.replay(wide, path=3).cash.dtype == np.float32


@pytest.mark.parametrize("dtype", SINGLE)
def test_pairs_are_mirrored(dtype):
    """Normals bit for bit; a uniform and its mirror add to one within the rounding of the larger."""
    pairs = mc.simulate(shocks_scenario(), n_paths=3_000, seed=SEED, sampler="antithetic", dtype=dtype)
    for name in ("first", "second"):
        normals = pairs[name].values[1:]
        assert (normals[:, ::2] == -normals[:, 1::2]).all()
    uniforms = pairs.uniform.values[1:].astype(float)
    np.testing.assert_allclose(uniforms[:, ::2] + uniforms[:, 1::2], 1.0, atol=2.0 * EPS)


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("dtype", ["float16", "double", "Mixed", "", None, 32, np.float32, ["mixed"]])
def test_precisions_that_are_none(run, dtype):
    with pytest.raises(mc.InputError, match=r"^dtype = .*: must be float64, mixed or float32") as caught:
        run(walk(), n_paths=64, seed=1, dtype=dtype)
    assert len(caught.value.problems) == 1


def test_a_misspelt_precision():
    with pytest.raises(mc.InputError, match="did you mean 'float32'"):
        mc.simulate(walk(), n_paths=64, seed=1, dtype="flaot32")


def test_numbers_beyond_single_precision_are_refused_or_told():
    """A constant, a distribution and a known series beyond 3.4e38 before they are used; a state when it gets there."""
    rule = r"^dtype = 'float32': cannot hold {}, which reaches {}.*take \"mixed\" or \"float64\""
    with pytest.raises(mc.InputError, match=rule.format("drift", r"1e\+39")):
        mc.simulate(walk().with_inputs(drift=1e39), n_paths=64, seed=1, dtype="float32")
    varying = walk().with_inputs(drift=mc.Uniform(-1e39, 1e38))
    with pytest.raises(mc.InputError, match=rule.format("drift", r"-\d")):
        mc.summarize(varying, n_paths=64, seed=1, dtype="float32")
    rents = mc.Scenario(
        business().model,
        inputs=business().inputs,
        time=mc.TimeGrid("2026-01-01", years=1),
        forcing={"rent": [1.0] * 11 + [1e39]},
    )
    with pytest.raises(mc.InputError, match=rule.format("rent", r"1e\+39")):
        mc.simulate(rents, n_paths=64, seed=1, dtype="float32")
    far = walk().with_inputs(drift=3e38).with_time(years=2)
    with pytest.raises(mc.NumericalError, match=r'cash = inf on path 0 at step 14: .*take dtype="float64"'):
        mc.simulate(far, n_paths=64, seed=1, dtype="float32")
    assert np.isfinite(mc.simulate(far, n_paths=64, seed=1, dtype="mixed").cash).all()


def test_small_uniforms_keep_their_resolution():
    """The smallest are as far apart as words are, where 24 bits would make 256 of them one number."""
    u = uniforms_of(np.arange(1_024))
    assert (np.diff(u) > 0.0).all()
    assert (u < 1e-7).sum() == 429  # words w with (w + 1/2) / 2**32 < 1e-7: 0 to 428


def test_hazards_differ_on_few_paths():
    """A strike changes where a uniform lies within its rounding of the monthly chance: 2 EPS p a draw."""
    runs = [mc.simulate(competing_hazards(), n_paths=100_000, seed=SEED, dtype=each) for each in ("float64", "float32")]
    draws = 2 * 24 * 100_000
    expected = draws * 3.0 * EPS * 0.025
    changed = (runs[0].event_time.values != runs[1].event_time.values).sum()
    assert changed <= expected + 4.0
