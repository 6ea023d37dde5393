"""A summary is honest about every variable: heavy tails, point masses, huge and tiny values, surprises."""

from __future__ import annotations

import math
import threading
import tracemalloc
from typing import NamedTuple

import numpy as np
import pytest
from models import business, walk
from reference import uniform_shocks
from scipy.stats import norm

import montecarlo_ai as mc
from montecarlo_ai import areas, engine, pilot, summary

SEED = 4
N = 50_000
LEVELS = (0.0, 1e-4, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.9999, 1.0)


class Shapes(NamedTuple):
    normal: float
    cauchy: float
    power: float
    steps: float
    pair: float
    fixed: float
    rare: float
    jump: float
    offset: float


class Scale(NamedTuple):
    scale: float


class Draw(NamedTuple):
    z: float
    u: mc.Uniform01


class NoEvents(NamedTuple):
    pass


def shapes_step(state: Shapes, params: Scale, shocks: Draw, clock: mc.Clock) -> Shapes:
    s = params.scale
    return Shapes(
        normal=s * shocks.z,
        cauchy=s * math.tan(math.pi * (shocks.u - 0.5)),
        power=s * shocks.u**-2.0,
        steps=s * float(int(shocks.u * 10.0)),
        pair=s if shocks.u < 0.3 else -s,
        fixed=s,
        rare=s if shocks.u > 1.0 - 5e-5 else 0.0,
        jump=s * (1e10 if shocks.u > 1.0 - 5e-5 else 1e-300 * shocks.z),
        offset=1e9 * s + s * shocks.z,
    )


