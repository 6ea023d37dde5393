"""Contracts by counterparty, and the known series that they make for a run."""

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from montecarlo_ai.checks import Checks, Described
from montecarlo_ai.errors import invalid
from montecarlo_ai.lab.parameters import MONEY, RATIO
from montecarlo_ai.timegrid import SECONDS_PER_YEAR, TimeGrid

ALL = "all"
"""Label of all counterparties together, which none of them may have."""
LONGEST_LABEL = 100


@dataclass(frozen=True)
class Contract:
    """What one counterparty is to deliver, as the annual bill that its schedule puts on order.

    The schedule is a table by calendar year (``added_bill``), or a total with its start, ramp and term: then the annual
    bill grows evenly over the ramp to total / (term - ramp / 2), so that the whole is paid by the end of the term.

    Parameters
    ----------
    counterparty : str
        Label of the counterparty.
    base_bill : float, USD/year
        Annual bill under this contract that is already online at the start of the run.
    added_bill : tuple of float, USD/year
        Annual bill that is put on order in each calendar year, from the year of the start; evenly within a year.
        After the last year nothing is added.
    total : float, USD
        What the contract pays over its whole life.
    start : float, calendar year
        When it begins to call off, 2027.5 for the middle of 2027.
    ramp, term : float, year
        How long the bill grows, and when the contract ends, both from its start.
    speed : float, ratio
        Share of the schedule that is kept on time, times what the scenario draws for all.
    take_or_pay : float, fraction
        Part of the bill that is due unused by the contract; the scenario draws how much of it is enforced.
    flexibility : float, fraction
        Part of a call-off that the contract lets the lab put off; the scenario draws how far suppliers yield.
    waiting : float, fraction
        Part of all that is on order at the start.
    equity_per_power, warrants_per_power : float, USD/GW
        Equity that the counterparty pays into the lab, and its own warrants that vest, for each gigawatt it delivers.

    Raises
    ------
    InputError
        If the label has no letter or digit, a number is out of its range, the schedule is stated twice or in part, or
        ends before it has ramped; all problems at once.
    """

    counterparty: str
    base_bill: float
    added_bill: tuple[float, ...] = ()
    total: float = 0.0
    start: float = 0.0
    ramp: float = 0.0
    term: float = 0.0
    speed: float = 1.0
    take_or_pay: float = 1.0
    flexibility: float = 1.0
    waiting: float = 0.0
    equity_per_power: float = 0.0
    warrants_per_power: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "added_bill", tuple(self.added_bill))
        checks = Checks()
        if self.counterparty.strip().lower() == ALL:
            checks.add(
                "contracts.counterparty", self.counterparty, "stands for all counterparties", "name it otherwise"
            )
        if field_name(self.counterparty) == "":
            rule = "must contain a letter from a to z or a digit"
            checks.add("contracts.counterparty", self.counterparty, rule, "name it")
        elif len(self.counterparty) > LONGEST_LABEL or not self.counterparty.isprintable():
            rule = f"must be one line of at most {LONGEST_LABEL} characters"
            checks.add("contracts.counterparty", self.counterparty, rule, "shorten it")
        label = f"contracts.{self.counterparty}"
        for bill in self.added_bill:
            checks.number(f"{label}.added_bill", bill, at_least=0.0, at_most=MONEY.high)
        for field in ("base_bill", "total", "equity_per_power", "warrants_per_power"):
            checks.number(f"{label}.{field}", getattr(self, field), at_least=0.0, at_most=MONEY.high)
        checks.number(f"{label}.speed", self.speed, at_least=0.0, at_most=RATIO.high)
        for field in ("take_or_pay", "flexibility", "waiting"):
            checks.number(f"{label}.{field}", getattr(self, field), at_least=0.0, at_most=1.0)
        self._check_schedule(label, checks)
        checks.finish()

    def _check_schedule(self, label: str, checks: Checks) -> None:
        """Record what contradicts itself in total, start, ramp and term."""
        times = [checks.number(f"{label}.{name}", getattr(self, name)) for name in ("start", "ramp", "term")]
        if not all(map(np.isfinite, times)):
            return
        start, ramp, term = times
        if self.total == 0.0:
            if any(times):
                checks.add(f"{label}.total", self.total, "must be above 0 where start, ramp or term is given")
            return
        if self.added_bill:
            checks.add(f"{label}.added_bill", self.added_bill, "must be left out where a total is given", "keep one")
        if not term > 0.0:
            checks.add(f"{label}.term", term, "must be above 0: the contract ends before it starts", "give years")
        elif not 0.0 <= ramp <= term:
            checks.add(f"{label}.ramp", ramp, f"must lie between 0 and the term of {term:g} years")
        if not 1900.0 <= start <= 2200.0:
            checks.add(f"{label}.start", start, "must be a calendar year such as 2027.5")

    @property
    def full_bill(self) -> float:
        """Annual bill once the ramp is over, USD/year; zero where the schedule is a table."""
        return self.total / (self.term - 0.5 * self.ramp) if self.total > 0.0 else 0.0


