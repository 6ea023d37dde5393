"""A model with its inputs, its time grid and its known series: everything that a run needs but paths and seed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from montecarlo_ai.checks import Checks, nearest
from montecarlo_ai.dependence import Correlation, correlation_factor
from montecarlo_ai.dry_run import dry_run
from montecarlo_ai.errors import ScenarioError
from montecarlo_ai.functions import description
from montecarlo_ai.inputs import Inputs
from montecarlo_ai.model import Model, name_list, names_problems
from montecarlo_ai.overrides import apply_overrides
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


class Scenario:
    """A model, what its inputs may be, and the time over which it runs; frozen.

    Parameters
    ----------
    model : Model
    inputs : Inputs, or a mapping for one
        A distribution or a number for every field of the model's Params.
    time : TimeGrid
    forcing : mapping of str to (n_steps,) array, or xarray.Dataset, optional
        A known series for every field of the model's Forcing; row k serves step k.
    shock_correlation : mapping of (str, str) to float, optional
        Correlations of normal shocks.
    chips : sequence of str, optional
        Causes that count in ``any``; the model's, if not given.
    name : str
    assumptions : mapping, optional
        Source, date and rationale of each input; no part of the identity.
    document : mapping, optional
        The scenario file that this is, as a plain table.
    series : callable (TimeGrid) -> Series, optional
        For built-in models: makes forcing and context for another grid.

    Raises
    ------
    ScenarioError
        All that is wrong, at once.
    ModelError
        If a function of the model fails on the medians of the inputs, or returns something else than it says.
    """

    def __init__(
        self,
        model: Model,
        *,
        inputs: Inputs | Mapping[str, Any],
        time: TimeGrid,
        forcing: Mapping[str, Any] | xr.Dataset | None = None,
        shock_correlation: Correlation | None = None,
        chips: Sequence[str] | None = None,
        name: str = "custom",
        assumptions: Mapping[str, Any] | None = None,
        document: Mapping[str, Any] | None = None,
        series: Callable[[TimeGrid], Series] | None = None,
    ) -> None:
        checks = Checks(ScenarioError)
        for field, value, kind in (("model", model, Model), ("time", time, TimeGrid), ("name", name, str)):
            if not isinstance(value, kind):
                checks.add(field, value, f"must be a {kind.__name__}")
        checks.finish()
        stated: Inputs | None = None
        with checks.collecting():
            stated = inputs if isinstance(inputs, Inputs) else Inputs(inputs)
            _check_names(model, stated, checks)
        made = series(time) if series is not None else Series({}, {})
        rows = _checked_forcing(model, made.forcing if series is not None else forcing, time, checks)
        pairs = {} if shock_correlation is None else shock_correlation
        factor: tuple[tuple[str, ...], NDArray[np.float64]] = ((), np.empty((0, 0)))
        with checks.collecting():
            factor = _shock_factor(model, pairs)
        counted = model.chips if chips is None else name_list("chips", chips, checks)
        checks.problems += names_problems("chips", counted, model.causes, "causes")
        for field, table in (("assumptions", assumptions), ("document", document)):
            if not (table is None or isinstance(table, Mapping)):
                checks.add(field, table, "must be a table")
        checks.finish()
        assert stated is not None
        place = {name: at for at, name in enumerate(model.shock_fields)}
        fields: dict[str, Any] = {
            "model": model,
            "inputs": stated,
            "time": time,
            "forcing": rows,
            "context": dict(made.context),
            "shock_correlation": {
                tuple(sorted(pair, key=place.__getitem__)): float(rho) for pair, rho in pairs.items()
            },
            "shock_factor": factor,
            "chips": tuple(cause for cause in model.causes if cause in counted),
            "name": name,
            "assumptions": dict(assumptions or {}),
            "document": document,
            "series": series,
        }
        for field in fields:
            object.__setattr__(self, field, fields[field])
        dry_run(model, self._medians(), {field: float(values[0]) for field, values in rows.items()}, time.dt)

    model: Model
    inputs: Inputs
    time: TimeGrid
    forcing: Mapping[str, NDArray[np.float64]]
    context: Mapping[str, xr.DataArray]
    shock_correlation: Correlation
    shock_factor: tuple[tuple[str, ...], NDArray[np.float64]]
    chips: tuple[str, ...]
    name: str
    assumptions: Mapping[str, Any]
    document: Mapping[str, Any] | None
    series: Callable[[TimeGrid], Series] | None

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Scenario is frozen: use with_inputs or with_time to change {name}")

    def with_inputs(self, **changes: Any) -> Scenario:
        """Return the scenario with some inputs replaced by other distributions or numbers.

        Raises
        ------
        InputError
            If a name is not among the inputs, or a value is no distribution.
        """
        changed = self.inputs.replace(**changes)
        document = self.document
        if document is not None:
            document = apply_overrides(document, {f"inputs.{name}": changed.distributions[name] for name in changes})
        assumptions = {name: note for name, note in self.assumptions.items() if name not in changes}
        return self._changed(inputs=changed, document=document, assumptions=assumptions)

    def with_time(self, **changes: Any) -> Scenario:
        """Return the scenario on another grid: ``start=``, ``years=``, ``steps_per_year=``.

        Raises
        ------
        InputError
            If the grid is none, or a forcing of one's own has another length.
        """
        stated = self.time.to_dict()
        checks = Checks(ScenarioError)
        for name, value in changes.items():
            if name not in stated:
                checks.add(f"time.{name}", value, "is no part of a time grid", nearest(name, stated))
        checks.finish()
        merged: dict[str, Any] = {**stated, **changes}
        time = TimeGrid(merged["start"], years=merged["years"], steps_per_year=merged["steps_per_year"])
        document = None if self.document is None else {**self.document, "time": time.to_dict()}
        return self._changed(time=time, document=document)

    def _changed(self, **changes: Any) -> Scenario:
        kept = {
            name: getattr(self, name)
            for name in (
                "inputs", "time", "forcing", "shock_correlation", "chips", "name", "assumptions", "document", "series"
            )
        }  # fmt: skip
        return Scenario(self.model, **{**kept, **changes})

    @cached_property
    def _built_in(self) -> str:
        """The canonical text of a scenario whose functions refer to nothing that changes."""
        return self._spelled()

    def _spelled(self) -> str:
        model = self.model
        told = self.series is None and self.forcing
        forcing = hashlib.sha256(b"".join(values.tobytes() for values in self.forcing.values())).hexdigest()
        functions = {role: description(getattr(model, role)) for role in ("step", "initial", "events")}
        content = {
            "model": model.origin if model.origin is not None else {"functions": functions},
            **self.inputs.to_dict(),
            "time": self.time.to_dict(),
            "forcing": forcing if told else None,
            "shock_correlation": sorted([*pair, value] for pair, value in self.shock_correlation.items()),
            "chips": list(self.chips),
            "name": self.name,
        }
        return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)

    def canonical(self) -> str:
        """Return the scenario as text in which equal scenarios are equal: JSON, without sources and rationale.

        Functions of one's own stand in it with the values that they refer to now.
        """
        return self._spelled() if self.model.origin is None else self._built_in

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical text, 64 hexadecimal digits."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scenario) and self.hash == other.hash

    def __hash__(self) -> int:
        return hash(self.hash)

    def __repr__(self) -> str:
        head = f"Scenario {self.name!r} ({self.hash[:12]}), {self.time!r}, chips {', '.join(self.chips) or 'none'}"
        return f"{head}\n{self.model!r}\n{self.inputs!r}"

    def _medians(self) -> dict[str, float]:
        middle = {name: np.full(1, 0.5) for name in self.inputs.varying}
        drawn = {name: float(values[0]) for name, values in self.inputs.from_uniforms(middle).items()}
        return {**self.inputs.constants, **drawn}


def _check_names(model: Model, inputs: Inputs, checks: Checks) -> None:
    """Record inputs that the model does not have, and those that it lacks."""
    for name in inputs.names:
        if name not in model.param_fields:
            near = nearest(name, model.param_fields)
            checks.add(f"inputs.{name}", inputs.distributions[name], "is no input of the model", near)
    for name in model.param_fields:
        if name not in inputs.names:
            checks.add(f"inputs.{name}", None, "is missing", "give it a number or a distribution")


def _checked_forcing(model: Model, given: Any, time: TimeGrid, checks: Checks) -> dict[str, NDArray[np.float64]]:
    """Return copies of the known series, read-only, in the order of the model's Forcing; problems are recorded."""
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


def _shock_factor(model: Model, pairs: Correlation) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Return the correlated shocks and their triangular factor."""
    checks = Checks(ScenarioError)
    for pair, value in pairs.items() if isinstance(pairs, Mapping) else ():
        for name in pair if isinstance(pair, tuple) else ():
            if name in model.uniform_shocks:
                checks.add(f"shock_correlation{list(pair)}", value, f"{name} is uniform: only normal shocks correlate")
    checks.finish()
    return correlation_factor(model.shock_fields, pairs, "shock_correlation")
