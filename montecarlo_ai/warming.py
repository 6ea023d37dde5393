"""Compiling before the first run."""

from __future__ import annotations

import time

from montecarlo_ai.scenario import Scenario

PRESET = "openai-2025-12"
"""The preset that is made ready where no scenario is given: that of the documentation."""


def warmup(scenario: Scenario | None = None, *, dtype: str = "float64") -> float:
    """Compile, or load from disk, what the first runs of a scenario need, and return how long that took.

    The kernel, the loops that draw inputs and those that summarise stay in memory for this process, and on disk for
    others (`docs/extending.md` says where). It runs one path through `simulate` and one through `summarize`.

    Parameters
    ----------
    scenario : Scenario, optional
        Its kernel serves every scenario of the same model in which the same inputs vary; the preset
        "openai-2025-12", if not given.
    dtype : {"float64", "mixed", "float32"}
        Precision of computing, each of which has a kernel of its own.

    Returns
    -------
    float
        Seconds, imports included.

    Raises
    ------
    InputError
        If there is no such precision.
    ModelError
        If the model cannot be compiled.
    NumericalError
        If a value on the one path is not finite.

    Warns
    -----
    SlowStepWarning
        If the kernel was not on disk and its step contains what costs the loop its vectors.
    """
    began = time.perf_counter()
    from montecarlo_ai.files.loading import load_scenario
    from montecarlo_ai.simulation import simulate
    from montecarlo_ai.summary import summarize

    ready = load_scenario(PRESET) if scenario is None else scenario
    simulate(ready, n_paths=1, seed=0, variables=[], dtype=dtype, threads=1, progress=False)
    summarize(ready, n_paths=1, seed=0, dtype=dtype, threads=1, progress=False)
    return time.perf_counter() - began
