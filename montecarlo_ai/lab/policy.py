"""Law 11: the training budget, and what management does when money is short or compute is.

All reactions are scaled by ``management_reaction``: 0 freezes cuts, deferrals and discretionary orders.
``training_growth`` is the counterfactual of the lab that stops growing its training: 0 keeps training compute at
its base level, 1 lets it follow the fleet.
"""

from montecarlo_ai.lab.demand import SMALLEST

LONGEST_RUNWAY = 1000.0  # years; where nothing is burnt


def runway(liquid: float, cash_flow: float) -> float:
    """Return the years that liquid funds last at today's cash flow; a thousand where nothing is burnt."""
    burn = max(-cash_flow, SMALLEST)
    return min(max(liquid, 0.0) / burn, LONGEST_RUNWAY) if liquid > 0.0 else 0.0


def shortness(years: float, per_wanted: float) -> float:
    """Return how short a runway is of the wanted one: 0 where it is as long, 1 where it is gone.

    ``per_wanted`` is the reciprocal of the wanted runway, 1/year.
    """
    return max(1.0 - years * per_wanted, 0.0)


def planned_training(
    capacity: float, share: float, cut_floor: float, cut: float, base_training: float, training_growth: float
) -> float:
    """Return the compute planned for training, H100e.

    Parameters
    ----------
    capacity, base_training : float, H100e.
    share : float, fraction of capacity the plan gives to training.
    cut_floor, cut : float, what is left of the plan under a full cut; how much of the cut is made (0 to 1).
    training_growth : float, 1 follows the plan, 0 never exceeds the base level, linear between.
    """
    planned = share * capacity * (1.0 - (1.0 - cut_floor) * cut)
    held = min(planned, base_training)
    return held + training_growth * (planned - held)


def wanted_bill(need: float, training_share: float, held_training: float, training_growth: float) -> float:
    """Return the fleet wanted for a forecast need and the training beside it, all in USD/year of bill."""
    with_policy = need / max(1.0 - training_share, SMALLEST)
    held = need + held_training
    return held + training_growth * (with_policy - held)


def discretionary_orders(wanted: float, visible: float, closed: float, affordable: float) -> float:
    """Return orders of a step beyond the contracts, USD/year of bill: the gap, closed in the ordering time.

    Parameters
    ----------
    wanted, visible : float, USD/year. Fleet wanted; fleet in sight, with what is put off and will come back.
    closed : float, fraction of the gap that is ordered in a step, dt over the ordering time and at most 1.
    affordable : float, fraction of that for which there is money.
    """
    return max(wanted - visible, 0.0) * closed * affordable


def deferring_pressure(wanted: float, visible: float, short: float) -> float:
    """Return how much of the flexible call-offs is put off: by the excess in sight or by a short runway."""
    excess = visible / max(wanted, 1.0) - 1.0 if visible > wanted else 0.0
    return min(max(excess, short), 1.0)
