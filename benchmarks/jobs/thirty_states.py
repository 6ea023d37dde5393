"""Thirty states, eight shocks, six exponentials, three logarithms: the size of a model that somebody uses."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from benchmarks.work import Work

WORK = Work(words=8, normals=8, exponentials=6, logarithms=3, simple=79, divisions=0, stored=4)
"""Simple: exponents and growth 12, stages 36 (a product and a multiply-add of each), levels 4, memories 9, cash 15,
the margin and its first time 2, the conversion of what is kept 1."""


@dataclass(frozen=True)
class ThirtyStates:
    """Six markets, each served by three stages in turn, feed a cash account; all means are recursions of means.

    Per step, in this order, with independent standard normals z::

        driver[i] *= exp((drift[i] - volatility[i]**2 / 2) * dt + volatility[i] * sqrt(dt) * z[i])       i = 0 ... 5
        third[i]  += (rate2 * second[i] - rate3 * third[i]) * dt
        second[i] += (rate1 * first[i] - rate2 * second[i]) * dt
        first[i]  += (driver[i] - rate1 * first[i]) * dt
        level[j]  += -pull * level[j] * dt + scatter * sqrt(dt) * z[6 + j]                               j = 0, 1
        memory[m] += pace * (log(driver[m] * driver[m + 3]) - memory[m]) * dt                            m = 0, 1, 2
        cash      += (sum(weight[i] * third[i]) + sum(level) + memory_weight * sum(memory) - cost) * dt

    Drivers and stages start at one, levels and memories at zero.
    The event is cash below zero.
    """

    name: str = "thirty-states"
    years: float = 5.0
    steps_per_year: int = 12
    initial_cash: float = 0.3
    drift: tuple[float, ...] = (0.30, 0.20, 0.10, 0.0, -0.10, 0.05)
    volatility: tuple[float, ...] = (0.40, 0.30, 0.20, 0.25, 0.35, 0.15)
    weight: tuple[float, ...] = (0.5, 0.3, 0.2, 0.4, 0.3, 0.1)
    rate1: float = 4.0
    rate2: float = 2.0
    rate3: float = 1.0
    pull: float = 1.5
    scatter: float = 0.3
    pace: float = 2.0
    memory_weight: float = 0.05
    cost: float = 2.8
    cash_alone: bool = True
    work: Work = WORK

    @property
    def n_steps(self) -> int:
        """Steps of one path."""
        return round(self.years * self.steps_per_year)

    @property
    def dt(self) -> float:
        """Length of a step, year."""
        return 1.0 / self.steps_per_year

    @property
    def drift_per_step(self) -> tuple[float, ...]:
        """Mean change of each driver's logarithm in a step."""
        pairs = zip(self.drift, self.volatility, strict=True)
        return tuple((drift - 0.5 * volatility**2) * self.dt for drift, volatility in pairs)

    def mean_final_cash(self) -> float:
        """Expected cash at the last step: every equation but the drivers' is linear."""
        drift, weight, dt = np.array(self.drift), np.array(self.weight), self.dt
        logs = np.array(self.drift_per_step)
        first, second, third, memory = np.ones(6), np.ones(6), np.ones(6), np.zeros(3)
        cash = self.initial_cash
        for k in range(1, self.n_steps + 1):
            third = third + (self.rate2 * second - self.rate3 * third) * dt
            second = second + (self.rate1 * first - self.rate2 * second) * dt
            first = first + (np.exp(drift * k * dt) - self.rate1 * first) * dt
            memory = memory + self.pace * (k * (logs[:3] + logs[3:]) - memory) * dt
            cash += (weight @ third + self.memory_weight * memory.sum() - self.cost) * dt
        return float(cash)

    @property
    def scales(self) -> tuple[float, ...]:
        """Standard deviation of each driver's logarithm in a step."""
        return tuple(volatility * math.sqrt(self.dt) for volatility in self.volatility)

    def probability(self) -> None:
        """No closed form: engines are held against each other."""
        return None
