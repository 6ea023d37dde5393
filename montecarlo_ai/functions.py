"""What a user's function refers to: the helpers it calls, the values it closes over, and a fingerprint of it all."""

from __future__ import annotations

import dis
import functools
import hashlib
import inspect
import random
import textwrap
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from montecarlo_ai import math as fast_math
from montecarlo_ai.errors import ModelError, Problem

# Functions of these packages are the compiler's business, or have a compiled version of ours.
_KNOWN_TO_COMPILER = {"builtins", "math", "numba", "numpy", "scipy"}


_Function = TypeVar("_Function", bound=Callable[..., Any])

_GLOBAL = ("LOAD_GLOBAL", "LOAD_NAME")
_CLOSED = ("LOAD_DEREF", "LOAD_CLASSDEREF")


class Reference(NamedTuple):
    """A name that a function looks up outside itself: ``("lab", "demand", "growth")`` and what it stands for."""

    chain: tuple[str, ...]
    value: Any


def is_helper(value: Any) -> bool:
    """Return whether a value is a plain Python function that has to be compiled along with its caller."""
    if not isinstance(value, types.FunctionType):
        return False
    home = value.__module__ or ""
    return home != fast_math.__name__ and home.split(".")[0] not in _KNOWN_TO_COMPILER


def once_a_path(function: _Function) -> _Function:
    """Mark a function of a path's inputs and the time step, which a compiled run computes once a path.

    A step calls it like any helper, with its own ``params``, alone or with ``dt``, and in plain Python it is one. The
    function returns a NamedTuple of floats, and says so in its annotation.
    """
    function.__once_a_path__ = True  # type: ignore[attr-defined]  # a mark, which no type has
    return function


def is_once_a_path(function: Callable[..., Any]) -> bool:
    """Return whether a function bears the mark of `once_a_path`."""
    return getattr(function, "__once_a_path__", False)


def code_objects(code: types.CodeType) -> Iterator[types.CodeType]:
    """Yield a code object and those nested in it (inner functions, comprehensions)."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from code_objects(constant)


@functools.lru_cache(maxsize=4096)
def _lookups(code: types.CodeType) -> tuple[tuple[bool, tuple[str, ...]], ...]:
    """Return what a code object looks up outside itself: whether in the closure, and the name with its attributes."""
    found = set()
    for each in code_objects(code):
        instructions = list(dis.get_instructions(each))
        for at, instruction in enumerate(instructions):
            if instruction.opname not in _GLOBAL and instruction.opname not in _CLOSED:
                continue
            chain = [instruction.argval]
            for follower in instructions[at + 1 :]:
                if follower.opname not in ("LOAD_ATTR", "LOAD_METHOD"):
                    break
                chain.append(follower.argval)
            found.add((instruction.opname in _CLOSED, tuple(chain)))
    return tuple(sorted(found))


def references(function: Callable[..., Any]) -> list[Reference]:
    """Return the global and closed-over values that a function uses, attributes of modules followed to the end.

    Names that are not defined are left out: the compiler or the first call tells of them.
    """
    closed = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    found: dict[tuple[str, ...], Any] = {}
    for in_closure, (name, *attributes) in _lookups(function.__code__):
        if in_closure and name in closed and closed[name] != types.CellType():
            value = closed[name].cell_contents
        elif not in_closure and name in function.__globals__:
            value = function.__globals__[name]
        else:
            continue
        chain: tuple[str, ...] = (name,)
        for attribute in attributes:
            if not isinstance(value, types.ModuleType) or not hasattr(value, attribute):
                break
            chain, value = (*chain, attribute), getattr(value, attribute)
        found[chain] = value
    return [Reference(chain, value) for chain, value in sorted(found.items())]


def helpers(function: Callable[..., Any]) -> dict[Callable[..., Any], list[Reference]]:
    """Return the function and every plain function that it calls, directly or not, and what each looks up outside.

    Callers come after what they call.

    Raises
    ------
    ModelError
        If a function calls itself, directly or through others.
    """
    ordered: dict[Callable[..., Any], list[Reference]] = {}

    def visit(current: Callable[..., Any], callers: tuple[Callable[..., Any], ...]) -> None:
        if current in callers:
            rule = "calls itself, which a compiled step cannot do"
            raise ModelError(Problem(f"{current.__name__}", current.__qualname__, rule, "write it as a loop"))
        if current in ordered:
            return
        found = references(current)
        for reference in found:
            if is_helper(reference.value):
                visit(reference.value, (*callers, current))
        ordered[current] = found

    visit(function, ())
    return ordered


def function_problems(role: str, function: Callable[..., Any]) -> list[Problem]:
    """Return what the compiler or the promise of equal bits does not allow in a function and its helpers."""
    problems = []
    for each, found in helpers(function).items():
        if each.__code__.co_kwonlyargcount:
            rule = "has keyword-only arguments, which compiled code does not take"
            problems.append(Problem(f"{role}: {each.__name__}", each.__qualname__, rule, "leave out the *"))
        for chain, value in found:
            if isinstance(getattr(value, "__self__", None), random.Random | np.random.RandomState):
                rule = "draws random numbers that no seed repeats"
                problems.append(Problem(f"{role}: {'.'.join(chain)}", each.__qualname__, rule, "declare a shock"))
    return problems


_sources: WeakKeyDictionary[Callable[..., Any], str] = WeakKeyDictionary()
"""Sources that were read: reading takes longer than a short run."""


def source_of(function: Callable[..., Any]) -> str:
    """Return a function's source, or a fingerprint where the source is gone (an interactive prompt)."""
    try:
        if function not in _sources:
            _sources[function] = textwrap.dedent(inspect.getsource(function))
        return _sources[function]
    except (OSError, TypeError):
        return fingerprint(function)


