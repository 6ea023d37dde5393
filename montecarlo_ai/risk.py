"""The probability of running out of chips: by date, by cause, with the interval that the paths allow.

Every number here comes from exact counts of first passages, so that an ensemble (event times of each path)
and a summary (counts only) of the same run give the same figures.
"""

from __future__ import annotations

import json
import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from montecarlo_ai.errors import InputError, Problem, invalid
from montecarlo_ai.intervals import binomial_interval, check_interval
from montecarlo_ai.timegrid import SECONDS_PER_YEAR

__all__ = [
    "attribute_names",
    "describe_probability",
    "first_passage_quantiles",
    "probability_text",
    "runs_out_of_chips",
]

ANY = "any"
IDENTITY = (
    "montecarlo_ai_version",
    "stream_version",
    "scenario",
    "scenario_hash",
    "model_hash",
    "seed",
    "sampler",
    "dtype",
    "steps_per_year",
    "created_at",
)


class PassageCounts(NamedTuple):
    """Cumulative numbers of paths by cause, the last of which is `any`.

    Attributes
    ----------
    causes : tuple of str
        The causes in their order, then ``"any"``.
    happened : (cause, time) int64
        Paths on which the event has happened by each time.
    first : (cause, time) int64
        Of them, those on which it came first: among the chips, ties to the order of declaration; for another
        cause, before any chip.
    ties : (time,) int64
        Paths whose first chip event came at the same time as another chip's.
    n_paths : int
    """

    causes: tuple[str, ...]
    happened: NDArray[np.int64]
    first: NDArray[np.int64]
    ties: NDArray[np.int64]
    n_paths: int


def runs_out_of_chips(
    data: xr.Dataset,
    *,
    at: ArrayLike | None = None,
    confidence: float = 0.95,
    method: str = "clopper-pearson",
) -> xr.Dataset:
    """Return the probability of running out of chips by each time, by cause and for any of them.

    Parameters
    ----------
    data : Dataset
        An ensemble (`simulate`) or a summary (`summarize`); both give the same numbers for the same run.
    at : date or sequence of dates, optional
        Dates of interest; each gives the last time of the grid at or before it. All times if not given.
    confidence : float
        Of the two-sided intervals, inside (0, 1).
    method : {"clopper-pearson", "wilson"}
        Clopper-Pearson covers at or above the nominal level for every probability; Wilson is shorter and can
        cover less for small ones.

    Returns
    -------
    Dataset, dims (cause, time)
        ``probability`` (this cause by this time), ``first`` (this cause came first, the cumulative incidence of
        competing risks: over the chips it sums to ``any``), ``standard_error``, ``lower``, ``upper`` of the
        probability, ``first_lower``, ``first_upper``, and the exact ``count`` and ``first_count``;
        ``tie_share(time)`` is the share of all paths on which two chips came first together.

    Raises
    ------
    InputError
        If `data` is no result of a run, a date lies outside its grid, or an argument is out of its range.

    References
    ----------
    Clopper and Pearson (1934), doi:10.1093/biomet/26.4.404; Wilson (1927), doi:10.1080/01621459.1927.10502953;
    Fine and Gray (1999), doi:10.1080/01621459.1999.10474144, for the cumulative incidence.
    """
    counts = _counts(data)
    problems = check_interval(confidence, method)
    times = np.asarray(data["time"].values)
    columns: Any = slice(None)
    if at is not None:
        try:
            columns = _columns_at(times, at)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    happened, first = counts.happened[:, columns], counts.first[:, columns]
    n = counts.n_paths
    probability = happened / n
    lower, upper = binomial_interval(happened, n, confidence=confidence, method=method)
    first_lower, first_upper = binomial_interval(first, n, confidence=confidence, method=method)
    dims = ("cause", "time")
    variables = {
        "probability": (dims, probability, _label("fraction", "probability of the cause by this time")),
        "first": (dims, first / n, _label("fraction", "probability that the cause came first by this time")),
        "standard_error": (
            dims,
            np.sqrt(probability * (1.0 - probability) / n),
            _label("fraction", "standard error of the probability"),
        ),
        "lower": (dims, lower, _label("fraction", "lower limit of the probability")),
        "upper": (dims, upper, _label("fraction", "upper limit of the probability")),
        "first_lower": (dims, first_lower, _label("fraction", "lower limit of the share that came first")),
        "first_upper": (dims, first_upper, _label("fraction", "upper limit of the share that came first")),
        "count": (dims, happened, _label("paths", "paths with the cause by this time")),
        "first_count": (dims, first, _label("paths", "paths on which the cause came first")),
        "tie_share": ("time", counts.ties[columns] / n, _label("fraction", "share of paths with a tie of chips")),
    }
    attrs = {name: data.attrs[name] for name in IDENTITY if name in data.attrs}
    attrs |= {"n_paths": n, "confidence": float(confidence), "method": method, "chips": attribute_names(data, "chips")}
    return xr.Dataset(variables, coords={"cause": list(counts.causes), "time": times[columns]}, attrs=attrs)