def field_name(counterparty: str) -> str:
    """Return what names of a counterparty's series and states end with: small letters, digits and underscores."""
    return re.sub(r"[^a-z0-9]+", "_", counterparty.lower()).strip("_")


def check_together(contracts: Sequence[Contract]) -> None:
    """Raise unless the contracts go together.

    Raises
    ------
    InputError
        If there is none, two counterparties come to the same name, or they share out more than what is on order.
    """
    checks = Checks()
    if not contracts:
        checks.add("contracts", Described("nothing"), "must name at least one counterparty", "add [[contracts]]")
    seen: dict[str, str] = {}
    for index, contract in enumerate(contracts):
        name = field_name(contract.counterparty)
        if name in seen:
            rule = f"must be another than that of {seen[name]!r}: each counterparty stands once"
            place = f"[{index}]" if seen[name] == contract.counterparty else f".{contract.counterparty}"
            checks.add(f"contracts{place}.counterparty", contract.counterparty, rule, "rename it, or join both")
        seen.setdefault(name, contract.counterparty)
    waiting = sum(contract.waiting for contract in contracts)
    if waiting > 1.0 + 1e-9:
        most = max(contracts, key=lambda contract: contract.waiting)
        rule = f"must leave the sum over all contracts at or below 1: all together make {waiting:.6g}"
        checks.add(f"contracts.{most.counterparty}.waiting", most.waiting, rule)
    checks.finish()


def forcing_type(contracts: Sequence[Contract]) -> Any:
    """Return the NamedTuple class of the forcing: one float a counterparty in their order, then ``winter``."""
    added = [(f"added_{field_name(contract.counterparty)}", float) for contract in contracts]
    return NamedTuple("Forcing", [*added, ("winter", float)])


def bill_under_contract(contract: Contract, time: TimeGrid) -> NDArray[np.float64]:
    """Return the annual bill a contract has put on order by each grid time, (n_steps + 1,) USD/year.

    The first value is the base bill; within a calendar year bills are added evenly over what the run sees of it.
    """
    times = time.times.astype(np.float64)
    first_year = time.start.astype("datetime64[Y]")
    if contract.total > 0.0:
        day = np.datetime64(int(contract.start) - 1970, "Y").astype("datetime64[s]").astype(np.float64)
        begin = day + (contract.start % 1.0) * SECONDS_PER_YEAR
        ramp = max(contract.ramp * SECONDS_PER_YEAR, 1.0)
        grown = np.clip((times - begin) / ramp, 0.0, 1.0)
        return np.asarray(contract.base_bill + contract.full_bill * (grown - grown[0]))
    ends = first_year + np.arange(1, len(contract.added_bill) + 1)
    knots = np.concatenate(([time.start], ends.astype("datetime64[s]"))).astype(np.float64)
    bills = contract.base_bill + np.concatenate(([0.0], np.cumsum(contract.added_bill)))
    return np.interp(times, knots, bills)


def forcing_series(
    contracts: Sequence[Contract], time: TimeGrid, winter_from: datetime.date | None = None
) -> Mapping[str, NDArray[np.float64]]:
    """Return the forcing, (n_steps,) by name: row k is the bill that is put on order in step k, USD/year.

    ``winter`` is 1 in the step in which a stated winter begins, and 0 else.

    Raises
    ------
    InputError
        If the winter begins outside the grid.
    """
    added = {
        f"added_{field_name(contract.counterparty)}": np.diff(bill_under_contract(contract, time))
        for contract in contracts
    }
    winter = np.zeros(time.n_steps)
    if winter_from is not None:
        begin = np.datetime64(winter_from, "s")
        if not time.times[0] <= begin < time.times[-1]:
            rule = f"must lie from the start, {time.times[0]}, to before the end, {time.times[-1]}"
            raise invalid("regimes.winter_from", str(winter_from), rule)
        winter[int(np.searchsorted(time.times, begin, side="right")) - 1] = 1.0
    return {**added, "winter": winter}


def commitment(contracts: Sequence[Contract], time: TimeGrid) -> xr.DataArray:
    """Return the bill under contract over (counterparty, time), USD/year; at the start the base bill."""
    values = np.stack([bill_under_contract(contract, time) for contract in contracts])
    return xr.DataArray(
        values,
        dims=("counterparty", "time"),
        coords={"counterparty": [contract.counterparty for contract in contracts], "time": time.times},
        attrs={"units": "USD/year", "long_name": "annual bill under contract"},
    )
