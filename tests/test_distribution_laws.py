"""Laws that distributions of every family keep."""

import itertools
import json
import math
import tomllib
import warnings
from typing import Any

import numpy as np
import pytest
import scipy.special
import scipy.stats
import tomli_w
from distribution_cases import CONTINUOUS, EVERY, HUMPS, LAUNCH
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from montecarlo_ai.distributions import (
    Beta,
    Clipped,
    Distribution,
    Empirical,
    Gamma,
    LogNormal,
    Measured,
    Mixture,
    Normal,
    Scaled,
    ScipyDistribution,
    StudentT,
    Truncated,
    Uniform,
    distribution_from_dict,
)
from montecarlo_ai.errors import InputError

GRID = np.r_[10.0 ** np.arange(-12.0, -1.0), np.linspace(0.02, 0.98, 49), 1.0 - 10.0 ** np.arange(-9.0, -1.0)]
PAIRS: list[tuple[Distribution, Any]] = [
    (Beta(2.0, 3.0), scipy.stats.beta(2.0, 3.0)),
    (Beta(0.05, 7.0), scipy.stats.beta(0.05, 7.0)),
    (Gamma(2.0, 3.0), scipy.stats.gamma(2.0, scale=3.0)),
    (Gamma(0.1, 3.0), scipy.stats.gamma(0.1, scale=3.0)),
    (StudentT(3.0, 1.0, 2.0), scipy.stats.t(3.0, 1.0, 2.0)),
    (StudentT(30.0), scipy.stats.t(30.0)),
    (Normal(0.0, 1.0).truncate(8.0, 9.0), scipy.stats.truncnorm(8.0, 9.0)),
    (Normal(1.0, 2.0).truncate(low=0.0), scipy.stats.truncnorm(-0.5, math.inf, 1.0, 2.0)),
]

levels = st.floats(1e-9, 1.0 - 1e-9)


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=[repr(ours) for ours, _ in PAIRS])
def test_quantiles_probabilities_and_means_are_those_of_scipy(ours: Distribution, theirs: Any) -> None:
    np.testing.assert_allclose(ours.ppf(GRID), theirs.ppf(GRID), rtol=1e-9, atol=1e-14)
    x = theirs.ppf(np.linspace(0.001, 0.999, 101))
    np.testing.assert_allclose(ours.cdf(x), theirs.cdf(x), rtol=1e-10, atol=1e-15)
    assert ours.mean() == pytest.approx(theirs.mean(), rel=1e-9)


@pytest.mark.parametrize("distribution", EVERY, ids=repr)
def test_plain_form_survives_json_and_toml(distribution: Distribution) -> None:
    table = distribution.to_dict()
    for read in (json.loads(json.dumps(table)), tomllib.loads(tomli_w.dumps(table))):
        again = distribution_from_dict(read)
        assert again == distribution
        assert hash(again) == hash(distribution)
        assert type(again) is type(distribution)
        assert repr(again) == repr(distribution)


@pytest.mark.parametrize("distribution", EVERY, ids=repr)
def test_quantiles_ascend_inside_the_support_and_are_elementwise(distribution: Distribution) -> None:
    low, high = distribution.support()
    assert tuple(distribution.ppf([0.0, 1.0])) == (low, high)
    u = np.sort(np.random.default_rng(5).random(1024))
    for values in (distribution.ppf(u), distribution.draws(u)):
        assert np.isfinite(values).all()
        assert (np.diff(values) >= 0.0).all()
        assert values[0] >= low
        assert values[-1] <= high
    assert np.array_equal(distribution.draws(u)[:256], distribution.draws(u[:256]))
    assert np.array_equal(distribution.draws(u)[::-1], distribution.draws(np.ascontiguousarray(u[::-1])))
    assert distribution.ppf(u)[7] == distribution.ppf(float(u[7]))


@pytest.mark.parametrize("distribution", CONTINUOUS, ids=repr)
@given(u=levels)
@settings(max_examples=25, deadline=None)
def test_probability_of_a_quantile_is_the_probability(distribution: Distribution, u: float) -> None:
    x = float(distribution.ppf(u))
    # One rounding of x moves the probability by the density times that.
    slack = float(distribution.cdf(x + 4.0 * math.ulp(x)) - distribution.cdf(x - 4.0 * math.ulp(x)))
    assert abs(distribution.cdf(x) - u) <= 1e-12 + slack


