"""Known numbers through the public API, at a million paths.

A statistical check passes when |z| < 4.5: a right engine fails one such check with probability 7e-6, and at a
million paths and p = .2 a shift of .0026 (six standard errors) is caught with probability .93. Each is
shown to catch a slip of the kind that it is there for.
"""

from __future__ import annotations

import numpy as np
import pytest
from models import (
    business,
    competing_hazards,
    late_walk_events,
    symmetric_walk,
    walk,
    walk_initial,
    walk_step,
    wrong_variance_step,
)
from scipy.stats import norm, spearmanr

import montecarlo_ai as mc

N = 1_000_000
Z = 4.5
DTYPES = ("float64", pytest.param("mixed", marks=pytest.mark.slow), "float32")


def z_score(count: float, p: float, n: int = N) -> float:
    return (count / n - p) / np.sqrt(p * (1.0 - p) / n)


def monitored_ruin(steps_per_year: int, years: float, start=1.0, drift=0.1, volatility=0.5):
    """P(a Brownian walk seen on a grid is below zero by each grid time), by quadrature of the surviving density."""
    dt = 1.0 / steps_per_year
    sd = volatility * np.sqrt(dt)
    nodes, weights = np.polynomial.legendre.leggauss(600)
    top = start + 8.0 * volatility * np.sqrt(years) + drift * years
    x, w = (nodes + 1.0) * top / 2.0, weights * top / 2.0
    density = norm.pdf(x, start + drift * dt, sd)
    ruined = [1.0 - (w @ density)]
    step = norm.pdf(x[:, None], x[None, :] + drift * dt, sd) * w[None, :]
    for _ in range(round(years * steps_per_year) - 1):
        density = step @ density
        ruined.append(1.0 - w @ density)
    return np.array(ruined)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("steps_per_year", "known"), [(1, 0.146904), (4, 0.185014), (12, 0.205183)])
