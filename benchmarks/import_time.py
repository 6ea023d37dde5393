"""How long `import montecarlo_ai` takes in a fresh process."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.measurement import Measurement

CHILD = "import time; began = time.perf_counter(); import montecarlo_ai; print(time.perf_counter() - began)"


def measure(*, repeats: int = 9) -> list[Measurement]:
    """Return seconds of the import alone, the interpreter's own start left out."""
    _seconds()  # bytecode is written, files are in memory
    return [Measurement("import montecarlo_ai", "fresh process", "s", [_seconds() for _ in range(repeats)])]


def _seconds() -> float:
    child = subprocess.run([sys.executable, "-c", CHILD], check=True, capture_output=True, text=True)
    return float(child.stdout)
