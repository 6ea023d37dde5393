"""Compiled kernels on disk: a second process reuses them, and a folder that does not serve does no harm."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
sys.path.insert(0, {tests!r})
from numba.core import event
compiled = []
class Listener(event.Listener):
    def on_start(self, e): compiled.append(e.data["dispatcher"].py_func.__name__)
    def on_end(self, e): pass
event.register("numba:compile", Listener())
import montecarlo_ai as mc
from models import walk
print(mc.simulate(walk(), n_paths=300, seed=1).cash.values.sum().hex())
print("run" in compiled)
"""


def in_a_process(folder: Path) -> tuple[str, bool]:
    program = PROGRAM.format(tests=str(Path(__file__).parent))
    environment = {**os.environ, "MONTECARLO_AI_CACHE_DIR": str(folder), "NUMBA_CACHE_DIR": ""}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    value, compiled = done.stdout.split()
    return value, compiled == "True"


def test_a_second_process_does_not_compile_again(tmp_path):
    first, compiled = in_a_process(tmp_path)
    assert compiled
    second, compiled = in_a_process(tmp_path)
    assert not compiled
    assert first == second


@pytest.mark.parametrize("pattern", ["**/*.nbc", "**/*.nbi", "*.py"])
def test_a_broken_cache_falls_back_to_compiling(tmp_path, pattern):
    due, _ = in_a_process(tmp_path)
    for file in tmp_path.glob(pattern):
        file.write_bytes(b"\\x80broken")
    assert in_a_process(tmp_path)[0] == due


def test_a_folder_that_cannot_be_made_falls_back_to_compiling(tmp_path):
    (tmp_path / "file").write_text("in the way")
    value, compiled = in_a_process(tmp_path / "file" / "cache")
    assert compiled
    assert value
