"""The lab a second time, written from docs/model.md and not from the code, for a path without volatility.

One dictionary of numbers, one loop; age stages and pipeline are vectors moved by matrices, the reversions are
solved as linear systems. Shared with the library are only the names of inputs and states.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import erf, exp, factorial, inf, log

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
    """Return demand after a step."""
    net = max(g, 0.0) * (1.0 - x / size) + min(g, 0.0) - leaving
    return x * exp(net * dt)


def unhindered(p: Mapping[str, float], kind: str, level: float) -> float:
    """Return the growth that a market without limit would have given at the start."""
    seen = p[f"base_{kind}_growth"]
    room = max(0.1, 1.0 - level / p[f"{kind}_market"])
    return seen / room if seen > 0.0 else seen


def start(p: Mapping[str, float]) -> dict[str, float]:
    """Return the base period."""
    s: dict[str, float] = {}
    fleet = p["base_capacity"]
    s["c"] = p["power_cost"] / p["base_compute_per_power"]
    s["eta"] = p["base_compute_per_power"]
    s["trained0"] = fleet - fleet * p["inference_share"]
    served_paid = fleet * p["inference_share"] * p["paid_share_of_inference"]
    free = (fleet * p["inference_share"] - served_paid) / (
        1.0 - p["free_rationing"] + p["free_rationing"] * p["free_floor"]
    )
    payers = p["base_users"] * p["base_paying_share"]
    s["users"], s["share"], s["gu"] = p["base_users"], p["base_paying_share"], unhindered(p, "user", p["base_users"])
    s["price"] = p["consumer_run_rate"] / payers
    cut = s["c"] * served_paid * (1.0 - p["business_share_of_paid"]) / payers
    s["use"] = cut / truncated_mean(1.0, p["use_quota"], p["use_spread"])
    s["quota"] = p["use_quota"] * s["use"]
    s["free_cost"] = s["c"] * free / (p["base_users"] - payers)
    s["sales"], s["gb"], s["new"] = p["business_run_rate"], unhindered(p, "business", p["business_run_rate"]), 0.0
    s["rho"] = s["sales"] / (s["c"] * served_paid * p["business_share_of_paid"])
    s["need"], s["unmet"], s["surplus"] = served_paid + free, 0.0, 0.0
    s["training_share"] = 1.0 - p["inference_share"]
    s["revenue"] = p["consumer_run_rate"] + p["business_run_rate"]
    s["mean_revenue"] = p["trailing_revenue"]
    s["income"] = s["revenue"] * (1.0 - p["revenue_share"] - p["other_cost_share"]) - p["base_bill"] - p["staff_cost"]
    s["flow"] = s["income"] + p["interest_rate"] * p["base_cash"]
    s["mean_income"], s["mean_flow"], s["mean_unmet"], s["mean_lost"] = s["income"], s["flow"], s["unmet"], 0.0
    s["cash"], s["debt"], s["promised"], s["clock"] = p["base_cash"], 0.0, 0.0, 1.0
    s["loss"], s["won"] = 0.0, 0.0
    s["gap"] = max(0.0, -p["base_cash"] - p["credit_line"])
    return s


def path(p: Mapping[str, float], base_bill: float, scheduled: Sequence[float], dt: float) -> list[dict[str, float]]:
    """Return what can be compared with the library's states, step by step from the first."""
    s = start(p)
    queue = np.full(2, 0.5 * p["pipeline_ratio"] * p["base_bill"])
    ages = {name: np.array([p["base_" + name], 0.0, 0.0]) for name in ("bill", "capacity", "power")}
    contracted, rows = base_bill, []
    for k, due in enumerate(scheduled):
        money = s["cash"] + p["credit_line"] - s["debt"] + s["promised"]
        runway = 0.0 if money <= 0.0 else (inf if s["flow"] >= 0.0 else money / -s["flow"])
        growth = min(max(2.0 * s["revenue"] / s["mean_revenue"] - 2.0, -0.9), 3.0)
        placed = decide(p, s, queue, ages, runway, growth, due - contracted, dt)
        contracted = due
        prices_and_demand(p, s, (k + 1) * dt, dt)
        queue, arrived = delayed(queue, placed, 2.0 / p["lead_time"], dt)
        haste = min(arrived / dt / ages["bill"].sum(), 1.0)
        compute = arrived / (s["c"] * (1.0 + p["ramp_premium"] * haste))
        parts = {"bill": arrived, "capacity": compute, "power": compute / s["eta"]}
        for name, more in parts.items():
            ages[name], _ = delayed(ages[name], more, 3.0 / p["contract_term"], dt)
        use_and_income(p, s, {name: float(ages[name].sum()) for name in ages}, runway, dt)
        finance(p, s, float(queue.sum()), parts["power"], dt)
        rows.append(
            {
                "revenue": s["revenue"],
                "cash": s["cash"],
                "debt": s["debt"],
                "tranches": s["promised"],
                "capacity": float(ages["capacity"].sum()),
                "power": float(ages["power"].sum()),
                "bill": float(ages["bill"].sum()),
                "pipeline_early": float(queue[0]),
                "pipeline_late": float(queue[1]),
                "compute_cost": s["cost"],
                "operating_income": s["income"],
                "cash_flow": s["flow"],
                "equity_raised": s["equity"],
                "valuation": s["worth"],
                "monetization": s["rho"],
                "cost_per_compute": s["c"],
                "unmet_share": s["unmet"],
                "surplus_share": s["surplus"],
                "unmonetized_mean": s["mean_lost"],
                "unmet_mean": s["mean_unmet"],
                "operating_income_mean": s["mean_income"],
                "cash_flow_mean": s["mean_flow"],
                "funding_gap": s["gap"],
                "loss_until_profitable": s["loss"],
                "users": s["users"],
                "paying_share": s["share"],
                "business_demand": s["sales"],
                "new_demand": s["new"],
                "compute_needed": s["need"],
            }
        )
    return rows


