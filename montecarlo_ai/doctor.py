"""What this machine offers the library, and what is wrong with it: data first, then text."""

from __future__ import annotations

import importlib
import platform
import tempfile
from dataclasses import dataclass
from pathlib import Path

from montecarlo_ai._version import __version__
from montecarlo_ai.memory import available_memory
from montecarlo_ai.processors import available_threads
from montecarlo_ai.tabular import table

__all__ = ["Diagnosis", "Finding", "diagnose", "diagnosis_text"]

LIBRARIES = ("numpy", "scipy", "numba", "llvmlite", "xarray", "pydantic", "matplotlib", "h5netcdf", "tqdm", "tomli_w")
OPTIONAL = ("zarr", "dask", "jinja2", "xlsxwriter")
VECTORS = (("avx512f", "AVX-512", 8), ("avx2", "AVX2", 4), ("avx", "AVX", 4), ("neon", "NEON", 2), ("sse2", "SSE2", 2))
"""Features of a processor from the widest on, what they are called, and how many float64 they work on at once."""

SMALLEST_MEMORY = 2**30
"""Bytes below which compiling the lab is not safe."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    name, value : str
    problem : str
        What is wrong with it and the way out; empty if nothing is.
    """

    name: str
    value: str
    problem: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """All that was looked at.

    Attributes
    ----------
    findings : tuple of Finding
    """

    findings: tuple[Finding, ...]

    @property
    def problems(self) -> tuple[Finding, ...]:
        """The findings that something is wrong with."""
        return tuple(finding for finding in self.findings if finding.problem)


def diagnose() -> Diagnosis:
    """Return what the machine offers: versions, processors, vectors, memory and the folder for compiled code."""
    return Diagnosis(
        (
            Finding("montecarlo_ai", __version__),
            Finding("Python", f"{platform.python_version()} ({platform.python_implementation()})", _python_problem()),
            Finding("system", f"{platform.system()} {platform.machine()}"),
            *(_library(name, optional=False) for name in LIBRARIES),
            *(_library(name, optional=True) for name in OPTIONAL),
            *_processors(),
            _memory(),
            *_cache(),
        )
    )


def diagnosis_text(found: Diagnosis) -> str:
    """Return a diagnosis as plain text, what is wrong marked and repeated at the end."""
    rows = [("!!" if finding.problem else "ok", finding.name, finding.value) for finding in found.findings]
    lines = [table(("", "what", "found"), rows), ""]
    lines += [f"{finding.name}: {finding.problem}" for finding in found.problems] or ["Nothing is wrong."]
    return "\n".join(lines)


def _python_problem() -> str:
    """Return what is wrong with the interpreter."""
    if platform.python_implementation() != "CPython":
        return "numba compiles for CPython only; install the library there"
    return ""


def _library(name: str, *, optional: bool) -> Finding:
    """Return the version of a library that is imported, or why it cannot be."""
    try:
        module = importlib.import_module(name)
    except Exception as error:  # a broken library raises anything
        if optional and isinstance(error, ModuleNotFoundError):
            return Finding(name, "not installed (optional)")
        remedy = f"reinstall it: pip install --force-reinstall {name}"
        return Finding(name, "cannot be imported", f"{type(error).__name__}: {error}; {remedy}")
    return Finding(name, str(getattr(module, "__version__", "version not told")))


def _processors() -> list[Finding]:
    """Return how many processors there are for threads, and how wide their vectors are."""
    usable = available_threads()
    found = [Finding("processors usable", str(usable)), Finding("threads of a run", f"{usable} if not given")]
    try:
        import llvmlite.binding as llvm

        features, name = llvm.get_host_cpu_features(), llvm.get_host_cpu_name()
    except Exception as error:
        problem = f"LLVM does not know this processor: {type(error).__name__}: {error}"
        return [*found, Finding("vector width", "unknown", problem)]
    for feature, words, lanes in VECTORS:
        if features.get(feature):
            return [*found, Finding("vector width", f"{words}, {lanes} float64 at once ({name})")]
    return [*found, Finding("vector width", f"1 float64 at once ({name})")]


def _memory() -> Finding:
    """Return how much memory is available."""
    there = available_memory()
    if there is None:
        return Finding("memory available", "the system does not tell")
    problem = ""
    if there < SMALLEST_MEMORY:
        problem = f"less than {SMALLEST_MEMORY // 2**20} MiB: compiling a large model may fail; close other programs"
    return Finding("memory available", f"{there / 2**30:.1f} GiB", problem)


def _cache() -> list[Finding]:
    """Return where compiled code is kept, how much there is, and whether more can be written."""
    from montecarlo_ai.kernels.disk import CACHE_VARIABLE, cache_folder

    try:
        folder = cache_folder()
        files = [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
        size = sum(path.stat().st_size for path in files)
    except (OSError, RuntimeError) as error:
        return [Finding("compiled code", "cannot be found", f"{error}; set {CACHE_VARIABLE} to a folder")]
    problem = _write_problem(folder)
    remedy = f"; every process compiles anew until {CACHE_VARIABLE} names a folder that can be written"
    return [
        Finding("compiled code", str(folder), f"{problem}{remedy}" if problem else ""),
        Finding("compiled code, size", f"{size / 2**20:.1f} MiB in {len(files)} files"),
    ]


def _write_problem(folder: Path) -> str:
    """Return why a file cannot be written into a folder that is there or can be made; empty if it can."""
    there = next((place for place in (folder, *folder.absolute().parents) if place.exists()), None)
    if there is None or not there.is_dir():
        return f"{there or folder} is no folder"
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"\0" * 4096)
            file.flush()
    except OSError as error:
        return f"cannot be written: {error.strerror or error}"
    return ""
