"""The job that engines are compared on, and what is checked of an answer before its time counts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LARGEST_Z = 4.5
"""Two engines may differ by this many standard errors: sound ones exceed it once in 150,000 comparisons."""


class Answer(NamedTuple):
    """What an engine returns.

    Parameters
    ----------
    cash : (n_steps + 1, n_paths) float32, USD
        The one variable that is kept.
    event_time : (n_paths,) float64, year
        First grid time at which cash is below zero, inf if never.
    """

    cash: NDArray[np.float32]
    event_time: NDArray[np.float64]


@dataclass(frozen=True)
class ThreeShocks:
    """Demand and price grow as geometric Brownian motions and feed a noisy cash account.

    Per step, with independent standard normals z1, z2, z3::

        demand = demand * exp((demand_drift - demand_volatility**2 / 2) * dt + demand_volatility * sqrt(dt) * z1)
        price  = price  * exp((price_drift  - price_volatility**2  / 2) * dt + price_volatility  * sqrt(dt) * z2)
        cash   = cash + (demand * price - cost) * dt + cash_volatility * sqrt(dt) * z3

    and the event is cash below zero. Three normals, two exponentials, one first passage, one variable kept.
    """

    name: str = "three-shocks"
    years: float = 5.0
    steps_per_year: int = 12
    initial_demand: float = 1.0
    initial_price: float = 1.0
    initial_cash: float = 1.0
    demand_drift: float = 0.30
    demand_volatility: float = 0.25
    price_drift: float = -0.15
    price_volatility: float = 0.20
    cost: float = 1.3
    cash_volatility: float = 0.4

    @property
    def n_steps(self) -> int:
        """Steps of one path."""
        return round(self.years * self.steps_per_year)

    @property
    def dt(self) -> float:
        """Length of a step, year."""
        return 1.0 / self.steps_per_year

    @property
    def demand_drift_per_step(self) -> float:
        """Mean change of the logarithm of demand in a step."""
        return (self.demand_drift - 0.5 * self.demand_volatility**2) * self.dt

    @property
    def price_drift_per_step(self) -> float:
        """Mean change of the logarithm of price in a step."""
        return (self.price_drift - 0.5 * self.price_volatility**2) * self.dt

    def mean_final_cash(self) -> float:
        """Expected cash at the last step: the shocks are independent, so means of products are products of means."""
        growth = self.demand_drift + self.price_drift
        sales = sum(math.exp(growth * step * self.dt) for step in range(1, self.n_steps + 1))
        sales *= self.initial_demand * self.initial_price
        return self.initial_cash + (sales - self.cost * self.n_steps) * self.dt


@dataclass(frozen=True)
class Figures:
    """What is compared of an answer: two estimates and their standard errors.

    Parameters
    ----------
    mean, mean_error : float, USD
        Of final cash.
    probability, probability_error : float
        Of first passage by the last step.
    """

    mean: float
    mean_error: float
    probability: float
    probability_error: float

    @classmethod
    def of(cls, job: ThreeShocks, answer: Answer) -> Figures:
        """Return the figures of an answer; ValueError if it has the wrong shape or contradicts itself."""
        n_paths = answer.event_time.size
        if answer.cash.shape != (job.n_steps + 1, n_paths):
            raise ValueError(f"cash has the shape {answer.cash.shape}, not {(job.n_steps + 1, n_paths)}")
        ever = np.isfinite(answer.event_time)
        steps = np.where(ever, answer.event_time * job.steps_per_year, 0.0).round().astype(np.int64)
        at_event = np.take_along_axis(answer.cash, steps[np.newaxis], axis=0)[0]
        if np.any(ever != (answer.cash[1:].min(axis=0) < 0.0)) or np.any(at_event[ever] >= 0.0):
            raise ValueError("event times do not agree with the cash that was kept")
        final = answer.cash[-1].astype(np.float64)
        probability = float(ever.mean())
        return cls(
            mean=float(final.mean()),
            mean_error=float(final.std(ddof=1)) / math.sqrt(n_paths),
            probability=probability,
            probability_error=math.sqrt(probability * (1.0 - probability) / n_paths),
        )


def disagreements(job: ThreeShocks, figures: dict[str, Figures]) -> list[str]:
    """Return a sentence for every engine that misses the closed-form mean and every pair that differs."""
    found = []
    exact = job.mean_final_cash()
    for engine, its in figures.items():
        z = (its.mean - exact) / its.mean_error
        if abs(z) > LARGEST_Z:
            found.append(
                f"{engine}: mean of final cash {its.mean:.6g} against {exact:.6g} in closed form (z = {z:.1f})"
            )
    for (one, a), (other, b) in combinations(figures.items(), 2):
        z = (a.mean - b.mean) / math.hypot(a.mean_error, b.mean_error)
        if abs(z) > LARGEST_Z:
            found.append(f"{one}, {other}: mean of final cash {a.mean:.6g} and {b.mean:.6g} (z = {z:.1f})")
        z = (a.probability - b.probability) / math.hypot(a.probability_error, b.probability_error)
        if abs(z) > LARGEST_Z:
            found.append(f"{one}, {other}: first passage {a.probability:.6g} and {b.probability:.6g} (z = {z:.1f})")
    return found
