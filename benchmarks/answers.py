"""What an engine returns, and what is checked of it before its time counts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from benchmarks.work import Work
from montecarlo_ai.kernels.lines import empty_lines

LARGEST_Z = 4.5
"""Two engines may differ by this many standard errors: sound ones exceed it once in 150,000 comparisons."""


class Job(Protocol):
    """What engines are compared on.

    Attributes
    ----------
    name : str
    years : float
    steps_per_year : int
    cash_alone : bool
        The event is cash below zero and nothing else, so that event times can be held against the cash that was kept.
    work : Work
        What a step of a path needs at the least.
    """

    @property
    def name(self) -> str:
        """Name of the job on the command line and in tables."""

    @property
    def n_steps(self) -> int:
        """Steps of one path."""

    @property
    def steps_per_year(self) -> int:
        """Steps of a year."""

    @property
    def cash_alone(self) -> bool:
        """Whether the event is cash below zero and nothing else."""

    @property
    def work(self) -> Work:
        """What a step of a path needs at the least."""

    def mean_final_cash(self) -> float | None:
        """Return expected cash at the last step, USD; None where there is no closed form."""

    def probability(self) -> float | None:
        """Return the probability of the event by the last step; None where there is no closed form."""


class Answer(NamedTuple):
    """What an engine returns.

    Parameters
    ----------
    cash : (n_steps + 1, n_paths) float32, USD
        The one variable that is kept.
    event_time : (n_paths,) float64, year
        First grid time at which the event's margin is below zero, inf if never.
    """

    cash: NDArray[np.float32]
    event_time: NDArray[np.float64]

    @classmethod
    def unset(cls, n_steps: int, n_paths: int) -> Self:
        """Return room for an answer, which holds no values yet.

        It is what earlier answers left, as with the library's ensembles: on some hosts an engine would else wait longer
        for fresh memory than for anything it does, and which one waits would be chance.
        """
        return cls(empty_lines((n_steps + 1, n_paths), np.float32), empty_lines((n_paths,)))


@dataclass(frozen=True)
class Figures:
    """What is compared of an answer: three estimates and their standard errors.

    Parameters
    ----------
    mean, mean_error : float, USD
        Of final cash.
    spread, spread_error : float
        Standard deviation of asinh of the change of cash in USD: of cash itself, a few paths far out would decide.
    probability, probability_error : float
        Of first passage by the last step.
    n_paths : int
    """

    mean: float
    mean_error: float
    spread: float
    spread_error: float
    probability: float
    probability_error: float
    n_paths: int

    @classmethod
    def of(cls, job: Job, answer: Answer) -> Figures:
        """Return the figures of an answer; ValueError if it has the wrong shape or contradicts itself."""
        n_paths = answer.event_time.size
        if answer.cash.shape != (job.n_steps + 1, n_paths):
            raise ValueError(f"cash has the shape {answer.cash.shape}, not {(job.n_steps + 1, n_paths)}")
        if not np.isfinite(answer.cash).all():
            raise ValueError("cash is not finite everywhere")
        ever = np.isfinite(answer.event_time)
        steps = np.where(ever, answer.event_time * job.steps_per_year, 0.0).round().astype(np.int64)
        if job.cash_alone:
            below = answer.cash[1:] < 0.0
            first = np.where(below.any(axis=0), below.argmax(axis=0) + 1, 0)
            if np.any(first != steps):
                raise ValueError("event times do not agree with the cash that was kept")
        final = answer.cash[-1].astype(np.float64)
        change = np.arcsinh(final - answer.cash[0])
        squares, spread = (change - change.mean()) ** 2, float(change.std(ddof=1))
        probability = float(ever.mean())
        return cls(
            mean=float(final.mean()),
            mean_error=float(final.std(ddof=1)) / math.sqrt(n_paths),
            spread=spread,
            spread_error=float(squares.std(ddof=1)) / (2.0 * spread * math.sqrt(n_paths)) if spread else 0.0,
            probability=probability,
            probability_error=math.sqrt(probability * (1.0 - probability) / n_paths),
            n_paths=n_paths,
        )


def misses(job: Job, figures: dict[str, Figures]) -> dict[str, str]:
    """Return the engines that miss a closed form, each with a sentence."""
    found = {}
    mean, probability = job.mean_final_cash(), job.probability()
    for engine, its in figures.items():
        compared = (
            ("mean of final cash", its.mean, mean, its.mean_error),
            ("first passage", its.probability, probability, _share_error(probability, its.n_paths)),
        )
        sentences = [
            f"{name} {value:.6g} against {exact:.6g} in closed form (z = {z:.1f})"
            for name, value, exact, error in compared
            if exact is not None and abs(z := _z(value - exact, error)) > LARGEST_Z
        ]
        if sentences:
            found[engine] = f"{engine}: " + "; ".join(sentences)
    return found


def differences(figures: dict[str, Figures]) -> dict[tuple[str, str], str]:
    """Return the pairs of engines that differ, each with a sentence."""
    found = {}
    for (one, a), (other, b) in combinations(figures.items(), 2):
        pooled = (a.probability * a.n_paths + b.probability * b.n_paths) / (a.n_paths + b.n_paths)
        share_error = math.hypot(_share_error(pooled, a.n_paths), _share_error(pooled, b.n_paths))
        compared = (
            ("mean of final cash", a.mean, b.mean, math.hypot(a.mean_error, b.mean_error)),
            ("spread of final cash", a.spread, b.spread, math.hypot(a.spread_error, b.spread_error)),
            ("first passage", a.probability, b.probability, share_error),
        )
        sentences = [
            f"{name} {left:.6g} and {right:.6g} (z = {z:.1f})"
            for name, left, right, error in compared
            if abs(z := _z(left - right, error)) > LARGEST_Z
        ]
        if sentences:
            found[one, other] = f"{one}, {other}: " + "; ".join(sentences)
    return found


def wrong(job: Job, figures: dict[str, Figures]) -> dict[str, str]:
    """Return the engines whose times say nothing, each with the reason.

    An engine is wrong if it misses a closed form; if it differs from the first of its family that does not (a family is
    what stands before the comma of a name); or if it differs from more than half of the other families: of two
    that differ where nothing else is known, neither counts.
    """
    found = misses(job, figures)
    left = {engine: its for engine, its in figures.items() if engine not in found}
    pairs = differences(left)
    firsts: dict[str, str] = {}
    for engine in left:
        firsts.setdefault(family(engine), engine)
    for engine in left:
        own = firsts[family(engine)]
        others = [first for name, first in firsts.items() if name != family(engine)]
        against = [
            sentence for pair, sentence in pairs.items() if engine in pair and any(one in pair for one in others)
        ]
        inside = pairs.get((own, engine))
        if inside is not None or 2 * len(against) > len(others):
            found[engine] = "; ".join(against if inside is None else [inside])
    return found


def family(engine: str) -> str:
    """Return what stands before the comma of an engine's name: precision and threads come after it."""
    return engine.partition(",")[0]


def _share_error(probability: float | None, n_paths: int) -> float:
    """Return the standard error of a share that estimates a probability."""
    return 0.0 if probability is None else math.sqrt(probability * (1.0 - probability) / n_paths)


def _z(difference: float, error: float) -> float:
    """Return a difference in standard errors; where there is no error, any difference is infinitely many."""
    if error > 0.0:
        return difference / error
    return math.copysign(math.inf, difference) if difference else 0.0
