"""Probabilities, competing risks and intervals against closed forms and exact sums over the binomial."""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

import numpy as np
import pytest
import xarray as xr
from scipy import stats
from synthetic import CHIPS, ensemble, summary, with_event_times

from montecarlo_ai.analysis.tails import quantile_interval
from montecarlo_ai.errors import InputError
from montecarlo_ai.headline import paired_difference
from montecarlo_ai.intervals import binomial_interval, rank_at
from montecarlo_ai.model import Clock
from montecarlo_ai.passages import event_steps
from montecarlo_ai.risk import describe_probability, first_passage_quantiles, runs_out_of_chips

INF = math.inf


@pytest.mark.parametrize(("method", "published"), [("clopper-pearson", 0.975), ("wilson", 0.963)])
def test_coverage_summed_exactly_over_the_binomial(method: str, published: float) -> None:
    n, p = 10_000, 1e-3
    counts = np.arange(0, 101)
    lower, upper = binomial_interval(counts, n, method=method)
    covered = stats.binom.pmf(counts, n, p)[(lower <= p) & (p <= upper)].sum()
    assert covered == pytest.approx(published, abs=5e-4)


@pytest.mark.parametrize("p", [1.7e-5, 1e-4, 1e-3, 0.02, 0.5])
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_clopper_pearson_never_covers_less_than_nominal(p: float, confidence: float) -> None:
    n = 10_000
    middle, spread = n * p, 12 * math.sqrt(n * p) + 30
    counts = np.arange(max(0, int(middle - spread)), min(n, int(middle + spread)) + 1)
    lower, upper = binomial_interval(counts, n, confidence=confidence)
    assert stats.binom.pmf(counts, n, p)[(lower <= p) & (p <= upper)].sum() >= confidence


def test_published_intervals() -> None:
    assert np.allclose(binomial_interval(10, 1_000, method="wilson"), (0.005441, 0.018309), atol=5e-7)
    lower, upper = binomial_interval(0, 1_000)
    assert lower == 0.0
    assert upper == pytest.approx(0.003682, abs=5e-7)


@pytest.mark.parametrize("method", ["clopper-pearson", "wilson"])
def test_edges_are_exact_and_mirrored(method: str) -> None:
    lower, upper = binomial_interval([0, 3, 997, 1_000], 1_000, method=method)
    assert lower[0] == 0.0
    assert upper[-1] == 1.0
    assert np.allclose(lower, 1.0 - upper[::-1], atol=1e-12)


@pytest.mark.parametrize("count", [1, 17, 500, 999])
def test_clopper_pearson_inverts_the_binomial_tails(count: int) -> None:
    lower, upper = binomial_interval(count, 1_000, confidence=0.9)
    assert stats.binom.sf(count - 1, 1_000, lower) == pytest.approx(0.05, abs=1e-9)
    assert stats.binom.cdf(count, 1_000, upper) == pytest.approx(0.05, abs=1e-9)


def test_ensemble_and_summary_give_identical_numbers() -> None:
    data = ensemble()
    xr.testing.assert_identical(runs_out_of_chips(data), runs_out_of_chips(summary(data)))


class State(NamedTuple):
    level: Annotated[float, "USD"]
    other: Annotated[float, "USD"]


class Params(NamedTuple):
    volatility: Annotated[float, "USD/year**0.5"]


class Shocks(NamedTuple):
    level: float
    other: float


class Events(NamedTuple):
    never: float
    low: float
    lower: float
    other: float


def step(state: State, params: Params, shocks: Shocks, clock: Clock) -> State:
    scale = params.volatility * math.sqrt(clock.dt)
    return State(state.level + scale * shocks.level, state.other + scale * shocks.other)


def initial(params: Params) -> State:
    return State(1.0, 1.0)


def events(state: State, params: Params, clock: Clock) -> Events:
    return Events(never=1.0, low=state.level, lower=state.level + 0.2, other=state.other)


