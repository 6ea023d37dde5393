"""The mean of a part of a distribution from its probabilities, where its far quantiles are not to be trusted."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np

from montecarlo_ai.distributions.part import Part
from montecarlo_ai.distributions.quantile_table import FloatArray

_SCORES = (-5.0, -3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, 5.0)
_MIDDLE = 5
_OCTAVES = tuple(itertools.pairwise([0.0, *(2.0**power for power in range(10))]))
_LARGEST_LOGARITHM = 700.0

_PRECISION = 1e-12
_ADDED_ONE_BY_ONE = 256
_MOST_BLOCKS = 1100
_NODES = 0.3399810435848563, 0.8611363115940526
"""Places of Gauss-Legendre's rule of four points."""


def mean_by_tails(density: Callable[[float], float], part: Part) -> float:
    """Return the mean of what lies inside a part without steps, one that exists.

    With m the median inside, it is m + integral over x > m of P(X > x) - integral over x < m of P(X <= x). Beyond five
    standard scores, where a probability may be no more than a rounding, integration by parts leaves the density.

    Parameters
    ----------
    density : function of float to float
        Before the part was taken.
    part : Part
    """
    from scipy.special import ndtr

    scores = np.array(_SCORES)
    with np.errstate(all="ignore"):
        places = part.quantiles(np.asarray(ndtr(scores)), np.asarray(ndtr(-scores)))
        middle, (low, high) = float(places[_MIDDLE]), part.ends
        places = np.unique(places[np.isfinite(places)])
        stretch = float(np.ptp(places)) or abs(middle) or 1.0
        up = _bulk(lambda x: float(part.beyond(np.array([x]))[0]), places[places >= middle], stretch)
        down = _bulk(lambda x: float(part.up_to(np.array([x]))[0]), places[places <= middle], stretch)
        far_up = _far(lambda distance: density(places[-1] + distance), max(high - places[-1], 0.0), stretch)
        far_down = _far(lambda distance: density(places[0] - distance), max(places[0] - low, 0.0), stretch)
    return float(middle + up - down + (far_up - far_down) / part.mass)


def _bulk(share: Callable[[float], float], places: FloatArray, stretch: float) -> float:
    """Return the integral of a function from the first to the last of ascending places."""
    return math.fsum(_integral(share, low, high, stretch) for low, high in itertools.pairwise(places))


def _far(density: Callable[[float], float], farthest: float, stretch: float) -> float:
    """Return the integral of distance times density up to the farthest distance, which may be infinite.

    In the logarithm of the distance, so that a tail that falls like a power ends as well as an exponential one.
    """

    def term(y: float) -> float:
        distance = stretch * math.expm1(y)
        product = distance * (density(distance) * (distance + stretch))
        return product if math.isfinite(product) else 0.0  # scipy has nan far out, and infinity at an end

    end = min(math.log1p(farthest / stretch), _LARGEST_LOGARITHM - max(math.log(stretch), 0.0))
    return math.fsum(_integral(term, low, min(high, end), stretch) for low, high in _OCTAVES if low < end)


def _integral(function: Callable[[float], float], low: float, high: float, size: float) -> float:
    """Return the integral by adaptive quadrature, to digits of itself or of the size."""
    from scipy.integrate import quad

    return float(quad(function, low, high, epsabs=1e-13 * size, epsrel=1e-11, limit=200, full_output=1)[0])


def mean_by_terms(mass: Callable[[FloatArray], FloatArray], part: Part) -> float:
    """Return the mean of what lies inside a part whose values are whole numbers, one that exists.

    With m the median inside, it is m + sum of (k - m) P(X = k) / P(inside), over blocks that double outwards from m.

    Parameters
    ----------
    mass : function of (n,) float64 to (n,) float64
        Probability of each whole number before the part was taken.
    part : Part
    """
    half = np.array([0.5])
    middle = float(part.quantiles(half, half)[0])
    low, high = part.ends
    up = _outwards(lambda distance: distance * mass(middle + distance), high - middle)
    down = _outwards(lambda distance: distance * mass(middle - distance), middle - low)
    return middle + (up - down) / part.mass


def _outwards(term: Callable[[FloatArray], FloatArray], farthest: float) -> float:
    """Return the sum of terms, at least zero, at distances from 1 to the farthest, which may be infinite."""
    total, first, count = 0.0, 1.0, float(_ADDED_ONE_BY_ONE)
    for _ in range(_MOST_BLOCKS):
        if first > farthest:
            break
        count = min(count, farthest - first + 1.0)
        added = _sum_of_block(term, first, count, total)
        total += added
        if added <= 1e-17 * total and first > _ADDED_ONE_BY_ONE:
            break
        first, count = first + count, 2.0 * count
    return total


def _sum_of_block(term: Callable[[FloatArray], FloatArray], first: float, count: float, known: float) -> float:
    """Return the sum of smooth terms at `count` whole numbers, halving blocks until their halves agree with them."""
    firsts, counts, coarse = np.array([first]), np.array([count]), np.array([math.nan])
    total = 0.0
    while firsts.size:
        short = counts <= _ADDED_ONE_BY_ONE
        if short.any():
            places = np.arange(float(_ADDED_ONE_BY_ONE))
            values = term((firsts[short, np.newaxis] + places).ravel()).reshape(-1, _ADDED_ONE_BY_ONE)
            total += float(values[places < counts[short, np.newaxis]].sum())
            firsts, counts, coarse = firsts[~short], counts[~short], coarse[~short]
        lower = np.floor(0.5 * counts)
        halves_first = np.concatenate([firsts, firsts + lower])
        halves_count = np.concatenate([lower, counts - lower])
        halves = _rule(term, halves_first, halves_count)
        fine = halves.reshape(2, -1).sum(axis=0)
        scale = max(known + total + float(fine.sum()), 0.0)
        agree = np.abs(fine - coarse) <= _PRECISION * scale
        total += float(fine[agree].sum())
        again = np.tile(~agree, 2)
        firsts, counts, coarse = halves_first[again], halves_count[again], halves[again]
    return total


def _rule(term: Callable[[FloatArray], FloatArray], firsts: FloatArray, counts: FloatArray) -> FloatArray:
    """Return the sums over blocks of whole numbers by four of each, exact for polynomials of degree three.

    The nodes are the whole numbers nearest to those of Gauss and Legendre, in pairs around the middle; their weights
    sum to the count and to the sum of squares of the distances from the middle.
    """
    reach, middle = 0.5 * counts, firsts + 0.5 * (counts - 1.0)
    near, far = (middle - np.rint(middle - node * reach) for node in _NODES)
    squares = reach * reach * (1.0 - 1.0 / counts**2) / 3.0
    weight_far = reach * (squares - near * near) / (far * far - near * near)
    weight_near = reach - weight_far
    nodes = np.concatenate([middle - far, middle - near, middle + near, middle + far])
    with np.errstate(all="ignore"):
        values = term(nodes).reshape(4, -1)
    return np.asarray(weight_far * (values[0] + values[3]) + weight_near * (values[1] + values[2]))
