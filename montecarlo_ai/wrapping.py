"""Whole numbers that know, in plain Python, what compiled code makes of them: it has 64 bits, and wraps around."""

from __future__ import annotations

import sys
import traceback
from typing import Any

from montecarlo_ai.kernels.limits import BELOW_ONE, BEYOND, LARGEST, SMALLEST

_BITS = 64


class WrapError(Exception):
    """A whole number would be another one in compiled code.

    Attributes
    ----------
    place : traceback.FrameSummary
        Where it was made.
    """

    def __init__(self, rule: str, place: traceback.FrameSummary) -> None:
        super().__init__(rule)
        self.place = place


class Whole(int):
    """A whole number that compiled code has too, as does what is made of it."""


class Beyond:
    """A whole number of which compiled code has the lowest bits alone: only what takes no others is right.

    Attributes
    ----------
    value : int
        In full, as Python has it.
    bits : int
        How many of the lowest bits compiled code has.
    place : traceback.FrameSummary
        Where it was made.
    """

    def __init__(self, value: int, bits: int, place: traceback.FrameSummary) -> None:
        self.value, self.bits, self.place = value, bits, place


_LOWEST_BITS = {"add", "sub", "mul", "and", "or", "xor", "lshift", "rshift", "mod"}
_SHIFTS = ("lshift", "rshift")
_TWO_SIDED = ("add", "sub", "mul", "pow", "floordiv", "mod", "lshift", "rshift", "and", "or", "xor")
_LOWEST_BITS_OF_ONE = ("neg", "pos", "invert")
_OTHERS = (
    "truediv", "divmod", "lt", "le", "gt", "ge", "eq", "ne", "abs", "bool", "ceil", "float", "floor", "format", "hash",
    "index", "int", "round", "trunc", "array",
)  # fmt: skip


def _place() -> traceback.FrameSummary:
    """Return where the user's code is that called an operator of this module."""
    frame = sys._getframe(1)
    while frame.f_code.co_filename == __file__ and frame.f_back is not None:
        frame = frame.f_back
    return traceback.FrameSummary(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)


def _add_to_whole(name: str) -> None:
    plain = getattr(int, name)

    def operation(self: Whole, *others: Any) -> Any:
        made = plain(self, *others)
        if type(made) is int:
            if SMALLEST <= made <= LARGEST:
                return Whole(made)
            if name.endswith(("pow__", "shift__")):  # of which the lowest bits are lost as well
                raise WrapError(BEYOND, _place())
            return Beyond(made, _BITS, _place())
        if isinstance(made, float):  # of no other operation here than a power
            raise WrapError(BELOW_ONE, _place())
        return made

    setattr(Whole, name, operation)


def _lowest(name: str, left: Any, right: Any) -> int:
    """Return how many of the lowest bits compiled code has of what an operator makes of two numbers."""
    if name in _SHIFTS and (not isinstance(right, int) or not 0 <= right < _BITS):
        return 0
    if name == "mod" and (not isinstance(right, int) or right < 1 or right & (right - 1)):
        return 0
    bits = min(each.bits if isinstance(each, Beyond) else _BITS for each in (left, right))
    return bits - right if name == "rshift" else bits


def _add_to_beyond(name: str, turned: bool) -> None:
    def operation(self: Beyond, other: Any) -> Any:
        left, right = (other, self) if turned else (self, other)
        bits = _lowest(name, left, right) if name in _LOWEST_BITS and isinstance(other, int | Beyond) else 0
        if bits <= 0:
            raise WrapError(BEYOND, self.place)
        plain = getattr(int, f"__{name}__")
        made = plain(*(each.value if isinstance(each, Beyond) else int(each) for each in (left, right)))
        taken = name in ("and", "mod") and isinstance(other, int) and 0 <= made <= int(other) <= LARGEST
        within = taken and int(other).bit_length() - (name == "mod") <= bits
        return Whole(made) if within else Beyond(made, bits, self.place)

    setattr(Beyond, f"__{'r' if turned else ''}{name}__", operation)


def _add_to_beyond_alone(name: str) -> None:
    plain = getattr(int, f"__{name}__")
    setattr(Beyond, f"__{name}__", lambda self: Beyond(plain(self.value), self.bits, self.place))


def _refuse(self: Beyond, *others: Any) -> Any:
    raise WrapError(BEYOND, self.place)


for _name in _TWO_SIDED:
    for _side in ("", "r"):
        _add_to_whole(f"__{_side}{_name}__")
        _add_to_beyond(_name, bool(_side))
for _name in (*_LOWEST_BITS_OF_ONE, "abs"):
    _add_to_whole(f"__{_name}__")
for _name in _LOWEST_BITS_OF_ONE:
    _add_to_beyond_alone(_name)
for _name in (*_OTHERS, "rtruediv", "rdivmod"):
    setattr(Beyond, f"__{_name}__", _refuse)
