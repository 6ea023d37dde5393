"""Labels, units and the run's identity: the one place where arrays become a result."""

from __future__ import annotations

import datetime
import json
import pickle
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from montecarlo_ai._version import __version__
from montecarlo_ai.kernels.philox import STREAM_VERSION
from montecarlo_ai.samplers import Sampling
from montecarlo_ai.scenario import Scenario, hash_of

SCENARIO_KEY = "montecarlo_ai_scenario"
"""Where a result in memory carries its scenario: an entry of the Dataset's encoding."""


class Carried:
    """A scenario that travels with a result, and stays behind where it cannot be pickled.

    Functions that were defined inside another one, for instance, do not travel between processes.
    """

    def __init__(self, scenario: Scenario | None) -> None:
        self.scenario = scenario

    def __reduce__(self) -> tuple[type[Carried], tuple[Scenario | None]]:
        """Return what is pickled."""
        try:
            pickle.dumps(self.scenario)
        except (pickle.PicklingError, AttributeError, TypeError):
            return Carried, (None,)
        return Carried, (self.scenario,)

    def __deepcopy__(self, memo: dict[int, Any]) -> Carried:
        """Return the same: a scenario is frozen."""
        return self


def identity(scenario: Scenario, *, kind: str, seed: int, sampling: Sampling, dtype: str) -> dict[str, Any]:
    """Return the attributes of a result: what made it, and how to make it again."""
    document = scenario.document or {}
    known = document.get("base_period")
    canonical = scenario.canonical()  # once: it reads the sources of a model's functions
    return {
        "kind": kind,
        "montecarlo_ai_version": __version__,
        "stream_version": STREAM_VERSION,
        "scenario": scenario.name,
        "scenario_hash": hash_of(canonical),
        "scenario_canonical": canonical,
        "entity": str(document.get("entity", "")),
        **({"base_period": json.dumps(known, default=str)} if known else {}),
        "seed": seed,
        "n_paths": sampling.n_paths,
        "sampler": sampling.sampler,
        "replicates": sampling.replicates,
        "dtype": dtype,
        "causes": list(scenario.model.causes),
        "chips": list(scenario.chips),
        "steps_per_year": scenario.time.steps_per_year,
        "created_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def labels(scenario: Scenario, name: str, units: str | None = None, prefix: str = "") -> dict[str, str]:
    """Return the attributes of a variable named after a state, an input or an event."""
    model = scenario.model
    long_name = model.long_names.get(name, name.replace("_", " "))
    return {"units": model.units.get(name, "") if units is None else units, "long_name": prefix + long_name}


def dataset(
    scenario: Scenario, variables: Mapping[str, xr.Variable], attributes: Mapping[str, Any], **coordinates: Any
) -> xr.Dataset:
    """Return a result with its time axis, its events, what stands beside it, and its identity."""
    model = scenario.model
    time = xr.Variable("time", scenario.time.times.astype("datetime64[s]"), {"long_name": "time"})
    event = xr.Variable("event", np.array(model.event_fields, dtype=str), {"long_name": "event"})
    result = xr.Dataset(
        {**variables, **{name: beside.copy() for name, beside in scenario.context.items()}},
        coords={"time": time, "event": event, **coordinates},
        attrs=dict(attributes),
    )
    for name in result.coords:  # also those of what stands beside it
        result[name].attrs.setdefault("long_name", str(name))
    result.encoding[SCENARIO_KEY] = Carried(scenario)
    return result


def event_years(passage: NDArray[np.int32], scenario: Scenario) -> NDArray[np.float64]:
    """Return first-passage times in years since the start, infinite if never, from grid indices."""
    reached = np.arange(scenario.time.n_steps + 1) / scenario.time.steps_per_year
    # A look-up takes half the time of a division and a mask.
    years: NDArray[np.float64] = np.append(reached, np.inf)[passage]
    return years


def input_variables(scenario: Scenario, drawn: NDArray[np.float64], varying: Sequence[str]) -> dict[str, xr.Variable]:
    """Return the inputs as variables, (path,) where they vary and scalars where not.

    Parameters
    ----------
    scenario : Scenario
    drawn : (inputs, paths) float64
    varying : sequence of str
    """
    columns = {name: xr.Variable("path", drawn[i], labels(scenario, name)) for i, name in enumerate(varying)}
    known = {name: xr.Variable((), value, labels(scenario, name)) for name, value in scenario.inputs.constants.items()}
    return {name: columns.get(name, known.get(name)) for name in scenario.model.param_fields}  # type: ignore[misc]
