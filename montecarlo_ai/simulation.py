"""Ensembles: every path kept, or one path made again."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from montecarlo_ai.arguments import (
    DTYPES,
    LARGEST_N_PATHS,
    checked_run,
    checked_scenario,
    default_store_dtype,
    progress_bar,
)
from montecarlo_ai.checks import LARGEST_SEED, Checks, Described
from montecarlo_ai.engine import Engine, Store, ranges
from montecarlo_ai.ensemble import SCENARIO_KEY, Carried, dataset, event_years, identity, input_variables, labels
from montecarlo_ai.errors import InputError
from montecarlo_ai.kernels.lines import empty_lines, whole_lines
from montecarlo_ai.kernels.options import BLOCK
from montecarlo_ai.memory import check_memory
from montecarlo_ai.samplers import Sampling, checked_sampling, largest_path
from montecarlo_ai.scenario import Scenario

_RANGE = 8_192
"""Most paths a thread takes at a time: their inputs fit in the processor's cache."""

_TURNS = 4
"""Ranges a thread at least, in a run of few paths: so that no thread waits long for the last one."""

_ABOUT_EVENTS = {"units": "years", "long_name": "first passage since the start, infinite if never"}
_ABOUT_A_RUN = ("kind", "scenario_hash", "seed", "n_paths", "dtype")
"""Attributes of a result without which its paths cannot be made again."""


def simulate(
    scenario: Scenario,
    *,
    n_paths: int,
    seed: int | None = None,
    variables: Sequence[str] | None = None,
    dtype: str = "float64",
    store_dtype: str | None = None,
    sampler: str = "random",
    replicates: int | None = None,
    threads: int | None = None,
    progress: bool | None = None,
) -> xr.Dataset:
    """Return an ensemble: the kept states of every path, its inputs and its first passages.

    Parameters
    ----------
    scenario : Scenario
    n_paths : int
        The first n paths are the same whatever n is; with "latin" they belong to that n.
    seed : int, optional
        0 <= seed < 2**63; drawn and recorded when not given.
    variables : sequence of str, optional
        States to keep; the model's outputs, if not given. What is kept does not change what is computed.
    dtype : {"float64", "mixed", "float32"}
        Precision of computing: "mixed" draws shocks in single precision and moves states in double, "float32" does all
        in single. The words of the random streams are the same. docs/extending.md says what each costs and saves.
    store_dtype : {"float64", "float32"}, optional
        Precision of what is kept; that of the states, if not given: float32 if `dtype` is.
    sampler : {"random", "sobol", "latin", "antithetic"}
        How inputs are drawn: independently; from a scrambled Sobol' sequence; one path in each stratum of each input;
        or in pairs with mirrored inputs and shocks. docs/samplers.md says when each helps. Shocks of the first three
        are the same.
    replicates : int, optional
        Independent parts of the run, whose spread gives the errors of what is estimated: path p belongs to replicate
        p % replicates (pairs stay together). 16, if not given; 1 for "random", which needs none.
    threads : int, optional
        All processors that the process may use, if not given; the result does not depend on it.
    progress : bool, optional
        A progress bar; on a terminal in runs of more than a second, if not given.

    Returns
    -------
    xarray.Dataset
        States over (time, path), start included, paths side by side in memory; varying inputs over (path,), constants
        as scalars; ``event_time`` over (event, path), in years since the start, infinite if never. The coordinate
        ``replicate`` over (path,) where there is more than one.

    Raises
    ------
    InputError
        All that is wrong with the arguments, or more memory asked for than there is.
    ModelError
        If the model cannot be compiled.
    NumericalError
        If a value is not finite; names variable, path and step.

    Notes
    -----
    The memory of an ensemble of 128 KiB or more that nobody holds any longer is kept for the next, up to a gigabyte;
    the system may take it back whenever it needs it.
    """
    scenario = checked_scenario(scenario)
    run = checked_run(
        scenario,
        n_paths=n_paths,
        seed=seed,
        variables=variables,
        dtype=dtype,
        store_dtype=store_dtype,
        threads=threads,
        progress=progress,
        sampler=sampler,
        replicates=replicates,
    )
    n_paths, kept, stored = run.sampling.n_paths, run.variables, run.store_dtype
    model, n_times = scenario.model, scenario.time.n_steps + 1
    row = whole_lines(n_paths, stored) if n_paths >= BLOCK else n_paths
    bytes_kept = len(kept) * n_times * row * np.dtype(stored).itemsize
    bytes_a_path = (
        8 + 8 * (run.sampling.replicates > 1) + len(scenario.inputs.varying) * 8 + len(model.event_fields) * 12
    )
    remedy = "keep fewer variables, or use summarize, which stores no path"
    check_memory(bytes_kept + n_paths * bytes_a_path, "n_paths", n_paths, remedy)
    engine = Engine(scenario, run.seed, run.sampling, run.dtype)
    keep = np.array([model.state_fields.index(name) for name in kept], dtype=np.int64)
    values = empty_lines((len(kept), n_times, row), stored)
    passage = np.empty((len(model.event_fields), n_paths), dtype=np.int32)
    drawn = empty_lines((len(engine.varying), n_paths))

    def work(first: int, count: int) -> None:
        inputs = engine.inputs_of(first, count)
        engine.run(first, count, inputs, keep, Store(values, passage, first))
        paths = inputs.swapaxes(0, 1).reshape(len(drawn), len(inputs) * BLOCK)
        drawn[:, first : first + count] = paths[:, :count]

    with progress_bar(n_paths, progress) as bar, engine:
        for _ in engine.in_order(work, ranges(n_paths, _range(n_paths, run.threads)), run.threads, bar.update):
            pass
    states = {
        name: xr.Variable(("time", "path"), values[i, :, :n_paths], labels(scenario, name))
        for i, name in enumerate(kept)
    }
    years = xr.Variable(("event", "path"), event_years(passage, scenario), _ABOUT_EVENTS)
    return dataset(
        scenario,
        {**states, **input_variables(scenario, drawn, engine.varying), "event_time": years},
        identity(scenario, kind="ensemble", seed=run.seed, sampling=run.sampling, dtype=run.dtype),
        path=xr.Variable("path", np.arange(n_paths, dtype=np.int64), {"long_name": "path"}),
        **_replicates(engine, "path", 0, n_paths),
    )


