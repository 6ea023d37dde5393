"""The probability of running out of chips: by date, by cause, with the interval that the paths allow.

Every number here comes from exact counts of first passages, so that an ensemble (event times of each path)
and a summary (counts only) of the same run give the same figures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from montecarlo_ai.errors import InputError, Problem, invalid
from montecarlo_ai.intervals import (
    BINOMIAL_METHODS,
    REPLICATES,
    binomial_interval,
    check_interval,
    rank_at,
    replicate_interval,
)
from montecarlo_ai.passages import (
    ANY,
    attribute_names,
    columns_at,
    event_counts,
    number_of_paths,
    passage_counts,
    paths_together,
    steps_per_year,
)

__all__ = [
    "describe_chips",
    "describe_probability",
    "describe_share",
    "first_passage_quantiles",
    "interval_name",
    "probability_text",
    "probability_texts",
    "runs_out_of_chips",
    "share_texts",
]

IDENTITY = (
    "montecarlo_ai_version",
    "stream_version",
    "scenario",
    "scenario_hash",
    "seed",
    "sampler",
    "replicates",
    "dtype",
    "steps_per_year",
    "created_at",
)


def runs_out_of_chips(
    data: xr.Dataset,
    *,
    at: ArrayLike | None = None,
    confidence: float = 0.95,
    method: str | None = None,
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
    method : {"clopper-pearson", "wilson", "replicates"}, optional
        Clopper-Pearson covers at or above the nominal level for every probability; Wilson is shorter and can
        cover less for small ones; both are for independent paths, sampler "random". "replicates" is Student's t on
        the replicates' shares, and Clopper-Pearson's limits where these are all the same, or are farther for fewer hits
        than replicates. If not given: "replicates" for a run that has them, "clopper-pearson" for one that has not.

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
        If `data` is no result of a run, a date lies outside its grid, an argument is out of its range, or the method
        does not hold for the run's sampler.

    References
    ----------
    Clopper and Pearson (1934), doi:10.1093/biomet/26.4.404; Wilson (1927), doi:10.1080/01621459.1927.10502953;
    Fine and Gray (1999), doi:10.1080/01621459.1999.10474144, for the cumulative incidence.
    """
    counts = passage_counts(data)
    sampler = str(data.attrs.get("sampler", "random"))
    if method is None:
        method = "clopper-pearson" if sampler == "random" and len(counts.paths) == 1 else REPLICATES
    problems = check_interval(confidence, method) + _method_problems(method, sampler, len(counts.paths))
    times = np.asarray(data["time"].values)
    columns: Any = slice(None)
    if at is not None:
        try:
            columns = columns_at(times.astype("datetime64[s]"), at)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    by_replicate = counts.happened[:, :, columns], counts.first[:, :, columns]
    happened, first = by_replicate[0].sum(axis=0), by_replicate[1].sum(axis=0)
    n = int(counts.paths.sum())
    probability = happened / n
    if method == REPLICATES:
        together = paths_together(data)
        (deviation, lower, upper), (_, first_lower, first_upper) = (
            replicate_interval(hits, counts.paths, confidence=confidence, together=together) for hits in by_replicate
        )
    else:
        deviation = np.sqrt(probability * (1.0 - probability) / n)
        lower, upper = binomial_interval(happened, n, confidence=confidence, method=method)
        first_lower, first_upper = binomial_interval(first, n, confidence=confidence, method=method)
    dims = ("cause", "time")
    variables = {
        "probability": (dims, probability, _label("fraction", "probability of the cause by this time")),
        "first": (dims, first / n, _label("fraction", "probability that the cause came first by this time")),
        "standard_error": (dims, deviation, _label("fraction", "standard error of the probability")),
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
    counts = passage_counts(data) if event == ANY else None
    happened = event_counts(data, (event,))[0] if counts is None else counts.happened[:, -1].sum(axis=0)
    needed = [rank_at(float(level), number_of_paths(data)) for level in levels]
    index = np.searchsorted(happened, needed, side="left")
    reached = index < happened.size
    inside = np.minimum(index, happened.size - 1)
    years = np.where(reached, index / steps_per_year(data), np.inf)
    dates = np.where(reached, np.asarray(data["time"].values)[inside], np.datetime64("NaT"))
    return xr.DataArray(
        years,
        dims="quantile",
        coords={"quantile": levels, "date": ("quantile", dates)},
        name=event,
        attrs=_label("year", f"time until {event.replace('_', ' ')}"),
    )


def describe_probability(count: int, n: int, confidence: float = 0.95) -> str:
    """Return a probability counted on independent paths and its uncertainty in words; never "0%".

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
    return _sentence(probability_text(count, n, confidence), count, n, confidence)


def describe_chips(chips: xr.Dataset, cause: str = ANY) -> str:
    """Return the probability of a cause at the last time of a result of `runs_out_of_chips`, in words.

    Its uncertainty is the one that stands beside it, by whatever method.
    """
    end = chips.sel(cause=cause).isel(time=slice(-1, None))
    return describe_share(end, ("probability", "lower", "upper"), int(end["count"].values[0]))


def describe_share(found: xr.Dataset, names: Sequence[str], count: int) -> str:
    """Return the last of some shares of paths in words, with its uncertainty as `share_texts` has it.

    Parameters
    ----------
    found : Dataset
    names : sequence of str
        As `share_texts` takes them.
    count : int
        Paths that are hit, of which the share is.
    """
    n, confidence = int(found.attrs["n_paths"]), float(found.attrs["confidence"])
    return _sentence(share_texts(found, names)[-1], count, n, confidence)


def _sentence(text: tuple[str, str], count: int, n: int, confidence: float) -> str:
    """Return a probability with its interval, or with how many paths its bound rests on."""
    level = f"{100.0 * confidence:.6g}%"
    share, interval = text
    if interval:
        return f"{share} ({level}: {interval})"
    paths = "1 path" if n == 1 else f"{n:,} paths"
    return f"{share} ({level}, {'none in' if count == 0 else 'all of'} {paths})"


def probability_text(count: int, n: int, confidence: float = 0.95) -> tuple[str, str]:
    """Return a probability counted on independent paths and its two-sided interval as text.

    At no or only hits it is a one-sided bound, and no interval.

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
    share = count / n
    return _texts(share, (float(lower), float(upper)), math.sqrt(share * (1.0 - share) / n), n, confidence)


def probability_texts(chips: xr.Dataset, cause: str, *, first: bool = False) -> list[tuple[str, str]]:
    """Return the probabilities of a cause over time, and their intervals, as text.

    Parameters
    ----------
    chips : Dataset
        From `runs_out_of_chips`, whose intervals are taken as they stand.
    cause : str
    first : bool
        Those that the cause came first.
    """
    names = ("first", "first_lower", "first_upper") if first else ("probability", "lower", "upper")
    return share_texts(chips.sel(cause=cause), names)


def share_texts(found: xr.Dataset, names: Sequence[str]) -> list[tuple[str, str]]:
    """Return shares of paths, and their intervals, as text.

    Parameters
    ----------
    found : Dataset
        Of one dimension; what its intervals are stands in the attributes ``n_paths``, ``confidence`` and ``method``.
    names : sequence of str
        Of the shares, their lower and their upper limits.
    """
    rows = [found[name].values.tolist() for name in names]
    trials, confidence = int(found.attrs["n_paths"]) / paths_together(found), float(found.attrs["confidence"])
    counted = found.attrs["method"] in BINOMIAL_METHODS
    return [
        _texts(
            share,
            (low, high),
            math.sqrt(share * (1.0 - share) / trials) if counted else 0.25 * (high - low),
            trials,
            confidence,
        )
        for share, low, high in zip(*rows, strict=True)
    ]


def interval_name(chips: xr.Dataset) -> str:
    """Return what the intervals of a result of `runs_out_of_chips` are called."""
    names = {"clopper-pearson": "Clopper-Pearson", "wilson": "Wilson"}
    return names.get(chips.attrs["method"], f"from {chips.attrs.get('replicates')} {REPLICATES}")


def _texts(
    share: float, limits: tuple[float, float], error: float, trials: float, confidence: float
) -> tuple[str, str]:
    """Return a share and its limits to the digits that its standard error deserves; a bound where it is 0 or 1."""
    if share in (0.0, 1.0):
        near, far = _bounds((1.0 - confidence) ** (1.0 / trials))
        return (f"below {far}%" if share == 0.0 else f"above {near}%"), ""
    digits = max(0, -math.floor(math.log10(100.0 * error)))
    low, high = (_percent(limit, digits) if 0.0 < limit < 1.0 else f"{100.0 * limit:.0f}%" for limit in limits)
    return _percent(share, digits), f"{low} to {high}"


def _percent(share: float, digits: int) -> str:
    """Return a share inside (0, 1) as a percentage with enough digits never to show 0% or 100%."""
    while digits < 15 and float(f"{100.0 * share:.{digits}f}") in (0.0, 100.0):
        digits += 1
    return f"{100.0 * share:.{digits}f}%"


def _bounds(least: float) -> tuple[str, str]:
    """Return a share rounded down and what is left of it rounded up, in %; the smaller to two significant digits."""
    up = least > 0.5
    smaller = 100.0 * (1.0 - least if up else least)
    digits = 1 - math.floor(math.log10(smaller))
    scaled = smaller * 10.0**digits
    rounded = (math.ceil(scaled * (1.0 - 1e-12)) if up else math.floor(scaled * (1.0 + 1e-12))) / 10.0**digits
    texts = [f"{value:.{max(digits, 0)}f}" for value in (rounded, 100.0 - rounded)]
    shown = [text.rstrip("0").rstrip(".") if "." in text else text for text in texts]
    return (shown[1], shown[0]) if up else (shown[0], shown[1])


def _method_problems(method: str, sampler: str, replicates: int) -> list[Problem]:
    """Return why a method does not hold for a run, if so."""
    if method == REPLICATES and replicates < 2:
        rule = f"needs at least two replicates, and this {sampler} run has one"
        return [Problem("method", method, rule, "run it with replicates=16")]
    if method in BINOMIAL_METHODS and sampler != "random":
        rule = f"holds for independent paths, which those of the sampler {sampler} are not"
        return [Problem("method", method, rule, f'leave it out, or write "{REPLICATES}"')]
    return []


def _label(units: str, long_name: str) -> dict[str, str]:
    return {"units": units, "long_name": long_name}
