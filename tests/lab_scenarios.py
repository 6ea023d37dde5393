"""Random scenarios of the lab: inputs, limits of inputs, contracts, grid and shocks, all from one number."""

from __future__ import annotations

import datetime
import random
from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple, get_type_hints

import numpy as np
from lab_paths import draw_params
from numpy.typing import NDArray

from montecarlo_ai.declaration import bounds_of
from montecarlo_ai.lab import Contract, build
from montecarlo_ai.lab.parameters import RATE, SHARE, VOLATILITY, WAIT, Params, Shocks
from montecarlo_ai.model import Clock, Model
from montecarlo_ai.timegrid import TimeGrid

COUNTERPARTIES = ("Cloud", "Chips & Co", "Sites 2", "Rack", "Own designs")

ALSO_DRAWN = {
    "new_start_share": (0.0, 0.1),
    "expected_hardware_gain": (0.0, 0.6),
    "usual_surplus": (0.0, 0.1),
    "training_growth": (0.0, 1.0),
    "management_reaction": (0.0, 1.0),
    "energy_price": (0.1e9, 2.0e9),
    "interest_rate": (0.0, 0.2),
    "credit_line": (0.0, 20e9),
    "base_tranches": (0.0, 50e9),
    "base_round_clock": (0.0, 1.0),
}
"""Inputs that the preset and the other tests hold constant, and where they are drawn here."""

LIMITS: dict[str, tuple[float, ...]] = {
    name: limits
    for name, hint in get_type_hints(Params, include_extras=True).items()
    for bounds, limits in ((SHARE, (0.0, 1.0)), (RATE, (0.0, 60.0)), (VOLATILITY, (0.0,)), (WAIT, (0.0, 1e9)))
    if bounds_of(hint) == bounds and name != "base_paying_share"  # paid sales need payers
} | {
    "use_spread": (0.0,),
    "price_elasticity": (0.0, 1.0),
    "use_quota": (0.0, 100.0),
    "lead_time": (0.0, 30.0),
    "contract_term": (0.0, 200.0),
    "cut_runway": (0.0,),
    "runway_target": (0.0,),
    "ordering_time": (0.0, 200.0),
    "winter_duration": (0.0, 200.0),
    "winter_strength": (0.0,),
    "boom_duration": (0.0, 200.0),
    "pipeline_ratio": (0.0,),
    "contract_speed": (0.0,),
    "contract_size": (0.0,),
    "ramp_premium": (0.0,),
    "profit_share": (0.75,),
    "revenue_share_cap": (0.0, 1e15),
    "base_credits": (0.0,),
    "base_cash": (0.0,),
    "base_tranches": (0.0,),
    "credit_line": (0.0,),
    "debt_facility": (0.0, 1e15),
    "debt_covenant": (0.0, 200.0),
    "staff_elasticity": (0.0,),
}
"""Ends at which a law is switched off, or acts in full."""


class Case(NamedTuple):
    """A scenario as it is stated, and the seed of its shocks."""

    seed: int
    params: Params
    contracts: tuple[Contract, ...]
    time: TimeGrid
    winter_from: datetime.date | None


class Run:
    """A path of a case in plain Python: its states, and each state as an array over the grid."""

    def __init__(self, case: Case) -> None:
        self.case = case
        parts = build(case.contracts, case.time, winter_from=case.winter_from)
        self.model: Model = parts.model
        known = np.array([parts.forcing[name] for name in self.model.forcing_fields])
        self.asked = known[: len(case.contracts)]
        self.states: list[Any] = [self.model.initial(case.params)]
        for k, (row, shock) in enumerate(zip(known.T.tolist(), shocks_of(case), strict=True)):
            clock = Clock(k * case.time.dt, case.time.dt, k)
            forcing = self.model.forcing_type(*row)
            self.states.append(self.model.step(self.states[-1], case.params, shock, clock, forcing))

    @cached_property
    def columns(self) -> dict[str, NDArray[np.float64]]:
        """Every state over the grid, (n_steps + 1,) by name."""
        return dict(zip(self.model.state_fields, np.array(self.states).T, strict=True))

    def __getattr__(self, name: str) -> NDArray[np.float64]:
        """Return a state over the grid."""
        if name.startswith("_") or name not in self.columns:
            raise AttributeError(name)
        return self.columns[name]


def shocks_of(case: Case) -> list[Shocks]:
    """Return the shocks of a path."""
    source = random.Random(case.seed)
    rows = []
    for _ in range(case.time.n_steps):
        normal = [source.gauss(0.0, 1.0) for _ in Shocks._fields]
        rows.append(Shocks(*normal)._replace(regime=source.random()))
    return rows


def random_contract(source: random.Random, counterparty: str, waiting: float, start: float) -> Contract:
    """Return a contract with a table or a total, some of its terms at their ends."""
    fixed, flexible = (source.choice((0.0, 1.0, source.random(), source.random())) for _ in range(2))
    schedule: dict[str, Any] = {"added_bill": [source.uniform(0.0, 40e9) for _ in range(source.randrange(6))]}
    if source.random() < 0.5:
        term = source.uniform(0.2, 12.0)
        ramp = source.choice((0.0, term, source.uniform(0.0, term)))
        begin = start + source.uniform(-3.0, 5.0)
        schedule = {"total": source.uniform(1e9, 300e9), "start": begin, "ramp": ramp, "term": term}
    return Contract(
        counterparty,
        source.choice((0.0, source.uniform(0.0, 20e9))),
        **schedule,
        speed=source.uniform(0.0, 2.0),
        take_or_pay=fixed,
        flexibility=flexible,
        waiting=waiting,
        equity_per_power=source.choice((0.0, source.uniform(0.0, 20e9))),
        warrants_per_power=source.choice((0.0, source.uniform(0.0, 20e9))),
    )


def random_case(
    seed: int, *, limits: Mapping[str, tuple[float, ...]] = LIMITS, most_steps: int = 40, **changes: float
) -> Case:
    """Return the scenario that a number draws: every input, one to five contracts, a grid of any step.

    Parameters
    ----------
    seed : int
    limits : mapping of str to tuple of float
        Ends at which inputs are put with a probability of a tenth each.
    most_steps : int
        Longest horizon; the shortest is a year.
    **changes : float
        Inputs that are set and not drawn.
    """
    source = random.Random(seed)
    drawn = {name: source.uniform(*between) for name, between in ALSO_DRAWN.items()}
    drawn |= {name: source.choice(ends) for name, ends in limits.items() if source.random() < 0.1}
    steps_per_year = source.choice((1, 2, 4, 5, 12, 12, 12, 52))
    horizon = source.randint(steps_per_year, max(min(most_steps, 4 * steps_per_year), steps_per_year)) / steps_per_year
    start = np.datetime64("2025-01-01") + np.timedelta64(source.randrange(700), "D")
    names = source.sample(COUNTERPARTIES, source.randint(1, len(COUNTERPARTIES)))
    shares = [source.random() for _ in names]
    waiting = source.choice((0.0, 0.5, 1.0)) / sum(shares)
    contracts = tuple(
        random_contract(source, name, share * waiting, 2025.0 + source.random())
        for name, share in zip(names, shares, strict=True)
    )
    grid = TimeGrid(start, years=horizon, steps_per_year=steps_per_year)
    begin = start + np.timedelta64(source.randrange(360), "D")
    winter_from = begin.astype(datetime.date) if source.random() < 0.2 else None
    return Case(seed, draw_params(seed)._replace(**{**drawn, **changes}), contracts, grid, winter_from)
