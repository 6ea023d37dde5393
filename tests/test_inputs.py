"""Inputs: how uniforms become draws, dependence between them, and what is refused."""

import json
import math

import numpy as np
import pytest
import scipy.stats
from numpy.typing import NDArray

from montecarlo_ai.dependence.correlation import Correlation
from montecarlo_ai.distributions import PERT, Constant, Exponential, LogNormal, Normal, Uniform
from montecarlo_ai.errors import InputError
from montecarlo_ai.inputs import Inputs
from montecarlo_ai.streams import name_word

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
    assert np.array_equal(draws["term"], PERT(1.0, 2.0, 5.0).draws(uniforms(("term",))["term"]))
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
    assert np.array_equal(draws["a"], Uniform(0, 1).draws(uniforms(("a",))["a"]))


def grouped() -> Inputs:
    """Three groups, each with its own copula, and an input in none."""
    names = ("a", "b", "c", "d", "e", "f", "g")
    return Inputs(
        dict.fromkeys(names, LogNormal(0.0, 1.0)) | {"g": Uniform(0.0, 1.0)},
        correlation={
            "hardware": Correlation({("b", "a"): 0.5}, copula=("t", 4)),
            "demand": Correlation({("c", "d"): ("kendall", 0.2)}),
            "": Correlation({("f", "e"): 0.3}, measure="spearman"),
        },
        copula=("t", 9),
    )


def test_named_groups_have_their_own_copula_and_stream() -> None:
    inputs = grouped()
    assert inputs.streams == (*"abcdefg", "copula(a,b)", "copula(c,d)", "copula(e,f)")
    assert inputs.copula == ("t", 9.0)
    assert {name: group.copula for name, group in inputs.dependence.items()} == {
        "hardware": ("t", 4.0),
        "demand": ("t", 9.0),
        "": ("t", 9.0),
    }
    assert inputs.correlation["c", "d"] == pytest.approx(math.sin(0.1 * math.pi), abs=1e-15)
    assert "t copula(a, b): 4 degrees of freedom" in repr(inputs)
    assert example().streams == example().varying


def test_a_group_draws_the_same_whatever_stands_beside_it() -> None:
    """Bit for bit: alone or beside others, named or not, in another order, under another name."""
    inputs = grouped()
    columns = uniforms(inputs.streams)
    draws = inputs.from_uniforms(columns)
    assert np.array_equal(draws["g"], Uniform(0.0, 1.0).draws(columns["g"]))
    for correlation in ({("a", "b"): 0.5}, {"x": Correlation({("a", "b"): 0.5})}):
        values = {name: inputs.distributions[name] for name in "gba"}
        alone = Inputs(values, correlation=correlation, copula=("t", 4.0))
        assert alone.streams == ("g", "b", "a", "copula(a,b)")
        again = alone.from_uniforms({name: columns[name] for name in alone.streams})
        assert all(np.array_equal(again[name], draws[name]) for name in values)


def test_t_copula_draws_are_elementwise() -> None:
    inputs = grouped()
    columns = uniforms(inputs.streams)
    whole = inputs.from_uniforms(columns)
    part = inputs.from_uniforms({name: column[512:768] for name, column in columns.items()})
    assert all(np.array_equal(whole[name][512:768], part[name]) for name in inputs.varying)


def test_comonotone_draws_are_exact_under_a_t_copula() -> None:
    values = {"a": LogNormal(0.0, 1.0), "b": LogNormal(0.0, 1.0), "c": Normal(0.0, 1.0), "d": Normal(0.0, 1.0)}
    pairs = {("a", "b"): 1.0, ("a", "c"): 1.0, ("b", "c"): 1.0} | {(name, "d"): -1.0 for name in "abc"}
    inputs = Inputs(values, correlation=pairs, copula=("t", 3.0))
    draws = inputs.from_uniforms(uniforms(inputs.streams))
    assert np.array_equal(draws["a"], draws["b"])
    assert np.array_equal(draws["c"], -draws["d"])


