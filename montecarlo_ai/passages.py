"""First passages of a result, counted by cause, time and replicate: the same from an ensemble and from a summary."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from montecarlo_ai.checks import Checks
from montecarlo_ai.errors import InputError, Problem, invalid
from montecarlo_ai.intervals import Parts
from montecarlo_ai.timegrid import SECONDS_PER_YEAR, to_datetime

ANY = "any"


class PassageCounts(NamedTuple):
    """Cumulative numbers of paths by cause, the last of which is `any`.

    Attributes
    ----------
    causes : tuple of str
        The causes in their order, then ``"any"``.
    happened : (replicate, cause, time) int64
        Paths on which the event has happened by each time.
    first : (replicate, cause, time) int64
        Of them, those on which it came first: among the chips, ties to the order of declaration; for another
        cause, before any chip.
    ties : (time,) int64
        Paths whose first chip event came at the same time as another chip's.
    paths : (replicate,) int64
        Paths of each replicate, of which there is one where a run has no others.
    """

    causes: tuple[str, ...]
    happened: NDArray[np.int64]
    first: NDArray[np.int64]
    ties: NDArray[np.int64]
    paths: NDArray[np.int64]


def passage_counts(data: xr.Dataset) -> PassageCounts:
    """Return the cumulative counts of a result, whichever kind it is."""
    check_result(data)
    causes, chips = attribute_names(data, "causes"), attribute_names(data, "chips")
    if not causes:
        raise invalid("causes", causes, "the model reports no causes", "name them: Model(..., causes=[...])")
    if "event_count" in data:
        return _summary_counts(data, causes)
    return _ensemble_counts(data, causes, chips)


def _summary_counts(data: xr.Dataset, causes: Sequence[str]) -> PassageCounts:
    """Return the cumulative counts of a summary, which holds them; one replicate where it holds no parts."""
    labels = (*causes, ANY)
    if "replicate" in data.dims:
        own, first, paths = data["replicate_event_count"], data["replicate_first_count"], data["replicate_paths"].values
    else:
        own, first = (data[name].expand_dims("replicate") for name in ("event_count", "first_count"))
        paths = np.array([data.attrs["n_paths"]])
    happened = own.sel(event=list(causes)).transpose("replicate", "event", "time").values.astype(np.int64)
    came_first = first.sel(cause=list(labels)).transpose("replicate", "cause", "time").values.astype(np.int64)
    ties = data["tie_count"].values.astype(np.int64)
    whole = np.concatenate([happened, came_first[:, -1:]], axis=1)
    return PassageCounts(labels, whole, came_first, ties, paths.astype(np.int64))


def _replicates(data: xr.Dataset) -> NDArray[np.int64]:
    """Return the replicate of each path of an ensemble, numbered without gaps: a part of it may lack some."""
    if "replicate" not in data.coords:
        return np.zeros(data.sizes["path"], dtype=np.int64)
    return np.unique(data["replicate"].values, return_inverse=True)[1].astype(np.int64)


def _ensemble_counts(data: xr.Dataset, causes: Sequence[str], chips: Sequence[str]) -> PassageCounts:
    """Return the cumulative counts of an ensemble from the event times of its paths."""
    n_times, n_paths = data.sizes["time"], data.sizes["path"]
    steps = {event: event_steps(data, event) for event in causes}
    never = np.iinfo(np.int64).max
    earliest = np.full(n_paths, never)
    winner = np.full(n_paths, -1)
    tied = np.zeros(n_paths, dtype=bool)
    ordered = [cause for cause in causes if cause in chips]
    for position, chip in enumerate(ordered):
        tied = np.where(steps[chip] < earliest, False, tied | ((steps[chip] == earliest) & (earliest < never)))
        winner = np.where(steps[chip] < earliest, position, winner)
        earliest = np.minimum(earliest, steps[chip])
    replicate = _replicates(data)
    paths = np.bincount(replicate)
    shape = len(paths), n_times
    happened = [_cumulative(steps[cause], shape, replicate) for cause in causes]
    first = []
    for cause in causes:
        came_first = winner == ordered.index(cause) if cause in chips else steps[cause] < earliest
        first.append(_cumulative(steps[cause][came_first], shape, replicate[came_first]))
    together = _cumulative(earliest, shape, replicate)
    return PassageCounts(
        (*causes, ANY),
        np.stack([*happened, together], axis=1),
        np.stack([*first, together], axis=1),
        _cumulative(earliest[tied], shape, replicate[tied]).sum(axis=0),
        paths,
    )


def event_steps(data: xr.Dataset, event: str) -> NDArray[np.int64]:
    """Return the step after which an event first happened on each path of an ensemble; the largest integer if never."""
    years = data["event_time"].sel(event=event).values
    steps = np.full(years.shape, np.iinfo(np.int64).max)
    met = np.isfinite(years)
    steps[met] = np.rint(years[met] * steps_per_year(data)).astype(np.int64)
    return steps


def _cumulative(steps: NDArray[np.int64], shape: tuple[int, int], replicate: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many of the steps have been reached, (replicate, time)."""
    replicates, n_times = shape
    reached = steps < n_times
    at = np.bincount(replicate[reached] * n_times + steps[reached], minlength=replicates * n_times)
    return at.reshape(shape).cumsum(axis=1, dtype=np.int64)


