"""A model with its inputs, its time grid and its known series: everything that a run needs but paths and seed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from montecarlo_ai.assumption_table import Row, as_html, as_text, assumption_rows
from montecarlo_ai.assumptions import Assumption
from montecarlo_ai.checks import Checks, nearest
from montecarlo_ai.dependence.correlation import GAUSSIAN, Correlation
from montecarlo_ai.dependence.groups import Dependence, Repair, Stated, correlated_groups, joint_factor
from montecarlo_ai.dependence.tables import correlation_to_list, dependence_to_dict
from montecarlo_ai.distributions import Distribution, Measured
from montecarlo_ai.dry_run import dry_run
from montecarlo_ai.errors import Problem, ScenarioError
from montecarlo_ai.files.overrides import apply_overrides
from montecarlo_ai.fingerprints import description
from montecarlo_ai.frozen import Frozen, Table
from montecarlo_ai.inputs import Inputs
from montecarlo_ai.known_series import Series, checked_forcing
from montecarlo_ai.lazy import cached_property
from montecarlo_ai.model import Model, name_list, names_problems
from montecarlo_ai.timegrid import TimeGrid

if TYPE_CHECKING:
    import xarray as xr


_LISTED_PAIRS = 12
"""Correlations that the printed form of a scenario lists."""


class Scenario(Frozen):
    """A model, what its inputs may be, and the time over which it runs; frozen, and so are its tables and arrays.

    It can be pickled if the library made its model, or if the model's functions and classes stand in a module.

    Parameters
    ----------
    model : Model
    inputs : Inputs, or a mapping for one
        A distribution or a number for every field of the model's Params.
    time : TimeGrid
    forcing : mapping of str to (n_steps,) array, or xarray.Dataset, optional
        A known series for every field of the model's Forcing; row k serves step k.
    shock_correlation : mapping of (str, str) to float, Correlation, or mapping of str to Correlation, optional
        Correlations of normal shocks, as `Inputs` has those of inputs; their copula is Gaussian.
    chips : sequence of str, optional
        Causes that count in ``any``; the model's, if not given.
    name : str
    assumptions : mapping of str to Assumption, optional
        Source, date and rationale of inputs, by name; no part of the identity.
    document : mapping, optional
        The scenario file that this is, as a plain table.
    series : callable (TimeGrid) -> Series, optional
        For built-in models: makes forcing and context for another grid.
    reader : callable (document) -> Scenario, optional
        For scenarios that have a document: makes the scenario of a changed one.

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
        shock_correlation: Stated | None = None,
        chips: Sequence[str] | None = None,
        name: str = "custom",
        assumptions: Mapping[str, Assumption] | None = None,
        document: Mapping[str, Any] | None = None,
        series: Callable[[TimeGrid], Series] | None = None,
        reader: Callable[[Mapping[str, Any]], Scenario] | None = None,
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
            stated = _in_model_units(model, stated, checks)
        made = series(time) if series is not None else Series({}, {})
        rows = checked_forcing(model, made.forcing if series is not None else forcing, time, checks)
        with checks.collecting():
            joint = _joint_shocks(model, shock_correlation)
        counted = model.chips if chips is None else name_list("chips", chips, checks)
        checks.problems += names_problems("chips", counted, model.causes, "causes")
        _check_assumptions(model, assumptions, checks)
        if not (document is None or isinstance(document, Mapping)):
            checks.add("document", document, "must be a table")
        checks.finish()
        assert stated is not None
        fields: dict[str, Any] = {
            "model": model,
            "inputs": stated,
            "time": time,
            "forcing": Table(rows),
            "context": Table(made.context),
            "shock_correlation": Table(joint.pairs),
            "shock_dependence": Table(joint.stated),
            "shock_factor": joint_factor(model.shock_fields, joint.groups),
            "repairs": stated.repairs + joint.repairs,
            "chips": tuple(cause for cause in model.causes if cause in counted),
            "name": name,
            "assumptions": Table(assumptions or {}),
            "document": document,
            "series": series,
            "reader": reader,
        }
        for field in fields:
            setattr(self, field, fields[field])
        self.shock_factor[1].flags.writeable = False
        self._freeze()
        first = {field: float(values[0]) for field, values in rows.items()}
        dry_run(model, self._medians(), first, time.dt, time.n_steps)

    model: Model
    inputs: Inputs
    time: TimeGrid
    forcing: Mapping[str, NDArray[np.float64]]
    context: Mapping[str, xr.DataArray]
    shock_correlation: Mapping[tuple[str, str], float]
    shock_dependence: Mapping[str, Correlation]
    shock_factor: tuple[tuple[str, ...], NDArray[np.float64]]
    repairs: tuple[Repair, ...]
    chips: tuple[str, ...]
    name: str
    assumptions: Mapping[str, Assumption]
    document: Mapping[str, Any] | None
    series: Callable[[TimeGrid], Series] | None
    reader: Callable[[Mapping[str, Any]], Scenario] | None

    _remedy = "use with_inputs, with_time or with_overlays"

    def with_inputs(self, **changes: Any) -> Scenario:
        """Return the scenario with some inputs replaced by other distributions or numbers.

        Raises
        ------
        InputError
            If a name is not among the inputs, a value is no distribution, or it does not fit the units and bounds of
            the input.
        """
        checks = Checks(ScenarioError)
        changed = _in_model_units(self.model, self.inputs.replace(**changes), checks)
        checks.finish()
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

    def with_overlays(self, *names: str) -> Scenario:
        """Return the scenario under one or more overlays, applied in the order given.

        Parameters
        ----------
        *names : str
            Overlays that come with the library (see `overlay_names`), or paths of overlay files.

        Raises
        ------
        ScenarioError
            If a name is unknown or given twice, an overlay does not fit the scenario, or the scenario has no document
            (it was made in Python, not read from a file).
        """
        from montecarlo_ai.files.overlays import apply_overlays

        document = self._document("with_overlays")
        assert self.reader is not None
        return self.reader(apply_overlays(document, names))

    def to_toml(self) -> str:
        """Return the scenario as the text of a scenario file, which `load_scenario` reads back to an equal scenario.

        Raises
        ------
        ScenarioError
            If the scenario has no document: it was made in Python, from functions that no file can hold.
        """
        from montecarlo_ai.files.document import document_to_toml

        return document_to_toml(self._document("to_toml"))

    def _document(self, asked: str) -> Mapping[str, Any]:
        """Return the scenario file that this is, or raise."""
        if self.document is None or self.reader is None:
            rule = f"was made in Python and has no scenario file, which {asked} needs"
            remedy = 'state it in a file whose model is "module:name"'
            raise ScenarioError(Problem("scenario", self.name, rule, remedy))
        return self.document

    def _changed(self, **changes: Any) -> Scenario:
        names = ("inputs", "time", "forcing", "chips", "name", "assumptions", "document", "series", "reader")
        kept = {name: getattr(self, name) for name in names}
        return Scenario(self.model, **{**kept, "shock_correlation": self.shock_dependence, **changes})

    @cached_property
    def _built_in(self) -> str:
        """The canonical text of a scenario whose functions refer to nothing that changes."""
        return self._spelled()

    def _spelled(self) -> str:
        model = self.model
        told = self.forcing and (self.series is None or model.origin is None)
        forcing = hashlib.sha256(b"".join(values.tobytes() for values in self.forcing.values())).hexdigest()
        content = {
            "model": self._own_model() if model.origin is None else dict(model.origin),
            **self.inputs.to_dict(),
            "time": self.time.to_dict(),
            "forcing": forcing if told else None,
            "shock_correlation": correlation_to_list(self.shock_dependence, "shocks"),
            **self._shock_laws(),
            "chips": list(self.chips),
            "name": self.name,
        }
        return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)

    def _own_model(self) -> dict[str, Any]:
        """Return what tells a model of one's own from every other one."""
        model = self.model
        functions = {role: description(getattr(model, role)) for role in ("step", "initial", "events")}
        return {"functions": functions, "declared": model.declared, "causes": list(model.causes)}

    def _shock_laws(self) -> dict[str, Any]:
        """Return which correlations of shocks may be repaired, and the repaired ones, where that says something."""
        laws = dependence_to_dict(self.shock_dependence)
        del laws["copula"]
        repairs = [repair.to_dict() for repair in self.repairs[len(self.inputs.repairs) :]]
        return ({"shock_dependence": laws} if laws else {}) | ({"shock_repairs": repairs} if repairs else {})

    def canonical(self) -> str:
        """Return the scenario as text in which equal scenarios are equal: JSON, without sources and rationale.

        Functions of one's own stand in it with the values that they refer to now.
        """
        return self._spelled() if self.model.origin is None else self._built_in

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical text, 64 hexadecimal digits."""
        return hash_of(self.canonical())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scenario) and self.hash == other.hash

    def __hash__(self) -> int:
        return hash(self.hash)

    def __repr__(self) -> str:
        facts = "\n".join(f"{name}: {text}" for name, text in self._facts().items())
        return f"{self._title()}\n{facts}\n\n{as_text(self._rows())}"

    def _repr_html_(self) -> str:
        return as_html(self._title(), self._facts(), self._rows())

    def _title(self) -> str:
        title = (self.document or {}).get("title")
        return f"Scenario {self.name!r} ({self.hash[:12]})" + (f": {title}" if title else "")

    def _facts(self) -> dict[str, str]:
        """Return what stands above the table of assumptions."""
        facts = {"time": repr(self.time), "model": repr(self.model), "chips": ", ".join(self.chips) or "none"}
        for name, pairs in (
            ("correlation", self.inputs.correlation),
            ("correlation of shocks", self.shock_correlation),
        ):
            listed = [f"{a}, {b} {rho:g}" for (a, b), rho in list(pairs.items())[:_LISTED_PAIRS]]
            more = [f"and {len(pairs) - _LISTED_PAIRS} more"] if len(pairs) > _LISTED_PAIRS else []
            if pairs:
                facts[name] = "; ".join(listed + more)
        if self.repairs:
            moved = (f"{', '.join(repair.names)} by up to {repair.largest_change:.2g}" for repair in self.repairs)
            facts["repaired correlations"] = "; ".join(moved)
        return facts

    def _rows(self) -> list[Row]:
        return assumption_rows(self.inputs, self.assumptions, self.model.units)

    def _medians(self) -> dict[str, float]:
        """Return the median of each input, whatever their dependence."""
        return {name: float(distribution.ppf(0.5)) for name, distribution in self.inputs.distributions.items()}


def hash_of(canonical: str) -> str:
    """Return the SHA-256 of a canonical text, 64 hexadecimal digits."""
    return hashlib.sha256(canonical.encode()).hexdigest()


def _check_assumptions(model: Model, assumptions: object, checks: Checks) -> None:
    """Record assumptions that are no table, of no input, or in another form."""
    if assumptions is None:
        return
    if not isinstance(assumptions, Mapping):
        checks.add("assumptions", assumptions, "must be a table")
        return
    for name, assumption in assumptions.items():
        if name not in model.param_fields:
            checks.add(f"assumptions.{name}", assumption, "is of no input", nearest(str(name), model.param_fields))
        if not isinstance(assumption, Assumption):
            rule, remedy = "must be an Assumption", "make one of montecarlo_ai.assumptions"
            checks.add(f"assumptions.{name}", assumption, rule, remedy)


def _check_names(model: Model, inputs: Inputs, checks: Checks) -> None:
    """Record inputs that the model does not have, and those that it lacks."""
    for name in inputs.names:
        if name not in model.param_fields:
            near = nearest(name, model.param_fields)
            checks.add(f"inputs.{name}", inputs.distributions[name], "is no input of the model", near)
    for name in model.param_fields:
        if name not in inputs.names:
            checks.add(f"inputs.{name}", None, "is missing", "give it a number or a distribution")


def _in_model_units(model: Model, inputs: Inputs, checks: Checks) -> Inputs:
    """Return the inputs in the model's units; those that do not convert, or leave their bounds, are recorded."""
    converted: dict[str, Distribution] = {}
    for name, distribution in inputs.distributions.items():
        due = model.units.get(name, "")
        with checks.collecting():
            if isinstance(distribution, Measured):
                converted[name] = distribution.in_units(due, f"inputs.{name}")
            if name in model.bounds:
                model.bounds[name].check(f"inputs.{name}", converted.get(name, distribution), due, checks)
    return inputs.replace(**converted) if converted else inputs


def _joint_shocks(model: Model, correlation: Stated | None) -> Dependence:
    """Return how the normal shocks depend on each other."""
    checks = Checks(ScenarioError)
    with checks.collecting():
        joint = correlated_groups(model.shock_fields, correlation, "shock_correlation")
        for pair, value in joint.pairs.items():
            for name in set(pair).intersection(model.uniform_shocks):
                rule = f"{name} is uniform: only normal shocks correlate"
                checks.add(f"shock_correlation[{pair[0]}, {pair[1]}]", value, rule)
        for label, group in joint.stated.items():
            if group.copula != GAUSSIAN:
                field = f"shock_correlation.{label}".removesuffix(".")
                checks.add(f"{field}.copula", group.copula, 'must be "gaussian": shocks are normal')
    checks.finish()
    return joint
