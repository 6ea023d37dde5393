"""The register of assumptions: every input with its shape, its source, its grade and its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

import numpy as np

from montecarlo_ai.assumptions import Assumption, fact_table
from montecarlo_ai.distributions.base import Distribution
from montecarlo_ai.errors import invalid
from montecarlo_ai.scenario import Scenario
from montecarlo_ai.tabular import number, table

__all__ = ["GRADES", "Entry", "Register", "grade_of", "register", "register_markdown", "register_text", "sparkline"]

GRADES = {
    "A": "rests on published figures that were measured",
    "B": "rests on published figures of which one at least is an estimate or a forecast",
    "C": "a judgement",
}
_MEASURED = ("reported",)
_BARS = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"
_COLUMNS = 12
_ENDS = (0.01, 0.99)


class Entry(NamedTuple):
    """An assumption of a scenario.

    Attributes
    ----------
    name : str
        Of the input; or "correlation" and the names that correlate, "contract" and the counterparty.
    shape : str
        The density between the 1% and the 99% quantile, drawn in characters; a known number has none.
    low, median, high : str
        Quantiles at 5, 50 and 95%; of a known number the middle only.
    unit : str
        Of a correlation what it measures.
    source : tuple of str
        Ids of facts, "judgement" or "override".
    first_public : str
        Day on which what it rests on was public, as the scenario states it; empty if it does not.
    grade : {"A", "B", "C"}
    rationale : str
    """

    name: str
    shape: str
    low: str
    median: str
    high: str
    unit: str
    source: tuple[str, ...]
    first_public: str
    grade: str
    rationale: str


class Register(tuple[Entry, ...]):
    """The entries of a scenario's register, which shows itself as a table in a terminal and in a notebook."""

    __slots__ = ()

    def __repr__(self) -> str:
        return register_text(self)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{field.replace('_', ' ')}</th>" for field in Entry._fields)
        rows = ""
        for entry in self:
            cells = (cell if isinstance(cell, str) else ", ".join(cell) for cell in entry)
            rows += f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
        return f"<table><caption>{_counts(self)}</caption><tr>{head}</tr>{rows}</table>"


def register(scenario: Scenario) -> Register:
    """Return the register of a scenario: its inputs in their order, then correlations and contracts of its file.

    Raises
    ------
    InputError
        If it is no scenario.
    """
    if not isinstance(scenario, Scenario):
        raise invalid("scenario", f"a {type(scenario).__name__}", "must be a Scenario")
    entries = [
        _entry(name, distribution, scenario.assumptions.get(name), scenario.model.units.get(name, ""))
        for name, distribution in scenario.inputs.distributions.items()
    ]
    document = scenario.document or {}
    for section, names in (("correlation", "inputs"), ("shock_correlation", "shocks")):
        entries += [_correlation(entry, names) for entry in document.get(section, ())]
    return Register((*entries, *(_contract(scenario, contract) for contract in document.get("contracts", ()))))


def grade_of(source: Sequence[str]) -> str:
    """Return the grade of an assumption by the kinds of the facts that it cites.

    A if all of them were measured (reported by the company or by its accounts), B if one at least is an estimate of
    the press or of analysts, a forecast or a founding article, C if none is cited.
    """
    kinds = [fact_table()[name]["kind"] for name in source if name in fact_table()]
    if not kinds or len(kinds) < len(source):
        return "C" if not kinds else "B"
    return "A" if all(kind in _MEASURED for kind in kinds) else "B"


def sparkline(distribution: Distribution, columns: int = _COLUMNS) -> str:
    """Return the density of a distribution between its 1% and its 99% quantile as a row of bars; empty for a point.

    Parameters
    ----------
    distribution : Distribution
    columns : int
    """
    low, high = (float(end) for end in distribution.ppf(np.array(_ENDS)))
    if not high > low:
        return ""
    share = np.diff(distribution.cdf(np.linspace(low, high, columns + 1)))
    heights = np.rint((len(_BARS) - 1) * share / share.max()).astype(int)
    return "".join(_BARS[height] for height in heights)


