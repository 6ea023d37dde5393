"""Errors from replicates: they cover what they say, agree between ensemble and summary, and are never without width."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest
from models import NoParams, business
from numba import njit
from scipy import stats

import montecarlo_ai as mc
from montecarlo_ai.console import headline_text
from montecarlo_ai.headline import Throughput, headline
from montecarlo_ai.histogram import Histogram, _sampling_error, quantiles
from montecarlo_ai.intervals import binomial_interval, replicate_error, replicate_interval
from montecarlo_ai.kernels.bins import BINS, WIDE_BINS
from montecarlo_ai.kernels.counting import LANES, count_values
from montecarlo_ai.kernels.reductions import Tally
from montecarlo_ai.risk import describe_chips, interval_name


class Sum(NamedTuple):
    total: float
    growth: float


class Parts(NamedTuple):
    first: float
    second: float


class Noise(NamedTuple):
    noise: float


class Low(NamedTuple):
    low: float


def sum_step(state: Sum, params: Parts, shocks: Noise, clock: mc.Clock) -> Sum:
    total = params.first + params.second + 0.5 * shocks.noise
    return Sum(total, mc.math.exp(0.5 * total))


def sum_initial(params: Parts) -> Sum:
    return Sum(0.0, 1.0)


def sum_events(state: Sum, params: Parts, clock: mc.Clock) -> Low:
    return Low(state.total + 1.5)


TRUE = stats.norm.cdf(-1.0)  # variances 1 + 1 + 1/4
MEAN_GROWTH = math.exp(0.125 * 2.25)


def sums(**values):
    model = mc.Model(sum_step, initial=sum_initial, events=sum_events)
    inputs = {"first": mc.Normal(0.0, 1.0), "second": mc.Normal(0.0, 1.0), **values}
    return mc.Scenario(model, inputs=inputs, time=mc.TimeGrid("2026-01-01", years=1, steps_per_year=1))


@pytest.mark.parametrize(
    "sampler", ["sobol", *(pytest.param(name, marks=pytest.mark.slow) for name in ("latin", "antithetic", "random"))]
)
def test_intervals_cover_what_they_say(sampler):
    """80% intervals of a probability, a mean and a median over 300 seeds, each within 4.5 sd (10%) of nominal.

    Errors too small by a factor of 1.4 would cover 64%, too large by as much 92%.
    """
    covered, n, t = np.zeros(3), 300, stats.t.ppf(0.9, 15)
    for seed in range(n):
        stated = mc.summarize(
            sums(), n_paths=16 * 128, seed=seed, sampler=sampler, replicates=16, quantiles=[0.5], threads=1
        )
        chips = mc.runs_out_of_chips(stated, confidence=0.8).sel(cause="any").isel(time=-1)
        end = stated.isel(time=-1)
        covered[0] += float(chips.lower) <= TRUE <= float(chips.upper)
        covered[1] += abs(float(end.growth_mean) - MEAN_GROWTH) <= t * float(end.growth_mean_error)
        covered[2] += abs(float(end.total[0])) <= t * float(end.total_error[0])
    assert (abs(covered / n - 0.8) < 4.5 * math.sqrt(0.8 * 0.2 / n)).all(), covered / n


def test_sobol_and_pairs_know_that_they_are_better():
    """The sum's mean has variance 2.25 / n on independent paths; Sobol' leaves the shocks' 0.25, pairs leave none."""
    n = 2**14
    error = {
        sampler: float(
            mc.summarize(sums(), n_paths=n, seed=3, sampler=sampler, replicates=64).total_mean_error.isel(time=-1)
        )
        for sampler in ("random", "sobol", "latin", "antithetic")
    }
    for sampler, variance in (("random", 2.25), ("sobol", 0.25), ("latin", 0.25)):
        assert 0.65 < error[sampler] / math.sqrt(variance / n) < 1.35  # its own standard deviation is 9%
    assert error["antithetic"] < 1e-15