def first_passage_quantiles(data: xr.Dataset, event: str, quantiles: ArrayLike) -> xr.DataArray:
    """Return by when an event has happened on given shares of the paths; ``inf`` where it never does.

    Parameters
    ----------
    data : Dataset
        An ensemble or a summary; both give the same numbers for the same run.
    event : str
        An event of the model, or ``"any"`` for the first of the chips.
    quantiles : float or sequence of float
        Shares of all paths, inside [0, 1].

    Returns
    -------
    DataArray, dims (quantile,)
        The smallest time of the grid by which that share has met the event, in years since the start; the
        coordinate ``date`` has the same as a date (NaT for never).

    Raises
    ------
    InputError
        If `data` is no result of a run, the event is unknown, or a quantile is out of its range.
    """
    levels = np.atleast_1d(np.asarray(quantiles, dtype=np.float64))
    if levels.ndim != 1 or not np.all((levels >= 0.0) & (levels <= 1.0)):
        raise invalid("quantiles", quantiles, "must lie inside [0, 1]")
    counts = _counts(data) if event == ANY else None
    happened = _event_counts(data, (event,))[0] if counts is None else counts.happened[-1]
    needed = np.maximum(np.ceil(levels * _number_of_paths(data) * (1.0 - 1e-12)), 1.0)
    index = np.searchsorted(happened, needed, side="left")
    reached = index < happened.size
    inside = np.minimum(index, happened.size - 1)
    years = np.where(reached, index / _steps_per_year(data), np.inf)
    dates = np.where(reached, np.asarray(data["time"].values)[inside], np.datetime64("NaT"))
    return xr.DataArray(
        years,
        dims="quantile",
        coords={"quantile": levels, "date": ("quantile", dates)},
        name=event,
        attrs=_label("year", f"time until {event.replace('_', ' ')}"),
    )


def describe_probability(count: int, n: int, confidence: float = 0.95) -> str:
    """Return a probability and its uncertainty in words; no hits give a bound, never "0%".

    Parameters
    ----------
    count, n : int
        Paths with the event, and all paths.
    confidence : float
        Of the two-sided Clopper-Pearson interval; of the one-sided bound where there are no hits, or only hits.

    Examples
    --------
    >>> describe_probability(0, 1_000)
    'below 0.3% (95%, none in 1,000 paths)'
    >>> describe_probability(10, 1_000)
    '1.0% (95%: 0.5% to 1.8%)'
    """
    level = f"{100.0 * confidence:.6g}%"
    share, interval = probability_text(count, n, confidence)
    if interval:
        return f"{share} ({level}: {interval})"
    paths = "1 path" if n == 1 else f"{n:,} paths"
    return f"{share} ({level}, {'none in' if count == 0 else 'all of'} {paths})"


