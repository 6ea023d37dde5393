"""The assumptions of a scenario as a table, in text and HTML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from montecarlo_ai.assumptions import Assumption
from montecarlo_ai.inputs import Inputs
from montecarlo_ai.tabular import number, table

HEAD = ("assumption", "5%", "50%", "95%", "unit", "distribution", "source")
NUMBERS = (1, 2, 3)
"""Columns that stand to the right."""

_ROUNDING = 1e-12


class Row(NamedTuple):
    """One input as text: its median and 90% interval, what they are in, and where they come from."""

    name: str
    low: str
    median: str
    high: str
    unit: str
    distribution: str
    source: str


def assumption_rows(inputs: Inputs, assumptions: Mapping[str, Assumption], units: Mapping[str, str]) -> list[Row]:
    """Return a row for each input, in order of declaration.

    Parameters
    ----------
    inputs : Inputs
    assumptions : mapping of str to Assumption
        Of those inputs whose source is known.
    units : mapping of str to str
        By name of the input.
    """
    rows = []
    for name, distribution in inputs.distributions.items():
        quantiles = np.atleast_1d(distribution.ppf(np.array([0.05, 0.5, 0.95])))
        quantiles[np.abs(quantiles) < _ROUNDING * np.max(np.abs(quantiles))] = 0.0
        low, middle, high = (number(float(value)) for value in quantiles)
        known = name in inputs.constants
        sources = assumptions[name].source if name in assumptions else ()
        more = f" +{len(sources) - 1}" if len(sources) > 1 else ""
        rows.append(
            Row(
                name,
                "" if known else low,
                middle,
                "" if known else high,
                units.get(name, ""),
                str(distribution.to_dict()["distribution"]),
                f"{sources[0]}{more}" if sources else "",
            )
        )
    return rows


def as_text(rows: list[Row]) -> str:
    """Return the rows in aligned columns."""
    return table(HEAD, rows, right=NUMBERS)


def as_html(caption: str, facts: Mapping[str, str], rows: list[Row]) -> str:
    """Return the rows as an HTML table that folds, for notebooks; all text is escaped.

    Parameters
    ----------
    caption : str
        What stands above it.
    facts : mapping of str to str
        Listed between caption and table.
    rows : list of Row
    """
    from html import escape

    def cells(values: tuple[str, ...], tag: str) -> str:
        sides = ("right" if column in NUMBERS else "left" for column in range(len(values)))
        return "".join(
            f'<{tag} style="text-align:{side}">{escape(value)}</{tag}>'
            for side, value in zip(sides, values, strict=True)
        )

    listed = "".join(f"<div><b>{escape(name)}</b> {escape(text)}</div>" for name, text in facts.items())
    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return (
        f"<div><strong>{escape(caption)}</strong>{listed}<details open><summary>{len(rows)} assumptions</summary>"
        f"<table><thead><tr>{cells(HEAD, 'th')}</tr></thead><tbody>{body}</tbody></table></details></div>"
    )
