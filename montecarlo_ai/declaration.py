"""What the annotations of a model's three functions declare."""

from __future__ import annotations

import dis
import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

from montecarlo_ai.bounds import Bounds
from montecarlo_ai.errors import ModelError, Problem

UNIFORM = "uniform on (0, 1)"
Uniform01 = Annotated[float, UNIFORM]
Uniform01.__doc__ = "Annotation of a shock that is uniform on (0, 1) instead of standard normal."

_SHAPES = {
    "step": ("(state, params, shocks, clock[, forcing])", (4, 5)),
    "initial": ("(params)", (1,)),
    "events": ("(state, params, clock)", (3,)),
}


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
    index: int  # type: ignore[assignment]  # the name that steps use; hides tuple.index


class Declaration(NamedTuple):
    """The NamedTuples of a model, and the annotated fields of each.

    Attributes
    ----------
    state, params, shocks, events : type
    forcing : type or None
    fields : dict
        By kind ("State", "Params", "Shocks", "Events", "Forcing"), then by name, the annotation.
    """

    state: Any
    params: Any
    shocks: Any
    events: Any
    forcing: Any
    fields: dict[str, dict[str, Any]]


def read_declaration(functions: Mapping[str, Callable[..., Any]], scope: Mapping[str, Any]) -> Declaration:
    """Return what the annotations of step, initial and events declare.

    Parameters
    ----------
    functions : mapping of str to function
        "step", "initial" and "events".
    scope : mapping
        Local names where the model is made, for annotations that are known only there.

    Raises
    ------
    ModelError
        For a wrong number of arguments, a missing or unresolved annotation, annotations that contradict one another,
        or fields of other types than float (bool for events).
    """
    problems = [p for role, function in functions.items() for p in (*_arity(role, function), *_missing(role, function))]
    if problems:
        raise ModelError(problems)
    hints = {role: _hints(role, function, scope) for role, function in functions.items()}
    stepped = [hint for name, hint in hints["step"].items() if name != "return"]
    state, params, shocks, clock = stepped[:4]
    forcing = stepped[4] if len(stepped) == 5 else None
    (begun,) = (hint for name, hint in hints["initial"].items() if name != "return")
    seen = [hint for name, hint in hints["events"].items() if name != "return"]
    events = hints["events"]["return"]
    kinds = {"State": state, "Params": params, "Shocks": shocks, "Events": events, "Forcing": forcing}
    fields, problems = {}, []
    for kind, declared in kinds.items():
        try:
            fields[kind] = _fields(kind, declared, scope)
        except ModelError as error:
            problems += error.problems
    if problems:
        raise ModelError(problems)
    wanted = (
        ("step: return annotation", hints["step"]["return"], state, "must be the NamedTuple of its first argument"),
        ("step: fourth argument", clock, Clock, "must be annotated mc.Clock"),
        ("initial: return annotation", hints["initial"]["return"], state, "must be the step's state"),
        ("initial: first argument", begun, params, "must be the step's params"),
        ("events: first argument", seen[0], state, "must be the step's state"),
        ("events: second argument", seen[1], params, "must be the step's params"),
        ("events: third argument", seen[2], Clock, "must be annotated mc.Clock"),
    )
    problems = [
        Problem(field, type_name(came), rule, f"annotate it {type_name(due)}")
        for field, came, due, rule in wanted
        if came is not due
    ]
    if problems:
        raise ModelError(problems)
    return Declaration(state, params, shocks, events, forcing, fields)


def unit_of(hint: Any) -> str:
    """Return the unit in an annotation such as ``Annotated[float, "USD"]``, or an empty string."""
    return next((note for note in get_args(hint)[1:] if isinstance(note, str)), "")


def bounds_of(hint: Any) -> Bounds | None:
    """Return the bounds in an annotation such as ``Annotated[float, "fraction", Bounds(0.0, 1.0)]``, if any."""
    return next((note for note in get_args(hint)[1:] if isinstance(note, Bounds)), None)


def plain_type(hint: Any) -> Any:
    """Return the type under an annotation."""
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def type_name(hint: Any) -> str:
    """Return what an error calls a type."""
    return getattr(hint, "__name__", repr(hint))


def attribute_reads(function: Callable[..., Any]) -> list[tuple[str, str, int]]:
    """Return (argument, attribute, line) for every ``argument.attribute`` of an argument that is not rebound.

    Read from the bytecode, so that branches that a trial run would not take are seen too.
    """
    reads: list[tuple[str, str, int]] = []
    rebound: set[str] = set()
    last, line = "", 0
    for instruction in dis.get_instructions(function.__code__):
        if instruction.positions is not None and instruction.positions.lineno is not None:
            line = instruction.positions.lineno
        names = instruction.argval if isinstance(instruction.argval, tuple) else (instruction.argval,)
        if instruction.opname.startswith("STORE_FAST"):
            rebound.update(names)
        if instruction.opname.startswith("LOAD_FAST"):
            last = names[-1]
        elif instruction.opname in ("LOAD_ATTR", "LOAD_METHOD") and last:
            reads.append((last, names[-1], line))
            last = ""
        else:
            last = ""
    return [read for read in reads if read[0] not in rebound]


def _arity(role: str, function: Callable[..., Any]) -> list[Problem]:
    shape, allowed = _SHAPES[role]
    code = function.__code__
    if code.co_kwonlyargcount or code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS):
        return [
            Problem(f"{role}: arguments", str(inspect.signature(function)), f"must be {shape}, none by keyword only")
        ]
    if function.__defaults__:
        return [
            Problem(f"{role}: arguments", str(inspect.signature(function)), f"must be {shape}, none with a default")
        ]
    return [] if code.co_argcount in allowed else [Problem(f"{role}: arguments", code.co_argcount, f"must be {shape}")]


def _missing(role: str, function: Callable[..., Any]) -> list[Problem]:
    names = (*function.__code__.co_varnames[: function.__code__.co_argcount], "return")
    rule = "must be annotated with its NamedTuple"
    return [
        Problem(f"{role}: {name}", "no annotation", rule, "the annotations declare the model")
        for name in names
        if name not in function.__annotations__
    ]


def _hints(role: str, annotated: Any, scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return the annotations of a function or a class, resolved where it was defined or where the model is made."""
    where = f"{role}: annotations"
    try:
        return get_type_hints(annotated, localns=dict(scope), include_extras=True)
    except NameError as error:
        rule = f"the annotation's name {error.name!r} is not known where the model is made"
        raise ModelError(Problem(where, annotated.__qualname__, rule, "make the model beside its classes")) from None
    except (SyntaxError, TypeError, AttributeError) as error:
        raise ModelError(Problem(where, annotated.__qualname__, f"cannot be read: {error}")) from None


def _fields(kind: str, declared: Any, scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return the annotations of a NamedTuple's fields, checked for their types."""
    if declared is None:
        return {}
    if not (isinstance(declared, type) and issubclass(declared, tuple) and hasattr(declared, "_fields")):
        rule = "must be a NamedTuple"
        raise ModelError(Problem(kind, type_name(declared), rule, f"write class {kind}(NamedTuple): name: float"))
    hints = _hints(kind, declared, scope)
    allowed = (float, bool) if kind == "Events" else (float,)
    rules = {"Events": "must be float (a margin) or bool", "Shocks": "must be float (standard normal) or mc.Uniform01"}
    problems = [
        Problem(f"{declared.__name__}.{name}", type_name(hint), rules.get(kind, "must be float"))
        for name, hint in hints.items()
        if plain_type(hint) not in allowed
    ]
    if problems:
        raise ModelError(problems)
    return hints
