"""Law 4: what a unit of new compute costs, and how much power it takes.

Cost of new compute c, USD/(H100e year): d ln c = -h dt + sigma dW. GW per H100e of new compute falls at the energy
gain. Software lifts the whole fleet; what past trends contain of it is already in the other inputs, so that only
its surprise appears.
"""

from montecarlo_ai.lab.demand import SMALLEST
from montecarlo_ai.math import exp


def cost_of_new_compute(power_cost: float, compute_per_power: float) -> float:
    """Return c, USD/(H100e year), from USD/(GW year) and H100e/GW."""
    return power_cost / max(compute_per_power, SMALLEST)


def cost_change(gain: float, noise: float, dt: float) -> float:
    """Return d ln c over one step, -h dt + sigma sqrt(dt) z."""
    return -gain * dt + noise


def cost_surprise(log_cost_change: float, expected_gain: float, software_surprise: float, dt: float) -> float:
    """Return the logarithm by which a unit of service became dearer than expected in one step."""
    return log_cost_change + (expected_gain - software_surprise) * dt


def cost_after_gain(cost: float, gain: float, years: float) -> float:
    """Return the cost of new compute that a steady gain leads to, c exp(-h t)."""
    return cost * exp(-gain * years)


def compute_per_bill(cost: float, ramp_premium: float, delivery_rate: float, bill: float) -> float:
    """Return the compute that a dollar a year buys at delivery, 1 / (c (1 + premium x min(1, deliveries / fleet))).

    Written with one division, B / (c (B + premium x min(deliveries, B))).

    Parameters
    ----------
    cost : float, USD/(H100e year). Cost of new compute without haste.
    ramp_premium : float, fraction. Premium of a lab that doubles its fleet in a year, or faster.
    delivery_rate : float, USD/year of bill delivered per year.
    bill : float, USD/year of bill online.
    """
    online = max(bill, SMALLEST)
    return online / (cost * (online + ramp_premium * min(max(delivery_rate, 0.0), online)))
