"""One path as a statement of cash, the register of assumptions, and others' figures beside the fan."""

from __future__ import annotations

import csv
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pytest
from models import symmetric_walk
from scipy import stats
from synthetic import ensemble, summary

import montecarlo_ai as mc
from montecarlo_ai import cli, plot
from montecarlo_ai.analysis import statement as statements
from montecarlo_ai.analysis.outlooks import Figure, Outlook, published_outlooks
from montecarlo_ai.analysis.register import grade_of, register_markdown, register_text, sparkline
from montecarlo_ai.analysis.statement import by_year, cash_statement, statement_text, write_statement
from montecarlo_ai.analysis.text import outlooks_text
from montecarlo_ai.assumptions import fact_table
from montecarlo_ai.errors import NumericalError

PRESET = "openai-2025-12"


@pytest.fixture(scope="module")
def scenario() -> mc.Scenario:
    return mc.load_scenario(PRESET)


@pytest.mark.parametrize("path", [0, 17, 123_456])
def test_a_path_adds_up_and_is_the_path_that_was_run(scenario: mc.Scenario, path: int) -> None:
    statement = cash_statement(scenario, path, seed=7)
    direction, amount = statement["direction"].values, statement["amount"].values
    total = statement["opening"].values + direction @ amount
    scale = np.maximum(np.abs(amount).max(axis=0), np.abs(total))
    assert (np.abs(total - statement["closing"].values) <= 1e-9 * scale).all()
    assert np.array_equal(statement["opening"].values[1:], statement["closing"].values[:-1])
    run = mc.simulate(scenario, n_paths=path + 1 if path < 1_000 else 1, seed=7, variables=["cash"])
    if path < 1_000:
        assert np.array_equal(run["cash"].values[1:, path], statement["closing"].values)
    again = cash_statement(run, path)
    assert np.array_equal(again["amount"], statement["amount"])


def test_years_are_sums_and_the_file_holds_every_step(scenario: mc.Scenario, tmp_path: Path) -> None:
    statement = cash_statement(scenario, 17, seed=7)
    years = by_year(statement)
    assert years.sizes["time"] == scenario.time.years
    assert np.allclose(years["amount"].sum("time"), statement["amount"].sum("time"))
    assert np.allclose(years["difference"], 0.0, atol=1.0)
    write_statement(statement, tmp_path / "path.csv")
    rows = list(csv.DictReader((tmp_path / "path.csv").open(encoding="utf-8")))
    assert len(rows) == scenario.time.n_steps
    for row in rows:
        flows = [float(row[name]) for name in statement["flow"].values]
        assert float(row["opening_cash"]) + sum(flows) == pytest.approx(float(row["closing_cash"]), rel=1e-9)
    text = statement_text(statement)
    assert text.count("opening cash") == text.count("= closing cash") == scenario.time.years
    assert statement_text(years).count("opening cash") == 1


