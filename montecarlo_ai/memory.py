"""How much memory there is, and the refusal of what does not fit."""

from __future__ import annotations

from pathlib import Path

from montecarlo_ai import areas
from montecarlo_ai.errors import invalid

_SYSTEM = Path("/proc/meminfo")
_CONTAINER = Path("/sys/fs/cgroup")
_CONTAINER_FILES = (
    ("memory.max", "memory.current", "memory.stat"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat"),
)
"""Limit, use and details of a container's memory, in the second and the first version of control groups."""


def available_memory() -> int | None:
    """Return the bytes that can be used without swapping, or None where the system does not tell.

    In a container that is what its limit leaves: beyond it, the system ends the process.
    """
    told = [size for size in (_of_the_system(), _of_the_container()) if size is not None]
    return min(told, default=None)


def _of_the_system() -> int | None:
    try:
        return _entry(_SYSTEM, "MemAvailable:") * 1024
    except (OSError, ValueError, KeyError):
        return None


def _of_the_container() -> int | None:
    for limit, used, details in _CONTAINER_FILES:
        try:
            left = int((_CONTAINER / limit).read_text()) - int((_CONTAINER / used).read_text())
            return max(left + _entry(_CONTAINER / details, "inactive_file"), 0)
        except (OSError, ValueError, KeyError):  # no container, or "max": no limit
            continue
    return None


def _entry(file: Path, name: str) -> int:
    """Return the number beside a name in a file of names and numbers."""
    return {words[0]: int(words[1]) for line in file.read_text().splitlines() if (words := line.split())}[name]


def check_memory(needed: int, field: str, value: object, remedy: str) -> None:
    """Raise if a run does not fit.

    Parameters
    ----------
    needed : int
        Bytes.
    field, value, remedy
        What the error names: the argument that asks for so much, and the way out.

    Raises
    ------
    InputError
        With the bytes needed and available.
    """
    there = available_memory()
    if there is not None and needed > there:
        areas.forget()  # which the system does not count as available
        there = available_memory()
    if there is not None and needed > there:
        sizes = f"{needed:,} bytes ({needed / 2**30:,.1f} GiB) and {there:,} ({there / 2**30:,.1f} GiB) are available"
        raise invalid(field, value, f"needs {sizes}", remedy)
