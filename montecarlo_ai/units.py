"""Units as people write them: "billion USD/year", "USD/(GW year)", "1/year**0.5", "percent".

A unit is made of words side by side or joined by ``*`` (times), ``/`` or ``per``, powers (``**`` or ``^``), numbers
and parentheses. Magnitudes (million), SI prefixes of W, Wh and FLOP, and spans of time are numbers times a dimension;
any other word is a dimension of its own, such as users or H100e, in the singular or the plural. Powers of ten are
exact. A year has twelve equal months and 365.2425 days. Powers reach from -64 to 64, and numbers are floats' own.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from montecarlo_ai.checks import refused
from montecarlo_ai.errors import InputError

_MAGNITUDES = {
    "thousand": 3, "million": 6, "mn": 6, "billion": 9, "bn": 9, "trillion": 12, "tn": 12,
    "percent": -2, "%": -2, "fraction": 0, "ratio": 0,
}  # fmt: skip
_PREFIXES = {"k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18, "Z": 21, "Y": 24}
_DAY = Fraction(10000, 3652425)
_SPANS = {
    "year": Fraction(1), "quarter": Fraction(1, 4), "month": Fraction(1, 12), "week": 7 * _DAY, "day": _DAY,
    "hour": _DAY / 24, "h": _DAY / 24, "minute": _DAY / 1440, "second": _DAY / 86400, "s": _DAY / 86400,
}  # fmt: skip
_TIME = "time"

LARGEST_POWER = 64
"""Of a word, a number or a parenthesis as written, and of a dimension in all."""

LONGEST_TEXT, DEEPEST_NESTING = 256, 16
_MOST_DIGITS = 64 * 308
"""Of a number with its power: what the largest float has at the largest power, and few enough to be exact quickly."""

_PREFIXED = re.compile(r"([kMGTPEZY]?)(Wh|W|FLOP)")
_TOKEN = re.compile(r"\s*(\*\*|[*/^()$%]|[0-9.]+(?:[eE][+-]?[0-9]+)?|[^\W\d]\w*|-)")


@dataclass(frozen=True)
class Unit:
    """A product of powers: of numbers, and of dimensions.

    Parameters
    ----------
    numbers, dimensions : tuple of (base, power)
        Sorted by base, without powers of zero.
    """

    numbers: tuple[tuple[Fraction, Fraction], ...] = ()
    dimensions: tuple[tuple[str, Fraction], ...] = ()

    def times(self, other: Unit, power: Fraction = Fraction(1)) -> Unit:
        """Return this unit times a power of another."""
        numbers, dimensions = dict(self.numbers), dict(self.dimensions)
        for number, exponent in other.numbers:
            numbers[number] = numbers.get(number, Fraction(0)) + exponent * power
        for name, exponent in other.dimensions:
            dimensions[name] = dimensions.get(name, Fraction(0)) + exponent * power
        return Unit(_kept(numbers), _kept(dimensions))

    def factor(self) -> float:
        """Return the product of the numbers; exact, and rounded once, where all powers are whole."""
        whole, rest = Fraction(1), 1.0
        for number, power in self.numbers:
            if power.denominator == 1:
                whole *= number**power.numerator
            else:
                rest *= float(number) ** float(power)
        return float(whole) * rest


def conversion(units: str, to: str) -> float:
    """Return what a number in some units is multiplied by to stand in others.

    Parameters
    ----------
    units, to : str
        Such as "billion USD/year" and "USD/year".

    Raises
    ------
    InputError
        If a text is no unit, or the two do not measure the same; it names the dimensions that differ.

    Examples
    --------
    >>> conversion("billion USD/year", "USD/month")
    83333333.33333333
    >>> conversion("percent", "fraction")
    0.01
    """
    ratio = parsed(units).times(parsed(to), Fraction(-1))
    if ratio.dimensions:
        having, wanted = (dict(parsed(text).dimensions) for text in (units, to))
        differing = " and ".join(
            f"{name} (to the power {having.get(name, 0)} against {wanted.get(name, 0)})" for name, _ in ratio.dimensions
        )
        raise refused("units", units, f"cannot be converted to {to!r}: they differ in {differing}")
    try:
        factor = ratio.factor()
    except OverflowError:
        factor = 0.0
    if factor == 0.0:
        raise refused("units", units, f"cannot be converted to {to!r}: the factor between them is no float")
    return factor


def check_units(units: object, field: str = "units") -> None:
    """Raise unless this is the text of a unit."""
    if not isinstance(units, str):
        raise refused(field, units, "must be text", 'such as "billion USD/year"')
    try:
        parsed(units)
    except InputError as error:
        raise refused(field, units, error.problems[0].rule, error.problems[0].remedy) from None


@lru_cache(maxsize=1024)
def parsed(text: str) -> Unit:
    """Return the unit of a text; raises InputError where it has none."""
    if len(text) > LONGEST_TEXT:
        raise _refused(text, f"is longer than {LONGEST_TEXT} characters")
    tokens, place = [], 0
    stripped = text.rstrip()
    while place < len(stripped):
        match = _TOKEN.match(stripped, place)
        if match is None:
            raise _refused(text, f"has {stripped[place:].lstrip()[:1]!r}, which no unit has")
        tokens.append(match[1])
        place = match.end()
    reader = _Reader(text, tokens)
    unit = reader.product()
    if reader.tokens:
        raise _refused(text, "closes a parenthesis that was not opened")
    return unit


class _Reader:
    """Reader of a unit's tokens from left to right."""

    def __init__(self, text: str, tokens: list[str]) -> None:
        self.text, self.tokens, self.depth = text, tokens[::-1], 0

    def product(self) -> Unit:
        """Return the product up to the end, or to a closing parenthesis."""
        unit, sign, divided = Unit(), Fraction(1), False
        while self.tokens and self.tokens[-1] != ")":
            joined = self.tokens[-1] in ("*", "/", "per")
            if joined:
                joint = self.tokens.pop()
                sign = Fraction(1 if joint == "*" else -1)
            elif divided:
                remedy = "write a/(b c), or a c/b"
                raise _refused(self.text, "does not say whether what comes after a division is divided by too", remedy)
            unit = self._bounded(unit.times(self._power(), sign))
            divided = sign < 0
            sign = Fraction(1)
        return unit

    def _power(self) -> Unit:
        """Return a word, number or parenthesis, with the power that follows."""
        unit = self._factor()
        if self.tokens and self.tokens[-1] in ("**", "^"):
            self.tokens.pop()
            negative = bool(self.tokens) and self.tokens[-1] == "-"
            if negative:
                self.tokens.pop()
            power = self._number(self.tokens.pop() if self.tokens else "")
            if power > LARGEST_POWER:
                raise _refused(self.text, _TOO_LARGE_A_POWER)
            return self._bounded(Unit().times(unit, -power if negative else power))
        return unit

    def _bounded(self, unit: Unit) -> Unit:
        """Return the unit, whose powers have multiplied or added up to no more than can be counted exactly."""
        if any(abs(power) > LARGEST_POWER for _, power in unit.dimensions):
            raise _refused(self.text, _TOO_LARGE_A_POWER)
        if any(abs(power) * abs(math.log10(number)) > _MOST_DIGITS for number, power in unit.numbers):
            raise _refused(self.text, "has a number beyond all floats")
        return unit

    def _factor(self) -> Unit:
        token = self.tokens.pop() if self.tokens else ""
        if token == "(":
            self.depth += 1
            if self.depth > DEEPEST_NESTING:
                raise _refused(self.text, f"nests deeper than {DEEPEST_NESTING} parentheses")
            unit = self.product()
            if not self.tokens:
                raise _refused(self.text, "opens a parenthesis that is not closed")
            self.tokens.pop()
            self.depth -= 1
            return unit
        if token[:1].isdigit() or token[:1] == ".":
            return _number_unit(self._number(token), self.text)
        if token in ("", ")", "*", "/", "^", "**", "-", "per"):
            raise _refused(self.text, "lacks a word" + (f" before {token!r}" if token else " at its end"))
        return _word(token)

    def _number(self, token: str) -> Fraction:
        try:
            rounded = float(token) if token[:1].isdigit() or token[:1] == "." else None
        except ValueError:
            rounded = None
        if rounded is None:
            raise _refused(self.text, f"has {token!r} where a number belongs")
        zero = not token.lower().partition("e")[0].strip("0.")
        if math.isinf(rounded) or (rounded == 0.0 and not zero):
            raise _refused(self.text, f"has {token!r}, a number that is no float")
        return Fraction(0) if zero else Fraction(token)  # an exact power of ten has as many digits as it says


