"""The lab a second time, written from docs/model.md and not from the code, for a path without volatility.

One dictionary of numbers, one loop; age stages and pipeline are vectors moved by matrices, the reversions are
solved as linear systems. Shared with the library are only the names of inputs and states.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, inf, log
from typing import Any

import numpy as np
from lab_numbers import delayed, logistic, toward, truncated_mean


def unhindered(p: Mapping[str, float], kind: str, level: float) -> float:
    """Return the growth that a market without limit would have given at the start."""
    seen = p[f"base_{kind}_growth"]
    room = max(0.1, 1.0 - level / p[f"{kind}_market"])
    return seen / room if seen > 0.0 else seen


def due(p: Mapping[str, float], revenue: float, profit: float) -> float:
    """Return what the partner would get in a year if there were no cap."""
    return p["revenue_share"] * revenue + (p["profit_share"] * profit if profit > 0.0 else 0.0)


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
    s["new_payers"], s["ad"] = s["share"] * p["base_new_payer_share"], 0.0
    s["x"], s["rivals"], s["regime"], s["rent"] = 0.0, s["trained0"], 0, p["rental_premium_long_run"]
    s["training"], s["partner_left"], s["credits"] = s["trained0"], p["revenue_share_cap"], p["base_credits"]
    s["warrants"], s["stranded"] = 0.0, 0.0
    s["need"], s["unmet"], s["surplus"] = served_paid + free, 0.0, 0.0
    s["training_share"] = 1.0 - p["inference_share"]
    s["revenue"] = p["consumer_run_rate"] + p["business_run_rate"]
    s["mean_revenue"] = p["trailing_revenue"]
    energy = p["base_power"] * p["owned_share"] * p["energy_price"]
    s["income"] = s["revenue"] * (1.0 - p["other_cost_share"]) - p["base_bill"] - p["staff_cost"] - energy
    s["income"] -= min(due(p, s["revenue"], s["income"]), p["revenue_share_cap"])
    s["flow"] = s["income"] + min(p["credit_share"] * p["base_bill"], p["base_credits"])
    s["flow"] += p["interest_rate"] * p["base_cash"]
    s["mean_income"], s["mean_flow"], s["mean_unmet"], s["mean_lost"] = s["income"], s["flow"], s["unmet"], 0.0
    s["cash"], s["debt"] = p["base_cash"], 0.0
    s["promised"], s["clock"] = p["base_tranches"], p["base_round_clock"]
    s["loss"], s["won"] = 0.0, 0.0
    s["limit"] = p["credit_line"] + min(p["debt_facility"], p["debt_covenant"] * s["revenue"])
    s["gap"] = 0.0  # cash and credit are what there is
    return s


def path(
    p: Mapping[str, float],
    contracts: Sequence[Any],
    added: Sequence[Sequence[float]],
    draws: Sequence[float],
    dt: float,
    winter_at: int = -1,
) -> list[dict[str, float]]:
    """Return what can be compared with the library's states, step by step from the first.

    ``added`` has a row a step and a column a contract; a winter is stated to begin in step ``winter_at``, if any.
    """
    s = start(p)
    waiting = 0.5 * p["pipeline_ratio"] * p["base_bill"]
    queue = np.full(2, waiting)
    queues = [np.full(2, waiting * contract.waiting) for contract in contracts]
    brought = p["base_bill"] * np.array([contract.base_bill for contract in contracts])
    brought /= sum(contract.base_bill for contract in contracts) or inf  # all of the fleet is the lab's own then
    fixed = np.array([contract.take_or_pay for contract in contracts])
    firm = p["take_or_pay"] * float(brought @ fixed + p["base_bill"] - brought.sum())
    ages = {name: np.array([p["base_" + name], 0.0, 0.0]) for name in ("bill", "capacity", "power")}
    ages["firm"] = np.array([firm, 0.0, 0.0])
    held, dropped, rows = np.zeros(len(contracts)), 0.0, []
    for k, row in enumerate(added):
        money = s["cash"] + s["limit"] - s["debt"] + s["promised"]
        runway = 0.0 if money <= 0.0 else (inf if s["flow"] >= 0.0 else money / -s["flow"])
        growth = min(2.0 * s["revenue"] / s["mean_revenue"] - 2.0, 3.0)
        own, pressure = decide(p, s, queue, ages, runway, growth, float(held.sum()), dt)
        effects = weather(p, s, draws[k], k == winter_at, dt)
        prices_and_demand(p, s, effects, (k + 1) * dt, dt)
        placed, delivered, firm, vendors, vested = own, 0.0, 0.0, 0.0, 0.0
        for i, contract in enumerate(contracts):
            asked = contract.speed * p["contract_speed"] * p["contract_size"] * row[i]
            back = held[i] * min(1.0, dt / p["ordering_time"]) * (1.0 - pressure)
            stays = (asked + back) * min(contract.flexibility * p["contract_deferral"], 1.0) * pressure
            gone = (held[i] - back) * min(1.0, dt / p["contract_term"])
            held[i] += stays - back - gone
            queues[i], out = delayed(queues[i], asked + back - stays, 2.0 / p["lead_time"], dt)
            brought[i] += out
            placed, dropped, delivered = placed + asked + back - stays, dropped + gone, delivered + out
            firm += p["take_or_pay"] * contract.take_or_pay * out
            vendors += contract.equity_per_power * out
            vested += contract.warrants_per_power * out
        queue, arrived = delayed(queue, placed, 2.0 / p["lead_time"], dt)
        firm += p["take_or_pay"] * (arrived - delivered)
        haste = min(arrived / dt / ages["bill"].sum(), 1.0)
        compute = arrived / (s["c"] * (1.0 + p["ramp_premium"] * haste))
        per_bill = compute / s["eta"] / arrived if arrived > 0.0 else 0.0
        parts = {"bill": arrived, "capacity": compute, "power": compute / s["eta"], "firm": firm}
        for name, more in parts.items():
            ages[name], _ = delayed(ages[name], more, 3.0 / p["contract_term"], dt)
        use_and_income(p, s, {name: float(ages[name].sum()) for name in ages}, runway, dt)
        left = p["contract_term"] * np.array([1.0, 2.0 / 3.0, 1.0 / 3.0])
        s["stranded"] = float(np.maximum(ages["firm"] - s["c"] * ages["capacity"], 0.0) @ left)
        finance(p, s, effects, float(queue.sum()), per_bill * vendors, per_bill * vested, dt)
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
                "compute_training": s["training"],
                "regime": float(s["regime"]),
                "cancelled": dropped,
                "deferred": float(held.sum()),
                **of_contracts(contracts, queues, brought),
                "firm_bill": float(ages["firm"].sum()),
                "stranded_cost": s["stranded"],
                "new_payer_share": s["new_payers"],
                "revenue_advertising": s["ads"],
                "price_deviation": s["x"],
                "rival_training": s["rivals"],
                "rental_premium": s["rent"],
                "partner_share_left": s["partner_left"],
                "credits_left": s["credits"],
                "stock_pay": s["shares"],
                "debt_limit": s["limit"],
                "warrants": s["warrants"],
            }
        )
    return rows


def of_contracts(contracts: Sequence[Any], queues: Sequence[np.ndarray], brought: np.ndarray) -> dict[str, float]:
    """Return the places of each contract's orders under their names."""
    places = {}
    for contract, queue, delivered in zip(contracts, queues, brought, strict=True):
        words = "".join(c if c.isalnum() else " " for c in contract.counterparty.lower()).split()
        values = {"early": queue[0], "late": queue[1], "delivered": delivered}
        places |= {f"{part}_{'_'.join(words)}": float(value) for part, value in values.items()}
    return places


