"""A model of one's own: a scalar step function whose annotations declare everything else."""

from __future__ import annotations

import contextlib
import sys
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, get_args

from montecarlo_ai.checks import Checks, nearest
from montecarlo_ai.declaration import (
    UNIFORM,
    Clock,
    Uniform01,
    attribute_reads,
    bounds_of,
    plain_type,
    read_declaration,
    unit_of,
)
from montecarlo_ai.errors import ModelError, Problem
from montecarlo_ai.functions import function_problems

__all__ = ["RESERVED", "Clock", "Model", "Uniform01", "name_list", "names_problems"]

RESERVED = frozenset(
    ("time", "path", "event", "event_time", "cause", "quantile", "counterparty", "commitment", "weight", "replicate")
)
"""Names of the result's own coordinates and variables, closed to inputs and states."""

LARGEST_SHOCKS = 256
"""A shock's place is one byte of the random stream's counter."""

LARGEST_STATES = 1024
"""The states of a block of paths lie on the stack of a thread, two KiB each."""


class Model:
    """A state that moves by a scalar step, and the events that are looked for on its way.

    Parameters
    ----------
    step : callable (state, params, shocks, clock[, forcing]) -> State
        One step of one path. Its annotations are NamedTuples whose fields declare the states, the inputs, the
        shocks (``float`` for a standard normal, `Uniform01`), and the known series. Units stand in
        ``Annotated[float, "USD"]``, and for inputs the `Bounds` of what makes sense. Rates are per year; stocks change
        by flow times ``clock.dt``.
    initial : callable (params) -> State
        The state at t = 0.
    events : callable (state, params, clock) -> Events
        Margins (``float``: the event happens when it is below zero) or booleans, looked at after each step.
    outputs : sequence of str, optional
        States that are kept by default; all, if not given.
    causes : sequence of str, optional
        Events that are reported as ways to run out of chips; all, if not given.
    chips : sequence of str, optional
        Those of the causes that count in ``any``; all, if not given. A scenario may set them.
    long_names : mapping of str to str, optional
        What axes and tables call a state or an input.
    origin : mapping, optional
        For a built-in model, what rebuilds it from text.

    Raises
    ------
    ModelError
        All that is wrong with the functions and their annotations, at once.
    """

    def __init__(
        self,
        step: Callable[..., Any],
        *,
        initial: Callable[..., Any],
        events: Callable[..., Any],
        outputs: Sequence[str] | None = None,
        causes: Sequence[str] | None = None,
        chips: Sequence[str] | None = None,
        long_names: Mapping[str, str] | None = None,
        origin: Mapping[str, Any] | None = None,
    ) -> None:
        functions = {"step": step, "initial": initial, "events": events}
        rule, remedy = "must be a plain Python function", "pass the undecorated function"
        odd = [Problem(r, f, rule, remedy) for r, f in functions.items() if not isinstance(f, types.FunctionType)]
        if odd:
            raise ModelError(odd)
        declared = read_declaration(functions, sys._getframe(1).f_locals)
        self.step, self.initial, self.events = step, initial, events
        self.state_type, self.params_type, self.shocks_type = declared.state, declared.params, declared.shocks
        self.events_type, self.forcing_type = declared.events, declared.forcing
        fields = declared.fields
        self.state_fields = tuple(fields["State"])
        self.param_fields = tuple(fields["Params"])
        self.shock_fields = tuple(fields["Shocks"])
        self.event_fields = tuple(fields["Events"])
        self.forcing_fields = tuple(fields["Forcing"])
        self.uniform_shocks = tuple(name for name, hint in fields["Shocks"].items() if UNIFORM in get_args(hint))
        self.boolean_events = tuple(name for name, hint in fields["Events"].items() if plain_type(hint) is bool)
        units = {name: unit_of(hint) for kind in ("State", "Params") for name, hint in fields[kind].items()}
        self.units = {name: unit for name, unit in units.items() if unit}
        stated = {name: bounds_of(hint) for name, hint in fields["Params"].items()}
        self.bounds = {name: bounds for name, bounds in stated.items() if bounds is not None}
        checks = Checks(ModelError)
        self.outputs = self.state_fields if outputs is None else name_list("outputs", outputs, checks)
        self.causes = self.event_fields if causes is None else name_list("causes", causes, checks)
        self.chips = self.causes if chips is None else name_list("chips", chips, checks)
        if not (origin is None or isinstance(origin, Mapping)):
            checks.add("origin", origin, "must be a table")
        self.origin = dict(origin) if isinstance(origin, Mapping) else None
        self.long_names = self._labels({} if long_names is None else long_names, checks)
        checks.problems += [*self._check_names(), *self._check_attributes()]
        for role, function in functions.items():
            with checks.collecting():
                checks.problems += function_problems(role, function)
        checks.finish()

    def __repr__(self) -> str:
        return (
            f"Model({self.step.__name__}: {len(self.state_fields)} states, {len(self.param_fields)} inputs, "
            f"{len(self.shock_fields)} shocks, events {', '.join(self.event_fields) or 'none'})"
        )

    def _labels(self, given: Mapping[str, str], checks: Checks) -> dict[str, str]:
        """Return what axes and tables call each state, input and event; problems are recorded."""
        every = dict.fromkeys((*self.state_fields, *self.param_fields, *self.event_fields))
        if not isinstance(given, Mapping):
            checks.add("long_names", given, "must map names to text", 'write {"cash": "cash at hand"}')
            given = {}
        for name in given:
            if name not in every:
                checks.add("long_names", name, "is no state, input or event", nearest(str(name), every))
        return {name: str(given.get(name, name.replace("_", " "))) for name in every}

    def _check_names(self) -> list[Problem]:
        """Return what is wrong with the names of states, inputs, outputs, causes and chips."""
        problems = []
        for kind, names in (("State", self.state_fields), ("Params", self.param_fields)):
            for name in names:
                if name in RESERVED:
                    problems.append(
                        Problem(f"{kind}.{name}", name, "is a name of the result itself", "rename the field")
                    )
        for name in self.state_fields:
            if name in self.param_fields:
                rule = "is used twice: inputs and states share one namespace"
                problems.append(Problem(f"State.{name} and Params.{name}", name, rule, "rename one"))
        if not self.state_fields:
            problems.append(Problem("State", self.state_type.__name__, "must have at least one field"))
        for kind, names, most in (
            ("State", self.state_fields, LARGEST_STATES),
            ("Shocks", self.shock_fields, LARGEST_SHOCKS),
        ):
            if len(names) > most:
                problems.append(Problem(kind, len(names), f"must have at most {most} fields"))
        for argument, names, allowed, what in (
            ("outputs", self.outputs, self.state_fields, "states"),
            ("causes", self.causes, self.event_fields, "events"),
            ("chips", self.chips, self.causes, "causes"),
        ):
            problems += names_problems(argument, names, allowed, what)
        return problems

    def _check_attributes(self) -> list[Problem]:
        """Return the misspelt fields in the three functions, branches that a run might not take included."""
        problems = []
        for role, function in (("step", self.step), ("initial", self.initial), ("events", self.events)):
            names = function.__code__.co_varnames[: function.__code__.co_argcount]
            kinds = {
                "step": (self.state_type, self.params_type, self.shocks_type, Clock, self.forcing_type),
                "initial": (self.params_type,),
                "events": (self.state_type, self.params_type, Clock),
            }[role]
            declared = dict(zip(names, kinds, strict=False))
            for argument, attribute, line in attribute_reads(function):
                kind = declared.get(argument)
                if kind is None or hasattr(kind, attribute):
                    continue
                rule = f"{kind.__name__} has no field '{attribute}'"
                field = f"{role}: {argument}.{attribute} (line {line})"
                problems.append(Problem(field, attribute, rule, nearest(attribute, kind._fields)))
        return problems


def name_list(argument: str, given: object, checks: Checks) -> tuple[str, ...]:
    """Return a sequence of names as a tuple; anything else is recorded."""
    if isinstance(given, Iterable) and not isinstance(given, str | bytes | Mapping):
        with contextlib.suppress(TypeError):  # an array without a dimension says that it can be gone through
            return tuple(given)
    checks.add(argument, given, "must be a sequence of names", f'write ["{given}"]' if isinstance(given, str) else "")
    return ()


def names_problems(argument: str, names: Sequence[str], allowed: Sequence[str], what: str) -> list[Problem]:
    """Return a problem for each name that is not allowed or stands twice."""
    problems = []
    for at, name in enumerate(names):
        if not isinstance(name, str) or name not in allowed:
            rule = f"must be one of the {what}"
            problems.append(Problem(argument, name, rule, nearest(name, allowed)))
        elif name in names[:at]:
            problems.append(Problem(argument, name, "stands twice"))
    return problems
