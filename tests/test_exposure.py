"""Exposure: claims under contract by the fleet's law, losses at the first passage, wrong-way risk, in closed form."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy import stats

import montecarlo_ai as mc
from montecarlo_ai.analysis.claims import claims_at
from montecarlo_ai.analysis.tails import quantile_interval, shortfall_interval
from montecarlo_ai.analysis.text import exposure_text
from montecarlo_ai.intervals import Parts, binomial_interval
from montecarlo_ai.lab.fleet import Stages, aged, pipeline_after, stage_outflow
from montecarlo_ai.plot import exposure as draw

TIMES = np.arange("2026-01", "2028-02", dtype="datetime64[M]").astype("datetime64[s]")


def lab(n_paths: int = 4, *, fails: dict[int, int] | None = None, pipeline: object = 6.0) -> xr.Dataset:
    """Return an ensemble with bill of 6 young, 3 middle-aged, 3 old, and orders, 3/4 of all Alpha's; term 5 years."""
    shape = (TIMES.size, n_paths)
    states = {"bill_young": 6.0, "bill_middle": 3.0, "bill": 12.0, "delivered": 12.0}
    for name, share in (("alpha_co", 0.75), ("beta", 0.25)):
        ordered = share * np.asarray(pipeline)
        states |= {f"early_{name}": ordered, f"late_{name}": 0.0, f"delivered_{name}": share * 12.0}
    years = np.full((2, n_paths), np.inf)
    for path, step in (fails or {}).items():
        years[0, path] = step / 12
    return xr.Dataset(
        {
            **{name: (("time", "path"), np.broadcast_to(value, shape).copy()) for name, value in states.items()},
            "contract_term": 5.0,
            "commitment": (("counterparty", "time"), np.broadcast_to([[3.0], [1.0]], (2, TIMES.size))),
            "event_time": (("event", "path"), years),
        },
        coords={"time": TIMES, "event": ["cash", "unmonetized_compute"], "counterparty": ["Alpha Co", "Beta"]},
        attrs={
            "steps_per_year": 12,
            "causes": ["cash", "unmonetized_compute"],
            "chips": ["cash", "unmonetized_compute"],
            "scenario": "synthetic",
        },
    )


STAY, DT = 5.0 / 3.0, 1.0 / 12.0
ONLINE = STAY * (3.0 * 6.0 + 2.0 * 3.0 + 3.0) - DT * 12.0
CLAIM = 5.0 * 6.0 + ONLINE


@pytest.mark.parametrize("term", [5.0, 0.4, 0.2])  # stages of 20 steps, of 1.6, and shorter than a step
@pytest.mark.parametrize("per_lead", [0.5, 30.0])
def test_a_claim_is_all_that_the_fleets_law_will_bill_in_later_steps(term: float, per_lead: float) -> None:
    """By the lab's own laws of pipeline and age, a step at a time, with nothing new on order."""
    early, late, fleet, billed = 4.0, 2.0, Stages(6.0, 3.0, 12.0, 0.0), 0.0
    for _ in range(3_000):
        queue = pipeline_after(early, late, 0.0, stage_outflow(per_lead, DT))
        fleet = aged(fleet.young, fleet.middle, fleet.total, queue.delivered, stage_outflow(3.0 / term, DT))
        early, late, billed = queue.early, queue.late, billed + fleet.total * DT
    claims = claims_at(lab().assign(contract_term=term), 0).sum(axis=0)
    np.testing.assert_allclose(claims, billed, rtol=1e-9)


def test_claims_are_split_by_each_counterpartys_own_orders_and_deliveries() -> None:
    data = lab()
    assert np.allclose(claims_at(data, 3), [[0.75 * CLAIM] * 4, [0.25 * CLAIM] * 4])
    own = {"early_alpha_co": 4.0, "late_alpha_co": 0.0, "delivered_alpha_co": 5.0, "delivered": 20.0}
    own |= {"early_beta": 0.0, "late_beta": 1.0, "delivered_beta": 10.0}
    data = data.assign({name: (("time", "path"), np.full((TIMES.size, 4), value)) for name, value in own.items()})
    assert np.allclose(claims_at(data, 3)[:, 0], [5.0 * 4.0 + ONLINE * 0.25, 5.0 * 1.0 + ONLINE * 0.5])


def test_losses_are_claims_at_the_first_passage() -> None:
    found = mc.exposure(lab(fails={0: 6, 2: 18}), at=["2026-12-31", "2028-01-01"], levels=[0.5, 0.9])
    assert found["count"].values.tolist() == [1, 2]
    whole = found.sel(counterparty="all")
    assert np.allclose(whole["loss"], [CLAIM / 4, CLAIM / 2])
    assert np.allclose(whole["given_event"], CLAIM)
    assert np.allclose(whole["wrong_way"], 1.0)
    assert np.allclose(whole["shortfall"].sel(level=0.5), [CLAIM / 2, CLAIM])
    assert np.allclose(whole["shortfall"].sel(level=0.9), CLAIM)  # the atom is split: .4 of one path
    assert np.allclose(found["loss"].sel(counterparty="Beta"), 0.25 * whole["loss"])
    assert float(found["probability_lower"][0]) == pytest.approx(0.0063, abs=1e-4)


