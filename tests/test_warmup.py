"""What is made ready before a first run, and what makes compiled code of another machine or library unfit."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import warnings

import pytest
from models import business, walk

import montecarlo_ai as mc
from montecarlo_ai.kernels import compiling, disk


def refuse(*arguments):
    raise AssertionError("something is compiled or loaded")


@pytest.mark.parametrize("scenario", [walk(), business()], ids=["walk", "business"])
def test_after_a_warmup_nothing_is_compiled_or_loaded(scenario, monkeypatch):
    seconds = mc.warmup(scenario)
    assert 0.0 < seconds < 600.0
    monkeypatch.setattr(disk, "compiled", refuse)
    monkeypatch.setattr(compiling, "compiled", refuse)
    mc.simulate(scenario, n_paths=300, seed=1)
    mc.summarize(scenario, n_paths=300, seed=1)


def test_a_warmup_without_a_scenario_is_that_of_a_preset(monkeypatch):
    asked = []
    monkeypatch.setattr("montecarlo_ai.files.loading.load_scenario", lambda name: asked.append(name) or walk())
    mc.warmup()
    assert asked[0] in mc.preset_names()


def key_of(scenario):
    """What names the kernel of a scenario."""
    disk.surroundings.cache_clear()
    keys = []

    def noted(model, spec, constants, key):
        keys.append(key)
        return refuse, []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiling, "_compiled", {})
        patch.setattr(compiling, "_compile", noted)
        compiling.kernel_of(scenario.model, frozenset(scenario.inputs.constants))
    disk.surroundings.cache_clear()
    return keys[0]


OTHERS = {
    "processor": ("llvmlite.binding.get_host_cpu_name", lambda: "another"),
    "instructions": ("llvmlite.binding.get_host_cpu_features", lambda: {"avx512f": False}),
    "library": ("montecarlo_ai.kernels.disk.__version__", "0.0.0"),
    "numba": ("numba.__version__", "0.0.0"),
    "options of numba": ("numba.config.DEBUGINFO_DEFAULT", 1),
    "llvm": ("llvmlite.__version__", "0.0.0"),
    "numpy": ("numpy.__version__", "0.0.0"),
    "python": ("platform.python_version", lambda: "0.0.0"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_code_of_another_processor_or_version_is_not_used(what, monkeypatch):
    here = key_of(walk())
    assert key_of(walk()) == here
    monkeypatch.setattr(*OTHERS[what])
    assert key_of(walk()) != here


FIRST_RUN = """
import montecarlo_ai as mc
mc.simulate(mc.load_scenario("openai-2025-12"), n_paths=1_000, seed=1)
import os
os._exit(0)
"""


@pytest.mark.slow
def test_a_second_process_makes_its_first_run_within_three_seconds(tmp_path):
    """From the start of the interpreter: imports, scenario, the kernel from disk, the run; the best of three."""
    environment = {**os.environ, "MONTECARLO_AI_CACHE_DIR": str(tmp_path)}
    seconds = []
    for _ in range(4):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", FIRST_RUN], env=environment, check=True)
        seconds.append(time.perf_counter() - began)
    assert min(seconds[1:]) < 3.0


def test_a_warning_is_given_without_harm_where_warnings_are_errors(monkeypatch):
    """The kernel is there already when the warning comes, so that a second run goes on."""

    class Place:
        file, line, function, what, remedy = __file__, 1, "step", "slow", "write it faster"

    monkeypatch.setattr(compiling, "_compiled", {})
    monkeypatch.setattr(compiling, "_compile", lambda *arguments: (refuse, [Place]))
    scenario = walk()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(mc.SlowStepWarning, match="write it faster"):
            compiling.kernel_of(scenario.model, frozenset(scenario.inputs.constants))
    assert compiling.kernel_of(scenario.model, frozenset(scenario.inputs.constants)) is refuse
