"""Scenario files made at random, sound ones and broken ones, from a seed.

``python -m tests.soak_files --files 500000`` loads as many: only a Scenario or an InputError may come out of each.
"""

from __future__ import annotations

import copy
import datetime
import math
import random
import string
from collections.abc import Callable, Iterator
from typing import Any

from montecarlo_ai.files.document import document_to_toml

SHOP, STALL = "soak_model:shop", "soak_model:stall"
UNITS = {
    "opening_cash": ("USD", "billion USD", "million USD", "thousand USD"),
    "margin": ("USD/year", "billion USD/year", "USD/month", "million USD per quarter"),
    "growth": ("1/year", "percent/year", "1/month"),
    "share": ("fraction", "percent"),
    "spread": (None,),
    "wait": ("year", "month", "day"),
}
SHOCKS = ("demand", "price")
STEPS = 4


def number(rng: random.Random) -> float:
    """A positive number of any size that people write."""
    return round(rng.choice((1.0, 10.0, 1e-3, 1e3, 1e9)) * rng.uniform(0.1, 9.9), 6)


def pair(rng: random.Random) -> tuple[float, float]:
    low = number(rng)
    return low, low * rng.uniform(1.01, 3.0)


def interval(family: str) -> Callable[[random.Random], dict[str, Any]]:
    """What states a family by an interval."""

    def stated(rng: random.Random) -> dict[str, Any]:
        table: dict[str, Any] = {"distribution": family, "interval": list(pair(rng))}
        if rng.random() < 0.3:
            table["level"] = rng.choice((0.5, 0.8, 0.95))
        return table

    return stated


def quantiles(rng: random.Random) -> dict[str, Any]:
    low, high = pair(rng)
    return {"distribution": rng.choice(("normal", "lognormal", "uniform")), "quantiles": {"0.1": low, "0.9": high}}


def three(family: str) -> Callable[[random.Random], dict[str, Any]]:
    def stated(rng: random.Random) -> dict[str, Any]:
        low, high = pair(rng)
        return {"distribution": family, "low": low, "mode": rng.uniform(low, high), "high": high}

    return stated


def of(family: str, **more: Callable[[random.Random], float]) -> Callable[[random.Random], dict[str, Any]]:
    """What states a family by its parameters."""
    return lambda rng: {"distribution": family, **{name: draw(rng) for name, draw in more.items()}}


def inner(rng: random.Random) -> dict[str, Any]:
    return rng.choice((interval("normal"), interval("lognormal"), of("exponential", rate=number)))(rng)


def ascending(rng: random.Random, count: int) -> list[float]:
    return sorted(number(rng) * (1.0 + 1e-3 * k) for k in range(count))


def through_three(rng: random.Random) -> dict[str, Any]:
    middle = number(rng)
    ends = {"0.1": middle * rng.uniform(0.4, 0.6), "0.5": middle, "0.9": middle * rng.uniform(1.4, 1.6)}
    return {"distribution": "metalog", "quantiles": ends}


def between(low: float, high: float) -> Callable[[random.Random], float]:
    return lambda rng: rng.uniform(low, high)


STATEMENTS: dict[str, tuple[Callable[[random.Random], dict[str, Any]], ...]] = {
    "constant": (lambda rng: {"value": number(rng)}, of("constant", value=number)),
    "normal": (interval("normal"), of("normal", mean=number, sd=number), quantiles),
    "lognormal": (interval("lognormal"), of("lognormal", mu=between(-2, 3), sigma=between(0, 1))),
    "uniform": (
        interval("uniform"),
        lambda rng: dict(zip(("distribution", "low", "high"), ("uniform", *pair(rng)), strict=True)),
    ),
    "loguniform": (interval("loguniform"),),
    "triangular": (three("triangular"),),
    "pert": (three("pert"),),
    "exponential": (of("exponential", rate=number),),
    "beta": (of("beta", a=between(0.5, 9), b=between(0.5, 9)),),
    "gamma": (of("gamma", shape=between(0.5, 9), scale=number),),
    "studentt": (of("studentt", df=between(2.5, 20), loc=number, scale=number),),
    "metalog": (
        through_three,
        of("metalog", coefficients=lambda rng: [number(rng), number(rng)]),
    ),
    "truncated": (lambda rng: {"distribution": "truncated", "of": inner(rng), "low": 0.0},),
    "clipped": (lambda rng: {"distribution": "clipped", "of": inner(rng), "low": 0.0},),
    "scaled": (lambda rng: {"distribution": "scaled", "of": inner(rng), "factor": number(rng)},),
    "mixture": (
        lambda rng: {"distribution": "mixture", "components": [inner(rng), inner(rng)], "weights": [0.25, 0.75]},
    ),
    "empirical": (lambda rng: {"distribution": "empirical", "values": ascending(rng, 5)},),
    "scipy": (
        lambda rng: {"distribution": "scipy", "name": "gumbel_r", "args": [number(rng)], "kwds": {"scale": 2.0}},
    ),
}
"""Ways to state each family."""