def test_wrong_way_risk_shows_in_the_ratio_and_the_correlation() -> None:
    n = 400
    large = np.arange(n) < n // 2
    pipeline = np.where(large, 30.0, 0.0)
    data = lab(n, fails=dict.fromkeys(range(0, n // 2, 2), 12), pipeline=pipeline)
    last = mc.exposure(data).isel(time=-1).sel(counterparty="all")
    low, high = ONLINE, ONLINE + 5.0 * 30.0
    assert float(last["given_event"]) == pytest.approx(high)
    assert float(last["wrong_way"]) == pytest.approx(high / (0.5 * (low + high)))
    assert float(last["correlation"]) == pytest.approx(np.corrcoef(large, np.isfinite(data["event_time"][0]))[0, 1])
    right = mc.exposure(lab(n, fails=dict.fromkeys(range(0, n, 2), 12), pipeline=pipeline)).isel(time=-1)
    assert float(right["wrong_way"].sel(counterparty="all")) == pytest.approx(1.0)


def test_an_event_that_never_happens_costs_nothing_and_says_so() -> None:
    found = mc.exposure(lab(50), event="any")
    assert float(found["loss"].max()) == 0.0
    assert np.isnan(found["given_event"]).all()
    assert "below" in exposure_text(found)
    with pytest.raises(mc.InputError, match="no path"):
        draw(found)


def test_what_cannot_be_used_is_refused() -> None:
    data = lab()
    with pytest.raises(mc.InputError, match="exposure_variables"):
        mc.exposure(data.drop_vars("bill"))
    with pytest.raises(mc.InputError, match="did you mean"):
        mc.exposure(data, event="cahs")
    with pytest.raises(mc.InputError, match="on the grid"):
        mc.exposure(data, at="2031-01-01")
    for what in (1, None, mc.exposure_variables):
        with pytest.raises(mc.InputError, match="must be a Scenario"):
            mc.exposure_variables(what)


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"levels": [1.0]}, ["levels[0]"]),
        ({"levels": 0.95}, ["levels"]),
        ({"levels": None}, ["levels"]),
        ({"levels": []}, ["levels"]),
        ({"levels": [0.5, 0.5]}, ["levels[1]"]),
        ({"levels": [], "at": [], "event": 1}, ["levels", "event", "at"]),
    ],
)
def test_arguments_that_cannot_be_used_are_refused_at_once(wrong: dict[str, object], fields: list[str]) -> None:
    with pytest.raises(mc.InputError) as caught:
        mc.exposure(lab(), **wrong)
    assert [problem.field for problem in caught.value.problems] == fields


def test_part_of_an_ensemble_says_how_many_paths_it_has_and_dates_may_be_an_array() -> None:
    part = lab(40, fails={0: 6}).assign_attrs(n_paths=40).isel(path=slice(0, 10))
    found = mc.exposure(part, at=part["time"][[6, 24]].astype("datetime64[ns]"), levels=[0.5, 0.95])
    assert found.attrs["n_paths"] == 10
    assert found["probability"].values.tolist() == [0.1, 0.1]
    limits = found["shortfall_upper"].sel(counterparty="all").isel(time=0)
    assert np.isfinite(limits.sel(level=0.5))
    assert np.isnan(limits.sel(level=0.95))  # half a path in the tail


@pytest.mark.parametrize("chosen", [slice(None, None, 12), [0, 12, 24], slice(None, None, -1)])
def test_times_that_are_not_those_of_the_run_are_refused(chosen: object) -> None:
    """First passages are counted in steps from the start, so that a column of another grid is another date."""
    with pytest.raises(mc.InputError, match="must be all times of the run from its start on"):
        mc.exposure(lab(fails={0: 6}).isel(time=chosen))


def test_a_run_that_is_cut_short_tells_the_same_by_its_last_date() -> None:
    data = lab(40, fails={0: 6, 2: 18, 3: 24})
    whole, short = mc.exposure(data, at="2027-01-01"), mc.exposure(data.isel(time=slice(0, 13)), at="2027-01-01")
    xr.testing.assert_identical(whole, short)
    assert int(short["count"][0]) == 1


def test_all_that_is_wrong_is_said_at_once_and_before_anything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = mc.load_scenario("openai-2025-12")
    monkeypatch.setattr("montecarlo_ai.simulation.simulate", lambda *_, **__: pytest.fail("ran"))
    with pytest.raises(mc.InputError) as caught:
        mc.exposure(scenario, event="cahs", at="2050-01-01", n_paths=0, seed=-1, levels=[2], confidence=3)
    fields = [problem.field for problem in caught.value.problems]
    assert fields == ["confidence", "levels[0]", "n_paths", "seed", "event", "at"]
    with pytest.raises(mc.InputError, match="without chips"):
        mc.exposure(lab().assign_attrs(chips=[]), event="any")
    with pytest.raises(mc.InputError, match="no path"):
        mc.exposure(lab().isel(path=slice(0)))


