"""Law 13: one hidden state of the whole industry, winter, normal or boom, and what it does.

From normal times a winter comes with one hazard and a boom with another; each lasts for an exponential time, and a boom
ends in a winter with a stated probability, else in normal times. A hazard h fires in a step with 1 - exp(-h dt). One
regime moves growth of demand, what investors pay, how often they do, and the rent of compute: that they fall together
is the tail. Normal is the climate of the base period.
"""

from typing import NamedTuple

from montecarlo_ai.lab.demand import relaxation

WINTER, NORMAL, BOOM = -1.0, 0.0, 1.0


class Climate(NamedTuple):
    """What the regime does to the rest."""

    growth: float
    log_multiple: float
    openness: float
    log_rent: float


def regime_after(
    regime: float,
    draw: float,
    winter_hazard: float,
    winter_end: float,
    boom_hazard: float,
    boom_end: float,
    bust_share: float,
    dt: float,
) -> float:
    """Return the regime after one step, -1 winter, 0 normal, 1 boom.

    Parameters
    ----------
    regime : float
    draw : float, uniform on (0, 1).
    winter_hazard, boom_hazard : float, 1/year. From normal times.
    winter_end, boom_end : float, 1/year. Reciprocals of their mean stay.
    bust_share : float, fraction of booms that end in a winter.
    """
    into_winter = relaxation(winter_hazard, dt)
    into_boom = relaxation(boom_hazard, dt)
    boom_ends = relaxation(boom_end, dt)
    thawed = NORMAL if draw < relaxation(winter_end, dt) else WINTER
    left = WINTER if draw < into_winter else (BOOM if draw > 1.0 - into_boom else NORMAL)
    over = WINTER if draw < boom_ends * bust_share else (NORMAL if draw < boom_ends else BOOM)
    return thawed if regime < NORMAL else (over if regime > NORMAL else left)


def effect(regime: float, winter: float, boom: float) -> float:
    """Return ``winter`` in a winter, ``boom`` in a boom, zero in normal times."""
    return max(-regime, 0.0) * winter + max(regime, 0.0) * boom


def openness(regime: float, winter_strength: float, winter_rounds: float, boom_rounds: float) -> float:
    """Return the pace of rounds over the usual: 1 in normal times, never below zero.

    ``winter_rounds`` is what is left of the pace in a winter of strength 1, ``boom_rounds`` the pace in a boom.
    """
    return max(1.0 + effect(regime, winter_strength * (winter_rounds - 1.0), boom_rounds - 1.0), 0.0)
