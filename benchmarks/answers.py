"""What an engine returns, and what is checked of it before its time counts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.work import Work

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


@dataclass(frozen=True)
class Figures:
    """What is compared of an answer: two estimates and their standard errors.

    Parameters
    ----------
    mean, mean_error : float, USD
        Of final cash.
    probability, probability_error : float
        Of first passage by the last step.
    n_paths : int
    """

    mean: float
    mean_error: float
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
        probability = float(ever.mean())
        return cls(
            mean=float(final.mean()),
            mean_error=float(final.std(ddof=1)) / math.sqrt(n_paths),
            probability=probability,
            probability_error=math.sqrt(probability * (1.0 - probability) / n_paths),
            n_paths=n_paths,
        )


def misses(job: Job, figures: dict[str, Figures]) -> dict[str, str]:
    """Return the engines that miss a closed form, each with a sentence."""
    found = {}
    mean, probability = job.mean_final_cash(), job.probability()
    for engine, its in figures.items():
        sentences = []
        if mean is not None and abs(z := _z(its.mean - mean, its.mean_error)) > LARGEST_Z:
            sentences.append(f"mean of final cash {its.mean:.6g} against {mean:.6g} in closed form (z = {z:.1f})")
        if probability is not None and abs(z := _shares(its, probability)) > LARGEST_Z:
            sentences.append(f"first passage {its.probability:.6g} against {probability:.6g} (z = {z:.1f})")
        if sentences:
            found[engine] = f"{engine}: " + "; ".join(sentences)
    return found


def differences(figures: dict[str, Figures]) -> dict[tuple[str, str], str]:
    """Return the pairs of engines that differ, each with a sentence."""
    found = {}
    for (one, a), (other, b) in combinations(figures.items(), 2):
        sentences = []
        z = _z(a.mean - b.mean, math.hypot(a.mean_error, b.mean_error))
        if abs(z) > LARGEST_Z:
            sentences.append(f"mean of final cash {a.mean:.6g} and {b.mean:.6g} (z = {z:.1f})")
        pooled = (a.probability * a.n_paths + b.probability * b.n_paths) / (a.n_paths + b.n_paths)
        spread = math.sqrt(pooled * (1.0 - pooled) * (1.0 / a.n_paths + 1.0 / b.n_paths))
        z = _z(a.probability - b.probability, spread)
        if abs(z) > LARGEST_Z:
            sentences.append(f"first passage {a.probability:.6g} and {b.probability:.6g} (z = {z:.1f})")
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


def _shares(its: Figures, probability: float) -> float:
    """Return how many standard errors a share is from the probability that it estimates."""
    return _z(its.probability - probability, math.sqrt(probability * (1.0 - probability) / its.n_paths))


def _z(difference: float, error: float) -> float:
    """Return a difference in standard errors; where there is no error, any difference is infinitely many."""
    if error > 0.0:
        return difference / error
    return math.copysign(math.inf, difference) if difference else 0.0
