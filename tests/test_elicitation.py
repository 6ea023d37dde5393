"""Distributions from what people claim: exact where it can be, the nearest with its misfit where it cannot."""

import math
import warnings
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from montecarlo_ai.distributions import (
    PERT,
    Beta,
    Distribution,
    Exponential,
    Gamma,
    LogNormal,
    LogUniform,
    Metalog,
    MisfitWarning,
    Normal,
    StudentT,
    Triangular,
    Uniform,
    distribution_from_dict,
)
from montecarlo_ai.errors import InputError

FAMILIES: list[Any] = [
    Normal(2.0, 3.0),
    LogNormal(0.5, 0.8),
    Uniform(-1.0, 4.0),
    LogUniform(0.1, 30.0),
    Triangular(1.0, 2.0, 5.0),
    PERT(0.0, 2.0, 10.0),
    Beta(2.0, 3.0),
    Beta(0.6, 30.0),
    Gamma(0.5, 3.0),
    Gamma(40.0, 1e-6),
    StudentT(3.0, 1.0, 2.0),
    Exponential(0.5),
]
TWO_PARAMETERS: list[Any] = [Normal, LogNormal, Uniform, LogUniform, Gamma]


@pytest.mark.parametrize("own", FAMILIES, ids=repr)
@pytest.mark.parametrize("levels", [(0.1, 0.35, 0.9), (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)])
def test_fits_recover_a_family_from_its_own_quantiles(own: Any, levels: tuple[float, ...]) -> None:
    found = type(own).from_quantiles({level: float(own.ppf(level)) for level in levels})
    size = own.ppf(0.75) - own.ppf(0.25)
    for name, value in own.parameters.items():
        assert found.parameters[name] == pytest.approx(value, rel=1e-6, abs=1e-7 * size)
    assert found.claim.misfit < 1e-8
    assert found.claim.value_misfit < 1e-7 * size


def test_published_metalog() -> None:
    metalog = Metalog.from_quantiles({0.1: 1.0, 0.5: 2.0, 0.9: 4.0})
    assert list(metalog.ppf([0.05, 0.1, 0.5, 0.9, 0.95])) == pytest.approx(
        [0.743683, 1.0, 2.0, 4.0, 4.763898], abs=5e-7
    )
    assert metalog.mean() == pytest.approx(2.284450, abs=5e-7)
    bounded = Metalog.from_quantiles({0.1: 1.0, 0.5: 2.0, 0.9: 4.0}, low=0.0)
    # Logarithms of the quantiles are symmetric, so two terms serve: log-logistic, whose mean is a closed form.
    scale = math.log(2.0) / math.log(9.0)
    assert bounded.mean() == pytest.approx(2.0 * math.pi * scale / math.sin(math.pi * scale), rel=1e-9)


def test_other_published_numbers() -> None:
    elicited = LogNormal.from_interval(1.0, 10.0)
    assert (elicited.mu, elicited.sigma) == pytest.approx((1.151293, 0.699936), abs=5e-7)
    assert elicited.mean() == pytest.approx(4.040013, abs=5e-7)
    assert (PERT(0.0, 2.0, 10.0).alpha, PERT(0.0, 2.0, 10.0).beta) == (1.8, 4.2)


@pytest.mark.parametrize("family", TWO_PARAMETERS)
@given(low=st.floats(1e-6, 1e6), ratio=st.floats(1.02, 100.0), level=st.floats(0.1, 0.98))
@settings(max_examples=25, deadline=None)
def test_intervals_hold_their_level(family: Any, low: float, ratio: float, level: float) -> None:
    found = family.from_interval(low, ratio * low, level)
    assert found.interval(level) == pytest.approx((low, ratio * low), rel=1e-6)


@given(low=st.floats(0.001, 0.9), gap=st.floats(0.02, 0.98), level=st.floats(0.2, 0.98))
@settings(max_examples=50, deadline=None)
def test_intervals_of_shares_hold_their_level(low: float, gap: float, level: float) -> None:
    high = low + gap * (0.999 - low)
    found = Beta.from_interval(low, high, level)
    assert found.interval(level) == pytest.approx((low, high), rel=1e-6)


