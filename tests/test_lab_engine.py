"""The lab as the engine runs it: every path of an ensemble is a random scenario in which the identities hold.

One ensemble draws its inputs from the preset, one uniformly from three times as far. Both use the kernel of the
preset, since only what is drawn differs.
"""

from __future__ import annotations

import dataclasses

import lab_reference
import lab_schedule
import numpy as np
import pytest
import xarray as xr
from lab_paths import preset_inputs, wide_bounds
from numpy.typing import NDArray
from reference import normal_shocks, uniform_shocks

import montecarlo_ai as mc
from montecarlo_ai.lab import Contract
from montecarlo_ai.lab.parameters import Params, State

SEED = 11
N_PATHS = 2_000
TOLERANCE = 1e-9
NOTHING = mc.Uniform(0.0, 1e-12)
FROZEN = {
    "management_reaction": 0.0,
    "round_rate": NOTHING,
    "supplier_equity": NOTHING,
    "warrant_sale_rate": NOTHING,
}
"""Policies, discretionary orders and funding frozen."""

SIGNED = {"user_growth", "business_growth", "rental_premium", "market_mood", "cash", "loss_until_profitable"}
SIGNED |= {"operating_income", "operating_income_mean", "cash_flow", "cash_flow_mean", "growth", "regime"}
SIGNED |= {"use_room", "price_deviation", "monetization_gap"}
"""States that may be negative; no other may."""

Array = NDArray[np.float64]


def preset() -> mc.Scenario:
    """Return the preset as it is."""
    return mc.load_scenario("openai-2025-12")


def wide() -> mc.Scenario:
    """Return the preset with every varying input uniform over three times its width."""
    tables = {name: table for name, table in preset_inputs().items() if "value" not in table}
    return preset().with_inputs(**{name: mc.Uniform(*wide_bounds(name, table)) for name, table in tables.items()})


@pytest.fixture(scope="module", params=[preset, wide], ids=["preset", "wide"])
def ensemble(request: pytest.FixtureRequest) -> xr.Dataset:
    scenario = request.param()
    return mc.simulate(scenario, n_paths=N_PATHS, seed=SEED, variables=list(scenario.model.state_fields))


def close(left: Array, right: Array, *parts: Array) -> bool:
    """Return whether two sums agree everywhere, to rounding at the size of what was added up."""
    scale = np.max(np.abs(np.broadcast_arrays(left, right, *parts)), axis=0)
    return bool((np.abs(left - right) <= TOLERANCE * np.maximum(scale, 1.0)).all())


def test_what_cannot_be_negative_is_not(ensemble: xr.Dataset) -> None:
    for name in set(State._fields) - SIGNED:
        values = ensemble[name].values
        assert (values >= -TOLERANCE * np.abs(values).max()).all(), name
    for name in ("paying_share", "training_share", "unmet_share", "surplus_share", "unmet_mean", "unmonetized_mean"):
        assert (ensemble[name].values <= 1.0 + TOLERANCE).all(), name


def test_cash_changes_by_its_flows(ensemble: xr.Dataset) -> None:
    dt = 1.0 / 12.0
    cash, debt = ensemble.cash.values, ensemble.debt.values
    burnt, raised = dt * ensemble.cash_flow.values[1:], dt * ensemble.equity_raised.values[1:]
    assert close(cash[1:], cash[:-1] + burnt + raised + np.diff(debt, axis=0), cash[:-1], burnt, raised)
    assert (debt <= ensemble.debt_limit.values * (1.0 + TOLERANCE)).all()


def relaxed(rate: Array) -> Array:
    """Return the share of a stock that a rate moves in a month."""
    y = rate / 12.0
    return np.minimum(y - y**2 / 2.0 + y**3 / 6.0, 1.0)


