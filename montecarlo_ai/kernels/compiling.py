"""From a model to a compiled kernel.

The kernel is kept on disk under a hash of all that it depends on: the user's functions with their helpers and
closed-over values, and what every kernel depends on (`disk.surroundings`).
"""

from __future__ import annotations

import collections
import hashlib
import os
import re
import threading
import types
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, get_type_hints

from numba import config, njit
from numba.core import types as nb

from montecarlo_ai.errors import ModelError, Problem
from montecarlo_ai.fingerprints import fingerprint
from montecarlo_ai.functions import helpers, is_once_a_path, references
from montecarlo_ai.kernels import (
    rows,
    special,  # noqa: F401  (registers the fast functions)
    special_single,  # noqa: F401  (those of single precision)
)
from montecarlo_ai.kernels.counting import KINDS, count_values
from montecarlo_ai.kernels.disk import compiled, surroundings
from montecarlo_ai.kernels.emit import KernelSpec, kernel_source, shock_rows
from montecarlo_ai.kernels.options import COMPILE
from montecarlo_ai.kernels.precision import PRECISIONS, Precision
from montecarlo_ai.kernels.scheduling import marks_obeyed
from montecarlo_ai.kernels.shocks import drawers
from montecarlo_ai.kernels.single import single_value
from montecarlo_ai.kernels.slow import SlowPlace, slow_places, slow_warning
from montecarlo_ai.kernels.vectorising import vectorising
from montecarlo_ai.kernels.whole import Checked, CheckedSinglePrecision
from montecarlo_ai.model import Clock, Model

_i8 = nb.int64
_tuple, _mixed, _optional = nb.Tuple, nb.NamedTuple, nb.Optional  # type: ignore[attr-defined]  # numba hides them from mypy

_compiled: dict[str, Callable[..., None]] = {}
_lock = threading.RLock()


def kernel_of(model: Model, constants: frozenset[str], dtype: str = "float64") -> Callable[..., None]:
    """Return the compiled block kernel of a model, from memory, from disk, or made now.

    Parameters
    ----------
    model : Model
    constants : frozenset of str
        Inputs that enter as scalars.
    dtype : str
        Name of a precision.

    Raises
    ------
    ModelError
        If a function cannot be compiled; the sentence names the function and the place.

    Warns
    -----
    SlowStepWarning
        When a kernel is made, and not found on disk: names what costs its loop the vectors, with the lines.
    """
    if config.DISABLE_JIT:
        raise ModelError(
            Problem("NUMBA_DISABLE_JIT", 1, "leaves models uncompiled, and only compiled ones run", "unset it")
        )
    made = list(_made_once(model).values())
    spec = KernelSpec(
        states=model.state_fields,
        shocks=model.shock_fields,
        events=model.event_fields,
        uniform_shocks=frozenset(model.uniform_shocks),
        boolean_events=frozenset(model.boolean_events),
        has_forcing=model.forcing_type is not None,
        varying=len(model.param_fields) - len(constants),
        once=sum(map(len, made)),
        dtype=dtype,
    )
    key = _key(model, spec, constants, made)
    if key in _compiled:  # without the lock, which a fork would leave locked in its child for ever
        return _compiled[key]
    with _lock:
        if key in _compiled:
            return _compiled[key]
        _compiled[key], slow = _compile(model, spec, constants, key)
        kernel = _compiled[key]
    if slow:
        warnings.warn_explicit(slow_warning(slow), None, slow[0].file, slow[0].line)
    return kernel


def events_of(model: Model, dtype: str = "float64") -> Callable[..., Any]:
    """Return the events of a model as its kernel has them, of one path: state, params and clock are NamedTuples."""
    scope = {"events": _jitted(model, "events", PRECISIONS[dtype])}
    exec("def of_a_path(state, params, clock):\n    return events(state, params, clock)", scope)
    found: Callable[..., Any] = njit(**COMPILE)(scope["of_a_path"])
    return found


def model_hash(model: Model) -> str:
    """Return a SHA-256 over what the model's functions compile to."""
    digest = hashlib.sha256()
    for function in (model.initial, model.step, model.events):
        digest.update(fingerprint(function).encode())
    return digest.hexdigest()


