"""What is no distribution: every bad parameter, table and value is refused by its name."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import scipy.stats

from montecarlo_ai.distributions import (
    PERT,
    Beta,
    Constant,
    Empirical,
    Exponential,
    Gamma,
    LogNormal,
    LogUniform,
    Metalog,
    Mixture,
    Normal,
    StudentT,
    Triangular,
    Uniform,
    as_distribution,
    distribution_from_dict,
)
from montecarlo_ai.errors import InputError


@pytest.mark.parametrize(
    "value",
    [
        True,
        np.bool_(True),
        "1",
        None,
        [1.0],
        np.zeros(2),
        np.array(1.0),
        1j,
        math.nan,
        math.inf,
        10**400,
        scipy.stats.norm,
        scipy.stats.norm([0.0, 1.0]),
        scipy.stats.gamma(-1.0),
        scipy.stats.norm(0.0, math.nan),
        scipy.stats.norm(0.0, -1.0),
    ],
)
def test_what_is_no_distribution_is_refused_by_name(value: object) -> None:
    with pytest.raises(InputError) as caught:
        as_distribution(value, "inputs.growth")
    assert "inputs.growth" in str(caught.value)


BAD: list[tuple[Callable[[], object], list[str]]] = [
    (lambda: Normal(math.nan, 1.0), ["Normal.mean"]),
    (lambda: Normal(0.0, -1.0), ["Normal.sd"]),
    (lambda: Normal(math.inf, math.nan), ["Normal.mean", "Normal.sd"]),
    (lambda: Normal(True, "1"), ["Normal.mean", "Normal.sd"]),  # type: ignore[arg-type]
    (lambda: Normal(10**5000, 1.0), ["Normal.mean"]),
    (lambda: LogNormal(0.0, -0.1), ["LogNormal.sigma"]),
    (lambda: LogNormal(math.nan, math.inf), ["LogNormal.mu", "LogNormal.sigma"]),
    (lambda: LogNormal(1000.0, 1.0), ["LogNormal.mu"]),
    (lambda: Uniform(2.0, 1.0), ["Uniform.low"]),
    (lambda: Uniform(1.0, 1.0), ["Uniform.low"]),
    (lambda: Uniform(-1e308, 1e308), ["Uniform.high"]),
    (lambda: LogUniform(0.0, 1.0), ["LogUniform.low"]),
    (lambda: LogUniform(-1.0, -2.0), ["LogUniform.low", "LogUniform.high"]),
    (lambda: Triangular(0.0, 2.0, 1.0), ["Triangular.mode"]),
    (lambda: Triangular(1.0, 1.0, 1.0), ["Triangular.low"]),
    (lambda: PERT(0.0, -1.0, 1.0), ["PERT.mode"]),
    (lambda: PERT(math.nan, 0.5, "x"), ["PERT.low", "PERT.high"]),  # type: ignore[arg-type]
    (lambda: Exponential(0.0), ["Exponential.rate"]),
    (lambda: Exponential(-1.0), ["Exponential.rate"]),
    (lambda: Constant(math.nan), ["Constant.value"]),
    (lambda: Constant(np.zeros(3)), ["Constant.value"]),  # type: ignore[arg-type]
    (lambda: Normal.from_interval(2.0, 1.0), ["Normal.interval"]),
    (lambda: Normal.from_interval(1.0, 1.0), ["Normal.interval"]),
    (lambda: Normal.from_interval(1.0, 2.0, 1.0), ["Normal.level"]),
    (lambda: Normal.from_interval(1.0, 2.0, 0.0), ["Normal.level"]),
    (lambda: Normal.from_interval(1.0, 2.0, True), ["Normal.level"]),
    (lambda: Normal.from_interval(1.0, 2.0, 1.0 - 1e-17), ["Normal.level"]),
    (lambda: LogNormal.from_interval(0.0, 2.0), ["LogNormal.interval: low"]),
    (lambda: LogNormal.from_interval(-1.0, math.nan), ["LogNormal.interval: low", "LogNormal.interval: high"]),
    (lambda: Exponential.from_interval(1.0, 2.0), ["Exponential.interval"]),
    (lambda: Normal.from_quantiles({0.0: 1.0, 0.5: 2.0}), ["Normal.quantiles: probability"]),
    (lambda: Normal.from_quantiles({0.5: 1.0, 1.0: 2.0}), ["Normal.quantiles: probability"]),
    (lambda: Normal.from_quantiles({0.5: 1.0, math.nan: 2.0}), ["Normal.quantiles: probability"]),
    (lambda: Normal.from_quantiles({0.1: 2.0, 0.9: 1.0}), ["Normal.quantiles"]),
    (lambda: Normal.from_quantiles({0.1: 2.0, 0.9: 2.0}), ["Normal.quantiles"]),
    (lambda: Normal.from_quantiles({0.1: 2.0}), ["Normal.quantiles"]),
    (lambda: Normal.from_quantiles([1.0, 2.0]), ["Normal.quantiles"]),  # type: ignore[arg-type]
    (lambda: LogNormal.from_quantiles({0.1: 0.0, 0.9: 1.0}), ["LogNormal.quantiles[0.1]"]),
    (lambda: Exponential.from_quantiles({}), ["Exponential.quantiles"]),
    (lambda: Beta(0.0, -1.0), ["Beta.a", "Beta.b"]),
    (lambda: Gamma(math.nan, math.inf), ["Gamma.shape", "Gamma.scale"]),
    (lambda: StudentT(0.0, math.nan, -1.0), ["StudentT.df", "StudentT.loc", "StudentT.scale"]),
    (lambda: Mixture([], []), ["Mixture.components"]),
    (lambda: Mixture([1.0, "x"], [0.5, 0.5]), ["Mixture.components[1]"]),
    (lambda: Mixture([1.0, 2.0], [0.5, 0.4]), ["Mixture.weights"]),
    (lambda: Mixture([1.0, 2.0], [1.0]), ["Mixture.weights"]),
    (lambda: Mixture([1.0, 2.0], [1.5, -0.5]), ["Mixture.weights[1]"]),
    (lambda: Mixture([1.0, 2.0], [math.nan, True]), ["Mixture.weights[0]", "Mixture.weights[1]"]),
    (lambda: Mixture([1.0, Normal(0.0, 1.0).with_units("GW")], [0.5, 0.5]), ["Mixture.components[1]"]),
    (lambda: Empirical([]), ["Empirical.values"]),
    (lambda: Empirical("12"), ["Empirical.values"]),  # type: ignore[arg-type]
    (lambda: Empirical([1.0, math.nan, math.inf]), ["Empirical.values[1]", "Empirical.values[2]"]),
    (lambda: Empirical([[1.0], 2.0]), ["Empirical.values[0]"]),  # type: ignore[list-item]
    (lambda: Empirical([1.0, 2.0], [0.5, 0.6]), ["Empirical.weights"]),
    (lambda: Metalog([1.0]), ["Metalog.coefficients"]),
    (lambda: Metalog([1.0, math.nan]), ["Metalog.coefficients[1]"]),
    (lambda: Metalog([[1.0], 2.0]), ["Metalog.coefficients[0]"]),  # type: ignore[list-item]
    (lambda: Metalog([0.0, -1.0]), ["Metalog.coefficients"]),
    (lambda: Normal(0.0, 1.0).truncate(), ["Truncated"]),
    (lambda: Normal(0.0, 1.0).clip(), ["Clipped"]),
    (lambda: Normal(0.0, 1.0).truncate(2.0, 1.0), ["Truncated.low"]),
    (lambda: Normal(0.0, 1.0).truncate(1.0, 1.0), ["Truncated.low"]),
    (lambda: Normal(0.0, 1.0).truncate(math.nan, math.inf), ["Truncated.low", "Truncated.high"]),
    (lambda: Normal(0.0, 1.0).clip("0"), ["Clipped.low"]),  # type: ignore[arg-type]
    (lambda: Uniform(0.0, 1.0).truncate(2.0, 3.0), ["Truncated.range"]),
    (lambda: Normal(0.0, 1.0).truncate(50.0), ["Truncated.range"]),
    (lambda: Normal(0.0, 1.0).scaled(0.0), ["Normal.scaled: factor"]),
    (lambda: Normal(0.0, 1.0).scaled(math.inf), ["Normal.scaled: factor"]),
    (lambda: Normal(0.0, 1.0).shifted(math.nan), ["Normal.shifted: offset"]),
    (lambda: Normal(0.0, 1.0).with_units("USD//year"), ["Measured.units"]),
    (lambda: Normal(0.0, 1.0).with_units(3), ["Measured.units"]),  # type: ignore[arg-type]
    (lambda: Normal(0.0, 1.0).with_units("GW").with_units("W"), ["Measured.units"]),
    (lambda: Normal(0.0, 1.0).ppf(1.5), ["Normal.ppf: u"]),
    (lambda: Normal(0.0, 1.0).ppf([0.5, math.nan]), ["Normal.ppf: u"]),
    (lambda: Normal(0.0, 1.0).ppf("high"), ["Normal.ppf: u"]),  # type: ignore[call-overload]
    (lambda: Normal(0.0, 1.0).ppf("0.5"), ["Normal.ppf: u"]),  # type: ignore[call-overload]
    (lambda: Normal(0.0, 1.0).ppf([[0.1], [0.1, 0.2]]), ["Normal.ppf: u"]),  # type: ignore[list-item]
    (lambda: Normal(0.0, 1.0).cdf("0.5"), ["Normal.cdf: x"]),  # type: ignore[call-overload]
    (lambda: Normal(0.0, 1.0).cdf(None), ["Normal.cdf: x"]),  # type: ignore[call-overload]
    (lambda: Normal(0.0, 1.0).cdf(1j), ["Normal.cdf: x"]),
    (lambda: Empirical(np.array(3.0)), ["Empirical.values"]),  # type: ignore[arg-type]
    (lambda: Empirical([1.0], np.array(1.0)), ["Empirical.weights"]),  # type: ignore[arg-type]
    (lambda: Metalog(np.array(3.0)), ["Metalog.coefficients"]),  # type: ignore[arg-type]
    (lambda: Normal(0.0, 1.0).sample(-1), ["size"]),
    (lambda: Normal(0.0, 1.0).sample(2.5, seed=True), ["size", "seed"]),  # type: ignore[arg-type]
    (lambda: Normal(0.0, 1.0).sample(2, seed=2**63), ["seed"]),
]


@pytest.mark.parametrize(("make", "fields"), BAD, ids=[str(fields) for _, fields in BAD])
def test_bad_parameters_are_named_all_at_once(make: Callable[[], object], fields: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        make()
    assert [problem.field for problem in caught.value.problems] == fields
    assert all(problem.rule for problem in caught.value.problems)
    assert len(str(caught.value).splitlines()) == len(fields)


def test_truncation_with_no_mass_shows_the_mass_and_the_range() -> None:
    with pytest.raises(InputError, match=r"P\(2 <= X <= 3\) = 0 for X = Uniform") as caught:
        Uniform(0.0, 1.0).truncate(2.0, 3.0)
    assert "widen the range" in str(caught.value)


@pytest.mark.parametrize(
    ("table", "field", "words"),
    [
        ({}, "inputs.g", "neither"),
        ({"distribution": "lognromal"}, "inputs.g.distribution", "lognormal"),
        ({"distribution": 3}, "inputs.g.distribution", "no family"),
        ({"distribution": "normal", "mean": 0.0}, "inputs.g", "sd"),
        ({"distribution": "normal", "mean": 0.0, "sd": 1.0, "sigma": 2.0}, "inputs.g.sigma", "no key"),
        ({"distribution": "lognormal", "mu": 0.0, "sgima": 1.0}, "inputs.g.sgima", "sigma"),
        ({"distribution": "lognormal", "mu": 0.0, "sigma": math.inf}, "inputs.g.sigma", "finite"),
        ({"distribution": "normal", "mean": 0.0, "sd": 1.0, "interval": [0, 1]}, "inputs.g.mean", "once"),
        ({"distribution": "normal", "mean": 0.0, "sd": 1.0, "level": 0.5}, "inputs.g.level", "interval"),
        ({"distribution": "normal", "interval": [0, 1], "quantiles": {"0.5": 1}}, "inputs.g.quantiles", "once"),
        ({"distribution": "normal", "interval": [0]}, "inputs.g.interval", "two numbers"),
        ({"distribution": "normal", "interval": [10**5000]}, "inputs.g.interval", "two numbers"),
        ({"distribution": "normal", "interval": 3}, "inputs.g.interval", "two numbers"),
        ({"distribution": "normal", "interval": [2, 1]}, "inputs.g.interval", "ascend"),
        ({"distribution": "pert", "interval": [1, 2]}, "inputs.g.interval", "three quantiles"),
        ({"distribution": "mixture", "components": [1, 2]}, "inputs.g", "weights"),
        ({"distribution": "truncated", "low": 1.0}, "inputs.g", "of"),
        ({"distribution": "truncated", "of": {"distribution": "normal", "mean": 0}}, "inputs.g.of", "sd"),
        (
            {
                "distribution": "mixture",
                "components": [1, {"distribution": "lognormal", "mu": 0, "sigma": -1}],
                "weights": [1],
            },
            "inputs.g.components[1].sigma",
            "at least 0",
        ),
        ({"distribution": "empirical", "values": [1.0, 2.0], "weights": [0.5, 0.6]}, "inputs.g.weights", "sum to one"),
        ({"distribution": "metalog", "interval": [1, 2]}, "inputs.g.interval", "does not determine"),
        ({"distribution": "normal", "quantiles": {"0.1": 1, "0.9": 2}, "terms": 2}, "inputs.g.terms", "no key"),
        ({"distribution": "uniform", "low": 0, "high": 1, "units": "USD("}, "inputs.g.units", "parenthesis"),
        ({"distribution": "normal", "quantiles": {"x": 1, "0.5": 2}}, "inputs.g.quantiles", "probabilities"),
        ({"distribution": "normal", "quantiles": {"0.5": 1, "0.50": 2}}, "inputs.g.quantiles", "twice"),
        ({"distribution": "normal", "quantiles": [1, 2]}, "inputs.g.quantiles", "table"),
        ({"distribution": "constant", "interval": [1, 2]}, "inputs.g.interval", "does not determine"),
        ({"distribution": "scipy", "name": "gama", "args": [2.0]}, "inputs.g.name", "gamma"),
        ({"distribution": "scipy", "name": "linregress"}, "inputs.g.name", "no distribution"),
        ({"distribution": "scipy", "name": "gamma", "args": ["x"]}, "inputs.g.args[0]", "number"),
        ({"distribution": "scipy", "name": "gamma", "kwds": {"b": 1.0}}, "inputs.g.name", "parameters"),
        ({"distribution": "scipy", "name": "gamma", "args": 2.0}, "inputs.g.args", "list"),
        ({"distribution": "scipy", "name": "gamma", "kwds": [1.0]}, "inputs.g.kwds", "map"),
    ],
)
def test_bad_tables_are_named_by_dotted_names(table: dict[str, object], field: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        distribution_from_dict(table, "inputs.g")
    assert field in [problem.field for problem in caught.value.problems]
    assert words in str(caught.value)
