"""From a model to a compiled kernel, kept on disk so that a second process does not compile it again.

The emitted source lies in a file named by a hash of all that it depends on: the user's functions with their helpers
and closed-over values, the kernel's own sources, the processor, and the versions of the compilers. Where the folder
cannot be written, or what it holds is broken, the kernel is compiled in memory.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import platform
import re
import sys
import tempfile
import threading
import types
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm
import numba
import numpy as np
from numba.core import types as nb
from numba.core.compiler_lock import global_compiler_lock

from montecarlo_ai.errors import ModelError, Problem
from montecarlo_ai.functions import fingerprint, helpers, is_helper, references
from montecarlo_ai.kernels import (
    rows,
    special,  # noqa: F401  (registers the fast functions)
)
from montecarlo_ai.kernels.emit import KernelSpec, kernel_source, shock_rows
from montecarlo_ai.kernels.options import COMPILE
from montecarlo_ai.model import Clock, Model

INTERLEAVE = 2
"""Iterations of a lane loop in flight at once: hides the latency of dependent operations."""

CACHE_VARIABLE = "MONTECARLO_AI_CACHE_DIR"

_f8, _i8 = nb.float64, nb.int64
_tuple, _mixed = nb.Tuple, nb.NamedTuple  # type: ignore[attr-defined]  # numba hides them from mypy
_SIGNATURE = (
    _tuple((nb.uint64, nb.uint64, nb.uint64)),
    _tuple((_i8, _i8, _f8, nb.boolean)),
    _f8[:, :, ::1],
    _f8[::1],
    _f8[:, ::1],
    _tuple((_i8[::1], _i8[::1], _i8[::1], _f8[::1])),
    _i8[::1],
    _tuple((_f8[:, :, ::1], nb.float32[:, :, ::1], _i8)),
    nb.int32[:, ::1],
    nb.boolean[::1],
)

_compiled: dict[str, Callable[..., None]] = {}
_lock = threading.RLock()


def kernel_of(model: Model, constants: frozenset[str]) -> Callable[..., None]:
    """Return the compiled block kernel of a model, from memory, from disk, or made now.

    Parameters
    ----------
    model : Model
    constants : frozenset of str
        Inputs that enter as scalars.

    Raises
    ------
    ModelError
        If a function cannot be compiled; the sentence names the function and the place.
    """
    spec = KernelSpec(
        states=model.state_fields,
        shocks=model.shock_fields,
        events=model.event_fields,
        uniform_shocks=frozenset(model.uniform_shocks),
        boolean_events=frozenset(model.boolean_events),
        has_forcing=model.forcing_type is not None,
    )
    source = kernel_source(spec)
    key = _key(model, source, constants)
    with _lock:
        if key not in _compiled:
            _compiled[key] = _compile(model, source, constants, key)
        return _compiled[key]


def model_hash(model: Model) -> str:
    """Return a SHA-256 over what the model's functions compile to."""
    digest = hashlib.sha256()
    for function in (model.initial, model.step, model.events):
        digest.update(fingerprint(function).encode())
    return digest.hexdigest()


def cache_folder() -> Path:
    """Return where kernels are kept: ``$MONTECARLO_AI_CACHE_DIR``, or the user's cache folder."""
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
        return Path(base or Path.home() / "AppData" / "Local") / "montecarlo_ai"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "montecarlo_ai"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "montecarlo_ai"


def _key(model: Model, source: str, constants: frozenset[str]) -> str:
    """Return the hash of all that the compiled code depends on."""
    digest = hashlib.sha256(source.encode())
    digest.update(model_hash(model).encode())
    digest.update(repr((model.param_fields, sorted(constants), model.forcing_fields)).encode())
    digest.update(_surroundings())
    return digest.hexdigest()


@functools.cache
def _surroundings() -> bytes:
    """Return what compiled code depends on beside the model: the kernel's sources, the processor, the compilers."""
    folder = resources.files("montecarlo_ai.kernels")
    files = sorted((entry.name, entry.read_bytes()) for entry in folder.iterdir() if entry.name.endswith(".py"))
    features = sorted(llvm.get_host_cpu_features().items())
    versions = (platform.python_version(), np.__version__, numba.__version__, llvmlite.__version__)
    return repr((files, versions, llvm.get_host_cpu_name(), features, INTERLEAVE)).encode()


def _compile(model: Model, source: str, constants: frozenset[str], key: str) -> Callable[..., None]:
    """Return the kernel, compiled or loaded; in memory when the folder on disk does not serve."""
    path = _source_file(source, key)
    if path is not None:
        # Whatever a broken or unwritable cache raises, compiling works; what the compiler refuses, it refuses twice.
        with contextlib.suppress(Exception):
            return _execute(model, source, constants, key, str(path), cache=True)
    try:
        return _execute(model, source, constants, key, f"<kernel {key[:16]}>", cache=False)
    except Exception as error:
        raise _translated(model, error) from None


def _source_file(source: str, key: str) -> Path | None:
    """Return the file of the source, written whole or not at all; None where the folder cannot be written."""
    try:
        folder = cache_folder()
        path = folder / f"kernel_{key[:40]}.py"
        if path.exists() and path.read_text() == source:
            return path
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".tmp", delete=False) as file:
            file.write(source)
        Path(file.name).replace(path)
        return path
    except (OSError, RuntimeError, UnicodeDecodeError):
        return None