def _signature(precision: Precision) -> tuple[Any, ...]:
    """Return the types of the arguments of a kernel."""
    real, shock = precision
    return (
        _tuple((nb.uint64, nb.uint64, nb.uint64, nb.uint64)),
        _tuple((_i8, _i8, nb.float64, nb.boolean)),
        nb.float64[:, :, ::1],
        real[::1],
        real[:, ::1],
        _tuple((_i8[::1], _i8[::1], _i8[::1], shock[::1])),
        _i8[::1],
        _tuple((nb.float64[:, :, ::1], nb.float32[:, :, ::1], _i8, _i8, nb.boolean)),
        _tuple((nb.int32[:, ::1], _i8)),
        _tuple(KINDS),
        nb.boolean[::1],
    )


def _key(model: Model, spec: KernelSpec, constants: frozenset[str], made: Sequence[tuple[str, ...]]) -> str:
    """Return the hash of all that the compiled code depends on; `made` names what is computed once a path."""
    digest = hashlib.sha256(kernel_source(spec).encode())
    digest.update(model_hash(model).encode())
    digest.update(repr((model.declared, sorted(constants), made)).encode())
    digest.update(surroundings() + bytes([spec.interleave]))
    return digest.hexdigest()


def _compile(
    model: Model, spec: KernelSpec, constants: frozenset[str], key: str
) -> tuple[Callable[..., None], list[SlowPlace]]:
    """Return the kernel, compiled or loaded, and what is slow in it if it was compiled."""
    try:
        jitted = {role: _jitted(model, role, spec.precision) for role in ("initial", "step", "events")}
        names = {
            **jitted,
            "Clock": Clock,
            **_readers(model, constants, spec),
            **_once(model, constants, spec),
            **drawers(spec.lanes, spec.precision.shock),
            "count_values": count_values,
        }
        with vectorising(spec.interleave, slots_shared=spec.precision.state == nb.float32), marks_obeyed():
            kernel = compiled(kernel_source(spec), key, names, _signature(spec.precision))
    except Exception as error:
        raise _translated(model, error, spec.precision) from None
    given = frozenset(_known_type(model)._fields) - constants
    arguments = {"step": (True, given, True, False, False), "events": (True, given, False)}
    return kernel, sorted({at for role, known in arguments.items() for at in slow_places(jitted[role], known)})


def _readers(model: Model, constants: frozenset[str], spec: KernelSpec) -> dict[str, Any]:
    """Return what moves a path's fields between memory and the NamedTuples of the model."""
    order = shock_rows(model.shock_fields, model.uniform_shocks)
    places, pitch, real = [order.index(name) for name in model.shock_fields], spec.pitch, spec.precision.state
    readers = {
        "read_state": rows.state_reader(model.state_type, pitch, real),
        "write_state": rows.state_writer(pitch),
        "read_params": rows.params_reader(model.params_type, _places(model, constants), pitch, real),
        "read_shocks": rows.shocks_reader(model.shocks_type, places, spec.shock_pitch, real),
        "sickness": rows.sickness(real),
    }
    if model.forcing_type is not None:
        readers["read_forcing"] = rows.forcing_reader(model.forcing_type, real)
    return readers


def _places(model: Model, constants: frozenset[str]) -> list[tuple[bool, int]]:
    """Return for each input whether it is a constant, and its place among the constants or the varying inputs."""
    fixed = [name for name in model.param_fields if name in constants]
    varying = [name for name in model.param_fields if name not in constants]
    return [(name in constants, (fixed if name in constants else varying).index(name)) for name in model.param_fields]


def _made_once(model: Model) -> dict[Callable[..., Any], tuple[str, ...]]:
    """Return the functions that a step needs once a path, and the names of what each returns among what is known."""
    marked = [each for each in helpers(model.step) if is_once_a_path(each)]
    kinds: list[Any] = [get_type_hints(each).get("return") for each in marked]
    for each, kind in zip(marked, kinds, strict=True):
        if not hasattr(kind, "_fields") or each.__code__.co_argcount > 2:
            rule = "is computed once a path, and so must take params, or params and dt, and return a NamedTuple"
            raise ModelError(Problem(f"step: {each.__name__}", each.__qualname__, rule, "annotate what it returns"))
    return {
        each: tuple(f"once_{i}_{name}" for name in kind._fields)
        for i, (each, kind) in enumerate(zip(marked, kinds, strict=True))
    }


def _known_type(model: Model) -> Any:
    """Return the NamedTuple class of what a step gets as params: the inputs, then what is made of them once a path.

    Helpers read the inputs by name, so that the rest does not show; a marked function becomes one that picks its own.
    """
    made = [name for names in _made_once(model).values() for name in names]
    return collections.namedtuple("Known", (*model.param_fields, *made)) if made else model.params_type