def shapes_initial(params: Scale) -> Shapes:
    return Shapes(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def shapes_events(state: Shapes, params: Scale, clock: mc.Clock) -> NoEvents:
    return NoEvents()


def shapes(scale, steps=1):
    model = mc.Model(shapes_step, initial=shapes_initial, events=shapes_events)
    time = mc.TimeGrid("2026-01-01", years=1, steps_per_year=steps)
    return mc.Scenario(model, inputs={"scale": scale}, time=time)


@pytest.mark.parametrize("scale", [1.0, 1e-300, 1e-12, 1e285])
def test_every_shape_is_described_within_its_stated_error(scale, monkeypatch):
    """Errors are about one standard error: none is exceeded five times over, and those in the middle are small."""
    monkeypatch.setattr(summary, "_slab", lambda rows: 512)  # many a tally
    scenario = shapes(scale)
    paths = mc.simulate(scenario, n_paths=N, seed=SEED).isel(time=1)
    stated = mc.summarize(scenario, n_paths=N, seed=SEED, quantiles=LEVELS).isel(time=1)
    for name in scenario.model.state_fields:
        values = paths[name].values
        exact = np.quantile(values, LEVELS, method="inverted_cdf")
        value, error = stated[name].values, stated[f"{name}_error"].values
        assert np.isfinite(value).all()
        assert np.isfinite(error).all()
        assert (abs(value - exact) <= 5.0 * error + 1e-12 * abs(exact)).all(), name
        assert value[[0, -1]].tolist() == [values.min(), values.max()]
        if name == "jump":
            continue  # in units of the tiny values that the pilot saw, large ones leave a float's range
        half_width = np.quantile(values, 0.95) / 2.0 - np.quantile(values, 0.05) / 2.0
        assert (error[4:-4] <= 0.02 * half_width).all(), name
        if name == "rare" and scale != 1.0:
            continue  # the pilot saw none of them, and their squares leave a float's range
        np.testing.assert_allclose(stated[f"{name}_mean"], values.mean(), rtol=1e-9, atol=1e-9 * scale)
        deviation = scale * np.std(values / scale)
        np.testing.assert_allclose(stated[f"{name}_std"], deviation, rtol=1e-6, atol=1e-9 * scale)


def test_stated_errors_are_standard_errors():
    """A normal variable: |z| < 4.5 against its known quantiles, and errors within 25% of the asymptotic formula."""
    levels = np.array([0.05, 0.25, 0.5, 0.9])
    stated = mc.summarize(shapes(1.0), n_paths=N, seed=SEED, quantiles=levels, variables=["normal"]).isel(time=1)
    due = np.sqrt(levels * (1.0 - levels) / N) / norm.pdf(norm.ppf(levels))
    assert (abs(stated.normal.values - norm.ppf(levels)) < 4.5 * due).all()
    np.testing.assert_allclose(stated.normal_error, due, rtol=0.25)


def test_point_masses_are_exact():
    stated = mc.summarize(shapes(3.0), n_paths=N, seed=SEED, quantiles=[0.1, 0.25, 0.5, 0.9]).isel(time=1)
    assert stated.fixed.values.tolist() == [3.0] * 4
    assert stated.rare.values.tolist() == [0.0] * 4
    assert stated.pair.values[[2, 3]].tolist() == [-3.0, -3.0] or stated.pair.values[0] == -3.0
    assert (stated.fixed_error == 0.0).all()
    assert (stated.rare_error == 0.0).all()


class Sides(NamedTuple):
    atom: float
    far: float


def sides_step(state: Sides, params: Scale, shocks: Draw, clock: mc.Clock) -> Sides:
    value = params.scale * (10.0 + shocks.z)
    return Sides(atom=0.0 if shocks.u < 0.3 else value, far=value if shocks.u > 0.97 else 0.0)


def sides_initial(params: Scale) -> Sides:
    return Sides(0.0, 0.0)


def sides_events(state: Sides, params: Scale, clock: mc.Clock) -> NoEvents:
    return NoEvents()


def sides(scale):
    model = mc.Model(sides_step, initial=sides_initial, events=sides_events)
    time = mc.TimeGrid("2026-01-01", years=1, steps_per_year=1)
    return mc.Scenario(model, inputs={"scale": scale}, time=time)


@pytest.mark.parametrize("scale", [1.0, 1e-6])
def test_bins_are_where_the_values_are(scale):
    """A point mass that is not the median is exact, and so known; three values in a hundred have bins of their size."""
    levels = [0.1, 0.29, 0.985]
    stated = mc.summarize(sides(scale), n_paths=N, seed=SEED, quantiles=levels).isel(time=1)
    assert stated.atom.values[:2].tolist() == stated.atom_error.values[:2].tolist() == [0.0, 0.0]
    due = scale * np.sqrt(0.985 * 0.015 / N) / (0.03 * norm.pdf(0.0))
    assert abs(stated.far[2] - 10.0 * scale) < 4.5 * due
    np.testing.assert_allclose(stated.far_error[2], due, rtol=0.25)


@pytest.mark.parametrize("n_paths", [15, 300, 4_109])
def test_every_path_counts_whatever_their_number(n_paths):
    """Numbers that no vector divides: mean, spread and ends are those of the ensemble, to rounding."""
    paths = mc.simulate(business(), n_paths=n_paths, seed=SEED).isel(time=slice(1, None))
    stated = mc.summarize(business(), n_paths=n_paths, seed=SEED, quantiles=[0.0, 1.0]).isel(time=slice(1, None))
    for name in ("demand", "price", "cash"):
        values = paths[name].values
        np.testing.assert_allclose(stated[f"{name}_mean"], values.mean(axis=1), rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(stated[f"{name}_std"], values.std(axis=1), rtol=1e-9)
        assert (stated[name].values == [values.min(axis=1), values.max(axis=1)]).all()


def test_what_a_variable_is_does_not_depend_on_the_others(monkeypatch):
    """The pilot takes as few variables at a time as fit, and never fewer paths for more variables."""
    due = mc.summarize(business(), n_paths=5_000, seed=SEED)
    monkeypatch.setattr(pilot, "_BYTES", 8 * 61 * 4_096)
    for kept in (["cash"], ["price", "cash", "demand"]):
        other = mc.summarize(business(), n_paths=5_000, seed=SEED, variables=kept)
        for name in kept:
            for suffix in ("", "_error", "_mean", "_std"):
                assert (other[name + suffix].values == due[name + suffix].values).all()


def bursting_step(state: Shapes, params: Scale, shocks: Draw, clock: mc.Clock) -> Shapes:
    burst = 1.0 / (shocks.u - shocks.u) if shocks.u > 0.99 else shocks.z
    return Shapes(burst, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def bursting():
    model = mc.Model(bursting_step, initial=shapes_initial, events=shapes_events)
    return mc.Scenario(model, inputs={"scale": 1.0}, time=mc.TimeGrid("2026-01-01", years=1, steps_per_year=1))


@pytest.mark.parametrize("run", [mc.simulate, mc.summarize])
def test_only_paths_that_were_asked_for_can_fail(run):
    """Neither the rest of a block nor the pilot run paths that count."""
    scenario = bursting()
    first = next(path for path in range(10_000) if uniform_shocks(SEED, 1, path, 1)[0] > 0.99)
    assert 1 <= first < 255
    assert run(scenario, n_paths=first, seed=SEED).attrs["n_paths"] == first
    with pytest.raises(mc.NumericalError, match=f"normal = inf on path {first} at step 1"):
        run(scenario, n_paths=first + 1, seed=SEED)


@pytest.mark.parametrize("n_paths", [300, 8_192])
@pytest.mark.parametrize("run", [mc.simulate, mc.summarize])
def test_single_precision_that_does_not_hold_a_value_is_told(run, n_paths):
    """Whether values pass by the caches, as many do, or not."""
    with pytest.raises(mc.InputError, match="store_dtype = 'float32': cannot hold normal"):
        run(shapes(1e50), n_paths=n_paths, seed=SEED, store_dtype="float32", variables=["normal"])


@pytest.mark.parametrize("n_paths", [8_192, 8_191])
def test_a_value_too_large_at_one_time_alone_is_told(n_paths):
    """Few paths ever jump, and none at the end."""
    scenario = shapes(1e30, steps=60)
    jumps = np.abs(mc.simulate(scenario, n_paths=n_paths, seed=SEED, variables=["jump"])["jump"]).max("path")
    assert jumps.max() > np.finfo(np.float32).max > jumps[-1]
    with pytest.raises(mc.InputError, match="store_dtype = 'float32': cannot hold jump"):
        mc.simulate(scenario, n_paths=n_paths, seed=SEED, store_dtype="float32", variables=["jump"])


def test_launches_of_any_size_give_the_same_bits(monkeypatch):
    due = mc.simulate(business(), n_paths=1_500, seed=SEED, threads=1)
    monkeypatch.setattr(engine, "_LAUNCH_STEPS", 1)
    other = mc.simulate(business(), n_paths=1_500, seed=SEED, threads=2)
    for name in due.data_vars:
        assert (due[name].values == other[name].values).all()


@pytest.mark.parametrize(("sampler", "replicates"), [("random", 1), ("sobol", 5)])
def test_slabs_and_launches_of_any_size_give_the_same_summary(sampler, replicates, monkeypatch):
    options = {"n_paths": 3_000, "seed": SEED, "sampler": sampler, "replicates": replicates}
    due = mc.summarize(business(), **options, threads=1)
    for slab, steps in ((256, 2**23), (768, 2**23), (2**13, 60 * 1_024), (512, 1)):
        monkeypatch.setattr(summary, "_slab", lambda rows, slab=slab: slab)
        monkeypatch.setattr(engine, "_LAUNCH_STEPS", steps)
        other = mc.summarize(business(), **options, threads=2)
        for name in due.data_vars:
            assert (due[name].values == other[name].values).all(), (name, slab, steps)


@pytest.mark.parametrize("variables", [[], None])
@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("replicates", [1, 2, 1_000])
@pytest.mark.parametrize("scenario", [walk, business])
def test_a_summary_never_takes_more_memory_than_it_asked_for(scenario, replicates, threads, variables, monkeypatch):
    asked = []
    monkeypatch.setattr(summary, "check_memory", lambda needed, *about: asked.append(needed))
    monkeypatch.setattr(areas, "_KEEPS", False)  # so that all of it is traced
    options = {"seed": SEED, "variables": variables, "replicates": replicates, "threads": threads}
    mc.summarize(scenario(), n_paths=1_000, **options)
    tracemalloc.start()
    try:
        mc.summarize(scenario(), n_paths=60_000, **options)
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert taken <= asked[-1]


def test_replicates_are_refused_where_their_first_passages_do_not_fit(monkeypatch):
    """Of no variable at all: 2,401 times, one event and a row of all, 1,000 replicates, 16 bytes each are 77 MB."""
    monkeypatch.setattr("montecarlo_ai.memory.available_memory", lambda: 2**27)
    options = {"n_paths": 1_000, "seed": SEED, "variables": [], "threads": 1}
    scenario = walk(years=200)
    assert mc.summarize(scenario, **options, replicates=2).attrs["replicates"] == 2
    with pytest.raises(mc.InputError, match="fewer steps or replicates"):
        mc.summarize(scenario, **options, replicates=1_000)


@pytest.mark.parametrize("run", [mc.simulate, mc.summarize])
def test_no_thread_outlives_a_run(run):
    """Nor one that fails."""
    run(business(), n_paths=5_000, seed=SEED, threads=2)
    with pytest.raises(mc.NumericalError):
        run(bursting(), n_paths=5_000, seed=SEED, threads=2)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("montecarlo_ai")]


def test_a_run_that_ends_early_leaves_no_thread_computing():
    """After Ctrl-C or an error the ranges under way stop at their next call of the kernel."""
    machine = engine.Engine(walk(), SEED)
    begun = machine.in_order(lambda first, count: count, engine.ranges(1_000, 10), 2, lambda count: None)
    assert next(begun) == 10
    begun.close()
    store = engine.Store(np.empty((0, 61, 256)), np.empty((1, 256), dtype=np.int32), 0)
    with pytest.raises(engine.CancelledError):
        machine.run(0, 256, machine.inputs_of(0, 256), np.empty(0, dtype=np.int64), store)