def register_text(entries: Sequence[Entry]) -> str:
    """Return the register as text for a screen: shape, quantiles, date, grade and the first source of each."""
    head = ("assumption", "shape", "5%", "50%", "95%", "unit", "public", "grade", "source")
    rows = []
    for entry in entries:
        more = f" +{len(entry.source) - 1}" if len(entry.source) > 1 else ""
        source = f"{entry.source[0]}{more}" if entry.source else ""
        quantiles = (entry.low, entry.median, entry.high)
        rows.append((entry.name, entry.shape, *quantiles, entry.unit, entry.first_public, entry.grade, source))
    return f"{table(head, rows, right=(2, 3, 4))}\n\n{_counts(entries)}"


def register_markdown(scenario: Scenario) -> str:
    """Return the register of a scenario as a page of Markdown, with the rationale and sources of each assumption."""
    entries = register(scenario)
    title = (scenario.document or {}).get("title", "")
    lines = [
        f"# Register of assumptions: {scenario.name}",
        "",
        *([f"{title}.", ""] if title else []),
        _counts(entries),
        "",
        *(f"- **{grade}**: {meaning}." for grade, meaning in GRADES.items()),
        "",
        "The shape is the density between the 1% and the 99% quantile. A source is a row of `facts.csv`.",
        "",
        "| assumption | shape | 5% | 50% | 95% | unit | public | grade | source | rationale |",
        "|---|---|---:|---:|---:|---|---|---|---|---|",
    ]
    for entry in entries:
        sources = "<br>".join(f"`{name}`" for name in entry.source)
        cells = (entry.low, entry.median, entry.high, entry.unit, entry.first_public, entry.grade, sources)
        written = [_cell(cell) for cell in (*cells, entry.rationale)]
        lines.append(f"| `{_cell(entry.name)}` | {entry.shape} | {' | '.join(written)} |")
    return "\n".join(lines) + "\n"


def _entry(name: str, distribution: Distribution, stated: Assumption | None, unit: str) -> Entry:
    quantiles = [number(float(value)) for value in distribution.ppf(np.array([0.05, 0.5, 0.95]))]
    shape = sparkline(distribution)
    low, median, high = quantiles if shape else ("", quantiles[1], "")
    source = stated.source if stated is not None else ()
    date = stated.date.isoformat() if stated is not None and stated.date is not None else ""
    rationale = stated.rationale if stated is not None else ""
    return Entry(name, shape, low, median, high, unit, source, date, grade_of(source), rationale)


def _contract(scenario: Scenario, contract: Mapping[str, Any]) -> Entry:
    """Return the entry of a contract: the annual bill that it has called off by the end, if all comes on time."""
    name = str(contract.get("counterparty", ""))
    commitment = scenario.context["commitment"].sel(counterparty=name).values
    end = number(float(commitment[-1]))
    return Entry(f"contract {name}", "", "", end, "", "USD/year at the end", *_noted(contract))


def _correlation(entry: Mapping[str, Any], names: str) -> Entry:
    """Return the entry of a correlation: the number of each pair of its names, if it is one."""
    value = number(float(entry["value"])) if "value" in entry else "matrix"
    unit = str(entry.get("measure", "pearson"))
    return Entry(f"correlation {', '.join(entry[names])}", "", "", value, "", unit, *_noted(entry))


def _noted(table: Mapping[str, Any]) -> tuple[tuple[str, ...], str, str, str]:
    """Return source, date, grade and rationale of a table of the file."""
    stated = table.get("source", ())
    source = (stated,) if isinstance(stated, str) else tuple(stated)
    return source, str(table.get("date", "")), grade_of(source), str(table.get("rationale", ""))


def _counts(entries: Sequence[Entry]) -> str:
    counts = ", ".join(f"{sum(entry.grade == grade for entry in entries)} of grade {grade}" for grade in GRADES)
    return f"{len(entries)} assumptions: {counts}."


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
