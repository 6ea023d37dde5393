"""Distributions of scipy.stats: as they are, and their parts, whose means scipy does not tell."""

import math
from typing import Any

import numpy as np
import pytest
import scipy.stats

from montecarlo_ai.distributions import (
    Distribution,
    Mixture,
    Scaled,
    ScipyDistribution,
    Truncated,
    as_distribution,
    distribution_from_dict,
)
from montecarlo_ai.errors import InputError

FAR_QUANTILES_FAIL = [
    scipy.stats.invgauss(0.5),
    scipy.stats.f(5.0, 4.0),
    scipy.stats.pearson3(1.0),
    scipy.stats.rice(2.0),
    scipy.stats.betaprime(2.0, 3.0),
    scipy.stats.moyal(),
    scipy.stats.genlogistic(2.0),
    scipy.stats.powernorm(2.0),
    scipy.stats.kappa4(0.1, 0.2),
    scipy.stats.mielke(10.4, 4.6),
    scipy.stats.jf_skew_t(3.0, 4.0),
    scipy.stats.vonmises(4.0),
    scipy.stats.arcsine(),
]
"""Far in a tail scipy gives infinity, nan or no more than a rounding; the last is infinitely dense at its ends."""

MANY_VALUES = [
    scipy.stats.geom(1e-5),
    scipy.stats.randint(0, 10**9),
    scipy.stats.poisson(1e6),
    scipy.stats.binom(10**9, 0.3),
    scipy.stats.skellam(3e4, 1e4),
    scipy.stats.dlaplace(1e-4),
    scipy.stats.yulesimon(4.5),
    scipy.stats.zipf(3.5),
    scipy.stats.hypergeom(300, 120, 60),
    scipy.stats.rv_discrete(values=([1, 4, 9], [0.2, 0.5, 0.3])).freeze(),
]


def test_scipy_distributions_work_as_they_are() -> None:
    wrapped = as_distribution(scipy.stats.gamma(2.0, scale=3.0))
    assert wrapped.to_dict() == {"distribution": "scipy", "name": "gamma", "args": [2.0], "kwds": {"scale": 3.0}}
    assert repr(wrapped) == "scipy.stats.gamma(2.0, scale=3.0)"
    assert wrapped == as_distribution(scipy.stats.gamma(2.0, scale=3.0))
    assert wrapped != as_distribution(scipy.stats.gamma(2.0, scale=4.0))
    assert list(as_distribution(scipy.stats.binom(4, 0.5)).ppf([0.5, 1.0])) == [2.0, 4.0]
    assert as_distribution(scipy.stats.poisson(3.0)).cdf(2.0) == pytest.approx(scipy.stats.poisson.cdf(2, 3.0))


def test_scipy_distributions_without_a_name_are_known_by_their_quantiles() -> None:
    histogram = scipy.stats.rv_histogram(np.histogram(np.arange(50.0) ** 2)).freeze()
    same = scipy.stats.rv_histogram(np.histogram(np.arange(50.0) ** 2)).freeze()
    other = scipy.stats.rv_histogram(np.histogram(np.arange(50.0) ** 3)).freeze()
    wrapped = as_distribution(histogram)
    assert wrapped == as_distribution(same)
    assert wrapped != as_distribution(other)
    with pytest.raises(InputError, match="cannot be rebuilt"):
        distribution_from_dict(wrapped.to_dict())


@pytest.mark.parametrize("frozen", [*FAR_QUANTILES_FAIL, *MANY_VALUES], ids=lambda frozen: frozen.dist.name)
@pytest.mark.parametrize("level", [0.02, 0.6, 0.999])
def test_means_of_the_parts_make_the_mean(frozen: Any, level: float) -> None:
    whole = as_distribution(frozen)
    cut = float(whole.ppf(level))
    spread = float(whole.ppf(0.75) - whole.ppf(0.25)) or 1.0
    parts = [Truncated(whole, high=cut)]
    if float(whole.cdf(cut)) < 1.0:
        parts.append(Truncated(whole, low=math.nextafter(cut, math.inf)))
    assert math.fsum(part.mass * part.mean() for part in parts) == pytest.approx(frozen.mean(), abs=1e-8 * spread)
    below = parts[0].mass * parts[0].mean()
    clipped = below + cut * (1.0 - parts[0].mass)
    assert whole.clip(high=cut).mean() == pytest.approx(clipped, abs=1e-8 * spread)


def test_means_of_parts_are_the_closed_forms() -> None:
    """What is left of a geometric distribution is the same again; an inner part of equal chances has its middle."""
    assert as_distribution(scipy.stats.geom(0.01)).truncate(low=10).mean() == pytest.approx(109.0, rel=1e-12)
    assert as_distribution(scipy.stats.randint(0, 10**9)).truncate(7, 10**8).mean() == (7 + 10**8) / 2
    tail = as_distribution(scipy.stats.pareto(2.0)).truncate(low=1e6)
    assert tail.mean() == pytest.approx(2e6, rel=1e-9)
    assert as_distribution(scipy.stats.expon()).truncate(low=30.0).mean() == pytest.approx(31.0, rel=1e-12)
    assert as_distribution(scipy.stats.expon()).truncate(low=1.0, high=1e9).mean() == pytest.approx(2.0, rel=1e-9)


