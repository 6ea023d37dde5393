"""What each counterparty stands to lose when the lab runs out of chips, and how much of it is wrong-way risk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from montecarlo_ai.analysis.claims import AGES, DELIVERED, claims_at, counterparties_of, own_states
from montecarlo_ai.analysis.tails import mean_interval, quantile_interval, shortfall_interval
from montecarlo_ai.checks import LARGEST_SEED, Checks, nearest
from montecarlo_ai.errors import invalid
from montecarlo_ai.intervals import REPLICATES, Parts, check_interval, share_interval
from montecarlo_ai.passages import ANY, attribute_names, check_result, columns_at, event_steps, parts_of
from montecarlo_ai.risk import IDENTITY
from montecarlo_ai.scenario import Scenario

__all__ = ["exposure", "exposure_variables"]

ALL = "all"
LEVELS = (0.95, 0.99)
_PATHS = 20_000
_MONEY = ("loss", "given_event", "shortfall", "loss_quantile")


def exposure_variables(scenario: Scenario) -> tuple[str, ...]:
    """Return the states that `exposure` needs an ensemble of a scenario to keep.

    Raises
    ------
    InputError
        If it is no scenario.
    """
    if not isinstance(scenario, Scenario):
        raise invalid("scenario", f"a {type(scenario).__name__}", "must be a Scenario", "exposure takes its ensemble")
    fields = scenario.model.state_fields
    counterparties = scenario.context["commitment"]["counterparty"].values if "commitment" in scenario.context else ()
    own = [state for name in counterparties for state in own_states(str(name))]
    return tuple(state for state in (*AGES, DELIVERED, *own) if state in fields)


def exposure(
    ensemble: xr.Dataset | Scenario,
    *,
    event: str = "cash",
    at: ArrayLike | None = None,
    levels: Sequence[float] = LEVELS,
    confidence: float = 0.95,
    n_paths: int = _PATHS,
    seed: int | None = None,
) -> xr.Dataset:
    """Return what each counterparty has outstanding when the event happens: expected, in the tail, and against chance.

    The loss of a counterparty by a date is what is still to be paid under its contract at the lab's first passage (see
    `montecarlo_ai.analysis.claims.claims_at`), or nothing if that has not come by then: before recovery, before the
    compute is let to others, not discounted.

    Parameters
    ----------
    ensemble : Dataset or Scenario
        An ensemble of the lab that keeps `exposure_variables`, or a scenario, which is run.
    event : str
        A way to run out, or "any" for the first of the chips.
    at : date or sequence of dates, optional
        Each gives the last time of the grid at or before it; the ends of years and the horizon, if not given.
    levels : sequence of float
        Of the tail measures, inside (0, 1).
    confidence : float
        Of the two-sided intervals.
    n_paths, seed
        Of the run that a scenario needs.

    Returns
    -------
    Dataset, dims (counterparty, time), the last counterparty ``"all"``, USD
        ``outstanding``: expected at the time, whatever happens. ``loss``: expected by the time. ``given_event``:
        expected where the event has happened, at its time. ``independent``: what that would be if the event fell on
        any path alike, at the same times; ``wrong_way`` = given_event / independent, above 1 where a counterparty has
        most outstanding just when the lab fails. ``correlation`` of what is outstanding at the time with the event
        having happened by it. ``shortfall`` and ``loss_quantile`` over (level, counterparty, time). Limits of
        intervals as ``<name>_lower``, ``<name>_upper``: of means by their standard error, of quantiles by order
        statistics, of the probability exact, and all of them from the spread of the replicates where the run has
        several; nan where too few paths tell them. Over time: ``probability``, ``count``.

    Raises
    ------
    InputError
        If the ensemble is not of the lab, not on its whole grid up to some time, or lacks a state; if its paths are
        not independent and of one replicate; if the event is unknown, or an argument is out of its range.

    References
    ----------
    Acerbi and Tasche (2002), doi:10.1016/S0378-4266(02)00283-2, for the shortfall; Hull and White (2012),
    doi:10.2469/faj.v68.n5.6, for wrong-way risk.
    """
    checks = Checks()
    checks.problems += check_interval(confidence, "clopper-pearson")
    tails = checks.numbers("levels", levels, above=0.0, below=1.0)
    times = _checked(ensemble, event, n_paths, seed, checks)
    columns = _ends(times)
    if at is not None:
        with checks.collecting():
            columns = columns_at(times, at)
    checks.finish()
    data = _simulated(ensemble, n_paths, seed) if isinstance(ensemble, Scenario) else ensemble
    names = [*counterparties_of(data), ALL]
    parts = parts_of(data)
    steps = _passage(data, event)
    means, at_event, correlations = _walk(data, steps, columns)
    found = _tables(means, at_event, steps, columns, tails, confidence, parts)
    dims = ("counterparty", "time")
    count = np.array([int(np.sum(steps <= column)) for column in columns])
    lower, upper = np.array([share_interval(steps <= column, parts, confidence=confidence) for column in columns]).T
    variables: dict[str, Any] = {
        name: (("level", *dims) if values.ndim == 3 else dims, values, _about(name)) for name, values in found.items()
    }
    variables["correlation"] = (dims, correlations, {"units": "", "long_name": "outstanding against the event by then"})
    variables["count"] = ("time", count, {"units": "paths"})
    variables["probability"] = ("time", count / steps.size, {"units": "fraction"})
    variables["probability_lower"] = ("time", lower, {"units": "fraction"})
    variables["probability_upper"] = ("time", upper, {"units": "fraction"})
    attrs = {name: data.attrs[name] for name in IDENTITY if name in data.attrs}
    attrs |= {
        "n_paths": steps.size,
        "confidence": float(confidence),
        "method": "clopper-pearson" if parts is None else REPLICATES,
        "event": event,
    }
    return xr.Dataset(variables, {"counterparty": names, "time": times[columns], "level": tails}, attrs)


def _checked(ensemble: Any, event: Any, n_paths: int, seed: int | None, checks: Checks) -> NDArray[np.datetime64]:
    """Return the grid of an ensemble or of a scenario's run, after checking both and the event.

    What is wrong with other arguments is told with it, and at once where there is no grid to go on with.
    """
    from montecarlo_ai.arguments import LARGEST_N_PATHS

    if isinstance(ensemble, Scenario):
        checks.whole("n_paths", n_paths, at_least=1, at_most=LARGEST_N_PATHS)
        if seed is not None:
            checks.whole("seed", seed, at_least=0, at_most=LARGEST_SEED)
        known, chips, times = list(ensemble.model.event_fields), list(ensemble.chips), ensemble.time.times
    else:
        found = len(checks.problems)
        with checks.collecting():
            _check_ensemble(ensemble)
        if len(checks.problems) > found:
            checks.finish()
        known, chips = [str(name) for name in ensemble["event"].values], attribute_names(ensemble, "chips")
        times = np.asarray(ensemble["time"].values).astype("datetime64[s]")
    if not isinstance(event, str):
        checks.add("event", event, "must be the name of one event", f'such as "cash" or "{ANY}"')
    elif event == ANY and not chips:
        checks.add("event", event, "is no event of a run without chips", nearest(event, known))
    elif event not in (*known, ANY):
        checks.add("event", event, "is no event of this run", nearest(event, [*known, ANY]))
    return times


def _check_ensemble(ensemble: Any) -> None:
    """Raise unless it is an ensemble on its grid, of paths of equal weight."""
    if not isinstance(ensemble, xr.Dataset) or "event_time" not in ensemble or "path" not in ensemble.dims:
        raise invalid("ensemble", f"a {type(ensemble).__name__}", "must be an ensemble of the lab, or its scenario")
    check_result(ensemble)


def _simulated(scenario: Scenario, n_paths: int, seed: int | None) -> xr.Dataset:
    from montecarlo_ai.simulation import simulate

    return simulate(scenario, n_paths=n_paths, seed=seed, variables=exposure_variables(scenario))


def _passage(data: xr.Dataset, event: str) -> NDArray[np.int64]:
    """Return the step after which the event first happened on each path; the largest integer if never."""
    names = attribute_names(data, "chips") if event == ANY else [event]
    steps: NDArray[np.int64] = np.min([event_steps(data, name) for name in names], axis=0)
    return steps


def _ends(times: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Return the columns of the ends of years and of the horizon."""
    ends = np.flatnonzero((times == times.astype("datetime64[Y]")) & (np.arange(times.size) > 0))
    return np.union1d(ends, [times.size - 1]).astype(np.int64)


