"""The laws of the copulas against closed forms and published numbers, on the engine's uniforms.

All |z| < 4.5: a false alarm in 150,000. What each would catch stands beside it.
"""

import itertools
import math

import mpmath
import numpy as np
import pytest
import scipy.integrate
import scipy.special
import scipy.stats
from numpy.typing import NDArray

from montecarlo_ai.dependence.correlation import Copula, Correlation
from montecarlo_ai.dependence.groups import Stated
from montecarlo_ai.dependence.ranks import score_correlation, spearman_of_student
from montecarlo_ai.dependence.student import StudentScores
from montecarlo_ai.distributions import Exponential, LogNormal, Normal, Uniform
from montecarlo_ai.inputs import Inputs
from montecarlo_ai.kernels.philox import input_uniforms

N = 2_000_000
RHO, NU = 0.5, 4.0
T: Copula = ("t", NU)
GAUSS: Copula = "gaussian"
Array = NDArray[np.float64]


def drawn(inputs: Inputs, n: int = N, seed: int = 20260101) -> dict[str, Array]:
    """Draws of paths 0 .. n - 1."""
    return inputs.from_uniforms({name: input_uniforms(seed, name, 0, n) for name in inputs.streams})


def pair(copula: Copula, correlation: Stated | None = None, n: int = N) -> tuple[Array, Array]:
    """Two uniform inputs that a copula joins."""
    stated = {("a", "b"): RHO} if correlation is None else correlation
    draws = drawn(Inputs({"a": Uniform(0.0, 1.0), "b": Uniform(0.0, 1.0)}, correlation=stated, copula=copula), n)
    return draws["a"], draws["b"]


def z_of_share(hits: NDArray[np.bool_], p: float) -> float:
    """Standardised distance of a share from its probability."""
    return float((hits.mean() - p) / math.sqrt(p * (1.0 - p) / hits.size))


def joint_probability(q: float, df: float, rho: float = RHO) -> float:
    """C(q, q) of a t copula: T2 given T1 = t is a t with df + 1, scaled by sqrt((1 - rho^2) (df + t^2) / (df + 1))."""
    edge = scipy.stats.t.ppf(q, df)

    def integrand(t: float) -> float:
        scale = math.sqrt((1.0 - rho**2) * (df + t * t) / (df + 1.0))
        return float(scipy.stats.t.pdf(t, df) * scipy.stats.t.cdf((edge - rho * t) / scale, df + 1.0))

    cuts = edge * np.array([1.0, 2.0, 4.0, 16.0, 256.0, 65536.0])
    return sum(scipy.integrate.quad(integrand, b, a, epsrel=1e-12)[0] for a, b in itertools.pairwise(cuts))


def tail_dependence(df: float, rho: float) -> float:
    """Demarta and McNeil (2005), proposition 1."""
    return 2.0 * float(scipy.stats.t.cdf(-math.sqrt((df + 1.0) * (1.0 - rho) / (1.0 + rho)), df + 1.0))


def test_published_numbers_of_the_gaussian_copula() -> None:
    """C sees 3 % off, Spearman's .0023; the t copula's C is refused."""
    u, v = pair(GAUSS)
    assert abs(z_of_share((u < 0.05) & (v < 0.05), 0.0121894)) < 4.5
    ranks = 1.0 - 6.0 * (u - v) ** 2  # its mean is Spearman's correlation, and it spreads less than 12 u v - 3
    assert abs(ranks.mean() - 0.482584) < 4.5 * ranks.std() / math.sqrt(N)
    assert abs(z_of_share((u < 0.05) & (v < 0.05), joint_probability(0.05, NU))) > 4.5


def test_the_gaussian_copula_has_no_tail_dependence() -> None:
    """C(q, q) / q falls to zero: the share among the lowest is the bivariate normal one, and the exact one vanishes."""
    u, v = pair(GAUSS)
    ratios = []
    for q in (0.01, 0.001):
        edge = float(scipy.special.ndtri(q))
        exact = scipy.stats.multivariate_normal([0.0, 0.0], [[1.0, RHO], [RHO, 1.0]]).cdf([edge, edge])
        assert abs(z_of_share((u < q) & (v < q), exact)) < 4.5
        assert abs(z_of_share((u > 1.0 - q) & (v > 1.0 - q), exact)) < 4.5
        assert abs(z_of_share((u < q) & (v < q), joint_probability(q, NU))) > 4.5
        ratios.append(exact / q)
    # Ledford and Tawn (1996): C(q, q) falls as q**(2 / (1 + rho)), so the ratio as q**(1/3), less a slow logarithm.
    assert ratios[1] < 0.5 * ratios[0]