def test_the_error_of_replicates_of_one_size_is_that_of_their_means():
    parts = np.random.default_rng(1).normal(size=(12, 3))
    due = (parts / 50).std(axis=0, ddof=1) / math.sqrt(12)
    np.testing.assert_allclose(replicate_error(parts, np.full(12, 50)), due)


def test_the_error_of_replicates_weighs_each_by_its_size():
    """R / (R - 1) sum w**2 (m - mean)**2, by hand: means 1, 3 and 7 of 10, 20 and 70 values, whose mean is 5.6."""
    due = math.sqrt(1.5 * ((0.1 * 4.6) ** 2 + (0.2 * 2.6) ** 2 + (0.7 * 1.4) ** 2))
    sizes = np.array([10, 20, 70])
    np.testing.assert_allclose(replicate_error(np.array([10.0, 60.0, 490.0]), sizes), due)
    np.testing.assert_allclose(replicate_error(np.array([[10.0], [60.0], [490.0]]), sizes), [due])


def test_the_error_of_replicates_of_two_sizes():
    """Squared, it averages to the variance of the mean: 20,000 runs of 3 to 4 values, within 4.5 standard errors."""
    rng, sizes = np.random.default_rng(2), np.array([4, 4, 4, 3, 3])
    parts = rng.normal(size=(5, 20_000)) * np.sqrt(sizes)[:, np.newaxis]
    squares = replicate_error(parts, sizes) ** 2
    bias = squares.mean() * sizes.sum() - 1.0
    assert abs(bias) < 4.5 * squares.std() * sizes.sum() / math.sqrt(20_000) + 0.01  # linearised: 0.4% of bias


@njit
def counted(values, tally):
    """Do what a kernel does with a slab of values."""
    count_values(values, np.uintp(values.shape[2]), np.uintp(0), tally)


def test_histograms_of_replicates_are_parts_of_the_whole():
    rng = np.random.default_rng(4)
    values, replicate = rng.standard_cauchy((2, 3, 1_000)), np.arange(1_000) % 7
    centre, scale = np.zeros((2, 3)), np.ones((2, 3))
    tally = Tally.empty(2, 0, 3, replicates=7)
    counted(values, tally.counted(centre, scale, replicate))
    assert (tally.counts[:, :, BINS:] == 0).all()  # no value is the centre
    wide = tally.counts[:, :, :BINS].reshape(2, 3, WIDE_BINS, -1).sum(axis=3)
    assert (tally.replicate_counts.sum(axis=2) == wide).all()
    assert (tally.replicate_counts.sum(axis=3) == np.bincount(replicate)).all()
    due = np.array([values[:, :, replicate == part].sum(axis=2) for part in range(7)])
    np.testing.assert_allclose(tally.replicate_sums.transpose(2, 0, 1), due, rtol=1e-12, atol=1e-9)


def test_what_a_wide_bin_hides_counts_as_independent():
    """All values in one wide bin, as many in each replicate: the median is known as well as on independent paths."""
    counts, parts = np.zeros((1, BINS + LANES), dtype=np.int64), np.zeros((1, 4, WIDE_BINS), dtype=np.int64)
    counts[0, 40 * 16 : 41 * 16] = 100
    parts[0, :, 40] = 400
    sizes, ends = np.full(4, 400), np.array([[-5.0], [5.0]])
    apart = Histogram(counts, np.zeros(1), np.ones(1), ends, parts, sizes, together=1)
    value, error = quantiles(apart, [0.3, 0.5])
    due = quantiles(apart._replace(parts=None, sizes=None), [0.3, 0.5])
    assert value.tolist() == due[0].tolist()
    np.testing.assert_allclose(error, due[1])
    # Pairs are half as many independent values.
    single, pairs = (_sampling_error(apart._replace(together=many), np.array([0.3, 0.5])) for many in (1, 2))
    np.testing.assert_allclose(single, np.sqrt([[0.3 * 0.7 / 1_600, 0.25 / 1_600]]))
    np.testing.assert_allclose(pairs, math.sqrt(2.0) * single)


