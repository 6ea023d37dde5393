"""Law 9: the AI cloud, surplus compute sold at a discount to a market rent that follows the cost of new compute."""

from montecarlo_ai.math import exp


def resale_price(cost: float, premium: float, discount: float) -> float:
    """Return what a unit of resold compute earns, c exp(l) (1 - discount), USD/(H100e year)."""
    bounded = min(max(premium, -10.0), 10.0)
    return cost * exp(bounded) * (1.0 - discount)


def resold_compute(surplus: float, capacity: float, cap: float) -> float:
    """Return how much surplus is resold: all of it, up to a share of the fleet, H100e."""
    return min(max(surplus, 0.0), cap * capacity)