def test_the_engine_gives_an_ensemble_and_a_summary_the_same_numbers() -> None:
    from montecarlo_ai.model import Model
    from montecarlo_ai.scenario import Scenario
    from montecarlo_ai.simulation import simulate
    from montecarlo_ai.summary import summarize
    from montecarlo_ai.timegrid import TimeGrid

    model = Model(
        step, initial=initial, events=events, causes=["other", "lower", "low"], chips=["low", "lower", "other"]
    )
    grid = TimeGrid("2026-01-01", years=3, steps_per_year=4)
    for chips in (None, ["lower", "other"]):
        scenario = Scenario(model, inputs={"volatility": 0.8}, time=grid, chips=chips)
        whole = simulate(scenario, n_paths=3_000, seed=5)
        brief = summarize(scenario, n_paths=3_000, seed=5)
        one, other = runs_out_of_chips(whole), runs_out_of_chips(brief)
        xr.testing.assert_identical(one.assign_attrs(created_at=""), other.assign_attrs(created_at=""))
        assert float(one["count"].sel(cause="any")[-1]) > 500
        assert (float(one["tie_share"][-1]) > 0.05) == (chips is None)
        for event in ("low", "never", "any"):
            levels = [0.01, 0.2, 0.9]
            xr.testing.assert_identical(
                first_passage_quantiles(whole, event, levels), first_passage_quantiles(brief, event, levels)
            )


def test_first_sums_to_any_and_never_exceeds_the_probability() -> None:
    chips = runs_out_of_chips(ensemble(5_000))
    total = chips["first_count"].sel(cause=list(CHIPS)).sum("cause")
    assert (total == chips["first_count"].sel(cause="any")).all()
    assert (total == chips["count"].sel(cause="any")).all()
    assert (chips["first_count"] <= chips["count"]).all()
    assert (chips["count"].diff("time") >= 0).all()
    assert list(chips["cause"].values) == ["cash", "unmonetized_compute", "compute_shortage", "any"]


def test_competing_risks_by_hand() -> None:
    data = with_event_times([[1.0, 2.0, INF, 2.0, INF], [2.0, 1.0, INF, 2.0, 3.0], [0.5, INF, 1.0, 2.0, 4.0]])
    chips = runs_out_of_chips(data, at=["2028-01-01", "2031-01-01"])
    assert chips["count"].values.tolist() == [[3, 3], [3, 4], [3, 4], [3, 4]]
    # The fourth path ties: it goes to cash, declared first; a shortage at the same time is not before it.
    assert chips["first_count"].values.tolist() == [[2, 2], [1, 2], [2, 2], [3, 4]]
    assert chips["tie_share"].values.tolist() == [0.2, 0.2]
    xr.testing.assert_identical(chips, runs_out_of_chips(summary(data), at=["2028-01-01", "2031-01-01"]))


def test_three_chips_and_a_late_tie_are_no_tie() -> None:
    data = with_event_times(
        [[2.0, 1.0], [2.0, 1.0], [1.0, 1.0]], chips=["cash", "unmonetized_compute", "compute_shortage"]
    )
    chips = runs_out_of_chips(data)
    assert chips["first_count"].isel(time=-1).values.tolist() == [1, 0, 1, 2]
    assert chips["tie_share"].values[-1] == 0.5
    xr.testing.assert_identical(chips, runs_out_of_chips(summary(data)))


def test_a_tie_of_two_chips_is_one_whatever_a_third_does_later() -> None:
    chips = ["cash", "unmonetized_compute", "compute_shortage"]
    data = with_event_times([[1.0, 1.0, 2.0], [1.0, 1.0, 1.0], [2.0, INF, 1.0]], chips=chips)
    found = runs_out_of_chips(data)
    assert found["tie_share"].values[-1] == 1.0
    assert found["first_count"].isel(time=-1).values.tolist() == [2, 1, 0, 3]
    xr.testing.assert_identical(found, runs_out_of_chips(summary(data)))