DEAR = {"scipy": 0.01, "mixture": 0.05, "metalog": 0.05, "pert": 0.1, "beta": 0.1, "gamma": 0.2, "studentt": 0.1}
"""Families that take milliseconds to make or to look a median up in, and how often they come beside the others."""


def statement(rng: random.Random) -> dict[str, Any]:
    """A sound statement of a distribution."""
    families = list(STATEMENTS)
    family = rng.choices(families, [DEAR.get(name, 1.0) for name in families])[0]
    return rng.choice(STATEMENTS[family])(rng)


def provenance(rng: random.Random) -> dict[str, Any]:
    if rng.random() < 0.1:
        return {}
    date: object = datetime.date(2025, 12, 31)
    return {
        "source": rng.choice(("judgement", ["judgement", "openai_revenue_annualized_2025_12_01"])),
        "date": rng.choice((date, "2025-06-30")),
        "rationale": "why",
    }


def input_table(rng: random.Random, name: str) -> dict[str, Any]:
    units = rng.choice(UNITS[name])
    return {**statement(rng), **({} if units is None else {"units": units}), **provenance(rng)}


def names_of(model: str) -> list[str]:
    return list(UNITS) if model == SHOP else ["opening_cash", "margin"]


def own(rng: random.Random, model: str) -> dict[str, Any]:
    """A sound scenario of one of the models, most of the time."""
    inputs = {name: input_table(rng, name) for name in names_of(model)}
    document: dict[str, Any] = {
        "schema_version": 1,
        "name": rng.choice(("own", "a b", "\u00e9t\u00e9", "x" * 200)),
        "model": model,
        "time": {"start": rng.choice((datetime.date(2026, 1, 1), "2026-01-31")), "years": 1, "steps_per_year": STEPS},
        "inputs": inputs,
    }
    if model == SHOP:
        document["forcing"] = {"rent": [number(rng) for _ in range(STEPS)]}
    varying = [name for name, table in inputs.items() if table.get("distribution", "constant") != "constant"]
    if len(varying) > 1 and rng.random() < 0.5:
        document["correlation"] = [{"inputs": rng.sample(varying, 2), "value": rng.uniform(-1, 1), **provenance(rng)}]
    if len(varying) > 2 and rng.random() < 0.2:
        names, rho = rng.sample(varying, 3), rng.uniform(0, 0.9)
        matrix = [[1.0 if a == b else rho for b in names] for a in names]
        how = rng.choice(({"value": rho}, {"matrix": matrix}, {"value": rho, "measure": "spearman", "group": "g"}))
        document["correlation"] = [{"inputs": names, **how}]
        if rng.random() < 0.5:
            document["dependence"] = {"copula": rng.choice(("gaussian", ["t", 4.0])), "repair": rng.random() < 0.5}
    if rng.random() < 0.3:
        document["shock_correlation"] = [{"shocks": list(SHOCKS), "value": rng.uniform(-1, 1)}]
    extras = {"chips": rng.choice(("cash", ["cash"], [])), "title": "t", "description": "d\n'''\"\"\"[x]"}
    document.update({key: value for key, value in extras.items() if rng.random() < 0.3})
    if rng.random() < 0.1:
        document["base_period"] = {"text": "b", "revenue": number(rng), "list": [1, 2.0]}
    if rng.random() < 0.1:
        document["history"] = [{"variable": "cash", "facts": "openai_cash_and_securities_2025_06_01", "note": "n"}]
    return document


def child(rng: random.Random, base: str, model: str) -> dict[str, Any]:
    """A file that changes another."""
    names = names_of(model)
    changed = rng.sample(names, rng.randint(0, 2))
    document: dict[str, Any] = {
        "schema_version": 1,
        "base": base,
        "inputs": {name: input_table(rng, name) for name in changed},
    }
    for name in changed:
        if rng.random() < 0.2:
            document["inputs"][name].pop("units", None)
        elif rng.random() < 0.1:
            document["inputs"][name] = provenance(rng)
    if rng.random() < 0.3:
        document["time"] = {"start": "2027-01-01"}
    if rng.random() < 0.2:
        document["correlation"] = [{"inputs": rng.sample(names, 2), "value": rng.uniform(-1, 1)}]
    return document


def overlay(rng: random.Random, title: str, model: str) -> dict[str, Any]:
    """An overlay on one of the models."""
    inputs: dict[str, Any] = {}
    for name in rng.sample(names_of(model), rng.randint(1, 2)):
        change: dict[str, Any] = {"multiply": rng.choice((0.5, 2.0, 1))} if rng.random() < 0.8 else {"add": number(rng)}
        inputs[name] = {**(input_table(rng, name) if rng.random() < 0.2 else change), **provenance(rng)}
    return {"schema_version": 1, "name": title, "inputs": inputs}


