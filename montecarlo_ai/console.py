"""What the command line prints: the assumptions of a scenario and the answers of a run, in plain aligned text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from montecarlo_ai.assumption_table import as_text, assumption_rows
from montecarlo_ai.tabular import SCALES, how_many, number, table

if TYPE_CHECKING:
    from montecarlo_ai.headline import EndQuantiles, Fact, Headline, Milestone, Sooner, Throughput
    from montecarlo_ai.scenario import Scenario

__all__ = ["assumptions_text", "headline_text"]


def assumptions_text(scenario: Scenario) -> str:
    """Return the scenario as a compact table: every input with its quantiles, unit, distribution and source."""
    document = scenario.document or {}
    grid = scenario.time
    years = f"{grid.years:g} years" if grid.years != 1 else "1 year"
    steps = how_many(grid.steps_per_year, "step")
    lines = [
        f"{scenario.name}: {document['title']}" if document.get("title") else str(scenario.name),
        f"{years} from {_day(grid.times[0])}, {steps} a year; hash {scenario.hash[:12]}",
        "",
        as_text(assumption_rows(scenario.inputs, scenario.assumptions, scenario.model.units)),
    ]
    return "\n".join(lines)


_COUNTED = ("correlation", "shock_correlation", "contracts", "forcing", "history")
"""Sections of a scenario file of which the entries are counted."""


def scenario_text(scenario: Scenario) -> str:
    """Return what a scenario is in a few lines: name, grid, model and counts."""
    document, grid, inputs = scenario.document or {}, scenario.time, scenario.inputs
    varying = len(inputs.varying)
    rows = [
        ("name", f"{scenario.name}{': ' if document.get('title') else ''}{document.get('title', '')}"),
        ("hash", scenario.hash[:12]),
        (
            "time",
            f"{_day(grid.times[0])} to {_day(grid.times[-1])}, {how_many(grid.n_steps, 'step')}, "
            f"{grid.steps_per_year} a year",
        ),
        (
            "model",
            f"{document.get('model', '')}: {how_many(len(scenario.model.state_fields), 'state')}, "
            f"chips {_words(scenario.chips)}",
        ),
        ("inputs", f"{len(inputs.names)}: {varying} varying, {len(inputs.names) - varying} constant"),
        *((name.replace("_", " "), str(len(document[name]))) for name in _COUNTED if document.get(name)),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {text}" for name, text in rows)


def headline_text(found: Headline, *, seed: int, throughput: Throughput) -> str:
    """Return the answers of a run as text."""
    parts = [_chips(found)]
    facts: list[tuple[str, str]] = []
    if found.profitable is not None:
        facts.append(("profitable", _milestone(found.profitable)))
    if found.loss is not None:
        facts.append(("loss until then, operating", _loss(found.loss, found.interview_loss, found.loss_by_then)))
    if found.funding_gap is not None:
        facts.append(("largest funding gap", _ends(found.funding_gap, (0.5, 0.95))))
    if found.sooner is not None:
        facts.append(("if training stopped growing", _sooner(found.sooner)))
    if found.held_back:
        share = _count(found.held_back, int(found.chips.attrs["n_paths"]))
        facts.append(
            ("growth held back", f"on {share} of paths a guard held a growth back: look at their growth rates")
        )
    facts.append(("seed", str(seed)))
    speed = throughput.path_steps_per_second
    facts.append(
        (
            "speed",
            f"{how_many(throughput.n_paths, 'path')} of {how_many(throughput.n_steps, 'step')} "
            f"in {throughput.seconds:.2f} s: "
            f"{number(speed)} path-steps a second, {throughput.nanoseconds_per_path_step:.3g} ns each",
        )
    )
    width = max(len(name) for name, _ in facts)
    lines = []
    for name, text in facts:
        first, *rest = text.split("\n")
        lines.append(f"{name:<{width}}  {first}")
        lines += [" " * (width + 2) + line for line in rest]
    return "\n".join([*parts, "", *lines])


def _chips(found: Headline) -> str:
    """Return the probabilities by year-end and cause as a table."""
    from montecarlo_ai.risk import interval_name, probability_texts

    chips = found.chips
    n, confidence = int(chips.attrs["n_paths"]), float(chips.attrs["confidence"])
    *causes, whole = (str(cause) for cause in chips["cause"].values)
    counted = list(chips.attrs["chips"])
    ordered = [whole, *(cause for cause in causes if cause in counted)]
    ordered += [cause for cause in causes if cause not in counted]
    head = ["by"]
    columns: list[list[str]] = [[_year_end(time) for time in chips["time"].values]]
    for cause in ordered:
        apart = cause in causes and cause not in counted
        name = cause.replace("_", " ")
        head.append("any chip" if cause == whole else (f"{name} (beside)" if apart else f"{name} first"))
        texts = probability_texts(chips, cause, first=not apart)
        columns.append([f"{share} ({interval})" if interval else share for share, interval in texts])
    rows = list(zip(*columns, strict=True))
    intervals = f"{100 * confidence:.6g}% intervals, {interval_name(chips)}"
    title = f"Probability of running out of chips ({how_many(n, 'path')}; {intervals})"
    ties = float(chips["tie_share"].values[-1])
    notes = ["Chips that run out first sum to any chip."]
    if ties > 0.0:
        notes.append(f"On {100 * ties:.2g}% of paths two ran out in the same step; the one declared first counts.")
    if len(ordered) > len(counted) + 1:
        notes.append("Beside: whether it has happened at all; it does not count as running out.")
    return "\n".join([title, "", table(head, rows), "", *notes])


def _milestone(reached: Milestone) -> str:
    dates = zip(reached.quantiles, reached.dates, strict=True)
    shares = {_month(date): level for level, date in dates if not np.isnat(date)}  # of one month the largest share
    words = [f"{_share(level)} of paths by {month}" for month, level in shares.items()]
    words.append(f"never within the horizon on {_count(reached.n_paths - reached.reached, reached.n_paths)} of paths")
    return ", ".join(words)


def _loss(loss: EndQuantiles, fact: Fact | None, by_then: EndQuantiles | None) -> str:
    """Return the loss until profitability, and that of the interview beside the model's by the same date."""
    levels = (0.05, 0.5, 0.95)
    lines = [f"{_ends(loss, levels)}; until the horizon where it is never profitable"]
    if fact is not None:
        if by_then is not None:
            lines.append(f"by {fact.period_end}: {_ends(by_then, levels)}")
        words = f"{number(fact.value)} {fact.units} until {fact.period_end}"
        lines.append(f"beside the {words} of the interview ({fact.source}, {fact.published})")
    return "\n".join(lines)


