"""Law 3: share that rivals take, prices that fall faster than expected, and what customers then buy.

Past growth of demand already contains past falls of prices, so that only a deviation from the expected path acts:
sales are D (p / p_expected)^(1 - e). The price of a unit of service is p = rho c / A, revenue per USD of compute times
the cost of compute over software; it is expected to fall as c / A is expected to. Hence
d ln(p / p_expected) = d ln rho + surprise, where the surprise of law 4 holds all of efficiency: it is counted once.
"""

from montecarlo_ai.lab.demand import SMALLEST
from montecarlo_ai.math import exp

LARGEST_DEVIATION = 10.0  # numerical guard on the logarithm of a price over its expected path


def training_lag(own: float, rivals: float) -> float:
    """Return how far the lab's training is behind its rivals', (R - T) / (R + T), the tanh of half the log ratio.

    Parameters
    ----------
    own, rivals : float, H100e. Training compute of the lab, and of the rival it has to keep up with.
    """
    return (rivals - own) / max(rivals + own, SMALLEST)


def share_lost(erosion: float, training_effect: float, lag: float) -> float:
    """Return the yearly rate at which customers go to rivals, erosion + effect x lag; negative where they come."""
    return erosion + training_effect * lag


def deviation_after(deviation: float, log_monetization_change: float, surprise: float) -> float:
    """Return ln(p / p_expected) after a step in which revenue per USD of compute and the cost of service moved."""
    moved = deviation + log_monetization_change + surprise
    return min(max(moved, -LARGEST_DEVIATION), LARGEST_DEVIATION)


def sales_at_price(demand: float, deviation: float, elasticity: float) -> float:
    """Return what is sold at the price of the day, D (p / p_expected)^(1 - e), USD/year.

    Parameters
    ----------
    demand : float, USD/year. Demand at expected prices.
    deviation : float, ln(p / p_expected).
    elasticity : float, e: 1 leaves the dollars as they are, above it cheaper is more.
    """
    exponent = min(max((1.0 - elasticity) * deviation, -LARGEST_DEVIATION), LARGEST_DEVIATION)
    return demand * exp(exponent)
