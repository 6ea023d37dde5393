"""The streams are those published and stay where design puts them: any path at any step on demand."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from models import NoParams, business, competing_hazards, walk
from numba import njit
from reference import input_uniform, normal_shocks, philox4x32, uniform_shocks

import montecarlo_ai as mc
from montecarlo_ai.kernels.emit import KernelSpec
from montecarlo_ai.kernels.philox import input_uniforms, philox

# Random123 kat_vectors, Salmon et al. (2011).
VECTORS = [
    ((0x00000000,) * 4, (0x00000000,) * 2, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@njit
def words_of(c, k):
    return philox(c[0], c[1], c[2], c[3], k[0], k[1])


@pytest.mark.parametrize(("counter", "key", "known"), VECTORS)
def test_philox_known_answers(counter, key, known):
    got = words_of(np.array(counter, dtype=np.uint64), np.array(key, dtype=np.uint64))
    assert tuple(int(word) for word in got) == known
    assert philox4x32(counter, key) == known


@pytest.mark.parametrize("seed", [0, 7, 2**40 + 3, 2**63 - 1])
@pytest.mark.parametrize("first", [0, 256, 2**32 - 128])
def test_input_uniforms_have_52_bits_of_their_name_and_path(seed, first):
    got = input_uniforms(seed, "growth", first, 256)
    due = [input_uniform(seed, "growth", path) for path in range(first, first + 256)]
    assert got.tolist() == due
    assert ((got > 0.0) & (got < 1.0)).all()


def test_uniform_shocks_are_the_midpoints_of_their_words():
    hazards = competing_hazards()
    ensemble = mc.simulate(hazards, n_paths=300, seed=2**35 + 11)
    p = -np.expm1(-0.3 / 12), -np.expm1(-0.2 / 12)
    for path in (0, 255, 256, 299):
        for group, name in enumerate(("first", "second")):
            struck = np.flatnonzero(uniform_shocks(2**35 + 11, group, path, 24) < p[group])
            due = (struck[0] + 1) / 12 if struck.size else np.inf
            assert ensemble.event_time.sel(event=name, path=path).item() == due


def test_normal_shocks_are_box_muller_of_their_words():
    ensemble = mc.simulate(walk(), n_paths=300, seed=7)
    cash = ensemble.cash.values
    for path in (0, 17, 299):
        shocks = (np.diff(cash[:, path]) - 0.1 / 12) / (0.5 * np.sqrt(1 / 12))
        np.testing.assert_allclose(shocks, normal_shocks(7, 0, path, 60), atol=1e-13)


class Words(NamedTuple):
    uniform: float
    normal: float


class WordShocks(NamedTuple):
    first: float
    uniform: mc.Uniform01
    normal: float


class Gap(NamedTuple):
    gap: float


def words_step(state: Words, params: NoParams, shocks: WordShocks, clock: mc.Clock) -> Words:
    return Words(shocks.uniform, shocks.normal)


def words_initial(params: NoParams) -> Words:
    return Words(0.5, 0.0)


def words_events(state: Words, params: NoParams, clock: mc.Clock) -> Gap:
    return Gap(0.0 if clock.index < 4 else -5e-324)


@pytest.mark.parametrize("path", [0, 257, 2**32 - 1, 2**32, 2**40 + 3, 2**63 - 1])
def test_any_path_has_its_own_shocks(path):
    """Uniforms bit for bit, normals to rounding, also beyond 2**32 paths, where the counter's second word counts."""
    model = mc.Model(words_step, initial=words_initial, events=words_events)
    scenario = mc.Scenario(model, inputs={}, time=mc.TimeGrid("2026-01-01", years=1, steps_per_year=6))
    seed = 2**63 - 1
    replayed = mc.replay(mc.simulate(scenario, n_paths=1, seed=seed), path=path)
    assert replayed.uniform.values[1:].tolist() == uniform_shocks(seed, 1, path, 6).tolist()
    np.testing.assert_allclose(replayed.normal.values[1:], normal_shocks(seed, 2, path, 6), atol=1e-13)
    assert replayed.event_time.item() == 4 / 6  # a margin of zero has not happened; any below has


def many_states(count):
    """Return a scenario of `count` states more than the two that hold the shocks of a step, over 72 steps."""
    more = [f"s{i}" for i in range(count)]
    scope = {
        "State": NamedTuple("State", [(name, float) for name in ("uniform", "normal", *more)]),
        "NoParams": NoParams, "WordShocks": WordShocks, "mc": mc, "Gap": Gap,
    }  # fmt: skip
    exec(
        f"""
def initial(params: NoParams) -> State:
    return State({", ".join(["0.0"] * (count + 2))})

def step(state: State, params: NoParams, shocks: WordShocks, clock: mc.Clock) -> State:
    return State(shocks.uniform, shocks.normal{"".join(f", state.{name}" for name in more)})

def events(state: State, params: NoParams, clock: mc.Clock) -> Gap:
    return Gap(1.0)
""",
        scope,
    )
    model = mc.Model(scope["step"], initial=scope["initial"], events=scope["events"])
    return mc.Scenario(model, inputs={}, time=mc.TimeGrid("2026-01-01", years=6))


def lanes_of(model):
    """Return how many paths a tile of a model without inputs has."""
    names = model.state_fields, model.shock_fields, model.event_fields, frozenset(model.uniform_shocks), frozenset()
    return KernelSpec(*names, has_forcing=False, varying=0, once=0, dtype="float64").lanes


@pytest.mark.parametrize(
    ("more", "lanes"),
    [
        (0, 256),
        (20, 128),
        pytest.param(40, 64, marks=pytest.mark.slow),
        pytest.param(80, 32, marks=pytest.mark.slow),
        (130, 16),
    ],
)
def test_shocks_do_not_depend_on_how_many_paths_a_tile_has(more, lanes):
    """A large state makes tiles shorter, so that cells of a row are other paths and steps."""
    scenario, seed, n_paths = many_states(more), 11, 300
    assert lanes_of(scenario.model) == lanes
    run = mc.simulate(scenario, n_paths=n_paths, seed=seed, variables=["uniform", "normal"])
    for path in (0, 1, 15, 16, 33, 127, 128, 255, 256, 299):
        assert run.uniform[1:, path].values.tolist() == uniform_shocks(seed, 1, path, 72).tolist()
        np.testing.assert_allclose(run.normal[1:, path], normal_shocks(seed, 2, path, 72), atol=1e-13)


def test_correlated_shocks_keep_what_is_not_correlated():
    """The business model's third shock is uniform and its first two normals are independent of each other."""
    scenario = business()
    names, factor = scenario.shock_factor
    assert names == ("demand", "price", "cash")
    np.testing.assert_allclose(factor @ factor.T, [[1, 0, 0.6], [0, 1, -0.3], [0.6, -0.3, 1]], atol=1e-15)


def test_a_seed_of_none_is_drawn_and_recorded():
    first, second = (mc.simulate(walk(), n_paths=10) for _ in range(2))
    assert first.attrs["seed"] != second.attrs["seed"]
    again = mc.simulate(walk(), n_paths=10, seed=first.attrs["seed"])
    assert (again.cash == first.cash).all()
