"""A scenario of a walk with one part exchanged, and what is said of a call that is refused."""

from __future__ import annotations

import pytest
from models import walk_events, walk_initial, walk_step

import montecarlo_ai as mc

TIME = mc.TimeGrid("2026-01-01", years=1)
INPUTS = mc.Inputs({"drift": 0.1, "volatility": 0.5})


def scenario_of(step=walk_step, initial=walk_initial, events=walk_events, inputs=INPUTS, **options):
    return mc.Scenario(mc.Model(step, initial=initial, events=events), inputs=inputs, time=TIME, **options)


def refusal(kind, call):
    with pytest.raises(kind) as caught:
        call()
    assert "\n" not in str(caught.value) or len(caught.value.problems) > 1
    return str(caught.value)