def _execute(
    model: Model, source: str, constants: frozenset[str], key: str, filename: str, *, cache: bool
) -> Callable[..., None]:
    """Return the compiled ``run`` of an emitted module."""
    name = f"montecarlo_ai_kernel_{key[:40]}"
    module = types.ModuleType(name)
    module.__file__ = filename
    module.__dict__.update(
        CACHE=cache,
        step=_jitted(model.step),
        initial=_jitted(model.initial),
        events=_jitted(model.events),
        Clock=Clock,
        **_readers(model, constants),
    )
    sys.modules[name] = module  # before it is executed: code loaded from the cache looks its module up by name
    with _interleaved(INTERLEAVE):
        exec(compile(source, filename, "exec"), module.__dict__)
        run = module.__dict__["run"]
        run.compile(_SIGNATURE)
        run.disable_compile()
    return run


def _readers(model: Model, constants: frozenset[str]) -> dict[str, Any]:
    """Return what moves a path's fields between memory and the NamedTuples of the model."""
    fixed = [name for name in model.param_fields if name in constants]
    varying = [name for name in model.param_fields if name not in constants]
    places = [(name in constants, (fixed if name in constants else varying).index(name)) for name in model.param_fields]
    order = shock_rows(model.shock_fields, model.uniform_shocks)
    readers = {
        "read_state": rows.state_reader(model.state_type),
        "write_state": rows.state_writer(model.state_type),
        "read_params": rows.params_reader(model.params_type, places),
        "read_shocks": rows.shocks_reader(model.shocks_type, [order.index(name) for name in model.shock_fields]),
    }
    if model.forcing_type is not None:
        readers["read_forcing"] = rows.forcing_reader(model.forcing_type)
    return readers


@contextlib.contextmanager
def _interleaved(count: int) -> Iterator[None]:
    """Set LLVM's interleave count, which is process-wide, for one compilation, and put it back."""
    with global_compiler_lock:
        llvm.set_option("montecarlo_ai", f"-force-vector-interleave={count}")
        try:
            yield
        finally:
            llvm.set_option("montecarlo_ai", "-force-vector-interleave=0")


def _jitted(function: Callable[..., Any]) -> Any:
    """Return a function and its helpers ready to be compiled into their caller."""
    ready: dict[Callable[..., Any], Any] = {}
    for each in helpers(function):
        ready[each] = numba.njit(forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True, **COMPILE)(
            _rebound(each, ready)
        )
    return ready[function]


def _rebound(function: Callable[..., Any], ready: dict[Callable[..., Any], Callable[..., Any]]) -> Callable[..., Any]:
    """Return a copy of a function in which the helpers it refers to are the compiled ones."""
    scope = dict(function.__globals__)
    proxies: dict[str, types.ModuleType] = {}
    swapped: dict[str, Any] = {}
    rooted = {r.chain[0] for r in references(function) if len(r.chain) > 1 and is_helper(r.value)}
    for chain, value in references(function):
        compiled = ready[value] if is_helper(value) else value
        if len(chain) == 1:
            swapped[chain[0]] = compiled
        elif chain[0] in rooted:
            swapped[chain[0]] = _proxy(proxies, chain, compiled)
    scope.update({name: value for name, value in swapped.items() if name not in function.__code__.co_freevars})
    closure = tuple(
        types.CellType(swapped.get(name, cell.cell_contents))
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    )
    copy = types.FunctionType(function.__code__, scope, function.__name__, function.__defaults__, closure)
    copy.__kwdefaults__ = function.__kwdefaults__
    copy.__qualname__ = function.__qualname__
    return copy


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


def _translated(model: Model, error: Exception) -> ModelError:
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
    role = next((role for role in roles if not _compiles_alone(model, role)), "step")
    return ModelError(Problem(role, roles[role].__qualname__, f"cannot be compiled: {_reason(message)}", remedy))


def _lines_of(message: str, file: str) -> list[int]:
    """Return the line numbers that a compiler message names in a file."""
    found = re.findall(rf'{re.escape(file)}(?:"?, line |:| \()(\d+)', message)
    return [int(digits) for digits in found]


def _compiles_alone(model: Model, role: str) -> bool:
    """Return whether one function of a model compiles when it is called with floats in all fields."""
    known = () if model.forcing_type is None else (rows.tuple_type(model.forcing_type),)
    state, params, shocks = map(rows.tuple_type, (model.state_type, model.params_type, model.shocks_type))
    clock = _mixed((nb.float64, nb.float64, nb.int64), Clock)
    arguments = {
        "initial": (params,),
        "step": (state, params, shocks, clock, *known),
        "events": (state, params, clock),
    }[role]
    try:
        _jitted(getattr(model, role)).compile(arguments)
    except Exception:
        return False
    return True


def _reason(message: str) -> str:
    """Return the line of a compiler message that says what was wrong."""
    noise = ("Failed", "During", "File ", "Pass ", "[", "-", ">>>", "There are", "raised from", "def ", "^", "<source")
    lines = [line.strip() for line in message.splitlines()]
    telling = [line for line in lines if line and not line.startswith(noise)]
    said = " ".join(telling[:2]).partition(" Raised from ")[0]
    return said.rstrip(".:") or "the compiler gave no reason"