def replay(ensemble: xr.Dataset, path: int, scenario: Scenario | None = None) -> xr.Dataset:
    """Return one path of a result again, with all states, bit for bit as it was computed.

    Parameters
    ----------
    ensemble : xarray.Dataset
        From `simulate` or `summarize`; it need not hold the path, nor any state.
    path : int
        Label of the path; also one beyond those that were run, where the sampler has more.
    scenario : Scenario, optional
        What was run. A result in memory carries it, and that of a built-in model can be read from its attributes.

    Returns
    -------
    xarray.Dataset
        Every state over (time,), every input as a scalar, ``event_time`` over (event,).

    Raises
    ------
    InputError
        If the path is no path, the scenario is not known, or is another than the one that was run, or what a result
        says of its run is missing or cannot be.
    """
    scenario = _scenario_of(ensemble, scenario)
    seed, dtype, sampling = _run_of(ensemble.attrs, scenario)
    checks = Checks()
    path = checks.whole("path", path, at_least=0, at_most=largest_path(sampling))
    checks.finish()
    engine, model = Engine(scenario, seed, sampling, dtype), scenario.model
    first, lane = path - path % BLOCK, path % BLOCK
    values = np.empty((len(model.state_fields), scenario.time.n_steps + 1, BLOCK), dtype=default_store_dtype(dtype))
    passage = np.empty((len(model.event_fields), BLOCK), dtype=np.int32)
    inputs = engine.inputs_of(first, BLOCK)
    keep = np.arange(len(model.state_fields), dtype=np.int64)
    engine.run(first, BLOCK, inputs, keep, Store(values, passage, 0))
    states = {
        name: xr.Variable("time", values[i, :, lane], labels(scenario, name))
        for i, name in enumerate(model.state_fields)
    }
    drawn = input_variables(scenario, inputs[0, :, lane : lane + 1], engine.varying)
    known = {name: variable.isel(path=0) if "path" in variable.dims else variable for name, variable in drawn.items()}
    years = xr.Variable("event", event_years(passage[:, lane], scenario), _ABOUT_EVENTS)
    return dataset(
        scenario,
        {**states, **known, "event_time": years},
        identity(scenario, kind="path", seed=seed, sampling=sampling, dtype=dtype),
        path=xr.Variable((), np.int64(path), {"long_name": "path"}),
        **_replicates(engine, (), path, 1),
    )


