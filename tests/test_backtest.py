"""Backtests: what is scored, against which state, and how much the scores can say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats
from synthetic import constant, ensemble, summary

import montecarlo_ai as mc
from montecarlo_ai.analysis.observations import outcomes
from montecarlo_ai.analysis.scoring import crps_log_normal
from montecarlo_ai.analysis.skill import _coverage_of_paths
from montecarlo_ai.analysis.text import backtest_text
from montecarlo_ai.plot import backtest as draw


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
    with pytest.raises(mc.InputError, match="did you mean 'OpenAI'"):
        mc.observations("openai")


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
    # In order of the end of the period, and of equal ones of the state.
    expected = ["before the start", "not kept", "scored", "known", "a bound", "scored", "outside the grid"]
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


def test_a_forecast_is_scored_on_the_grid_of_its_run_alone() -> None:
    """A step of a thinned grid would stand for a year of flow; the run cut short scores what it reaches as before."""
    data, table = ensemble(200), figures(value=[26e9, 60e9, 1.0], measure="sum").iloc[:1]
    table = table.assign(period_start="2026-01-01", period_end="2026-12-31").drop(columns="date")
    late = data.assign_attrs(scenario_canonical='{"time": {"start": "2026-01-01"}}').isel(time=slice(3, None))
    for wrong in (data.isel(time=slice(None, None, 3)), late, summary(data).isel(time=slice(None, None, 3))):
        with pytest.raises(mc.InputError, match="must be all times of the run from its start on"):
            mc.backtest(wrong, table)
    whole, short = mc.backtest(data, table), mc.backtest(data.isel(time=slice(0, 13)), table)
    assert whole["status"].values.tolist() == ["scored"]
    assert short["crps"].values.tolist() == whole["crps"].values.tolist()


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
    assert both["forecast"].values.tolist() == [0] * 3 + [1] * 3
    assert both.attrs["forecast_names"] == ["synthetic (0123456789ab)"] * 2
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


def in_years(date: str) -> float:
    """Return a date in years of 365.2425 days since 1970."""
    return float(np.datetime64(date, "s").astype(np.int64)) / (365.2425 * 86_400.0)


def naive_score(history: list[tuple[float, float]], at: float, outcome: float) -> float:
    """Return the CRPS of a log-normal random walk through (year, value), by its formulas."""
    years, logs = np.array([year for year, _ in history]), np.log([value for _, value in history])
    span, steps = years[-1] - years[0], np.diff(years)
    drift = (logs[-1] - logs[0]) / span
    variance = np.sum((np.diff(logs) - drift * steps) ** 2 / steps) / (steps.size - 1)
    ahead = at - years[-1]
    spread = np.sqrt(variance * (ahead + ahead**2 / span))
    return crps_log_normal(logs[-1] + drift * ahead, spread, outcome)


DAYS = {"2023-12-31": 5e9, "2024-12-31": 9e9, "2025-12-30": 20e9}
YEARS = {"2023": 4e9, "2024": 8e9, "2025": 13e9}


def rows(days: dict[str, float], years: dict[str, float], **more: object) -> pd.DataFrame:
    """Return revenue as rates of days and as sums of calendar years."""
    of_days = [(day, day, "rate", value) for day, value in days.items()]
    of_years = [(f"{year}-01-01", f"{year}-12-31", "sum", value) for year, value in years.items()]
    columns = ["period_start", "period_end", "measure", "value"]
    return pd.DataFrame(of_days + of_years, columns=columns).assign(variable="revenue", **more)


def test_the_naive_forecast_of_a_day_is_the_walk_through_the_days_of_the_history() -> None:
    found = mc.backtest(ensemble(200), rows({**DAYS, "2026-12-31": 26e9, "2026-01-01": 21e9}, YEARS))
    scored = {str(end)[:10]: score for end, score in zip(found.period_end.values, found.crps_naive.values, strict=True)}
    history = [(in_years(day) + 1.0 / 365.2425, value) for day, value in DAYS.items()]  # the end of the day
    assert scored["2026-12-31"] == pytest.approx(naive_score(history, in_years("2027-01-01"), 26e9))
    # What ends on the day of the start or later is no history, of that figure or of another.
    assert scored["2026-01-01"] == pytest.approx(naive_score(history, in_years("2026-01-02"), 21e9))


def test_the_naive_forecast_of_a_period_is_a_mean_rate_in_its_middle() -> None:
    """Two days are too few for a walk, so that it goes through the periods; the score is in the unit of the sum."""
    few = dict(list(DAYS.items())[1:])
    quarter = pd.DataFrame([{"period_start": "2026-04-01", "period_end": "2026-06-30", "measure": "sum", "value": 6e9}])
    found = mc.backtest(ensemble(200), pd.concat([rows(few, YEARS), quarter.assign(variable="revenue")]))
    history = []
    for year, value in YEARS.items():
        first, end = in_years(f"{year}-01-01"), in_years(f"{int(year) + 1}-01-01")
        history.append((0.5 * (first + end), value / (end - first)))
    first, end = in_years("2026-04-01"), in_years("2026-07-01")
    due = (end - first) * naive_score(history, 0.5 * (first + end), 6e9 / (end - first))
    assert found["status"].values[-1] == "scored"
    assert float(found["crps_naive"][-1]) == pytest.approx(due)


def test_outcomes_that_are_one_and_the_same_are_worth_one() -> None:
    """The variance of a mean is never larger than that of one of it: the floor is for rounding alone."""
    for n in range(100, 400):
        ranks = np.where(np.arange(n) % 3 == 0, 0.9, 0.5).astype(np.float32)
        assert _coverage_of_paths([ranks] * 3, np.arange(3), 0.5)[1] == pytest.approx(1.0)
        assert _coverage_of_paths([ranks] * 3, np.arange(3), 0.5)[1] >= 1.0


def test_outcomes_that_balance_each_other_are_worth_no_more_than_there_are() -> None:
    ranks = np.where(np.arange(200) % 2 == 0, 0.9, 0.5).astype(np.float32)
    other = np.where(np.arange(200) % 2 == 1, 0.9, 0.5).astype(np.float32)
    other[1] = 0.5
    assert _coverage_of_paths([ranks, other], np.arange(2), 0.5)[1] == 2.0


def test_money_raised_adds_up_in_the_order_of_dates_however_the_rows_come() -> None:
    data = constant()
    data["equity_raised"], data["tranches"] = data["revenue"], 0.0 * data["cash"]
    dates = ["2027-06-30", "2026-03-31", "2026-09-30"]
    rounds = pd.DataFrame({"variable": "funds_raised", "measure": "raised", "date": dates, "value": [4.0, 1.0, 2.0]})
    found = mc.backtest(data, rounds)
    assert found["value"].values.tolist() == [1.0, 3.0, 7.0]
    assert (np.diff(found["period_end"].values) > np.timedelta64(0, "s")).all()


def test_expected_coverage_holds_where_a_state_stays_at_a_floor() -> None:
    # A debt that is zero with .6 (middle rank .3, inside the middle half) and independent at 40 dates: coverage is
    # Binomial(40, .75) / 40, and its range that of the binomial, to one outcome. Of 60 truths drawn from the model 5%
    # may lie outside: 3 with a deviation of 1.7, bound at 4.5 of it. Ties broken by the order of paths make the zeros
    # of a path hang together, so that the range goes down to .1 instead of .6 and 40 outcomes seem to be worth 3.
    rng, n_dates = np.random.default_rng(17), 40
    times = (np.datetime64("2026-01", "M") + np.arange(n_dates + 1)).astype("datetime64[s]")
    debts = np.maximum(rng.normal(-0.2533, 1.0, (n_dates + 1, 1_000)), 0.0)
    data = xr.Dataset({"debt": (("time", "path"), debts)}, coords={"time": times}, attrs={"steps_per_year": 12})
    days = times[1:] - np.timedelta64(1, "D")
    outside = 0
    for truth in np.maximum(rng.normal(-0.2533, 1.0, (60, n_dates)), 0.0):
        found = mc.backtest(data, pd.DataFrame({"variable": "debt", "date": days, "value": truth}), bands=[0.5])
        row = found.sel(group="all", band=0.5)
        outside += not float(row["expected_lower"]) <= float(row["coverage"]) <= float(row["expected_upper"])
    assert outside <= 10
    exact = stats.binom.ppf([0.025, 0.975], n_dates, 0.75) / n_dates
    assert np.allclose([row["expected_lower"], row["expected_upper"]], exact, atol=1.5 / n_dates)
    assert float(row["independent"]) > 0.8 * n_dates


def test_part_of_an_ensemble_says_how_many_paths_it_has() -> None:
    part = ensemble(500).isel(path=slice(0, 40))
    found = mc.backtest(part, figures(value=26e9, measure="rate"))
    assert found.attrs["n_paths"] == 40
    assert np.isnan(found["independent"]).all()  # too few to tell
    assert np.isnan(found["expected_lower"]).all()
    assert "not known" in found.attrs["caveats"][1]
    same = mc.backtest(constant(n_paths=500), figures(value=24.0, measure="rate").iloc[:1])
    assert np.isnan(same["independent"]).all()  # no spread to tell it from


def test_the_history_is_that_of_the_forecasts_entity(tmp_path: object) -> None:
    data = ensemble(50).assign_attrs(entity="OpenAI")
    assert mc.backtest(data).attrs["history"] == "OpenAI"
    assert mc.backtest(data, mc.observations("Anthropic")).attrs["history"] == "Anthropic"
    assert mc.backtest(data, figures(value=1.0)).attrs["history"] == "given"
    with pytest.raises(mc.InputError, match="no entity; or state entity"):
        mc.backtest(data.assign_attrs(entity=""))
    for entity in ("OpenAI", "Anthropic"):
        filed = summary(data).assign_attrs(entity=entity, created_at="2026-01-05T10:00:00+00:00", scenario=entity)
        mc.archive_summary(filed, str(tmp_path))
    with pytest.raises(mc.InputError, match="Anthropic, OpenAI; or give the file of one"):
        mc.backtest(str(tmp_path))


@pytest.mark.parametrize("wrong", [3, [1, 2], pd.DataFrame({"value": [1.0]}), {"cash": [1.0]}])
def test_histories_that_are_none_are_refused(wrong: object) -> None:
    with pytest.raises(mc.InputError):
        mc.backtest(ensemble(10), wrong)


@pytest.mark.parametrize(
    ("row", "match"),
    [
        ({"period_start": "2026-01-01", "period_end": pd.NaT}, r"history\[1\].period_end = None: must be a date"),
        ({"period_start": None, "period_end": "2026-12-31"}, r"history\[1\].period_start = None: must be a date"),
        ({"period_start": "2026-12-31", "period_end": "2026-01-01"}, r"period_end = '2026-01-01': must not lie before"),
        ({"period_start": 2026, "period_end": 20260630}, r"period_start = 2026: must be a date(.|\n)*20260630"),
        ({"first_public": 2026}, r"first_public = 2026: must be a date"),
        ({"value": None}, r"history\[1\].value = None: must be a number"),
        ({"variable": ""}, r"history\[1\].variable = '': must name a state"),
    ],
)
def test_rows_without_a_period_are_refused(row: dict[str, object], match: str) -> None:
    sound = {"variable": "revenue", "value": 1.0, "period_start": "2026-12-31", "period_end": "2026-12-31"}
    table = pd.DataFrame([{**sound, "first_public": None}, {**sound, "first_public": pd.NA, **row}], dtype=object)
    with pytest.raises(mc.InputError, match=match):
        mc.backtest(ensemble(10), table)


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"bands": 0.5}, ["bands"]),
        ({"bands": None}, ["bands"]),
        ({"bands": []}, ["bands"]),
        ({"bands": [0.5, 0.5]}, ["bands[1]"]),
        ({"bands": [0.5, 1.5], "fair": "x", "known_by": 2026}, ["bands[1]", "fair", "known_by"]),
    ],
)
def test_arguments_that_cannot_be_used_are_refused_at_once(wrong: dict[str, object], fields: list[str]) -> None:
    with pytest.raises(mc.InputError) as caught:
        mc.backtest(ensemble(10), figures(value=1.0), **wrong)
    assert [problem.field for problem in caught.value.problems] == fields


def test_too_few_paths_for_a_score_are_refused_before_they_run() -> None:
    scenario = mc.load_scenario("openai-2025-12")
    for n_paths in (1, 0, 2.5):
        with pytest.raises(mc.InputError, match="n_paths = "):
            mc.backtest(scenario, "OpenAI", n_paths=n_paths)
    one = ensemble(10).isel(path=slice(0, 1))
    with pytest.raises(mc.InputError, match=r"1 paths.*at least 2; or score it with fair=False"):
        mc.backtest(one, figures(value=1.0))
    assert mc.backtest(one, figures(value=1.0), fair=False).attrs["n_paths"] == 1


@pytest.mark.parametrize("wrong", [["OpenAI"], np.array([1, 2]), xr.Dataset(), None, 3])
def test_what_is_no_entity_is_refused(wrong: object) -> None:
    with pytest.raises(mc.InputError, match="entity"):
        mc.observations(wrong)


@pytest.mark.parametrize("wrong", [None, ["x"], 3])
def test_what_are_no_observables_is_refused(wrong: object) -> None:
    with pytest.raises(mc.InputError, match="observables"):
        mc.observations("OpenAI", observables=wrong)


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
