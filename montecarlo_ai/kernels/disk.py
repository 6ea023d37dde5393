"""Compiled code kept on disk, so that a second process does not compile it again.

Source lies in a file named by a hash of all that it depends on; numba keeps the machine code beside it, and a list of
SHA-256 says which files of machine code are as they were written: numba runs whatever it can unpickle. Where the folder
cannot be written, is full, or holds something broken, the code is compiled anew.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import inspect
import os
import platform
import sys
import tempfile
import types
import warnings
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm
import numba
import numpy as np
from numba import config, njit
from numba.core.compiler_lock import global_compiler_lock
from numba.core.errors import NumbaWarning

from montecarlo_ai._version import __version__
from montecarlo_ai.kernels.intrinsics import wide_vectors
from montecarlo_ai.kernels.options import COMPILE
from montecarlo_ai.lazy import cached_property

CACHE_VARIABLE = "MONTECARLO_AI_CACHE_DIR"

_LOOP = '''"""A loop of montecarlo_ai, kept compiled; safe to delete."""

from numba import njit


@njit(nogil=True, fastmath={"contract"}, error_model="numpy", cache=CACHE)
def run(@ARGUMENTS@):
    wide_vectors()
    law(@ARGUMENTS@)
'''


def cache_folder() -> Path:
    """Return where compiled code is kept: ``$MONTECARLO_AI_CACHE_DIR``, or the user's cache folder."""
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
        return Path(base or Path.home() / "AppData" / "Local") / "montecarlo_ai"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "montecarlo_ai"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "montecarlo_ai"


@functools.cache
def surroundings() -> bytes:
    """Return what all compiled code depends on: sources of the kernels, processor, libraries, options of numba."""
    folder = resources.files("montecarlo_ai.kernels")
    files = sorted((entry.name, entry.read_bytes()) for entry in folder.iterdir() if entry.name.endswith(".py"))
    features = sorted(llvm.get_host_cpu_features().items())
    versions = (__version__, platform.python_version(), np.__version__, numba.__version__, llvmlite.__version__)
    options = [int(config.OPT), config.LOOP_VECTORIZE, config.DEBUGINFO_DEFAULT, config.BOUNDSCHECK]
    return repr((files, versions, llvm.get_host_cpu_name(), features, options)).encode()


def compiled(source: str, key: str, names: Mapping[str, Any], signature: Any) -> Callable[..., None]:
    """Return the function ``run`` of an emitted module, from disk or compiled now.

    Parameters
    ----------
    source : str
        A module that defines ``run``, jitted with ``cache=CACHE``.
    key : str
        Hash of all that the machine code depends on.
    names : mapping of str to object
        What the module finds among its globals.
    signature : tuple of numba types
        Types of the arguments.

    Raises
    ------
    Exception
        Whatever the compiler raises.
    """
    path = _source_file(source, key)
    with global_compiler_lock, warnings.catch_warnings():  # warning filters are of the whole process
        warnings.simplefilter("ignore", NumbaWarning)  # such as that a table is too large to be kept on disk
        if path is not None:
            # Whatever a broken or full folder raises, compiling works; what the compiler refuses, it refuses twice.
            with contextlib.suppress(Exception):
                _discard_damaged(path)
                run = _execute(source, key, {**names, "CACHE": True}, signature, str(path))
                _seal(path)
                return run
        return _execute(source, key, {**names, "CACHE": False}, signature, f"<kernel {key[:16]}>")


def _source_file(source: str, key: str) -> Path | None:
    """Return the file of the source, written whole or not at all; None where the folder cannot be written."""
    try:
        folder = cache_folder()
        path = folder / f"kernel_{key[:40]}.py"
        if path.exists() and path.read_text(errors="replace") == source:
            return path
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".tmp", delete=False) as file:
            try:
                file.write(source)
                file.flush()
            except OSError:
                Path(file.name).unlink(missing_ok=True)
                raise
        Path(file.name).replace(path)
        return path
    except (OSError, RuntimeError):
        return None


def _digests(path: Path) -> dict[Path, bytes]:
    """Return the SHA-256, in hexadecimal digits, of every file that numba keeps of a source."""
    files = (path.parent / "__pycache__").glob(f"{path.stem}.*.nb?")
    return {file: hashlib.sha256(file.read_bytes()).hexdigest().encode() for file in files}


def _sealed(path: Path) -> set[bytes]:
    """Return the digests of the files that were written whole, by this or another process."""
    seal = path.with_suffix(".sha256")
    return set(seal.read_bytes().split()) if seal.exists() else set()


def _discard_damaged(path: Path) -> None:
    """Remove what numba keeps of a source where a file is not one that was written whole."""
    found = _digests(path)
    if not set(found.values()) <= _sealed(path):
        for file in found:
            file.unlink(missing_ok=True)


def _seal(path: Path) -> None:
    """Add the digests of new files to the list; processes that write at once add to one another's."""
    with contextlib.suppress(OSError), path.with_suffix(".sha256").open("ab") as seal:
        seal.write(b"".join(b"\n" + digest for digest in set(_digests(path).values()) - _sealed(path)))


def _execute(source: str, key: str, names: Mapping[str, Any], signature: Any, filename: str) -> Callable[..., None]:
    """Return the compiled ``run`` of an emitted module."""
    module = types.ModuleType(f"montecarlo_ai_kernel_{key[:40]}")
    module.__file__ = filename
    module.__dict__.update(names)
    sys.modules[module.__name__] = module  # before it is executed: code from the cache looks its module up by name
    exec(compile(source, filename, "exec"), module.__dict__)
    run: Any = module.__dict__["run"]
    run.compile(signature)
    run.disable_compile()
    return run


class Kept:
    """A loop over arrays that is compiled for one signature at its first call, and kept on disk.

    numba's own ``cache=True`` fails at import where no folder can be written, raises on a full disk or a damaged file,
    and does not see that a function which the loop calls has changed.
    """

    def __init__(self, function: Callable[..., None], signature: Any) -> None:
        self._function, self._signature = function, signature
        functools.update_wrapper(self, function)

    def __call__(self, *arguments: Any) -> None:
        """Run the loop."""
        self._run(*arguments)

    @cached_property
    def _run(self) -> Callable[..., None]:
        arguments = ", ".join(inspect.signature(self._function).parameters)
        source = _LOOP.replace("@ARGUMENTS@", arguments)
        name = f"{self._function.__module__}.{self._function.__qualname__}"
        key = hashlib.sha256(repr((name, source, str(self._signature))).encode() + surroundings()).hexdigest()
        # Inlined before LLVM sees it: by itself it would be vectorised first, and less wide than `run` asks for.
        names = {"law": njit(inline="always", **COMPILE)(self._function), "wide_vectors": wide_vectors}
        return compiled(source, key, names, self._signature)


def kept(*signature: Any) -> Callable[[Callable[..., None]], Kept]:
    """Return a decorator for a loop that takes arguments of these numba types."""
    return lambda function: Kept(function, signature)
