"""Errors as objects: what a copy and another process see of them."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

from montecarlo_ai.errors import InputError, ModelError, Problem, ScenarioError
from montecarlo_ai.files.loading import load_scenario

PROBLEMS = (Problem("a", 1, "must be two", "write 2", "line 3"), Problem("b", None, "is missing"))


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
@pytest.mark.parametrize("kind", [InputError, ScenarioError, ModelError])
def test_a_copy_of_an_error_says_what_the_error_says(kind: type[InputError], again: Callable[[Any], Any]) -> None:
    error = kind(PROBLEMS)
    error.add_note("seen")
    other = again(error)
    assert type(other) is kind
    assert (str(other), other.problems, other.__notes__) == (str(error), PROBLEMS, ["seen"])


def test_an_error_of_another_process_arrives_whole() -> None:
    with pytest.raises(ScenarioError) as here:
        load_scenario("openai-2025-21")
    with ProcessPoolExecutor(1) as pool, pytest.raises(ScenarioError) as there:
        pool.submit(load_scenario, "openai-2025-21").result()
    assert str(there.value) == str(here.value)
