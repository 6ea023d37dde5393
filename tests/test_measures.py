"""Figures of a run: sums of periods, states and rates of days, money raised, quantiles of a summary."""

from __future__ import annotations

import numpy as np
import pytest
from synthetic import TIMES, constant, ensemble, summary

from montecarlo_ai.analysis.measures import measured, quantiles_of, stub_of, values_of


def day(text: str) -> np.datetime64:
    return np.datetime64(text, "s")


@pytest.mark.parametrize(
    ("variable", "measure", "first", "last", "expected"),
    [
        ("revenue", "sum", "2026-01-01", "2026-12-31", 24.0),
        ("revenue", "sum", "2026-04-01", "2026-06-30", 6.0),
        ("revenue", "sum", "2026-04-01", "2026-04-15", 1.0),
        ("revenue", "rate", "2026-03-31", "2026-03-31", 24.0),
        ("cash", "level", "2026-03-31", "2026-03-31", 3.0),
        ("cash", "level", "2026-04-15", "2026-04-15", 3.5),
        ("cash", "rate", "2026-04-15", "2026-04-15", 4.0),
    ],
)
def test_a_period_is_a_sum_and_a_day_is_a_state(
    variable: str, measure: str, first: str, last: str, expected: float
) -> None:
    figure = measured(variable, measure, day(first), day(last), TIMES, 12)
    assert figure is not None
    assert np.allclose(values_of(constant(), figure), expected)


@pytest.mark.parametrize(
    ("measure", "first", "last"),
    [
        ("sum", "2025-12-01", "2026-03-31"),
        ("level", "2025-12-31", "2025-12-31"),
        ("rate", "2028-01-01", "2028-01-01"),
    ],
)
def test_what_the_grid_does_not_reach_has_no_weights(measure: str, first: str, last: str) -> None:
    assert measured("cash", measure, day(first), day(last), TIMES, 12) is None


def test_a_year_that_began_before_the_run_is_that_of_the_stub_and_of_the_run() -> None:
    base = '{"stub_start": "2025-07-01", "stub_revenue": 7.0, "stub_compute_cost": 5.0, "stub_cash_burn": 3.0}'
    stub = stub_of(constant().assign_attrs(base_period=base))
    for variable, before in (("revenue", 7.0), ("compute_cost", 5.0), ("cash_flow", -3.0)):
        data = constant().rename({"revenue": variable})
        figure = measured(variable, "sum", day("2025-07-01"), day("2026-06-30"), TIMES, 12, stub)
        assert figure is not None
        assert np.allclose(values_of(data, figure), before + 12.0)
        assert measured(variable, "sum", day("2025-08-01"), day("2026-06-30"), TIMES, 12, stub) is None


def test_money_raised_is_what_was_paid_in_and_what_was_promised_since_the_start() -> None:
    data = constant()
    data["equity_raised"] = data["revenue"]
    data["tranches"] = 2.0 * data["cash"] + 5.0
    figure = measured("funds_raised", "raised", day("2026-06-30"), day("2026-06-30"), TIMES, 12)
    assert figure is not None
    assert np.allclose(values_of(data, figure), 24.0 * 0.5 + 2.0 * 6.0)


def test_ranks_in_a_summary_are_kept_over_a_period() -> None:
    data = ensemble(400)
    figure = measured("revenue", "rate", day("2027-12-31"), day("2027-12-31"), data["time"].values, 12)
    assert figure is not None
    levels, quantiles = quantiles_of(summary(data), figure)
    assert np.allclose(quantiles, np.quantile(values_of(data, figure), levels))
