"""A million paths of the preset: the whole command in a fresh process, no pictures; `summarize` by precision."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import montecarlo_ai as mc
from benchmarks.measurement import Measurement
from montecarlo_ai.kernels.precision import PRECISIONS

PRESET = "openai-2025-12"
PATHS = 1_000_000
COMMAND = "import sys; from montecarlo_ai.cli import main; sys.exit(main())"


def measure(*, n_paths: int = PATHS, repeats: int = 5) -> list[Measurement]:
    """Return wall seconds; a first run that compiles is not counted."""
    arguments = ["run", PRESET, "--paths", str(n_paths), "--no-plots"]
    with tempfile.TemporaryDirectory() as folder:
        seconds = [_run(arguments, Path(folder) / str(repeat)) for repeat in range(repeats + 1)]
    details = {"paths": n_paths, "first run": seconds[0]}
    command = Measurement(f"montecarlo-ai run {PRESET}", "montecarlo_ai, all cores", "s", seconds[1:], details)
    scenario = mc.load_scenario(PRESET)
    summaries: dict[str, list[float]] = {dtype: [] for dtype in PRECISIONS}
    for _ in range(repeats + 1):
        for dtype, times in summaries.items():
            times.append(_summarize(scenario, n_paths, dtype))
    paths = {"paths": n_paths}
    return [command] + [
        Measurement(f"summarize {PRESET}, {dtype}", "montecarlo_ai, all cores", "s", times[1:], paths)
        for dtype, times in summaries.items()
    ]


def _summarize(scenario: mc.Scenario, n_paths: int, dtype: str) -> float:
    began = time.perf_counter()
    mc.summarize(scenario, n_paths=n_paths, seed=7, dtype=dtype, progress=False)
    return time.perf_counter() - began


def _run(arguments: list[str], out: Path) -> float:
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments, "--out", str(out)], check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - began
