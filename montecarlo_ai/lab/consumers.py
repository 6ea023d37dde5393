"""Law 2: users, two cohorts of payers, what flat-rate and free use costs, and what free use brings.

Use of payers is log-normal, Z with mean 1, cut at a quota: the cost of a payer is E[min(u Z, q)]. Costs per user
are in USD at the cost of new compute and net of all expected efficiency; efficiency that comes as a surprise is
partly used up by more use (the rebound).
"""

from typing import NamedTuple

from montecarlo_ai.lab.demand import SMALLEST, relaxation
from montecarlo_ai.math import normal_cdf


class Payers(NamedTuple):
    """Shares of users who pay: all of them, and those who are new to it."""

    all: float
    new: float


def lasting_new_share(long_run: float, left: float, settled: float) -> float:
    """Return the share of users who are new payers when the paying share has come to its long run.

    As many settle in a step as settled payers leave: settled x new = left x (long run - new).

    Parameters
    ----------
    long_run : float, fraction of users. s_inf.
    left, settled : float, fraction. Of the settled payers those who leave in a step, of the new ones those who settle.
    """
    return long_run * left / max(left + settled, SMALLEST)


def payers_after(
    payers: Payers, lasting_new: float, churn: float, new_churn: float, settling: float, lost: float, dt: float
) -> Payers:
    """Return both cohorts after one step, each within [0, 1].

    dn = (new_churn + settling) (n_inf - n) dt - lost n dt, ds = settling n dt - churn s dt - lost s dt: new payers
    leave at ``new_churn`` or settle, settled ones leave at ``churn``. Where both rates are the same, n + s
    reverts to its long run at that rate.

    Parameters
    ----------
    payers : Payers, fraction of users.
    lasting_new : float, fraction of users. n_inf, see `lasting_new_share`.
    churn, new_churn, settling, lost : float, 1/year.
    """
    settled = payers.all - payers.new
    new = payers.new + relaxation(new_churn + settling, dt) * (lasting_new - payers.new) - lost * payers.new * dt
    stay = settled * (1.0 - relaxation(churn, dt)) + relaxation(settling, dt) * payers.new - lost * settled * dt
    new = min(max(new, 0.0), 1.0)
    return Payers(min(new + max(stay, 0.0), 1.0), new)


def subscription_revenue(users: float, paying_share: float, revenue_per_payer: float) -> float:
    """Return what consumers would pay in a year if all were served, USD/year."""
    return users * paying_share * revenue_per_payer


def advertising_price(price: float, long_run: float, ramp: float, launched: bool, dt: float) -> float:
    """Return what a free user brings after one step, USD/(user year): it grows to its long run once launched."""
    return price + (relaxation(ramp, dt) * (long_run - price) if launched else 0.0)


def use_under_quota(use: float, quota: float, log_room: float, spread: float, per_spread: float) -> float:
    """Return E[min(u Z, q)] for log-normal Z with mean 1 and logarithmic spread s, in the unit of ``use``.

    u Phi(ln(q/u) / s - s/2) + q Phi(-ln(q/u) / s - s/2); min(u, q) as s goes to 0.

    Parameters
    ----------
    use, quota : float, USD/(user year). Mean use before the cut, and the cut.
    log_room : float, ln(q / u).
    spread, per_spread : float. Standard deviation of ln Z, and its reciprocal.
    """
    room = log_room * per_spread
    return use * normal_cdf(room - 0.5 * spread) + quota * normal_cdf(-room - 0.5 * spread)


def use_cost_growth(drift: float, rebound: float, cost_surprise: float, dt: float) -> float:
    """Return the logarithmic growth of a user's cost in one step: drift dt + (1 - rebound) x surprise.

    ``cost_surprise`` is the logarithm by which a unit of service became dearer than expected in the step; with a
    rebound of 1 users take every surprise gain as more use and the cost stays on its drift.
    """
    return drift * dt + (1.0 - rebound) * cost_surprise
