"""How far samplers are from closed forms, in standard errors of independent paths, and what a path's inputs cost."""

from __future__ import annotations

import gc
import math
import time
from typing import Annotated, NamedTuple

import numpy as np

import montecarlo_ai as mc
from benchmarks.measurement import Measurement

SAMPLERS = ("random", "latin", "antithetic", "sobol")
SHOCK_SHARES = (0.0, 0.1, 0.5)
PATHS = (2**6, 2**10, 2**14)
REPLICATES = 64
SEED = 2026
DIMENSIONS = 5


class State(NamedTuple):
    """A score and what it grows into."""

    score: Annotated[float, ""]
    growth: Annotated[float, ""]


class Params(NamedTuple):
    """Five independent causes, and how much of the score's variance is the step's own."""

    a: Annotated[float, ""]
    b: Annotated[float, ""]
    c: Annotated[float, ""]
    d: Annotated[float, ""]
    e: Annotated[float, ""]
    shock_share: Annotated[float, "fraction"]


class Shocks(NamedTuple):
    """A standard normal."""

    score: float


class Events(NamedTuple):
    """Whether the score is below minus one."""

    low: float


def step(state: State, params: Params, shocks: Shocks, clock: mc.Clock) -> State:
    """Return a score that is a standard normal, and the exponential of half of it."""
    inputs = (params.a + params.b + params.c + params.d + params.e) / math.sqrt(5.0)
    score = math.sqrt(1.0 - params.shock_share) * inputs + math.sqrt(params.shock_share) * shocks.score
    return State(score, mc.math.exp(0.5 * score))


def initial(params: Params) -> State:
    """Return the state at the start."""
    return State(0.0, 1.0)


def events(state: State, params: Params, clock: mc.Clock) -> Events:
    """Return the margin of the event."""
    return Events(state.score + 1.0)


MEAN = math.exp(0.125)
DEVIATION = math.sqrt(math.exp(0.5) - math.exp(0.25))
PROBABILITY = 0.5 * math.erfc(1.0 / math.sqrt(2.0))


def measure(*, paths: tuple[int, ...] = PATHS, repeats: int = 5, preset_paths: int = 2**18) -> list[Measurement]:
    """Return errors of a mean and of a probability, errors of the preset's answers, and ns per path of one step."""
    measurements = [
        _errors(sampler, share, n_paths) for share in SHOCK_SHARES for n_paths in paths for sampler in SAMPLERS
    ]
    return measurements + _on_the_preset(preset_paths) + _times(paths[-1] * REPLICATES, repeats)


def scenario(shock_share: float) -> mc.Scenario:
    """Return the score's scenario: one step, five standard normal inputs."""
    inputs = {name: mc.Normal(0.0, 1.0) for name in Params._fields[:DIMENSIONS]}
    return mc.Scenario(
        mc.Model(step, initial=initial, events=events),
        inputs=mc.Inputs({**inputs, "shock_share": shock_share}),
        time=mc.TimeGrid("2026-01-01", years=1, steps_per_year=1),
    )


def _errors(sampler: str, shock_share: float, n_paths: int) -> Measurement:
    """Return the root mean square error over replicates, each of `n_paths`, where independent paths have one."""
    ensemble = mc.simulate(
        scenario(shock_share),
        n_paths=n_paths * REPLICATES,
        seed=SEED,
        variables=["growth"],
        sampler=sampler,
        replicates=REPLICATES,
        progress=False,
    )
    order = np.argsort(ensemble["replicate"].values, kind="stable")
    growth = ensemble["growth"].values[-1][order].reshape(REPLICATES, n_paths).mean(axis=1)
    share = np.isfinite(ensemble["event_time"].values[0])[order].reshape(REPLICATES, n_paths).mean(axis=1)
    root = math.sqrt(n_paths)
    mean_error = root / DEVIATION * math.sqrt(np.mean((growth - MEAN) ** 2))
    spread = math.sqrt(PROBABILITY * (1.0 - PROBABILITY))
    share_error = root / spread * math.sqrt(np.mean((share - PROBABILITY) ** 2))
    return Measurement(
        f"samplers, {100.0 * shock_share:.0f}% from shocks",
        f"{sampler}, {n_paths:,} paths",
        "standard errors of independent paths",
        [mean_error],
        {"probability": share_error},
    )


def _on_the_preset(n_paths: int) -> list[Measurement]:
    """Return the standard errors of answers at the horizon, where those of independent paths are one."""
    preset = mc.load_scenario("openai-2025-12")
    errors = {}
    for sampler in SAMPLERS:
        summary = mc.summarize(
            preset,
            n_paths=n_paths,
            seed=SEED,
            variables=["revenue", "cash"],
            sampler=sampler,
            replicates=REPLICATES,
            progress=False,
        )
        chips, end = mc.runs_out_of_chips(summary, method="replicates").sel(cause="any"), summary.isel(time=-1)
        errors[sampler] = {
            "probability of any chip": float(chips["standard_error"].values[-1]),
            "mean revenue": float(end["revenue_mean_error"]),
            "median revenue": float(end["revenue_error"].sel(quantile=0.5)),
            "mean cash": float(end["cash_mean_error"]),
        }
    plain = errors["random"]
    answers = {sampler: {name: error / plain[name] for name, error in of.items()} for sampler, of in errors.items()}
    return [
        Measurement(
            f"samplers, preset openai-2025-12: {name}", sampler, "standard errors of independent paths", [value]
        )
        for sampler, of in answers.items()
        for name, value in of.items()
    ]


def _times(n_paths: int, repeats: int) -> list[Measurement]:
    """Return ns per path on one thread: five inputs and one step, nothing kept; samplers take turns."""
    times: dict[str, list[float]] = {sampler: [] for sampler in SAMPLERS}
    for repeat in range(repeats + 1):
        for sampler in SAMPLERS:
            gc.collect()
            began = time.thread_time()
            mc.simulate(
                scenario(0.5),
                n_paths=n_paths,
                seed=repeat,
                variables=[],
                sampler=sampler,
                replicates=16,
                threads=1,
                progress=False,
            )
            if repeat > 0:  # the first one may compile
                times[sampler].append(1e9 * (time.thread_time() - began) / n_paths)
    return [
        Measurement("samplers, five inputs and a step", sampler, "ns per path", values, {"paths": n_paths})
        for sampler, values in times.items()
    ]