def _once(model: Model, constants: frozenset[str], spec: KernelSpec) -> dict[str, Any]:
    """Return what computes, writes and reads what is made once a path; nothing where the step marks no function."""
    made = _made_once(model)
    if not made:
        return {}
    ready = _ready(model, made, spec.precision)
    scope: dict[str, Any] = {f"made_{i}": ready[each] for i, each in enumerate(made)}
    calls = [f"made_{i}({', '.join(('params', 'dt')[: each.__code__.co_argcount])})[:]" for i, each in enumerate(made)]
    exec(f"def once(params, dt):\n    return {' + '.join(calls)}", scope)
    varying = len(model.param_fields) - len(constants)
    count = sum(map(len, made.values()))
    places = _places(model, constants) + [(False, varying + i) for i in range(count)]
    return {
        "once": _inlined(scope["once"], spec.precision),
        "write_once": rows.state_writer(spec.pitch, varying),
        "read_known": rows.params_reader(_known_type(model), places, spec.pitch, spec.precision.state),
    }


def _picked(function: Callable[..., Any], fields: Sequence[str]) -> Callable[..., Any]:
    """Return what stands in for a marked function inside a step: it picks its result out of what is known."""
    arguments = ("params", "dt")[: function.__code__.co_argcount]
    values = ", ".join(f"params.{name}" for name in fields)
    scope: dict[str, Any] = {"_kind": get_type_hints(function)["return"]}
    exec(f"def pick({', '.join(arguments)}):\n    return _kind({values})", scope)
    picked: Callable[..., Any] = scope["pick"]
    return picked


def _jitted(model: Model, role: str, precision: Precision) -> Any:
    """Return a function of the model, its helpers with it, ready to be compiled into its caller."""
    function = getattr(model, role)
    made = _made_once(model) if role == "step" else {}
    picked = {each: _inlined(_picked(each, fields), precision) for each, fields in made.items()}
    return _ready(model, [function], precision, picked)[function]


def _ready(
    model: Model, functions: Iterable[Any], precision: Precision, stand_ins: Mapping[Any, Any] | None = None
) -> dict[Any, Any]:
    """Return functions and their helpers ready to be compiled into their callers; some may have stand-ins."""
    ready: dict[Any, Any] = {
        kind: _inlined(_constructor(kind, booleans), precision)
        for kind, booleans in ((model.state_type, ()), (model.events_type, model.boolean_events))
    }
    ready.update(stand_ins or {})
    for function in functions:
        for each, found in helpers(function).items():
            for kind in (kind for _, kind in found if _has_defaults(kind) and kind not in ready):
                ready[kind] = _inlined(_constructor(kind, kind._fields), precision)
            if each not in ready:
                ready[each] = _inlined(_rebound(each, ready), precision)
    return ready


def _has_defaults(kind: Any) -> bool:
    """Return whether a value is a NamedTuple class with defaults, which numba itself does not fill in."""
    return isinstance(kind, type) and issubclass(kind, tuple) and bool(getattr(kind, "_field_defaults", None))


def _inlined(function: Callable[..., Any], precision: Precision) -> Any:
    """Return a function jitted for use inside others; a look-up beyond the end of a table raises."""
    options: dict[str, Any] = dict.fromkeys(
        ("forceinline", "no_cpython_wrapper", "no_cfunc_wrapper", "boundscheck"), True
    )
    options["pipeline_class"] = Checked
    if precision.state == nb.float32:
        function.__defaults__ = single_value(function.__defaults__)
        options["pipeline_class"] = CheckedSinglePrecision
    return njit(**options, **COMPILE)(function)


def _constructor(kind: Any, as_given: Collection[str]) -> Callable[..., Any]:
    """Return a function that makes a NamedTuple with float fields, but for those that stay as they are given.

    For the compiler ``State(0, 1.5)`` and ``State(0.5, 1.5)`` are values of different types, between which a function
    cannot choose.
    """
    fields = ", ".join(kind._fields)
    values = ", ".join(name if name in as_given else f"1.0 * {name}" for name in kind._fields)
    scope: dict[str, Any] = {"_kind": kind}  # no field begins with an underscore
    exec(f"def construct({fields}):\n    return _kind({values})", scope)
    construct: Any = scope["construct"]
    construct.__defaults__ = tuple(kind._field_defaults.values()) or None
    return construct


