"""Law 6: the pipeline of orders, deliveries, three stages of age, retirement; bill, compute and power side by side.

Orders wait in two stages of half the lead time each; what is delivered lives through three stages of a third of
its term each (Erlang delays), so that a growing fleet is not retired too early. At delivery a bill becomes compute
at the cost of that day, and stays as dear as it was.
"""

from typing import NamedTuple


class Pipeline(NamedTuple):
    """Bill on order, USD/year, in its two stages, and what the step delivered."""

    early: float
    late: float
    delivered: float


class Stages(NamedTuple):
    """One measure of the fleet (bill, compute or power): two young stages, the total, what the step retired."""

    young: float
    middle: float
    total: float
    retired: float


def stage_outflow(residence: float, dt: float) -> float:
    """Return the share of a stage that leaves it in one step, dt / residence, at most 1.

    Of what enters, the share (1 - p)^(n - 1) p leaves in the n-th step: the mean stay is dt / p, the residence
    itself, for every step that is not longer. The exact 1 - exp(-dt / residence) would add half a step a stage.
    """
    return dt / max(residence, dt)


def pipeline_after(early: float, late: float, placed: float, lead_time: float, dt: float) -> Pipeline:
    """Return the pipeline after one step in which ``placed`` (USD/year of bill) was ordered."""
    moved = stage_outflow(0.5 * lead_time, dt)
    into_late = early * moved
    delivered = late * moved
    return Pipeline(early + placed - into_late, late + into_late - delivered, delivered)


def aged(young: float, middle: float, total: float, delivered: float, term: float, dt: float) -> Stages:
    """Return the age stages of one measure after one step; the oldest stage is total - young - middle."""
    moved = stage_outflow(term / 3.0, dt)
    retired = moved * max(total - young - middle, 0.0)
    return Stages(
        young + delivered - moved * young,
        middle + moved * (young - middle),
        total + delivered - retired,
        retired,
    )


def compute_for_bill(bill: float, cost: float) -> float:
    """Return the compute that a bill buys at delivery, H100e = USD/year / (USD/(H100e year))."""
    return bill / max(cost, 1e-9)
