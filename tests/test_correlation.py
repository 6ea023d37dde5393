"""What is stated about dependence: pairs, matrices, measures, copulas; and the tables of a scenario file."""

import json
import math
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest

from montecarlo_ai.dependence.correlation import Correlation
from montecarlo_ai.dependence.tables import (
    correlation_from_list,
    correlation_to_list,
    dependence_left,
    dependence_to_dict,
    without_name,
)
from montecarlo_ai.errors import InputError, Problem

MATRIX = [[1.0, 0.5, 0.2], [0.5, 1.0, 0.0], [0.2, 0.0, 1.0]]


def problems(make: Any) -> list[Problem]:
    """What is refused."""
    with pytest.raises(InputError) as caught:
        make()
    return list(caught.value.problems)


def test_three_ways_to_state_the_same() -> None:
    pairs = {("b", "a"): 0.5, ("a", "c"): 0.5, ("c", "b"): ("pearson", 0.5)}
    same = [[1.0, 0.5, 0.5], [0.5, 1.0, 0.5], [0.5, 0.5, 1.0]]
    made = Correlation(pairs)
    assert made == Correlation.exchangeable(["c", "a", "b"], 0.5) == Correlation.from_matrix(["a", "b", "c"], same)
    assert hash(made) == hash(Correlation.exchangeable(["c", "a", "b"], 0.5))
    assert made.names == ("a", "b", "c")
    assert made.pairs == {("a", "b"): ("pearson", 0.5), ("a", "c"): ("pearson", 0.5), ("b", "c"): ("pearson", 0.5)}
    assert made != Correlation.exchangeable(["c", "a", "b"], 0.5, measure="kendall")
    assert made != Correlation(pairs, copula="gaussian")
    assert made.without({"a"}) == Correlation({("b", "c"): 0.5})


def test_a_correlation_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Correlation({("a", "b"): 0.5}).repair = True  # type: ignore[misc]


def test_a_pair_may_state_its_own_measure() -> None:
    made = Correlation({("a", "b"): ("spearman", 0.48), ("a", "c"): 0.3}, measure="kendall", copula=("t", 4))
    assert made.pairs == {("a", "b"): ("spearman", 0.48), ("a", "c"): ("kendall", 0.3)}
    assert made.copula == ("t", 4.0)


@pytest.mark.parametrize(
    ("make", "field", "value", "rule"),
    [
        (lambda: Correlation({("a", "a"): 0.5}), "correlation[a, a]", "a", "pairs a name with itself"),
        (lambda: Correlation({("a", "b"): 0.5, ("b", "a"): 0.5}), "correlation[b, a]", 0.5, "twice"),
        (lambda: Correlation({("a", "b"): 1.5}), "correlation[a, b]", 1.5, "at most 1"),
        (lambda: Correlation({("a", "b"): -1.5}), "correlation[a, b]", -1.5, "at least -1"),
        (lambda: Correlation({("a", "b"): ("kendall", 2)}), "correlation[a, b]", 2, "at most 1"),
        (lambda: Correlation({("a", "b"): [0.5]}), "correlation[a, b]", [0.5], "must be a number"),
        (lambda: Correlation(3), "correlation", 3, "must map pairs"),
        (lambda: Correlation({}, measure="pearsn"), "correlation.measure", "pearsn", "pearson, spearman, kendall"),
        (lambda: Correlation({}, measure=None), "correlation.measure", None, "must be one of"),
        (lambda: Correlation({}, repair=1), "correlation.repair", 1, "True or False"),
        (lambda: Correlation({}, copula="t"), "correlation.copula", "t", 'must be "gaussian" or ("t", degrees'),
        (lambda: Correlation({}, copula="clayton"), "correlation.copula", "clayton", 'must be "gaussian"'),
        (lambda: Correlation({}, copula=("t",)), "correlation.copula", ("t",), 'must be "gaussian"'),
        (lambda: Correlation({}, copula=("t", 0)), "correlation.copula: degrees of freedom", 0, "at least 1e-06"),
        (lambda: Correlation({}, copula=("t", -4.0)), "correlation.copula: degrees of freedom", -4.0, "at least 1e-06"),
        (lambda: Correlation({}, copula=("t", math.inf)), "correlation.copula: degrees of freedom", math.inf, "finite"),
        (lambda: Correlation({}, copula=("t", True)), "correlation.copula: degrees of freedom", True, "a number"),
        (
            lambda: Correlation({("a", "b"): ("spearman", 0.5)}, copula=("t", 0.05)),
            "correlation[a, b]",
            ("t", 0.05),
            "below 0.1 degrees of freedom",
        ),
        (lambda: Correlation.exchangeable(["a"], 0.5), "names", ["a"], "two names or more"),
        (lambda: Correlation.exchangeable("ab", 0.5), "names", "ab", "must be a list of names"),
        (lambda: Correlation.exchangeable(["a", 2], 0.5), "names", ["a", 2], "must be a list of names"),
        (lambda: Correlation.exchangeable(["a", "b", "a"], 0.5), "names", ["a"], "different names"),
        (lambda: Correlation.exchangeable(["a", "b"], 2.0), "correlation[a, b]", 2.0, "at most 1"),
        (lambda: Correlation.from_matrix(["a", "b"], MATRIX), "matrix", (3, 3), "must be 2 rows of 2 numbers"),
        (lambda: Correlation.from_matrix(["a", "b"], [[1.0, 0.5]]), "matrix", (1, 2), "must be 2 rows"),
        (lambda: Correlation.from_matrix(["a", "b"], [[1.0], [0.5, 1.0]]), "matrix", [[1.0], [0.5, 1.0]], "2 rows"),
        (lambda: Correlation.from_matrix(["a", "b"], None), "matrix", None, "must be 2 rows of 2 numbers"),
        (lambda: Correlation.from_matrix(["a", "b"], [["1", "0"], ["0", "1"]]), "matrix", (2, 2), "numbers"),
        (lambda: Correlation.from_matrix(["a", "b"], [[1, 0.5], [0.4, 1]]), "matrix[a, b]", 0.5, "must equal 0.4"),
        (lambda: Correlation.from_matrix(["a", "b"], [[1, 0.5], [0.5, 2]]), "matrix[b, b]", 2.0, "must be 1"),
        (lambda: Correlation.from_matrix(["a", "b"], [[1, 1.5], [1.5, 1]]), "correlation[a, b]", 1.5, "at most 1"),
    ],
)
def test_what_is_wrong_is_named(make: Any, field: str, value: object, rule: str) -> None:
    (problem,) = problems(make)
    assert problem.field == field
    assert problem.value == value or repr(problem.value) == repr(value)
    assert rule in problem.rule


