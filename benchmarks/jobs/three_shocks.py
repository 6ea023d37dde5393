"""Three shocks, two exponentials, one first passage."""

from __future__ import annotations

import math
from dataclasses import dataclass

from benchmarks.work import Work

WORK = Work(words=3, normals=3, exponentials=2, logarithms=0, simple=10, divisions=0, stored=4)
"""Simple: exponents 2, growth 2, cash 3, the margin and its first time 2, the conversion of what is kept 1."""


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

    def probability(self) -> None:
        """No closed form: engines are held against each other."""
        return None
