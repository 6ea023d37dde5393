"""Contracts by counterparty, and the known series that they make for a run."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from montecarlo_ai.errors import InputError, Problem
from montecarlo_ai.timegrid import TimeGrid


@dataclass(frozen=True)
class Contract:
    """What one counterparty is to deliver, as the annual bill that its schedule puts on order.

    Parameters
    ----------
    counterparty : str
        Label of the counterparty.
    base_bill : float, USD/year
        Annual bill under this contract that is already online at the start of the run.
    added_bill : tuple of float, USD/year
        Annual bill that is put on order in each calendar year, from the year of the start; evenly within a year.
        After the last year nothing is added.

    Raises
    ------
    InputError
        If the label has no letter or digit, or a bill is negative or not finite; all problems at once.
    """

    counterparty: str
    base_bill: float
    added_bill: tuple[float, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "added_bill", tuple(self.added_bill))
        problems = []
        if field_name(self.counterparty) == "":
            problems.append(
                Problem("contracts.counterparty", self.counterparty, "must contain a letter or a digit", "name it")
            )
        for field, bill in (("base_bill", self.base_bill), *(("added_bill", bill) for bill in self.added_bill)):
            if not (np.isfinite(bill) and bill >= 0.0):
                label = f"contracts.{self.counterparty}.{field}"
                problems.append(Problem(label, bill, "must be a finite number of at least 0", "give USD a year"))
        if problems:
            raise InputError(problems)


def field_name(counterparty: str) -> str:
    """Return the name of a counterparty's forcing series: its label in small letters, digits and underscores."""
    return re.sub(r"[^a-z0-9]+", "_", counterparty.lower()).strip("_")


def forcing_type(contracts: Sequence[Contract]) -> Any:
    """Return the NamedTuple class of the forcing, one float a counterparty in their order.

    Raises
    ------
    InputError
        If there is no contract, or two counterparties come to the same name.
    """
    names = [f"bill_{field_name(contract.counterparty)}" for contract in contracts]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled or not names:
        rule = "must name at least one counterparty, each once"
        raise InputError([Problem("contracts", ", ".join(doubled) or "none", rule, "rename or add a contract")])
    return NamedTuple("Forcing", [(name, float) for name in names])


def bill_under_contract(contract: Contract, time: TimeGrid) -> NDArray[np.float64]:
    """Return the annual bill a contract has put on order by each grid time, (n_steps + 1,) USD/year.

    The first value is the base bill; within a calendar year bills are added evenly over what the run sees of it.
    """
    start = time.start
    first_year = start.astype("datetime64[Y]")
    ends = first_year + np.arange(1, len(contract.added_bill) + 1)
    knots = np.concatenate(([start], ends.astype("datetime64[s]"))).astype(np.float64)
    bills = contract.base_bill + np.concatenate(([0.0], np.cumsum(contract.added_bill)))
    return np.interp(time.times.astype(np.float64), knots, bills)


def forcing_series(contracts: Sequence[Contract], time: TimeGrid) -> Mapping[str, NDArray[np.float64]]:
    """Return the forcing, (n_steps,) USD/year by name: row k is the bill put on order by the end of step k."""
    return {
        f"bill_{field_name(contract.counterparty)}": bill_under_contract(contract, time)[1:] for contract in contracts
    }


def commitment(contracts: Sequence[Contract], time: TimeGrid) -> xr.DataArray:
    """Return the bill under contract over (counterparty, time), USD/year; at the start the base bill."""
    values = np.stack([bill_under_contract(contract, time) for contract in contracts])
    return xr.DataArray(
        values,
        dims=("counterparty", "time"),
        coords={"counterparty": [contract.counterparty for contract in contracts], "time": time.times},
        attrs={"units": "USD/year", "long_name": "annual bill under contract"},
    )
