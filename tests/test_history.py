"""What was known before the start: the rows of the table of facts in the units of a variable, or an error in words."""

from __future__ import annotations

import copy
import csv
import datetime
from collections.abc import Callable
from importlib import resources
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

import montecarlo_ai as mc
from montecarlo_ai.checks import Checks
from montecarlo_ai.files import history
from montecarlo_ai.files.history import published_figure
from montecarlo_ai.files.loading import scenario_from_canonical, scenario_from_document
from montecarlo_ai.files.sources import read_layers

PRESET = "openai-2025-12"
TABLE = resources.files("montecarlo_ai") / "scenarios" / "facts.csv"
FACTS = {row["id"]: row for row in csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines())}
LAST_DAY = "2025-12-31"
CASH = "openai_cash_and_securities_2025_06_01"
BURN = "openai_cash_burn_2025_06_01"
RUN_RATE = "openai_revenue_annualized_2025_12_01"


@pytest.fixture(scope="module")
def scenario() -> mc.Scenario:
    return mc.load_scenario(PRESET)


@pytest.fixture
def document() -> dict[str, Any]:
    return copy.deepcopy(dict(read_layers(PRESET, Checks()).document))


def problems_of(document: dict[str, Any]) -> dict[str, str]:
    """Return the problems of a document, text by field."""
    with pytest.raises(mc.ScenarioError) as caught:
        scenario_from_document(document)
    return {problem.field: str(problem) for problem in caught.value.problems}


def test_values_and_dates_are_those_of_the_table(scenario: mc.Scenario) -> None:
    past = mc.history(scenario)
    assert set(past) == {"revenue", "cash", "compute_cost", "power"}
    for name, known in past.items():
        assert known.attrs["units"] == scenario.model.units[name]
        assert known.attrs["note"].endswith(".")
        times = known["time"].values
        assert (np.diff(times) > np.timedelta64(0, "s")).all()
        assert times[-1] < scenario.time.start
        for fact, time, value in zip(known["fact"].values, times, known.values, strict=True):
            row = FACTS[str(fact)]
            first, last = (np.datetime64(row[key], "s") for key in ("period_start", "period_end"))
            end = last + np.timedelta64(1, "D")
            if first == last:
                assert (time, value, row["unit"]) == (first, float(row["value"]), known.attrs["units"])
            else:
                assert time - first == end - time
                months = (end.astype("datetime64[M]") - first.astype("datetime64[M]")).astype(int)
                assert f"{row['unit']}/year" == known.attrs["units"]
                assert value * months / 12 == pytest.approx(float(row["value"]), rel=1e-15)


def test_the_past_of_the_preset_is_what_was_public_or_says_so() -> None:
    for entry in read_layers(PRESET, Checks()).document["history"]:
        late = [fact for fact in entry["facts"] if FACTS[fact]["published"] > LAST_DAY]
        assert not late or "disclosed in January 2026" in entry["note"]


@pytest.mark.parametrize(
    ("first", "last", "unit", "units", "date", "value"),
    [
        ("2025-06-30", "2025-06-30", "USD", "USD", "2025-06-30", 3e9),
        ("2025-06-30", "2025-06-30", "USD/year", "USD/year", "2025-06-30", 3e9),
        ("2023-01-01", "2023-12-31", "USD", "USD/year", "2023-07-02T12:00", 3e9),
        ("2023-01-01", "2023-12-31", "USD/year", "USD/year", "2023-07-02T12:00", 3e9),
        ("2024-01-01", "2024-12-31", "USD", "USD/year", "2024-07-02", 3e9),
        ("2025-01-01", "2025-06-30", "USD", "USD/year", "2025-04-01T12:00", 6e9),
        ("2024-12-01", "2025-01-31", "USD", "USD/year", "2025-01-01", 18e9),
        ("2025-01-05", "2025-01-14", "USD", "USD/year", "2025-01-10", 3e9 * 365.2425 / 10),
    ],
)
def test_flows_become_rates_at_the_middle_of_their_period(
    first: str, last: str, unit: str, units: str, date: str, value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"period_start": first, "period_end": last, "unit": unit, "value": "3000000000"}
    monkeypatch.setattr(history, "fact_table", lambda: {"some_fact": row})
    checks = Checks()
    figure = published_figure("some_fact", units, "field", checks)
    assert not checks.problems
    assert figure is not None
    assert figure.date == np.datetime64(date, "s")
    assert figure.value == pytest.approx(value, rel=1e-15)


def put(**changes: object) -> Callable[[dict[str, Any]], None]:
    """Return what replaces keys of the first table of the history."""
    return lambda document: document["history"][0].update(changes)