def probability_text(count: int, n: int, confidence: float = 0.95) -> tuple[str, str]:
    """Return a probability and its two-sided interval as text; a one-sided bound and nothing at no or only hits.

    Parameters
    ----------
    count, n : int
        Paths with the event, and all paths.
    confidence : float

    Examples
    --------
    >>> probability_text(10, 1_000), probability_text(0, 1_000)
    (('1.0%', '0.5% to 1.8%'), ('below 0.3%', ''))
    """
    lower, upper = binomial_interval(count, n, confidence=confidence)
    if count in (0, n):
        rounded = _round_up(100.0 * (1.0 - (1.0 - confidence) ** (1.0 / n)))
        digits = len(rounded.partition(".")[2])
        return (f"below {rounded}%" if count == 0 else f"above {100.0 - float(rounded):.{digits}f}%"), ""
    share = count / n
    digits = max(0, -math.floor(math.log10(100.0 * math.sqrt(share * (1.0 - share) / n))))
    return _percent(share, digits), f"{_percent(float(lower), digits)} to {_percent(float(upper), digits)}"


def _percent(share: float, digits: int) -> str:
    """Return a share inside (0, 1) as a percentage with enough digits never to show 0% or 100%."""
    while digits < 15 and float(f"{100.0 * share:.{digits}f}") in (0.0, 100.0):
        digits += 1
    return f"{100.0 * share:.{digits}f}%"


def _round_up(value: float) -> str:
    """Return a positive number rounded up to two significant digits, without trailing zeros."""
    digits = 1 - math.floor(math.log10(value))
    scaled = math.ceil(value * 10.0**digits * (1.0 - 1e-12))
    text = f"{scaled / 10.0**digits:.{max(digits, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _counts(data: xr.Dataset) -> PassageCounts:
    """Return the cumulative counts of a result, whichever kind it is."""
    _check_result(data)
    causes, chips = attribute_names(data, "causes"), attribute_names(data, "chips")
    if not causes:
        raise invalid("causes", causes, "the model reports no causes", "name them: Model(..., causes=[...])")
    labels = (*causes, ANY)
    n_paths = _number_of_paths(data)
    if "event_count" in data:
        own = _event_counts(data, causes)
        first = data["first_count"].sel(cause=list(labels)).transpose("cause", "time").values.astype(np.int64)
        ties = data["tie_count"].values.astype(np.int64)
        return PassageCounts(labels, np.vstack([own, first[-1:]]), first, ties, n_paths)
    return _ensemble_counts(data, causes, chips)


def _ensemble_counts(data: xr.Dataset, causes: Sequence[str], chips: Sequence[str]) -> PassageCounts:
    """Return the cumulative counts of an ensemble from the event times of its paths."""
    n_times, n_paths = data.sizes["time"], data.sizes["path"]
    steps = {event: _event_steps(data, event) for event in causes}
    never = np.iinfo(np.int64).max
    earliest = np.full(n_paths, never)
    winner = np.full(n_paths, -1)
    tied = np.zeros(n_paths, dtype=bool)
    ordered = [cause for cause in causes if cause in chips]
    for position, chip in enumerate(ordered):
        tied = np.where(steps[chip] < earliest, False, tied | ((steps[chip] == earliest) & (earliest < never)))
        winner = np.where(steps[chip] < earliest, position, winner)
        earliest = np.minimum(earliest, steps[chip])
    happened = [_cumulative(steps[cause], n_times) for cause in causes]
    first = []
    for cause in causes:
        came_first = winner == ordered.index(cause) if cause in chips else steps[cause] < earliest
        first.append(_cumulative(steps[cause][came_first], n_times))
    together = _cumulative(earliest, n_times)
    return PassageCounts(
        (*causes, ANY),
        np.stack([*happened, together]),
        np.stack([*first, together]),
        _cumulative(earliest[tied], n_times),
        n_paths,
    )


def _event_steps(data: xr.Dataset, event: str) -> NDArray[np.int64]:
    """Return the step after which an event first happened on each path; the largest integer if never."""
    years = data["event_time"].sel(event=event).values
    steps = np.full(years.shape, np.iinfo(np.int64).max)
    met = np.isfinite(years)
    steps[met] = np.rint(years[met] * _steps_per_year(data)).astype(np.int64)
    return steps


def _cumulative(steps: NDArray[np.int64], n_times: int) -> NDArray[np.int64]:
    """Return how many of the steps have been reached by each time of the grid."""
    return np.cumsum(np.bincount(steps[steps < n_times], minlength=n_times), dtype=np.int64)


