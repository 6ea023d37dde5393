"""The grid of times on which a scenario runs."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from montecarlo_ai.checks import Checks, refused
from montecarlo_ai.lazy import cached_property

MONTHS_PER_YEAR = 12
SECONDS_PER_YEAR = 31_556_952
"""Mean length of a Gregorian year, 365.2425 days."""

LARGEST_N_STEPS = 1_000_000
LARGEST_STEPS_PER_YEAR = 1_000_000
LARGEST_YEAR = 2_000_000
_WHOLE_STEPS_TOLERANCE = 1e-9

DateLike = str | datetime.date | np.datetime64


def to_datetime(value: object, field: str) -> np.datetime64:
    """Return a date as ``datetime64[s]``.

    Parameters
    ----------
    value : str, datetime.date, datetime.datetime or numpy.datetime64
        ISO 8601 text or a date without a time zone, in the years 1 to 2,000,000; fractions of a second are cut.
    field : str
        What an error calls it.

    Raises
    ------
    InputError
        If it is no such date.
    """
    remedy = 'write a date such as "2026-01-01"'
    moment: object = value
    if isinstance(value, str):
        try:
            moment = datetime.datetime.fromisoformat(value)
        except ValueError:
            raise refused(field, value, "must be a date in ISO form", remedy) from None
    if isinstance(moment, datetime.datetime):
        if moment != moment:  # pandas' NaT, which is a datetime
            raise refused(field, value, "must be a date", remedy)
        if moment.tzinfo is not None:
            raise refused(field, value, "must have no time zone", remedy)
        return np.datetime64(moment, "s")
    if isinstance(moment, datetime.date):
        return np.datetime64(moment, "s")
    if isinstance(moment, np.datetime64):
        if np.isnat(moment):
            raise refused(field, str(value), "must be a date", remedy)
        year = int(moment.astype("datetime64[Y]").astype(np.int64)) + 1970
        if not 1 <= year <= LARGEST_YEAR:
            raise refused(field, str(value), f"must be in the years 1 to {LARGEST_YEAR:,}")
        seconds: np.datetime64 = moment.astype("datetime64[s]")
        return seconds
    raise refused(field, value, "must be a date", remedy)


@dataclass(frozen=True, init=False)
class TimeGrid:
    """Equal steps from a start date to a horizon.

    Steps that divide a year into whole months (1, 2, 3, 4, 6 or 12 a year) end on calendar dates: the day of the start
    in each later month, or the month's last day where the month is shorter (a start on 31 January gives 28 February
    and then 31 March). Any other number of steps a year gives equal seconds, of a mean Gregorian year of
    365.2425 days, rounded to the second. The model's own clock is ``k / steps_per_year`` years after step k either way.

    Parameters
    ----------
    start : str, datetime.date or numpy.datetime64
        Time of the initial state.
    years : float
        Horizon in years; a whole number of steps, at most 1,000,000.
    steps_per_year : int
        Steps in a year.

    Raises
    ------
    InputError
        If a value is none of these; all problems at once.
    """

    start: np.datetime64
    years: float
    steps_per_year: int

    def __init__(self, start: DateLike, *, years: float, steps_per_year: int = 12) -> None:
        checks = Checks()
        first: np.datetime64 = np.datetime64(0, "s")
        try:
            first = to_datetime(start, "time.start")
        except ValueError as error:
            checks.problems.extend(getattr(error, "problems", ()))
        horizon = checks.number("time.years", years, above=0.0)
        steps = checks.whole("time.steps_per_year", steps_per_year, at_least=1, at_most=LARGEST_STEPS_PER_YEAR)
        checks.finish()
        n_steps = horizon * steps
        if n_steps > LARGEST_N_STEPS * (1.0 + _WHOLE_STEPS_TOLERANCE):
            checks.add("time.years", years, f"makes {n_steps:.6g} steps; at most {LARGEST_N_STEPS:,} are allowed")
        elif round(n_steps) < 1 or abs(n_steps - round(n_steps)) > _WHOLE_STEPS_TOLERANCE * max(1.0, n_steps):
            checks.add(
                "time.years", years, f"must be a whole number of steps; {steps} a year make {n_steps:.6g} of them"
            )
        checks.finish()
        object.__setattr__(self, "start", first)
        object.__setattr__(self, "years", horizon)
        object.__setattr__(self, "steps_per_year", steps)

    @property
    def n_steps(self) -> int:
        """Number of steps; there is one more grid point than steps."""
        return round(self.years * self.steps_per_year)

    @property
    def dt(self) -> float:
        """Length of a step in years."""
        return 1.0 / self.steps_per_year

    @property
    def end(self) -> np.datetime64:
        """Time of the last grid point."""
        return np.datetime64(self.times[-1], "s")

    @cached_property
    def times(self) -> NDArray[np.datetime64]:
        """Grid points, start included: (n_steps + 1,) datetime64[s], read-only."""
        steps = np.arange(self.n_steps + 1, dtype=np.int64)
        if MONTHS_PER_YEAR % self.steps_per_year == 0:
            times = _add_months(self.start, steps * (MONTHS_PER_YEAR // self.steps_per_year))
        else:
            seconds = np.rint(steps * (SECONDS_PER_YEAR / self.steps_per_year)).astype("timedelta64[s]")
            times = self.start + seconds
        times.flags.writeable = False
        return times

    def index_at(self, date: DateLike) -> int:
        """Return the index of the last grid point at or before a date.

        Parameters
        ----------
        date : str, datetime.date or numpy.datetime64
            From the start to the last grid point.

        Raises
        ------
        InputError
            If it is no date, or lies outside the grid.
        """
        moment = to_datetime(date, "date")
        if not self.start <= moment <= self.end:
            raise refused("date", str(date), f"must lie on the grid, from {_brief(self.start)} to {_brief(self.end)}")
        return int(np.searchsorted(self.times, moment, side="right")) - 1

    def year_ends(self) -> list[np.datetime64]:
        """Return the first of January of every year after the start and up to the last grid point.

        The end of 2026 is 2027-01-01, which is a grid point whenever the steps are calendar months from the first of a
        month; on other grids `index_at` gives the last point at or before it.
        """
        first = self.start.astype("datetime64[Y]").astype(np.int64) + 1
        last = self.end.astype("datetime64[Y]").astype(np.int64)
        years = np.arange(first, last + 1).astype("datetime64[Y]")
        return list(years.astype("datetime64[s]"))

    def to_dict(self) -> dict[str, str | float | int]:
        """Return the arguments that make this grid again, as plain values."""
        return {"start": _brief(self.start), "years": self.years, "steps_per_year": self.steps_per_year}

    def __repr__(self) -> str:
        years = int(self.years) if math.floor(self.years) == self.years else self.years
        return f'TimeGrid("{_brief(self.start)}", years={years}, steps_per_year={self.steps_per_year})'


def _brief(moment: np.datetime64) -> str:
    """Return ISO text of a time, without the time of day at midnight."""
    return str(moment).removesuffix("T00:00:00")


def _add_months(start: np.datetime64, months: NDArray[np.int64]) -> NDArray[np.datetime64]:
    """Return the start moved by whole months, its day held to the length of each month.

    Parameters
    ----------
    start : numpy.datetime64
        In seconds.
    months : (n,) int64
        Months to add.
    """
    start_month = start.astype("datetime64[M]")
    into_month = start - start_month.astype("datetime64[s]")
    day = into_month.astype("timedelta64[D]")
    time_of_day = into_month - day.astype("timedelta64[s]")
    month = start_month + months.astype("timedelta64[M]")
    first_day = month.astype("datetime64[D]")
    last_offset = (month + np.timedelta64(1, "M")).astype("datetime64[D]") - first_day - np.timedelta64(1, "D")
    times: NDArray[np.datetime64] = (first_day + np.minimum(day, last_offset)).astype("datetime64[s]") + time_of_day
    return times