def test_a_flow_that_is_forgotten_is_found(scenario: mc.Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {name: flow for name, flow in statements.FLOWS.items() if name != "staff"}
    monkeypatch.setattr(statements, "FLOWS", kept)
    with pytest.raises(NumericalError, match="FLOWS"):
        cash_statement(scenario, 17, seed=7)


def test_other_models_have_no_statement() -> None:
    with pytest.raises(mc.InputError, match="lab"):
        cash_statement(symmetric_walk(), 0)


def test_the_commands_print_what_the_functions_return(
    scenario: mc.Scenario, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "path.csv"
    assert cli.main(["explain", PRESET, "--path", "17", "--seed", "7", "--csv", str(file)]) == 0
    assert statement_text(cash_statement(scenario, 17, seed=7)) in capsys.readouterr().out
    assert file.exists()
    assert cli.main(["explain", PRESET, "--path", "-1"]) == 2
    assert cli.main(["explain", PRESET, "--csv", str(tmp_path / "no" / "path.csv")]) == 2
    capsys.readouterr()
    assert cli.main(["register", PRESET]) == 0
    assert register_text(mc.register(scenario)) in capsys.readouterr().out
    assert cli.main(["register", PRESET, "--markdown"]) == 0
    assert register_markdown(scenario) in capsys.readouterr().out


def test_the_register_lists_every_input_and_contract_with_its_grade(scenario: mc.Scenario) -> None:
    entries = mc.register(scenario)
    assert [entry.name for entry in entries[: len(scenario.inputs.names)]] == list(scenario.inputs.names)
    assert sum(entry.name.startswith("contract ") for entry in entries) == len(scenario.context["commitment"])
    pairs = [entry for entry in entries if entry.name.startswith("correlation ")]
    assert [(entry.name, entry.median) for entry in pairs] == [("correlation hardware_gain, energy_gain", "0.7")]
    for entry in entries:
        assert entry.grade == grade_of(entry.source)
        assert entry.rationale
        assert entry.first_public
    text = register_markdown(scenario)
    assert text.count("\n| `") == len(entries)
    changed = mc.register(scenario.with_inputs(churn=0.4))
    churn = next(entry for entry in changed if entry.name == "churn")
    assert (churn.low, churn.median, churn.shape, churn.grade) == ("", "0.4", "", "C")


def test_grades_follow_the_kinds_of_the_facts() -> None:
    by_kind = {row["kind"]: name for name, row in fact_table().items()}
    assert grade_of([by_kind["reported"]]) == "A"
    assert grade_of([by_kind["reported"], by_kind["analyst_forecast"]]) == "B"
    assert grade_of([by_kind["company_forecast"]]) == grade_of([by_kind["seed"]]) == "B"
    assert grade_of(["judgement"]) == grade_of([]) == grade_of(["override"]) == "C"


def test_shapes_are_densities() -> None:
    assert sparkline(mc.Uniform(1.0, 2.0)) == "\u2588" * 12
    normal = sparkline(mc.Normal(0.0, 1.0))
    assert normal == normal[::-1]
    assert normal[5] == "\u2588"
    assert sparkline(mc.Constant(1.0)) == ""
    assert sparkline(mc.Exponential(1.0))[0] == "\u2588"


def test_the_register_shows_itself(scenario: mc.Scenario) -> None:
    found = mc.register(scenario)
    assert repr(found) == register_text(found)
    page = found._repr_html_()
    assert page.count("<tr>") == len(found) + 1
    assert "the company&#x27;s own figure" in page


def test_pictures_are_read_from_the_table_of_facts() -> None:
    data = ensemble(3_000).assign_attrs(entity="OpenAI")
    found = mc.outlooks(data)
    assert set(found["variable"].values) == {"revenue"}
    for k, fact in enumerate(found["fact"].values):
        assert float(found["value"][k]) == float(fact_table()[str(fact)]["value"])
    k = found["fact"].values.tolist().index("openai_hsbc_revenue_2030_12_01")
    total = data["revenue"].values[49:61].sum(axis=0) / 12
    assert float(found["above"][k]) == np.mean(total > float(found["value"][k]))
    assert float(found["lower"][k]) <= float(found["above"][k]) <= float(found["upper"][k])
    assert float(found["median"][k]) == pytest.approx(np.median(total))
    short = mc.outlooks(summary(data))
    assert float(short["above"][k]) == pytest.approx(float(found["above"][k]), abs=0.03)
    assert np.isnan(short["lower"]).all()
    assert "HSBC" in outlooks_text(found)
    assert not any("Anthropic" in str(label) for label in found["label"].values)
    assert mc.outlooks(data.assign_attrs(entity="")).sizes["figure"] == 0
    asked = mc.outlooks(data.assign_attrs(entity=""), labels=["HSBC, November 2025"])
    assert set(asked["label"].values.tolist()) == {"HSBC, November 2025"}
    with pytest.raises(mc.InputError, match="is no picture"):
        mc.outlooks(data, labels=["HSCB"])


def test_others_figures_stand_beside_the_grid_of_the_run_alone() -> None:
    data = ensemble(100).assign_attrs(entity="OpenAI")
    for wrong in (data.isel(time=slice(None, None, 12)), summary(data).isel(time=slice(None, None, 12))):
        with pytest.raises(mc.InputError, match="must be all times of the run from its start on"):
            mc.outlooks(wrong)
    short = mc.outlooks(data.isel(time=slice(0, 37)))
    assert int(short.attrs["left_out"]) > 0
    whole = mc.outlooks(data)
    kept = [fact in short["fact"].values for fact in whole["fact"].values]
    assert short["above"].values.tolist() == whole["above"].values[kept].tolist()


def test_a_median_is_told_where_a_summary_holds_quantiles_about_it() -> None:
    data = ensemble(2_000).assign_attrs(entity="OpenAI")
    for levels, told in (((0.05, 0.25), False), ((0.6, 0.95), False), ((0.4, 0.6), True)):
        found = mc.outlooks(summary(data, levels))
        assert bool(np.isfinite(found["median"]).all()) is told
        assert bool(np.isnan(found["median"]).any()) is not told
        assert "nan" not in outlooks_text(found)


@pytest.mark.parametrize("sampler", ["sobol", "antithetic"])
def test_the_chance_of_a_figure_has_the_interval_of_its_replicates(sampler: str) -> None:
    data = ensemble(1_600).assign_attrs(entity="OpenAI", sampler=sampler, replicates=16)
    with pytest.raises(mc.InputError, match=f"replicates = 1: .*{sampler}"):
        mc.outlooks(data)
    parts = data.assign_coords(replicate=("path", np.arange(1_600) % 16))
    found = mc.outlooks(parts)
    k = found["fact"].values.tolist().index("openai_hsbc_revenue_2030_12_01")
    shares = (data["revenue"].values[49:61].sum(axis=0) / 12 > float(found["value"][k])).reshape(100, 16).mean(axis=0)
    half = stats.t.ppf(0.975, 15) * shares.std(ddof=1) / 4.0
    limits = [float(found[name][k]) for name in ("lower", "upper")]
    assert limits == pytest.approx([shares.mean() - half, shares.mean() + half])
    assert f"{100 * limits[0]:.0f}% to {100 * limits[1]:.0f}%" in outlooks_text(found)


def test_every_picture_names_facts_of_its_unit() -> None:
    for picture in published_outlooks():
        for figure in picture.figures:
            row = fact_table()[figure.fact]
            assert row["kind"] in ("company_forecast", "analyst_forecast")
            a_day = (
                row["period_start"] == row["period_end"]
            )  # what is largest so far is of a period and of its last day
            assert a_day is (figure.measure != "sum" and figure.variable != "funding_gap")


def test_marks_stand_at_their_rates_on_the_scale_of_the_fan() -> None:
    data = ensemble(500).assign_attrs(entity="OpenAI")
    fan = plot.fan(data, "revenue", history={"2025-06-01": 13e9})
    before = [label.get_text() for label in fan.labels[:-1]]
    drawn = plot.markers(fan, mc.outlooks(data), "revenue")
    assert drawn is not None
    hsbc = drawn.points["HSBC, November 2025"]
    value = float(fact_table()["openai_hsbc_revenue_2030_12_01"]["value"])
    assert hsbc.get_ydata()[0] == pytest.approx(value / fan.scale.factor, rel=1e-3)
    assert [text.get_text() for text in drawn.legend.get_texts()] == list(drawn.points)
    after = [text.get_text() for text in fan.axes.texts]
    assert all(text in after for text in before)
    figure = fan.axes.get_figure()
    figure.canvas.draw()
    box = drawn.legend.get_window_extent()
    (line,) = {fan.axes.transData.transform((x, 0.0))[0] for x in fan.forecast_line.get_xdata(orig=False)}
    assert not box.x0 < line < box.x1
    assert plot.markers(fan, mc.outlooks(data), "cash") is None
    own = Outlook("mine", (Figure("openai_hsbc_users_2030_12_01", "cash", "level"),))
    assert mc.outlooks(data, pictures=[own]).sizes["figure"] == 1