def test_equity_is_what_rounds_tranches_suppliers_and_warrants_pay(ensemble: xr.Dataset) -> None:
    dt = 1.0 / 12.0
    now, regime, mood = ensemble.paid_now.values, ensemble.regime.values[1:], ensemble.market_mood.values[1:]
    strength = ensemble.winter_strength.values
    winter, boom = np.maximum(-regime, 0.0) * strength, np.maximum(regime, 0.0)
    pace = 1.0 + winter * (ensemble.winter_rounds.values - 1.0) + boom * (ensemble.boom_rounds.values - 1.0)
    price = np.exp(mood - winter * ensemble.winter_multiple.values + boom * ensemble.boom_multiple.values)
    before, after = ensemble.tranches.values[:-1], ensemble.tranches.values[1:]
    from_tranches = before * relaxed(ensemble.round_rate.values * np.maximum(pace, 0.0))
    paid = (after - before + from_tranches) * now / (1.0 - now)
    old = (ensemble.power - ensemble.power_young - ensemble.power_middle).values[:-1]
    retired = old * np.minimum(3.0 * dt / ensemble.contract_term.values, 1.0)
    power = np.diff(ensemble.power.values, axis=0) + retired
    arrived = np.diff(ensemble.delivered.values, axis=0)
    per_bill = power / np.maximum(arrived, 1.0)
    suppliers = per_bill * 10e9 * np.diff(ensemble.delivered_nvidia.values, axis=0) * ensemble.supplier_equity.values
    sold = ensemble.warrants.values[:-1] * relaxed(ensemble.warrant_sale_rate.values)
    vested = per_bill * 5.7e9 * np.diff(ensemble.delivered_amd.values, axis=0)
    assert close(np.diff(ensemble.warrants.values, axis=0), vested - sold, ensemble.power.values[1:] * 5.7e9)
    whole = 10e9 * ensemble.power.values[1:]
    parts = paid + from_tranches + suppliers + sold * price
    assert close(dt * ensemble.equity_raised.values[1:], parts, before, after, whole)


def test_regime_is_one_of_three_and_moves_by_one_draw(ensemble: xr.Dataset) -> None:
    regime = ensemble.regime.values
    assert set(np.unique(regime)) == {-1.0, 0.0, 1.0}
    assert (regime[0] == 0.0).all()
    assert not ((regime[:-1] == -1.0) & (regime[1:] == 1.0)).any()


def test_contracts_owe_what_was_asked_for_and_not_put_off(ensemble: xr.Dataset) -> None:
    scenario = preset()
    kept = (ensemble.contract_speed * ensemble.contract_size).values
    dropped = np.zeros_like(ensemble.bill.values)
    contracts = scenario.document["contracts"]
    base = sum(table["base_bill"] for table in contracts)
    for table, name in zip(contracts, scenario.model.forcing_fields[:-1], strict=True):
        label = name.removeprefix("added_")
        asked = np.concatenate(([0.0], np.cumsum(scenario.forcing[name])))[:, None] * kept
        start = ensemble.base_bill.values * (
            table["base_bill"] / base + ensemble.pipeline_ratio.values * table["waiting"]
        )
        parts = [ensemble[f"{part}_{label}"].values for part in ("early", "late", "delivered")]
        gone = start + asked - np.sum(parts, axis=0)
        assert (gone >= -TOLERANCE * (start + asked)).all()
        waits = ensemble[f"deferred_{label}"].values
        assert (waits >= -TOLERANCE * (start + asked)).all()
        assert (np.diff(gone - waits, axis=0) >= -TOLERANCE * (start + asked)[1:]).all()
        assert (
            gone <= table["flexibility"] * ensemble.contract_deferral.values * asked + TOLERANCE * (start + asked)
        ).all()
        dropped += gone
    assert close(dropped, ensemble.cancelled.values + ensemble.deferred.values, ensemble.ordered.values)


def test_fleet_is_used_once_and_serves_no_more_than_is_needed(ensemble: xr.Dataset) -> None:
    parts = [ensemble[f"compute_{use}"].values for use in ("training", "served", "resold", "idle")]
    assert close(np.sum(parts, axis=0), ensemble.capacity.values)
    assert (ensemble.compute_served.values <= ensemble.compute_needed.values * (1.0 + TOLERANCE)).all()
    assert (np.minimum(ensemble.unmet_share.values, ensemble.surplus_share.values) <= TOLERANCE).all()


def test_what_is_ordered_is_delivered_waiting_put_off_or_cancelled(ensemble: xr.Dataset) -> None:
    waiting = ensemble.pipeline_early.values + ensemble.pipeline_late.values
    gone = ensemble.deferred.values + ensemble.cancelled.values
    assert close(ensemble.ordered.values, ensemble.delivered.values + waiting + gone)
    assert close(ensemble.delivered.values, ensemble.bill.values + ensemble.retired.values)
    for name in ("ordered", "cancelled", "delivered", "retired"):
        assert (np.diff(ensemble[name].values, axis=0) >= 0.0).all(), name


