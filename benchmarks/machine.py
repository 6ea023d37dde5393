"""The machine and the versions that a figure belongs to."""

from __future__ import annotations

import os
import platform
import re
import time
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import montecarlo_ai
from benchmarks.engines import MissingError, compiled
from benchmarks.work import Speeds, machine_file

LIBRARIES = ("numpy", "scipy", "numba", "llvmlite", "xarray")
OTHERS = ("jax", "torch", "QuantLib")
LINKS = 200_000
FILLED = 2**27


def describe() -> dict[str, str | int | float]:
    """Return processor, cores, system and versions, and what was measured for the bounds."""
    its = speeds()
    clock_and_fill = {} if its is None else {"clock GHz": its.clock / 1e9, "fill GB/s": its.bandwidth / 1e9}
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "compiler": _compiler(),
        "montecarlo_ai": montecarlo_ai.__version__,
        **{name: version(name) for name in LIBRARIES},
        **{name: installed for name in OTHERS if (installed := _version(name)) is not None},
        **{name: round(value, 2) for name, value in clock_and_fill.items()},
    }


@cache
def speeds() -> Speeds | None:
    """Return this machine's throughputs; None where no machine file fits the processor.

    The clock is measured by a chain of integer products, the bandwidth by filling 128 MiB.
    """
    file = machine_file(_flags())
    if file is None:
        return None
    import numba
    import numpy as np

    @numba.njit  # type: ignore[untyped-decorator]  # numba declares no types for it
    def chain(links: Any, start: Any) -> Any:
        x = start
        for _ in range(links):
            x = x * x + start
        return x

    chain(10, np.uint64(3))
    seconds, fills, memory = [], [], np.zeros(FILLED // 8)
    for _ in range(500):  # short, so that one of them is not disturbed
        began = time.perf_counter()
        chain(LINKS, np.uint64(3))
        seconds.append(time.perf_counter() - began)
    for _ in range(5):
        began = time.perf_counter()
        memory.fill(1.0)
        fills.append(time.perf_counter() - began)
    return Speeds(file, LINKS * file.multiply_add_cycles / min(seconds), FILLED / min(fills))


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _flags() -> frozenset[str]:
    """Return what the processor can do, as the kernel names it."""
    return frozenset(_fields().get("flags", "").split())


def slug(description: dict[str, str | int | float]) -> str:
    """Return a name for files: processor and cores."""
    words = re.sub(r"\((r|tm)\)|processor|cpu|@.*", "", str(description["processor"]), flags=re.IGNORECASE)
    return "-".join([*re.findall(r"[a-z0-9]+", words.lower()), f"{description['cores']}-cores"])


def _fields() -> dict[str, str]:
    """Return what the kernel tells of the first processor; empty where it tells nothing."""
    information = Path("/proc/cpuinfo")
    if not information.exists():
        return {}
    text = information.read_text().split("\n\n")[0]
    return dict(re.findall(r"^([^\t\n]+)\t*: (.*)$", text, flags=re.MULTILINE))


def _processor() -> str:
    """Return the model as the kernel names it; virtual machines hide the name, so family and model number go along."""
    fields = _fields()
    name = fields.get("model name", platform.processor() or platform.machine())
    if "cpu family" in fields and "model" in fields:
        name += f" (family {fields['cpu family']}, model {fields['model']})"
    return name


def _compiler() -> str:
    try:
        version = compiled.compiler().version
    except MissingError:  # why is told below the tables
        return "none"
    return f"{version} {' '.join(compiled.FLAGS)}"