def weather(p: Mapping[str, float], s: dict[str, float], draw: float, stated: bool, dt: float) -> dict[str, float]:
    """Move the regime by a uniform draw, or into a winter that is stated, and return what it does."""

    def fires(rate: float) -> float:
        return 1.0 - toward(1.0, 0.0, rate, dt)

    now, after = s["regime"], s["regime"]
    if now == -1 and draw < fires(1.0 / p["winter_duration"]):
        after = 0
    elif now == 1 and draw < fires(1.0 / p["boom_duration"]):
        after = -1 if draw < p["bust_share"] * fires(1.0 / p["boom_duration"]) else 0
    elif now == 0 and draw < fires(p["winter_hazard"]):
        after = -1
    elif now == 0 and draw > 1.0 - fires(p["boom_hazard"]):
        after = 1
    after = -1 if stated else after
    s["regime"] = after
    force = {-1: -p["winter_strength"], 0: 0.0, 1: 1.0}[after]
    season = "winter" if after < 0 else "boom"
    open_ = 1.0 + abs(force) * (p[season + "_rounds"] - 1.0)
    found = {name: force * p[f"{season}_{name}"] for name in ("growth", "multiple", "rent")}
    return {**found, "open": max(open_, 0.0)}


def decide(
    p: Mapping[str, float],
    s: Mapping[str, float],
    queue: np.ndarray,
    ages: Mapping[str, np.ndarray],
    runway: float,
    growth: float,
    deferred: float,
    dt: float,
) -> tuple[float, float]:
    """Return the lab's own orders of a step, and how hard it presses to put off those of its contracts."""
    later = s["c"] * exp(-p["expected_hardware_gain"] * p["lead_time"])
    serving = s["need"] * s["c"] * exp(min(max(p["optimism"] * growth * p["lead_time"], -3.0), 3.0))
    follows = serving / (1.0 - s["training_share"])
    holds = serving + s["trained0"] * later
    wanted = p["training_growth"] * follows + (1.0 - p["training_growth"]) * holds
    young, middle, old = ages["capacity"]
    old -= old * min(1.0, 3.0 * p["lead_time"] / p["contract_term"])
    visible = (young + middle + old) * later + queue.sum()
    short = max(0.0, 1.0 - runway / p["cut_runway"])
    pressure = p["management_reaction"] * min(1.0, max(visible / wanted - 1.0, short, 0.0))
    means = p["management_reaction"] * min(1.0, runway / p["runway_target"])
    own = means * max(wanted - visible - deferred, 0.0) * min(1.0, dt / p["ordering_time"])
    return own, pressure