def test_compute_cost_is_what_is_used_or_owed(ensemble: xr.Dataset) -> None:
    bill, capacity = ensemble.bill.values, ensemble.capacity.values
    training, serving = ensemble.training_cost.values, ensemble.inference_cost.values
    assert close(training * capacity, bill * ensemble.compute_training.values)
    assert close(serving * capacity, bill * ensemble.compute_served.values)
    used = training + serving + bill * ensemble.compute_resold.values / capacity
    due = np.maximum(used, ensemble.firm_bill.values)
    assert (ensemble.firm_bill.values <= bill * (1.0 + TOLERANCE)).all()
    assert close(ensemble.compute_cost.values, due)
    assert (training + serving <= ensemble.compute_cost.values * (1.0 + TOLERANCE)).all()
    assert (ensemble.compute_cost.values <= bill * (1.0 + TOLERANCE)).all()


def test_operating_income_is_revenue_less_costs(ensemble: xr.Dataset) -> None:
    revenue = ensemble.revenue.values
    parts = [ensemble[f"revenue_{part}"].values for part in ("consumer", "business", "new", "resale")]
    assert close(revenue, np.sum(parts, axis=0))
    base = (ensemble.consumer_run_rate + ensemble.business_run_rate).values
    staff = ensemble.staff_cost.values * np.maximum(revenue / base, 1.0) ** ensemble.staff_elasticity.values
    shares = (ensemble.revenue_share + ensemble.other_cost_share).values
    income = revenue - revenue * shares - ensemble.compute_cost.values - staff  # no cap is near, no energy is owned
    dt = 1.0 / 12.0
    credits = np.minimum(ensemble.credit_share * ensemble.compute_cost, ensemble.credits_left.shift(time=1) / dt).values
    assert close(ensemble.operating_income.values, income, revenue, staff, ensemble.compute_cost.values)
    interest = ensemble.interest_rate.values * (ensemble.debt.values - np.maximum(ensemble.cash.values, 0.0))
    flows = income[1:] + credits[1:] - interest[:-1]
    assert close(ensemble.cash_flow.values[1:], flows, revenue[1:], staff[1:], interest[:-1])


def test_path_begins_as_the_base_period_ends(ensemble: xr.Dataset) -> None:
    """Nothing jumps in the first month: no unmet demand, no surplus, and a valuation that goes on."""
    start = ensemble.isel(time=0)
    assert close(start.revenue.values, (start.consumer_run_rate + start.business_run_rate).values)
    assert (start.compute_cost.values == start.base_bill.values).all()
    assert (start.unmet_share.values == 0.0).all()
    assert close(start.compute_training.values + start.compute_served.values, start.capacity.values)
    for name in ("revenue", "compute_cost", "valuation", "capacity", "compute_needed"):
        first, second, third = ensemble[name].values[:3]
        steps = np.median(second / first), np.median(third / second)
        assert steps[0] == pytest.approx(steps[1], abs=0.05), name


def test_events_happen_when_their_margins_say_so(ensemble: xr.Dataset) -> None:
    liquid = ensemble.cash + ensemble.debt_limit - ensemble.debt
    happened = {
        "cash": liquid < 0.0,
        "unmonetized_compute": ensemble.unmonetized_mean > ensemble.unmonetized_threshold,
        "compute_shortage": ensemble.unmet_mean > ensemble.shortage_threshold,
        "profitable": ensemble.operating_income_mean > 0.0,
        "cash_flow_positive": ensemble.cash_flow_mean > 0.0,
        "inference_majority": ensemble.inference_cost > ensemble.training_cost,
    }
    years = np.arange(ensemble.sizes["time"]) / 12.0
    for name, condition in happened.items():
        held = condition.transpose("time", "path").values[1:]
        first = np.where(held.any(axis=0), years[1:][held.argmax(axis=0)], np.inf)
        np.testing.assert_allclose(ensemble.event_time.sel(event=name).values, first, err_msg=name)


@pytest.mark.parametrize("path", [0, 777, N_PATHS - 1])
def test_plain_python_twin(ensemble: xr.Dataset, path: int) -> None:
    """The lab's own functions on independently made shocks: 1e-9 of a variable's largest magnitude on the path."""
    scenario = preset()
    model, time = scenario.model, scenario.time
    row = ensemble.isel(path=path)
    params = Params(**{name: float(row[name]) for name in Params._fields})
    drawn = [normal_shocks(SEED, group, path, time.n_steps) for group in range(len(model.shock_fields))]
    drawn[model.shock_fields.index("regime")] = uniform_shocks(
        SEED, model.shock_fields.index("regime"), path, time.n_steps
    )
    shocks = np.array(drawn).T.tolist()
    states = [model.initial(params)]
    for k in range(time.n_steps):
        forcing = model.forcing_type(*(float(scenario.forcing[name][k]) for name in model.forcing_fields))
        clock = mc.Clock(k * time.dt, time.dt, k)
        states.append(model.step(states[-1], params, model.shocks_type(*shocks[k]), clock, forcing))
    for name, values in zip(model.state_fields, np.array(states).T, strict=True):
        allowed = TOLERANCE * max(float(np.abs(values).max()), 1e-300)
        np.testing.assert_allclose(row[name].values, values, rtol=0, atol=allowed, err_msg=name)