@pytest.mark.parametrize("distribution", EVERY, ids=repr)
@given(u=levels)
@settings(max_examples=25, deadline=None)
def test_a_quantile_is_the_smallest_value_with_its_probability(distribution: Distribution, u: float) -> None:
    x = float(distribution.ppf(u))
    assert distribution.cdf(x + 1e-9 * max(abs(x), 1e-3)) >= u - 1e-12
    assert distribution.cdf(x - 1e-9 * max(abs(x), 1e-3)) <= u + 1e-12


@pytest.mark.parametrize("distribution", EVERY, ids=repr)
def test_tails_add_to_one(distribution: Distribution) -> None:
    x = np.asarray(distribution.ppf(np.linspace(0.01, 0.99, 21)))
    np.testing.assert_allclose(distribution._exceedances(x) + distribution.cdf(x), 1.0, atol=1e-13)
    assert float(distribution.cdf(-math.inf)) == 0.0
    assert float(distribution.cdf(math.inf)) == 1.0
    assert math.isnan(distribution.cdf(math.nan))


NESTED = (Mixture, Truncated, Clipped)
OF_FINITE_MEAN = [
    pytest.param(one, marks=pytest.mark.slow if isinstance(one, NESTED) and one is not HUMPS else ())
    for one in EVERY
    if math.isfinite(one.mean())
]


