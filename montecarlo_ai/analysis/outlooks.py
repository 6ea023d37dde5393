"""Others' pictures of the same years: company plans and analysts' figures, and where the model has them in its fan."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from montecarlo_ai.analysis.measures import SUM, measured, quantile_at, quantiles_of, stub_of, values_of
from montecarlo_ai.analysis.scoring import probability_below
from montecarlo_ai.assumptions import fact_table
from montecarlo_ai.checks import Checks, nearest
from montecarlo_ai.errors import invalid
from montecarlo_ai.intervals import REPLICATES, Parts, check_interval, share_interval
from montecarlo_ai.passages import check_result, parts_of
from montecarlo_ai.risk import IDENTITY
from montecarlo_ai.scenario import Scenario

__all__ = ["Figure", "Outlook", "outlook_variables", "outlooks", "published_outlooks"]


class Figure(NamedTuple):
    """A row of the table of facts, and the state that it is about, as `montecarlo_ai.analysis.measures` reads it."""

    fact: str
    variable: str
    measure: str


class Outlook(NamedTuple):
    """Somebody's picture of the future: its label and its figures."""

    label: str
    figures: tuple[Figure, ...]


@cache
def published_outlooks() -> tuple[Outlook, ...]:
    """Return the pictures of the years ahead that come with the library, from `outlooks.toml`.

    A sum of a period that begins before a run, and not where its stub does, cannot be measured and is left out of its
    table.
    """
    file = resources.files("montecarlo_ai") / "analysis" / "outlooks.toml"
    entries = tomllib.loads(file.read_text(encoding="utf-8"))["outlook"]
    return tuple(
        Outlook(entry["label"], tuple(Figure(row["fact"], row["state"], row["measure"]) for row in entry["figures"]))
        for entry in entries
    )


def outlook_variables(scenario: Scenario) -> tuple[str, ...]:
    """Return the states that `outlooks` needs an ensemble of a scenario to keep.

    Raises
    ------
    InputError
        If it is no scenario.
    """
    if not isinstance(scenario, Scenario):
        raise invalid("scenario", f"a {type(scenario).__name__}", "must be a Scenario", "outlooks takes its ensemble")
    wanted = dict.fromkeys(figure.variable for outlook in published_outlooks() for figure in outlook.figures)
    return tuple(name for name in wanted if name in scenario.model.state_fields)


def outlooks(
    data: xr.Dataset,
    *,
    labels: Sequence[str] | None = None,
    pictures: Sequence[Outlook] | None = None,
    confidence: float = 0.95,
) -> xr.Dataset:
    """Return others' figures beside the model's: value, and the probability of lying above it.

    Nothing of this is tuned to: the figures are read from the table of facts after the run.

    Parameters
    ----------
    data : Dataset
        An ensemble, or a summary.
    labels : sequence of str, optional
        Which pictures; all that are given, or of those of the library the ones about the scenario's entity.
    pictures : sequence of Outlook, optional
        To choose from; those that come with the library, if not given.
    confidence : float
        Of the intervals.

    Returns
    -------
    Dataset, dims (figure,)
        ``label``, ``variable``, ``measure``, ``value`` (in the state's unit; of a sum, times a year),
        ``period_start``, ``period_end``, ``published``, ``fact``; ``above``, the probability of the model's figure
        lying above it, with limits ``lower`` and ``upper`` (exact, or from the replicates of an ensemble that has
        several; of a summary nan: its quantiles have no count), ``below`` = 1 - above, and ``median``, the model's own
        (nan of a summary that holds no quantiles about it). Figures of states that the result does not hold, or of
        times that it does not reach, are left out; how many, in the attributes.

    Raises
    ------
    InputError
        If a label is unknown; if the data are no result of a run on its whole grid up to some time; or if their paths
        are not independent and of one replicate.
    """
    chosen = _chosen(data, labels, pictures, confidence)
    parts = parts_of(data) if "path" in data.dims else None
    rows, left_out = [], 0
    for picture in chosen:
        for figure in picture.figures:
            row = _row(data, picture.label, figure, confidence, parts)
            left_out += row is None
            rows += [] if row is None else [row]
    attrs = {name: data.attrs[name] for name in IDENTITY if name in data.attrs}
    attrs |= {
        "confidence": float(confidence),
        "method": "clopper-pearson" if parts is None else REPLICATES,
        "left_out": left_out,
        "n_paths": int(data.sizes.get("path", data.attrs.get("n_paths", 0))),
    }
    columns = ("label", "variable", "measure", "fact", "value", "above", "lower", "upper", "below", "median")
    table: dict[str, Any] = {name: ("figure", [row[name] for row in rows]) for name in columns}
    for name in ("period_start", "period_end", "published"):
        table[name] = ("figure", np.array([row[name] for row in rows], dtype="datetime64[s]"))
    return xr.Dataset(table, attrs=attrs)


def _chosen(data: Any, labels: Any, pictures: Any, confidence: float) -> list[Outlook]:
    """Return the pictures that are asked for, after checking the arguments; of the shipped ones the entity's."""
    checks = Checks()
    checks.problems += check_interval(confidence, "clopper-pearson")
    given = published_outlooks() if pictures is None else pictures
    if not isinstance(given, Sequence) or not all(isinstance(picture, Outlook) for picture in given):
        checks.add("pictures", pictures, "must be a list of Outlook")
        given = ()
    known = [picture.label for picture in given]
    if labels is not None and (isinstance(labels, str) or not isinstance(labels, Sequence)):
        checks.add("labels", labels, "must be a list of labels")
        labels = ()
    for label in labels or ():
        if label not in known:
            checks.add("labels", label, "is no picture", nearest(str(label), known))
    with checks.collecting():
        check_result(data)
    checks.finish()
    if labels is not None:
        return [picture for picture in given if picture.label in labels]
    if pictures is not None:
        return list(given)
    entity = data.attrs.get("entity")
    own = [[figure for figure in each.figures if fact_table()[figure.fact]["entity"] == entity] for each in given]
    return [each._replace(figures=tuple(figures)) for each, figures in zip(given, own, strict=True)]


def _row(data: xr.Dataset, label: str, figure: Figure, confidence: float, parts: Parts | None) -> dict[str, Any] | None:
    """Return a figure beside the model's; None where the result cannot say."""
    fact = fact_table()[figure.fact]
    first, last = (np.datetime64(fact[key], "s") for key in ("period_start", "period_end"))
    times = np.asarray(data["time"].values).astype("datetime64[s]")
    if figure.measure != SUM:
        first = last
    steps = int(data.attrs["steps_per_year"])
    found = measured(figure.variable, figure.measure, first, last, times, steps, stub_of(data))
    if found is None or figure.variable not in data or "time" not in data[figure.variable].dims:
        return None
    value = float(fact["value"])
    lower = upper = np.nan
    if "path" in data[figure.variable].dims:
        values = values_of(data, found)
        hits = values > value
        above, median = float(hits.mean()), float(np.median(values))
        lower, upper = share_interval(hits, parts, confidence=confidence)
    else:
        levels, quantiles = quantiles_of(data, found)
        above, median = 1.0 - probability_below(levels, quantiles, value), float(quantile_at(0.5, levels, quantiles))
    return {
        "label": label,
        "variable": figure.variable,
        "measure": figure.measure,
        "fact": figure.fact,
        "value": value,
        "above": above,
        "lower": lower,
        "upper": upper,
        "below": 1.0 - above,
        "median": median,
        "period_start": first,
        "period_end": last,
        "published": np.datetime64(fact["published"], "s"),
    }
