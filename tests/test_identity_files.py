"""The identity of models in files: the code that runs is told, alike in every process."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

import montecarlo_ai as mc

MODULE = """
import montecarlo_ai as mc
from typing import NamedTuple

class State(NamedTuple):
    x: float

class Nothing(NamedTuple):
    pass

def helper(x):
    return x in {1.0, 2.0} or x + 1.0

def step(state: State, params: Nothing, shocks: Nothing, clock: mc.Clock) -> State:
    return State(helper(state.x) + RATE)

RATE = 1.0

def initial(params: Nothing) -> State:
    return State(0.0)

def events(state: State, params: Nothing, clock: mc.Clock) -> Nothing:
    return Nothing()

def scenario():
    model = mc.Model(step, initial=initial, events=events)
    return mc.Scenario(model, inputs={}, time=mc.TimeGrid("2026-01-01", years=1))
"""


def imported(path: Path):
    """Return the module in a file; texts of one length would be one to Python's own cache within a second."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_code_that_runs_is_told_and_not_a_file_that_was_changed_since(tmp_path):
    path = tmp_path / "edited.py"
    path.write_text(MODULE)
    due = imported(path).scenario().hash
    module = imported(path)
    path.write_text(MODULE.replace("x + 1.0", "x + 5.25"))
    stale, fresh = module.scenario(), imported(path).scenario()
    assert len({due, stale.hash, fresh.hash}) == 3
    with pytest.raises(mc.InputError, match="must be the one that was run"):
        mc.replay(mc.simulate(stale, n_paths=1, seed=1), 0, scenario=fresh)
    path.write_text("# moved\n\n" + MODULE)
    assert imported(path).scenario().hash == due


def test_code_that_was_exchanged_is_told(tmp_path):
    path = tmp_path / "reloaded.py"
    path.write_text(MODULE)
    module = imported(path)
    before = module.scenario().hash
    path.write_text(MODULE.replace("x + 1.0", "x + 5.25"))
    module.helper.__code__ = imported(path).helper.__code__  # as autoreload does
    assert module.scenario().hash == imported(path).scenario().hash != before


def test_identity_is_the_same_in_every_process(tmp_path):
    """With other seeds of Python's own hashes, by which sets are ordered."""
    (tmp_path / "steady.py").write_text(MODULE.replace("{1.0, 2.0}", "{1.0, 2.0} or str(x) in {'a', 'b', 'c', 'd'}"))
    program = (
        "from steady import scenario\nfrom montecarlo_ai.kernels.compiling import model_hash\n"
        "print(scenario().hash, model_hash(scenario().model))"
    )
    told = set()
    for seed in range(3):
        paths = os.pathsep.join([str(tmp_path), *sys.path])
        environment = {**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": paths}
        told.add(
            subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True).stdout
        )
    assert len(told) == 1
