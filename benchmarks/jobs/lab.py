"""The lab of a preset, whole: inputs drawn for every path, contracts, five years by months."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import montecarlo_ai as mc
from benchmarks.work import Work

OPERATIONS, DIVISIONS = 1_286, 12
"""Of the step, functions and all, as they stand in the machine code of November 2026; `make bench` counts them anew."""

WORDS_OF_AN_INPUT = 2


@dataclass(frozen=True)
class Lab:
    """A preset as it comes; cash is kept, and the event is that neither cash nor credit is left."""

    name: str = "lab"
    preset: str = "openai-2025-12"
    cash_alone: bool = False

    @cached_property
    def scenario(self) -> mc.Scenario:
        """What is run."""
        return mc.load_scenario(self.preset)

    @cached_property
    def work(self) -> Work:
        """What a step of a path needs at the least; of the inputs, drawn once a path, their random words alone."""
        model, inputs = self.scenario.model, len(self.scenario.inputs.streams)
        shocks = len(model.shock_fields)
        return Work(
            words=shocks + WORDS_OF_AN_INPUT * inputs / self.n_steps,
            normals=shocks - len(model.uniform_shocks),
            exponentials=0,
            logarithms=0,
            simple=OPERATIONS,
            divisions=DIVISIONS,
            stored=4,
        )

    @property
    def n_steps(self) -> int:
        """Steps of one path."""
        return self.scenario.time.n_steps

    @property
    def steps_per_year(self) -> int:
        """Steps of a year."""
        return self.scenario.time.steps_per_year

    def mean_final_cash(self) -> None:
        """No closed form: engines are held against each other."""
        return None

    def probability(self) -> None:
        """No closed form: engines are held against each other."""
        return None
