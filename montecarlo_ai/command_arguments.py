"""What the words of the command line share: the arguments that name a scenario, how they are read, and printing."""

from __future__ import annotations

import argparse
import os
import re
import sys
import warnings
from typing import TYPE_CHECKING, Any, TextIO

from montecarlo_ai.checks import Checks
from montecarlo_ai.errors import InputError, Problem

if TYPE_CHECKING:
    from montecarlo_ai.scenario import Scenario

__all__ = ["SCENARIO", "add_scenario_arguments", "add_setting_argument", "say", "scenario_of", "whole_number"]


SCENARIO = "a preset, or the path of a TOML file"


def add_scenario_arguments(command: argparse.ArgumentParser, what: str = SCENARIO) -> None:
    """Add to a word of the command line what names a scenario, and say what it can be."""
    command.add_argument("scenario", metavar="SCENARIO", help=what)
    command.add_argument(
        "--with",
        dest="overlays",
        metavar="OVERLAY",
        action="append",
        default=[],
        help="lay an overlay over the scenario, by name or by path; may be repeated, in the order given",
    )
    command.add_argument(
        "--allow-code",
        action="store_true",
        help="let the file name a model of its own, whose Python code is then run",
    )


def add_setting_argument(command: argparse.ArgumentParser) -> None:
    """Add to a word of the command line what replaces values of the scenario file."""
    command.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="replace a value of the scenario file, such as time.years=3 or inputs.churn=0.4; may be repeated",
    )


def scenario_of(arguments: argparse.Namespace) -> Scenario:
    """Return the scenario with its overlays and overrides; warnings go to stderr as one line each.

    Raises
    ------
    InputError
        All that is wrong, at once.
    """
    from montecarlo_ai.files.loading import load_scenario, parse_override

    overrides: dict[str, Any] = {}
    problems: list[Problem] = []
    for setting in getattr(arguments, "set", ()):
        try:
            key, value = parse_override(setting)
        except InputError as error:
            problems += error.problems
            continue
        if key in overrides:
            problems.append(Problem(f"--set {key}", value, "is given twice"))
        overrides[key] = value
    scenario = None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            scenario = load_scenario(
                arguments.scenario,
                overrides=overrides,
                overlays=arguments.overlays,
                allow_code=arguments.allow_code,
            )
        except InputError as error:
            problems += error.problems
    for warning in caught:
        say(f"montecarlo-ai: warning: {warning.message}", to=sys.stderr)
    if problems or scenario is None:
        raise InputError(problems)
    return scenario


def whole_number(checks: Checks, field: str, text: str, at_least: int, at_most: int) -> int:
    """Return a whole number that was written on the command line; problems are recorded."""
    value: object = text
    if re.fullmatch(r"[+-]?[0-9][0-9_,]{0,40}", text):
        value = int(text.replace("_", "").replace(",", ""))
    return checks.whole(field, value, at_least=at_least, at_most=at_most)


def say(text: object = "", *, to: TextIO | None = None) -> None:
    """Print a text at once, to stdout if not said otherwise; one whose reader has left, as `head` does, is dropped.

    What is computed after it then still goes to its files. What cannot be said on stderr is dropped too: the exit code
    says the same.
    """
    stream = sys.stdout if to is None else to
    try:
        print(text, file=stream, flush=True)
    except OSError as error:
        if not isinstance(error, BrokenPipeError) and stream is not sys.stderr:
            raise
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
