"""A model of one's own: a scalar step function whose annotations declare everything else."""

from __future__ import annotations

import dis
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

from montecarlo_ai.checks import nearest
from montecarlo_ai.errors import ModelError, Problem

UNIFORM = "uniform on (0, 1)"
Uniform01 = Annotated[float, UNIFORM]
"""Annotation of a shock that is uniform on (0, 1) instead of standard normal."""


RESERVED = frozenset(
    ("time", "path", "event", "event_time", "cause", "quantile", "counterparty", "commitment", "weight", "replicate")
)
"""Names of the result's own coordinates and variables, closed to inputs and states."""


class Clock(NamedTuple):
    """Where a path is in time.

    In ``step`` t is the start of the step and index runs from 0; in ``events`` both are those of the time reached.

    Attributes
    ----------
    t : float, years since the start
    dt : float, years
    index : int
    """

    t: float
    dt: float
    index: int


class Model:
    """A state that moves by a scalar step, and the events that are looked for on its way.

    Parameters
    ----------
    step : callable (state, params, shocks, clock[, forcing]) -> State
        One step of one path. Its annotations are NamedTuples whose fields declare the states, the inputs, the
        shocks (``float`` for a standard normal, `Uniform01`), and the known series. Units stand in
        ``Annotated[float, "USD"]``. Rates are per year; stocks change by flow times ``clock.dt``.
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
        for name, function in (("step", step), ("initial", initial), ("events", events)):
            if not isinstance(function, types.FunctionType):
                rule = "must be a plain Python function"
                raise ModelError(Problem(name, function, rule, "pass the undecorated function"))
        scope = sys._getframe(1).f_locals
        self.step, self.initial, self.events = step, initial, events
        problems = []
        for role, function, counts in (("step", step, (4, 5)), ("initial", initial, (1,)), ("events", events, (3,))):
            problems += [*_arity(function, role, counts), *_unannotated(function, role)]
        if problems:
            raise ModelError(problems)
        stepped, started = _hints(step, "step", scope), _hints(initial, "initial", scope)
        happened = _hints(events, "events", scope)
        arguments = [hint for name, hint in stepped.items() if name != "return"]
        self.state_type, self.params_type, self.shocks_type = arguments[:3]
        self.forcing_type = arguments[4] if len(arguments) == 5 else None
        self.events_type = happened["return"]
        self._check_roles(arguments, stepped["return"], started, happened)
        self._fields = {
            kind: _fields(kind, declared, scope)
            for kind, declared in (
                ("State", self.state_type),
                ("Params", self.params_type),
                ("Shocks", self.shocks_type),
                ("Events", self.events_type),
                ("Forcing", self.forcing_type),
            )
        }
        self.state_fields = tuple(self._fields["State"])
        self.param_fields = tuple(self._fields["Params"])
        self.shock_fields = tuple(self._fields["Shocks"])
        self.event_fields = tuple(self._fields["Events"])
        self.forcing_fields = tuple(self._fields["Forcing"])
        self.uniform_shocks = tuple(n for n, hint in self._fields["Shocks"].items() if UNIFORM in get_args(hint))
        self.boolean_events = tuple(n for n, hint in self._fields["Events"].items() if _plain(hint) is bool)
        self.units = {
            name: unit for kind in ("State", "Params") for name, hint in self._fields[kind].items() if (unit := _unit(hint))
        }
        self.outputs = self.state_fields if outputs is None else tuple(outputs)
        self.causes = self.event_fields if causes is None else tuple(causes)
        self.chips = self.causes if chips is None else tuple(chips)
        self.origin = dict(origin) if origin is not None else None
        named = dict(long_names or {})
        self.long_names = {
            name: named.get(name, name.replace("_", " "))
            for name in (*self.state_fields, *self.param_fields, *self.event_fields)
        }
        problems = [*self._check_names(), *self._check_attributes()]
        if problems:
            raise ModelError(problems)

    def __repr__(self) -> str:
        return (
            f"Model({self.step.__name__}: {len(self.state_fields)} states, {len(self.param_fields)} inputs, "
            f"{len(self.shock_fields)} shocks, events {', '.join(self.event_fields) or 'none'})"
        )

    def _check_roles(self, arguments: list[Any], returned: Any, started: dict[str, Any], happened: dict[str, Any]) -> None:
        """Refuse annotations that contradict one another."""
        state, params, _, clock = arguments[:4]
        problems = []
        wanted = (
            ("step: return annotation", returned, state, "must be the NamedTuple of its first argument"),
            ("initial: return annotation", started["return"], state, "must be the step's state"),
            ("initial: first argument", next(iter(started.values())), params, "must be the step's params"),
            ("events: first argument", list(happened.values())[0], state, "must be the step's state"),
            ("events: second argument", list(happened.values())[1], params, "must be the step's params"),
            ("step: fourth argument", clock, Clock, "must be annotated mc.Clock"),
            ("events: third argument", list(happened.values())[2], Clock, "must be annotated mc.Clock"),
        )
        for field, came, due, rule in wanted:
            if came is not due:
                problems.append(Problem(field, _name(came), rule, f"annotate it {_name(due)}"))
        if problems:
            raise ModelError(problems)

    def _check_names(self) -> list[Problem]:
        """Return what is wrong with the names of states, inputs, outputs, causes and chips."""
        problems = []
        for kind, names in (("State", self.state_fields), ("Params", self.param_fields)):
            for name in names:
                if name in RESERVED:
                    problems.append(Problem(f"{kind}.{name}", name, "is a name of the result itself", "rename the field"))
        for name in self.state_fields:
            if name in self.param_fields:
                rule = "is used twice: inputs and states share one namespace"
                problems.append(Problem(f"State.{name} and Params.{name}", name, rule, "rename one"))
        if not self.state_fields:
            problems.append(Problem("State", self.state_type.__name__, "must have at least one field"))
        if len(self.shock_fields) > 256:
            problems.append(Problem("Shocks", len(self.shock_fields), "must have at most 256 fields"))
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
            for argument, attribute, line in _attribute_reads(function):
                kind = declared.get(argument)
                if kind is None or hasattr(kind, attribute):
                    continue
                rule = f"{kind.__name__} has no field '{attribute}'"
                field = f"{role}: {argument}.{attribute} (line {line})"
                problems.append(Problem(field, attribute, rule, nearest(attribute, kind._fields)))
        return problems


def names_problems(argument: str, names: Sequence[str], allowed: Sequence[str], what: str) -> list[Problem]:
    """Return a problem for each name that is not allowed or stands twice."""
    problems = []
    for at, name in enumerate(names):
        if name not in allowed:
            rule = f"must be one of the {what}"
            problems.append(Problem(argument, name, rule, nearest(name, allowed)))
        elif name in names[:at]:
            problems.append(Problem(argument, name, "stands twice"))
    return problems


def _hints(function: Callable[..., Any], role: str, scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return a function's annotations, resolved where it was defined or where the model is made."""
    try:
        return get_type_hints(function, localns=dict(scope), include_extras=True)
    except NameError as error:
        rule = f"the annotation's name {error.name!r} is not known where the model is made"
        raise ModelError(Problem(f"{role}: annotations", function.__qualname__, rule)) from None