@pytest.mark.parametrize("steps_per_year", [1, 7, 12, 49, 365])
def test_years_of_a_passage_are_the_step_that_they_were_made_of(steps_per_year: int) -> None:
    """A year's part times the steps of a year comes out a little below the step for some."""
    steps = np.arange(1, 2_000)
    data = xr.Dataset(
        {"event_time": (("event", "path"), [steps / steps_per_year])},
        coords={"event": ["cash"]},
        attrs={"steps_per_year": steps_per_year},
    )
    assert (event_steps(data, "cash") == steps).all()


def test_the_rank_of_a_whole_number_of_values_is_that_number() -> None:
    for n in (1, 100, 1_000, 2_048):
        assert [rank_at(k / n, n) for k in range(1, n + 1)] == list(range(1, n + 1))
    assert rank_at(0.07, 100) == 7  # .07 x 100 is 7.000000000000001
    assert (rank_at(0.0, 100), rank_at(0.071, 100), rank_at(1.0, 100)) == (1, 8, 100)


def test_every_quantile_of_a_sample_has_that_rank() -> None:
    values = np.arange(1.0, 101.0)
    assert quantile_interval(values, 0.07).value == 7.0
    assert paired_difference(values, np.zeros(100), quantiles=[0.07]).years == (7.0,)
    data = with_event_times([np.ceil(values / 2.0) / 12.0, [INF] * 100, [INF] * 100])
    assert first_passage_quantiles(data, "cash", 0.06).values * 12 == pytest.approx(3.0)
    assert first_passage_quantiles(data, "cash", 0.14).values * 12 == pytest.approx(7.0)  # 14.000000000000002 paths


def test_first_passage_quantiles_count_the_paths_of_all_replicates() -> None:
    times = [1.0, 2.0, 1.0, 2.0, 3.0, INF, 3.0, INF]
    data = with_event_times([times, [INF] * 8, [INF] * 8])
    parts = data.assign_coords(replicate=("path", [0, 0, 0, 0, 1, 1, 1, 1]))
    for event in ("any", "cash"):
        found = first_passage_quantiles(parts, event, [0.25, 0.5, 0.75, 1.0])
        assert found.values.tolist() == [1.0, 2.0, 3.0, INF]
        xr.testing.assert_identical(found, first_passage_quantiles(data, event, [0.25, 0.5, 0.75, 1.0]))


def test_dates_take_the_last_grid_time_at_or_before() -> None:
    data = with_event_times([[1.0], [INF], [INF]])
    before, after, late = (
        runs_out_of_chips(data, at=["2026-12-31", "2027-01-01", "2027-01-31"])["count"].sel(cause="any").values
    )
    assert (before, after, late) == (0, 1, 1)
    assert runs_out_of_chips(data, at="2027-06-30")["time"].values[0] == np.datetime64("2027-06-01")


def test_interval_holds_the_closed_form_of_two_hazards() -> None:
    # Monthly grid, ties to the first: 1 - exp(-(a + b) k / 12) split in proportion to what fires in a step.
    n, a, b = 40_000, 0.3, 0.2
    rng = np.random.default_rng(11)
    steps = np.ceil(rng.exponential(size=(2, n)) / np.array([[a], [b]]) * 12)
    times = np.where(steps <= 60, steps / 12, INF)
    chips = runs_out_of_chips(
        with_event_times(times.tolist(), causes=list(CHIPS)), at="2028-01-01", confidence=1 - 1e-5
    )
    for cause, exact in zip((*CHIPS, "any"), (0.382428, 0.249692, 0.632121), strict=True):
        row = chips.sel(cause=cause).isel(time=0)
        assert row["first_lower"] < exact < row["first_upper"]


def test_first_passage_quantiles_are_exact_and_know_never() -> None:
    times = [1.0, 2.0, 3.0, INF]
    data = with_event_times([times, [INF] * 4, [INF] * 4, [INF] * 4])
    for result in (data, summary(data)):
        quantiles = first_passage_quantiles(result, "cash", [0.0, 0.25, 0.5, 0.51, 0.75, 0.76, 1.0])
        assert quantiles.values.tolist() == [1.0, 1.0, 2.0, 3.0, 3.0, INF, INF]
        assert quantiles["date"].values[2] == np.datetime64("2028-01-01")
        assert np.isnat(quantiles["date"].values[-1])
        assert first_passage_quantiles(result, "any", 0.5).values.tolist() == [2.0]
        assert first_passage_quantiles(result, "profitable", 0.5).values.tolist() == [INF]