def _event_counts(data: xr.Dataset, events: Sequence[str]) -> NDArray[np.int64]:
    """Return (event, time) cumulative counts of events, by name."""
    _check_result(data)
    known = [str(event) for event in data["event"].values]
    unknown = [event for event in events if event not in known]
    if unknown:
        rule = f"is no event of this run ({', '.join(known)})"
        raise InputError([Problem("event", event, rule) for event in unknown])
    if "event_count" in data:
        return data["event_count"].sel(event=list(events)).transpose("event", "time").values.astype(np.int64)
    return np.stack([_cumulative(_event_steps(data, event), data.sizes["time"]) for event in events])


def _columns_at(times: NDArray[np.datetime64], at: ArrayLike) -> NDArray[np.int64]:
    """Return the column of the last time of the grid at or before each date."""
    try:
        dates = np.atleast_1d(np.asarray(at, dtype="datetime64[s]"))
    except (ValueError, TypeError):
        raise invalid("at", at, "must be dates", 'write them as "2028-12-31"') from None
    outside = [
        Problem("at", str(date), f"must lie on the grid, {_day(times[0])} to {_day(times[-1])}")
        for date in dates.ravel()
        if not times[0] <= date <= times[-1]
    ]
    if outside:
        raise InputError(outside)
    return np.searchsorted(times, dates.ravel(), side="right").astype(np.int64) - 1


def _check_result(data: xr.Dataset) -> None:
    """Raise unless `data` is an ensemble or a summary with its whole grid and with paths of equal weight."""
    if not isinstance(data, xr.Dataset):
        raise invalid("data", type(data).__name__, "must be a result of simulate or summarize")
    needed = {"event_count", "first_count", "tie_count"} if "event_count" in data else {"event_time"}
    missing = sorted(needed - set(data.variables) | {"time", "event"} - set(data.coords))
    missing += [name for name in ("causes", "chips", "steps_per_year") if name not in data.attrs]
    if missing:
        rule = f"must be a result of simulate or summarize; this lacks {', '.join(missing)}"
        raise invalid("data", f"Dataset of {len(data.variables)} variables", rule)
    if "weight" in data.variables or data.attrs.get("sampler", "random") != "random":
        sampler = "weighted" if "weight" in data.variables else data.attrs["sampler"]
        raise invalid("data", f"a {sampler} run", "binomial intervals hold for independent paths of equal weight only")
    if "event_count" not in data and "path" not in data["event_time"].dims:
        raise invalid("data", "a single path", "must be a result of simulate or summarize")
    _check_grid(np.asarray(data["time"].values).astype("datetime64[s]"), data.attrs)


def _check_grid(times: NDArray[np.datetime64], attrs: Mapping[Hashable, Any]) -> None:
    """Raise unless the times are those of the run from its start on: counts are by steps since then."""
    step = SECONDS_PER_YEAR / int(attrs["steps_per_year"])
    seconds = times.astype(np.int64)
    # Calendar months stray from equal steps by up to three days.
    strayed = np.abs(seconds - seconds[:1] - np.arange(times.size) * step) > min(0.5 * step, 5 * 86_400.0)
    start = json.loads(attrs.get("scenario_canonical", "{}")).get("time", {}).get("start")
    late = start is not None and times.size > 0 and times[0] != np.datetime64(start, "s")
    if times.size == 0 or late or bool(strayed.any()):
        rule = "must be all times of the run from its start on"
        raise invalid("time", f"{times.size} times", rule, "give the result before selecting times, and use at=")


def _number_of_paths(data: xr.Dataset) -> int:
    return int(data.sizes["path"]) if "event_time" in data else int(data.attrs["n_paths"])


def _steps_per_year(data: xr.Dataset) -> int:
    return int(data.attrs["steps_per_year"])


def attribute_names(data: xr.Dataset, attribute: str) -> list[str]:
    """Return a list attribute; netCDF gives a list of one back as a plain string."""
    value = data.attrs[attribute]
    return [value] if isinstance(value, str) else [str(name) for name in value]


def _label(units: str, long_name: str) -> dict[str, str]:
    return {"units": units, "long_name": long_name}


def _day(time: np.datetime64) -> str:
    return str(time.astype("datetime64[D]"))
