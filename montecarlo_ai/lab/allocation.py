"""Law 8: who gets the fleet: training, paid demand, free users, more training, resale; the rest is idle."""

from typing import NamedTuple

from montecarlo_ai.lab.resale import resold_compute


class Allocation(NamedTuple):
    """Use of the fleet, H100e, and its two imbalances as shares."""

    training: float
    served: float
    resold: float
    idle: float
    served_ratio: float
    unmet_share: float
    surplus_share: float


def allocate(
    capacity: float,
    planned_training: float,
    paid_need: float,
    free_need: float,
    training_yield: float,
    free_floor: float,
    absorption: float,
    resale_cap: float,
    per_capacity: float,
) -> Allocation:
    """Return the use of the fleet in the order of its claims.

    Training takes its plan, less what it yields. Then paid demand and the floor of free use share what is left in
    proportion, if it is too little for both; then the rest of free use. Of the surplus a part becomes extra
    training (``absorption``), then comes resale up to its cap, and the rest is idle.

    Parameters
    ----------
    capacity, planned_training, paid_need, free_need : float, H100e.
    training_yield, free_floor, absorption, resale_cap : float, fraction of planned training, of free need, of the
        surplus, of capacity.
    per_capacity : float, 1/H100e. Reciprocal of the capacity.
    """
    planned = min(planned_training, capacity)
    firm_need = paid_need + free_floor * free_need
    spare = capacity - planned - firm_need
    shortage = max(-spare, 0.0)
    yielded = min(shortage, training_yield * planned)
    unserved = shortage - yielded  # exactly zero where training yields enough: no dust of rounding
    beyond_floor = min((1.0 - free_floor) * free_need, max(spare, 0.0))
    surplus = max(spare, 0.0) - beyond_floor
    firm_served = min(firm_need, capacity - (planned - yielded))  # exact however far need exceeds the fleet
    unserved_share = unserved / max(firm_need, 1e-9)
    absorbed = absorption * surplus
    resold = resold_compute(surplus - absorbed, capacity, resale_cap)
    return Allocation(
        planned - yielded + absorbed,
        firm_served + beyond_floor,
        resold,
        surplus - absorbed - resold,
        1.0 - unserved_share,
        unserved_share if paid_need > 0.0 else 0.0,
        surplus * per_capacity,
    )
