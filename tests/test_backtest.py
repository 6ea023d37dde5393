"""Backtests: what is scored, against which state, and how much the scores can say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats
from synthetic import ensemble, summary

import montecarlo_ai as mc
from montecarlo_ai.analysis.measures import measured, quantiles_of, values_of
from montecarlo_ai.analysis.observations import outcomes
from montecarlo_ai.analysis.text import backtest_text
from montecarlo_ai.plot import backtest as draw

TIMES = np.arange("2026-01", "2028-01", dtype="datetime64[M]").astype("datetime64[s]")


def constant(revenue: float = 24.0, n_paths: int = 8) -> xr.Dataset:
    """Return an ensemble whose revenue is constant and whose cash rises by one a month."""
    shape = (TIMES.size, n_paths)
    return xr.Dataset(
        {
            "revenue": (("time", "path"), np.full(shape, revenue)),
            "cash": (("time", "path"), np.broadcast_to(np.arange(TIMES.size, dtype=float)[:, None], shape)),
        },
        coords={"time": TIMES},
        attrs={"steps_per_year": 12, "kind": "ensemble", "scenario": "synthetic"},
    )


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


def test_the_table_of_facts_is_read_as_what_it_measures() -> None:
    table = mc.observations("OpenAI").to_dataframe()
    assert not table.duplicated(["variable", "measure", "period_start", "period_end"]).any()
    assert (table["first_public"] >= table["period_end"]).all()
    assert set(table["kind"]) <= {"reported", "press_estimate", "seed"}
    one_day = table["period_start"] == table["period_end"]
    assert (one_day == (table["measure"] != "sum")).all()
    year = table[(table["variable"] == "revenue") & (table["period_end"] == "2025-12-31") & ~one_day]
    assert year["fact"].tolist() == ["openai_revenue_2025_12_01"]
    assert year["first_public"].iloc[0] == pd.Timestamp("2026-02-10")
    burn = table[table["variable"] == "cash_flow"]
    assert (burn["value"] < 0.0).all()
    rounds = table[table["measure"] == "raised"]["fact"].tolist()
    assert len(rounds) == 3
    assert "openai_funding_round_amount_2026_02_01" not in rounds  # the first close of a round counted at its end
    with pytest.raises(mc.InputError, match="did you mean"):
        mc.observations("OpenAi")


def figures(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"variable": "revenue", "date": ["2026-12-31", "2028-06-30", "2040-01-01"], **columns})


def test_status_of_every_observation() -> None:
    data = ensemble(500)
    table = pd.concat(
        [
            figures(value=25e9, measure="rate"),
            figures(value=25e9, measure="rate", first_public="2025-06-01").iloc[:1],
            figures(value=1.0).assign(variable="headcount").iloc[:1],
            figures(value=1.0, bound="lower").iloc[:1],
            figures(value=1.0).assign(date="2025-06-30").iloc[:1],
        ]
    )
    found = mc.backtest(data, table)
    expected = ["scored", "scored", "outside the grid", "known", "not kept", "a bound", "before the start"]
    assert found["status"].values.tolist() == expected
    assert found["n"].values.tolist() == [2, 2, 1, 1]
    assert found["group"].values.tolist() == ["all", "revenue", "year 1", "year 3"]
    later = mc.backtest(data, table.assign(first_public="2027-06-01"), known_by="2027-06-01")
    assert int(later["n"].sel(group="all")) == 0
    assert "Nothing could be scored" in later.attrs["caveats"][0]


def test_coverage_scores_and_independence_follow_the_definitions() -> None:
    data = ensemble(4_000)
    found = mc.backtest(data, figures(value=[26e9, 60e9, 1.0], measure="rate"))
    places = [12, 30]
    for k, place in enumerate(places):
        sample = data["revenue"].values[place]
        outcome = float(found["value"].values[k])
        pairs = np.abs(sample[:, None] - sample).sum() / (2.0 * sample.size * (sample.size - 1))
        assert float(found["crps"].values[k]) == pytest.approx(np.abs(sample - outcome).mean() - pairs, rel=1e-9)
        assert float(found["pit"].values[k]) == pytest.approx(np.mean(sample < outcome), abs=2e-4)
    inside = np.abs(found["pit"].values[:2] - 0.5) <= 0.25
    assert float(found["coverage"].sel(group="all", band=0.5)) == inside.mean()
    count = int(inside.sum())
    lower = stats.beta.ppf(0.025, count, 3 - count) if count else 0.0
    assert float(found["lower"].sel(group="all", band=0.5)) == pytest.approx(lower)
    worth = float(found["independent"].sel(group="all", band=0.9))
    assert 1.0 < worth < 2.0  # the same paths at two dates: less than two outcomes, more than one
    assert float(found["independent"].sel(group="year 1", band=0.9)) == pytest.approx(1.0, abs=0.02)
    assert "Skill" not in backtest_text(found)
    assert len(draw(found).points) == 1


def test_coverage_is_right_on_average_where_the_model_is_true() -> None:
    # Each path of one ensemble as the truth of another: 200 independent outcomes, |z| < 4.5.
    data, truths = ensemble(3_000, seed=1), ensemble(200, seed=2)
    inside = [
        mc.backtest(data, figures(value=float(value), measure="rate").iloc[:1])["inside"].values[:, 0]
        for value in truths["revenue"].values[12]
    ]
    for share, band in zip(np.mean(inside, axis=0), (0.5, 0.9), strict=True):
        assert abs(share - band) < 4.5 * np.sqrt(band * (1.0 - band) / 200)


def test_a_summary_scores_nearly_as_its_ensemble_and_an_archive_as_its_summary(tmp_path: object) -> None:
    data = ensemble(2_000)
    table = figures(value=[26e9, 60e9, 1.0], measure="rate")
    whole, short = mc.backtest(data, table), mc.backtest(summary(data), table)
    assert np.allclose(whole["crps"][:2], short["crps"][:2], rtol=0.03)
    assert np.allclose(whole["pit"][:2], short["pit"][:2], atol=0.02)
    assert np.isnan(short["independent"]).all()
    filed = summary(data).assign_attrs(created_at="2026-01-05T10:00:00+00:00", seed=7)
    place = mc.archive_summary(filed, str(tmp_path))
    assert place.parent.name == "2026-01-05"
    assert place.name == "synthetic-0123456789ab-seed7-2000.nc"
    assert mc.archive_summary(filed, str(tmp_path)) == place
    again = mc.backtest(str(tmp_path), table)
    assert np.allclose(again["crps"][:2], short["crps"][:2])
    with pytest.raises(mc.InputError, match="another forecast"):
        mc.archive_summary(filed.assign(tick=1.0), str(tmp_path))
    mc.archive_summary(filed.assign_attrs(created_at="2026-02-05T10:00:00+00:00"), str(tmp_path))
    both = mc.backtest(str(tmp_path), table)
    assert both.sizes["observation"] == 6
    assert int(both["n"].sel(group="all")) == 4
    assert len(mc.read_archive(str(tmp_path))) == 2
    with pytest.raises(mc.InputError, match="must be a result of summarize"):
        mc.archive_summary(data, str(tmp_path))


def test_skill_is_over_a_random_walk_of_the_history() -> None:
    past = pd.DataFrame(
        {"variable": "revenue", "date": ["2023-12-31", "2024-12-31", "2025-12-30"], "value": [5e9, 9e9, 20e9]}
    )
    now = figures(value=[26e9, 60e9, 1.0])
    found = mc.backtest(ensemble(1_000), pd.concat([past, now]).assign(measure="rate"))
    scored = found["status"].values == "scored"
    ratio = found["crps"].values[scored].sum() / found["crps_naive"].values[scored].sum()
    assert float(found["skill"].sel(group="revenue")) == pytest.approx(1.0 - ratio)


@pytest.mark.parametrize("wrong", [3, [1, 2], pd.DataFrame({"value": [1.0]}), {"cash": [1.0]}])
def test_histories_that_are_none_are_refused(wrong: object) -> None:
    with pytest.raises(mc.InputError):
        mc.backtest(ensemble(10), wrong)


def test_the_preset_is_scored_against_the_first_quarters_of_its_future() -> None:
    found = mc.backtest(mc.load_scenario("openai-2025-12"), "OpenAI", n_paths=2_000, seed=7)
    table = found.isel(observation=found["status"].values == "scored")
    assert {"revenue", "cash_flow", "cash", "users", "valuation", "funds_raised"} <= set(table["variable"].values)
    assert (table["first_public"].values > np.datetime64("2025-12-31")).all()
    quarter = table.isel(observation=table["fact"].values == "openai_revenue_2026_03_01")
    assert 4e9 < float(quarter["quantiles"].sel(quantile=0.5).values[0]) < 8e9  # a quarter's sum, not a run rate
    known = outcomes("OpenAI", "revenue")
    assert known is not None
    assert float(known.sel(time="2025-07-02", method="nearest")) == pytest.approx(13.07e9, rel=2e-3)
