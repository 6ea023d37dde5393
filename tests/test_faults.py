"""Every row of the table of faults, and the page that is written from it."""

from __future__ import annotations

import pytest

from montecarlo_ai.errors import InputError
from tests.faults import FAULTS, PAGE, Fault, page, provoked


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.section}: {fault.what}")
def test_a_fault_ends_in_its_error(fault: Fault) -> None:
    error = provoked(fault)
    assert isinstance(error, fault.error)
    if isinstance(error, InputError):
        assert any(problem.field.startswith(fault.field) for problem in error.problems), error
        assert all(problem.rule for problem in error.problems)
    else:
        assert str(error).startswith(fault.field)


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.faults"