def _word(word: str) -> Unit:
    """Return the unit of a word."""
    if word in ("$", "USD"):
        return Unit(dimensions=(("USD", Fraction(1)),))
    one = word[:-1] if word.endswith("s") and len(word) > 1 else word
    ten = _MAGNITUDES.get(one.lower())
    if ten is not None:
        return Unit(_kept({Fraction(10): Fraction(ten)}))
    span = _SPANS.get(word if word in _SPANS else one)
    if span is not None:
        return Unit(_kept({span: Fraction(1)}), ((_TIME, Fraction(1)),))
    match = _PREFIXED.fullmatch(one)
    if match is None:
        return Unit(dimensions=((one, Fraction(1)),))
    prefix = Unit(_kept({Fraction(10): Fraction(_PREFIXES.get(match[1], 0))}))
    if match[2] == "Wh":
        return prefix.times(_word("W")).times(_word("hour"))
    return prefix.times(Unit(dimensions=((match[2], Fraction(1)),)))


def _number_unit(number: Fraction, text: str) -> Unit:
    if number <= 0:
        raise _refused(text, "has a number that is not above zero")
    return Unit(_kept({number: Fraction(1)}))


def _kept(powers: dict) -> tuple:  # type: ignore[type-arg]
    """Return bases and powers in order, without those that are one."""
    return tuple(sorted((base, power) for base, power in powers.items() if power != 0 and base != 1))


_TOO_LARGE_A_POWER = f"has a power beyond {LARGEST_POWER}"


def _refused(text: str, rule: str, remedy: str = "") -> InputError:
    return refused("units", text, rule, remedy)
