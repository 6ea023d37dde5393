"""Law 10: staff, the partner's share of revenue, sales and other costs, interest. Pay in shares is no cash."""

from montecarlo_ai.math import pow


def staff_cost(base: float, elasticity: float, revenue: float, base_revenue: float) -> float:
    """Return the cost of staff, base x max(1, revenue / base revenue)^elasticity, USD/year.

    It does not fall below its base: a lab in trouble loses revenue faster than people.
    """
    if base_revenue <= 0.0 or revenue <= base_revenue:
        return base
    return base * pow(revenue / base_revenue, elasticity)


def proportional_costs(revenue: float, revenue_share: float, other_share: float) -> float:
    """Return what goes with revenue: the partner's share, and sales and other costs, USD/year."""
    return revenue * (revenue_share + other_share)


def interest(rate: float, debt: float, cash: float) -> float:
    """Return net interest paid, rate x (debt - cash+), USD/year; negative when cash earns more."""
    return rate * (debt - max(cash, 0.0))
