"""Schedules of contracts a second time, written from docs/model.md: overlaps of steps with what is being added."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from montecarlo_ai.lab import Contract

YEAR = 365.2425 * 86400.0


def seconds(year: float) -> float:
    """Return the time of a calendar year and its fraction in seconds since 1970."""
    first = datetime.datetime(int(year), 1, 1, tzinfo=datetime.UTC)
    return first.timestamp() + (year - int(year)) * YEAR


def spans(contract: Contract, start: float, first_year: int) -> list[tuple[float, float, float]]:
    """Return what is added to the bill between two times, evenly: (from, to, USD/year) each."""
    if contract.total > 0.0:
        begin, ramp = seconds(contract.start), contract.ramp * YEAR
        return [(begin, begin + max(ramp, 1.0), contract.total / (contract.term - contract.ramp / 2.0))]
    years = enumerate(contract.added_bill, start=first_year)
    return [(max(seconds(year), start), seconds(year + 1), bill) for year, bill in years]


def added(contracts: Sequence[Contract], times: NDArray[np.datetime64]) -> list[list[float]]:
    """Return the bill that each contract puts on order in each step, a row a step, USD/year."""
    grid = [float(moment.astype(np.int64)) for moment in times.astype("datetime64[s]")]
    first_year = int(str(times[0])[:4])
    schedules = [spans(contract, grid[0], first_year) for contract in contracts]
    return [
        [sum(overlap(*span, low, high) for span in schedule) for schedule in schedules]
        for low, high in itertools.pairwise(grid)
    ]


def overlap(begin: float, end: float, bill: float, low: float, high: float) -> float:
    """Return the part of a bill, added evenly from begin to end, that falls into a step."""
    return bill * max(0.0, min(end, high) - max(begin, low)) / (end - begin)
