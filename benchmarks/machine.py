"""The machine and the versions that a figure belongs to."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

import montecarlo_ai


def describe() -> dict[str, str | int]:
    """Return processor, cores, system and versions."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "compiler": _compiler(),
        "montecarlo_ai": montecarlo_ai.__version__,
        **{name: version(name) for name in ("numpy", "scipy", "numba", "llvmlite", "xarray")},
    }


def slug(description: dict[str, str | int]) -> str:
    """Return a name for files: processor and cores."""
    words = re.sub(r"\((r|tm)\)|processor|cpu|@.*", "", str(description["processor"]), flags=re.IGNORECASE)
    return "-".join([*re.findall(r"[a-z0-9]+", words.lower()), f"{description['cores']}-cores"])


def _processor() -> str:
    """Return the model as the kernel names it; virtual machines hide the name, so family and model number go along."""
    information = Path("/proc/cpuinfo")
    if not information.exists():
        return platform.processor() or platform.machine()
    fields: dict[str, str] = dict(
        re.findall(r"^([^\t\n]+)\t*: (.*)$", information.read_text().split("\n\n")[0], flags=re.MULTILINE)
    )
    name = fields.get("model name", platform.machine())
    if "cpu family" in fields and "model" in fields:
        name += f" (family {fields['cpu family']}, model {fields['model']})"
    return name


def _compiler() -> str:
    compiler = shutil.which("g++")
    if compiler is None:
        return "none"
    answer = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True)
    return answer.stdout.splitlines()[0]
