"""The grid of times: calendar months, equal seconds, and what is refused."""

import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montecarlo_ai.errors import InputError
from montecarlo_ai.timegrid import SECONDS_PER_YEAR, TimeGrid


def test_monthly_steps_are_calendar_months() -> None:
    grid = TimeGrid("2026-01-01", years=5)
    expected = np.arange("2026-01", "2031-02", dtype="datetime64[M]").astype("datetime64[s]")
    assert grid.times.dtype == np.dtype("datetime64[s]")
    assert np.array_equal(grid.times, expected)
    assert (grid.n_steps, grid.dt, grid.steps_per_year) == (60, 1.0 / 12.0, 12)
    assert grid.start == np.datetime64("2026-01-01", "s")


@pytest.mark.parametrize("steps_per_year", [1, 2, 3, 4, 6, 12])
def test_steps_that_divide_twelve_meet_every_anniversary(steps_per_year: int) -> None:
    grid = TimeGrid("2023-05-17T06:30:00", years=4, steps_per_year=steps_per_year)
    anniversaries = [f"{year}-05-17T06:30:00" for year in range(2023, 2028)]
    assert [str(moment) for moment in grid.times[::steps_per_year]] == anniversaries


def test_a_start_late_in_the_month_is_held_to_the_month_and_comes_back() -> None:
    times = TimeGrid("2024-01-31", years=1).times
    assert [str(moment)[:10] for moment in times[:5]] == [
        "2024-01-31",
        "2024-02-29",
        "2024-03-31",
        "2024-04-30",
        "2024-05-31",
    ]


@pytest.mark.parametrize("steps_per_year", [5, 7, 52, 365])
def test_other_steps_are_equal_seconds(steps_per_year: int) -> None:
    times = TimeGrid("2026-01-01", years=3, steps_per_year=steps_per_year).times
    spacing = np.diff(times).astype(np.int64)
    assert spacing.max() - spacing.min() <= 1
    assert (times[-1] - times[0]).astype(np.int64) == 3 * SECONDS_PER_YEAR
    # Each is the nearest second, in whole numbers: 2 |seconds x steps a year - k x seconds of a year| <= steps a year.
    strays = (times - times[0]).astype(np.int64) * steps_per_year - np.arange(times.size) * SECONDS_PER_YEAR
    assert (2 * np.abs(strays) <= steps_per_year).all()


def test_long_horizons_fit() -> None:
    grid = TimeGrid("2026-01-01", years=10_000, steps_per_year=1)
    assert str(grid.times[-1]) == "12026-01-01T00:00:00"
    assert grid.index_at(grid.times[-1]) == 10_000


@pytest.mark.parametrize("steps_per_year", [12, 52])
def test_index_at_is_the_last_point_at_or_before(steps_per_year: int) -> None:
    grid = TimeGrid("2026-01-01", years=2, steps_per_year=steps_per_year)
    for index in (0, 1, 13, grid.n_steps):
        assert grid.index_at(grid.times[index]) == index
    for index in (1, 13, grid.n_steps):
        assert grid.index_at(grid.times[index] - np.timedelta64(1, "s")) == index - 1
    assert TimeGrid("2026-01-01", years=2).index_at("2026-12-31") == 11
    assert TimeGrid("2026-01-01", years=2).index_at(datetime.date(2027, 1, 1)) == 12


def test_year_ends_are_first_of_january_after_the_start() -> None:
    ends = TimeGrid("2026-01-01", years=5).year_ends()
    assert [str(moment)[:10] for moment in ends] == [f"{year}-01-01" for year in range(2027, 2032)]
    assert [str(moment)[:10] for moment in TimeGrid("2026-07-01", years=1).year_ends()] == ["2027-01-01"]
    assert TimeGrid("2026-02-01", years=0.5).year_ends() == []


def test_equality_hash_text_and_plain_form() -> None:
    grid = TimeGrid(datetime.date(2026, 1, 1), years=5)
    same = TimeGrid(np.datetime64("2026-01-01"), years=5.0, steps_per_year=12)
    assert grid == same
    assert hash(grid) == hash(same)
    assert grid != TimeGrid("2026-01-01", years=5, steps_per_year=4)
    assert grid.to_dict() == {"start": "2026-01-01", "years": 5.0, "steps_per_year": 12}
    assert repr(grid) == 'TimeGrid("2026-01-01", years=5, steps_per_year=12)'
    assert eval(repr(grid)) == grid
    assert not grid.times.flags.writeable
    with pytest.raises(AttributeError):
        grid.years = 3.0  # type: ignore[misc]


@given(st.integers(1, 24), st.integers(1, 400), st.dates(datetime.date(1900, 1, 1), datetime.date(2200, 1, 1)))
def test_times_ascend_and_the_plain_form_rebuilds(steps_per_year: int, n_steps: int, start: datetime.date) -> None:
    grid = TimeGrid(start, years=n_steps / steps_per_year, steps_per_year=steps_per_year)
    assert grid.n_steps == n_steps
    assert len(grid.times) == n_steps + 1
    assert (np.diff(grid.times).astype(np.int64) > 0).all()
    assert TimeGrid(**grid.to_dict()) == grid  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"start": "2026-13-01"}, "time.start"),
        ({"start": "now"}, "time.start"),
        ({"start": ""}, "time.start"),
        ({"start": 2026}, "time.start"),
        ({"start": None}, "time.start"),
        ({"start": np.datetime64("NaT")}, "time.start"),
        ({"start": pd.NaT}, "time.start"),
        ({"start": np.datetime64("-0100-01-01")}, "time.start"),
        ({"start": "2026-01-01T00:00:00+02:00"}, "time.start"),
        ({"years": 0}, "time.years"),
        ({"years": -1.0}, "time.years"),
        ({"years": float("nan")}, "time.years"),
        ({"years": float("inf")}, "time.years"),
        ({"years": True}, "time.years"),
        ({"years": "5"}, "time.years"),
        ({"years": 1.01}, "time.years"),
        ({"years": 1e-12}, "time.years"),
        ({"years": 1e9}, "time.years"),
        ({"years": 10**5000}, "time.years"),
        ({"steps_per_year": 0}, "time.steps_per_year"),
        ({"steps_per_year": -12}, "time.steps_per_year"),
        ({"steps_per_year": 2.5}, "time.steps_per_year"),
        ({"steps_per_year": 12.0}, "time.steps_per_year"),
        ({"steps_per_year": True}, "time.steps_per_year"),
        ({"steps_per_year": 10**9}, "time.steps_per_year"),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, object], field: str) -> None:
    stated: dict[str, object] = {"start": "2026-01-01", "years": 5, **arguments}
    with pytest.raises(InputError) as caught:
        TimeGrid(stated.pop("start"), **stated)  # type: ignore[arg-type]
    assert [problem.field for problem in caught.value.problems] == [field]
    assert field in str(caught.value)


def test_all_problems_come_at_once() -> None:
    with pytest.raises(InputError) as caught:
        TimeGrid("never", years=-1, steps_per_year=True)
    assert [problem.field for problem in caught.value.problems] == ["time.start", "time.years", "time.steps_per_year"]


@pytest.mark.parametrize("date", ["2025-12-31", "2031-01-02", "soon", None, True])
def test_dates_off_the_grid_are_refused(date: object) -> None:
    with pytest.raises(InputError, match="date"):
        TimeGrid("2026-01-01", years=5).index_at(date)  # type: ignore[arg-type]