@pytest.mark.parametrize("frozen", [scipy.stats.f(5.0, 4.0), scipy.stats.geom(0.01)], ids=["f", "geom"])
def test_means_of_parts_scale(frozen: Any) -> None:
    scaled = Scaled(as_distribution(frozen), 0.1, 3.0)
    low, high = (float(value) for value in scaled.ppf([0.3, 0.9]))
    inner = Truncated(frozen, *(float(value) for value in frozen.ppf([0.3, 0.9])))
    assert Truncated(scaled, low, high).mean() == pytest.approx(0.1 * inner.mean() + 3.0, rel=1e-10)


@pytest.mark.parametrize(
    ("frozen", "low"),
    [(scipy.stats.geom(0.2), 200.0), (scipy.stats.poisson(3.0), 60.0), (scipy.stats.binom(1000, 0.01), 90.0)],
    ids=["geom", "poisson", "binom"],
)
def test_steps_far_in_the_upper_tail_are_exact(frozen: Any, low: float) -> None:
    part = Truncated(as_distribution(frozen), low=low)
    assert part.mass == pytest.approx(float(frozen.sf(low - 1.0)), rel=1e-14)
    k = np.arange(low, low + 400.0)
    shares = frozen.pmf(k) / frozen.pmf(k).sum()
    assert part.mean() == pytest.approx(float(shares @ k), rel=1e-10)
    u = np.array([0.0, 0.1, 0.5, 0.9, 0.99])
    assert list(part.ppf(u)) == list(k[np.searchsorted(np.cumsum(shares), u)])
    assert part.support() == (low, frozen.support()[1])


def test_upper_quantiles_of_steps_are_the_smallest_values() -> None:
    for frozen in (scipy.stats.geom(0.2), scipy.stats.poisson(1e6), scipy.stats.nbinom(3, 0.01)):
        q = 10.0 ** -np.arange(1.0, 60.0)
        found = ScipyDistribution(frozen)._upper_quantiles(q)
        assert (frozen.sf(found) <= q).all()
        assert (frozen.sf(found - 1.0) > q).all()


def test_between_whole_numbers_steps_are_flat() -> None:
    """scipy has nan there for a hypergeometric distribution."""
    frozen = scipy.stats.hypergeom(30, 12, 6)
    hypergeometric = as_distribution(frozen)
    assert list(hypergeometric.cdf([0.5, 3.0, 3.9])) == list(frozen.cdf([0, 3, 3]))
    shares = frozen.pmf([1, 2, 3, 4])
    part = Truncated(hypergeometric, 1.0, 4.0)
    assert part.mass == pytest.approx(float(shares.sum()), rel=1e-12)
    assert part.mean() == pytest.approx(float(shares @ [1, 2, 3, 4]) / float(shares.sum()), rel=1e-12)
    mixture = Mixture([hypergeometric, 1.0], [0.5, 0.5])
    assert float(mixture.cdf(0.5)) == pytest.approx(0.5 * frozen.cdf(0), rel=1e-14)
    uneven: Distribution = as_distribution(scipy.stats.rv_discrete(values=([0.5, 1.5], [0.3, 0.7])).freeze())
    assert list(uneven.cdf([0.4, 0.5, 1.4, 1.5])) == [0.0, 0.3, 0.3, 1.0]


def test_quantiles_that_scipy_would_not_end_to_find_are_refused() -> None:
    heavy = as_distribution(scipy.stats.zipf(1.8))
    assert float(heavy.ppf(0.99)) == 190.0
    with pytest.raises(InputError, match=r"scipy\.stats\.zipf\(1\.8\).*beyond 4,194,305.*truncate it"):
        heavy.draws(np.array([0.5, 1.0 - 1e-12]))
    assert heavy.truncate(high=1e5).draws(np.array([1.0 - 1e-12])) == 1e5


def test_what_scipy_raises_names_the_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(values: Any) -> Any:
        raise RuntimeError("no bracket")

    frozen = scipy.stats.gamma(2.0)
    wrapped = as_distribution(frozen)
    for method in ("ppf", "cdf"):
        monkeypatch.setattr(frozen, method, fails)
        with pytest.raises(
            InputError, match=rf"gamma\(2\.0,\).*has no {method} that scipy can tell \(RuntimeError: no"
        ):
            getattr(wrapped, method)(0.5)
    with pytest.raises(InputError, match=r"inputs\.x.*gives no quantiles \(no bracket\)"):
        as_distribution(frozen, "inputs.x")
