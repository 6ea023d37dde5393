"""What a model is told from outside: known series, one value a step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from montecarlo_ai.checks import Checks, nearest
from montecarlo_ai.model import Model
from montecarlo_ai.timegrid import TimeGrid

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Series:
    """What a model is told from outside on a time grid.

    Attributes
    ----------
    forcing : mapping of str to (n_steps,) array
        One value a step; row k serves step k.
    context : mapping of str to xarray.DataArray
        What stands beside the results, on (..., time).
    """

    forcing: Mapping[str, Any]
    context: Mapping[str, xr.DataArray]


def checked_forcing(model: Model, given: Any, time: TimeGrid, checks: Checks) -> dict[str, NDArray[np.float64]]:
    """Return copies of the known series, read-only, in the order of the model's Forcing.

    Parameters
    ----------
    model : Model
    given : mapping of str to (n_steps,) array, xarray.Dataset or None
        One value a step; row k serves step k.
    time : TimeGrid
    checks : Checks
        Where problems go.
    """
    rows: dict[str, NDArray[np.float64]] = {}
    given = {} if given is None else given
    if not isinstance(given, Mapping):
        checks.add(
            "forcing",
            f"a {type(given).__name__}",
            "must map names to series, or be an xarray.Dataset",
            'write {"rent": [...]}',
        )
        return rows
    names = [str(name) for name in getattr(given, "data_vars", given)]
    for name in names:
        if name not in model.forcing_fields:
            checks.add(f"forcing.{name}", name, "is no series of the model", nearest(name, model.forcing_fields))
    for name in model.forcing_fields:
        if name not in names:
            checks.add(f"forcing.{name}", None, "is missing", "give one value for each step")
        else:
            rows[name] = _checked_series(f"forcing.{name}", given[name], time, checks)
    return rows


def _checked_series(field: str, given: Any, time: TimeGrid, checks: Checks) -> NDArray[np.float64]:
    """Return a copy of one known series, read-only; problems are recorded."""
    try:
        values = np.array(given)
    except ValueError:  # lists of different lengths
        values = np.array(given, dtype=object)
    stamps = np.asarray(getattr(given, "coords", {}).get("time", ()))
    if values.dtype.kind not in "iuf":
        checks.add(field, given, "must be numbers")
    elif values.shape != (time.n_steps,):
        checks.add(field, values.shape, f"must have shape ({time.n_steps},), one value for each step")
    elif not np.isfinite(values).all():
        bad = int(np.flatnonzero(~np.isfinite(values))[0])
        checks.add(f"{field}[{bad}]", float(values[bad]), "must be finite")
    elif stamps.dtype.kind == "M" and not np.array_equal(stamps, time.times[:-1]):
        rule = f"must have the times at which the steps start, {time.times[0]} to {time.times[-2]}"
        checks.add(field, f"times {stamps[0]} to {stamps[-1]}", rule, "select or reindex, or give bare arrays")
    values = values.astype(np.float64) if values.dtype.kind in "iuf" else np.empty(0)
    values.flags.writeable = False
    return values
