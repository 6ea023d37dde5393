"""What a function is, as text: its source or its code, with all that it refers to.

Two functions that compute something else differ in their `fingerprint`, which names compiled code, and in their
`description`, which stands in a scenario's canonical form. What nobody knows how to tell is refused.
"""

from __future__ import annotations

import enum
import functools
import hashlib
import inspect
import linecache
import textwrap
import tokenize
import types
import warnings
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from montecarlo_ai.errors import ModelError, Problem
from montecarlo_ai.functions import Reference, code_objects, helpers, is_helper, is_known_to_compiler, is_once_a_path

_SHAPE = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS | inspect.CO_GENERATOR
"""Flags of a code object that say what it does; others say how it was compiled."""

_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(...), range, slice)

_Within = tuple[Callable[..., Any], ...]
"""Functions whose fingerprint is being taken, for those that refer to themselves."""


class _UnknownKindError(Exception):
    """A value of which nobody knows how to tell what it is."""

    def __init__(self, value: object) -> None:
        super().__init__()
        self.value = value


def description(function: Callable[..., Any]) -> list[list[Any]]:
    """Return in text what a function does: name, source, outside values and defaults, of it and of its helpers.

    A helper that is referred to stands among the values by its place in the list.

    Raises
    ------
    ModelError
        If a function refers to something that cannot be told in text, or calls itself.
    """
    listed = helpers(function)
    places = {each: place for place, each in enumerate(listed)}
    described = []
    for each, found in listed.items():
        values = {
            ".".join(reference.chain): repr(_told(each, reference, places, ()))
            for reference in found
            if not isinstance(reference.value, types.ModuleType)
        }
        if each.__defaults__:
            values["defaults"] = repr(_told(each, Reference(("defaults",), each.__defaults__), {}, ()))
        described.append([each.__name__, source_of(each), values])
    return described


def fingerprint(function: Callable[..., Any], within: _Within = ()) -> str:
    """Return a SHA-256 over what a function compiles to: code, constants, closed-over values and its helpers.

    Raises
    ------
    ModelError
        If a function refers to something that cannot be told in text, or a helper calls itself.
    """
    listed, within = helpers(function), (*within, function)
    places = {each: place for place, each in enumerate(listed)}
    digest = hashlib.sha256()
    for each, found in listed.items():
        given = each.__defaults__, each.__kwdefaults__
        told = [(reference.chain, _told(each, reference, places, within)) for reference in found]
        defaults = _told(each, Reference(("defaults",), given), {}, within)
        digest.update(repr((_digest(each.__code__), defaults, is_once_a_path(each), told)).encode())
    return digest.hexdigest()


def identity(field: str, value: object, within: _Within = ()) -> Any:
    """Return something whose repr changes when a value would compile to something else.

    Raises
    ------
    ModelError
        If nobody knows how to tell what the value is; names the field.
    """
    try:
        return _identity(value, within)
    except _UnknownKindError as unknown:
        kind = type(unknown.value).__name__
        rule = f"holds a {kind}, and nobody can tell one {kind} from another"
        remedy = "refer to numbers, arrays, tuples, Enums and functions"
        raise ModelError(Problem(field, value, rule, remedy)) from None


def _told(
    function: Callable[..., Any], reference: Reference, places: Mapping[Callable[..., Any], int], within: _Within
) -> Any:
    """Return what a function's reference stands for: a helper by its place, anything else by its `identity`."""
    if isinstance(reference.value, types.FunctionType) and reference.value in places:
        return ("helper", places[reference.value])
    return identity(f"{function.__name__}: {'.'.join(reference.chain)}", reference.value, within)


def _identity(value: Any, within: _Within) -> Any:
    """Return something whose repr changes when a value would compile to something else."""
    kind = type(value).__name__
    if isinstance(value, enum.Enum):
        return (kind, value.name, _identity(value.value, within))
    if isinstance(value, np.ndarray | np.generic):
        return _numbers(value)
    if isinstance(value, _PLAIN):
        return (kind, repr(value))
    if isinstance(value, tuple | list):
        return (kind, getattr(value, "_fields", ()), *(_identity(item, within) for item in value))
    if isinstance(value, set | frozenset):
        return (kind, *sorted(repr(_identity(item, within)) for item in value))
    if isinstance(value, dict):
        return (kind, *((_identity(key, within), _identity(item, within)) for key, item in value.items()))
    if isinstance(value, type):
        return _class(value, within)
    if isinstance(value, types.ModuleType):
        return ("module", value.__name__)
    compiled = _compiled_by_user(value)
    if compiled is not None:
        function, *how = compiled
        return ("compiled", _function(function, within), *(_identity(each, within) for each in how))
    if isinstance(value, types.FunctionType | types.MethodType | types.BuiltinFunctionType):
        bound = getattr(value, "__self__", None)
        of = () if bound is None or isinstance(bound, types.ModuleType) else (_identity(bound, within),)
        return (*of, _function(getattr(value, "__func__", value), within))
    if isinstance(value, np.ufunc | np.dtype | types.GenericAlias | types.UnionType) or _is_type_of_a_compiler(value):
        return (kind, repr(value), *(str(value.sig) for _ in range(hasattr(value, "sig"))))
    if is_known_to_compiler(value):  # such as what numpy wraps its own functions in
        return (value.__module__, value.__qualname__)
    raise _UnknownKindError(value)


