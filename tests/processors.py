"""Runs models on the processor that the compiler is told of (NUMBA_CPU_NAME); prints what their kernels are made of.

``python tests/processors.py FOLDER NAME ...`` prints JSON and writes what the runs gave, a file of arrays a model.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from machine_code import assembly, calls, narrow_loops, scalar_loops, widest_loop
from models import walk

import montecarlo_ai as mc
from benchmarks.engines.library_models import scenario_of
from benchmarks.jobs import ThirtyStates, ThreeShocks
from benchmarks.machine_code import drawing_lines

SCENARIOS = {
    "three shocks": lambda: scenario_of(ThreeShocks()),
    "walk": walk,
    "thirty states": lambda: scenario_of(ThirtyStates()),
    "lab": lambda: mc.load_scenario("openai-2025-12"),
}


def results(name):
    """Return the arrays of a short run."""
    found = mc.simulate(SCENARIOS[name](), n_paths=2_000, seed=3, threads=1, progress=False)
    return {key: each.values for key, each in found.data_vars.items()}


def content(name):
    """Return what a kernel and its drawing call, their scalar loops, and how wide the widest loop is by register."""
    drawing = assembly(SCENARIOS[name](), lines_of=drawing_lines)
    lines = assembly(SCENARIOS[name]()) + drawing
    widths = {register: widest_loop(lines, [f"%{register}"]) for register in ("xmm", "ymm", "zmm")}
    scalar = len(scalar_loops(lines)) + len(narrow_loops(drawing, "%ymm"))
    return {"calls": sorted(calls(lines)), "scalar loops": scalar, **widths}


if __name__ == "__main__":
    folder, *names = sys.argv[1:]
    print(json.dumps({name: content(name) for name in names}))
    for name in names:
        np.savez(Path(folder) / f"{name}.npz", **results(name))
