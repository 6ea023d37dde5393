"""Law 13: one hidden state of the whole industry, winter, normal or boom, and what it does.

From normal times a winter comes with one hazard and a boom with another; each lasts for an exponential time, and a
boom ends in a winter with a stated probability, else in normal times. A hazard h fires in a step with 1 - exp(-h dt),
to third order (`relaxation`). One regime moves growth of demand, what investors pay, how often they do, and the rent
of compute: that they fall together is the tail. Normal is the climate of the base period.
"""

from typing import NamedTuple

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
    into_winter: float,
    thaws: float,
    into_boom: float,
    boom_ends: float,
    boom_busts: float,
) -> float:
    """Return the regime after one step, -1 winter, 0 normal, 1 boom.

    Parameters
    ----------
    regime : float
    draw : float, uniform on (0, 1).
    into_winter, into_boom : float, probability of either in a step of normal times, `relaxation` of its hazard.
    thaws, boom_ends : float, probability that a winter or a boom ends in a step.
    boom_busts : float, probability that it ends in a winter, a part of ``boom_ends``.
    """
    thawed = NORMAL if draw < thaws else WINTER
    left = WINTER if draw < into_winter else (BOOM if draw > 1.0 - into_boom else NORMAL)
    over = WINTER if draw < boom_busts else (NORMAL if draw < boom_ends else BOOM)
    return thawed if regime < NORMAL else (over if regime > NORMAL else left)


def effect(regime: float, winter: float, boom: float) -> float:
    """Return ``winter`` in a winter, ``boom`` in a boom, zero in normal times."""
    return max(-regime, 0.0) * winter + max(regime, 0.0) * boom


def openness(regime: float, winter_strength: float, winter_rounds: float, boom_rounds: float) -> float:
    """Return the pace of rounds over the usual: 1 in normal times, never below zero.

    ``winter_rounds`` is what is left of the pace in a winter of strength 1, ``boom_rounds`` the pace in a boom.
    """
    return max(1.0 + effect(regime, winter_strength * (winter_rounds - 1.0), boom_rounds - 1.0), 0.0)
