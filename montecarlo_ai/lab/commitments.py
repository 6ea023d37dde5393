"""Law 7: what contracts call off, what of it is put off or lapses, and what is paid for compute that is not used."""


def called_off(added: float, pace: float) -> float:
    """Return the bill that a contract puts on order in a step, USD/year.

    Parameters
    ----------
    added : float, USD/year. Bill that its schedule puts on order in the step.
    pace : float, fraction. Share of the schedule that is kept on time and firm.
    """
    return added * pace


def deferrable(flexibility: float, deferral: float) -> float:
    """Return the share of a call-off that can be put off: what the contract allows, as far as the supplier yields."""
    return min(flexibility * deferral, 1.0)


def put_off(called: float, deferrable_share: float, pressure: float) -> float:
    """Return what of a call-off is put off: all that is flexible under full pressure, nothing without."""
    return called * deferrable_share * min(max(pressure, 0.0), 1.0)


def compute_bill(bill: float, firm_bill: float, used_share: float) -> float:
    """Return what is paid for the delivered fleet, max(take-or-pay, used share) x bill, USD/year.

    ``firm_bill`` is what is due for it unused, the sum over contracts of take-or-pay x bill.
    """
    return max(firm_bill, used_share * bill)


def credits_used(paid: float, credit_share: float, credits: float, per_dt: float) -> float:
    """Return the part of a bill that compute credits pay, USD/year, until they are used up.

    Parameters
    ----------
    paid : float, USD/year. Bill that is due.
    credit_share : float, fraction of it that may be paid with credits.
    credits : float, USD left.
    per_dt : float, 1/year. Reciprocal of the step.
    """
    return min(paid * credit_share, credits * per_dt)
