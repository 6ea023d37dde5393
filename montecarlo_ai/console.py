"""What the command line prints: the assumptions of a scenario and the answers of a run, in plain aligned text."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from montecarlo_ai.headline import EndQuantiles, Fact, Headline, Milestone, Sooner, Throughput
    from montecarlo_ai.scenario import Scenario

__all__ = ["assumptions_text", "headline_text", "number", "table"]

SCALES = ((1e12, " tn"), (1e9, " bn"), (1e6, " m"))


def assumptions_text(scenario: Scenario) -> str:
    """Return the scenario as a compact table: every input with its quantiles, unit, distribution and source."""
    rows = []
    for name, distribution in scenario.inputs.distributions.items():
        assumption = scenario.assumptions.get(name)
        quantiles = distribution.ppf(np.array([0.05, 0.5, 0.95]))
        quantiles[np.abs(quantiles) < 1e-12 * np.max(np.abs(quantiles))] = 0.0
        low, middle, high = (number(float(value)) for value in quantiles)
        known = name in scenario.inputs.constants
        sources = list(assumption.source) if assumption else []
        more = f" +{len(sources) - 1}" if len(sources) > 1 else ""
        rows.append(
            (
                name,
                "" if known else low,
                middle,
                "" if known else high,
                assumption.units if assumption else "",
                "constant" if known else str(distribution.to_dict().get("distribution", "")),
                f"{sources[0]}{more}" if sources else "",
            )
        )
    document = scenario.document or {}
    grid = scenario.time
    years = f"{grid.years:g} years" if grid.years != 1 else "1 year"
    lines = [
        f"{scenario.name}: {document['title']}" if document.get("title") else str(scenario.name),
        f"{years} from {_day(grid.times[0])}, {grid.steps_per_year} steps a year; hash {scenario.hash[:12]}",
        "",
        table(("assumption", "5%", "50%", "95%", "unit", "distribution", "source"), rows, right=(1, 2, 3)),
    ]
    return "\n".join(lines)


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
    facts.append(("seed", str(seed)))
    speed = throughput.path_steps_per_second
    facts.append(
        (
            "speed",
            f"{throughput.n_paths:,} paths of {throughput.n_steps} steps in {throughput.seconds:.2f} s: "
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


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """Return rows under a head in aligned columns, those of `right` to the right."""
    cells = [tuple(head), *(tuple(row) for row in rows)]
    widths = [max(len(row[k]) for row in cells) for k in range(len(head))]
    lines = []
    for row in cells:
        line = [f"{cell:>{widths[k]}}" if k in right else f"{cell:<{widths[k]}}" for k, cell in enumerate(row)]
        lines.append("  ".join(line).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def number(value: float) -> str:
    """Return a number to four digits, large ones in thousands of millions and so on."""
    for power, word in SCALES:
        if abs(value) >= power:
            return f"{value / power:.4g}{word}"
    return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.4g}"


def _chips(found: Headline) -> str:
    """Return the probabilities by year-end and cause as a table."""
    from montecarlo_ai.risk import probability_text

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
        counts = chips["count" if apart else "first_count"].sel(cause=cause).values
        texts = (probability_text(int(count), n, confidence) for count in counts)
        columns.append([f"{share} ({interval})" if interval else share for share, interval in texts])
    rows = list(zip(*columns, strict=True))
    title = f"Probability of running out of chips ({n:,} paths; {100 * confidence:.6g}% intervals, Clopper-Pearson)"
    ties = float(chips["tie_share"].values[-1])
    notes = ["Chips that run out first sum to any chip."]
    if ties > 0.0:
        notes.append(f"On {100 * ties:.2g}% of paths two ran out in the same step; the one declared first counts.")
    if len(ordered) > len(counted) + 1:
        notes.append("Beside: whether it has happened at all; it does not count as running out.")
    return "\n".join([title, "", table(head, rows), "", *notes])


def _milestone(reached: Milestone) -> str:
    words = [
        f"{_share(level)} of paths by {_month(date)}"
        for level, date in zip(reached.quantiles, reached.dates, strict=True)
        if not np.isnat(date)
    ]
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
        f"paired on the first {n:,} paths, quantiles over those on which it is profitable either way;\n"
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


def _day(time: np.datetime64) -> str:
    return str(time.astype("datetime64[D]"))


def _month(time: np.datetime64) -> str:
    return str(time.astype("datetime64[M]"))


def _year_end(time: np.datetime64) -> str:
    year = time.astype("datetime64[Y]")
    return f"end of {int(str(year)) - 1}" if time == year else _day(time)
