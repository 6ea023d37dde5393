"""Law 2: users, their paying share and price, and what flat-rate and free use costs.

Use of payers is log-normal, Z with mean 1, cut at a quota: the cost of a payer is E[min(u Z, q)]. Costs per user
are in USD at the cost of new compute and net of all expected efficiency; efficiency that comes as a surprise is
partly used up by more use (the rebound).
"""

from montecarlo_ai.lab.demand import relaxation
from montecarlo_ai.math import log, normal_cdf


def paying_share_after(share: float, long_run: float, churn: float, lost: float, dt: float) -> float:
    """Return the paying share after one step: ds = churn (s_inf - s) dt - lost s dt, within [0, 1]."""
    moved = share + relaxation(churn, dt) * (long_run - share) - lost * share * dt
    return min(max(moved, 0.0), 1.0)


def subscription_revenue(users: float, paying_share: float, revenue_per_payer: float) -> float:
    """Return what consumers would pay in a year if all were served, USD/year."""
    return users * paying_share * revenue_per_payer


def use_under_quota(use: float, quota: float, spread: float) -> float:
    """Return E[min(u Z, q)] for log-normal Z with mean 1 and logarithmic spread s, in the unit of ``use``.

    u Phi((ln(q/u) - s^2/2) / s) + q Phi(-(ln(q/u) + s^2/2) / s); min(u, q) as s goes to 0.

    Parameters
    ----------
    use, quota : float, USD/(user year). Mean use before the cut, and the cut.
    spread : float, standard deviation of ln Z.
    """
    if use <= 0.0 or quota <= 0.0:
        return 0.0
    wide = max(spread, 1e-6)
    room = log(quota / use) / wide
    return use * normal_cdf(room - 0.5 * wide) + quota * normal_cdf(-room - 0.5 * wide)


def use_cost_growth(drift: float, rebound: float, cost_surprise: float, dt: float) -> float:
    """Return the logarithmic growth of a user's cost in one step: drift dt + (1 - rebound) x surprise.

    ``cost_surprise`` is the logarithm by which a unit of service became dearer than expected in the step; with a
    rebound of 1 users take every surprise gain as more use and the cost stays on its drift.
    """
    return drift * dt + (1.0 - rebound) * cost_surprise
