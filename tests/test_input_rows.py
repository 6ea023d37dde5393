"""Rows of inputs that a compiled loop draws: the same as columns of uniforms give, one element at a time."""

import math

import numpy as np
import pytest
from scipy.special import ndtri

from montecarlo_ai.distributions import (
    Distribution,
    Exponential,
    LogNormal,
    LogUniform,
    Normal,
    StudentT,
    Triangular,
    Uniform,
)
from montecarlo_ai.inputs import Inputs
from montecarlo_ai.kernels.philox import input_uniforms
from montecarlo_ai.kernels.quantile import NEAR_TAIL

LAWS: tuple[Distribution, ...] = (
    *(Normal(-3.0, 2.0), LogNormal(20.0, 0.7), Uniform(-2.0, 5.0), LogUniform(1e-3, 1e4), Exponential(0.3)),
)
SMALLEST = 2.0**-53
SEED, FIRST, N = 31, 512, 1_024

MIXED = Inputs(
    {
        "normal": Normal(1.0, 2.0),
        "triangular": Triangular(0.0, 1.0, 3.0),
        "growth": LogNormal(0.1, 0.5),
        "price": Normal(0.0, 1.0),
        "wage": LogNormal(-1.0, 0.2),
        "heavy": StudentT(4.0),
        "tied": Uniform(0.0, 1.0),
        "point": LogNormal(1.0, 0.0),
    },
    correlation={("growth", "price"): 0.6, ("price", "wage"): -0.5, ("growth", "wage"): -0.1, ("heavy", "tied"): 0.4},
)


def test_rows_made_from_words_are_those_made_from_uniforms() -> None:
    names = tuple(reversed(MIXED.varying))
    rows = MIXED.rows_of(names)
    made = np.full((N // 256, len(names), 256), np.nan)
    rows.fill(made, {name: input_uniforms(SEED, name, FIRST, N) for name in rows.apart}, (SEED, FIRST))
    drawn = MIXED.from_uniforms({name: input_uniforms(SEED, name, FIRST, N) for name in MIXED.streams})
    for i, name in enumerate(names):
        np.testing.assert_array_equal(made[:, i].reshape(-1), drawn[name])


def test_correlated_scores_are_the_factor_times_independent_ones() -> None:
    uniforms = {name: input_uniforms(SEED, name, 0, N) for name in MIXED.streams}
    drawn = MIXED.from_uniforms(uniforms)
    scores = np.array([(np.log(drawn["growth"]) - 0.1) / 0.5, drawn["price"], (np.log(drawn["wage"]) + 1.0) / 0.2])
    matrix = np.array([[1.0, 0.6, -0.1], [0.6, 1.0, -0.5], [-0.1, -0.5, 1.0]])
    independent = np.array([ndtri(uniforms[name]) for name in ("growth", "price", "wage")])
    np.testing.assert_allclose(scores, np.linalg.cholesky(matrix) @ independent, atol=1e-13)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)
def test_draws_are_quantiles_to_rounding_and_depend_on_no_neighbour(law: Distribution) -> None:
    tails = np.array([SMALLEST, 3.0 * SMALLEST, 1e-13, 0.99 * NEAR_TAIL, 1.01 * NEAR_TAIL, 1e-8, 0.01, 0.075, 0.3])
    u = np.concatenate([tails, 1.0 - tails, input_uniforms(SEED, "u", 0, 300)])
    draws = law.draws(u)
    # The exponent of a log-normal has the rounding of a number near mu.
    np.testing.assert_allclose(draws, law.ppf(u), rtol=2e-14, atol=2e-15 * max(1.0, abs(law.median())))
    np.testing.assert_array_equal([law.draws(u[i : i + 1])[0] for i in range(40)], draws[:40])
    assert math.isfinite(draws.sum())
