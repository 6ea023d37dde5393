"""A model of thirty states, forty-two inputs that vary and eight shocks; a step has six exponentials and three logs."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import montecarlo_ai as mc

PRODUCTS = range(6)
OF_STATE = ("demand", "price", "stock", "cost", "share")
OF_PARAMS = ("growth", "spread", "decline", "fill", "upkeep", "pull", "start")

STEP = """
def step(state, params, shocks, clock):
    root = math.sqrt(clock.dt)
    mood = mc.math.log(1.0 + abs(shocks.mood))
    total = {total}
{products}
    return State({fields})
"""
PRODUCT = """
    moved = params.growth_{i} * clock.dt + params.spread_{i} * root * shocks.demand_{i}
    demand_{i} = state.demand_{i} * mc.math.exp(moved)
    price_{i} = state.price_{i} * (1.0 - params.decline_{i} * clock.dt) + 0.01 * shocks.price * root * mood
    stock_{i} = max(state.stock_{i} + (params.fill_{i} - min(demand_{i}, state.stock_{i})) * clock.dt, 0.0)
    cost_{i} = params.upkeep_{i} * math.sqrt(stock_{i}) / (1.0 + demand_{i}){scale}
    share_{i} = state.share_{i} + params.pull_{i} * (demand_{i} / total - state.share_{i}) * clock.dt
"""


def large_model() -> mc.Scenario:
    """Return the model as a scenario of two years."""
    states = [f"{name}_{i}" for i in PRODUCTS for name in OF_STATE]
    inputs = [f"{name}_{i}" for i in PRODUCTS for name in OF_PARAMS]
    shocks = [*(f"demand_{i}" for i in PRODUCTS), "price", "mood"]
    kinds = {
        name: NamedTuple(name, [(field, float) for field in fields])
        for name, fields in (("State", states), ("Params", inputs), ("Shocks", shocks), ("Events", ["share_0"]))
    }
    scope: dict[str, Any] = {"math": math, "mc": mc, **kinds}
    products = "".join(
        PRODUCT.format(i=i, scale=f" * mc.math.log(2.0 + state.price_{i}**2)" if i < 2 else "") for i in PRODUCTS
    )
    total = " + ".join(f"state.demand_{i}" for i in PRODUCTS)
    exec(STEP.format(total=total, products=products, fields=", ".join(states)), scope)
    starts = {"demand": "params.start_{}", "price": "1.0", "stock": "2.0", "cost": "0.0", "share": "0.2"}
    first = ", ".join(starts[name].format(i) for i in PRODUCTS for name in OF_STATE)
    exec(f"def initial(params):\n    return State({first})", scope)
    exec("def events(state, params, clock):\n    return Events(state.share_0 - 0.1)", scope)
    known = {"state": kinds["State"], "params": kinds["Params"], "shocks": kinds["Shocks"], "clock": mc.Clock}
    for name, result in (("step", "State"), ("initial", "State"), ("events", "Events")):
        code = scope[name].__code__
        arguments = code.co_varnames[: code.co_argcount]
        scope[name].__annotations__ = {**{each: known[each] for each in arguments}, "return": kinds[result]}
    model = mc.Model(scope["step"], initial=scope["initial"], events=scope["events"])
    return mc.Scenario(
        model,
        inputs={name: mc.Uniform(0.1, 0.3) for name in inputs},
        time=mc.TimeGrid("2026-01-01", years=2),
    )