def test_the_exact_probability_tends_to_the_published_tail_dependence() -> None:
    assert tail_dependence(NU, RHO) == pytest.approx(0.253170, abs=5e-7)
    for q, near in ((1e-4, 4e-3), (1e-8, 4e-5), (1e-12, 4e-7)):
        assert joint_probability(q, NU) / q == pytest.approx(0.253170, abs=near + 5e-7)


@pytest.mark.parametrize("q", [0.05, 0.01, 0.001])
def test_joint_extremes_of_the_t_copula_in_both_tails(q: float) -> None:
    """At .01: 5 degrees of freedom in place of 4 have z = 7, a chi-square of its own for each input has z = 64."""
    u, v = pair(T)
    exact = joint_probability(q, NU)
    assert abs(z_of_share((u < q) & (v < q), exact)) < 4.5
    assert abs(z_of_share((u > 1.0 - q) & (v > 1.0 - q), exact)) < 4.5
    if q == 0.01:
        assert abs(z_of_share((u < q) & (v < q), joint_probability(q, NU + 1.0))) > 4.5


def test_zero_is_no_independence_under_a_t_copula() -> None:
    u, v = pair(T, {("a", "b"): 0.0})
    for q in (0.05, 0.01):
        exact = joint_probability(q, NU, 0.0)
        assert exact > 1.5 * q * q
        assert abs(z_of_share((u < q) & (v < q), exact)) < 4.5
        assert abs(z_of_share((u < q) & (v > 1.0 - q), exact)) < 4.5


@pytest.mark.parametrize("copula", [GAUSS, T, ("t", 0.7), ("t", 2e6)])
def test_kendall_is_that_of_every_elliptical_copula(copula: Copula) -> None:
    """2 / pi asin(rho) = 1/3, by pairs of paths that share none: sees .0042, a rho that is off by .006."""
    u, v = pair(copula)
    signs = np.sign((u[::2] - u[1::2]) * (v[::2] - v[1::2]))
    tau = 2.0 / math.pi * math.asin(RHO)
    assert abs(signs.mean() - tau) < 4.5 * math.sqrt((1.0 - tau**2) / signs.size)


@pytest.mark.parametrize("copula", [GAUSS, T, ("t", 0.7), ("t", 50.0)])
@pytest.mark.parametrize("measure", ["spearman", "kendall"])
def test_a_stated_rank_correlation_is_that_of_the_draws(copula: Copula, measure: str) -> None:
    """Sees .0027. The Gaussian conversion in place of the t copula's gives .469 at 4 degrees of freedom, .417 at .7."""
    stated = 0.482584
    u, v = pair(copula, {("a", "b"): (measure, stated)})
    one = 1.0 - 6.0 * (u - v) ** 2 if measure == "spearman" else np.sign((u[::2] - u[1::2]) * (v[::2] - v[1::2]))
    assert abs(one.mean() - stated) < 4.5 * one.std() / math.sqrt(one.size)
    off = score_correlation("spearman", stated, math.inf)
    if measure == "spearman" and copula == T:
        assert abs(one.mean() - spearman_of_student(np.array([off]), NU)[0]) > 4.5 * one.std() / math.sqrt(one.size)


@pytest.mark.parametrize("df", [0.1, 0.5, 1.0, 4.0, 19.0, 21.0, 1e3, 1e8])
def test_spearman_under_a_t_copula_is_inverted(df: float) -> None:
    rho = np.array([-0.999, -0.5, 1e-3, 0.03, 0.2, 0.77, 0.95, 0.9999])
    ranks = spearman_of_student(rho, df)
    back = [score_correlation("spearman", float(rank), df) for rank in ranks]
    np.testing.assert_allclose(back, rho, rtol=0.0, atol=2e-7)
    gauss = 6.0 / math.pi * np.arcsin(rho / 2.0)
    assert (np.abs(ranks) < np.abs(gauss)).all()
    if df >= 1e3:
        np.testing.assert_allclose(ranks, gauss, atol=0.1 / df)
    assert spearman_of_student(np.array([1.0]), df)[0] == pytest.approx(1.0, abs=1e-9)


def test_spearman_of_a_t_copula_by_another_integral() -> None:
    """The mixture formula summed over its three variables by their quantiles, on 300 midpoints each."""
    g = scipy.special.gammaincinv(2.0, (np.arange(300) + 0.5) / 300)
    w = 1.0 / g
    share = w / np.sqrt(np.add.outer(w, w)[:, :, np.newaxis] * np.add.outer(w, w)[:, np.newaxis, :]).T
    direct = 6.0 / math.pi * np.arcsin(RHO * share).mean()
    assert spearman_of_student(np.array([RHO]), 4.0)[0] == pytest.approx(direct, abs=2e-4)


