"""Typed errors: every one names the field, the value that came, the rule and the way out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an input.

    Parameters
    ----------
    field : str
        Where it is: a dotted name of the scenario file, an argument, or ``function: field``.
    value : object
        What came.
    rule : str
        What is allowed, as the end of a sentence: "must be above zero".
    remedy : str
        What to do instead; empty when the rule already says it.
    place : str
        For what stands in a file, where: "line 41"; empty if that is not known.
    """

    field: str
    value: object
    rule: str
    remedy: str = ""
    place: str = ""

    def __str__(self) -> str:
        try:
            came = repr(self.value)
        except (ValueError, RecursionError):  # an integer of thousands of digits, a list nested without end
            came = f"a {type(self.value).__name__} too large to print"
        if len(came) > 120:
            came = came[:117] + "..."
        sentence = f"{self.place}: " if self.place else ""
        sentence += f"{self.field} = {came}: {self.rule}"
        return f"{sentence}; {self.remedy}" if self.remedy else sentence


class MonteCarloAIError(Exception):
    """Base of every error that this library raises on purpose."""


class InputError(MonteCarloAIError, ValueError):
    """Something a user stated cannot be used; raised before anything is compiled or written.

    Attributes
    ----------
    problems : tuple of Problem
        All that is wrong, not only the first.
    """

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what makes the error again, for copies and other processes."""
        return type(self), (self.problems,), self.__dict__


class ScenarioError(InputError):
    """A scenario, its file or its inputs are wrong."""


class ModelError(InputError):
    """A model's functions or their annotations are wrong, or cannot be compiled."""


class NumericalError(MonteCarloAIError, ArithmeticError):
    """A run made a value that is not a number; names variable, path and step."""


class SlowStepWarning(UserWarning):
    """A step contains what costs its compiled loop the vectors; names every place, and what to write instead."""


def invalid(field: str, value: object, rule: str, remedy: str = "") -> InputError:
    """Return an `InputError` with a single problem."""
    return InputError(Problem(field, value, rule, remedy))