def test_what_is_not_finite_in_a_matrix_is_named() -> None:
    for matrix, place in (
        ([[1, math.nan], [math.nan, 1]], "correlation[a, b]"),
        ([[1, math.nan], [0.5, 1]], "correlation[a, b]"),
        ([[math.nan, 0.5], [0.5, 1]], "matrix[a, a]"),
    ):
        (problem,) = problems(lambda matrix=matrix: Correlation.from_matrix(["a", "b"], matrix))
        assert problem.field == place
        assert math.isnan(problem.value)


def test_all_problems_come_at_once() -> None:
    found = problems(lambda: Correlation({("a", "b"): 2, ("c", "c"): 0.1, 3: 0.1}, measure="x", copula="y", repair=2))
    fields = ["correlation.measure", "correlation[a, b]", "correlation[c, c]", "correlation"]
    assert [problem.field for problem in found] == [*fields, "correlation.copula", "correlation.repair"]
    wrong = [[2, 0.5, 0], [0.4, 1, 0], [0, 0.1, 1]]
    found = problems(lambda: Correlation.from_matrix(["a", "b", "c"], wrong))
    assert [problem.field for problem in found] == ["matrix[a, a]", "matrix[a, b]", "matrix[b, c]"]


FILE: list[dict[str, Any]] = [
    {"inputs": ["a", "b"], "value": 0.5, "rationale": "both are built from the same parts"},
    {"inputs": ["e", "c", "d"], "matrix": MATRIX, "group": "hardware", "measure": "kendall"},
    {"inputs": ["f", "g", "h"], "value": 0.3, "measure": "spearman", "group": "demand"},
]
LAWS: dict[str, Any] = {"copula": ["t", 6.0], "groups": {"hardware": {"copula": "gaussian", "repair": True}}}


def test_tables_of_a_file_become_correlations_by_group() -> None:
    assert correlation_from_list(FILE, "inputs", "correlation", LAWS) == {
        "": Correlation({("a", "b"): 0.5}, copula=("t", 6.0)),
        "hardware": Correlation.from_matrix(["e", "c", "d"], MATRIX, measure="kendall", copula="gaussian", repair=True),
        "demand": Correlation.exchangeable(["f", "g", "h"], 0.3, measure="spearman", copula=("t", 6.0)),
    }
    assert correlation_from_list([], "inputs", "correlation") == {"": Correlation({}, copula="gaussian")}


def test_tables_of_shocks_take_no_copula() -> None:
    entries = [{"shocks": ["a", "b"], "value": 0.5}]
    made = correlation_from_list(entries, "shocks", "shock_correlation", {"copula": ["t", 4.0], "repair": True})
    assert made == {"": Correlation({("a", "b"): 0.5}, repair=True)}


