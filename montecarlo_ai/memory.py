"""How much memory there is, and the refusal of what does not fit."""

from __future__ import annotations

from pathlib import Path

from montecarlo_ai.errors import invalid


def available_memory() -> int | None:
    """Return the bytes that can be used without swapping, or None where the system does not tell."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


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
        sizes = f"{needed:,} bytes ({needed / 2**30:,.1f} GiB) and {there:,} ({there / 2**30:,.1f} GiB) are available"
        raise invalid(field, value, f"needs {sizes}", remedy)
