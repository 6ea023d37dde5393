"""Law 7: what contracts call off, what of it is cancelled, and what is paid for compute that is not used."""


def called_off(scheduled: float, contracted: float, speed: float, size: float) -> float:
    """Return the bill that contracts put on order in this step, USD/year.

    Parameters
    ----------
    scheduled, contracted : float, USD/year. Bill under contract by the schedules now, and before.
    speed, size : float, fraction. Share of the schedule kept on time; share of its volume that is firm.
    """
    return speed * size * max(scheduled - contracted, 0.0)


def cancelled(called: float, deferral: float, pressure: float) -> float:
    """Return what of a call-off is cancelled: all that is flexible under full pressure, nothing without."""
    return called * deferral * min(max(pressure, 0.0), 1.0)


def compute_bill(bill: float, take_or_pay: float, used_share: float) -> float:
    """Return what is paid for the delivered fleet, bill x max(take-or-pay, used share), USD/year."""
    return bill * max(take_or_pay, used_share)