def decide(
    p: Mapping[str, float],
    s: Mapping[str, float],
    queue: np.ndarray,
    ages: Mapping[str, np.ndarray],
    runway: float,
    growth: float,
    due: float,
    dt: float,
) -> float:
    """Return what management puts on order in a step: call-offs less cancellations, and its own orders."""
    later = s["c"] * exp(-p["expected_hardware_gain"] * p["lead_time"])
    serving = s["need"] * s["c"] * exp(min(p["optimism"] * growth * p["lead_time"], 3.0))
    follows = serving / (1.0 - s["training_share"])
    holds = serving + s["trained0"] * later
    wanted = p["training_growth"] * follows + (1.0 - p["training_growth"]) * holds
    visible = ages["capacity"].sum() * later + queue.sum()
    short = max(0.0, 1.0 - runway / p["cut_runway"])
    pressure = p["management_reaction"] * min(1.0, max(visible / wanted - 1.0, short, 0.0))
    called = p["contract_speed"] * p["contract_size"] * max(due, 0.0)
    means = p["management_reaction"] * min(1.0, runway / p["runway_target"])
    own = means * max(wanted - visible, 0.0) / p["ordering_time"] * dt
    return called * (1.0 - p["contract_deferral"] * pressure) + own


def prices_and_demand(p: Mapping[str, float], s: dict[str, float], now: float, dt: float) -> None:
    """Move technology, prices and demand through a step without shocks."""
    gain = p["hardware_gain"]
    excess = gain - p["expected_hardware_gain"] + p["software_surprise"]
    log_rho = toward(log(s["rho"]), log(p["monetization_long_run"]), p["monetization_reversion"], dt)
    log_rho += p["scarcity_response"] * (s["unmet"] - max(0.0, s["surplus"] - p["usual_surplus"])) * dt
    log_rho += (1.0 - p["pass_through"]) * (gain + p["software_surprise"]) * dt
    s["rho"] = exp(log_rho)
    s["c"] *= exp(-gain * dt)
    s["eta"] *= exp(p["energy_gain"] * dt)
    leaving = p["unserved_loss"] * s["unmet"]
    s["gu"] = toward(s["gu"], p["user_growth_long_run"], p["user_growth_reversion"], dt)
    s["gb"] = toward(s["gb"], p["business_growth_long_run"], p["business_growth_reversion"], dt)
    s["users"] = logistic(s["users"], s["gu"], p["user_market"], 0.0, dt)
    moved = toward(s["share"], p["paying_share_long_run"], p["churn"], dt) - leaving * s["share"] * dt
    s["share"] = min(1.0, max(0.0, moved))
    s["price"] *= exp(p["revenue_per_payer_drift"] * dt)
    s["quota"] *= exp(p["revenue_per_payer_drift"] * dt)
    s["use"] *= exp((p["payer_cost_drift"] - (1.0 - p["rebound"]) * excess) * dt)
    s["free_cost"] *= exp((p["free_cost_drift"] - (1.0 - p["rebound"]) * excess) * dt)
    s["sales"] = logistic(s["sales"], s["gb"], p["business_market"], leaving, dt)
    if s["new"] > 0.0:
        s["new"] = logistic(s["new"], p["new_growth"], p["new_market"], leaving, dt)
    elif now >= p["launch_wait"]:
        s["new"] = p["new_start_share"] * p["new_market"]