def lab_child(rng: random.Random) -> dict[str, Any]:
    """A file that changes a few things of the preset."""
    document: dict[str, Any] = {"schema_version": 1, "base": "openai-2025-12", "inputs": {}}
    for name, units in rng.sample((("churn", "1/year"), ("base_cash", "billion USD"), ("take_or_pay", "percent")), 2):
        low = {"churn": 0.2, "base_cash": 20.0, "take_or_pay": 30.0}[name] * rng.uniform(0.8, 1.2)
        document["inputs"][name] = {"distribution": "uniform", "low": low, "high": 2 * low, "units": units}
    if rng.random() < 0.5:
        document["contracts"] = [{"counterparty": rng.choice(("Oracle", "Nobody")), "base_bill": number(rng)}]
        document["contracts"][0]["added_bill"] = [number(rng)]
    if rng.random() < 0.5:
        document["time"] = {"years": rng.choice((1, 2, 3.5)), "steps_per_year": rng.choice((1, 4, 12))}
    return document


# Ways to break a document


ODD: tuple[Any, ...] = (
    math.nan, math.inf, -math.inf, -1.0, 0, 0.0, -0.0, 1, 2, 1e308, 5e-324, 10**30, 2**63, True, False, "", "x", "0.5",
    "2026-02-30", "cash", [], [1, 2], [2.0, 1.0], [[1.0]], [True, False], ["a", "b"], {}, {"a": 1}, {"": ""},
    {"0.5": 1},
    datetime.date(1, 1, 1), datetime.date(9999, 12, 31), datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
    datetime.time(1, 2), [1e9] * 60, "x" * 500, "../x", "/etc/passwd", "openai-2025-12", "os:path", "soak_model:step",
    "nowhere:x", "billion USD/year", "percent", "USD**1e9", "1/0", "((((", "{0}", "%s", "\u202ea",
)  # fmt: skip
KEYS = (
    "name", "units", "value", "interval", "level", "quantiles", "distribution", "low", "high", "mean", "sd", "of",
    "base", "multiply", "add", "inputs", "source", "date", "rationale", "matrix", "measure", "group", "weights", "args",
    "kwds", "values", "components", "factor", "start", "years", "facts", "variable", "copula", "repair",
    "groups", "shocks",
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def broken(rng: random.Random, document: dict[str, Any]) -> dict[str, Any]:
    """A document with one to three things wrong, or at least odd."""
    document = copy.deepcopy(document)
    for _ in range(rng.randint(1, 3)):
        found = list(places(document))
        *outer, last = rng.choice(found)
        if outer and rng.random() < 0.1:
            *outer, last = outer  # tables are fewer than what stands in them
        table: Any = document
        for key in outer:
            table = table[key]
        how = rng.random()
        if how < 0.5:
            table[last] = copy.deepcopy(rng.choice(ODD))
        elif how < 0.65:
            del table[last]
        elif how < 0.8 and isinstance(table, dict):
            table[misspelt(rng, last) if rng.random() < 0.5 else rng.choice(KEYS)] = table.pop(last)
        elif how < 0.9 and isinstance(table, dict):
            table[rng.choice(KEYS)] = copy.deepcopy(rng.choice(ODD))
        elif isinstance(table[last], int | float) and not isinstance(table[last], bool):
            table[last] = table[last] * rng.choice((-1, 0, 1e6, 1e-9, 1e300))
        else:
            table[last] = [table[last]]
    return document


def misspelt(rng: random.Random, word: str) -> str:
    letters = list(word) or ["a"]
    at = rng.randrange(len(letters))
    letters[at] = rng.choice((letters[at - 1], "", rng.choice(string.ascii_letters), "-", " "))
    return "".join(letters)


INSERTIONS = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"[", b"]", b"{", b"}", b'"', b"'''", b"=", b"\r", b"\n", b"\x7f", b"#", b".",
    b"nan", b"inf", b"1e400", b"9" * 5000, b"[" * 3000, b"a." * 2000, b"\xed\xa0\x80", b"0x", b"_", b"\\", b"\\uD800",
    b"+",
)  # fmt: skip


def garbled(rng: random.Random, content: bytes) -> bytes:
    """The bytes of a file after one to three accidents."""
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(content) + 1)
        how = rng.randrange(6)
        if how == 0:
            content = content[:at] + rng.choice(INSERTIONS) + content[at:]
        elif how == 1:
            content = content[:at] + content[at + rng.randint(1, 8) :]
        elif how == 2:
            content = content[:at] + bytes(rng.randrange(256) for _ in range(rng.randint(1, 4))) + content[at:]
        elif how == 3:
            content = content[:at]
        else:
            lines = content.split(b"\n")
            k = rng.randrange(len(lines))
            if how == 4:
                lines.insert(rng.randrange(len(lines)), lines[k])
            else:
                lines.pop(k)
            content = b"\n".join(lines)
    return content


def text(document: dict[str, Any]) -> bytes:
    return document_to_toml(document).encode("utf-8", "surrogatepass")
