"""Compiled kernels on disk: a second process reuses them, and a folder that does not serve does no harm."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

PROGRAM = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, ({largest_file}, {largest_file}))
sys.path.insert(0, {tests!r})
from numba.core import event
compiled = []
class Listener(event.Listener):
    def on_start(self, e): compiled.append(e.data["dispatcher"].py_func.__name__)
    def on_end(self, e): pass
event.register("numba:compile", Listener())
import montecarlo_ai as mc
from models import walk
scenario = walk().with_inputs(drift=mc.Uniform(0.0, 0.1))
print(mc.simulate(scenario, n_paths=300, seed=1).cash.values.sum().hex())
print("run" in compiled)
"""


def in_a_process(folder: Path, largest_file: int = -1, **variables: str) -> tuple[str, bool]:
    """Return a number that two kernels have a part in, and whether one was compiled, in a process without a home."""
    program = PROGRAM.format(tests=str(Path(__file__).parent), largest_file=largest_file)
    environment = {**os.environ, "MONTECARLO_AI_CACHE_DIR": str(folder), "NUMBA_CACHE_DIR": "", "HOME": "/dev/null"}
    environment.update(variables)
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    value, compiled = done.stdout.split()
    return value, compiled == "True"


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A folder filled by two processes at once, and their number."""
    folder = tmp_path_factory.mktemp("kernels")
    with ThreadPoolExecutor(2) as pool:
        (one, compiled), (other, _) = pool.map(in_a_process, [folder, folder])
    assert compiled
    assert one == other
    return folder, one


def test_a_second_process_does_not_compile_again(filled):
    folder, due = filled
    assert in_a_process(folder) == (due, False)


def test_all_machine_code_is_kept_in_one_folder(filled):
    """That of the model's kernel and of the loop over inputs; nothing lies beside the package's own files."""
    folder, _ = filled
    for pattern in ("*.py", "*.sha256", "__pycache__/*.nbc"):
        assert len(list(folder.glob(pattern))) == 2
    assert not list(folder.glob("*.tmp"))


def cut(content):
    return content[: len(content) // 2]


def garbled(content):
    return b"\x80broken"


def zeroed(content):
    """What a crash may leave of a file: its length, not all of its pages. It unpickles, and does not run."""
    middle = len(content) // 2
    return content[:middle] + bytes(4_096) + content[middle + 4_096 :]


def empty(content):
    return b""


CODE, INDEX, SEAL = "__pycache__/*.nbc", "__pycache__/*.nbi", "*.sha256"
SLOWER = [(CODE, cut), (CODE, garbled), (INDEX, garbled), (SEAL, empty)]


@pytest.mark.parametrize(
    ("pattern", "damaged"), [(CODE, zeroed), *(pytest.param(*each, marks=pytest.mark.slow) for each in SLOWER)]
)
def test_a_damaged_cache_is_compiled_anew_and_serves_again(filled, tmp_path, pattern, damaged):
    folder, due = filled
    shutil.copytree(folder, tmp_path / "copy")
    for file in (tmp_path / "copy").glob(pattern):
        file.write_bytes(damaged(file.read_bytes()))
    assert in_a_process(tmp_path / "copy") == (due, True)
    assert in_a_process(tmp_path / "copy") == (due, False)


@pytest.mark.slow
@pytest.mark.parametrize("damaged", [cut, garbled])
def test_a_damaged_source_is_written_anew(filled, tmp_path, damaged):
    folder, due = filled
    shutil.copytree(folder, tmp_path / "copy")
    for file in (tmp_path / "copy").glob("*.py"):
        file.write_bytes(damaged(file.read_bytes()))
    assert in_a_process(tmp_path / "copy")[0] == due
    assert in_a_process(tmp_path / "copy") == (due, False)


@pytest.mark.slow
def test_code_of_another_processor_is_not_used(filled, tmp_path):
    """Both lie in one folder then, and each serves its own."""
    folder, due = filled
    shutil.copytree(folder, tmp_path / "copy")
    value, compiled = in_a_process(tmp_path / "copy", NUMBA_CPU_NAME="generic")
    assert compiled
    assert float.fromhex(value) == pytest.approx(float.fromhex(due), rel=1e-12)
    assert in_a_process(tmp_path / "copy", NUMBA_CPU_NAME="generic") == (value, False)
    assert in_a_process(tmp_path / "copy") == (due, False)


@pytest.mark.slow
def test_a_folder_that_cannot_be_made_falls_back_to_compiling(filled, tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert in_a_process(tmp_path / "file" / "cache") == (filled[1], True)


@pytest.mark.slow
def test_a_full_disk_falls_back_to_compiling(filled, tmp_path):
    """Files may have 8 KiB: sources are written, and no machine code."""
    assert in_a_process(tmp_path, largest_file=8_192) == (filled[1], True)
    assert not list(tmp_path.glob("__pycache__/*.nbc"))
