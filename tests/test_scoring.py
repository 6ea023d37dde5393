"""Scores and tails against closed forms and published values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from montecarlo_ai.analysis.naive import fitted_walk
from montecarlo_ai.analysis.scoring import (
    crps_log_normal,
    crps_normal,
    crps_of_quantiles,
    crps_of_sample,
    probability_below,
    rank_of,
)
from montecarlo_ai.analysis.tails import expected_shortfall, mean_interval, quantile_interval, shortfall_interval
from montecarlo_ai.errors import InputError
from montecarlo_ai.intervals import Parts, binomial_interval

NORMAL = stats.norm.ppf((np.arange(400_000) + 0.5) / 400_000)
LEVELS = (0.05, 0.15, 0.25, 0.35, 0.5, 0.65, 0.75, 0.85, 0.95)


@pytest.mark.parametrize("outcome", [-4.0, -1.3, 0.0, 0.4, 2.0, 5.0])
def test_crps_of_a_normal_is_its_closed_form(outcome: float) -> None:
    exact = crps_normal(0.0, 1.0, outcome)
    assert crps_of_sample(NORMAL, outcome) == pytest.approx(exact, abs=5e-6)
    fine = np.linspace(0.0005, 0.9995, 4001)
    assert crps_of_quantiles(fine, stats.norm.ppf(fine), outcome) == pytest.approx(exact, abs=5e-5)
    # The stated approximation from a summary's nine quantiles is good to half a percent of the spread.
    assert crps_of_quantiles(LEVELS, stats.norm.ppf(LEVELS), outcome) == pytest.approx(exact, abs=5e-3)
    assert probability_below(LEVELS, stats.norm.ppf(LEVELS), outcome) == pytest.approx(
        stats.norm.cdf(outcome), abs=1.2e-2
    )


def test_crps_of_a_normal_at_its_mean_is_the_published_constant() -> None:
    assert crps_normal(0.0, 1.0, 0.0) == pytest.approx((math.sqrt(2.0) - 1.0) / math.sqrt(math.pi))


@pytest.mark.parametrize("outcome", [-1.0, 0.2, 1.0, 4.0])
def test_crps_of_a_log_normal_is_its_closed_form(outcome: float) -> None:
    assert crps_of_sample(np.exp(0.3 + 0.5 * NORMAL), outcome) == pytest.approx(
        crps_log_normal(0.3, 0.5, outcome), abs=5e-6
    )


def test_empirical_and_fair_scores_of_a_small_sample_are_their_sums_over_pairs() -> None:
    sample = np.array([3.0, -1.0, 7.0, 2.5])
    pairs = np.abs(sample[:, None] - sample).sum()
    error = np.abs(sample - 2.0).mean()
    assert crps_of_sample(sample, 2.0, fair=False) == pytest.approx(error - pairs / (2 * 16))
    assert crps_of_sample(sample, 2.0) == pytest.approx(error - pairs / (2 * 12))
    assert crps_of_sample([5.0], 2.0, fair=False) == 3.0


def test_the_fair_score_of_three_members_is_unbiased_and_the_empirical_one_is_not() -> None:
    rng = np.random.default_rng(5)
    draws, outcomes = rng.normal(size=(20_000, 3)), rng.normal(size=20_000)
    exact = 1.0 / math.sqrt(math.pi)  # the mean score of the true normal
    for fair, bound in ((True, 4.5), (False, None)):
        scores = [crps_of_sample(row, outcome, fair=fair) for row, outcome in zip(draws, outcomes, strict=True)]
        z = (np.mean(scores) - exact) / (np.std(scores) / math.sqrt(len(scores)))
        assert abs(z) < bound if bound else z > 10.0


def test_ranks_are_uniform_if_the_forecast_is_true_and_not_if_it_is_too_narrow_or_shifted() -> None:
    # Kolmogorov-Smirnov on 800 independent outcomes at 1e-4: a shift of .3 or a spread too small by .7 fails.
    rng = np.random.default_rng(11)
    outcomes = rng.normal(size=800)
    for shift, scale, holds in ((0.0, 1.0, True), (0.3, 1.0, False), (0.0, 0.7, False)):
        ranks = [rank_of(shift + scale * rng.normal(size=999), outcome) for outcome in outcomes]
        assert bool(stats.kstest(ranks, "uniform").pvalue > 1e-4) is holds


def test_ties_and_the_ends_of_a_sample() -> None:
    assert rank_of([1.0, 2.0, 3.0], 0.0) == 0.125
    assert rank_of([1.0, 2.0, 3.0], 9.0) == 0.875
    assert rank_of([1.0, 2.0, 3.0], 2.0) == 0.5
    assert probability_below([0.1, 0.5, 0.9], [1.0, 1.0, 1.0], 1.0) == 0.5


def test_a_floor_in_a_summary_is_an_atom_of_its_own() -> None:
    # Zero with .5, linear to .9 at 4, beyond it .1 exp(-(x - 4)): the integral of (1 - F)**2 and half of the atom.
    levels, quantiles = [0.1, 0.5, 0.9], [0.0, 0.0, 4.0]
    exact = (0.5**3 - 0.1**3) / (3.0 * 0.1) + 0.1**2 / 2.0
    assert crps_of_quantiles(levels, quantiles, 0.0) == pytest.approx(exact)
    assert probability_below(levels, quantiles, 0.0) == pytest.approx(0.25)
    mirrored = [-4.0, 0.0, 0.0]
    assert crps_of_quantiles(levels, mirrored, 0.0) == pytest.approx(exact)
    assert probability_below(levels, mirrored, 0.0) == pytest.approx(0.75)


@pytest.mark.parametrize("quantiles", [[0, 0, 0, 1, 2], [0, 1, 1, 1, 2], [0, 1, 2, 2, 2], [3, 3, 3, 3, 3]])
def test_a_score_moves_no_further_than_its_outcome(quantiles: list[float]) -> None:
    """Its slope in the outcome is 2 F - 1, so that it has no jump where several levels share a value."""
    levels = [0.05, 0.25, 0.5, 0.75, 0.95]
    for outcome in np.unique(quantiles):
        scores = [crps_of_quantiles(levels, quantiles, outcome + move) for move in (-1e-6, 0.0, 1e-6)]
        assert (np.abs(np.diff(scores)) <= 1.001e-6).all()


@pytest.mark.parametrize(
    "wrong", [([0.5, 0.1], [1.0, 2.0]), ([0.1, 0.5], [2.0, 1.0]), ([0.1], [1.0]), ([0.1, 0.5], [1.0, math.nan])]
)
def test_curves_that_are_none_are_refused(wrong: tuple[list[float], list[float]]) -> None:
    with pytest.raises(InputError):
        crps_of_quantiles(*wrong, 1.0)


def test_expected_shortfall_splits_the_atom() -> None:
    assert expected_shortfall(range(1, 11), 0.85) == pytest.approx(9.6667, abs=5e-5)
    assert expected_shortfall([4.0], 0.99) == 4.0
    assert expected_shortfall([1.0, 2.0, 3.0], 0.0) == 2.0


@pytest.mark.parametrize(("level", "published"), [(0.95, 2.062713), (0.975, 2.337803), (0.99, 2.665214)])
def test_expected_shortfall_of_a_normal(level: float, published: float) -> None:
    assert expected_shortfall(NORMAL, level) == pytest.approx(published, abs=2e-5)


def test_intervals_cover_what_they_say() -> None:
    # 2,000 samples of 200: at a true coverage of .95 the count has a standard deviation of .5%; the bound is 4.5 of it.
    rng = np.random.default_rng(3)
    samples = rng.normal(size=(2_000, 200))
    exact = {"mean": 0.0, "quantile": stats.norm.ppf(0.9), "shortfall": stats.norm.pdf(stats.norm.ppf(0.9)) / 0.1}
    found = {
        "mean": [mean_interval(row) for row in samples],
        "quantile": [quantile_interval(row, 0.9) for row in samples],
        "shortfall": [shortfall_interval(row, 0.9) for row in samples],
    }
    covered = {name: np.mean([i.lower <= exact[name] <= i.upper for i in found[name]]) for name in exact}
    assert abs(covered["mean"] - 0.95) < 0.022
    assert 0.95 - 0.022 < covered["quantile"] < 0.985  # at least nominal, for ranks are whole
    assert 0.87 < covered["shortfall"] < 0.97  # large-sample: 20 values in the tail cost a few points


def test_intervals_of_replicates_cover_what_they_say_where_their_values_move_together() -> None:
    # 1,000 samples of 16 replicates of 50, a fifth of the variance common to a replicate: at a true coverage of .95 the
    # count has a standard deviation of .7%, the bound is 4.5 of it; the linearised tail may cost three points more.
    # Taken for independent, all three cover less than .75.
    rng, parts = np.random.default_rng(7), Parts(np.arange(800) % 16, 1)
    samples = math.sqrt(0.8) * rng.normal(size=(1_000, 50, 16)) + math.sqrt(0.2) * rng.normal(size=(1_000, 1, 16))
    normal = stats.norm.ppf(0.9)
    intervals = {
        0.0: lambda row, of: mean_interval(row, parts=of),
        normal: lambda row, of: quantile_interval(row, 0.9, parts=of),
        stats.norm.pdf(normal) / 0.1: lambda row, of: shortfall_interval(row, 0.9, parts=of),
    }
    for exact, interval in intervals.items():
        for of, holds in ((parts, True), (None, False)):
            found = [interval(row, of) for row in samples.reshape(1_000, 800)]
            covered = np.mean([each.lower <= exact <= each.upper for each in found])
            assert (0.95 - 0.062 < covered < 0.95 + 0.032) if holds else covered < 0.75


@pytest.mark.parametrize("together", [1, 2])
def test_replicates_that_agree_on_a_quantile_leave_it_as_wide_as_independent_trials(together: int) -> None:
    # 16 replicates of the same 100 values: half of 1,600 lie at or below the median, or of 800 pairs.
    values = np.repeat(np.arange(100.0), 16)
    found = quantile_interval(values, 0.5, parts=Parts(np.tile(np.arange(16), 100), together))
    low, high = (float(limit) for limit in binomial_interval(800 // together, 1_600 // together))
    assert found == (49.0, values[math.floor(1_600 * low) - 1], values[math.floor(1_600 * high)])


def test_one_replicate_alone_tells_no_interval() -> None:
    parts = Parts(np.repeat([0, 1], 20), 1).among(np.arange(40) < 20)
    assert parts.sizes.tolist() == [20]
    assert np.isnan(mean_interval(np.arange(20.0), parts=parts)[1:]).all()
    assert np.isnan(shortfall_interval(np.arange(20.0), 0.5, parts=parts)[1:]).all()
    assert quantile_interval(np.arange(20.0), 0.5, parts=parts)[1:] == (-math.inf, math.inf)


def test_a_tail_of_one_loss_or_less_tells_no_interval() -> None:
    losses = np.arange(20.0)
    for level, known in ((0.9, True), (0.95, False), (0.99, False)):  # two losses in the tail, one, a fifth
        found = shortfall_interval(losses, level)
        assert found.value == expected_shortfall(losses, level)
        assert math.isfinite(found.lower) is math.isfinite(found.upper) is known


def test_the_interval_of_a_median_is_that_of_the_tables() -> None:
    # 25 values: the 8th and the 18th hold the median with .9567 (David and Nagaraja, table).
    assert quantile_interval(np.arange(1, 26), 0.5) == (13.0, 8.0, 18.0)
    assert quantile_interval([1.0, 2.0], 0.5) == (1.0, -math.inf, math.inf)


def test_a_random_walk_goes_on_with_its_drift() -> None:
    walk = fitted_walk([0.0, 1.0, 2.0, 4.0], np.exp([0.0, 1.5, 2.0, 4.0]))
    assert walk is not None
    assert walk.drift == pytest.approx(1.0)
    assert walk.volatility == pytest.approx(math.sqrt((0.25 + 0.25) / 2.0))
    mean, sd = walk.at(5.0)
    assert mean == pytest.approx(5.0)
    assert sd == pytest.approx(walk.volatility * math.sqrt(1.0 + 0.25))
    assert fitted_walk([0.0, 1.0], [1.0, 2.0]) is None
    levels = fitted_walk([0.0, 1.0, 2.0], [-1.0, -2.0, -3.0])
    assert levels is not None
    assert not levels.logs
    assert levels.crps(3.0, -4.0) == 0.0
