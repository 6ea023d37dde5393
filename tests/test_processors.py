"""The same bits from AVX-512 and AVX2, vector code on both; on a processor with neither, the same to rounding."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import llvmlite.binding as llvm
import numpy as np
import pytest
from processors import results

TESTS = Path(__file__).parent
FEATURES = llvm.get_host_cpu_features()
LARGE = [pytest.param(name, marks=pytest.mark.slow) for name in ("thirty states", "lab")]

with_avx2 = pytest.mark.skipif(
    not (FEATURES.get("avx2") and FEATURES.get("fma")), reason="runs code with AVX2 and fused multiply-add"
)
with_x86 = pytest.mark.skipif("sse2" not in FEATURES, reason="runs x86-64 code")


def on(processor, names, folder):
    """Return what kernels for a processor are made of, and the arrays of their runs."""
    environment = {
        **os.environ,
        "NUMBA_CPU_NAME": processor,
        "NUMBA_CPU_FEATURES": "",
        "MONTECARLO_AI_CACHE_DIR": str(folder),
        "PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS)]),
    }
    command = [sys.executable, str(TESTS / "processors.py"), str(folder), *names]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout), {name: np.load(folder / f"{name}.npz") for name in names}


@with_avx2
@pytest.mark.slow
@pytest.mark.parametrize("name", ["three shocks", *LARGE])
def test_avx2_makes_vector_code_and_the_same_bits(name, tmp_path):
    """The step of three shocks has two exponentials of 20 operations and 10 more, twice, for two are in flight."""
    made, arrays = on("haswell", [name], tmp_path)
    assert made[name]["calls"] == []
    assert made[name]["scalar loops"] == 0
    assert made[name]["ymm"] > (300 if name in LARGE else 2 * (2 * 20 + 10))
    assert made[name]["zmm"] == 0
    for key, due in results(name).items():
        np.testing.assert_array_equal(arrays[name][key], due)


@with_x86
@pytest.mark.slow
@pytest.mark.parametrize("name", ["three shocks", *LARGE])
def test_without_avx_all_works_and_differs_by_rounding(name, tmp_path):
    """No fused multiply-add there; 1e-10 of the largest value."""
    made, arrays = on("x86-64", [name], tmp_path)
    assert made[name]["ymm"] == made[name]["zmm"] == 0
    for key, due in results(name).items():
        np.testing.assert_allclose(
            arrays[name][key], due, rtol=0.0, atol=1e-10 * np.abs(due[np.isfinite(due)]).max(initial=0.0)
        )