def _is_type_of_a_compiler(value: Any) -> bool:
    """Return whether a value is of typing or numba and says what it is; a jitted object says where it lies."""
    kind: Any = type(value)
    return kind.__module__.split(".")[0] in ("typing", "numba") and kind.__repr__ is not object.__repr__


def _function(function: Callable[..., Any], within: _Within) -> Any:
    """Return the fingerprint of a user's function, or its place among those that are being told; a name of others."""
    if not is_helper(function):
        return (function.__module__, function.__qualname__)
    return ("itself", within.index(function)) if function in within else fingerprint(function, within)


def _numbers(value: Any) -> Any:
    """Return the identity of an array or of one of numpy's numbers."""
    if value.dtype.hasobject:
        raise _UnknownKindError(value)
    order = (value.flags.c_contiguous, value.flags.f_contiguous)
    content = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
    return (type(value).__name__, repr(value.dtype), value.shape, order, content)


def _class(value: Any, within: _Within) -> Any:
    """Return the identity of a class: with members for an Enum, with fields and their defaults for a NamedTuple."""
    if issubclass(value, enum.Enum):
        members = tuple((name, _identity(member.value, within)) for name, member in value.__members__.items())
        return (value.__name__, tuple(base.__name__ for base in value.__mro__), members)
    if issubclass(value, tuple):
        defaults = getattr(value, "_field_defaults", {})
        return (value.__name__, getattr(value, "_fields", ()), _identity(defaults, within))
    if hasattr(value, "class_type"):  # a class that numba compiles, with code in every method
        raise _UnknownKindError(value)
    return (value.__module__, value.__qualname__)


def _compiled_by_user(value: Any) -> tuple[Any, ...] | None:
    """Return the function that numba has made a value of, with all that says how it is compiled, if it has.

    Of ``njit``, ``vectorize``, ``guvectorize``, ``cfunc`` and ``intrinsic``; told by their attributes, for numba takes
    a second to import.
    """
    if not type(value).__module__.startswith("numba."):
        return None
    known = vars(value) if hasattr(value, "__dict__") else {}
    inner = getattr(value, "_dispatcher", value)
    function = next(
        (each for each in (getattr(inner, "py_func", None), known.get("_pyfunc"), known.get("_defn")) if each), None
    )
    if not isinstance(function, types.FunctionType):
        return None
    closed = getattr(value, "_frozen", False) or not getattr(inner, "_can_compile", True)
    overloads = getattr(inner, "overloads", {}).values() if closed else ()
    signatures = [str(overload.signature) for overload in overloads] + [str(known.get("_sig", ""))]
    layout = str(getattr(value, "signature", ""))
    return function, getattr(inner, "targetoptions", {}), getattr(inner, "locals", {}), signatures, layout


@functools.lru_cache(maxsize=4096)
def _digest(code: types.CodeType) -> str:
    """Return a SHA-256 over all of a code object, and of those nested in it, that decides what is computed."""
    parts = []
    for each in code_objects(code):
        constants = tuple(_constant(constant) for constant in each.co_consts)
        names = (each.co_names, each.co_varnames, each.co_cellvars, each.co_freevars)
        arguments = (each.co_argcount, each.co_posonlyargcount, each.co_kwonlyargcount, each.co_flags & _SHAPE)
        parts.append((each.co_code, each.co_exceptiontable, constants, names, arguments))
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _constant(value: object) -> str:
    """Return the text of a constant in code: of a set in an order that is the same in every process."""
    if isinstance(value, types.CodeType):
        return "code"
    return repr(sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)


_sources: WeakKeyDictionary[Callable[..., Any], tuple[types.CodeType, str]] = WeakKeyDictionary()
"""Sources that were read, each with the code it is of: reading takes longer than a short run."""


def source_of(function: Callable[..., Any]) -> str:
    """Return a function's source, or a fingerprint where the source is gone or is of other code.

    It is gone at an interactive prompt, and of other code where the file has been changed since it was imported.
    """
    code = function.__code__
    read = _sources.get(function)
    if read is None or read[0] is not code:
        source = _source(code, function.__globals__)
        if source is None:
            return fingerprint(function)
        read = _sources[function] = (code, source)
    return read[1]


def _source(code: types.CodeType, names: dict[str, Any]) -> str | None:
    """Return the text that compiles to a code object, if its file still has it."""
    linecache.checkcache(code.co_filename)
    lines = linecache.getlines(code.co_filename, names)
    same_name = _compiled("".join(lines), code.co_filename).get(code.co_qualname, [])
    found = [each for each in same_name if _digest(each) == _digest(code)]
    if not found:
        return None
    near = min(found, key=lambda each: abs(each.co_firstlineno - code.co_firstlineno))
    try:
        block = inspect.getblock(lines[near.co_firstlineno - 1 :])
    except (SyntaxError, tokenize.TokenError):
        return None
    text = textwrap.dedent("".join(block))
    on_line = [each for each in same_name if each.co_firstlineno == near.co_firstlineno]
    return text if len(on_line) == 1 else f"{text}# number {on_line.index(near)} of this line"


@functools.lru_cache(maxsize=64)
def _compiled(text: str, file: str) -> dict[str, list[types.CodeType]]:
    """Return the functions of a file by qualified name, in their order, compiled anew; none if it does not compile."""
    try:
        with warnings.catch_warnings():  # the import has warned of what stands there
            warnings.simplefilter("ignore")
            module = compile(text, file, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return {}
    found: dict[str, list[types.CodeType]] = {}
    for code in code_objects(module):
        found.setdefault(code.co_qualname, []).append(code)
    return found
