"""A walk with a barrier."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from benchmarks.work import Work

GRID = 2_000
"""Cells of the quadrature: with twice as many the probability moves by 4e-6."""


WORK = Work(words=1, normals=1, exponentials=0, logarithms=0, simple=5, divisions=0, stored=4)
"""Simple: the move 2, the margin and its first time 2, the conversion of what is kept 1."""


@dataclass(frozen=True)
class Walk:
    """Cash moves by a drift and a normal shock; the event is cash below zero, seen at the steps.

    Per step, with a standard normal z::

        cash = cash + drift * dt + volatility * sqrt(dt) * z

    One normal, one first passage, one variable kept: mostly a measure of the random numbers.
    """

    name: str = "walk"
    years: float = 5.0
    steps_per_year: int = 12
    initial_cash: float = 1.0
    drift: float = -0.05
    volatility: float = 0.5
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
    def scale(self) -> float:
        """Standard deviation of a step, USD."""
        return self.volatility * math.sqrt(self.dt)

    def mean_final_cash(self) -> float:
        """Expected cash at the last step."""
        return self.initial_cash + self.drift * self.dt * self.n_steps

    def probability(self) -> float:
        """Probability of cash below zero at some step: the density of what survives, by quadrature at each step."""
        top = self.initial_cash + 7.0 * self.scale * math.sqrt(self.n_steps)
        width = top / GRID
        middles = (np.arange(GRID) + 0.5) * width
        offsets = np.arange(-GRID, GRID + 1) * width - self.drift * self.dt
        kernel = np.exp(-0.5 * (offsets / self.scale) ** 2) * width / (self.scale * math.sqrt(2.0 * math.pi))
        first = middles - self.initial_cash - self.drift * self.dt
        density = np.exp(-0.5 * (first / self.scale) ** 2) / (self.scale * math.sqrt(2.0 * math.pi))
        for _ in range(self.n_steps - 1):
            density = np.convolve(density, kernel)[GRID : 2 * GRID]
        return 1.0 - float(density.sum()) * width
