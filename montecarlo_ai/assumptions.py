"""Where the numbers of a scenario come from: its assumptions, and the facts that they cite."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from montecarlo_ai.checks import Checks
from montecarlo_ai.distributions.base import Distribution
from montecarlo_ai.suggest import did_you_mean

JUDGEMENT = "judgement"
OVERRIDE = "override"
"""The sources beside facts: an expert's number, and one that the user put in place of the file's."""


class MissingProvenanceWarning(UserWarning):
    """An assumption of a scenario states no source, no date or no rationale."""


@dataclass(frozen=True)
class Assumption:
    """One input of a scenario with its provenance.

    Attributes
    ----------
    units : str
        As the model declares them.
    source : tuple of str
        Ids of rows of the table of facts, "judgement", or "override".
    date : datetime.date or None
        When what it rests on was first public.
    rationale : str
        Why this number.
    distribution : Distribution
        The number itself.
    """

    units: str
    source: tuple[str, ...]
    date: datetime.date | None
    rationale: str
    distribution: Distribution


@cache
def fact_table() -> Mapping[str, Mapping[str, str]]:
    """Return the published facts that scenarios cite: one row by id, its columns as text.

    Columns are entity, quantity, period_start, period_end, value, value_low, value_high, unit, kind, published,
    source_title, source_url and note.
    """
    text = (resources.files("montecarlo_ai") / "scenarios" / "facts.csv").read_text(encoding="utf-8")
    return {row["id"]: row for row in csv.DictReader(text.splitlines())}


def check_sources(source: tuple[str, ...], field: str, checks: Checks) -> None:
    """Record every source that is neither a fact nor one of the words for what is none.

    Parameters
    ----------
    source : tuple of str
        What an assumption cites.
    field : str
        Dotted name of the assumption.
    checks : Checks
        Where problems go.
    """
    for name in source:
        if name not in fact_table() and name not in (JUDGEMENT, OVERRIDE):
            known = [*fact_table(), JUDGEMENT, OVERRIDE]
            checks.add(
                f"{field}.source",
                name,
                'is neither the id of a fact nor "judgement"',
                did_you_mean(name, known) or "see fact_table()",
            )


def missing_provenance(source: tuple[str, ...], date: datetime.date | None, rationale: str) -> tuple[str, ...]:
    """Return which of source, date and rationale are not stated; an override needs neither of the last two."""
    if source == (OVERRIDE,):
        return ()
    stated = {"source": bool(source), "date": date is not None, "rationale": bool(rationale.strip())}
    return tuple(name for name, present in stated.items() if not present)
