"""Draws of inputs by family beside the three-shock job: ns a draw, uniforms included, in time of the one thread."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from benchmarks.engines import library
from benchmarks.jobs import ThreeShocks
from benchmarks.measurement import Measurement
from montecarlo_ai.distributions import (
    PERT,
    Beta,
    Distribution,
    Exponential,
    Gamma,
    LogNormal,
    LogUniform,
    Metalog,
    Mixture,
    Normal,
    StudentT,
    Triangular,
    Truncated,
    Uniform,
)
from montecarlo_ai.kernels.philox import input_uniforms

RANGE = 2**14
"""Paths whose inputs are drawn at a time, as the engine does it."""

PATHS = 2**18
REPEATS = 9
INPUTS = 40
SEED = 2026

COMMON: tuple[Distribution, ...] = (
    *(Normal(0.0, 1.0), LogNormal(0.0, 1.0), Uniform(0.0, 1.0), LogUniform(1.0, 10.0), Triangular(0.0, 1.0, 3.0)),
    *(PERT(0.0, 1.0, 3.0), Beta(2.0, 5.0), Gamma(2.0, 1.0), StudentT(4.0), Exponential(1.0)),
)
OTHERS: tuple[Distribution, ...] = (
    Metalog([2.0, 0.7, 0.5]),
    Mixture([Normal(0.0, 1.0), Normal(3.0, 1.0)], [0.5, 0.5]),
    Truncated(Normal(0.0, 1.0), low=0.0),
    Mixture([0.0, LogNormal(0.0, 1.0)], [0.3, 0.7]),
)


def measure(*, n_paths: int = PATHS, repeats: int = REPEATS) -> list[Measurement]:
    """Return ns a draw of each family, and of a 40th of a path: what forty inputs may take; repeats interleaved."""
    simulate = library.prepare(ThreeShocks())
    jobs: dict[str, Callable[[], object]] = {
        _label(distribution): _drawer(distribution) for distribution in (*COMMON, *OTHERS)
    }
    for job in jobs.values():
        job()
    simulate(n_paths, SEED)
    times: dict[str, list[float]] = {name: [] for name in (*jobs, "path")}
    for _ in range(repeats):
        for name, job in jobs.items():
            times[name].append(1e9 * min(_seconds(job) for _ in range(16)) / RANGE)
        seconds = _seconds(lambda: simulate(n_paths, SEED))
        times["path"].append(1e9 * seconds / n_paths / INPUTS)
    allowed = min(times["path"])
    mean = float(np.mean([min(times[_label(distribution)]) for distribution in COMMON]))
    path = Measurement("inputs", "path / 40", "ns", times["path"], {"mean of the common families": mean})
    return [
        path,
        *(
            Measurement(
                "inputs",
                _label(distribution),
                "ns a draw",
                times[_label(distribution)],
                {
                    "share of a path / 40": min(times[_label(distribution)]) / allowed,
                    "table error": distribution.table_error if not distribution._closed else 0.0,
                },
            )
            for distribution in (*COMMON, *OTHERS)
        ),
    ]


def _label(distribution: Distribution) -> str:
    """Return the family, and that a mixture has a point mass."""
    return type(distribution).__name__ + ("" if distribution.continuous else " with a point mass")


def _drawer(distribution: Distribution) -> Callable[[], object]:
    return lambda: distribution.draws(input_uniforms(SEED, "x", 0, RANGE))


def _seconds(job: Callable[[], object]) -> float:
    began = time.thread_time()
    job()
    return time.thread_time() - began
