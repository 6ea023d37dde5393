"""Groups of names that depend on each other, the check of their correlations, and the factor that imposes them."""

import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from montecarlo_ai.dependence.correlation import Correlation
from montecarlo_ai.dependence.groups import correlated_groups, joint_factor, triangular_factor
from montecarlo_ai.dependence.nearest import nearest_correlation
from montecarlo_ai.errors import InputError

NAMES = ("a", "b", "c", "d", "e")
IMPOSSIBLE = {("a", "b"): 0.9, ("b", "c"): 0.9, ("a", "c"): -0.9}


def factor_of(pairs: object) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Names and factor of what is stated about `NAMES`."""
    return joint_factor(NAMES, correlated_groups(NAMES, pairs, "x").groups)  # type: ignore[arg-type]


def test_factor_covers_correlated_names_in_order_of_declaration() -> None:
    names, factor = factor_of({("e", "b"): 0.5, ("a", "d"): -1.0, ("c", "a"): 0.0})
    assert names == ("a", "b", "d", "e")
    assert factor.flags.c_contiguous
    assert factor.dtype == np.float64
    expected = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [-1.0, 0.0, 0.0, 0.0], [0.0, 0.5, 0.0, math.sqrt(0.75)]]
    np.testing.assert_allclose(factor, expected, rtol=1e-15)


def test_nothing_correlated_is_an_empty_factor() -> None:
    for pairs in (None, {}, {("a", "b"): 0.0}, Correlation({("a", "b"): 0.0}, copula="gaussian")):
        names, factor = factor_of(pairs)
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
        _, factor = factor_of(pairs)
        matrix = factor @ factor.T
        place = {"a": 0, "b": 1, "c": 2}
        for (first, second), rho in pairs.items():
            assert matrix[place[first], place[second]] == pytest.approx(rho, abs=1e-14)


def test_correlation_of_one_gives_equal_scores_exactly() -> None:
    pairs = {("a", "b"): 1.0, ("b", "c"): -1.0, ("a", "c"): -1.0}
    (group,) = correlated_groups(NAMES, pairs, "x").groups
    first, second, third = group.correlate(list(np.random.default_rng(3).standard_normal((3, 512))))
    assert np.array_equal(first, second)
    assert np.array_equal(first, -third)


def test_a_group_does_not_depend_on_other_groups() -> None:
    alone = correlated_groups(NAMES, {("b", "e"): 0.7}, "x").groups
    beside = correlated_groups(NAMES, {("a", "c"): 0.2, ("b", "e"): 0.7}, "x").groups
    named = correlated_groups(
        NAMES, {"one": Correlation({("a", "c"): 0.2}), "two": Correlation({("b", "e"): 0.7})}, "x"
    ).groups
    for groups in (beside, named):
        assert alone[0].names == groups[1].names == ("b", "e")
        assert np.array_equal(alone[0].factor, groups[1].factor)


def test_correlating_is_elementwise() -> None:
    (group,) = correlated_groups(NAMES, {("a", "b"): 0.7, ("b", "c"): 0.4, ("a", "c"): 0.1}, "x").groups
    scores = np.random.default_rng(4).standard_normal((3, 4096))
    whole = group.correlate(list(scores))
    part = group.correlate([np.ascontiguousarray(row[512:1024]) for row in scores])
    assert all(np.array_equal(row[512:1024], piece) for row, piece in zip(whole, part, strict=True))


def test_what_makes_a_group_depends_on_the_copula() -> None:
    """Zero is independence under a Gaussian copula, not under a t copula, where it joins; a named group is one."""
    pairs = {("a", "b"): 0.5, ("b", "c"): 0.0, ("d", "e"): 0.3}

    def grouped(copula: object, label: str = "") -> list[tuple[str, ...]]:
        stated = {label: Correlation(pairs, copula=copula)}  # type: ignore[arg-type]
        return [group.names for group in correlated_groups(NAMES, stated, "x").groups]

    assert grouped("gaussian") == grouped("gaussian", "one") == [("a", "b"), ("d", "e")]
    assert grouped(("t", 4.0)) == [("a", "b", "c"), ("d", "e")]
    assert grouped(("t", 4.0), "one") == [("a", "b", "c", "d", "e")]


def test_rank_correlations_are_converted() -> None:
    """Kendall: 2 / pi asin(rho); Spearman under a Gaussian copula: 6 / pi asin(rho / 2), 0.482584 at rho = .5."""
    pairs = {("a", "b"): ("kendall", 1.0 / 3.0), ("c", "d"): ("spearman", 6.0 / math.pi * math.asin(0.25))}
    made = correlated_groups(NAMES, pairs, "x").pairs
    assert made["a", "b"] == pytest.approx(0.5, abs=1e-15)
    assert made["c", "d"] == pytest.approx(0.5, abs=1e-15)
    assert round(pairs["c", "d"][1], 6) == 0.482584
    under_t = correlated_groups(NAMES, pairs, "x", copula=("t", 4.0)).pairs
    assert under_t["a", "b"] == made["a", "b"]
    assert 0.5 < under_t["c", "d"] < 0.52


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
        ({("a", "b"): ("spearmn", 0.5)}, "did you mean 'spearman'?"),
        ({("a", "b"): ("spearman",)}, "must be a number, or one of"),
        ({("a", "b"): ()}, "must be a number, or one of"),
        (Correlation({("a", "z"): 0.5}), "x[a, z]"),
        ({"g": Correlation({("a", "z"): 0.5})}, "x.g[a, z]"),
        ({"g": Correlation({("a", "b"): 0.5}), ("c", "d"): 0.5}, "stands beside named groups"),
        ({"g": Correlation({("a", "b"): 0.5}), "h": {("c", "d"): 0.5}}, "x.h ="),
        ({"g": Correlation({("a", "b"): 0.5}), "h": Correlation({("b", "c"): 0.5})}, 'is in group "g" too'),
        ({"": Correlation({("a", "b"): 0.5}), "h": Correlation({("b", "c"): 0.5})}, "is in a pair without a group too"),
        ({"g": Correlation(IMPOSSIBLE)}, "x.g = -0.8"),
        (Correlation({("a", "b"): ("spearman", 0.5)}), "x[a, b] = ('t', 0.05): is below 0.1 degrees of freedom"),
    ],
)
def test_what_is_wrong_is_named(pairs: object, words: str) -> None:
    copula = ("t", 0.05) if "freedom" in words else "gaussian"
    with pytest.raises(InputError) as caught:
        correlated_groups(NAMES, pairs, "x", copula=copula)  # type: ignore[arg-type]
    assert words in str(caught.value)


def test_an_unknown_name_has_a_suggestion() -> None:
    with pytest.raises(InputError, match="did you mean 'growth'"):
        correlated_groups(("growth", "share"), Correlation({("grwoth", "share"): 0.5}), "x")


def test_an_impossible_matrix_names_its_eigenvalue_and_who_makes_it() -> None:
    with pytest.raises(InputError) as caught:
        correlated_groups(NAMES, {**IMPOSSIBLE, ("d", "e"): 0.5}, "correlation")
    (problem,) = caught.value.problems
    # Closed form: characteristic polynomial of [[1, .9, -.9], [.9, 1, .9], [-.9, .9, 1]] has the root 1 - 2 x .9.
    assert problem.value == pytest.approx(-0.8, abs=1e-12)
    assert "a, b, c" in problem.rule
    assert "d" not in problem.rule.split("of ")[-1].split(" impossible")[0].split(", ")
    assert "repair=True" in problem.remedy


def test_eigenvalues_at_the_level_of_rounding_pass() -> None:
    names, factor = factor_of({("a", "b"): 0.6, ("a", "c"): 0.8, ("b", "c"): -1e-11})
    assert names == ("a", "b", "c")
    np.testing.assert_allclose((factor**2).sum(axis=1), 1.0, rtol=1e-14)


@pytest.mark.parametrize(("eigenvalue", "possible"), [(-0.9e-10, True), (-1.1e-10, False)])
def test_what_counts_as_rounding_ends_at_one_part_in_ten_billion(eigenvalue: float, possible: bool) -> None:
    """Closed form: three equal correlations rho have the smallest eigenvalue 1 + 2 rho when rho is below zero."""
    rho = 0.5 * (eigenvalue - 1.0)
    pairs = {("a", "b"): rho, ("a", "c"): rho, ("b", "c"): rho}
    if possible:
        assert factor_of(pairs)[0] == ("a", "b", "c")
    else:
        with pytest.raises(InputError, match="eigenvalue"):
            factor_of(pairs)


def test_all_problems_come_at_once() -> None:
    with pytest.raises(InputError) as caught:
        correlated_groups(NAMES, {("a", "z"): 2.0, ("b", "b"): 0.1, ("c", "d"): math.nan}, "x")
    assert len(caught.value.problems) == 4


def test_the_nearest_correlation_is_the_published_one() -> None:
    """Higham (2002), section 4: [[1, 1, 0], [1, 1, 1], [0, 1, 1]], to the four decimals printed there."""
    made = nearest_correlation(np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]]))
    expected = [[1.0, 0.7607, 0.1573], [0.7607, 1.0, 0.7607], [0.1573, 0.7607, 1.0]]
    np.testing.assert_allclose(made, expected, atol=5e-5)


@given(st.integers(3, 7), st.integers(0, 2**32 - 1))
def test_a_repaired_matrix_is_a_correlation_and_no_other_is_nearer(size: int, seed: int) -> None:
    """From the nearest point of a convex set, every other point of the set lies at a right or an obtuse angle."""
    random = np.random.default_rng(seed)
    stated = np.triu(random.uniform(-1.0, 1.0, (size, size)), 1)
    stated = stated + stated.T + np.eye(size)
    made = nearest_correlation(stated)
    assert np.array_equal(made, made.T)
    assert (np.diag(made) == 1.0).all()
    assert np.linalg.eigvalsh(made)[0] > -1e-10
    for _ in range(20):
        loadings = random.standard_normal((size, size))
        loadings /= np.linalg.norm(loadings, axis=1, keepdims=True)
        assert np.sum((stated - made) * (loadings @ loadings.T - made)) < 1e-6 * size
    factor = triangular_factor(made)
    np.testing.assert_allclose(factor @ factor.T, made, atol=1e-5)


def test_repair_is_recorded_and_touches_only_what_needs_it() -> None:
    pairs = {**IMPOSSIBLE, ("d", "e"): 0.5}
    made = correlated_groups(NAMES, Correlation(pairs, repair=True), "x")
    (repair,) = made.repairs
    assert repair.names == ("a", "b", "c")
    assert repair.smallest_eigenvalue == pytest.approx(-0.8, abs=1e-12)
    # By symmetry the nearest correlations are (r, r, -r), possible up to r = 1/2: 1 - 2 r >= 0.
    assert repair.largest_change == pytest.approx(0.4, abs=1e-9)
    np.testing.assert_allclose(repair.matrix, [[1, 0.5, -0.5], [0.5, 1, 0.5], [-0.5, 0.5, 1]], atol=1e-9)
    assert not repair.matrix.flags.writeable
    assert made.pairs["d", "e"] == 0.5
    assert made.pairs["a", "c"] == repair.matrix[0, 2]
    assert "eigenvalue -0.8, largest change 0.4" in repr(repair)
    possible = {("a", "b"): 0.5, ("d", "e"): 0.5}
    plain, asked = (correlated_groups(NAMES, Correlation(possible, repair=flag), "x") for flag in (False, True))
    assert asked.repairs == ()
    assert all(np.array_equal(one.factor, two.factor) for one, two in zip(plain.groups, asked.groups, strict=True))


def test_repair_moves_pairs_that_were_not_stated() -> None:
    made = correlated_groups(NAMES, Correlation({("a", "b"): 0.9, ("b", "c"): 0.9}, repair=True), "x")
    # Nearest to (0.9, 0.9, 0) on the boundary 2 r**2 = 1 + s of what is possible: 4 r**3 - r = 0.9.
    near = made.pairs["a", "b"]
    assert 4.0 * near**3 - near == pytest.approx(0.9, abs=1e-9)
    assert made.pairs["b", "c"] == pytest.approx(near, abs=1e-11)
    assert made.pairs["a", "c"] == pytest.approx(2.0 * near**2 - 1.0, abs=1e-9)


def test_four_hundred_names_take_seconds() -> None:
    names = [f"x{index:03d}" for index in range(400)]
    random = np.random.default_rng(5)
    loadings = random.standard_normal((400, 30))
    loadings /= np.linalg.norm(loadings, axis=1, keepdims=True)
    matrix = 0.9 * loadings @ loadings.T
    np.fill_diagonal(matrix, 1.0)
    begun = time.perf_counter()
    (group,) = correlated_groups(names, Correlation.from_matrix(names, matrix, measure="spearman"), "x").groups
    assert time.perf_counter() - begun < 60.0
    score = 2.0 * np.sin(np.pi * matrix / 6.0)
    np.testing.assert_allclose(group.factor @ group.factor.T, score, atol=1e-12)