def test_correlations_become_tables_and_back() -> None:
    made = correlation_from_list(FILE, "inputs", "correlation", LAWS)
    entries, laws = correlation_to_list(made, "inputs"), dependence_to_dict(made)
    assert entries[:2] == [
        {"inputs": ["a", "b"], "value": 0.5},
        {"inputs": ["f", "g"], "value": 0.3, "measure": "spearman", "group": "demand"},
    ]
    assert laws == LAWS
    plain = json.loads(json.dumps([entries, laws]))
    assert correlation_from_list(plain[0], "inputs", "correlation", plain[1]) == made


@pytest.mark.parametrize(
    ("entries", "laws", "field", "words"),
    [
        ({}, None, "correlation", "must be a list"),
        ([3], None, "correlation[0]", "must be a table"),
        ([{"value": 0.5}], None, "correlation[0].inputs", "must be a list of names"),
        ([{"inputs": ["a"], "value": 0.5}], None, "correlation[0].inputs", "two names or more"),
        ([{"inputs": ["a", "b"]}], None, "correlation[0]", 'either a "value" or a "matrix"'),
        ([{"inputs": ["a", "b"], "value": 0.5, "matrix": []}], None, "correlation[0]", 'either a "value"'),
        ([{"inputs": ["a", "b"], "matrix": MATRIX}], None, "correlation[0].matrix", "2 rows of 2 numbers"),
        ([{"inputs": ["a", "b"], "matrix": [[1, 0.5], [0.4, 1]]}], None, "correlation[0].matrix[a, b]", "equal"),
        ([{"inputs": ["a", "b"], "value": 0.5, "measure": "x"}], None, "correlation[0].measure", "must be one of"),
        ([{"inputs": ["a", "b"], "value": 0.5, "group": 1}], None, "correlation[0].group", "name of a group"),
        ([{"inputs": ["a", "b"], "value": 1.5}], None, "correlation[a, b]", "at most 1"),
        ([{"inputs": ["a", "b"], "value": 1.5, "group": "g"}], None, "correlation.g[a, b]", "at most 1"),
        ([{"inputs": ["a", "b"], "value": [0.5]}], None, "correlation[a, b]", "must be a number"),
        ([{"inputs": ["a", "b"], "value": 0.5}] * 2, None, "correlation[1]", "twice"),
        ([], {"copla": "t"}, "dependence.copla", "copula"),
        ([], {"copula": ["t", 0]}, "dependence.copula: degrees of freedom", "at least 1e-06"),
        ([], {"repair": "yes"}, "dependence.repair", "true or false"),
        ([], {"groups": {"g": {}}}, "dependence.groups.g", "without correlations"),
        (FILE, {"groups": {"hardwear": {}}}, "dependence.groups.hardwear", "did you mean 'hardware'?"),
        (FILE, {"groups": {"demand": {"copula": 4}}}, "dependence.groups.demand.copula", "must be"),
        (FILE, {"groups": {"demand": {"df": 4}}}, "dependence.groups.demand.df", "is no key here"),
        (FILE, {"groups": {"demand": 4}}, "dependence.groups.demand", "must be a table"),
        (FILE, {"groups": 4}, "dependence.groups", "must be a table"),
        (FILE, 4, "dependence", "must be a table"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(entries: Any, laws: Any, field: str, words: str) -> None:
    (problem,) = problems(lambda: correlation_from_list(entries, "inputs", "correlation", laws))
    assert problem.field == field
    assert words in f"{problem.rule}; {problem.remedy}"


def test_a_name_leaves_the_entries_and_with_it_empty_groups() -> None:
    entries = [*FILE, {"inputs": ["k", "m"], "value": 0.1, "group": "pair"}, "not a table"]
    left = without_name(entries, "c")
    assert left[1] == {**FILE[1], "inputs": ["e", "d"], "matrix": [[1.0, 0.2], [0.2, 1.0]]}
    assert [left[0], *left[2:]] == [entries[0], *entries[2:]]
    left = without_name(entries, "k")
    assert left == [*FILE, "not a table"]
    laws = {"repair": True, "groups": {"pair": {"repair": False}, "hardware": {}, "hardwear": {}}}
    assert dependence_left(laws, entries, left) == {"repair": True, "groups": {"hardware": {}, "hardwear": {}}}
    assert dependence_left({"repair": True}, entries, left) == {"repair": True}
    assert without_name([{"shocks": ["a", "b"], "value": 0.1}], "a", "shocks") == []


def test_numpy_numbers_are_numbers() -> None:
    made = Correlation.from_matrix(["a", "b"], np.array([[1, np.float32(0.5)], [0.5, 1]]), copula=("t", np.int64(4)))
    assert made == Correlation({("a", "b"): np.float64(0.5)}, copula=("t", 4.0))
