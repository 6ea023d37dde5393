"""Probabilities that a person gives to alternatives."""

from __future__ import annotations

import math
from collections.abc import Sequence

from montecarlo_ai.checks import Checks
from montecarlo_ai.distributions.arrays import is_listed

_SUM_TOLERANCE = 1e-9


def checked_weights(field: str, weights: Sequence[float], count: int, checks: Checks) -> tuple[float, ...]:
    """Return weights that sum to one as nearly as floats can; what is wrong with them is recorded.

    Parameters
    ----------
    field : str
        What an error calls them.
    weights : sequence of float
        Above zero; their sum may miss one by 1e-9, as decimal digits make it.
    count : int
        How many there must be.
    """
    if not is_listed(weights):
        checks.add(field, weights, "must be a list of numbers")
        return ()
    if len(weights) != count:
        checks.add(field, weights, f"must be {count}, one for each")
        return ()
    if count == 0:
        return ()
    known = len(checks.problems)
    shares = [checks.number(f"{field}[{place}]", weight, above=0.0) for place, weight in enumerate(weights)]
    if len(checks.problems) > known:
        return ()
    total = math.fsum(shares)
    if abs(total - 1.0) > _SUM_TOLERANCE:
        checks.add(field, list(shares), f"must sum to one, not to {total:.6g}", "divide each by their sum")
        return ()
    return tuple(share / total for share in shares)
