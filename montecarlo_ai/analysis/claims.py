"""What is still to be paid under the lab's contracts, by counterparty, on each path and at each time of an ensemble."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from montecarlo_ai.errors import invalid
from montecarlo_ai.lab.contracts import field_name
from montecarlo_ai.passages import steps_per_year

__all__ = ["AGES", "DELIVERED", "claims_at", "counterparties_of", "own_states"]

AGES = ("bill_young", "bill_middle", "bill")
"""Bill online by age: the last is the total, of which what is neither young nor middle-aged is old. The fleet's law
keeps each bill a third of its term in each age."""

DELIVERED = "delivered"
"""All that was ever delivered, by counterparties and to orders of the lab's own."""

_TERM = "contract_term"


def counterparties_of(data: xr.Dataset) -> list[str]:
    """Return the counterparties of an ensemble of the lab.

    Raises
    ------
    InputError
        If the ensemble is not of the lab, or lacks states that the claims are made of.
    """
    if "commitment" not in data or "path" not in data.dims or _TERM not in data:
        raise invalid("ensemble", "a Dataset without the lab's contracts", "must be an ensemble of the lab")
    own = [state for name in names_of(data) for state in own_states(name)]
    missing = [state for state in (*AGES, DELIVERED, *own) if state not in data]
    if missing:
        rule = f"lacks the states that claims are made of: {', '.join(missing)}"
        remedy = "simulate with variables=montecarlo_ai.exposure_variables(scenario)"
        raise invalid("ensemble", f"{len(data.data_vars)} variables", rule, remedy)
    return names_of(data)


def own_states(counterparty: str) -> tuple[str, str, str]:
    """Return the states of one counterparty, USD/year of bill.

    ``early_<name>`` and ``late_<name>`` are on order, ``delivered_<name>`` is all that it has delivered so far.
    """
    name = field_name(counterparty)
    return f"early_{name}", f"late_{name}", f"delivered_{name}"


def claims_at(data: xr.Dataset, k: int) -> NDArray[np.float64]:
    """Return what is still to be paid after the k-th time, (counterparty, path), USD.

    The bill of the step that ends at that time is paid. A bill on order will be paid for its whole term; one online
    for what is left of it, the mean stay in each stage of age that it has before it and in its own, from now on. With a
    stay of s = term / 3, or the step dt where that is longer, the claim of all counterparties is
    3 s pipeline + s (3 young + 2 middle + old) - dt bill, which is what the fleet's law will bill in all later steps if
    nothing more is ordered, in money of the day of payment and before anything is let to others or paid in part. What
    stress has put off is not in it.

    A counterparty's claim is 3 s (early + late) of its own + online x its part of all deliveries; what nobody has a
    contract for, since management ordered it, is nobody's claim.
    """
    row = {state: _row(data, state, k) for state in (*AGES, DELIVERED)}
    dt = 1.0 / steps_per_year(data)
    stay = np.maximum(np.asarray(data[_TERM].values, dtype=np.float64) / 3.0, dt)
    old = np.maximum(row["bill"] - row["bill_young"] - row["bill_middle"], 0.0)
    online = stay * (3.0 * row["bill_young"] + 2.0 * row["bill_middle"] + old) - dt * row["bill"]
    delivered = row[DELIVERED]
    part = np.divide(online, delivered, out=np.zeros_like(online), where=delivered > 0.0)
    found = [[_row(data, state, k) for state in own_states(name)] for name in names_of(data)]
    return np.array([3.0 * stay * (early + late) + part * mine for early, late, mine in found])


def names_of(data: xr.Dataset) -> list[str]:
    """Return the counterparties by their labels."""
    return [str(name) for name in data["counterparty"].values]


def _row(data: xr.Dataset, state: str, k: int) -> NDArray[np.float64]:
    """Return a state at the k-th time, (path,)."""
    return np.asarray(data[state].transpose("time", "path")[k].values, dtype=np.float64)
