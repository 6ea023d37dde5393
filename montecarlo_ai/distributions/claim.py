"""What a person claimed of a distribution, kept beside what the distribution says."""

from __future__ import annotations

from dataclasses import dataclass

NEGLIGIBLE_MISFIT = 0.005
GROSS_MISFIT = 0.05


class MisfitWarning(UserWarning):
    """A distribution is far from a quantile that was claimed of it."""


@dataclass(frozen=True)
class Claim:
    """Quantiles as they were claimed, and as a distribution has them.

    Parameters
    ----------
    probabilities : tuple of float
        Claimed, ascending.
    values : tuple of float
        Claimed value at each probability, in the input's units.
    fitted_values : tuple of float
        The distribution's quantiles at the claimed probabilities.
    fitted_probabilities : tuple of float
        The distribution's probabilities of a value at most the claimed one.
    """

    probabilities: tuple[float, ...]
    values: tuple[float, ...]
    fitted_values: tuple[float, ...]
    fitted_probabilities: tuple[float, ...]

    @property
    def misfit(self) -> float:
        """Largest distance in probability between a claimed quantile and the distribution."""
        return max(map(_distance, self.probabilities, self.fitted_probabilities))

    @property
    def value_misfit(self) -> float:
        """Largest distance in value between a claimed quantile and the distribution, in the input's units."""
        return max(map(_distance, self.values, self.fitted_values))

    @property
    def worst(self) -> float:
        """Probability of the claimed quantile that is missed by most probability."""
        distances = list(map(_distance, self.probabilities, self.fitted_probabilities))
        return self.probabilities[distances.index(max(distances))]

    def __str__(self) -> str:
        worst, place = self.worst, self.probabilities.index(self.worst)
        return (
            f"claimed {worst:g} quantile {self.values[place]:.6g} lies at probability "
            f"{self.fitted_probabilities[place]:.4g}, and the {worst:g} quantile is {self.fitted_values[place]:.5g}"
        )


def _distance(claimed: float, fitted: float) -> float:
    return abs(claimed - fitted)
