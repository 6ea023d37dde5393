"""A model of one's own: a scalar step function whose annotations declare everything else."""

from __future__ import annotations

import contextlib
import pickle
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
from montecarlo_ai.fingerprints import fingerprint, identity
from montecarlo_ai.frozen import Frozen, Table
from montecarlo_ai.functions import function_problems
from montecarlo_ai.lazy import cached_property

__all__ = ["RESERVED", "Clock", "Model", "Uniform01", "name_list", "names_problems"]

_COORDINATES = ("time", "path", "event", "cause", "quantile", "counterparty", "replicate")
_VARIABLES = ("event_time", "commitment", "weight")
_COUNTS = ("event_count", "event_time_count", "first_count", "tie_count")
_COUNTS_OF_PARTS = ("replicate_event_count", "replicate_first_count", "replicate_paths")

RESERVED = frozenset((*_COORDINATES, *_VARIABLES, *_COUNTS, *_COUNTS_OF_PARTS))
"""Names of the result's own coordinates and variables, closed to inputs and states."""

ANY = "any"
"""What results call all chips together, closed to events."""

LARGEST_SHOCKS = 256
"""A shock's place is one byte of the random stream's counter."""

LARGEST_STATES = 1024
"""The states of a block of paths lie on the stack of a thread, two KiB each."""


class Model(Frozen):
    """A state that moves by a scalar step, and the events that are looked for on its way; frozen.

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
    maker : callable () -> Model, optional
        For a built-in model, what makes it in another process, to which its functions do not travel.

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
        maker: Callable[[], Model] | None = None,
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
        self.units = Table({name: unit for name, unit in units.items() if unit})
        stated = {name: bounds_of(hint) for name, hint in fields["Params"].items()}
        self.bounds = Table({name: bounds for name, bounds in stated.items() if bounds is not None})
        checks = Checks(ModelError)
        self.outputs = self.state_fields if outputs is None else name_list("outputs", outputs, checks)
        self.causes = self.event_fields if causes is None else name_list("causes", causes, checks)
        self.chips = self.causes if chips is None else name_list("chips", chips, checks)
        if not (origin is None or isinstance(origin, Mapping)):
            checks.add("origin", origin, "must be a table")
        if not (maker is None or callable(maker)):
            checks.add("maker", maker, "must be a function")
        self.maker = maker
        self.origin: Mapping[str, Any] | None = Table(origin) if isinstance(origin, Mapping) else None
        self.long_names = Table(self._labels({} if long_names is None else long_names, checks))
        checks.problems += [*self._check_names(), *self._check_attributes()]
        for role, function in functions.items():
            with checks.collecting():
                found = function_problems(role, function)
                checks.problems += found
                if not found:
                    fingerprint(function)
        checks.finish()
        self._freeze()

    @cached_property
    def declared(self) -> dict[str, list[list[str]]]:
        """What the annotations declare, as text: of each NamedTuple's fields the name, kind, unit and, if any, default.

        Kinds are "number", of shocks "normal" and "uniform", of events "margin" and "boolean".
        """
        numbers = dict.fromkeys((*self.state_fields, *self.param_fields, *self.forcing_fields), "number")
        shocks = {name: "uniform" if name in self.uniform_shocks else "normal" for name in self.shock_fields}
        events = {name: "boolean" if name in self.boolean_events else "margin" for name in self.event_fields}
        return {
            "State": _told(self.state_type, numbers, self.units),
            "Params": _told(self.params_type, numbers, self.units),
            "Shocks": _told(self.shocks_type, shocks, {}),
            "Events": _told(self.events_type, events, {}),
            "Forcing": _told(self.forcing_type, numbers, {}),
        }

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Return what is pickled: a built-in model's maker, or the attributes."""
        return super().__reduce_ex__(protocol) if self.maker is None else (self.maker, ())

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: functions and classes by the names under which their modules have them."""
        for name, value in self.__dict__.items():
            if isinstance(value, types.FunctionType | type) and not _is_importable(value):
                rule = "cannot be pickled: no module has it under this name"
                raise pickle.PicklingError(
                    Problem(f"Model.{name}", value.__qualname__, rule, "define it in a module, outside any function")
                )
        return self.__dict__

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
        if ANY in self.event_fields:
            problems.append(
                Problem(f"Events.{ANY}", ANY, "is what results call all chips together", "rename the field")
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


def _is_importable(value: Any) -> bool:
    """Return whether another process would find a function or a class by its name."""
    found: Any = sys.modules.get(value.__module__)
    for part in value.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is value


def _told(declared: Any, kinds: Mapping[str, str], units: Mapping[str, str]) -> list[list[str]]:
    """Return the name, kind, unit and, if there is one, default of each field of a NamedTuple, or of none."""
    defaults = getattr(declared, "_field_defaults", {})
    return [
        [name, kinds[name], units.get(name, "")]
        + [repr(identity(f"{declared.__name__}.{name}", defaults[name])) for _ in range(name in defaults)]
        for name in getattr(declared, "_fields", ())
    ]


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