def test_paths_without_volatility_meet_the_second_implementation() -> None:
    """Contracts of the preset, inputs from three times as far, regimes by the draws of the path."""
    still = {name: mc.Normal(0.0, 0.0) for name in Params._fields if name.endswith("volatility")}
    scenario = wide().with_inputs(**still)
    paths = mc.simulate(scenario, n_paths=24, seed=SEED, variables=list(scenario.model.state_fields))
    model, time = scenario.model, scenario.time
    terms = [field.name for field in dataclasses.fields(Contract)]
    contracts = [
        Contract(**{key: table[key] for key in terms if key in table}) for table in scenario.document["contracts"]
    ]
    rows = lab_schedule.added(contracts, time.times)
    met = 0
    for path in range(paths.sizes["path"]):
        row = paths.isel(path=path)
        if row.growth_clamps[-1] > 0.0:
            continue
        met += 1
        params = {name: float(row[name]) for name in Params._fields}
        draws = uniform_shocks(SEED, model.shock_fields.index("regime"), path, time.n_steps)
        theirs = lab_reference.path(params, contracts, rows, draws.tolist(), time.dt)
        money = float(row.revenue[0]) + params["base_bill"] * params["contract_term"]
        for name in theirs[0]:
            mine, other = row[name].values, np.array([step[name] for step in theirs])
            scale = max(float(np.abs(other).max()), abs(mine[0]), money if "USD" in model.units[name] else 1e-6)
            np.testing.assert_allclose(mine[1:], other, rtol=1e-9, atol=1e-9 * scale, err_msg=f"{name} {path}")
    assert met > paths.sizes["path"] // 2


def frozen(**changes: object) -> xr.Dataset:
    """Return an ensemble on the common seed with policies, own orders and funding frozen."""
    scenario = preset().with_inputs(**FROZEN, **changes)
    variables = ["cash", "bill", "capacity", "compute_cost", "equity_raised", "cancelled", "deferred"]
    return mc.simulate(scenario, n_paths=N_PATHS, seed=SEED, variables=variables)


def test_frozen_lab_raises_nothing_and_puts_nothing_off() -> None:
    still = frozen()
    assert (still.equity_raised.values < 1.0).all()
    assert (still.cancelled.values == 0.0).all()
    assert (still.deferred.values == 0.0).all()


def test_more_starting_cash_never_runs_out_sooner() -> None:
    base = preset().inputs.distributions["base_cash"].to_dict()
    richer = frozen(base_cash=mc.LogNormal(base["mu"] + np.log(1.1), base["sigma"]))
    poorer = frozen()
    np.testing.assert_allclose(richer.base_cash, 1.1 * poorer.base_cash, rtol=1e-12)
    runs_out = [paths.event_time.sel(event="cash").values for paths in (poorer, richer)]
    assert (runs_out[1] >= runs_out[0]).all()
    assert np.isfinite(runs_out[0]).mean() > 0.5


def test_less_training_never_raises_compute_cost() -> None:
    """Customers who leave unserved or for a better model would change demand, and so would scarcity: all frozen."""
    still = {"unserved_loss": NOTHING, "scarcity_response": NOTHING, "training_effect": NOTHING}
    table = preset_inputs()["training_share_long_run"]
    half = mc.Uniform(0.5 * table["low"], 0.5 * table["high"])
    more, less = frozen(**still), frozen(**still, training_share_long_run=half)
    held = frozen(**still, training_growth=0.0)
    for cheaper in (less, held):
        assert (cheaper.compute_cost.values <= more.compute_cost.values * (1.0 + TOLERANCE)).all()
        assert (cheaper.compute_cost.values < 0.99 * more.compute_cost.values).any()


def test_cheaper_new_compute_never_raises_the_cost_of_a_given_new_capacity() -> None:
    base = preset().inputs.distributions["power_cost"].to_dict()
    cheap = frozen(power_cost=mc.LogNormal(base["mu"] + np.log(0.9), base["sigma"]))
    dear = frozen()
    np.testing.assert_allclose(cheap.bill, dear.bill, rtol=1e-12)
    assert (cheap.capacity.values >= dear.capacity.values * (1.0 - TOLERANCE)).all()
    assert (cheap.capacity.values[-1] > dear.capacity.values[-1]).all()
