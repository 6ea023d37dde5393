"""Peak memory of a summary that stores no path: it must not grow with the number of paths."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.measurement import Measurement

PRESET = "openai-2025-12"
PATHS = (1_000_000, 10_000_000)
CHILD = f"""
import resource, sys
import montecarlo_ai as mc
mc.summarize(mc.load_scenario({PRESET!r}), n_paths=int(sys.argv[1]), seed=7, progress=False)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(peak if sys.platform == "darwin" else peak * 1024)
"""


def measure(*, paths: tuple[int, ...] = PATHS) -> list[Measurement]:
    """Return the peak resident set of a child process for each number of paths, MiB."""
    return [
        Measurement("summarize, peak memory", f"{n_paths:,} paths", "MiB", [_peak_bytes(n_paths) / 2**20])
        for n_paths in paths
    ]


def _peak_bytes(n_paths: int) -> int:
    child = subprocess.run([sys.executable, "-c", CHILD, str(n_paths)], check=True, capture_output=True, text=True)
    return int(child.stdout)