def description(function: Callable[..., Any]) -> list[list[Any]]:
    """Return in text what a function does: name, source, outside values and defaults, of it and of its helpers."""
    described = []
    for each, found in helpers(function).items():
        values = {
            ".".join(chain): repr(_identity(value))
            for chain, value in found
            if not is_helper(value) and not isinstance(value, types.ModuleType)
        }
        if each.__defaults__:
            values["defaults"] = repr(_identity(each.__defaults__))
        described.append([each.__name__, source_of(each), values])
    return described


def fingerprint(function: Callable[..., Any]) -> str:
    """Return a SHA-256 over what a function compiles to: code, constants, closed-over values and its helpers."""
    digest = hashlib.sha256()
    for each, found in helpers(function).items():
        digest.update(_spelled(each.__code__))
        digest.update(repr((_identity(each.__defaults__), is_once_a_path(each))).encode())
        for chain, value in found:
            digest.update(repr((chain, _identity(value))).encode())
    return digest.hexdigest()


@functools.lru_cache(maxsize=4096)
def _spelled(code: types.CodeType) -> bytes:
    """Return all of a code object, and of those nested in it, that decides what is computed."""
    parts: list[bytes] = []
    for each in code_objects(code):
        constants = [repr(c) for c in each.co_consts if not isinstance(c, types.CodeType)]
        names = (each.co_names, each.co_varnames, each.co_freevars, sorted(constants), constants)
        parts += (each.co_code, *(repr(part).encode() for part in names))
    return b"".join(parts)


def _identity(value: Any) -> Any:
    """Return something whose repr changes when a referred value would compile to something else."""
    if isinstance(value, np.ndarray):
        return (value.dtype.str, value.shape, hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest())
    if isinstance(value, bool | int | float | complex | str | bytes | type(None) | np.generic):
        return repr(value)
    if isinstance(value, type) and issubclass(value, tuple):
        defaults = getattr(value, "_field_defaults", {})
        return (value.__name__, getattr(value, "_fields", ()), *map(_identity, defaults.values()))
    if isinstance(value, tuple):
        return (type(value).__name__, getattr(value, "_fields", ()), *map(_identity, value))
    inner = getattr(value, "py_func", None)  # a function that the user has compiled
    if isinstance(inner, types.FunctionType):
        return fingerprint(inner)
    if hasattr(value, "__qualname__"):
        return (getattr(value, "__module__", ""), value.__qualname__)
    return repr(value)