def in_replicates(spread: float, sampler: str = "sobol") -> xr.Dataset:
    """Return 1,600 paths in 16 replicates of which half fail, those of a replicate with claims of one size."""
    n, replicate = 1_600, np.arange(1_600) % 16
    orders = 6.0 + spread * np.random.default_rng(2).normal(size=16)[replicate]
    data = lab(n, fails=dict.fromkeys(np.flatnonzero(np.arange(n) // 16 % 2), 6), pipeline=orders)
    return data.assign_coords(replicate=("path", replicate)).assign_attrs(sampler=sampler, replicates=16)


@pytest.mark.parametrize("sampler", ["sobol", "antithetic", "random"])
def test_intervals_come_from_the_replicates_where_a_run_has_them(sampler: str) -> None:
    data = in_replicates(1.0, sampler)
    found = mc.exposure(data, levels=[0.9]).isel(time=-1, level=0).sel(counterparty="all")
    orders = np.asarray(data["early_alpha_co"])[0, :16] / 0.75
    error = stats.t.ppf(0.975, 15) * 5.0 * orders.std(ddof=1) / 4.0
    claim = ONLINE + 5.0 * orders.mean()
    for name, factor in (("loss", 0.5), ("given_event", 1.0)):
        assert float(found[name]) == pytest.approx(factor * claim)
        limits = [float(found[f"{name}_{end}"]) for end in ("lower", "upper")]
        assert limits == pytest.approx([factor * (claim - error), factor * (claim + error)])
    assert found.attrs["method"] == "replicates"
    losses = np.where(np.isfinite(data["event_time"][0]), claims_at(data, 6).sum(axis=0), 0.0)
    parts = Parts(data["replicate"].values, 2 if sampler == "antithetic" else 1)
    for name, interval in (("shortfall", shortfall_interval), ("loss_quantile", quantile_interval)):
        limits = [float(found[f"{name}_{end}"]) for end in ("lower", "upper")]
        assert limits == pytest.approx(interval(losses, 0.9, parts=parts)[1:])
        assert limits != pytest.approx(interval(losses, 0.9)[1:])
    # All replicates agree on the probability: exact, with a pair for one trial.
    trials = 800 if sampler == "antithetic" else 1_600
    due = [float(limit) for limit in binomial_interval(trials // 2, trials)]
    assert [float(found["probability_lower"]), float(found["probability_upper"])] == pytest.approx(due)
    assert f"{100 * due[0]:.0f}% to {100 * due[1]:.0f}%" in exposure_text(mc.exposure(data))
    caption = draw(mc.exposure(data)).caption.get_text().replace("\n", " ")
    assert f"{100 * due[0]:.0f}% to {100 * due[1]:.0f}%" in caption


def test_one_replicate_of_paths_that_are_not_independent_tells_no_interval() -> None:
    with pytest.raises(mc.InputError, match=r"replicates = 1: .*sobol.*replicates=16"):
        mc.exposure(lab().assign_attrs(sampler="sobol"))


def test_no_hits_by_a_date_are_no_probability_of_zero() -> None:
    text = exposure_text(mc.exposure(lab(1_000, fails={0: 18})))
    first, second = (line.split()[1:3] for line in text.splitlines() if line.startswith(("2027-01-01", "2028-01-01")))
    assert first == ["below", "0.3%"]
    assert second[0] == "0.10%"


def test_the_preset_has_claims_for_every_counterparty() -> None:
    scenario = mc.load_scenario("openai-2025-12")
    assert {"bill", "early_oracle"} <= set(mc.exposure_variables(scenario))
    found = mc.exposure(scenario, n_paths=4_000, seed=7)
    each, whole = found.isel(counterparty=slice(None, -1)), found.sel(counterparty="all")
    assert np.allclose(each["loss"].sum("counterparty"), whole["loss"])
    assert (found["loss_lower"] <= found["loss"]).all()
    assert (whole["shortfall"].sel(level=0.99) >= whole["shortfall"].sel(level=0.95)).all()
    assert len(draw(found).bars.patches) == each.sizes["counterparty"]


@pytest.mark.parametrize(("loss", "shown"), [(0.83e9, "0.83 bn"), (2.6e6, "0.0026 bn"), (213.7e9, "214 bn")])
def test_a_small_loss_keeps_two_digits_in_the_words_of_the_chart(loss: float, shown: str) -> None:
    found = mc.exposure(lab(fails={0: 6}), at=["2028-01-01"])
    # What is outstanding sets the unit, whatever part of it is lost.
    found["given_event"] = found["given_event"] * 0.0 + 50e9
    found["loss"] = found["loss"] * 0.0 + loss
    drawn = draw(found)
    caption = drawn.caption.get_text().replace("\n", " ").replace("\N{NO-BREAK SPACE}", " ")
    assert f"expect to lose {shown} USD" in caption
    number = drawn.axes.texts[-1].get_text().split("  ")[1]
    assert float(number) == pytest.approx(loss / 1e9, rel=0.05)
