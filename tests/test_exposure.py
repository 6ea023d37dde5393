"""Exposure: claims under contract by the fleet's law, losses at the first passage, wrong-way risk, in closed form."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import montecarlo_ai as mc
from montecarlo_ai.analysis.claims import claims_at
from montecarlo_ai.analysis.text import exposure_text
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
        attrs={"steps_per_year": 12, "chips": ["cash", "unmonetized_compute"], "scenario": "synthetic"},
    )


CLAIM = 5.0 * (6.0 + 6.0 + 2.0 / 3.0 * 3.0 + 3.0 / 3.0)


def test_a_claim_is_the_mean_of_what_the_fleets_law_will_bill() -> None:
    assert np.allclose(claims_at(lab(), 0).sum(axis=0), CLAIM)
    # The same by running the stages of the fleet down, a twelfth of a year at a time, until nothing is left.
    young, middle, old, billed, dt = 6.0 + 6.0, 3.0, 3.0, 0.0, 1.0 / 12.0
    for _ in range(5_000):
        billed += (young + middle + old) * dt
        moved = dt / (5.0 / 3.0)
        young, middle, old = young * (1 - moved), middle + moved * (young - middle), old + moved * (middle - old)
    assert billed == pytest.approx(CLAIM, rel=1e-9)


def test_claims_are_split_by_each_counterpartys_own_orders_and_deliveries() -> None:
    data = lab()
    assert np.allclose(claims_at(data, 3), [[0.75 * CLAIM] * 4, [0.25 * CLAIM] * 4])
    own = {"early_alpha_co": 4.0, "late_alpha_co": 0.0, "delivered_alpha_co": 5.0, "delivered": 20.0}
    own |= {"early_beta": 0.0, "late_beta": 1.0, "delivered_beta": 10.0}
    data = data.assign({name: (("time", "path"), np.full((TIMES.size, 4), value)) for name, value in own.items()})
    online = 6.0 + 2.0 + 1.0
    assert np.allclose(claims_at(data, 3)[:, 0], [5.0 * (4.0 + online * 0.25), 5.0 * (1.0 + online * 0.5)])


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
    low, high = 5.0 * 9.0, 5.0 * 39.0
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
        ({"levels": [], "at": [], "event": 1}, ["levels", "at", "event"]),
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