def test_replicates_that_agree_fall_back_on_clopper_pearson():
    sizes = np.full(16, 100)
    for count in (0, 50, 100):
        hits = np.full((16, 1), count)
        error, lower, upper = replicate_interval(hits, sizes)
        assert (lower[0], upper[0]) == tuple(float(limit) for limit in binomial_interval(16 * count, 1_600))
        assert (error[0] > 0.0) == (count == 50)
        pairs = replicate_interval(hits, sizes, together=2)
        np.testing.assert_allclose(pairs[0], math.sqrt(2.0) * error)  # half as many trials
        assert (pairs[1][0], pairs[2][0]) == tuple(float(limit) for limit in binomial_interval(8 * count, 800))
    uneven = np.array([[7], [7], [6]]), np.array([14, 14, 12])  # one share, two sizes
    assert replicate_interval(*uneven)[1] > 0.0
    assert replicate_interval(*uneven)[2] - replicate_interval(*uneven)[1] > 0.2


def test_limits_stay_inside_zero_and_one():
    hits = np.zeros(16, dtype=np.int64)
    hits[0] = 40
    error, lower, upper = replicate_interval(np.stack([hits, 100 - hits], axis=1), np.full(16, 100))
    np.testing.assert_allclose(error, 40 / 1_600)
    assert lower.tolist()[0] == 0.0
    assert upper.tolist()[1] == 1.0
    np.testing.assert_allclose(upper[0], (40.0 + 40.0 * stats.t.ppf(0.975, 15)) / 1_600)


