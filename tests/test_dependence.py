"""The check of a correlation, and the factor that imposes it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montecarlo_ai.dependence import correlated_groups, correlation_factor, triangular_factor
from montecarlo_ai.errors import InputError

NAMES = ("a", "b", "c", "d", "e")


def test_factor_covers_correlated_names_in_order_of_declaration() -> None:
    names, factor = correlation_factor(NAMES, {("e", "b"): 0.5, ("a", "d"): -1.0, ("c", "a"): 0.0}, "x")
    assert names == ("a", "b", "d", "e")
    assert factor.flags.c_contiguous
    assert factor.dtype == np.float64
    expected = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [-1.0, 0.0, 0.0, 0.0], [0.0, 0.5, 0.0, math.sqrt(0.75)]]
    np.testing.assert_allclose(factor, expected, rtol=1e-15)


def test_nothing_correlated_is_an_empty_factor() -> None:
    for pairs in ({}, {("a", "b"): 0.0}):
        names, factor = correlation_factor(NAMES, pairs, "x")
        assert names == ()
        assert factor.shape == (0, 0)


@given(st.integers(2, 8), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_factor_reproduces_matrices_of_any_rank(size: int, rank: int, seed: int) -> None:
    loadings = np.random.default_rng(seed).standard_normal((size, rank))
    loadings /= np.linalg.norm(loadings, axis=1, keepdims=True)
    matrix = np.clip(loadings @ loadings.T, -1.0, 1.0)
    np.fill_diagonal(matrix, 1.0)
    factor = triangular_factor(matrix)
    assert (np.triu(factor, 1) == 0.0).all()
    np.testing.assert_allclose((factor**2).sum(axis=1), 1.0, rtol=1e-14)
    np.testing.assert_allclose(factor @ factor.T, matrix, atol=2e-6)


def test_singular_matrices_of_stated_numbers_are_met_to_rounding() -> None:
    for pairs in (
        {("a", "b"): 0.6, ("a", "c"): 0.8, ("b", "c"): 0.0},
        {("a", "b"): 1.0, ("a", "c"): 0.3, ("b", "c"): 0.3},
        {("a", "b"): -1.0, ("a", "c"): 0.3, ("b", "c"): -0.3},
        {("a", "b"): -0.5, ("a", "c"): -0.5, ("b", "c"): -0.5},
    ):
        _, factor = correlation_factor(NAMES, pairs, "x")
        matrix = factor @ factor.T
        place = {"a": 0, "b": 1, "c": 2}
        for (first, second), rho in pairs.items():
            assert matrix[place[first], place[second]] == pytest.approx(rho, abs=1e-14)


def test_correlation_of_one_gives_equal_scores_exactly() -> None:
    (group,) = correlated_groups(NAMES, {("a", "b"): 1.0, ("b", "c"): -1.0, ("a", "c"): -1.0}, "x")
    first, second, third = group.correlate(list(np.random.default_rng(3).standard_normal((3, 512))))
    assert np.array_equal(first, second)
    assert np.array_equal(first, -third)


def test_a_group_does_not_depend_on_other_groups() -> None:
    alone = correlated_groups(NAMES, {("b", "e"): 0.7}, "x")
    beside = correlated_groups(NAMES, {("a", "c"): 0.2, ("b", "e"): 0.7}, "x")
    assert alone[0].names == beside[1].names == ("b", "e")
    assert np.array_equal(alone[0].factor, beside[1].factor)


def test_correlating_is_elementwise() -> None:
    (group,) = correlated_groups(NAMES, {("a", "b"): 0.7, ("b", "c"): 0.4, ("a", "c"): 0.1}, "x")
    scores = np.random.default_rng(4).standard_normal((3, 4096))
    whole = group.correlate(list(scores))
    part = group.correlate([np.ascontiguousarray(row[512:1024]) for row in scores])
    assert all(np.array_equal(row[512:1024], piece) for row, piece in zip(whole, part, strict=True))


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ({("a", "z"): 0.5}, "x[a, z]"),
        ({("a", "a"): 0.5}, "pairs a name with itself"),
        ({("a", "b"): 0.5, ("b", "a"): 0.5}, "twice"),
        ({("a", "b"): 0.5, ("b", "a"): 0.4}, "twice"),
        ({("a", "b"): 1.0000001}, "at most 1"),
        ({("a", "b"): -2.0}, "at least -1"),
        ({("a", "b"): math.nan}, "finite"),
        ({("a", "b"): math.inf}, "finite"),
        ({("a", "b"): True}, "number"),
        ({("a", "b"): "0.5"}, "number"),
        ({"ab": 0.5}, "pair of names"),
        ({("a", "b", "c"): 0.5}, "pair of names"),
        ([("a", "b", 0.5)], "must map pairs"),
    ],
)
def test_bad_pairs_are_named(pairs: object, words: str) -> None:
    with pytest.raises(InputError) as caught:
        correlation_factor(NAMES, pairs, "x")  # type: ignore[arg-type]
    assert words in str(caught.value)


def test_an_impossible_matrix_names_its_eigenvalue_and_who_makes_it() -> None:
    pairs = {("a", "b"): 0.9, ("b", "c"): 0.9, ("a", "c"): -0.9, ("d", "e"): 0.5}
    with pytest.raises(InputError) as caught:
        correlation_factor(NAMES, pairs, "correlation")
    (problem,) = caught.value.problems
    # Closed form: characteristic polynomial of [[1, .9, -.9], [.9, 1, .9], [-.9, .9, 1]] has the root 1 - 2 x .9.
    assert problem.value == pytest.approx(-0.8, abs=1e-12)
    assert "a, b, c" in problem.rule
    assert "d" not in problem.rule.split("of ")[-1].split(" impossible")[0].split(", ")


def test_eigenvalues_at_the_level_of_rounding_pass() -> None:
    names, factor = correlation_factor(NAMES, {("a", "b"): 0.6, ("a", "c"): 0.8, ("b", "c"): -1e-11}, "x")
    assert names == ("a", "b", "c")
    np.testing.assert_allclose((factor**2).sum(axis=1), 1.0, rtol=1e-14)


def test_all_problems_come_at_once() -> None:
    with pytest.raises(InputError) as caught:
        correlation_factor(NAMES, {("a", "z"): 2.0, ("b", "b"): 0.1, ("c", "d"): math.nan}, "x")
    assert len(caught.value.problems) == 4
