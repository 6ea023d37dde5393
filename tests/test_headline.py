"""The answers of a run: paired differences with "never", facts from the table, and their words."""

from __future__ import annotations

import math

import numpy as np
import pytest

import montecarlo_ai as mc
from montecarlo_ai.console import headline_text
from montecarlo_ai.errors import InputError
from montecarlo_ai.headline import LOSS, Throughput, headline, paired_difference, read_fact, variables_needed
from montecarlo_ai.tabular import number, table

INF = math.inf


def test_paired_differences_keep_never_as_infinity() -> None:
    #         sooner, later, only frozen, only base, neither
    base = np.array([4.0, 2.0, INF, 3.0, INF])
    frozen = np.array([2.5, 3.0, 1.0, INF, INF])
    found = paired_difference(base, frozen, [0.0, 0.25, 0.5, 0.75, 1.0])
    assert found.years == (-INF, -INF, -1.0, 1.5, INF)
    assert (found.only_frozen, found.only_base, found.neither, found.n_paths) == (1, 1, 1, 5)


def test_paired_differences_where_nothing_ever_pays() -> None:
    found = paired_difference([INF, INF], [INF, INF], [0.5])
    assert math.isnan(found.years[0])
    assert found.neither == found.n_paths == 2


def test_paired_quantiles_are_those_of_the_differences() -> None:
    rng = np.random.default_rng(2)
    base, frozen = rng.integers(1, 60, 1_001) / 12, rng.integers(1, 60, 1_001) / 12
    levels = (0.05, 0.5, 0.95)
    expected = np.quantile(base - frozen, levels, method="inverted_cdf")
    assert paired_difference(base, frozen, levels).years == tuple(expected)


def test_the_loss_of_the_interview_is_read_from_the_table_of_facts() -> None:
    fact = read_fact("openai_expected_cumulative_loss_2028_12_01")
    assert (fact.value, fact.units, fact.period_end) == (120e9, "USD", "2028-12-31")
    with pytest.raises(InputError, match="must be the id of a fact"):
        read_fact("openai_expected_cumulative_loss_1999")


def test_throughput() -> None:
    speed = Throughput(n_paths=1_000_000, n_steps=60, seconds=6.0)
    assert speed.path_steps_per_second == 1e7
    assert speed.nanoseconds_per_path_step == pytest.approx(100.0)


def test_table_aligns_columns() -> None:
    assert table(("a", "bb"), [("long", "1"), ("x", "22")], right=(1,)) == "a     bb\n----  --\nlong   1\nx     22"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5.2e9, "5.2 bn"),
        (-1.4e12, "-1.4 tn"),
        (1_739_000.0, "1.739 m"),
        (12_345.0, "12,345"),
        (0.05, "0.05"),
        (0.0, "0"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


def test_the_loss_beside_that_of_the_interview_is_by_the_same_date() -> None:
    scenario = mc.load_scenario("openai-2025-12")
    summary = mc.summarize(scenario, n_paths=512, seed=1, variables=variables_needed(scenario))
    found = headline(scenario, summary)
    assert found.interview_loss is not None
    assert found.loss_by_then is not None
    assert found.interview_loss.period_end == "2028-12-31"
    due = summary.loss_until_profitable.sel(time="2029-01-01").values  # the year-end is the first day of the next
    assert found.loss_by_then.values == tuple(due.ravel().tolist())
    short = scenario.with_time(years=2)
    assert headline(short, mc.summarize(short, n_paths=512, seed=1, variables=[LOSS])).loss_by_then is None


def test_a_guard_that_acted_is_told_of() -> None:
    steady = mc.load_scenario("openai-2025-12")
    known = mc.Normal(5.0, 0.0)  # not a constant, so that the kernel is the same
    wild = steady.with_inputs(software_surprise=known, hardware_gain=known).with_time(steps_per_year=1)
    for scenario, acted in ((steady, False), (wild, True)):
        summary = mc.summarize(scenario, n_paths=512, seed=1, variables=variables_needed(scenario))
        found = headline(scenario, summary)
        assert found.held_back == int(summary.event_count.sel(event="growth_clamped")[-1])
        text = headline_text(found, seed=1, throughput=Throughput(512, scenario.time.n_steps, 1.0))
        assert ("growth held back" in text) == (found.held_back > 0) == acted
