"""Peak memory of a summary that stores no path: it must not grow with the number of paths."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.measurement import Measurement

PRESET = "openai-2025-12"
PATHS = (1_000_000, 10_000_000)
CHILD = f"""
import sys
import montecarlo_ai as mc
from benchmarks.peak import peak_bytes
mc.summarize(mc.load_scenario({PRESET!r}), n_paths=int(sys.argv[1]), seed=7, progress=False)
print(peak_bytes())
"""


def measure(*, paths: tuple[int, ...] = PATHS) -> list[Measurement]:
    """Return the peak resident set of a child process for each number of paths, MiB."""
    return [
        Measurement("summarize, peak memory", f"{n_paths:,} paths", "MiB", [_peak_bytes(n_paths) / 2**20])
        for n_paths in paths
    ]


def _peak_bytes(n_paths: int) -> int:
    command = [sys.executable, "-c", CHILD, str(n_paths)]
    root = Path(__file__).parents[1]
    child = subprocess.run(command, check=True, capture_output=True, text=True, cwd=root)
    return int(child.stdout)
