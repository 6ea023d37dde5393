"""What the second implementation of the lab computes with: an expectation, delays, reversions, logistic growth."""

from __future__ import annotations

from math import erf, exp, factorial, log

import numpy as np


def phi(x: float) -> float:
    """Return the standard normal distribution function."""
    return 0.5 + 0.5 * erf(x / 2.0**0.5)


def truncated_mean(mean: float, cap: float, spread: float) -> float:
    """Return E[min(X, cap)] for log-normal X: the mean less the call on it struck at the cap."""
    forward = (log(mean / cap) + 0.5 * spread**2) / spread
    call = mean * phi(forward) - cap * phi(forward - spread)
    return mean - call


def delayed(stages: np.ndarray, arriving: float, rate: float, dt: float) -> tuple[np.ndarray, float]:
    """Return the stages of a delay after a step and its outflow.

    Each stage gives up the share k dt of what it held, the next one receives it, new stock comes last.
    """
    share = min(rate * dt, 1.0)
    move = np.eye(len(stages)) * (1.0 - share) + np.eye(len(stages), k=-1) * share
    moved = move @ stages
    moved[0] += arriving
    return moved, float(share * stages[-1])


def toward(value: float, target: float, rate: float, dt: float) -> float:
    """Return value moved toward target by Taylor's series of the exponential, not beyond it."""
    kept = 1.0 + sum((-rate * dt) ** n / factorial(n) for n in (1, 2, 3))
    return target + max(kept, 0.0) * (value - target)


def logistic(x: float, g: float, size: float, leaving: float, dt: float) -> float:
    """Return demand after a step; what the regime adds is a negative part of ``leaving``."""
    net = max(g, 0.0) * (1.0 - x / size) + min(g, 0.0) - leaving
    return x * exp(net * dt)
