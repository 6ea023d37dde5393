"""The answers of a run: paired differences with "never", facts from the table, and their words."""

from __future__ import annotations

import math

import numpy as np
import pytest

from montecarlo_ai.console import number, table
from montecarlo_ai.errors import InputError
from montecarlo_ai.headline import Throughput, paired_difference, read_fact

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
