"""The answers that the founding questions ask of a run, as data; the command line only formats them.

When does the lab run out of chips, and of which; when does it become profitable and what is lost until then;
how large is the gap that somebody has to fund; how much sooner would it pay if training stopped growing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from montecarlo_ai.assumptions import fact_table
from montecarlo_ai.errors import invalid
from montecarlo_ai.intervals import rank_at

if TYPE_CHECKING:
    import xarray as xr

    from montecarlo_ai.scenario import Scenario

__all__ = [
    "EndQuantiles",
    "Fact",
    "Headline",
    "Milestone",
    "Sooner",
    "Throughput",
    "headline",
    "interview_loss",
    "paired_difference",
    "read_fact",
    "sooner_without_training_growth",
    "variables_needed",
]

PROFITABLE = "profitable"
GUARD = "growth_clamped"
LOSS = "loss_until_profitable"
FUNDING_GAP = "funding_gap"
TRAINING_GROWTH = "training_growth"
INTERVIEW_FACT = "interview_loss_fact"
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class Milestone:
    """When an event that is no chip happens.

    Attributes
    ----------
    event : str
    quantiles : tuple of float
    dates : tuple of numpy.datetime64
        By when that share of paths has met the event; NaT where it never does within the horizon.
    reached, n_paths : int
        Paths that met it within the horizon, of all.
    """

    event: str
    quantiles: tuple[float, ...]
    dates: tuple[np.datetime64, ...]
    reached: int
    n_paths: int


@dataclass(frozen=True)
class EndQuantiles:
    """Quantiles of a variable at the last time of a summary: levels, values, standard errors, in its units."""

    variable: str
    units: str
    quantiles: tuple[float, ...]
    values: tuple[float, ...]
    errors: tuple[float, ...]


@dataclass(frozen=True)
class Fact:
    """A row of the table of facts: what was published, by whom, when."""

    id: str
    value: float
    units: str
    period_start: str
    period_end: str
    published: str
    source: str


@dataclass(frozen=True)
class Sooner:
    """How much sooner the lab is profitable if training stops growing, path by path on the same shocks.

    Attributes
    ----------
    quantiles, years : tuple of float
        Quantiles of the paired difference (base less frozen, so that positive is sooner) over the paths on which it
        is defined: ``inf`` where only the frozen lab gets there within the horizon, ``-inf`` where only the base does.
    only_frozen, only_base, neither, n_paths : int
        Paths on which one or none of the two becomes profitable within the horizon; on those of `neither` the
        difference is not defined.
    """

    quantiles: tuple[float, ...]
    years: tuple[float, ...]
    only_frozen: int
    only_base: int
    neither: int
    n_paths: int


@dataclass(frozen=True)
class Throughput:
    """How fast the main run was: paths, steps and wall seconds."""

    n_paths: int
    n_steps: int
    seconds: float

    @property
    def path_steps_per_second(self) -> float:
        """Path-steps a second of wall time."""
        return self.n_paths * self.n_steps / self.seconds

    @property
    def nanoseconds_per_path_step(self) -> float:
        """Wall time of one step of one path, ns."""
        return 1e9 / self.path_steps_per_second


@dataclass(frozen=True)
class Headline:
    """All that `run` says about a result; what a model does not have is None.

    Attributes
    ----------
    chips : Dataset
        `runs_out_of_chips` at every year-end and at the horizon.
    profitable : Milestone or None
    loss, funding_gap : EndQuantiles or None
        Operating loss until profitability, or until the horizon where that comes first; largest funding gap.
    interview_loss : Fact or None
        The loss of the interview, where the scenario is about the lab that gave it.
    loss_by_then : EndQuantiles or None
        The model's loss by the end of the period that the interview spoke of, where the grid reaches it.
    sooner : Sooner or None
    held_back : int
        Paths on which a guard held a growth back, see `growth_clamped` of the lab; their figures say less.
    """

    chips: xr.Dataset
    profitable: Milestone | None
    loss: EndQuantiles | None
    interview_loss: Fact | None
    loss_by_then: EndQuantiles | None
    funding_gap: EndQuantiles | None
    sooner: Sooner | None
    held_back: int


def variables_needed(scenario: Scenario) -> tuple[str, ...]:
    """Return the state variables that the headline reads from a summary of the scenario."""
    return tuple(name for name in (LOSS, FUNDING_GAP) if name in scenario.model.state_fields)


def headline(scenario: Scenario, summary: xr.Dataset, *, sooner: Sooner | None = None) -> Headline:
    """Return the answers that a summary of a scenario gives.

    Parameters
    ----------
    scenario : Scenario
    summary : Dataset
        Of that scenario, with the variables of `variables_needed`.
    sooner : Sooner, optional
        From `sooner_without_training_growth`, which needs runs of its own.
    """
    from montecarlo_ai.risk import runs_out_of_chips

    times = summary["time"].values
    dates = sorted({*(date for date in scenario.time.year_ends() if times[0] < date <= times[-1]), times[-1]})
    events = [str(event) for event in summary["event"].values]
    said = interview_loss(scenario)
    then = None if said is None else np.datetime64(said.period_end, "D") + 1  # the end of that day
    reached = then is not None and LOSS in summary and times[0] < then <= times[-1]
    return Headline(
        chips=runs_out_of_chips(summary, at=np.array(dates)),
        profitable=_milestone(summary, PROFITABLE) if PROFITABLE in events else None,
        loss=_end_quantiles(summary, LOSS) if LOSS in summary else None,
        interview_loss=said,
        loss_by_then=_end_quantiles(summary.sel(time=slice(None, then)), LOSS) if reached else None,
        funding_gap=_end_quantiles(summary, FUNDING_GAP) if FUNDING_GAP in summary else None,
        sooner=sooner,
        held_back=int(summary["event_count"].sel(event=GUARD).values[-1]) if GUARD in events else 0,
    )


def sooner_without_training_growth(
    scenario: Scenario, *, n_paths: int, seed: int, threads: int | None = None, quantiles: Sequence[float] = LEVELS
) -> Sooner | None:
    """Return how much sooner the scenario is profitable if training stops growing; None if it cannot be frozen.

    The base and the frozen lab run on the same paths of the same seed, so that each path meets the same shocks.

    Parameters
    ----------
    scenario : Scenario
        Of a model with the event ``profitable`` and the input ``training_growth``, of which 0 freezes training.
    n_paths : int
        The first paths of the run.
    seed : int
    threads : int, optional
    quantiles : sequence of float
    """
    from montecarlo_ai.simulation import simulate

    model = scenario.model
    if PROFITABLE not in model.event_fields or TRAINING_GROWTH not in model.param_fields:
        return None
    frozen = scenario.with_inputs(**{TRAINING_GROWTH: 0.0})
    when = [
        simulate(each, n_paths=n_paths, seed=seed, variables=(), threads=threads)["event_time"]
        .sel(event=PROFITABLE)
        .values
        for each in (scenario, frozen)
    ]
    return paired_difference(when[0], when[1], quantiles)


def paired_difference(base: ArrayLike, frozen: ArrayLike, quantiles: Sequence[float] = LEVELS) -> Sooner:
    """Return quantiles of base less frozen event times, path by path, with "never" kept as infinity.

    Parameters
    ----------
    base, frozen : (path,) float, years
        ``inf`` where the event never happens.
    quantiles : sequence of float
    """
    first, second = np.asarray(base, dtype=np.float64), np.asarray(frozen, dtype=np.float64)
    defined = np.isfinite(first) | np.isfinite(second)
    difference = np.sort(first[defined] - second[defined])
    return Sooner(
        quantiles=tuple(quantiles),
        years=tuple(_order_statistic(difference, level) for level in quantiles),
        only_frozen=int(np.sum(np.isinf(first) & np.isfinite(second))),
        only_base=int(np.sum(np.isfinite(first) & np.isinf(second))),
        neither=int(np.sum(~defined)),
        n_paths=first.size,
    )


def interview_loss(scenario: Scenario) -> Fact | None:
    """Return the loss of the interview, where the scenario is about the lab that gave it.

    A scenario file says so by the key ``interview_loss_fact`` of its base period, the id of the fact.

    Raises
    ------
    InputError
        If the id is that of no fact with a value.
    """
    base_period: Any = (scenario.document or {}).get("base_period") or {}
    identifier = base_period.get(INTERVIEW_FACT)
    return None if identifier is None else read_fact(str(identifier))


def read_fact(identifier: str) -> Fact:
    """Return a row of the table of facts that ships with the presets.

    Raises
    ------
    InputError
        If there is no such row, or it has no value.
    """
    row = fact_table().get(identifier)
    if row is None or not row["value"]:
        raise invalid(f"base_period.{INTERVIEW_FACT}", identifier, "must be the id of a fact with a value")
    return Fact(
        id=identifier,
        value=float(row["value"]),
        units=row["unit"],
        period_start=row["period_start"],
        period_end=row["period_end"],
        published=row["published"],
        source=row["source_title"],
    )


def _milestone(summary: xr.Dataset, event: str) -> Milestone:
    from montecarlo_ai.risk import first_passage_quantiles

    times = first_passage_quantiles(summary, event, LEVELS)
    return Milestone(
        event=event,
        quantiles=LEVELS,
        dates=tuple(times["date"].values),
        reached=int(summary["event_count"].sel(event=event).values[-1]),
        n_paths=int(summary.attrs["n_paths"]),
    )


def _end_quantiles(summary: xr.Dataset, variable: str) -> EndQuantiles:
    last = summary.isel(time=-1)
    levels = np.asarray(last["quantile"].values, dtype=np.float64)
    return EndQuantiles(
        variable=variable,
        units=str(summary[variable].attrs.get("units", "")),
        quantiles=tuple(levels.tolist()),
        values=tuple(np.asarray(last[variable].values, dtype=np.float64).tolist()),
        errors=tuple(np.asarray(last[f"{variable}_error"].values, dtype=np.float64).tolist()),
    )


def _order_statistic(ordered: NDArray[np.float64], level: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed; nan of no values."""
    if ordered.size == 0:
        return float("nan")
    return float(ordered[rank_at(level, ordered.size) - 1])
