"""Checks of what a user states: each collects its problem, and all are raised at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from numbers import Integral, Real

import numpy as np

from montecarlo_ai.errors import InputError, Problem, invalid
from montecarlo_ai.suggest import did_you_mean

LARGEST_SEED = 2**63 - 1
LARGEST_THREADS = 1_024
_LISTED_NAMES = 12


class Described:
    """A value too large or too odd to print, standing in an error by its description."""

    def __init__(self, description: str) -> None:
        self.description = description

    def __repr__(self) -> str:
        return self.description


def shown(value: object) -> object:
    """Return the value, or a description where printing it would fail or flood the message."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 1024:
        return Described(f"an integer of about {int(value.bit_length() * math.log10(2.0)) + 1} digits")
    if isinstance(value, np.ndarray) and value.ndim > 0:
        return Described(f"an array of shape {value.shape}")
    if isinstance(value, dict):
        return Described(f"a table of {', '.join(map(str, value)) or 'nothing'}")
    try:
        repr(value)
    except (ValueError, RecursionError):
        return Described(f"a {type(value).__name__} that is too large to print")
    return value


def refused(field: str, value: object, rule: str, remedy: str = "") -> InputError:
    """Return the error of a single problem, its value printable whatever came."""
    return invalid(field, shown(value), rule, remedy)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``did you mean 'cash'?`` for the nearest known name, or what is known where none is near.

    Parameters
    ----------
    name : str
        What came.
    known : iterable of str
        What is allowed.
    """
    names = list(known)
    listed = ", ".join(names[:_LISTED_NAMES]) + (", ..." if len(names) > _LISTED_NAMES else "")
    return did_you_mean(name, names) or (f"known: {listed}" if names else "there is none")


class Checks:
    """Collector of problems: every check returns a usable value, and `finish` raises what was found.

    Parameters
    ----------
    error : type of InputError
        What `finish` raises.
    """

    def __init__(self, error: type[InputError] = InputError) -> None:
        self.error = error
        self.problems: list[Problem] = []

    def add(self, field: str, value: object, rule: str, remedy: str = "") -> None:
        """Record a problem."""
        self.problems.append(Problem(field, shown(value), rule, remedy))

    def finish(self) -> None:
        """Raise all recorded problems as one error, if there are any."""
        if self.problems:
            raise self.error(self.problems)

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Record the problems of an `InputError` raised inside, and go on after the block."""
        try:
            yield
        except InputError as error:
            self.problems.extend(error.problems)

    def number(
        self,
        field: str,
        value: object,
        *,
        above: float | None = None,
        at_least: float | None = None,
        below: float | None = None,
        at_most: float | None = None,
    ) -> float:
        """Return a finite number inside its bounds as a float; nan, with the problem recorded, otherwise.

        Booleans, strings, arrays, and integers beyond the range of a float are no numbers. -0.0 becomes 0.0.
        """
        if isinstance(value, bool) or not isinstance(value, Real):
            self.add(field, value, "must be a number")
            return math.nan
        try:
            number = float(value) + 0.0
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            self.add(field, value, "must be a finite number")
            return math.nan
        for bound, holds, words in (
            (above, above is None or number > above, "above"),
            (at_least, at_least is None or number >= at_least, "at least"),
            (below, below is None or number < below, "below"),
            (at_most, at_most is None or number <= at_most, "at most"),
        ):
            if not holds:
                self.add(field, value, f"must be {words} {bound:g}")
                return math.nan
        return number

    def numbers(self, field: str, values: object, **bounds: float) -> list[float]:
        """Return a sequence of different numbers, one at least, each as `number` takes it.

        What is no sequence, an empty one and a number that stands twice are recorded.
        """
        try:
            listed = [] if isinstance(values, str | bytes | dict) else list(values)  # type: ignore[call-overload]
        except TypeError:
            listed = []
        if not listed:
            self.add(field, values, "must be a list of numbers, one at least", "such as [0.5]")
        found = [self.number(f"{field}[{k}]", value, **bounds) for k, value in enumerate(listed)]
        for k, number in enumerate(found):
            if number in found[:k] and not math.isnan(number):
                self.add(f"{field}[{k}]", number, "stands twice")
        return found

    def whole(self, field: str, value: object, *, at_least: int, at_most: int) -> int:
        """Return an integer inside its bounds; the lower bound, with the problem recorded, otherwise."""
        if isinstance(value, bool) or not isinstance(value, Integral):
            self.add(field, value, "must be a whole number")
        elif not at_least <= int(value) <= at_most:
            self.add(field, value, f"must be from {at_least} to {at_most}")
        else:
            return int(value)
        return at_least