@pytest.mark.parametrize(
    ("spoil", "field", "words"),
    [
        (lambda document: document.update(history={}), "history", "must be a list"),
        (lambda document: document.update(history=[3]), "history[0]", "must be a table"),
        (lambda document: document["history"][0].pop("variable"), "history[0].variable", "must be given"),
        (lambda document: document["history"][0].pop("facts"), "history[0].facts", "must be given"),
        (lambda document: document["history"].append({"variable": "cash", "facts": CASH}), "history[4].variable", "tw"),
        (put(fatcs=[]), "history[0].fatcs", "did you mean 'facts'?"),
        (put(note=3), "history[0].note", "must be text"),
        (put(variable="revenu"), "history[0].variable", "did you mean 'revenue'?"),
        (put(variable=3), "history[0].variable", "must be text"),
        (put(facts=[]), "history[0].facts", "at least one"),
        (put(facts=[1.0e9]), "history[0].facts[0]", "must be text"),
        (put(facts=[RUN_RATE[:-1]]), "history[0].facts", "did you mean"),
        (put(facts=[CASH]), "history[0].facts", "is in USD of one day; the variable needs USD/year or USD over"),
        (put(facts=[RUN_RATE, RUN_RATE]), "history[0].facts", f"has the date of {RUN_RATE}"),
        (put(facts=["openai_revenue_annualized_2026_10_02"]), "history[0].facts", "not before the start 2026-01-01"),
        (put(facts=["openai_revenue_2026_12_03"]), "history[0].facts", "is of 2026-12-31, not before"),
        (lambda document: document["history"][1].update(facts=[BURN]), "history[1].facts", "a level must be of one"),
        (lambda document: document["history"][3].update(facts=[RUN_RATE]), "history[3].facts", "the variable needs GW"),
    ],
)
def test_what_is_wrong_in_a_history_is_named(
    document: dict[str, Any], spoil: Callable[[dict[str, Any]], None], field: str, words: str
) -> None:
    spoil(document)
    found = problems_of(document)
    assert list(found) == [field]
    assert words in found[field]


def test_wrong_tables_keep_the_places_of_the_others_and_all_come_at_once(document: dict[str, Any]) -> None:
    document["history"][0] = 3
    document["history"][2]["facts"] = ["nobody"]
    document["inputs"]["churn"]["units"] = "percent"
    assert set(problems_of(document)) == {"history[0]", "history[2].facts", "inputs.churn.units"}


def test_a_fact_without_a_value_is_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "fact_table", lambda: {"some_fact": {"value": ""}})
    checks = Checks()
    assert published_figure("some_fact", "USD", "field", checks) is None
    assert "without a value" in str(checks.problems[0])


def test_the_past_is_no_part_of_the_identity(scenario: mc.Scenario, document: dict[str, Any]) -> None:
    del document["history"]
    without = scenario_from_document(document)
    assert without.canonical() == scenario.canonical()
    assert without.hash == scenario.hash
    assert mc.history(without) == mc.history(scenario_from_canonical(scenario.canonical())) == {}


def test_a_start_among_the_figures_is_refused_until_they_are_left_out(scenario: mc.Scenario) -> None:
    with pytest.raises(mc.ScenarioError, match=r"history\[0\]\.facts"):
        mc.history(scenario.with_time(start="2025-01-01"))
    with pytest.raises(mc.ScenarioError, match="leave it out of the history"):
        mc.load_scenario(PRESET, overrides={"time.start": datetime.date(2025, 1, 1)})
    moved = mc.load_scenario(PRESET, overrides={"time.start": datetime.date(2025, 1, 1), "history": []})
    assert mc.history(moved) == {}
    later = scenario.with_time(start="2026-07-01")
    assert all(known.identical(mc.history(later)[name]) for name, known in mc.history(scenario).items())


def test_the_forecast_joins_the_past(scenario: mc.Scenario) -> None:
    ensemble = mc.simulate(scenario.with_time(years=1), n_paths=500, seed=7, variables=["revenue", "power"])
    past = mc.history(scenario)
    for name in ("revenue", "power"):
        artists = mc.plot.fan(ensemble, name, ax=Figure().add_subplot(), history=past[name])
        assert artists.median.get_xdata()[0] == past[name]["time"].values[-1]
        scale = float(past[name][-1]) / artists.median.get_ydata()[0]
        at_start = scale * artists.median.get_ydata()[1]
        assert at_start == pytest.approx(float(ensemble[name].isel(time=0).median()))
        # The last published figure lies within the 90% interval of the start.
        low, high = ensemble[name].isel(time=0).quantile([0.05, 0.95]).values
        assert low < float(past[name][-1]) < high