def event_counts(data: xr.Dataset, events: Sequence[str]) -> NDArray[np.int64]:
    """Return (event, time) cumulative counts of events, by name."""
    check_result(data)
    known = [str(event) for event in data["event"].values]
    unknown = [event for event in events if event not in known]
    if unknown:
        rule = f"is no event of this run ({', '.join(known)})"
        raise InputError([Problem("event", event, rule) for event in unknown])
    if "event_count" in data:
        return data["event_count"].sel(event=list(events)).transpose("event", "time").values.astype(np.int64)
    shape, whole = (1, data.sizes["time"]), np.zeros(data.sizes["path"], dtype=np.int64)
    return np.stack([_cumulative(event_steps(data, event), shape, whole)[0] for event in events])


def check_result(data: xr.Dataset) -> None:
    """Raise unless `data` is an ensemble or a summary, on its run's grid and of paths of equal weight, one at least."""
    if not isinstance(data, xr.Dataset):
        raise invalid("data", type(data).__name__, "must be a result of simulate or summarize")
    needed = {"event_count", "first_count", "tie_count"} if "event_count" in data else {"event_time"}
    missing = sorted(needed - set(data.variables) | {"time", "event"} - set(data.coords))
    missing += [name for name in ("causes", "chips", "steps_per_year") if name not in data.attrs]
    if missing:
        rule = f"must be a result of simulate or summarize; this lacks {', '.join(missing)}"
        raise invalid("data", f"Dataset of {len(data.variables)} variables", rule)
    if "weight" in data.variables:
        raise invalid("data", "a weighted run", "counts of paths say nothing where paths have weights")
    if "event_count" not in data and "path" not in data["event_time"].dims:
        raise invalid("data", "a single path", "must be a result of simulate or summarize")
    if data.sizes.get("path", 1) == 0:
        raise invalid("data", "no path", "must have one path at least")
    check_grid(data)


def check_grid(data: xr.Dataset) -> None:
    """Raise unless the times of a result are those of its run, from the start on: what it tells is by steps since then.

    Later ones may be missing.
    """
    times = np.asarray(data["time"].values).astype("datetime64[s]")
    step = SECONDS_PER_YEAR / steps_per_year(data)
    seconds = times.astype(np.int64)
    # Calendar months stray from equal steps by up to three days.
    strayed = np.abs(seconds - seconds[:1] - np.arange(times.size) * step) > min(0.5 * step, 5 * 86_400.0)
    start = json.loads(data.attrs.get("scenario_canonical", "{}")).get("time", {}).get("start")
    late = start is not None and times.size > 0 and times[0] != np.datetime64(start, "s")
    if times.size == 0 or late or bool(strayed.any()):
        rule = "must be all times of the run from its start on, up to any of them"
        raise invalid("time", f"{times.size} times", rule, "give the result before selecting times")


def column_at(times: NDArray[np.datetime64], date: Any, field: str) -> int:
    """Return the column of the last time of a grid at or before a date; raise if that is none or lies outside."""
    moment = to_datetime(date, field)
    if not times[0] <= moment <= times[-1]:
        first, last = (str(end).removesuffix("T00:00:00") for end in (times[0], times[-1]))
        raise invalid(field, str(moment), f"must lie on the grid, {first} to {last}")
    return int(np.searchsorted(times, moment, side="right")) - 1


def columns_at(times: NDArray[np.datetime64], at: ArrayLike) -> NDArray[np.int64]:
    """Return the columns of one date or of several, see `column_at`; raise with all that is wrong with them."""
    # An array of dates keeps its type, for as objects they would be whole numbers.
    kind = None if isinstance(at, np.ndarray | xr.DataArray) else object
    dates = list(np.atleast_1d(np.asarray(at, dtype=kind)).ravel())
    checks = Checks()
    if not dates:
        checks.add("at", at, "must hold one date at least", "or leave it out")
    found = np.zeros(len(dates), dtype=np.int64)
    for k, date in enumerate(dates):
        with checks.collecting():
            found[k] = column_at(times, date, "at")
    checks.finish()
    return found


def parts_of(data: xr.Dataset) -> Parts | None:
    """Return how the paths of an ensemble hang together; None where all are independent and nothing tells them apart.

    Raises
    ------
    InputError
        If they are not independent and of one replicate, which tells no interval.
    """
    replicate, sampler = _replicates(data), str(data.attrs.get("sampler", "random"))
    if replicate.max() > 0:
        return Parts(replicate, paths_together(data))
    if sampler != "random":
        rule = f"tells no interval: the paths of the sampler {sampler} are not independent"
        raise invalid("replicates", 1, rule, "run it with replicates=16")
    return None


def paths_together(data: xr.Dataset) -> int:
    """Return how many paths of a run hang together: the two of a pair."""
    return 2 if data.attrs.get("sampler") == "antithetic" else 1


def number_of_paths(data: xr.Dataset) -> int:
    """Return how many paths a result is of: of an ensemble, those that it holds."""
    return int(data.sizes["path"]) if "event_time" in data else int(data.attrs["n_paths"])


def steps_per_year(data: xr.Dataset) -> int:
    """Return the steps a year of a result."""
    return int(data.attrs["steps_per_year"])


def attribute_names(data: xr.Dataset, attribute: str) -> list[str]:
    """Return a list attribute; netCDF gives a list of one back as a plain string."""
    value = data.attrs[attribute]
    return [value] if isinstance(value, str) else [str(name) for name in value]
