"""The corridor: too few commitments run short of compute, too many cannot be sold; where the least chance is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from montecarlo_ai.checks import LARGEST_SEED, Checks, nearest
from montecarlo_ai.errors import InputError
from montecarlo_ai.intervals import binomial_interval, check_interval
from montecarlo_ai.model import name_list
from montecarlo_ai.passages import ANY, attribute_names, column_at, event_steps
from montecarlo_ai.risk import IDENTITY, runs_out_of_chips
from montecarlo_ai.scenario import Scenario

__all__ = ["PACES", "corridor"]

PACES = (0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 1.75, 2.0)
_PATHS = 20_000
_FEWEST_DISCORDANT = 10
"""Paths on which the three paces of the parabola have to differ before its error is worth stating."""
_STATISTICS = ("probability", "lower", "upper", "count")


class Least(NamedTuple):
    """Where the chance is least.

    Attributes
    ----------
    pace : float
        The bottom of the parabola through the least of the paces and its neighbours; that pace itself at an end of
        the paces.
    chance : float
        The height of that bottom, at least 0; the probability at that pace itself where there is no parabola.
    error : float
        Standard error of the bottom; nan where there is no parabola, or its paces differ on too few paths.
    lower, upper : float
        The pace with the least chance lies between, by paired differences; infinite beyond the first or the last pace.
    state : str
        "inside", "at the edge" (the least of all is the first or the last pace), or "flat" (no two paces differ).
    """

    pace: float
    chance: float
    error: float
    lower: float
    upper: float
    state: str


def corridor(
    scenario: Scenario,
    *,
    paces: Sequence[float] = PACES,
    vary: str = "contract_size",
    event: str | Sequence[str] | None = None,
    by: Any = None,
    n_paths: int = _PATHS,
    seed: int = 0,
    confidence: float = 0.95,
    threads: int | None = None,
) -> xr.Dataset:
    """Return the probability of each way to run out against the pace of commitments, and the pace where it is least.

    The same paths run at every pace: the same draws of the other inputs, the same shocks, and the varied input at the
    same quantile, multiplied. So paces are compared path by path.

    Parameters
    ----------
    scenario : Scenario
    paces : sequence of float
        Multipliers of the input, rising, above zero, three at least; none may take the input out of its bounds.
    vary : str
        Input that is multiplied: how much of the contracts is firm (``contract_size``), or how fast they are called off
        (``contract_speed``).
    event : str or sequence of str, optional
        Whose least chance is looked for: one cause, several of which one is enough, or "any" of the chips; every way
        to run out, whether it counts as a chip or not, if not given: too little compute and too much.
    by : date, optional
        By when; the horizon, if not given.
    n_paths : int
        At each pace.
    seed : int
    confidence : float
        Of all intervals.
    threads : int, optional

    Returns
    -------
    Dataset
        Over (cause, pace), the causes and ``any``: ``probability`` with exact ``lower`` and ``upper``, and ``count``.
        Over pace: ``chance`` of the event with ``chance_lower`` and ``chance_upper``; ``difference``, that less the
        least of all, with its paired ``difference_error``; ``possible``, whether the least chance may be here.
        Scalars ``least`` (pace), ``least_chance`` (the height of the parabola there), ``least_error`` (nan where the
        paces around the least differ on fewer than ten paths), ``least_lower``, ``least_upper``; in the attributes
        ``least_state``, "inside", "at the edge" or "flat", and ``event`` as it was asked for.

    Raises
    ------
    InputError
        If a pace, the input, the event or another argument cannot be used.

    Notes
    -----
    A pace is ruled out if some other pace has the event on significantly fewer of the paths on which the two differ:
    an exact one-sided binomial test of the discordant paths at (1 - confidence) / (paces - 1). The least lies between
    the paces that are ruled out next to those that are not, if the chance falls and then rises. The bottom of the
    parabola through three paces has its error from the paired covariance of their probabilities. That error is of
    sampling alone: the bottom of a parabola through paces far apart is biased, for the curve is no parabola, so use
    paces close to the least once it is known roughly.

    References
    ----------
    Hsu (1981), doi:10.1214/aos/1176345598, for comparisons with the best; McNemar (1947), doi:10.1007/BF02295996.
    """
    chosen, events, column = _checked(scenario, paces, vary, event, by, n_paths, seed, confidence)
    causes = [cause for name in events for cause in (scenario.chips if name == ANY else (name,))]
    tables, happened = [], []
    for there in _at_paces(scenario, vary, chosen):
        found, flags = _run(there, column, list(dict.fromkeys(causes)), n_paths, seed, confidence, threads)
        tables.append(found)
        happened.append(flags)
    flags = np.array(happened)
    best = int(np.argmin(flags.sum(axis=1)))
    possible = _possible(flags, 1.0 - confidence)
    least = _least(np.array(chosen), flags, possible)
    joined = xr.concat([table[list(_STATISTICS)] for table in tables], dim="pace")
    result = joined.isel(time=0, drop=True).transpose("cause", "pace").assign_coords(pace=("pace", chosen))
    lower, upper = binomial_interval(flags.sum(axis=1), n_paths, confidence=confidence)
    difference = flags.astype(np.int8) - flags[best].astype(np.int8)
    result = result.assign(
        chance=("pace", flags.mean(axis=1), {"units": "fraction", "long_name": "probability of the event"}),
        chance_lower=("pace", lower, {"units": "fraction"}),
        chance_upper=("pace", upper, {"units": "fraction"}),
        difference=("pace", difference.mean(axis=1), {"units": "fraction", "long_name": "probability over the least"}),
        difference_error=("pace", difference.std(axis=1) / math.sqrt(n_paths), {"units": "fraction"}),
        possible=("pace", possible, {"long_name": "the least may be here"}),
        least=((), least.pace, {"units": "ratio", "long_name": "pace with the least probability"}),
        least_chance=((), least.chance, {"units": "fraction", "long_name": "probability at the least"}),
        least_error=((), least.error),
        least_lower=((), least.lower),
        least_upper=((), least.upper),
    )
    result.attrs = {name: tables[0].attrs[name] for name in IDENTITY if name in tables[0].attrs}
    result.attrs |= {
        "scenario": scenario.name,
        "scenario_hash": scenario.hash,
        "n_paths": n_paths,
        "chips": attribute_names(tables[0], "chips"),
        "confidence": float(confidence),
        "vary": vary,
        "event": event if isinstance(event, str) else events,
        "by": str(tables[0]["time"].values[0]),
        "least_state": least.state,
    }
    return result


def _checked(
    scenario: Scenario,
    paces: Sequence[float],
    vary: str,
    event: str | Sequence[str] | None,
    by: Any,
    n_paths: int,
    seed: int,
    confidence: float,
) -> tuple[list[float], list[str], int]:
    """Return the paces, the names of the events (all causes if none were given), and the column of the date."""
    from montecarlo_ai.arguments import LARGEST_N_PATHS

    checks = Checks()
    if not isinstance(scenario, Scenario):
        checks.add("scenario", f"a {type(scenario).__name__}", "must be a Scenario")
        checks.finish()
    if vary not in scenario.inputs.names:
        checks.add("vary", vary, "is no input of the scenario", nearest(str(vary), scenario.inputs.names))
    known = [*scenario.model.causes, ANY]
    found = len(checks.problems)
    asked = scenario.model.causes if event is None else event
    names = (asked,) if isinstance(asked, str) else name_list("event", asked, checks)
    for name in names:
        if name not in known:
            checks.add("event", name, "is no cause of the scenario", nearest(str(name), known))
        elif name == ANY and not scenario.chips:
            checks.add("event", name, "is no event of a scenario without chips")
    if not names and len(checks.problems) == found:
        checks.add("event", event, "must name at least one cause")
    found = len(checks.problems)
    chosen = checks.numbers("paces", paces, above=0.0)
    if len(checks.problems) == found and (len(chosen) < 3 or any(b <= a for a, b in pairwise(chosen))):
        checks.add("paces", chosen, "must rise, three at least")
    checks.whole("n_paths", n_paths, at_least=1, at_most=LARGEST_N_PATHS)
    checks.whole("seed", seed, at_least=0, at_most=LARGEST_SEED)
    column = scenario.time.n_steps
    if by is not None:
        with checks.collecting():
            column = column_at(scenario.time.times, by, "by")
    checks.problems += check_interval(confidence, "clopper-pearson")
    checks.finish()
    return chosen, list(dict.fromkeys(names)), column


def _at_paces(scenario: Scenario, vary: str, paces: Sequence[float]) -> list[Scenario]:
    """Return the scenario at each pace; raise if one takes the input out of its bounds."""
    checks = Checks()
    found = []
    for k, pace in enumerate(paces):
        try:
            found.append(scenario.with_inputs(**{vary: scenario.inputs.distributions[vary].scaled(pace)}))
        except InputError as error:
            for problem in error.problems:
                rule = f"multiplied by it, {vary} {problem.rule}"
                checks.add(f"paces[{k}]", pace, rule, "use a narrower range of paces")
    checks.finish()
    return found


def _run(
    there: Scenario,
    column: int,
    events: Sequence[str],
    n_paths: int,
    seed: int,
    confidence: float,
    threads: int | None,
) -> tuple[xr.Dataset, NDArray[np.bool_]]:
    """Return the probabilities at one pace, and on which paths one of the events happened, by a column of the grid."""
    from montecarlo_ai.simulation import simulate

    ensemble = simulate(there, n_paths=n_paths, seed=seed, variables=(), threads=threads)
    found = runs_out_of_chips(ensemble, at=there.time.times[column], confidence=confidence)
    return found, np.any([event_steps(ensemble, event) <= column for event in events], axis=0)


def _possible(flags: NDArray[np.bool_], error: float) -> NDArray[np.bool_]:
    """Return which paces are not ruled out by any other as that with the least probability."""
    from scipy.special import bdtrc

    n = flags.shape[0]
    possible = np.ones(n, dtype=bool)
    for k in range(n):
        for other in range(n):
            more, fewer = int(np.sum(flags[k] & ~flags[other])), int(np.sum(flags[other] & ~flags[k]))
            if more > fewer and float(bdtrc(more - 1, more + fewer, 0.5)) <= error / (n - 1):
                possible[k] = False
    return possible


def _least(paces: NDArray[np.float64], flags: NDArray[np.bool_], possible: NDArray[np.bool_]) -> Least:
    """Return the pace with the least probability, its error and its interval."""
    probability = flags.mean(axis=1)
    best = int(np.argmin(probability))
    left = np.flatnonzero(possible)
    lowest = float(probability[best])
    if possible.all():
        return Least(float(paces[best]), lowest, math.nan, -math.inf, math.inf, "flat")
    lower = float(paces[left[0] - 1]) if left[0] > 0 else -math.inf
    upper = float(paces[left[-1] + 1]) if left[-1] < paces.size - 1 else math.inf
    if best in (0, paces.size - 1):
        return Least(float(paces[best]), lowest, math.nan, lower, upper, "at the edge")
    near = slice(best - 1, best + 2)
    return Least(*_bottom(paces[near], flags[near]), lower, upper, "inside")


def _bottom(x: NDArray[np.float64], flags: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Return place and height of the bottom of the parabola through three paces, and the error of the place.

    The chance is least in the middle, and larger at the first. With slopes s1 and s2 of the two chords the bottom is
    at (x1 + x2) / 2 - s1 (x3 - x1) / (2 (s2 - s1)); its error comes from the paired covariance of the chances.
    """
    y = flags.mean(axis=1)
    # Divided differences are linear in y: rows of the matrix take the three values to the two slopes.
    to_slopes = np.array(
        [
            [-1.0 / (x[1] - x[0]), 1.0 / (x[1] - x[0]), 0.0],
            [0.0, -1.0 / (x[2] - x[1]), 1.0 / (x[2] - x[1])],
        ]
    )
    first, second = to_slopes @ y
    bend = second - first
    reach = x[2] - x[0]
    bottom = 0.5 * (x[0] + x[1]) - 0.5 * first * reach / bend
    height = y[0] + (bottom - x[0]) * (first + bend / reach * (bottom - x[1]))
    if int(np.sum(flags.any(axis=0) & ~flags.all(axis=0))) < _FEWEST_DISCORDANT:
        return float(bottom), max(float(height), 0.0), math.nan
    gradient = np.array([-0.5 * reach * second / bend**2, 0.5 * reach * first / bend**2]) @ to_slopes
    covariance = np.cov(flags.astype(np.float64)) / flags.shape[1]
    error = math.sqrt(max(float(gradient @ covariance @ gradient), 0.0))
    return float(bottom), max(float(height), 0.0), error