def test_words_for_probabilities() -> None:
    assert describe_probability(0, 1_000) == "below 0.3% (95%, none in 1,000 paths)"
    assert describe_probability(1_000, 1_000) == "above 99.7% (95%, all of 1,000 paths)"
    assert describe_probability(0, 100_000_000, 0.99) == "below 0.0000047% (99%, none in 100,000,000 paths)"
    assert describe_probability(10, 1_000) == "1.0% (95%: 0.5% to 1.8%)"
    assert describe_probability(50_000, 100_000) == "50.0% (95%: 49.7% to 50.3%)"
    assert describe_probability(0, 1) == "below 95% (95%, none in 1 path)"
    # At this confidence one path tells next to nothing, and two little: what is left is told to two digits.
    assert describe_probability(0, 1, 0.995) == "below 99.5% (99.5%, none in 1 path)"
    assert describe_probability(1, 1, 0.995) == "above 0.5% (99.5%, all of 1 path)"
    assert describe_probability(2, 2, 0.9999) == "above 1% (99.99%, all of 2 paths)"


@pytest.mark.parametrize("n", [1, 2, 7, 1_000, 10**8])
def test_words_never_say_zero_or_certain(n: int) -> None:
    for count in {0, 1, n // 2, n - 1, n}:
        text = describe_probability(count, n)
        assert not text.startswith(("0%", "0.0%", "100%", "100.0%")), text
        assert "nan" not in text


def test_list_attributes_that_netcdf_turned_into_a_string() -> None:
    data = with_event_times([[1.0, INF], [INF, INF]], chips="cash", causes=["cash", "unmonetized_compute"])
    assert runs_out_of_chips(data)["count"].sel(cause="any").values[-1] == 1


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"confidence": 0.0}, "confidence"),
        ({"confidence": 95}, "confidence"),
        ({"confidence": math.nan}, "confidence"),
        ({"confidence": True}, "confidence"),
        ({"method": "wald"}, "method"),
        ({"at": "2031-02-01"}, "at"),
        ({"at": ["2025-12-31"]}, "at"),
        ({"at": "tomorrow"}, "at"),
        ({"at": 3.5}, "at"),
        ({"at": "NaT"}, "at"),
    ],
)
def test_bad_arguments_are_typed(arguments: dict[str, object], field: str) -> None:
    with pytest.raises(InputError) as caught:
        runs_out_of_chips(ensemble(10), **arguments)  # type: ignore[arg-type]
    assert {problem.field for problem in caught.value.problems} == {field}


def test_all_problems_come_at_once() -> None:
    with pytest.raises(InputError) as caught:
        runs_out_of_chips(ensemble(10), at="2050-01-01", confidence=2.0, method="wald")
    assert {problem.field for problem in caught.value.problems} == {"at", "confidence", "method"}


def test_wrong_data_is_typed() -> None:
    data = ensemble(10)
    for wrong in (
        data["cash"],
        data.drop_vars("event_time"),
        data.isel(time=slice(None, None, 6)),
        data.isel(time=slice(3, None)).assign_attrs(scenario_canonical='{"time":{"start":"2026-01-01"}}'),
        data.isel(path=0),
        data.isel(path=slice(0)),
        data.assign_coords(weight=("path", np.ones(10))),
        data.assign_attrs(sampler="sobol"),
        data.assign_attrs(causes=[]),
        summary(data).drop_vars("tie_count"),
        xr.Dataset(),
    ):
        with pytest.raises(InputError):
            runs_out_of_chips(wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="'no path': must have one path at least"):
        runs_out_of_chips(data.isel(path=slice(0)), method="replicates")
    for event, level in (("cahs", 0.5), ("cash", 1.5), ("cash", math.nan)):
        with pytest.raises(InputError):
            first_passage_quantiles(data, event, level)