def _range(n_paths: int, threads: int) -> int:
    """Return how many paths a thread takes at a time: whole blocks."""
    return min(_RANGE, BLOCK * -(-n_paths // (BLOCK * _TURNS * threads)))


def _replicates(engine: Engine, dims: str | tuple[()], first_path: int, n: int) -> dict[str, xr.Variable]:
    """Return the coordinate that says which replicate each path belongs to, where there is more than one."""
    if engine.sampler.replicates == 1:
        return {}
    values = engine.sampler.replicate_of(first_path, n)
    return {"replicate": xr.Variable(dims, values if dims else values[0], {"long_name": "replicate"})}


def _scenario_of(ensemble: xr.Dataset, scenario: Scenario | None) -> Scenario:
    """Return the scenario of a result: the one given, the one it carries, or the one that its attributes spell."""
    checks = Checks(InputError)
    attributes = ensemble.attrs if isinstance(ensemble, xr.Dataset) else {}
    lacking = [name for name in _ABOUT_A_RUN if name not in attributes]
    if lacking:
        came = Described(f"a {type(ensemble).__name__} without the attributes {', '.join(lacking)}")
        checks.add("ensemble", came, "must be a result of simulate or summarize", "give that, with its attributes")
        checks.finish()
    found = scenario if scenario is not None else ensemble.encoding.get(SCENARIO_KEY, Carried(None)).scenario
    if found is None and "scenario_canonical" in attributes:
        from montecarlo_ai.files.loading import scenario_from_canonical

        found = scenario_from_canonical(attributes["scenario_canonical"])
    due = attributes["scenario_hash"]
    if not isinstance(found, Scenario):
        checks.add("scenario", found, "must be a Scenario, which this result does not carry", "pass scenario=")
    elif found.hash != due:
        checks.add("scenario", found.hash, f"must be the one that was run, {due}")
    checks.finish()
    return found


def _run_of(attributes: Mapping[Hashable, Any], scenario: Scenario) -> tuple[int, str, Sampling]:
    """Return seed, precision and sampling of a result, as its attributes say; raise where no run has these.

    A result that was made before there were samplers says less.
    """
    checks = Checks()
    seed = checks.whole("seed", attributes["seed"], at_least=0, at_most=LARGEST_SEED)
    n_paths = checks.whole("n_paths", attributes["n_paths"], at_least=1, at_most=LARGEST_N_PATHS)
    dtype = attributes["dtype"]
    if not (isinstance(dtype, str) and dtype in DTYPES):
        checks.add("dtype", dtype, f"must be one of {', '.join(DTYPES)}")
    sampler, replicates = attributes.get("sampler", "random"), attributes.get("replicates", 1)
    sampling = checked_sampling(n_paths, sampler, replicates, len(scenario.inputs.streams), checks)
    remedy = "give the result as it was returned"
    damaged = [replace(each, field=f"ensemble.attrs.{each.field}", remedy=remedy) for each in checks.problems]
    if damaged:
        raise InputError(damaged)
    return seed, dtype, sampling