@pytest.mark.parametrize("own", FAMILIES, ids=repr)
@given(factor=st.floats(1e-9, 1e9))
@settings(max_examples=10, deadline=None)
def test_fits_do_not_depend_on_the_scale(own: Any, factor: float) -> None:
    if isinstance(own, Beta):
        return
    claimed = dict(zip((0.05, 0.3, 0.5, 0.95), np.array([1.0, 2.3, 2.9, 6.0]), strict=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MisfitWarning)
        first = type(own).from_quantiles(claimed)
        second = type(own).from_quantiles({level: value * factor for level, value in claimed.items()})
    np.testing.assert_allclose(second.ppf([0.1, 0.5, 0.9]), factor * first.ppf([0.1, 0.5, 0.9]), rtol=1e-5)


def test_the_fit_is_the_least_squares_in_values() -> None:
    levels, values = np.array([0.05, 0.2, 0.5, 0.95]), np.array([-1.0, 0.1, 0.7, 3.0])
    with pytest.warns(MisfitWarning):
        found = Normal.from_quantiles(dict(zip(levels, values, strict=True)))
    slope, intercept = np.polyfit(scipy.stats.norm.ppf(levels), values, 1)
    assert (found.loc, found.sd) == pytest.approx((intercept, slope), rel=1e-12)


@pytest.mark.parametrize(
    "claimed",
    [
        {0.0004: -1.2946, 0.0054: -0.8682, 0.2584: -0.0256, 0.9672: -0.0141, 0.9741: 0.3486},
        {0.001: -2.397, 0.002: -2.314, 0.028: -1.845, 0.039: -1.576},
        {0.004: 0.138, 0.043: 0.196, 0.462: 0.814, 0.543: 0.986},
    ],
)
@pytest.mark.filterwarnings("ignore::montecarlo_ai.distributions.MisfitWarning")
def test_no_other_triangle_is_nearer(claimed: dict[float, float]) -> None:
    """The least squares of a triangle have several local minima: its mode may lie between any two claimed quantiles."""
    levels, values = np.array(list(claimed)), np.array(list(claimed.values()))
    found = Triangular.from_quantiles(claimed)
    least = float(((found.ppf(levels) - values) ** 2).sum())
    for mode in np.linspace(0.0, 1.0, 2001):
        places = np.asarray(Triangular(0.0, float(mode), 1.0).ppf(levels))
        fitted = np.polyval(np.polyfit(places, values, 1), places)
        assert least <= float(((fitted - values) ** 2).sum()) * (1.0 + 1e-6)


@pytest.mark.filterwarnings("ignore::montecarlo_ai.distributions.MisfitWarning")
@pytest.mark.parametrize(
    "make",
    [
        lambda: Gamma.from_interval(0.2, 1e308),
        lambda: PERT.from_quantiles({0.1: 1.0, 0.5: 2.0, 0.9: 1e308}),
        lambda: Triangular.from_quantiles({0.1: -1.7e308, 0.5: 2.0, 0.9: 1.7e308}),
    ],
)
def test_fits_that_leave_the_range_of_a_float_are_refused(make: Any) -> None:
    with pytest.raises(InputError, match="must be a finite number"):
        make()


def test_what_was_claimed_stays_beside_the_distribution() -> None:
    with pytest.warns(MisfitWarning, match=r"claimed 0\.5 quantile 4 lies at probability 0\.588"):
        found = LogNormal.from_quantiles({0.05: 1.0, 0.5: 4.0, 0.95: 10.0})
    claim = found.claim
    assert claim is not None
    assert (claim.probabilities, claim.values) == ((0.05, 0.5, 0.95), (1.0, 4.0, 10.0))
    assert claim.fitted_values == pytest.approx(found.ppf([0.05, 0.5, 0.95]))
    assert claim.fitted_probabilities == pytest.approx(found.cdf([1.0, 4.0, 10.0]))
    assert claim.misfit == pytest.approx(abs(float(found.cdf(4.0)) - 0.5))
    assert claim.value_misfit == pytest.approx(max(abs(found.ppf(claim.probabilities) - np.array(claim.values))))
    assert claim.worst == 0.5
    assert "claimed 0.5 quantile 4" in repr(found)
    again = LogNormal(found.mu, found.sigma)
    assert again == found
    assert hash(again) == hash(found)
    assert again.to_dict() == found.to_dict()
    assert again.claim is None
    assert "claimed" not in repr(again)
    with pytest.raises(AttributeError):
        claim.values = ()  # type: ignore[misc]


def test_small_misfits_are_silent_and_larger_ones_are_seen() -> None:
    own = Normal(0.0, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        near = Normal.from_quantiles({0.1: -1.28, 0.5: 0.0, 0.9: 1.29})
        off = Normal.from_quantiles({0.1: float(own.ppf(0.1)), 0.5: 0.1, 0.9: float(own.ppf(0.9))})
    assert "claimed" not in repr(near)
    assert 0.005 < off.claim.misfit < 0.05  # type: ignore[union-attr]
    assert "claimed 0.5 quantile 0.1" in repr(off)


def test_tables_of_files_keep_the_claim() -> None:
    table = {"distribution": "gamma", "quantiles": {"0.05": 1.0, "0.5": 3.0, "0.95": 8.0}, "units": "GW"}
    claim = distribution_from_dict(table).claim
    assert claim is not None
    assert claim.values == (1.0, 3.0, 8.0)
    interval = distribution_from_dict({"distribution": "beta", "interval": [0.1, 0.4], "level": 0.5}).claim
    assert interval is not None
    assert interval.probabilities == (0.25, 0.75)
    metalog = distribution_from_dict(
        {"distribution": "metalog", "quantiles": {"0.1": 1.0, "0.5": 2.0, "0.9": 4.0}, "low": 0.0, "terms": 2}
    )
    assert isinstance(metalog, Metalog)
    assert len(metalog.coefficients) == 2
    assert metalog.low == 0.0
    assert metalog.claim is not None


@given(
    values=st.lists(st.floats(0.05, 0.95), min_size=3, max_size=5, unique=True),
    ends=st.sampled_from([(None, None), (0.0, None), (None, 1.0), (0.0, 1.0)]),
)
@example(values=[0.9453125, 0.25, 0.1875, 0.140625, 0.0625], ends=(0.0, 1.0))
@example(values=[0.9375, 0.25, 0.1875, 0.15625, 0.0625], ends=(0.0, 1.0))
@settings(max_examples=60, deadline=None)
def test_metalogs_go_through_their_quantiles_or_say_where_they_fail(
    values: list[float], ends: tuple[float | None, float | None]
) -> None:
    """In doubles: near an end of 1 they are 1e-16 apart, where a quantile may be nearer to it than that."""
    values = sorted(values)
    assume(min(np.diff(values)) > 1e-3)
    levels = np.linspace(0.1, 0.9, len(values))
    try:
        metalog = Metalog.from_quantiles(dict(zip(levels, values, strict=True)), *ends)
    except InputError as error:
        if "does not ascend at probability" not in str(error):
            raise
        return
    np.testing.assert_allclose(metalog.ppf(levels), values, rtol=1e-8)
    u = np.linspace(0.0, 1.0, 999)
    x = metalog.ppf(u)
    apart = np.diff(x) > 0.0
    assert (apart | (np.diff(x) == 0.0) & (x[:-1] > 1.0 - 1e-12) & (ends[1] is not None)).all()
    x, u = x[1:-1], u[1:-1]
    assert (metalog.cdf(x - 2.0 * np.spacing(x)) - 1e-9 <= u).all()
    assert (u <= metalog.cdf(x + 2.0 * np.spacing(x)) + 1e-9).all()


@pytest.mark.parametrize("count", [3, 5, 7, 9, 11, 13, 15])
def test_metalogs_go_through_quantiles_at_symmetric_levels(count: int) -> None:
    """There an odd number of levels makes terms that are odd about one half dependent for 7, 11, 15 of them."""
    below = np.linspace(0.03, 0.4, count // 2)
    levels = np.concatenate([below, [0.5], 1.0 - below[::-1]])
    values = scipy.stats.gumbel_r(10.0, 2.0).ppf(levels)
    metalog = Metalog.from_quantiles(dict(zip(levels, values, strict=True)))
    np.testing.assert_allclose(metalog.ppf(levels), values, rtol=1e-9)
    bounded = Metalog.from_quantiles(dict(zip(levels, values, strict=True)), low=0.0)
    np.testing.assert_allclose(bounded.ppf(levels), values, rtol=1e-9)


def test_metalogs_of_the_terms_that_are_asked_for_have_no_more() -> None:
    levels = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95]
    claimed = dict(zip(levels, [1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 15.0], strict=True))
    assert len(Metalog.from_quantiles(claimed, terms=7).coefficients) == 7
    exact = Metalog.from_quantiles(claimed)
    np.testing.assert_allclose(exact.ppf(levels), list(claimed.values()), rtol=1e-9)


def test_metalogs_that_do_not_ascend_are_refused() -> None:
    with pytest.raises(InputError, match=r"Metalog\.coefficients.*does not ascend at probability 0\.5"):
        Metalog([0.0, 1.0, 0.0, -5.0])
    with pytest.raises(InputError, match=r"does not ascend at probability 0\.9"):
        Metalog([0.0, 1.0, -2.5])
    with pytest.raises(InputError, match="does not ascend"):
        Metalog.from_quantiles({0.1: 0.0, 0.49: 1.0, 0.5: 9.0, 0.9: 9.1})


def test_means_of_metalogs() -> None:
    assert Metalog([1.0, 2.0, 0.0, 3.0, 0.7]).mean() == pytest.approx(1.0 + 0.7 / 12.0)
    for slope in (1.0, 1.2):  # E[exp(slope logit)] = pi slope / sin(pi slope) ends at one
        assert Metalog([0.0, slope], low=0.0).mean() == math.inf
        assert Metalog([0.0, slope], high=0.0).mean() == -math.inf
    assert Metalog([0.0, 0.9], low=0.0).mean() == pytest.approx(0.9 * math.pi / math.sin(0.9 * math.pi), rel=1e-7)
    assert Metalog([0.0, 1.2], low=0.0, high=2.0).mean() == pytest.approx(1.0)
    uniform = Metalog.from_quantiles({0.1: 1.0, 0.3: 3.0, 0.5: 5.0, 0.9: 9.0})
    assert uniform.support() == pytest.approx((0.0, 10.0))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Gamma.from_quantiles({0.5: 1.0}), "at least two quantiles"),
        (lambda: PERT.from_quantiles({0.1: 1.0, 0.9: 2.0}), "at least three quantiles"),
        (lambda: Beta.from_quantiles({0.1: 0.5, 0.9: 1.5}), r"Beta\.quantiles\[0\.9\] = 1\.5: must be below 1"),
        (lambda: Gamma.from_quantiles({0.1: -1.0, 0.9: 1.5}), r"must be above 0"),
        (lambda: Metalog.from_quantiles({0.1: -1.0, 0.9: 1.5}, low=0.0), r"Metalog\.quantiles\[0\.1\].*above 0"),
        (lambda: Metalog.from_quantiles({0.1: 1.0, 0.9: 1.5}, low=3.0, high=2.0), r"Metalog\.low.*below high"),
        (lambda: Metalog.from_quantiles({0.1: 1.0, 0.9: 1.5}, terms=3), r"Metalog\.terms = 3: must be from 2 to 2"),
        (lambda: StudentT.from_interval(1.0, 2.0), "does not determine the family StudentT"),
        (lambda: Beta.from_interval(0.0, 0.5), r"Beta\.interval: low = 0\.0: must be above 0"),
    ],
)
def test_bad_claims_are_named(make: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        make()


def test_exponentials_of_more_quantiles_fit_the_logarithms() -> None:
    found: Distribution = Exponential.from_quantiles({0.3: 1.0, 0.6: 3.0})
    rates = [-math.log(0.7) / 1.0, -math.log(0.4) / 3.0]
    assert found.parameters["rate"] == pytest.approx(math.sqrt(rates[0] * rates[1]), rel=1e-12)