def prices_and_demand(
    p: Mapping[str, float], s: dict[str, float], effects: Mapping[str, float], now: float, dt: float
) -> None:
    """Move technology, prices and demand through a step without shocks."""
    gain = p["hardware_gain"]
    excess = gain - p["expected_hardware_gain"] + p["software_surprise"]
    log_rho = toward(log(s["rho"]), log(p["monetization_long_run"]), p["monetization_reversion"], dt)
    log_rho += p["scarcity_response"] * (s["unmet"] - max(0.0, s["surplus"] - p["usual_surplus"])) * dt
    log_rho += (1.0 - p["pass_through"]) * (gain + p["software_surprise"]) * dt
    log_rho -= p["price_decline"] * dt
    s["x"] += log_rho - log(s["rho"]) - excess * dt
    s["rho"] = exp(log_rho)
    s["rent"] = toward(s["rent"], p["rental_premium_long_run"] + effects["rent"], p["market_reversion"], dt)
    s["c"] *= exp(-gain * dt)
    s["eta"] *= exp(p["energy_gain"] * dt)
    taken = p["erosion"] - effects["growth"]
    taken += p["training_effect"] * (s["rivals"] - s["training"]) / (s["rivals"] + s["training"] or inf)
    s["rivals"] *= exp(p["rival_training_growth"] * dt)
    unserved = p["unserved_loss"] * s["unmet"]
    leaving = unserved + taken
    s["gu"] = toward(s["gu"], p["user_growth_long_run"], p["user_growth_reversion"], dt)
    s["gb"] = toward(s["gb"], p["business_growth_long_run"], p["business_growth_reversion"], dt)
    s["users"] = logistic(s["users"], s["gu"], p["user_market"], taken, dt)
    payers(p, s, unserved, dt)
    if now >= p["advertising_wait"]:
        s["ad"] = toward(s["ad"], p["advertising_long_run"], p["advertising_ramp"], dt)
    s["price"] *= exp(p["revenue_per_payer_drift"] * dt)
    s["quota"] *= exp(p["revenue_per_payer_drift"] * dt)
    s["use"] *= exp((p["payer_cost_drift"] - (1.0 - p["rebound"]) * excess) * dt)
    s["free_cost"] *= exp((p["free_cost_drift"] - (1.0 - p["rebound"]) * excess) * dt)
    s["sales"] = logistic(s["sales"], s["gb"], p["business_market"], leaving, dt)
    if s["new"] > 0.0:
        s["new"] = logistic(s["new"], p["new_growth"], p["new_market"], leaving, dt)
    elif now >= p["launch_wait"]:
        s["new"] = p["new_start_share"] * p["new_market"]


