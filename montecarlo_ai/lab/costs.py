"""Law 10: staff, the partner's share of revenue or profit, sales and other costs, energy where owned, interest.

Pay in shares is no cash: it is reported apart and enters no sum.
"""

from montecarlo_ai.math import exp, log


def staff_cost(base: float, elasticity: float, over_base: float) -> float:
    """Return the cost of staff, base x max(1, revenue / base revenue)^elasticity, USD/year.

    It does not fall below its base: a lab in trouble loses revenue faster than people. ``over_base`` is revenue over
    that of the base period.
    """
    return base * exp(elasticity * log(max(over_base, 1.0)))


def partner_share(
    revenue: float, share: float, profit: float, profit_share: float, share_left: float, per_dt: float
) -> float:
    """Return what the partner gets of revenue or of profit, USD/year, until its cap is reached.

    Parameters
    ----------
    revenue, profit : float, USD/year. Profit is operating income before this share; of a loss the partner has nothing.
    share, profit_share : float, fraction. By the terms of an agreement one of them is zero.
    share_left : float, USD that may still be paid under the cap.
    per_dt : float, 1/year. Reciprocal of the step.
    """
    return min(revenue * share + max(profit, 0.0) * profit_share, share_left * per_dt)


def energy_cost(power: float, owned_share: float, price: float) -> float:
    """Return what energy costs where the lab pays for it itself, USD/year; ``price`` is in USD/(GW year)."""
    return power * owned_share * price


def interest(rate: float, debt: float, cash: float) -> float:
    """Return net interest paid, rate x (debt - cash+), USD/year; negative when cash earns more."""
    return rate * (debt - max(cash, 0.0))