def _rebound(function: Callable[..., Any], ready: Mapping[Any, Any]) -> Callable[..., Any]:
    """Return a copy of a function in which the helpers and the NamedTuples it refers to are the compiled ones."""
    scope = dict(function.__globals__)
    proxies: dict[str, types.ModuleType] = {}
    swapped: dict[str, Any] = {}
    found = references(function)
    rooted = {r.chain[0] for r in found if len(r.chain) > 1 and _is_ready(r.value, ready)}
    for chain, value in found:
        stand_in = ready[value] if _is_ready(value, ready) else value
        if len(chain) == 1:
            swapped[chain[0]] = stand_in
        elif chain[0] in rooted:
            swapped[chain[0]] = _proxy(proxies, chain, stand_in)
    scope.update({name: value for name, value in swapped.items() if name not in function.__code__.co_freevars})
    closure = tuple(
        types.CellType(swapped.get(name, cell.cell_contents))
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    )
    copy = types.FunctionType(function.__code__, scope, function.__name__, function.__defaults__, closure)
    copy.__kwdefaults__ = function.__kwdefaults__
    copy.__qualname__ = function.__qualname__
    return copy


def _is_ready(value: Any, ready: Mapping[Any, Any]) -> bool:
    """Return whether a compiled version stands in for a value."""
    return isinstance(value, types.FunctionType | type) and value in ready


def _proxy(proxies: dict[str, types.ModuleType], chain: tuple[str, ...], value: Any) -> types.ModuleType:
    """Return a stand-in for a module that holds a compiled helper in place of the plain one."""
    for depth in range(1, len(chain)):
        name = ".".join(chain[:depth])
        if name not in proxies:
            proxies[name] = types.ModuleType(name)
        if depth > 1:
            setattr(proxies[".".join(chain[: depth - 1])], chain[depth - 1], proxies[name])
    setattr(proxies[".".join(chain[:-1])], chain[-1], value)
    return proxies[chain[0]]


def _translated(model: Model, error: Exception, precision: Precision) -> ModelError:
    """Return one sentence that names the function and the place for what the compiler refused."""
    message, remedy = str(error), "docs/extending.md lists what a step may contain"
    roles = {"initial": model.initial, "step": model.step, "events": model.events}
    for role, function in roles.items():
        for each in helpers(function):
            code = each.__code__
            lines = _lines_of(message, os.path.basename(code.co_filename))
            last = max(line for _, _, line in code.co_lines() if line)
            inside = [line for line in lines if code.co_firstlineno <= line <= last]
            if inside:
                name = role if each is function else f"{role}: {each.__name__}"
                rule = f"cannot be compiled: {_reason(message)}"
                return ModelError(Problem(f"{name} (line {inside[0]})", each.__qualname__, rule, remedy))
    told = {role: _refusal(model, role, precision) for role in roles}
    role = next((role for role, reason in told.items() if reason), "step")
    rule = f"cannot be compiled: {told[role] or _reason(message)}"
    return ModelError(Problem(role, roles[role].__qualname__, rule, remedy))


def _lines_of(message: str, file: str) -> list[int]:
    """Return the line numbers that a compiler message names in a file."""
    found = re.findall(rf'{re.escape(file)}(?:"?, line |:| \()(\d+)', message)
    return [int(digits) for digits in found]


def _refusal(model: Model, role: str, precision: Precision) -> str:
    """Return why one function of a model does not serve when it is called with floats in all fields, or nothing."""
    real = precision.state
    known = () if model.forcing_type is None else (rows.tuple_type(model.forcing_type, real),)
    types_of = (model.state_type, model.params_type, model.shocks_type, _known_type(model))
    state, params, shocks, full = (rows.tuple_type(kind, real) for kind in types_of)
    clock = _mixed((real, real, nb.int64), Clock)
    arguments = {
        "initial": (params,),
        "step": (state, full, shocks, clock, *known),
        "events": (state, params, clock),
    }[role]
    try:
        jitted = _jitted(model, role, precision)
        jitted.compile(arguments)
    except Exception as error:
        return _reason(str(error))
    returned = jitted.nopython_signatures[0].return_type
    if returned is nb.none:
        return "it returns on no path: every way through it raises"
    return "it may return None" if isinstance(returned, _optional) else ""


def _reason(message: str) -> str:
    """Return the line of a compiler message that says what was wrong."""
    noise = ("Failed", "During", "File ", "Pass ", "[", "-", "There are", "raised from", "def ", "^", "<source")
    lines = [line.strip().removeprefix(">>> ") for line in message.splitlines()]
    telling = [line for line in lines if line and not line.startswith(noise)]
    said = " ".join(telling[:2]).partition(" Raised from ")[0]
    return said.rstrip(".:") or "the compiler gave no reason"
