"""Inputs: how uniforms become draws, dependence between them, and what is refused."""

import math

import numpy as np
import pytest
import scipy.stats
from numpy.typing import NDArray

from montecarlo_ai.distributions import PERT, Constant, Exponential, LogNormal, Normal, Uniform
from montecarlo_ai.errors import InputError
from montecarlo_ai.inputs import Inputs

SEED = 20260101


def uniforms(names: tuple[str, ...], n: int = 4096, seed: int = SEED) -> dict[str, NDArray[np.float64]]:
    """Return 52-bit uniforms strictly inside (0, 1), each name's from a generator of its own."""
    return {
        name: (np.random.default_rng([seed, *name.encode()]).integers(0, 2**52, n) + 0.5) / 2.0**52 for name in names
    }


def example() -> Inputs:
    return Inputs(
        {
            "growth": Normal(0.5, 0.2),
            "market": LogNormal.from_interval(1.0, 10.0),
            "share": Uniform(0.1, 0.9),
            "start": 2.5,
            "wait": scipy.stats.gamma(2.0),
            "term": PERT(1.0, 2.0, 5.0),
        },
        correlation={("share", "growth"): 0.6, ("market", "wait"): -0.4},
    )


def test_names_values_and_constants() -> None:
    inputs = example()
    assert inputs.names == ("growth", "market", "share", "start", "wait", "term")
    assert inputs.varying == ("growth", "market", "share", "wait", "term")
    assert inputs.constants == {"start": 2.5}
    assert inputs.distributions["start"] == Constant(2.5)
    assert repr(inputs).startswith("Inputs: 6, 5 varying")
    assert "correlation(growth, share): 0.6" in repr(inputs)


def test_inputs_outside_pairs_are_untouched_bit_for_bit() -> None:
    inputs = example()
    draws = inputs.from_uniforms(uniforms(inputs.varying))
    assert tuple(draws) == inputs.varying
    assert np.array_equal(draws["term"], PERT(1.0, 2.0, 5.0).ppf(uniforms(("term",))["term"]))
    without = Inputs(inputs.distributions).from_uniforms(uniforms(inputs.varying))
    assert np.array_equal(draws["term"], without["term"])
    one_pair = Inputs(inputs.distributions, correlation={("share", "growth"): 0.6})
    other = one_pair.from_uniforms(uniforms(inputs.varying))
    assert np.array_equal(draws["share"], other["share"])
    assert np.array_equal(draws["growth"], other["growth"])
    assert np.array_equal(without["wait"], other["wait"])


def test_a_correlation_of_zero_changes_nothing() -> None:
    inputs = Inputs({"a": Uniform(0, 1), "b": Exponential(1)}, correlation={("a", "b"): 0.0})
    draws = inputs.from_uniforms(uniforms(("a", "b")))
    assert np.array_equal(draws["a"], Uniform(0, 1).ppf(uniforms(("a",))["a"]))


def test_order_of_declaration_changes_no_draw() -> None:
    inputs = example()
    names = list(inputs.names)[::-1]
    turned = Inputs({name: inputs.distributions[name] for name in names}, correlation=inputs.correlation)
    first, second = inputs.from_uniforms(uniforms(inputs.varying)), turned.from_uniforms(uniforms(inputs.varying))
    assert all(np.array_equal(first[name], second[name]) for name in inputs.varying)
    assert inputs == turned
    assert hash(inputs) == hash(turned)


def test_draws_are_elementwise_over_blocks() -> None:
    inputs = example()
    columns = uniforms(inputs.varying)
    whole = inputs.from_uniforms(columns)
    for start, stop in ((0, 256), (256, 1024), (3840, 4096)):
        part = inputs.from_uniforms({name: column[start:stop] for name, column in columns.items()})
        assert all(np.array_equal(whole[name][start:stop], part[name]) for name in inputs.varying)
    strided = {name: np.repeat(column, 2)[::2] for name, column in columns.items()}
    again = inputs.from_uniforms(strided)
    assert all(np.array_equal(whole[name], again[name]) for name in inputs.varying)


def test_comonotone_and_countermonotone_draws_are_exact() -> None:
    inputs = Inputs(
        {"a": LogNormal(0.0, 1.0), "b": LogNormal(0.0, 1.0), "c": Uniform(0.0, 1.0), "d": Normal(0.0, 1.0)},
        correlation={
            ("a", "b"): 1.0, ("a", "c"): 1.0, ("b", "c"): 1.0,
            ("a", "d"): -1.0, ("b", "d"): -1.0, ("c", "d"): -1.0,
        },
    )  # fmt: skip
    draws = inputs.from_uniforms(uniforms(inputs.varying))
    assert np.array_equal(draws["a"], draws["b"])
    order = np.argsort(draws["a"])
    assert (np.diff(draws["c"][order]) >= 0.0).all()
    assert (np.diff(draws["d"][order]) <= 0.0).all()


def test_gaussian_copula_meets_published_numbers() -> None:
    # n = 1,000,000; |z| < 4.5 has a false-alarm rate of 7e-6 each. Standard errors: 1.1e-4 of C(.05, .05), which sees a
    # shift of 4 %, where independence is off by 80 %; 9e-4 at most of Spearman's, which sees a shift of .006.
    n = 1_000_000
    inputs = Inputs({"a": Uniform(0.0, 1.0), "b": Exponential(1.0)}, correlation={("a", "b"): 0.5})
    draws = inputs.from_uniforms(uniforms(("a", "b"), n))
    low = (draws["a"] < 0.05) & (draws["b"] < Exponential(1.0).ppf(0.05))
    joint = 0.0121894
    assert abs(low.mean() - joint) < 4.5 * math.sqrt(joint * (1.0 - joint) / n)
    spearman = scipy.stats.spearmanr(draws["a"], draws["b"]).statistic
    assert abs(spearman - 0.482584) < 4.5 * 0.9 / math.sqrt(n)