def _arity(function: Callable[..., Any], role: str, allowed: tuple[int, ...]) -> list[Problem]:
    count = function.__code__.co_argcount
    shape = {
        "step": "(state, params, shocks, clock[, forcing])",
        "initial": "(params)",
        "events": "(state, params, clock)",
    }[role]
    if count in allowed:
        return []
    return [Problem(f"{role}: arguments", count, f"must be {shape}")]


def _unannotated(function: Callable[..., Any], role: str) -> list[Problem]:
    names = (*function.__code__.co_varnames[: function.__code__.co_argcount], "return")
    return [
        Problem(f"{role}: {name}", "no annotation", "must be annotated with its NamedTuple", "the types declare the model")
        for name in names
        if name not in function.__annotations__
    ]


def _fields(kind: str, declared: Any, scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return the annotations of a NamedTuple's fields, checked for their types."""
    if declared is None:
        return {}
    if not (isinstance(declared, type) and issubclass(declared, tuple) and hasattr(declared, "_fields")):
        raise ModelError(Problem(kind, _name(declared), "must be a NamedTuple", "class State(NamedTuple): cash: float"))
    try:
        hints = get_type_hints(declared, localns=dict(scope), include_extras=True)
    except NameError as error:
        rule = f"the annotation's name {error.name!r} is not known where the model is made"
        raise ModelError(Problem(kind, declared.__name__, rule)) from None
    allowed = (float, bool) if kind == "Events" else (float,)
    rule = {"Events": "must be float (a margin) or bool", "Shocks": "must be float (standard normal) or mc.Uniform01"}
    problems = [
        Problem(f"{declared.__name__}.{name}", _name(hint), rule.get(kind, "must be float, or Annotated[float, unit]"))
        for name, hint in hints.items()
        if _plain(hint) not in allowed
    ]
    if problems:
        raise ModelError(problems)
    return hints


def _plain(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _unit(hint: Any) -> str:
    return next((note for note in get_args(hint)[1:] if isinstance(note, str)), "")


def _name(hint: Any) -> str:
    return getattr(hint, "__name__", repr(hint))


def _attribute_reads(function: Callable[..., Any]) -> list[tuple[str, str, int]]:
    """Return (argument, attribute, line) for every ``argument.attribute`` in a function that does not rebind it."""
    reads: list[tuple[str, str, int]] = []
    rebound = set()
    last, line = "", 0
    for instruction in dis.get_instructions(function.__code__):
        line = instruction.starts_line if isinstance(instruction.starts_line, int) and instruction.starts_line > 1 else line
        name = instruction.argval[-1] if isinstance(instruction.argval, tuple) else instruction.argval
        if instruction.opname.startswith("STORE_FAST"):
            rebound.update(instruction.argval if isinstance(instruction.argval, tuple) else (name,))
        if instruction.opname.startswith("LOAD_FAST"):
            last = name
        elif instruction.opname in ("LOAD_ATTR", "LOAD_METHOD") and last:
            reads.append((last, name, line))
            last = ""
        elif instruction.opname != "CACHE":
            last = ""
    return [read for read in reads if read[0] not in rebound]
