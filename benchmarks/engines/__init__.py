"""Ways to do the jobs: an engine is a line in the registry, with a name and a function that prepares it."""

from __future__ import annotations

from functools import partial

from benchmarks.engines import (
    compiled,
    jax_paths,
    library,
    numba_paths,
    numpy_blocks,
    plain_python,
    quantlib_paths,
    torch_paths,
)
from benchmarks.engines.base import Engine, MissingError, Simulate, processors

ALL = processors()
THREADS = {1: "", ALL: f", {ALL} threads"} if ALL > 1 else {1: ""}
PRECISIONS = {"float64": "", "mixed": ", mixed", "float32": ", float32"}
BASELINE = "NumPy across paths"
LIBRARY = "montecarlo_ai"

OURS = tuple(
    Engine(f"{LIBRARY}{precision}{count}", partial(library.prepare, threads=threads, dtype=dtype), threads, dtype)
    for dtype, precision in PRECISIONS.items()
    for threads, count in THREADS.items()
)

OTHERS = (
    Engine("C++ by hand", compiled.prepare),
    Engine(BASELINE, numpy_blocks.prepare, paths_divisor=4),
    *(
        Engine(f"numba path by path{count}", partial(numba_paths.prepare, threads=threads), threads, paths_divisor=4)
        for threads, count in THREADS.items()
    ),
    Engine("plain Python", plain_python.prepare, paths_divisor=512),
)

INSTALLED = (
    Engine("JAX", jax_paths.prepare, ALL, paths_divisor=4),
    Engine("JAX, float32", partial(jax_paths.prepare, dtype="float32"), ALL, "float32", 4),
    Engine("PyTorch", torch_paths.prepare, paths_divisor=4),
    Engine("PyTorch, float32", partial(torch_paths.prepare, dtype="float32"), precision="float32", paths_divisor=4),
    Engine("QuantLib path generator", quantlib_paths.prepare, paths_divisor=128),
)
"""Engines that need a package which the library does without (extra `bench`); missing where it is not installed."""

ENGINES = (*OURS, *OTHERS, *INSTALLED)

__all__ = ["ALL", "BASELINE", "ENGINES", "INSTALLED", "LIBRARY", "Engine", "MissingError", "Simulate"]