@pytest.mark.parametrize("df", [0.02, 0.5, 4.0, 300.0])
def test_margins_are_exact_under_a_t_copula(df: float) -> None:
    """Kolmogorov-Smirnov passes 2.3 / sqrt(n) with probability 5e-5 and sees .0036; the tails see 7 % at .01."""
    n = 400_000
    law = {"a": LogNormal(0.0, 1.0), "b": Exponential(2.0), "c": Normal(1.0, 3.0)}
    pairs = {("a", "b"): 0.7, ("b", "c"): -0.4}
    draws = drawn(Inputs(law, correlation=pairs, copula=("t", df)), n)
    for name, distribution in law.items():
        assert scipy.stats.kstest(draws[name], distribution.cdf).statistic < 2.3 / math.sqrt(n)
        for q in (0.01, 0.001):
            assert abs(z_of_share(draws[name] < distribution.ppf(q), q)) < 4.5
            assert abs(z_of_share(draws[name] > distribution.ppf(1.0 - q), q)) < 4.5


@pytest.mark.parametrize("df", [0.05, 0.5, 2.0, 4.0, 30.0, 1000.0])
def test_scores_of_a_t_copula_are_those_of_its_definition(df: float) -> None:
    """Phi(score) = T_df(z sqrt(df / V)) in 30 digits, far into both tails: no digit is lost by 1 - p."""
    made, a = StudentScores(df), df / 2.0
    for z, near in ((0.3, 0.2), (-2.5, -1.1), (4.0, -3.0), (-1e-3, 2.0), (7.0, -7.0), (-8.2, 3.0)):
        level = float(scipy.special.ndtr(near))
        if df < 2.0:  # some V of about this level
            log_half_v = (math.log(level) + math.lgamma(a + 1.0)) / a
        else:
            log_half_v = math.log(scipy.special.gammaincinv(a, level))
        with mpmath.workdps(30):
            half_v = mpmath.e**log_half_v
            below = mpmath.gammainc(a, 0, half_v, regularized=True)
            m = scipy.special.ndtri(float(below)) if below < 0.5 else -scipy.special.ndtri(float(1 - below))
            share = 1 / (1 + mpmath.mpf(z) ** 2 / (2 * half_v))
            tail = mpmath.betainc(a, 0.5, 0, share, regularized=True) / 2
            score = float(made(np.array([z]), made.scales(np.array([m])))[0])
            assert math.copysign(1.0, score) == math.copysign(1.0, z)
            assert float(mpmath.ncdf(-abs(score)) / tail) == pytest.approx(1.0, rel=1e-9)


def test_many_degrees_of_freedom_join_the_tables_and_end_in_the_gaussian_copula() -> None:
    random = np.random.default_rng(8)
    z, m = random.standard_normal((2, 10_000))
    tabled, expanded = StudentScores(999_999.0), StudentScores(1e6)
    scores = [made(z, made.scales(m)) for made in (tabled, expanded)]
    np.testing.assert_allclose(scores[0], scores[1], rtol=1e-8, atol=1e-9)
    far = StudentScores(1e300)
    np.testing.assert_allclose(far(z, far.scales(m)), z, rtol=1e-15)


def test_median_uniforms_give_medians_under_a_t_copula() -> None:
    for df in (1e-3, 4.0, 1e7):
        inputs = Inputs({"a": Normal(2.0, 1.0), "b": Uniform(0, 1)}, correlation={("a", "b"): 0.5}, copula=("t", df))
        draws = inputs.from_uniforms({name: np.full(1, 0.5) for name in inputs.streams})
        assert [draws["a"][0], draws["b"][0]] == pytest.approx([2.0, 0.5], abs=1e-12)


def test_extreme_uniforms_stay_finite() -> None:
    ends = np.array([2.0**-53, 1.0 - 2.0**-53])
    for df in (1e-6, 1e-3, 0.1, 4.0, 1e5, 1e12):
        values = {"a": LogNormal(0, 1), "b": Exponential(1), "c": Normal(0, 1)}
        inputs = Inputs(values, correlation=Correlation.exchangeable(["a", "b", "c"], 0.9), copula=("t", df))
        for mixing in ends:
            columns = {name: np.full(2, mixing) if "(" in name else ends for name in inputs.streams}
            assert all(np.isfinite(draw).all() for draw in inputs.from_uniforms(columns).values())
