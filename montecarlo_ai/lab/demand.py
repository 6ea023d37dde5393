"""Law 1: demand that grows, decays to a long-run rate and saturates; products not launched yet.

Growth g reverts to an uncertain long run, dg = kappa (g_inf - g) dt + sigma dW, and demand X follows
d ln X = [g+ (1 - X / M) - g- + E - lost] dt with E the effect of the regime, so that a shrinking market shrinks and a
full one stops. The same law serves users, business and new products. Steps are of third order in the reversion and
exact in the logarithm.
"""

from montecarlo_ai.math import exp

SMALLEST = 1e-9  # numerical guard: what is divided by is at least this
LARGEST_LOG_STEP = 3.0  # numerical guard: no quantity moves by more than a factor of 20 in one step
LARGEST_LEVEL = 1e30  # numerical guard: keeps products of levels finite
SMALLEST_ROOM = 0.1  # numerical guard: a full market would have had any growth


def relaxation(rate: float, dt: float) -> float:
    """Return the share of a gap that closes in a step of dx = -k x dt, y - y**2 / 2 + y**3 / 6, at most 1; y = k dt.

    1 - exp(-y) to third order: it grows with y, so that no rate overshoots, and it needs neither an exponential nor a
    division, of which a step has too many.
    """
    y = rate * dt
    return min(y * (1.0 - y * (0.5 - y * (1.0 / 6.0))), 1.0)


def grown(level: float, log_growth: float) -> float:
    """Return level exp(log_growth), the logarithm bounded so that nothing overflows. Zero stays zero."""
    bounded = min(max(log_growth, -LARGEST_LOG_STEP), LARGEST_LOG_STEP)
    return min(level * exp(bounded), LARGEST_LEVEL)


def clamped(level: float, log_growth: float) -> float:
    """Return 1 if `grown` held back the logarithm that led to this level, or the level itself, else 0."""
    return 1.0 if abs(log_growth) > LARGEST_LOG_STEP or level >= LARGEST_LEVEL else 0.0


def multiplied(level: float, factor: float) -> float:
    """Return `grown` where the factor is known, level x factor."""
    return min(level * factor, LARGEST_LEVEL)


def reverting(value: float, long_run: float, closed: float, noise: float) -> float:
    """Return the next value of dx = rate (long_run - x) dt + sigma dW.

    ``closed`` is the share of the gap that closes in the step, `relaxation` of the rate; ``noise`` sigma sqrt(dt) z.
    """
    return value + closed * (long_run - value) + noise


def saturating_growth(growth: float, demand: float, per_market: float) -> float:
    """Return the growth of demand, g+ (1 - X / M) - g-, 1/year.

    Parameters
    ----------
    growth : float, 1/year. Growth in an empty market.
    demand : float, X.
    per_market : float, 1 / M, where M is the most that demand can become.
    """
    if growth < 0.0:
        return growth
    return growth * (1.0 - demand * per_market)


def growth_in_empty_market(observed: float, demand: float, market: float) -> float:
    """Return the growth g for which g+ (1 - X / M) - g- is what is observed, 1/year; at least a tenth of M is free."""
    if observed < 0.0:
        return observed
    return observed / max(room(demand, market), SMALLEST_ROOM)


def room(demand: float, market: float) -> float:
    """Return the part of a market that is free, 1 - X / M."""
    return 1.0 - demand / max(market, SMALLEST)


def demand_change(demand: float, growth: float, per_market: float, effect: float, lost: float, dt: float) -> float:
    """Return d ln X over one step.

    Parameters
    ----------
    demand, growth, per_market : float, see `saturating_growth`.
    effect, lost : float, 1/year. Growth that the regime adds; rate at which customers leave, unserved or for rivals.
    """
    return (saturating_growth(growth, demand, per_market) + effect - lost) * dt


def new_products_after(demand: float, change: float, time: float, launch: float, start: float) -> float:
    """Return demand for new products at ``time``: none before the launch, then growing from ``start`` by ``change``.

    The launch hazard is constant, so that its integral passes an exponential draw at an exponential time:
    that time (``launch``, years) is the input, and without volatility the launch is known.
    """
    if time < launch:
        return 0.0
    if demand <= 0.0:
        return start
    return grown(demand, change)