def _ends(ends: EndQuantiles, levels: Sequence[float]) -> str:
    """Return the quantiles of a variable that are held of those wanted."""
    held = {round(level, 9): k for k, level in enumerate(ends.quantiles)}
    words = []
    for level in levels:
        if round(level, 9) in held:
            k = held[round(level, 9)]
            name = "median" if level == 0.5 else f"{_share(level)} quantile"
            words.append(f"{name} {_with_error(ends.values[k], ends.errors[k])} {ends.units}")
    return ", ".join(words)


def _sooner(found: Sooner) -> str:
    """Return the paired differences; a quantile beyond all finite ones says which lab gets there at all."""
    words = []
    for level, years in zip(found.quantiles, found.years, strict=True):
        name = "median" if level == 0.5 else f"{_share(level)} quantile"
        if years == math.inf:
            words.append(f"from the {name} on profitable only then")
            break
        if math.isfinite(years):
            words.append(f"{name} {abs(years):.2f} years {'sooner' if years >= 0.0 else 'later'}")
    n = found.n_paths
    return (
        f"{', '.join(words) or 'never profitable within the horizon'}\n"
        f"paired on the first {how_many(n, 'path')}, quantiles over those on which it is profitable either way;\n"
        f"profitable only then on {_count(found.only_frozen, n)}, only as planned on {_count(found.only_base, n)}, "
        f"never on {_count(found.neither, n)}"
    )


def _with_error(value: float, error: float) -> str:
    """Return a value and its standard error on one scale, to the digits that the error deserves."""
    power, word = next(((p, w) for p, w in SCALES if abs(value) >= p), (1.0, ""))
    shown = error / power
    digits = min(max(0, -math.floor(math.log10(shown))), 6) if shown > 0.0 else 0
    return f"{value / power:z,.{digits}f} ± {shown:,.{digits}f}{word}" if shown > 0.0 else number(value)


def _count(count: int, n: int) -> str:
    """Return a share of paths as text; none and all are bounds."""
    from montecarlo_ai.risk import probability_text

    return probability_text(count, n)[0]


def _share(level: float) -> str:
    return f"{100.0 * level:.6g}%"


def _words(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _day(time: np.datetime64) -> str:
    return str(time.astype("datetime64[D]"))


def _month(time: np.datetime64) -> str:
    return str(time.astype("datetime64[M]"))


def _year_end(time: np.datetime64) -> str:
    year = time.astype("datetime64[Y]")
    return f"end of {int(str(year)) - 1}" if time == year else _day(time)
