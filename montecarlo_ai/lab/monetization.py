"""Law 5: revenue per dollar of inference compute, and what the next unit of compute earns.

rho = revenue of usage-priced sales per USD of inference compute at today's cost of new compute,
d ln rho = [kappa (ln rho_inf - ln rho) + zeta (unmet - (surplus - usual)+) - decline] dt + (1 - phi) gain + sigma dW:
competition pulls it to a long run and may cut prices faster than compute gets cheaper, scarcity lifts it, surplus
beyond the usual lowers it, and customers get only the share phi of an efficiency gain at once.
"""

from montecarlo_ai.lab.demand import relaxation


def monetization_change(
    log_gap: float,
    reversion: float,
    scarcity_response: float,
    unmet: float,
    surplus: float,
    usual_surplus: float,
    price_decline: float,
    kept_gain: float,
    noise: float,
    dt: float,
) -> float:
    """Return d ln rho over one step.

    Parameters
    ----------
    log_gap : float, ln(rho / rho_inf).
    reversion, scarcity_response : float, 1/year.
    unmet, surplus : float, share of paid demand, share of capacity.
    usual_surplus : float, share of capacity that every fleet keeps free and no price answers.
    price_decline : float, 1/year. Fall of prices beyond that of the cost of service.
    kept_gain : float, logarithm of the efficiency gain of the step that customers do not get at once.
    noise : float, sigma sqrt(dt) z.
    """
    scarcity = unmet - max(surplus - usual_surplus, 0.0)
    pull = relaxation(reversion, dt) * log_gap
    return (scarcity_response * scarcity - price_decline) * dt - pull + kept_gain + noise


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


def unmonetized_share(surplus_share: float, marginal: float, per_unit_cost: float) -> float:
    """Return surplus weighted by the part of its cost that its revenue does not cover, (1 - mr / mc)+.

    ``per_unit_cost`` is 1 / mc; zero where compute costs nothing, and then nothing is lost.
    """
    return surplus_share * max(1.0 - marginal * per_unit_cost, 0.0) if per_unit_cost > 0.0 else 0.0
