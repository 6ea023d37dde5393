"""Quantile functions that compiled loops know by number."""

from __future__ import annotations

from typing import NamedTuple

UNIFORM, LOG_UNIFORM, EXPONENTIAL, NORMAL, LOG_NORMAL = range(5)

LEFT_ALONE = -1
"""In place of a kind: the row is not touched."""


class Law(NamedTuple):
    """A quantile function of uniforms u or their normal scores z.

    Attributes
    ----------
    kind : int
        ``UNIFORM``: a (1 - u) + b u; ``LOG_UNIFORM``: the exponential of that; ``EXPONENTIAL``: -a log(1 - u);
        ``NORMAL``: a + b z; ``LOG_NORMAL``: the exponential of that.
    a, b : float
    low, high : float
        Ends, which rounding does not pass; only the two uniforms have them.
    """

    kind: int
    a: float
    b: float = 0.0
    low: float = 0.0
    high: float = 0.0

    @property
    def of_scores(self) -> bool:
        """Whether it is a formula in the normal score."""
        return self.kind >= NORMAL
