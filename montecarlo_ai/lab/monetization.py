"""Law 5: revenue per dollar of inference compute, and what the next unit of compute earns.

rho = revenue of usage-priced sales per USD of inference compute at today's cost of new compute,
d ln rho = [kappa (ln rho_inf - ln rho) + zeta (unmet - (surplus - usual)+)] dt + (1 - phi) gain + sigma dW:
competition pulls it to a long run, scarcity lifts it, surplus beyond the usual lowers it, and customers get only the
share phi of an efficiency gain at once.
"""

from montecarlo_ai.lab.demand import relaxation
from montecarlo_ai.math import log


def monetization_change(
    monetization: float,
    long_run: float,
    reversion: float,
    scarcity_response: float,
    unmet: float,
    surplus: float,
    usual_surplus: float,
    kept_gain: float,
    noise: float,
    dt: float,
) -> float:
    """Return d ln rho over one step.

    Parameters
    ----------
    monetization, long_run : float, USD of revenue per USD of inference compute.
    reversion, scarcity_response : float, 1/year.
    unmet, surplus : float, share of paid demand, share of capacity.
    usual_surplus : float, share of capacity that every fleet keeps free and no price answers.
    kept_gain : float, logarithm of the efficiency gain of the step that customers do not get at once.
    noise : float, sigma sqrt(dt) z.
    """
    if monetization <= 0.0 or long_run <= 0.0:
        return 0.0
    pull = relaxation(reversion, dt) * log(long_run / monetization)
    scarcity = unmet - max(surplus - usual_surplus, 0.0)
    return pull + scarcity_response * scarcity * dt + kept_gain + noise


def compute_for_sales(sales: float, monetization: float, cost: float) -> float:
    """Return the compute that usage-priced sales need, D / (rho c), H100e; none without sales."""
    if sales <= 0.0:
        return 0.0
    return sales / max(monetization * cost, 1e-9)


def marginal_revenue(
    unmet: float, sales_revenue: float, resold: float, resale_limit: float, resale_price: float
) -> float:
    """Return what the next unit of compute earns in its best use, USD/(H100e year).

    Paid demand where some is unmet (``sales_revenue``), else the resale price while under the limit, else nothing.
    """
    if unmet > 0.0:
        return sales_revenue
    if resold < resale_limit:
        return resale_price
    return 0.0


def unmonetized_share(surplus_share: float, marginal: float, unit_cost: float) -> float:
    """Return surplus weighted by the part of its cost that its revenue does not cover, (1 - mr / mc)+."""
    if unit_cost <= 0.0:
        return 0.0
    return surplus_share * max(1.0 - marginal / unit_cost, 0.0)
