"""The whole command on the preset: a million paths, no pictures, a fresh process with compiled code already on disk."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measurement import Measurement

PRESET = "openai-2025-12"
PATHS = 1_000_000
COMMAND = "import sys; from montecarlo_ai.cli import main; sys.exit(main())"


def measure(*, n_paths: int = PATHS, repeats: int = 5) -> list[Measurement]:
    """Return wall seconds of the command; a first run that compiles is not counted."""
    arguments = ["run", PRESET, "--paths", str(n_paths), "--no-plots"]
    with tempfile.TemporaryDirectory() as folder:
        seconds = [_run(arguments, Path(folder) / str(repeat)) for repeat in range(repeats + 1)]
    details = {"paths": n_paths, "first run": seconds[0]}
    return [Measurement(f"montecarlo-ai run {PRESET}", "montecarlo_ai, all cores", "s", seconds[1:], details)]


def _run(arguments: list[str], out: Path) -> float:
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments, "--out", str(out)], check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - began
