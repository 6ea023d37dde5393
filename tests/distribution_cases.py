"""Distributions of every family, for laws that all of them keep."""

import scipy.stats

from montecarlo_ai.distributions import (
    PERT,
    Beta,
    Constant,
    Distribution,
    Empirical,
    Exponential,
    Gamma,
    LogNormal,
    LogUniform,
    Metalog,
    Mixture,
    Normal,
    Scaled,
    ScipyDistribution,
    StudentT,
    Triangular,
    Truncated,
    Uniform,
)

HUMPS = Mixture([Normal(0.0, 1.0), Normal(3.0, 0.5)], [0.6, 0.4])
LAUNCH = Mixture([0.0, LogNormal(1.0, 0.7)], [0.3, 0.7])

CONTINUOUS: list[Distribution] = [
    Normal(2.0, 3.0),
    LogNormal(0.5, 0.8),
    Uniform(-1.0, 4.0),
    LogUniform(0.1, 30.0),
    Triangular(1.0, 2.0, 5.0),
    PERT(0.0, 2.0, 10.0),
    Exponential(0.5),
    Beta(2.0, 3.0),
    Beta(0.5, 0.5),
    Beta(0.7, 40.0),
    Gamma(0.3, 2.0),
    Gamma(1e6, 1e-3),
    StudentT(0.5),
    StudentT(3.0, 1.0, 2.0),
    Metalog([2.0, 0.7, 0.5]),
    Metalog([0.0, 0.4, 0.1], low=1.0),
    Metalog([0.0, 0.4, 0.1], high=1.0),
    Metalog([0.0, 0.7, 0.1], low=-1.0, high=1.0),
    HUMPS,
    Truncated(Normal(0.0, 1.0), 8.0, 9.0),
    Truncated(Normal(0.0, 1.0), high=-8.0),
    Truncated(HUMPS, 0.5, 2.5),
    Truncated(Truncated(HUMPS, 0.5), high=2.0),
    Scaled(Beta(2.0, 3.0), 10.0, 1.0),
    ScipyDistribution(scipy.stats.gamma(2.0)),
]
STEPPED: list[Distribution] = [
    Constant(3.0),
    Normal(1.0, 0.0),
    LogNormal(1.0, 0.0),
    LAUNCH,
    Truncated(LAUNCH, high=4.0),
    Normal(1.0, 1.0).clip(0.0, 2.0),
    LAUNCH.clip(high=5.0),
    Empirical([3.0, 1.0, 2.0, 2.0]),
    Empirical([3.0, 1.0, 2.0], [0.5, 0.2, 0.3]),
    ScipyDistribution(scipy.stats.poisson(3.0)),
    Truncated(ScipyDistribution(scipy.stats.poisson(3.0)), 1.5, 6.0),
]
EVERY = [*CONTINUOUS, *STEPPED]
