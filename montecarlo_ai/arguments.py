"""Checks of what a run is asked for, before anything is computed."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple

from montecarlo_ai.checks import LARGEST_SEED, LARGEST_THREADS, Checks
from montecarlo_ai.errors import InputError
from montecarlo_ai.model import name_list, names_problems
from montecarlo_ai.processors import available_threads
from montecarlo_ai.samplers import Sampling, checked_sampling
from montecarlo_ai.scenario import Scenario
from montecarlo_ai.suggest import did_you_mean

LARGEST_N_PATHS = 100_000_000_000
DTYPES = ("float64", "mixed", "float32")
STORE_DTYPES = ("float32", "float64")


class Run(NamedTuple):
    """What a run is asked for, checked.

    Attributes
    ----------
    seed : int
        Drawn where none was given.
    variables : tuple of str
        States to keep or to describe.
    dtype, store_dtype : str
        Precision of computing, and of what is returned.
    threads : int
    sampling : Sampling
        Paths, sampler and replicates.
    """

    seed: int
    variables: tuple[str, ...]
    dtype: str
    store_dtype: str
    threads: int
    sampling: Sampling


def checked_scenario(scenario: object) -> Scenario:
    """Return the scenario, or raise."""
    checks = Checks()
    if not isinstance(scenario, Scenario):
        checks.add("scenario", scenario, "must be a Scenario", 'make one, or call mc.load_scenario("openai-2025-12")')
        checks.finish()
    assert isinstance(scenario, Scenario)
    return scenario


def default_store_dtype(dtype: object) -> str:
    """Return the precision of what is returned where none is asked for: that of the states."""
    return "float32" if isinstance(dtype, str) and dtype == "float32" else "float64"


def checked_run(
    scenario: Scenario,
    *,
    n_paths: object,
    seed: object,
    variables: Sequence[str] | None,
    dtype: str,
    store_dtype: str | None,
    threads: object,
    progress: object,
    sampler: object,
    replicates: object,
) -> Run:
    """Return what a run is asked for, each argument checked.

    Raises
    ------
    InputError
        All that is wrong with the arguments, at once.
    """
    checks = Checks(InputError)
    paths = checks.whole("n_paths", n_paths, at_least=1, at_most=LARGEST_N_PATHS)
    number = secrets.randbits(63) if seed is None else checks.whole("seed", seed, at_least=0, at_most=LARGEST_SEED)
    kept = _checked_variables(scenario, variables, checks)
    if not (isinstance(dtype, str) and dtype in DTYPES):
        checks.add("dtype", dtype, f"must be {', '.join(DTYPES[:-1])} or {DTYPES[-1]}", did_you_mean(dtype, DTYPES))
    stored = default_store_dtype(dtype) if store_dtype is None else store_dtype
    if not (store_dtype is None or (isinstance(store_dtype, str) and store_dtype in STORE_DTYPES)):
        checks.add("store_dtype", store_dtype, f"must be {' or '.join(STORE_DTYPES)}")
    used = available_threads()
    if threads is not None:
        used = checks.whole("threads", threads, at_least=1, at_most=LARGEST_THREADS)
    if not (progress is None or isinstance(progress, bool)):
        checks.add("progress", progress, "must be True, False or None")
    sampling = checked_sampling(paths, sampler, replicates, len(scenario.inputs.streams), checks)
    checks.finish()
    return Run(number, kept, dtype, stored, used, sampling)


def _checked_variables(scenario: Scenario, variables: Sequence[str] | None, checks: Checks) -> tuple[str, ...]:
    if variables is None:
        return scenario.model.outputs
    kept = name_list("variables", variables, checks)
    checks.problems += names_problems("variables", kept, scenario.model.state_fields, "states")
    return kept


def progress_bar(total: int, wanted: bool | None) -> Any:
    """Return a bar over paths: shown on a terminal in runs of more than a second; always or never where asked."""
    from tqdm import tqdm

    disable = None if wanted is None else not wanted
    return tqdm(
        total=total, unit=" paths", unit_scale=True, disable=disable, delay=1.0 if wanted is None else 0.0, leave=False
    )