def _walk(
    data: xr.Dataset, steps: NDArray[np.int64], columns: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return mean claims over (counterparty, time), claims at the event over path, and correlations over date."""
    n_times = data.sizes["time"]
    size = data.sizes["counterparty"] + 1
    means, at_event = np.empty((size, n_times)), np.zeros((size, steps.size))
    correlations = np.full((size, columns.size), np.nan)
    for k in range(n_times):
        claims = claims_at(data, k)
        claims = np.vstack([claims, claims.sum(axis=0)])
        means[:, k] = claims.mean(axis=1)
        now = steps == k
        at_event[:, now] = claims[:, now]
        for place in np.flatnonzero(columns == k):
            correlations[:, place] = _correlations(claims, steps <= k)
    return means, at_event, correlations


def _correlations(claims: NDArray[np.float64], happened: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the correlation of each row with an indicator; nan where one of the two does not vary."""
    flag = happened - happened.mean()
    moved = claims - claims.mean(axis=1, keepdims=True)
    scale = np.sqrt((moved**2).sum(axis=1) * float(flag @ flag))
    found: NDArray[np.float64] = np.divide(moved @ flag, scale, out=np.full(scale.size, np.nan), where=scale > 0.0)
    return found


def _tables(
    means: NDArray[np.float64],
    at_event: NDArray[np.float64],
    steps: NDArray[np.int64],
    columns: NDArray[np.int64],
    levels: Sequence[float],
    confidence: float,
    parts: Parts | None,
) -> dict[str, NDArray[np.float64]]:
    """Return every statistic that is in USD, and the ratio of two of them, by name."""
    flat, deep = (means.shape[0], columns.size), (len(levels), means.shape[0], columns.size)
    found = {"outstanding": means[:, columns], "independent": np.full(flat, np.nan)}
    for name in _MONEY:
        shape = deep if name in ("shortfall", "loss_quantile") else flat
        found |= {key: np.full(shape, np.nan) for key in (name, f"{name}_lower", f"{name}_upper")}
    for j, column in enumerate(columns):
        happened = steps <= column
        among = None if parts is None else parts.among(happened)
        shares = np.bincount(steps[happened], minlength=column + 1) / max(int(happened.sum()), 1)
        for c in range(means.shape[0]):
            losses = np.where(happened, at_event[c], 0.0)
            _put(found, "loss", (c, j), mean_interval(losses, confidence, parts=parts))
            if happened.any():
                found["independent"][c, j] = float(shares @ means[c, : column + 1])
                _put(found, "given_event", (c, j), mean_interval(at_event[c, happened], confidence, parts=among))
            for i, level in enumerate(levels):
                _put(found, "shortfall", (i, c, j), shortfall_interval(losses, level, confidence, parts=parts))
                _put(found, "loss_quantile", (i, c, j), quantile_interval(losses, level, confidence, parts=parts))
    with np.errstate(invalid="ignore", divide="ignore"):
        for ending in ("", "_lower", "_upper"):
            found[f"wrong_way{ending}"] = found[f"given_event{ending}"] / found["independent"]
    return found


def _put(
    found: dict[str, NDArray[np.float64]], name: str, place: tuple[int, ...], interval: tuple[float, float, float]
) -> None:
    for ending, value in zip(("", "_lower", "_upper"), interval, strict=True):
        found[f"{name}{ending}"][place] = value


_LONG_NAMES = {
    "outstanding": "still to be paid under contract",
    "independent": "outstanding at the event if it fell on any path alike",
    "loss": "expected loss by the time",
    "given_event": "outstanding at the event where it happened",
    "shortfall": "expected shortfall of the loss",
    "loss_quantile": "quantile of the loss",
    "wrong_way": "outstanding at the event over what chance would give",
}


def _about(name: str) -> dict[str, str]:
    """Return units and long name of a statistic or of a limit of its interval."""
    base = name.removesuffix("_lower").removesuffix("_upper")
    side = {"_lower": ", lower limit", "_upper": ", upper limit"}.get(name.removeprefix(base), "")
    return {"units": "ratio" if base == "wrong_way" else "USD", "long_name": _LONG_NAMES[base] + side}