def use_and_income(
    p: Mapping[str, float], s: dict[str, float], fleet: Mapping[str, float], runway: float, dt: float
) -> None:
    """Give the fleet to its claims in turn, and book what that earns and costs."""
    capacity, bill = fleet["capacity"], fleet["bill"]
    s["training_share"] = toward(s["training_share"], p["training_share_long_run"], p["training_share_speed"], dt)
    cut = p["management_reaction"] * max(0.0, 1.0 - runway / p["cut_runway"])
    plan = s["training_share"] * capacity * (1.0 - cut * (1.0 - p["cut_floor"]))
    above = max(plan - s["trained0"], 0.0)
    training = plan - (1.0 - p["training_growth"]) * above
    payer = truncated_mean(s["use"], s["quota"], p["use_spread"])
    free = s["users"] * (1.0 - s["share"]) * s["free_cost"] / s["c"]
    paid = (s["users"] * s["share"] * payer + s["sales"] / s["rho"] + s["new"] / p["new_monetization"]) / s["c"]
    left = {"training": training, "rest": capacity - training}
    first = paid + p["free_floor"] * free
    given = min(max(first - left["rest"], 0.0), p["training_yield"] * training)
    left = {"training": training - given, "rest": left["rest"] + given}
    ratio = min(1.0, left["rest"] / first)
    spare = left["rest"] - ratio * first
    extra_free = min(spare, (1.0 - p["free_floor"]) * free)
    spare -= extra_free
    absorbed = p["absorption"] * p["training_growth"] * spare
    sold = min(spare - absorbed, p["resale_cap"] * capacity)
    rent = s["c"] * exp(p["rental_premium_long_run"]) * (1.0 - p["resale_discount"])
    s["unmet"], s["surplus"], s["need"] = 1.0 - ratio, spare / capacity, paid + free
    s["old_revenue"] = s["revenue"]
    subscriptions = s["users"] * s["share"] * s["price"]
    s["revenue"] = ratio * (subscriptions + s["sales"] + s["new"]) + sold * rent
    busy = left["training"] + absorbed + ratio * first + extra_free + sold
    s["cost"] = bill * max(p["take_or_pay"], busy / capacity)
    base = p["consumer_run_rate"] + p["business_run_rate"]
    staff = p["staff_cost"] * max(1.0, s["revenue"] / base) ** p["staff_elasticity"]
    kept = 1.0 - p["revenue_share"] - p["other_cost_share"]
    s["income"] = kept * s["revenue"] - s["cost"] - staff
    s["flow"] = s["income"] + p["interest_rate"] * (max(s["cash"], 0.0) - s["debt"])
    earns = s["rho"] * s["c"] if s["unmet"] > 0.0 else (rent if sold < p["resale_cap"] * capacity else 0.0)
    lost = s["surplus"] * max(0.0, 1.0 - earns * capacity / bill)
    if s["won"] == 0.0:
        s["loss"] -= s["income"] * dt
    for mean, value in (("income", s["income"]), ("flow", s["flow"]), ("unmet", s["unmet"]), ("lost", lost)):
        s["mean_" + mean] = toward(s["mean_" + mean], value, 1.0, dt)
    if s["mean_income"] > 0.0:
        s["won"] = 1.0


def finance(p: Mapping[str, float], s: dict[str, float], coming: float, power: float, dt: float) -> None:
    """Raise what is raised, draw or repay credit, and remember the gap."""
    s["mean_revenue"] = toward(s["mean_revenue"], 0.5 * (s["old_revenue"] + s["revenue"]), 2.0, dt)
    growth = min(max(2.0 * s["revenue"] / s["mean_revenue"] - 2.0, -0.9), 3.0)
    s["worth"] = s["revenue"] * p["valuation_multiple"] * exp(p["growth_slope"] * growth)
    wanted = p["runway_target"] * (max(-s["flow"], 0.0) + p["coming_bill_weight"] * coming)
    missing = max(0.0, wanted - s["cash"] - p["credit_line"] + s["debt"] - s["promised"])
    due = s["promised"] - toward(s["promised"], 0.0, p["round_rate"], dt)
    s["promised"] -= due
    money = due + p["supplier_equity"] * power
    s["clock"] -= p["round_rate"] * min(missing / max(wanted, 1.0), 1.0) * dt
    if s["clock"] <= 0.0:
        size = min(missing, p["dilution"] * s["worth"])
        money += p["paid_now"] * size
        s["promised"] += (1.0 - p["paid_now"]) * size
        s["clock"] = 1.0
    s["equity"] = money / dt
    net = s["cash"] - s["debt"] + s["flow"] * dt + money
    s["debt"] = min(max(-net, 0.0), p["credit_line"])
    s["cash"] = net + s["debt"]
    s["gap"] = max(s["gap"], -(s["cash"] + p["credit_line"] - s["debt"]))
