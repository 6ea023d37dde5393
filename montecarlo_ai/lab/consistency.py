"""What of a scenario contradicts itself, judged at the medians of its inputs before anything is run.

Bounds catch an input that means nothing by itself. Here are slips that only show between two: gigawatts that were
megawatts, contracts in billions beside a bill in dollars, sales that nobody pays for, a winter that is a boom.
"""

from collections.abc import Mapping, Sequence

from montecarlo_ai.checks import Checks, Described
from montecarlo_ai.lab.contracts import Contract
from montecarlo_ai.timegrid import SECONDS_PER_YEAR, TimeGrid

# Wide, as bounds are: beyond these factors two figures of one fleet are not in the same unit.
SAME_FLEET = 20.0
SAME_BILL = 2.0
SMALLEST_CONTRACT, LARGEST_CONTRACT = 1e-6, 1e3  # over the whole bill of the base period
ROUNDING = 1e-9

POSITIVE = (
    "user_market",
    "business_market",
    "new_market",
    "new_monetization",
    "power_cost",
    "base_compute_per_power",
    "monetization_long_run",
    "base_capacity",
    "base_power",
    "base_bill",
)


def check_scenario(medians: Mapping[str, float], contracts: Sequence[Contract], time: TimeGrid, checks: Checks) -> None:
    """Record what contradicts itself in inputs and contracts.

    Parameters
    ----------
    medians : mapping of str to float
        Those of the inputs that are sound by themselves; rules about others are left out.
    contracts : sequence of Contract
        Those that are sound by themselves.
    time : TimeGrid
    checks : Checks
        Where problems go.
    """
    nothing = [name for name in POSITIVE if medians.get(name) == 0.0]
    for name in nothing:
        _add(checks, name, 0.0, "must be above 0: the lab divides by it")
    known = _Medians({name: median for name, median in medians.items() if name not in nothing})
    for rule in (_sales, _markets, _fleet, _regimes):
        rule(known, checks)
    _contracts(known["base_bill"], contracts, time, checks)


class _Medians(dict[str, float]):
    """Medians by name; what is missing is NaN, of which no comparison holds, so that nothing is recorded."""

    def __missing__(self, name: str) -> float:
        return float("nan")


def _add(checks: Checks, name: str, median: float, rule: str, remedy: str = "") -> None:
    """Record a problem of an input by its median."""
    checks.add(f"inputs.{name}", Described(f"a median of {median:.6g}"), rule, remedy)


def _sales(m: _Medians, checks: Checks) -> None:
    """Record sales without payers or compute, and costs that take more than all of them."""
    if m["consumer_run_rate"] > 0.0:
        for name in ("base_users", "base_paying_share"):
            if m[name] == 0.0:
                _add(checks, name, 0.0, "must be above 0 where inputs.consumer_run_rate is: somebody pays it")
        if m["business_share_of_paid"] == 1.0:
            rule = "must be below 1 where inputs.consumer_run_rate is above 0: its payers use compute"
            _add(checks, "business_share_of_paid", 1.0, rule)
    if m["business_run_rate"] > 0.0 and m["business_share_of_paid"] == 0.0:
        rule = "must be above 0 where inputs.business_run_rate is: its customers use compute"
        _add(checks, "business_share_of_paid", 0.0, rule)
    revenue = m["consumer_run_rate"] + m["business_run_rate"]
    for name in ("inference_share", "paid_share_of_inference"):
        if revenue > 0.0 and m[name] == 0.0:
            _add(checks, name, 0.0, "must be above 0 where there is revenue: no compute would serve it")
    trailing = m["trailing_revenue"]
    if revenue > 0.0 and not revenue / SAME_FLEET <= trailing <= revenue * SAME_FLEET and trailing >= 0.0:
        rule = f"must be within a factor of {SAME_FLEET:g} of the run rate, {revenue:.6g} USD/year"
        _add(checks, "trailing_revenue", trailing, rule, "give the revenue of the last twelve months in USD/year")
    if m["revenue_share"] > 0.0 and m["profit_share"] > 0.0:
        rule = "must be 0 where inputs.revenue_share is above 0: a partner has a share of revenue or of profit"
        _add(checks, "profit_share", m["profit_share"], rule, "set one of them to 0")
    taken = m["revenue_share"] + m["other_cost_share"]
    if taken >= 1.0:
        rule = f"must leave something of revenue: with inputs.other_cost_share it takes {taken:.3g} of it"
        _add(checks, "revenue_share", m["revenue_share"], rule)