def test_names_with_the_same_hash_are_refused() -> None:
    seen: dict[int, str] = {}
    for index in range(2**20):  # 2**32 hashes: two of 77,000 names collide at even odds, of a million surely
        first = seen.setdefault(name_word(f"x{index}"), f"x{index}")
        if first != f"x{index}":
            break
    second = f"x{index}"
    with pytest.raises(InputError) as caught:
        Inputs({first: Uniform(0, 1), second: Uniform(0, 1)})
    assert f"['{first}', '{second}']" in str(caught.value)
    assert "same 32-bit hash" in str(caught.value)
    assert Inputs({first: Uniform(0, 1), second: 0.5}).varying == (first,)


def test_repairs_are_recorded_shown_and_kept() -> None:
    pairs = {("a", "b"): 0.9, ("b", "c"): 0.9, ("a", "c"): -0.9}
    values = dict.fromkeys("abc", Normal(0.0, 1.0))
    with pytest.raises(InputError, match="smallest eigenvalue"):
        Inputs(values, correlation=pairs)
    inputs = Inputs(values, correlation=Correlation(pairs, repair=True))
    (repair,) = inputs.repairs
    assert repair.smallest_eigenvalue == pytest.approx(-0.8, abs=1e-12)
    assert "repaired: Repair(a, b, c: eigenvalue -0.8, largest change 0.4)" in repr(inputs)
    assert inputs.correlation["a", "b"] == pytest.approx(0.5, abs=1e-9)
    table = json.loads(json.dumps(inputs.to_dict()))
    assert table["repair"] is True
    assert table["repairs"] == [{"names": ["a", "b", "c"], "matrix": repair.matrix.tolist()}]
    again = Inputs.from_dict(table)
    assert again == inputs
    columns = uniforms(("a", "b", "c"))
    first, second = inputs.from_uniforms(columns), again.from_uniforms(columns)
    assert all(np.array_equal(first[name], second[name]) for name in values)
    assert inputs.replace(c=1.0).repairs == ()
    assert inputs.replace(c=1.0).correlation == {("a", "b"): 0.9}


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
    inputs = grouped()
    assert Inputs.from_dict(json.loads(json.dumps(inputs.to_dict()))) == inputs
    assert inputs.to_dict()["copula"] == ["t", 9.0]
    assert inputs.to_dict()["groups"] == {"hardware": {"copula": ["t", 4.0]}}


def test_many_correlations_do_not_flood_the_printed_form() -> None:
    names = [f"x{index}" for index in range(30)]
    inputs = Inputs(dict.fromkeys(names, Normal(0, 1)), correlation=Correlation.exchangeable(names, 0.1))
    assert "and 390 more correlations" in repr(inputs)
    assert len(repr(inputs).splitlines()) < 100


def test_replacing_values() -> None:
    inputs = example()
    changed = inputs.replace(growth=0.3, term=Uniform(1.0, 2.0))
    assert changed.names == inputs.names
    assert changed.constants == {"growth": 0.3, "start": 2.5}
    assert changed.correlation == {("market", "wait"): -0.4}
    assert inputs.varying[0] == "growth"
    assert inputs.replace(growth=LogNormal(0.0, 1.0)).correlation == inputs.correlation
    assert grouped().replace(a=1.0).streams == (*"bcdefg", "copula(c,d)", "copula(e,f)")
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
        ({"values": {"a": 1.0}, "copula": ("t", 0)}, "copula: degrees of freedom = 0: must be at least 1e-06"),
        ({"values": {"a": 1.0}, "copula": ("t", math.nan)}, "copula: degrees of freedom"),
        ({"values": {"a": 1.0, "b": 2.0}, "correlation": {"g": Correlation({("a", "b"): 0.0})}}, "correlation.g[a, b]"),
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


@pytest.mark.parametrize("uniforms", [5, None, {"a": "x"}, {"a": [[0.5], [0.5, 0.5]]}])
def test_uniforms_that_are_no_numbers_are_refused(uniforms: object) -> None:
    with pytest.raises(InputError, match=r"uniforms"):
        Inputs({"a": Normal(0.0, 1.0)}).from_uniforms(uniforms)  # type: ignore[arg-type]