def payers(p: Mapping[str, float], s: dict[str, float], unserved: float, dt: float) -> None:
    """Move new and settled payers through a step."""
    new, settled = s["new_payers"], s["share"] - s["new_payers"]
    left, settle = (1.0 - toward(1.0, 0.0, p[rate], dt) for rate in ("churn", "settling"))
    lasting = p["paying_share_long_run"] * left / (left + settle or inf)
    settling = settle * new
    new = toward(new, lasting, p["new_payer_churn"] + p["settling"], dt) - unserved * new * dt
    settled = toward(settled, 0.0, p["churn"], dt) + settling - unserved * settled * dt
    s["new_payers"] = min(1.0, max(0.0, new))
    s["share"] = min(1.0, s["new_payers"] + max(0.0, settled))


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
    sales = s["sales"] * exp((1.0 - p["price_elasticity"]) * s["x"])
    paid = (s["users"] * s["share"] * payer + sales / s["rho"] + s["new"] / p["new_monetization"]) / s["c"]
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
    rent = s["c"] * exp(s["rent"]) * (1.0 - p["resale_discount"])
    s["unmet"], s["surplus"], s["need"] = 1.0 - ratio, spare / capacity, paid + free
    s["old_revenue"] = s["revenue"]
    subscriptions = s["users"] * s["share"] * s["price"]
    s["ads"] = ratio * s["users"] * (1.0 - s["share"]) * s["ad"]
    s["revenue"] = ratio * (subscriptions + sales + s["new"]) + s["ads"] + sold * rent
    s["training"] = left["training"] + absorbed
    busy = s["training"] + ratio * first + extra_free + sold
    s["cost"] = max(fleet["firm"], bill * busy / capacity)
    base = p["consumer_run_rate"] + p["business_run_rate"]
    staff = p["staff_cost"] * max(1.0, s["revenue"] / base) ** p["staff_elasticity"]
    credits = min(p["credit_share"] * s["cost"] * dt, s["credits"])
    s["credits"] -= credits
    s["shares"] = p["stock_pay_ratio"] * staff
    s["income"] = (1.0 - p["other_cost_share"]) * s["revenue"] - s["cost"] - staff
    s["income"] -= p["owned_share"] * p["energy_price"] * fleet["power"]
    partner = min(due(p, s["revenue"], s["income"]) * dt, s["partner_left"])
    s["partner_left"], s["income"] = s["partner_left"] - partner, s["income"] - partner / dt
    s["flow"] = s["income"] + credits / dt + p["interest_rate"] * (max(s["cash"], 0.0) - s["debt"])
    earns = s["rho"] * s["c"] if s["unmet"] > 0.0 else (rent if sold < p["resale_cap"] * capacity else 0.0)
    lost = s["surplus"] * max(0.0, 1.0 - earns * capacity / bill)
    if s["won"] == 0.0:
        s["loss"] -= s["income"] * dt
    for mean, value in (("income", s["income"]), ("flow", s["flow"]), ("unmet", s["unmet"]), ("lost", lost)):
        s["mean_" + mean] = toward(s["mean_" + mean], value, 1.0, dt)
    if s["mean_income"] > 0.0:
        s["won"] = 1.0


def finance(
    p: Mapping[str, float],
    s: dict[str, float],
    effects: Mapping[str, float],
    coming: float,
    vendors: float,
    vested: float,
    dt: float,
) -> None:
    """Raise what is raised, draw or repay debt, and remember the gap."""
    s["mean_revenue"] = toward(s["mean_revenue"], 0.5 * (s["old_revenue"] + s["revenue"]), 2.0, dt)
    growth = min(2.0 * s["revenue"] / s["mean_revenue"] - 2.0, 3.0)
    lent = min(p["debt_facility"], p["debt_covenant"] * s["revenue"]) * min(effects["open"], 1.0)
    s["limit"] = max(p["credit_line"] + lent, s["debt"])
    wanted = p["runway_target"] * (max(-s["flow"], 0.0) + p["coming_bill_weight"] * coming)
    missing = max(0.0, wanted - s["cash"] + s["debt"] - s["promised"])
    urgency = min(missing / max(wanted, 1.0), 1.0)
    market = exp(effects["multiple"])
    s["worth"] = s["revenue"] * p["valuation_multiple"] * exp(p["growth_slope"] * growth) * market
    s["worth"] *= 1.0 - p["distress_discount"] * urgency
    due = s["promised"] - toward(s["promised"], 0.0, p["round_rate"] * effects["open"], dt)
    s["promised"] -= due
    sold = s["warrants"] - toward(s["warrants"], 0.0, p["warrant_sale_rate"], dt)
    s["warrants"] += vested - sold
    money = due + p["supplier_equity"] * vendors + sold * market
    pressure = p["round_rate"] * market * effects["open"] * urgency
    s["clock"] -= pressure * dt
    if s["clock"] <= 0.0 < pressure:
        size = min(missing, p["dilution"] * s["worth"])
        money += p["paid_now"] * size
        s["promised"] += (1.0 - p["paid_now"]) * size
        s["clock"] = 1.0
    s["equity"] = money / dt
    net = s["cash"] - s["debt"] + s["flow"] * dt + money
    s["debt"] = min(max(-net, 0.0), s["limit"])
    s["cash"] = net + s["debt"]
    s["gap"] = max(s["gap"], -(s["cash"] + s["limit"] - s["debt"]))