@pytest.mark.parametrize("distribution", OF_FINITE_MEAN, ids=repr)
def test_mean_is_the_integral_of_the_quantiles(distribution: Distribution) -> None:
    low, high = distribution.ppf([1e-12, 1.0 - 1e-12])
    atoms = np.unique(distribution.cdf(np.unique(distribution.ppf(np.linspace(0.001, 0.999, 499)))))
    pieces = np.r_[0.0, atoms[:: max(1, len(atoms) // 40)], 1.0]
    total = sum(quad(lambda u: float(distribution.ppf(u)), *ends, limit=200)[0] for ends in itertools.pairwise(pieces))
    assert distribution.mean() == pytest.approx(total, rel=2e-5, abs=1e-9 * (high - low))


@pytest.mark.parametrize(("a", "b"), [(2.0, 5.0), (5.0, 2.0), (0.1, 3.0), (3.0, 0.1), (50.0, 2.0), (5.0, 30.0)])
def test_means_of_parts_of_shares_are_the_closed_form(a: float, b: float) -> None:
    """E[X; X <= x] is a / (a + b) times the probability up to x with shape a + 1, and so are the means of clips."""
    whole = Beta(a, b)
    for low, high in ((0.0, 0.3), (0.1, 0.9), (0.4, 1.0)):
        up_to, further = (scipy.stats.beta(shape, b).cdf([low, high]) for shape in (a, a + 1.0))
        inside = whole.mean() * float(further[1] - further[0])
        assert whole.truncate(low, high).mean() == pytest.approx(inside / float(up_to[1] - up_to[0]), rel=1e-9)
        clipped = inside + low * float(up_to[0]) + high * float(1.0 - up_to[1])
        assert whole.clip(low, high).mean() == pytest.approx(clipped, rel=1e-9)


def test_shares_of_the_smallest_probabilities_are_their_first_term() -> None:
    """Where x is tiny, P(X <= x) = x**a / (a B(a, b)) to the last digit; scipy has nan there for some shapes."""
    u = np.r_[10.0 ** -np.arange(90.0, 308.0, 7.0), 5e-324]
    for a, b in ((2.0, 5.0), (3.0, 50.0), (5.0, 0.1), (10.0, 2.0)):
        whole, mirrored = Beta(a, b), Beta(b, a)
        x = np.asarray(whole.ppf(u))
        expected = (np.log(u) + math.log(a) + scipy.special.betaln(a, b)) / a
        np.testing.assert_allclose(np.log(x), expected, rtol=0.0, atol=1e-7)
        np.testing.assert_allclose(whole.cdf(x[:-1]), u[:-1], rtol=1e-7)
        assert (np.diff(x) < 0.0).all()
        assert (mirrored._upper_quantiles(u) >= 1.0 - 1e-7).all()


def test_means_that_do_not_exist_are_said_to_be_none() -> None:
    assert math.isnan(StudentT(1.0).mean())
    assert StudentT(0.5).clip(low=-3.0).shifted(1.0).mean() == math.inf
    assert StudentT(1.0).truncate(low=0.0).mean() == math.inf
    assert StudentT(1.0).truncate(high=0.0).mean() == -math.inf
    assert math.isfinite(StudentT(1.0).truncate(-1.0, 3.0).mean())
    assert ScipyDistribution(scipy.stats.pareto(0.5)).truncate(low=2.0).mean() == math.inf
    assert ScipyDistribution(scipy.stats.pareto(0.5)).clip(high=9.0).mean() < 9.0
    assert Mixture([LogNormal(0.0, 1e3), 1.0], [0.5, 0.5]).mean() == math.inf


@pytest.mark.parametrize("distribution", EVERY, ids=repr)
@given(factor=st.floats(1e-3, 1e3), offset=st.floats(-50.0, 50.0))
@settings(max_examples=10, deadline=None)
def test_scaling_shifting_and_units_commute_with_quantiles(
    distribution: Distribution, factor: float, offset: float
) -> None:
    u = np.array([0.0, 1e-6, 0.1, 0.5, 0.77, 1.0 - 1e-6, 1.0])
    expected = distribution.ppf(u)
    size = factor * np.abs(expected[np.isfinite(expected)]).max()
    np.testing.assert_allclose(distribution.scaled(factor).ppf(u), factor * expected, rtol=1e-9, atol=1e-12 * size)
    moved = distribution.shifted(offset)
    np.testing.assert_allclose(moved.ppf(u), expected + offset, rtol=1e-9, atol=1e-9)
    assert distribution_from_dict(moved.to_dict()) == moved
    measured = distribution.with_units("billion USD")
    assert np.array_equal(measured.ppf(u), expected)
    assert measured.in_units("billion USD", "x") == distribution.scaled(1.0)


@pytest.mark.parametrize("distribution", EVERY, ids=repr)
@given(ends=st.tuples(st.floats(0.05, 0.95), st.floats(0.05, 0.95)), place=st.floats(0.0, 1.0))
@settings(max_examples=15, deadline=None)
def test_truncation_conditions_and_clipping_moves(
    distribution: Distribution, ends: tuple[float, float], place: float
) -> None:
    low, high = (float(distribution.ppf(u)) for u in sorted(ends))
    x = float(distribution.ppf(min(max(place, 0.001), 0.999)))
    if low >= high or abs(ends[0] - ends[1]) < 1e-3:
        return
    clipped = distribution.clip(low, high)
    assert clipped.ppf(place) == min(max(float(distribution.ppf(place)), low), high)
    assert clipped.cdf(x) == (0.0 if x < low else 1.0 if x >= high else float(distribution.cdf(x)))
    truncated = distribution.truncate(low, high)
    below = float(distribution.cdf(np.nextafter(low, -math.inf)))
    mass = float(distribution.cdf(high)) - below
    assert truncated.mass == pytest.approx(mass, abs=1e-12)  # type: ignore[attr-defined]
    expected = (float(distribution.cdf(min(max(x, low), high))) - below) / mass if x >= low else 0.0
    assert float(truncated.cdf(x)) == pytest.approx(expected, abs=1e-11 / mass)
    assert low <= truncated.ppf(place) <= high


def test_truncation_far_in_a_tail_is_exact() -> None:
    tail = Normal(0.0, 1.0).truncate(8.0, 9.0)
    mirrored = Normal(0.0, 1.0).truncate(-9.0, -8.0)
    u = np.linspace(0.0, 1.0, 101)
    np.testing.assert_allclose(tail.ppf(u), -mirrored.ppf(1.0 - u), rtol=1e-14)
    # mpmath, 40 digits: the quantile with half of Q(8) + Q(9) above, and the mean (phi(8) - phi(9)) / (Q(8) - Q(9)).
    mpmath = pytest.importorskip("mpmath")
    with mpmath.workdps(40):
        above = [mpmath.erfc(mpmath.mpf(z) / mpmath.sqrt(2)) / 2 for z in (8, 9)]
        middle = mpmath.findroot(lambda z: mpmath.erfc(z / mpmath.sqrt(2)) / 2 - (above[0] + above[1]) / 2, 8.1)
        mean = (mpmath.npdf(8) - mpmath.npdf(9)) / (above[0] - above[1])
    assert tail.median() == pytest.approx(float(middle), rel=1e-14)
    assert tail.mean() == pytest.approx(float(mean), rel=1e-11)


def test_truncation_of_steps_starts_at_the_first_inside() -> None:
    counts = ScipyDistribution(scipy.stats.poisson(3.0)).truncate(2.5, 6.0)
    assert counts.support() == (3.0, 6.0)
    shares = scipy.stats.poisson(3.0).pmf([3, 4, 5, 6])
    assert counts.mean() == pytest.approx(float(shares @ [3, 4, 5, 6]) / float(shares.sum()), rel=1e-12)
    np.testing.assert_allclose(
        counts.cdf([2.9, 3.0, 4.5, 6.0]), np.r_[0.0, np.cumsum(shares)[[0, 1, 3]]] / shares.sum()
    )


def test_mixtures_hold_steps_and_closed_forms() -> None:
    assert float(LAUNCH.cdf(0.0)) == 0.3
    assert list(LAUNCH.ppf([0.0, 0.1, 0.3])) == [0.0, 0.0, 0.0]
    assert LAUNCH.mean() == pytest.approx(0.7 * math.exp(1.0 + 0.245), rel=1e-14)
    x = np.linspace(-2.0, 4.0, 13)
    expected = 0.6 * scipy.stats.norm.cdf(x) + 0.4 * scipy.stats.norm(3.0, 0.5).cdf(x)
    np.testing.assert_allclose(HUMPS.cdf(x), expected, rtol=1e-14)


def test_draws_of_a_sample_are_its_values() -> None:
    sample = Empirical([3.0, 1.0, 2.0, 2.0])
    assert set(sample.sample(200, seed=1)) == {1.0, 2.0, 3.0}
    assert list(sample.ppf([0.0, 0.25, 0.26, 0.75, 0.76, 1.0])) == [1.0, 1.0, 2.0, 2.0, 3.0, 3.0]
    assert sample == Empirical(np.array([1.0, 2.0, 2.0, 3.0]))
    assert sample.mean() == 2.0


@pytest.mark.parametrize("distribution", CONTINUOUS, ids=repr)
def test_draws_are_within_the_stated_error_of_the_quantiles(distribution: Distribution) -> None:
    assert 0.0 <= distribution.table_error <= 1e-9
    u = (np.random.default_rng(3).integers(0, 2**52, 4096) + 0.5) * 2.0**-52
    u = np.r_[u, 2.0**-53, 1e-12, 1.0 - 1e-12, 1.0 - 2.0**-53]
    expected, median = distribution.ppf(u), distribution.median()
    scale = np.maximum(np.ptp(distribution.ppf([0.25, 0.75])), np.abs(expected - median))
    # Beyond the table's error: a rounding of u near one is one of the score, and a rounding of the value itself.
    slack = np.abs(distribution.ppf(np.minimum(u + 2.0**-52, 1.0 - 2.0**-53)) - expected) + 1e-14 * np.abs(expected)
    assert (np.abs(distribution.draws(u) - expected) <= (1.01 * distribution.table_error + 1e-12) * scale + slack).all()
    scores = scipy.stats.norm.ppf(u)
    near = np.abs(distribution.at_normal_scores(scores) - expected) <= 1e-8 * scale + 2.0 * slack
    assert near.all()


EXTREME = [
    *(
        Gamma(1e-3, 1.0),
        Gamma(1e6, 1.0),
        Beta(1e-3, 1e-3),
        Beta(1e-3, 1e6),
        Beta(1e6, 1e6),
        StudentT(0.5),
        StudentT(1e6),
    ),
    Mixture([Gamma(1e-3, 1.0), StudentT(0.5, 1e6, 1e-3)], [0.5, 0.5]).truncate(0.5).truncate(high=1e7),
    Normal(0.0, 1.0).truncate(8.0, 9.0).truncate(8.5),
    Mixture([Uniform(0.0, 1.0), Uniform(5.0, 6.0)], [0.5, 0.5]),
]


@pytest.mark.parametrize("distribution", EXTREME, ids=repr)
def test_extreme_parameters_give_finite_ascending_quantiles(distribution: Distribution) -> None:
    u = np.sort((np.random.default_rng(1).integers(0, 2**52, 512) + 0.5) * 2.0**-52)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for values in (distribution.ppf(u), distribution.draws(u)):
            assert np.isfinite(values).all()
            assert (np.diff(values) >= 0.0).all()
    low, high = distribution.support()
    assert low <= values[0] <= values[-1] <= high


def test_gaps_and_steps_are_never_drawn_from_a_table() -> None:
    gapped = Mixture([Uniform(0.0, 1.0), Uniform(5.0, 6.0)], [0.5, 0.5])
    histogram = ScipyDistribution(scipy.stats.rv_histogram(([1, 0, 3], [0.0, 1.0, 2.0, 3.0])).freeze())
    u = np.random.default_rng(2).random(2000)
    for distribution in (gapped, histogram, ScipyDistribution(scipy.stats.poisson(3.0))):
        assert distribution.table_error == 0.0
        assert np.array_equal(distribution.draws(u), distribution.ppf(u))
    assert not ((gapped.draws(u) > 1.0) & (gapped.draws(u) < 5.0)).any()


def test_median_and_interval_are_quantiles() -> None:
    assert Gamma(2.0, 3.0).median() == Gamma(2.0, 3.0).ppf(0.5)
    assert Normal(1.0, 2.0).interval(0.9) == pytest.approx(scipy.stats.norm(1.0, 2.0).interval(0.9), rel=1e-14)
    with pytest.raises(InputError, match="below 1"):
        Normal(0.0, 1.0).interval(1.0)


@given(factor=st.floats(1e-6, 1e6), offset=st.one_of(st.just(0.0), st.floats(-1e9, 1e9)))
@settings(max_examples=200, deadline=None)
def test_scaling_never_rounds_past_a_step(factor: float, offset: float) -> None:
    whole = Empirical([0.1, 0.3, 1.0, 3.0, 7.0])
    scaled = Scaled(whole, factor, offset)
    steps = np.unique(factor * np.array(whole.values) + offset)
    expected = [float(whole.cdf(max(v for v in whole.values if factor * v + offset <= step))) for step in steps]
    assert list(scaled.cdf(steps)) == expected
    assert list(scaled.cdf(np.nextafter(steps, -math.inf))) == [0.0, *expected[:-1]]


def test_what_is_moved_to_an_end_counts_there_once() -> None:
    """P(X < low) is moved to low; a value that was at low already is not."""
    stepped = Empirical([0.0, 1.0, 3.0], [0.2, 0.5, 0.3])
    clipped = stepped.clip(1.0, 2.0)
    assert clipped.mean() == pytest.approx(0.7 * 1.0 + 0.3 * 2.0, rel=1e-15)
    assert clipped.truncate(high=1.5).mean() == pytest.approx(1.0, rel=1e-15)
    assert clipped.truncate(low=1.0).mean() == pytest.approx(1.3, rel=1e-15)
    assert list(clipped.cdf([math.nextafter(1.0, 0.0), 1.0, 2.0])) == [0.0, 0.7, 1.0]
    normal = scipy.stats.norm
    between = float(normal.pdf(1.0) - normal.pdf(1.5))  # E[X; 1 <= X <= 1.5]
    kept = Normal(0.0, 1.0).clip(1.0, 2.0).truncate(high=1.5)
    assert kept.mean() == pytest.approx((normal.cdf(1.0) + between) / normal.cdf(1.5), rel=1e-9)
    above = Normal(0.0, 1.0).clip(1.0, 2.0).truncate(low=1.5)
    beyond = float(normal.pdf(1.5) - normal.pdf(2.0)) + 2.0 * normal.sf(2.0)
    assert above.mean() == pytest.approx(beyond / normal.sf(1.5), rel=1e-9)


def test_measured_distributions_speak_their_own_units() -> None:
    measured = LogNormal.from_interval(1.0, 10.0).with_units("billion USD/year")
    in_dollars = measured.in_units("USD/year", "inputs.x")
    assert in_dollars.median() == pytest.approx(1e9 * measured.median(), rel=1e-14)
    assert isinstance(in_dollars, LogNormal)
    assert in_dollars.claim is not None
    assert in_dollars.claim.values == (1e9, 1e10)
    assert measured.to("million USD/month").median() == pytest.approx(1e3 / 12.0 * measured.median())
    assert isinstance(measured.truncate(low=2.0), Measured)
    assert isinstance(measured.clip(low=2.0), Measured)
    assert isinstance(measured.truncate(low=2.0).in_units("USD/year", "x"), Truncated)
    assert isinstance(measured.clip(high=2.0).in_units("USD/year", "x"), Clipped)
    assert distribution_from_dict(measured.to_dict()) == measured
    assert measured != in_dollars
    with pytest.raises(InputError, match=r"inputs\.x.*billion USD/year.*GW"):
        measured.in_units("GW", "inputs.x")


@given(
    masses=st.lists(st.floats(0.05, 0.4), min_size=1, max_size=3),
    places=st.lists(st.floats(-4.0, 6.0), min_size=3, max_size=3, unique=True),
)
@settings(max_examples=10, deadline=None)
def test_draws_of_mixtures_with_known_numbers_are_their_quantiles(masses: list[float], places: list[float]) -> None:
    known = [mass / 1.3 / max(1.0, sum(masses)) for mass in masses]
    rest = 1.0 - sum(known)
    mixture = Mixture(
        [*places[: len(known)], Normal(0.0, 1.0), Gamma(2.0, 1.0)], [*known, rest / 3.0, rest - rest / 3.0]
    )
    u = (np.random.default_rng(4).integers(0, 2**52, 500) + 0.5) * 2.0**-52
    np.testing.assert_allclose(mixture.draws(u), mixture.ppf(u), rtol=1e-9, atol=1e-9)
    scores = scipy.stats.norm.ppf(u)
    np.testing.assert_allclose(mixture.at_normal_scores(scores), mixture.ppf(u), rtol=1e-7, atol=1e-7)
    assert mixture.table_error <= 1e-9
