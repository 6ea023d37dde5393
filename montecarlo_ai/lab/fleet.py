"""Law 6: the pipeline of orders, deliveries, three stages of age, retirement; bill, compute and power side by side.

Orders wait in two stages of half the lead time each; what is delivered lives through three stages of a third of
its term each (Erlang delays), so that a growing fleet is not retired too early. At delivery a bill becomes compute
at the cost of that day, and stays as dear as it was: what is owed on compute that is dearer than new compute is
stranded.
"""

from typing import NamedTuple


class Pipeline(NamedTuple):
    """Bill on order, USD/year, in its two stages, and what the step delivered."""

    early: float
    late: float
    delivered: float


class Stages(NamedTuple):
    """One measure of the fleet (bill, compute, power, firm bill): two young stages, the total, and what retired."""

    young: float
    middle: float
    total: float
    retired: float


def stage_outflow(per_residence: float, dt: float) -> float:
    """Return the share of a stage that leaves it in one step, dt / residence, at most 1.

    Of what enters, the share (1 - p)^(n - 1) p leaves in the n-th step: the mean stay is dt / p, the residence
    itself, for every step that is not longer. The exact 1 - exp(-dt / residence) would add half a step a stage.

    Parameters
    ----------
    per_residence : float, 1/year. Reciprocal of the mean stay.
    dt : float, year.
    """
    return min(dt * per_residence, 1.0)


def pipeline_after(early: float, late: float, placed: float, moved: float) -> Pipeline:
    """Return the pipeline after one step in which ``placed`` (USD/year of bill) was ordered.

    ``moved`` is the share of a stage that leaves it, by half the lead time.
    """
    into_late = early * moved
    delivered = late * moved
    return Pipeline(early + placed - into_late, late + into_late - delivered, delivered)


def aged(young: float, middle: float, total: float, delivered: float, moved: float) -> Stages:
    """Return the age stages of one measure after one step; the oldest stage is total - young - middle.

    ``moved`` is the share of a stage that leaves it, by a third of the term.
    """
    retired = moved * max(total - young - middle, 0.0)
    return Stages(
        young + delivered - moved * young,
        middle + moved * (young - middle),
        total + delivered - retired,
        retired,
    )


def staying(young: float, middle: float, total: float, left: float) -> float:
    """Return what of a measure is still there after a time in which the share ``left`` of the oldest stage retires."""
    return total - left * max(total - young - middle, 0.0)


def stranded_cost(capacity: Stages, firm_bill: Stages, cost: float, term: float) -> float:
    """Return what is still owed on compute above what new compute would cost, USD.

    Sum over the age stages of (firm bill - c x capacity)+ x mean years left: a term, two thirds and a third of it.

    Parameters
    ----------
    capacity, firm_bill : Stages. H100e, and USD/year that are due whether used or not.
    cost : float, USD/(H100e year). Cost of new compute.
    term : float, year.
    """
    third = term * (1.0 / 3.0)
    young = max(firm_bill.young - cost * capacity.young, 0.0)
    middle = max(firm_bill.middle - cost * capacity.middle, 0.0)
    firm_old = firm_bill.total - firm_bill.young - firm_bill.middle
    old = max(firm_old - cost * (capacity.total - capacity.young - capacity.middle), 0.0)
    return third * (3.0 * young + 2.0 * middle + old)