def test_margins_stay_what_they_are_under_correlation() -> None:
    # Kolmogorov-Smirnov at n = 100,000: 2.3 / sqrt(n) is passed by chance with probability 5e-5 each; sees .012 off.
    inputs = example()
    draws = inputs.from_uniforms(uniforms(inputs.varying, 100_000))
    for name in inputs.varying:
        distance = scipy.stats.kstest(draws[name], inputs.distributions[name].cdf).statistic
        assert distance < 2.3 / math.sqrt(100_000)


def test_no_tail_makes_a_draw_infinite() -> None:
    names = ("a", "b", "c", "d")
    pairs = {(first, second): 0.9 for i, first in enumerate(names) for second in names[i + 1 :]}
    inputs = Inputs(dict.fromkeys(names, Exponential(1.0)), correlation=pairs)
    ends = np.array([0.5 / 2.0**52, 1.0 - 0.5 / 2.0**52])
    draws = inputs.from_uniforms(dict.fromkeys(names, ends))
    assert all(np.isfinite(draw).all() for draw in draws.values())


def test_plain_form_rebuilds_equal_inputs() -> None:
    inputs = example()
    table = inputs.to_dict()
    assert Inputs.from_dict(table) == inputs
    assert table["correlation"] == [
        {"inputs": ["growth", "share"], "value": 0.6},
        {"inputs": ["market", "wait"], "value": -0.4},
    ]
    assert inputs != Inputs(inputs.distributions)


def test_replacing_values() -> None:
    inputs = example()
    changed = inputs.replace(growth=0.3, term=Uniform(1.0, 2.0))
    assert changed.names == inputs.names
    assert changed.constants == {"growth": 0.3, "start": 2.5}
    assert changed.correlation == {("market", "wait"): -0.4}
    assert inputs.varying[0] == "growth"
    assert inputs.replace(growth=LogNormal(0.0, 1.0)).correlation == inputs.correlation
    with pytest.raises(InputError) as caught:
        inputs.replace(grwoth=1.0, term=True)
    assert [problem.field for problem in caught.value.problems] == ["inputs.grwoth", "inputs.term"]
    assert "growth" in str(caught.value)


def test_inputs_are_frozen() -> None:
    with pytest.raises(AttributeError):
        example().copula = "t"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"values": [1.0]}, "inputs = [1.0]"),
        ({"values": {"a": True}}, "inputs.a"),
        ({"values": {"a": math.nan}}, "inputs.a"),
        ({"values": {"a": "x"}}, "inputs.a"),
        ({"values": {"a b": 1.0}}, "a b"),
        ({"values": {"class": 1.0}}, "class"),
        ({"values": {1: 1.0}}, "inputs = 1"),
        ({"values": {"path": 1.0}}, "inputs.path"),
        ({"values": {"a": Normal(0, 1)}, "correlation": {("a", "z"): 0.5}}, "correlation[a, z]"),
        ({"values": {"a": Normal(0, 1), "b": 1.0}, "correlation": {("a", "b"): 0.5}}, "b is a constant"),
        ({"values": {"a": Normal(0, 1), "b": 1.0}, "correlation": {("b", "a"): 0.5, ("a", "b"): 0.5}}, "twice"),
        ({"values": {"a": 1.0}, "correlation": [("a", "b", 0.5)]}, "must map pairs"),
        ({"values": {"a": 1.0}, "copula": "t"}, "copula"),
        ({"values": {"a": 1.0}, "copula": ("t", 4)}, "copula"),
    ],
)
def test_bad_inputs_are_named(arguments: dict[str, object], words: str) -> None:
    values = arguments.pop("values")
    try:
        with pytest.raises(InputError) as caught:
            Inputs(values, **arguments)  # type: ignore[arg-type]
    finally:
        arguments["values"] = values
    assert words in str(caught.value)


def test_all_problems_come_at_once() -> None:
    with pytest.raises(InputError) as caught:
        Inputs({"a": True, "b": math.inf, "c": 1.0}, correlation={("a", "z"): 2.0}, copula="t")
    fields = [problem.field for problem in caught.value.problems]
    assert fields == ["inputs.a", "inputs.b", "copula", "correlation[a, z]", "correlation[a, z]"]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"a": [0.5]}, '"b"'),
        ({"a": [0.5], "b": [0.5], "c": [0.5]}, "c"),
        ({"a": [0.5], "b": [0.5, 0.5]}, "shape"),
        ({"a": [0.0], "b": [0.5]}, "uniforms.a"),
        ({"a": [0.5], "b": [1.0]}, "uniforms.b"),
        ({"a": [0.5], "b": [math.nan]}, "uniforms.b"),
    ],
)
def test_bad_uniforms_are_named(columns: dict[str, list[float]], words: str) -> None:
    inputs = Inputs({"a": Normal(0, 1), "b": Uniform(0, 1)})
    with pytest.raises(InputError) as caught:
        inputs.from_uniforms({name: np.array(column) for name, column in columns.items()})
    assert words in str(caught.value)
