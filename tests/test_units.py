"""Units: magnitudes, dimensions, and the laws of conversion."""

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from montecarlo_ai.errors import InputError
from montecarlo_ai.lab.parameters import Params
from montecarlo_ai.units import check_units, conversion

MONEY = ["USD", "$", "thousand USD", "million USD", "bn USD", "trillion USD", "1e9 USD"]
SPANS = ["year", "quarter", "month", "week", "day", "hour", "second"]
RATES = [f"{money}/{span}" for money in MONEY for span in SPANS]
FLOWS = ["FLOP/s", "TFLOP/second", "EFLOP/year", "million PFLOP/day"]
SHARES = ["fraction", "percent", "%", "1", "", "ratio", "thousand"]
KINDS = [RATES, FLOWS, SHARES, ["GW year", "TWh", "kWh", "W*second"], ["1/year**0.5", "1/month**0.5", "day**-0.5"]]

texts = st.sampled_from(KINDS).flatmap(lambda kind: st.tuples(*[st.sampled_from(kind)] * 3))


@pytest.mark.parametrize(
    ("units", "to", "factor"),
    [
        ("billion USD/year", "USD/year", 1e9),
        ("trillion USD", "billion USD", 1e3),
        ("percent", "fraction", 0.01),
        ("fraction", "percent", 100.0),
        ("percent", "ratio", 0.01),
        ("percent", "1", 0.01),
        ("USD/month", "USD/year", 12.0),
        ("USD/quarter", "USD/month", 1.0 / 3.0),
        ("USD/day", "USD/year", 365.2425),
        ("1/month**0.5", "1/year**0.5", math.sqrt(12.0)),
        ("USD/(GW year)", "USD/(MW year)", 1e-3),
        ("GW year", "GWh", 8765.82),
        ("ZFLOP", "FLOP", 1e21),
        ("YFLOP", "kFLOP", 1e21),
        ("FLOP/s", "FLOP/year", 31556952.0),
        ("million users", "user", 1e6),
        ("H100e/GW", "H100e/MW", 1e-3),
        ("USD per user", "million USD/users", 1e-6),
        ("USD^2", "USD*USD", 1.0),
    ],
)
def test_conversions(units: str, to: str, factor: float) -> None:
    assert conversion(units, to) == pytest.approx(factor, rel=3e-16)


@given(texts)
def test_conversions_there_and_back_and_by_a_third(units: tuple[str, str, str]) -> None:
    first, second, third = units
    assert conversion(first, first) == 1.0
    assert conversion(first, second) * conversion(second, first) == pytest.approx(1.0, rel=4e-16)
    assert conversion(first, second) * conversion(second, third) == pytest.approx(conversion(first, third), rel=1e-15)


@given(power=st.integers(-6, 6), prefix=st.sampled_from([("k", 3), ("M", 6), ("G", 9), ("T", 12), ("Y", 24)]))
def test_powers_of_ten_are_exact(power: int, prefix: tuple[str, int]) -> None:
    if abs(power * prefix[1]) < 300:
        assert conversion(f"{prefix[0]}W**{power}", f"W**{power}") == float(f"1e{power * prefix[1]}")


@pytest.mark.parametrize(
    ("units", "to", "words"),
    [
        ("FLOP", "FLOP/s", r"differ in time \(to the power 0 against -1\)"),
        ("USD", "EUR", "differ in EUR .* and USD"),
        ("users", "chips", "differ in chip .* and user"),
        ("W", "Wh", "differ in time"),
        ("USD/GW year", "USD", r"write a/\(b c\)"),
        ("USD)", "USD", "not opened"),
        ("(USD", "USD", "not closed"),
        ("USD//year", "USD", "lacks a word before '/'"),
        ("USD/", "USD", "lacks a word at its end"),
        ("USD**x", "USD", "where a number belongs"),
        ("USD**", "USD", "where a number belongs"),
        ("0 USD", "USD", "above zero"),
        ("1.2.3 USD", "USD", "where a number belongs"),
        ("USD?", "USD", "has '\\?'"),
        ("YW**20", "W**20", "no float"),
    ],
)
def test_what_is_no_unit_or_another_is_refused(units: str, to: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        conversion(units, to)


@pytest.mark.parametrize(
    ("units", "words"),
    [
        ("1e99999999 USD", "no float"),
        ("1e-99999999 USD", "no float"),
        ("0e99999999 USD", "above zero"),
        ("USD**1e99999999", "no float"),
        ("USD**65", "power beyond 64"),
        ("10**99999999 USD", "power beyond 64"),
        ("(USD**9)**-9", "power beyond 64"),
        ("USD**60 USD**60", "power beyond 64"),
        ("(((1e300**64)**64)**64)**64", "beyond all floats"),
        ("(((year**64)**64)**64)**64", "power beyond 64"),
        ("(((million**64)**64)**64)**64", "beyond all floats"),
        ("(" * 17 + "USD" + ")" * 17, "deeper than 16"),
        ("(" * 100_000, "longer than 256"),
        ("USD " * 100_000, "longer than 256"),
        ("USD**nan", "where a number belongs"),
    ],
)
def test_units_beyond_any_use_are_refused_at_once(units: str, words: str) -> None:
    """Each takes milliseconds: an exact power of ten would otherwise have as many digits as it says."""
    begun = time.perf_counter()
    with pytest.raises(InputError, match=words):
        conversion(units, "USD")
    assert time.perf_counter() - begun < 2.0


def test_units_reach_as_far_as_stated() -> None:
    assert conversion("kUSD**64", "kUSD**64") == 1.0
    assert conversion("kW**64/W**64", "1") == 1e192
    assert conversion("1e300**64 USD", "1e300**64 USD") == 1.0
    assert conversion("0.1**64 USD", "1e-64 USD") == 1.0
    assert conversion("(" * 16 + "USD" + ")" * 16, "USD") == 1.0


def test_units_of_the_lab_are_read() -> None:
    for hint in Params.__annotations__.values():
        check_units(_text(hint))


def _text(hint: object) -> str:
    """Unit of an annotation, which is text where annotations are not evaluated."""
    metadata = getattr(hint, "__metadata__", None)
    return metadata[0] if metadata else str(hint).split('"')[1]


def test_checks_name_the_field() -> None:
    with pytest.raises(InputError, match=r"inputs\.x\.units = 3: must be text"):
        check_units(3, "inputs.x.units")
    with pytest.raises(InputError, match=r"inputs\.x\.units = 'a b/'"):
        check_units("a b/", "inputs.x.units")