def _markets(m: _Medians, checks: Checks) -> None:
    """Record markets that are smaller than what the lab has of them at the start."""
    for market, held in (("user_market", "base_users"), ("business_market", "business_run_rate")):
        if m[market] < m[held]:
            rule = f"must be at least inputs.{held}, {m[held]:.6g}: it is the most that this can become"
            _add(checks, market, m[market], rule, "a market that shrinks has a growth below zero")


def _fleet(m: _Medians, checks: Checks) -> None:
    """Record figures of the base fleet that are not of one fleet."""
    per_power, new_per_power = m["base_capacity"] / m["base_power"], m["base_compute_per_power"]
    if per_power > SAME_FLEET * new_per_power or per_power < new_per_power / SAME_FLEET:
        rule = f"makes {per_power:.3g} H100e/GW with inputs.base_capacity; new compute has {new_per_power:.3g}"
        _add(checks, "base_power", m["base_power"], rule, "give power in GW and compute in H100e")
    cost, new_cost = m["base_bill"] / m["base_capacity"], m["power_cost"] / new_per_power
    if cost > SAME_FLEET * new_cost or cost < new_cost / SAME_FLEET:
        rule = f"makes {cost:.3g} USD/(H100e year) with inputs.base_capacity; new compute costs {new_cost:.3g}"
        _add(checks, "base_bill", m["base_bill"], rule, "give the bill in USD/year and compute in H100e")
    if m["free_rationing"] == 1.0 and m["free_floor"] == 0.0:
        rule = "must be above 0 where inputs.free_rationing is 1: free users would get nothing and need any amount"
        _add(checks, "free_floor", 0.0, rule)


def _regimes(m: _Medians, checks: Checks) -> None:
    """Record a winter that is better than a boom."""
    strength = m["winter_strength"]
    for name in ("growth", "multiple", "rent"):
        winter, boom = -strength * m[f"winter_{name}"], m[f"boom_{name}"]
        if winter > boom + ROUNDING:
            rule = f"makes a winter of {winter:.3g} above a boom of {boom:.3g} (inputs.boom_{name})"
            remedy = "both are positive as a rule: what a winter takes away, what a boom adds"
            _add(checks, f"winter_{name}", m[f"winter_{name}"], rule, remedy)
    if 1.0 + strength * (m["winter_rounds"] - 1.0) > m["boom_rounds"] + ROUNDING:
        rule = f"must be at most inputs.boom_rounds, {m['boom_rounds']:.3g}: rounds are slower in a winter"
        _add(checks, "winter_rounds", m["winter_rounds"], rule)


def _contracts(base_bill: float, contracts: Sequence[Contract], time: TimeGrid, checks: Checks) -> None:
    """Record contracts that are over before the run begins, or in another unit than the bill of the base period."""
    first = int(time.start.astype("datetime64[Y]").astype(int)) + 1970
    seconds = (time.start - time.start.astype("datetime64[Y]")).astype("timedelta64[s]").astype(float)
    begin = first + seconds / SECONDS_PER_YEAR
    least, most = SMALLEST_CONTRACT * base_bill, LARGEST_CONTRACT * base_bill
    for contract in contracts:
        label, end = f"contracts.{contract.counterparty}", contract.start + contract.term
        if contract.total > 0.0 and end <= begin:
            rule = f"ends the contract at {end:.6g}, before the run starts at {begin:.6g}"
            checks.add(f"{label}.term", contract.term, rule, "leave the contract out, or correct its start")
        amounts = {"base_bill": (contract.base_bill,), "added_bill": contract.added_bill, "total": (contract.total,)}
        for field, values in amounts.items():
            odd = [value for value in values if 0.0 < value < least or value > most]
            if odd:
                rule = f"is no figure beside a bill of {base_bill:.6g} USD/year (inputs.base_bill)"
                checks.add(f"{label}.{field}", odd[0], rule, "write 2.5e9 for 2.5 billion USD")
    online = sum(contract.base_bill for contract in contracts)
    if online > base_bill * SAME_BILL or 0.0 < online < base_bill / SAME_BILL:
        rule = f"must be about the bills that contracts have online, together {online:.6g} USD/year"
        _add(checks, "base_bill", base_bill, rule, "correct it, or base_bill of the contracts")
