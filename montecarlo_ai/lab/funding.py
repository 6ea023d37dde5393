"""Law 12: valuation, rounds that close under pressure, tranches, suppliers' money and a credit line.

The target is cash for the wanted runway of today's burn and of a part of the bills in the pipeline: forward
commitments raise money before cash is short. Pressure, scaled by investors' mood, runs down a clock; when it has
run out a round closes, bounded by dilution. The same mood moves price and speed, so that money is dear when slow.
"""

from typing import NamedTuple

from montecarlo_ai.lab.demand import relaxation
from montecarlo_ai.math import exp

AGE_OF_A_YEARS_SUM = 0.5  # year; mean age of what was earned in the last twelve months, and of its exponential mean


class Round(NamedTuple):
    """What a step raised, USD: paid in at once, added to tranches, paid from tranches; and the clock."""

    paid: float
    promised: float
    from_tranches: float
    clock: float


class Treasury(NamedTuple):
    """Cash and debt, USD, after one step."""

    cash: float
    debt: float


def yearly_growth(revenue: float, trailing_mean: float) -> float:
    """Return growth as revenue over its trailing mean less one, by the age of that mean, 1/year, in [-0.9, 3].

    Exact for steady growth: then the exponential mean with time constant a is revenue / (1 + growth a).
    """
    if trailing_mean <= 0.0:
        return 0.0
    return min(max((revenue / trailing_mean - 1.0) / AGE_OF_A_YEARS_SUM, -0.9), 3.0)


def valuation(revenue: float, multiple: float, slope: float, growth: float, mood: float) -> float:
    """Return what the lab is worth, multiple x exp(slope x growth + mood) x run rate, USD."""
    bounded = min(max(slope * growth + mood, -10.0), 10.0)
    return revenue * multiple * exp(bounded)


def wanted_cash(runway_target: float, burn: float, coming_bill: float, coming_bill_weight: float) -> float:
    """Return the cash wanted, runway x (burn+ + weight x coming bill), USD."""
    return runway_target * (max(burn, 0.0) + coming_bill_weight * coming_bill)


def funding_round(
    clock: float,
    round_rate: float,
    mood: float,
    wanted: float,
    liquid: float,
    tranches: float,
    largest: float,
    paid_now: float,
    dt: float,
) -> Round:
    """Return what the step raised.

    Parameters
    ----------
    clock : float, pressure left; a round closes when round_rate x exp(mood) x urgency has used it up.
    round_rate : float, 1/year. Rounds a year under full urgency; also the rate at which tranches are paid.
    wanted, liquid, tranches, largest : float, USD. Cash wanted, at hand with undrawn credit, promised, and the
        most that dilution allows.
    paid_now : float, fraction of a round paid at once.
    """
    from_tranches = tranches * relaxation(round_rate, dt)
    shortfall = max(wanted - liquid - tranches, 0.0)
    urgency = min(shortfall / max(wanted, 1.0), 1.0)
    left = clock - round_rate * exp(min(max(mood, -10.0), 10.0)) * urgency * dt
    if left > 0.0:
        return Round(0.0, 0.0, from_tranches, left)
    amount = min(shortfall, largest)
    return Round(paid_now * amount, (1.0 - paid_now) * amount, from_tranches, 1.0)


def treasury_after(cash: float, debt: float, credit_line: float, change: float) -> Treasury:
    """Return cash and debt after ``change`` (USD): credit is drawn when cash runs out, repaid when there is some."""
    before = cash + change
    next_debt = min(max(debt - before, 0.0), credit_line)
    return Treasury(before + (next_debt - debt), next_debt)
