"""Law 12: valuation, rounds that close under pressure, tranches, suppliers' money, warrants, debt with a covenant.

The target is cash for the wanted runway of today's burn and of a part of the bills in the pipeline: forward
commitments raise money before cash is short. Pressure, scaled by what investors pay, runs down a clock; when it has
run out a round closes, bounded by dilution of a valuation that the need itself lowers. The regime moves price, pace,
tranches and lenders together, so that money is dear when it is slow.
"""

from typing import NamedTuple

from montecarlo_ai.lab.demand import relaxation
from montecarlo_ai.math import exp

LARGEST_GROWTH = 3.0  # 1/year; numerical guard: at its launch a product's sales are any multiple of their mean
AGE_OF_A_YEARS_SUM = 0.5  # year; mean age of what was earned in the last twelve months, and of its exponential mean


class Round(NamedTuple):
    """What a step raised, USD: paid in at once, added to tranches; and the clock."""

    paid: float
    promised: float
    clock: float


class Treasury(NamedTuple):
    """Cash and debt, USD, after one step."""

    cash: float
    debt: float


def yearly_growth(revenue: float, trailing_mean: float) -> float:
    """Return growth as revenue over its trailing mean less one, by the age of that mean, 1/year; at most 3.

    Exact for steady growth: then the exponential mean with time constant a is revenue / (1 + growth a).
    """
    if trailing_mean <= 0.0:
        return 0.0
    return min((revenue / trailing_mean - 1.0) * (1.0 / AGE_OF_A_YEARS_SUM), LARGEST_GROWTH)


def price_of_equity(mood: float, log_multiple: float) -> float:
    """Return what investors pay over the usual, exp(mood + effect of the regime)."""
    return exp(min(max(mood + log_multiple, -10.0), 10.0))


def valuation(
    revenue: float, multiple: float, slope: float, growth: float, price: float, distress: float, urgency: float
) -> float:
    """Return what the lab is worth, multiple x exp(slope x growth) x price x (1 - distress x urgency) x run rate, USD.

    Parameters
    ----------
    revenue : float, USD/year.
    multiple : float, year. Of a lab that does not grow.
    slope, growth : float, year, 1/year.
    price : float, what investors pay over the usual.
    distress, urgency : float, fraction. What a lab loses that needs money at once, and how urgent its need is.
    """
    bounded = min(max(slope * growth, -10.0), 10.0)
    return revenue * multiple * exp(bounded) * price * (1.0 - distress * urgency)


def wanted_cash(runway_target: float, burn: float, coming_bill: float, coming_bill_weight: float) -> float:
    """Return the cash wanted, runway x (burn+ + weight x coming bill), USD."""
    return runway_target * (max(burn, 0.0) + coming_bill_weight * coming_bill)


def urgency_of(shortfall: float, wanted: float) -> float:
    """Return how urgent money is: the shortfall over what is wanted, at most 1."""
    return min(shortfall / max(wanted, 1.0), 1.0)


def tranches_paid(tranches: float, round_rate: float, openness: float, dt: float) -> float:
    """Return what promised tranches pay in a step, USD; slow or nothing where money is closed."""
    return tranches * relaxation(round_rate * openness, dt)


def funding_round(
    clock: float, pace: float, urgency: float, shortfall: float, largest: float, paid_now: float, dt: float
) -> Round:
    """Return what a step raised.

    Parameters
    ----------
    clock : float, pressure left; a round closes when pace x urgency has used it up, and none without pressure.
    pace : float, 1/year. Rounds a year under full urgency.
    urgency : float, from 0 to 1.
    shortfall, largest : float, USD. What is wanted beyond what is at hand and promised, and what dilution allows.
    paid_now : float, fraction of a round paid at once.
    """
    pressure = pace * urgency
    left = clock - pressure * dt
    closes = left <= 0.0 and pressure > 0.0
    amount = min(shortfall, largest) if closes else 0.0
    return Round(paid_now * amount, (1.0 - paid_now) * amount, 1.0 if closes else max(left, 0.0))


def warrants_sold(warrants: float, sale_rate: float, dt: float) -> float:
    """Return the vested warrants that are sold in a step, USD at the usual price."""
    return warrants * relaxation(sale_rate, dt)


def debt_limit(
    debt: float, credit_line: float, facility: float, covenant: float, revenue: float, open_: float
) -> float:
    """Return the most that may be owed, USD: the credit line, and a facility while debt is under its covenant.

    What has been drawn is not called when the covenant tightens. Cash is used before debt is drawn, so that debt is
    net debt.

    Parameters
    ----------
    debt, credit_line, facility : float, USD.
    covenant : float, year. Most debt beyond the credit line over revenue.
    revenue : float, USD/year.
    open_ : float, fraction of the facility that lenders fund in this regime.
    """
    fresh = credit_line + min(facility, covenant * revenue) * min(open_, 1.0)
    return max(fresh, debt)


def treasury_after(cash: float, debt: float, limit: float, change: float) -> Treasury:
    """Return cash and debt after ``change`` (USD): debt is drawn when cash runs out, repaid when there is some."""
    before = cash + change
    next_debt = min(max(debt - before, 0.0), limit)
    return Treasury(before + (next_debt - debt), next_debt)