@pytest.mark.parametrize("together", [1, 2])
def test_one_hit_has_no_lower_upper_limit_than_none(together):
    """Nor one miss a higher lower limit: the replicates' shares say little of their spread where few are hit."""
    hits = np.zeros((16, 16), dtype=np.int64)
    hits[np.triu_indices(16, 1)] = together  # k pairs, or paths, of the k-th column
    _, _, upper = replicate_interval(hits, np.full(16, 100), together=together)
    _, lower, _ = replicate_interval(100 - hits, np.full(16, 100), together=together)
    assert (np.diff(upper) > 0.0).all()
    assert (np.diff(lower) < 0.0).all()
    _, highest = binomial_interval(np.arange(16), 1_600 // together)
    assert (upper >= highest * (1.0 - 1e-12)).all()


@pytest.mark.parametrize("mean_hits", [3.2, 5.0, 8.0, 16.0])
def test_intervals_of_rare_shares_cover(mean_hits):
    """95% intervals over 16 replicates of 1,000 paths, 20,000 times: no less than nominal by 4.5 sd, 0.7%.

    Student's t alone covers 87% at 3.2 and 5 hits expected, 91% at 8.
    """
    p = mean_hits / 16_000
    hits = np.random.default_rng(4).binomial(1_000, p, (16, 20_000))
    _, lower, upper = replicate_interval(hits, np.full(16, 1_000))
    covered = float(np.mean((lower <= p) & (p <= upper)))
    assert covered > 0.95 - 4.5 * math.sqrt(0.95 * 0.05 / 20_000)


def test_a_half_of_a_sobol_run_is_exact_and_still_has_an_interval():
    """Below its median lies one of two points in every scrambled net: no replicate differs from another."""
    known = sums(second=0.0)
    shares = mc.simulate(known, n_paths=16 * 64, seed=1, sampler="sobol")
    below = (shares.first < 0.0).groupby("replicate").sum()
    assert (below == 32).all()


def test_the_method_follows_the_run():
    one = {"n_paths": 640, "seed": 1}
    plain = mc.summarize(business(), **one)
    assert mc.runs_out_of_chips(plain).attrs["method"] == "clopper-pearson"
    parts = mc.summarize(business(), **one, replicates=8)
    assert mc.runs_out_of_chips(parts).attrs["method"] == "replicates"
    same = mc.runs_out_of_chips(parts, method="clopper-pearson")  # its paths are independent all the same
    assert (same.lower == mc.runs_out_of_chips(plain).lower).all()
    assert not {"cash_mean_error", "replicate_paths"} & set(plain)
    for name in set(plain.data_vars) - {f"{state}_error" for state in ("demand", "price", "cash")}:
        assert (plain[name].values == parts[name].values).all()


@pytest.mark.parametrize("method", ["clopper-pearson", "wilson"])
def test_binomial_intervals_are_refused_where_paths_hang_together(method):
    stated = mc.summarize(business(), n_paths=640, seed=1, sampler="sobol")
    with pytest.raises(mc.InputError, match=f"method = '{method}': holds for independent paths"):
        mc.runs_out_of_chips(stated, method=method)


@pytest.mark.parametrize("sampler", ["sobol", "latin", "antithetic", "random"])
def test_one_replicate_has_no_error_from_replicates(sampler):
    for run in (mc.simulate, mc.summarize):
        alone = run(business(), n_paths=64, seed=1, sampler=sampler, replicates=1)
        with pytest.raises(mc.InputError, match="needs at least two replicates"):
            mc.runs_out_of_chips(alone, method="replicates")
        if sampler != "random":
            with pytest.raises(mc.InputError, match="run it with replicates=16"):
                mc.runs_out_of_chips(alone)


def test_a_part_of_an_ensemble_counts_its_own_replicates():
    whole = mc.simulate(business(), n_paths=640, seed=1, sampler="sobol")
    part = whole.isel(path=whole.replicate.values % 2 == 0)
    chips = mc.runs_out_of_chips(part)
    assert chips.attrs["n_paths"] == 320
    shares = np.array([np.isfinite(rows.sel(event="cash")).mean() for _, rows in part.event_time.groupby("replicate")])
    due = shares.std(ddof=1) / math.sqrt(8)
    np.testing.assert_allclose(chips.standard_error.sel(cause="cash").values[-1], due)


def test_words_say_where_intervals_come_from():
    stated = mc.summarize(sums(), n_paths=4_096, seed=1, sampler="antithetic", variables=[])
    chips = mc.runs_out_of_chips(stated)
    end = chips.sel(cause="any").isel(time=-1)
    assert interval_name(chips) == "from 16 replicates"
    text = headline_text(headline(sums(), stated), seed=1, throughput=Throughput(1, 1, 1.0))
    assert "95% intervals, from 16 replicates" in text
    assert "Clopper-Pearson" not in text
    assert f"{100 * float(end.lower):.1f}% to {100 * float(end.upper):.1f}%" in text
    assert f"{100 * float(end.lower):.1f}% to {100 * float(end.upper):.1f}%" in describe_chips(chips)


def test_words_for_no_hits_count_pairs_once():
    never = sums(first=mc.Normal(90.0, 1.0))
    for sampler, text in (("sobol", "below 0.3% (95%, none in 1,024 paths)"), ("antithetic", "below 0.59%")):
        chips = mc.runs_out_of_chips(mc.summarize(never, n_paths=1_024, seed=1, sampler=sampler))
        assert describe_chips(chips).startswith(text)
        assert float(chips.upper.max()) > 0.0


class Late(NamedTuple):
    total: float


def late_step(state: Late, params: NoParams, shocks: Noise, clock: mc.Clock) -> Late:
    return Late(shocks.noise)


def late_initial(params: NoParams) -> Late:
    return Late(0.0)


def late_events(state: Late, params: NoParams, clock: mc.Clock) -> Low:
    return Low(state.total)


@pytest.mark.parametrize("sampler", ["sobol", "latin", "antithetic"])
def test_a_scenario_without_varying_inputs_runs(sampler):
    model = mc.Model(late_step, initial=late_initial, events=late_events)
    scenario = mc.Scenario(model, inputs={}, time=mc.TimeGrid("2026-01-01", years=1, steps_per_year=1))
    stated = mc.summarize(scenario, n_paths=4_096, seed=2, sampler=sampler)
    share = stated.event_count.values[0, -1] / 4_096
    assert abs(share - 0.5) < 4.5 * math.sqrt(0.25 / 4_096)