def test_monitored_barrier(steps_per_year, known, dtype):
    due = monitored_ruin(steps_per_year, 5)
    assert due[-1] == pytest.approx(known, abs=1e-6)
    summary = mc.summarize(walk(steps_per_year=steps_per_year), n_paths=N, seed=11, variables=[], dtype=dtype)
    counts = summary.event_count.sel(event="cash").values[1:]
    for step in sorted({0, len(due) // 4, len(due) // 2, len(due) - 1}):  # a slip of one step shows by date
        assert abs(z_score(counts[step], due[step])) < Z


@pytest.mark.slow
def test_monitored_barrier_at_forty_million_paths():
    """Forty times the paths: a shift of .0004 in the probability is caught with probability .95, at every step."""
    n, due = 40 * N, monitored_ruin(12, 5)
    summary = mc.summarize(walk(), n_paths=n, seed=2026, variables=[])
    for step, count in enumerate(summary.event_count.values[0, 1:]):
        assert abs(z_score(count, due[step], n)) < 5.0  # sixty dependent checks, each wrong with probability 6e-7


@pytest.mark.slow
def test_competing_hazards_at_forty_million_paths():
    n = 40 * N
    chips = mc.runs_out_of_chips(mc.summarize(competing_hazards(), n_paths=n, seed=2026, variables=[]))
    p1, p2 = -np.expm1(-0.3 / 12), -np.expm1(-0.2 / 12)
    stay = (1.0 - p1) * (1.0 - p2)
    for months in range(1, 25):
        left = (1.0 - stay**months) / (1.0 - stay)
        for cause, p in {"first": p1 * left, "second": p2 * (1.0 - p1) * left, "any": 1.0 - stay**months}.items():
            assert abs(z_score(chips.first_count.sel(cause=cause).values[months], p, n)) < 5.0


@pytest.mark.slow
def test_monitored_barrier_catches_a_wrong_variance_and_a_slip_in_time():
    due = monitored_ruin(12, 5)
    wrong = mc.summarize(walk(wrong_variance_step), n_paths=N, seed=11, variables=[])
    assert abs(z_score(wrong.event_count.values[0, -1], due[-1])) > Z
    right = mc.summarize(walk(), n_paths=N, seed=11, variables=[])
    assert abs(z_score(right.event_count.values[0, 30], due[28])) > Z


@pytest.mark.slow
def test_monitored_barrier_catches_an_event_that_is_looked_at_a_step_late():
    model = mc.Model(walk_step, initial=walk_initial, events=late_walk_events)
    scenario = mc.Scenario(model, inputs=walk().inputs, time=mc.TimeGrid("2026-01-01", years=5, steps_per_year=1))
    summary = mc.summarize(scenario, n_paths=N, seed=11, variables=[])
    assert abs(z_score(summary.event_count.values[0, -1], monitored_ruin(1, 5)[-1])) > Z


@pytest.mark.parametrize("dtype", DTYPES)
def test_symmetric_walk_is_ruined_within_ten_steps(dtype):
    summary = mc.summarize(symmetric_walk(), n_paths=N, seed=5, variables=[], dtype=dtype)
    assert abs(z_score(summary.event_count.values[0, -1], 0.34375)) < Z
    assert summary.event_count.values[0, 2] == 0  # three losses in a row take three steps
    assert abs(z_score(summary.event_count.values[0, 3], 0.125)) < Z


@pytest.mark.parametrize("dtype", DTYPES)
def test_competing_hazards_on_a_monthly_grid(dtype):
    """Two exponential clocks: cumulative incidence with ties to the first, and by date."""
    chips = mc.runs_out_of_chips(mc.summarize(competing_hazards(), n_paths=N, seed=3, variables=[], dtype=dtype))
    p1, p2 = -np.expm1(-0.3 / 12), -np.expm1(-0.2 / 12)
    stay = (1.0 - p1) * (1.0 - p2)
    for months in (1, 7, 24):
        left = (1.0 - stay**months) / (1.0 - stay)
        due = {"first": p1 * left, "second": p2 * (1.0 - p1) * left, "any": 1.0 - stay**months}
        for cause, p in due.items():
            assert abs(z_score(chips.first_count.sel(cause=cause).values[months], p)) < Z
        assert abs(z_score(chips.tie_share.values[months] * N, p1 * p2 * left)) < Z
    assert due["first"] == pytest.approx(0.382428, abs=1e-6)
    assert due["second"] == pytest.approx(0.249692, abs=1e-6)
    wrong = 0.379272  # in continuous time: a grid that did not give ties to the first would come near it
    assert abs(z_score(chips.first_count.sel(cause="first").values[24], wrong)) > Z


def test_gaussian_copula_through_an_ensemble():
    inputs = mc.Inputs(
        {"growth": mc.Uniform(0.0, 1.0), "decline": mc.Uniform(0.0, 1.0), "spread": 0.2, "outage": 0.5},
        correlation={("growth", "decline"): 0.5},
    )
    ensemble = mc.simulate(business(inputs, years=1), n_paths=N, seed=21, variables=[])
    u, v = ensemble.growth.values, ensemble.decline.values
    both = np.count_nonzero((u < 0.05) & (v < 0.05))
    assert abs(z_score(both, 0.0121894)) < Z
    assert abs(z_score(both, 0.05**2)) > Z
    # Var of the sample Spearman coefficient is below 1/n for positively dependent normals.
    assert abs(spearmanr(u, v).statistic - 0.482584) < Z / np.sqrt(N)
    for column in (u, v):
        assert abs(column.mean() - 0.5) < Z * np.sqrt(1 / 12 / N)
        assert abs(np.count_nonzero(column < 0.01) / N - 0.01) < Z * np.sqrt(0.0099 / N)


@pytest.mark.parametrize("dtype", DTYPES)
def test_moments_and_tails_of_the_normal_shocks(dtype):
    """One step of variance one: mean, variance, fourth moment and two tail probabilities; neighbours uncorrelated."""
    scenario = walk().with_inputs(drift=0.0, volatility=1.0).with_time(years=4, steps_per_year=1)
    cash = mc.simulate(scenario, n_paths=N, seed=13, dtype=dtype).cash.values.astype(float)
    z = np.diff(cash, axis=0)
    for row in z:
        assert abs(row.mean()) < Z / np.sqrt(N)
        assert abs((row**2).mean() - 1.0) < Z * np.sqrt(2 / N)
        assert abs((row**4).mean() - 3.0) < Z * np.sqrt(96 / N)
        assert abs(z_score(np.count_nonzero(row > 2.0), norm.sf(2.0))) < Z
        assert abs(z_score(np.count_nonzero(row < -3.0), norm.sf(3.0))) < Z
    for i in range(4):
        for j in range(i):
            assert abs((z[i] * z[j]).mean()) < Z / np.sqrt(N)
            assert abs((z[i] ** 2 * z[j] ** 2).mean() - 1.0) < Z * np.sqrt(8 / N)
    assert abs((z[0, 1:] * z[0, :-1]).mean()) < Z / np.sqrt(N)
