"""When the lab runs out of chips, and the milestones on the way: margins, below zero when an event happens.

Running out of compute that pays and of compute at all are judged on twelve-month means. The milestones count
operating income and cash, not pay in shares.
"""

from montecarlo_ai.lab.parameters import Events, Params, State
from montecarlo_ai.model import Clock


def liquidity(cash: float, debt: float, debt_limit: float) -> float:
    """Return cash and what may still be drawn, USD."""
    return cash + (debt_limit - debt)


def margins(state: State, params: Params, clock: Clock) -> Events:
    """Return the margin of each event at the time reached."""
    return Events(
        cash=liquidity(state.cash, state.debt, state.debt_limit),
        unmonetized_compute=params.unmonetized_threshold - state.unmonetized_mean,
        compute_shortage=params.shortage_threshold - state.unmet_mean,
        profitable=-state.operating_income_mean,
        cash_flow_positive=-state.cash_flow_mean,
        inference_majority=state.training_cost - state.inference_cost,
        growth_clamped=-state.growth_clamps,
    )
