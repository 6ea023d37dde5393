"""Models of one's own, named in a scenario file as ``model = "module:name"``: Python code, run only where allowed."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from montecarlo_ai.checks import Described, nearest, refused
from montecarlo_ai.errors import ScenarioError
from montecarlo_ai.files.sources import is_file
from montecarlo_ai.model import Model

__all__ = ["is_code", "model_from_code"]

_lock = threading.RLock()


def is_code(reference: str) -> bool:
    """Return whether the name of a model has the form ``module:name``."""
    return ":" in reference


def model_from_code(reference: str, *, folder: Path | None, allow_code: bool) -> Model:
    """Return a `Model` that stands in an importable module.

    Parameters
    ----------
    reference : str
        ``module:name``; the module is imported, which runs it.
    folder : path or None
        Folder of the scenario file, from which modules can be imported while this one is.
    allow_code : bool
        Whether the user allowed that.

    Raises
    ------
    ScenarioError
        If code is not allowed, there is no such module or name, importing the module raises, the name is no Model, or
        a module of that name was imported from elsewhere.
    """
    module_name, _, name = reference.partition(":")
    if not allow_code:
        rule = "names Python code, which loading this file would run; a scenario file does not run code by itself"
        remedy = "if you trust the file and the module, pass allow_code=True, or --allow-code on the command line"
        raise _wrong(reference, rule, remedy)
    if not all(part.isidentifier() for part in (*module_name.split("."), *name.split("."))):
        raise _wrong(reference, "must be a module and a name in it, such as walk:model")
    module = _imported(module_name, reference, folder)
    value: object = module
    for part in name.split("."):
        if not hasattr(value, part):
            remedy = nearest(name, [known for known in vars(module) if isinstance(vars(module)[known], Model)])
            raise _wrong(reference, f'is no name of the module "{module_name}"', remedy)
        value = getattr(value, part)
    if not isinstance(value, Model):
        raise _wrong(reference, f"must be a Model, and is a {type(value).__name__}", "name a montecarlo_ai.Model")
    return value


def _imported(module_name: str, reference: str, folder: Path | None) -> ModuleType:
    """Return a module, imported if it has not been."""
    try:
        with _lock, _importable(folder):
            if module_name not in sys.modules:
                importlib.invalidate_caches()
            module = importlib.import_module(module_name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a module may raise anything, SystemExit too
        missing = isinstance(error, ModuleNotFoundError) and error.name in _heads(module_name)
        if missing:
            where = "" if folder is None else f" in {folder} or"
            rule = f'names no module that can be imported{where} from the path of Python: "{error.name}"'  # type: ignore[attr-defined]
            raise _wrong(reference, rule) from None
        said = str(error).splitlines()[0] if str(error) else "no message"
        raise _wrong(reference, f"cannot be imported: {type(error).__name__}: {said}") from error
    beside = None if folder is None else _file_beside(folder, module_name.partition(".")[0])
    if beside is not None and not _is_from(module_name.partition(".")[0], beside):
        origin = getattr(module, "__file__", None) or "another place"
        raise _wrong(reference, f"was imported from {origin}, not from {beside}", "rename the module beside the file")
    return module


@contextmanager
def _importable(folder: Path | None) -> Iterator[None]:
    """Make the modules of a folder importable for a while, before all others, as for a script."""
    if folder is None:
        yield
        return
    entry = str(folder)
    sys.path.insert(0, entry)
    try:
        yield
    finally:
        if entry in sys.path:
            sys.path.remove(entry)


def _file_beside(folder: Path, name: str) -> Path | None:
    """Return the file of a module or a package in a folder, if there is one."""
    places = (folder / f"{name}.py", folder / name / "__init__.py")
    return next((place for place in places if is_file(place)), None)


def _is_from(name: str, place: Path) -> bool:
    """Return whether the module that stands under a name was imported from a file."""
    file = getattr(sys.modules.get(name), "__file__", None)
    return file is not None and Path(file).resolve() == place.resolve()


def _heads(module_name: str) -> set[str]:
    """Return the name of a module and those of the packages around it."""
    parts = module_name.split(".")
    return {".".join(parts[: k + 1]) for k in range(len(parts))}


def _wrong(reference: str, rule: str, remedy: str = "") -> ScenarioError:
    return ScenarioError(refused("model", Described(repr(reference)), rule, remedy).problems)
