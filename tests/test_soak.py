"""A part of the soak of random scenario files; ``make soak`` loads half a million."""

from __future__ import annotations

from montecarlo_ai.distributions import FAMILIES
from tests import soak_files
from tests.soak import KINDS, report_text, soak

FILES = 1_000


def test_random_files_load_or_are_refused() -> None:
    report = soak(0, FILES)
    assert not report.failures, report_text(report, 1.0)
    assert sum(report.outcomes.values()) == FILES
    assert sum(share for _, share in KINDS) == 1.0 or abs(sum(share for _, share in KINDS) - 1.0) < 1e-9
    sound = report.outcomes["own", "scenario"]
    assert sound > 0.9 * (sound + report.outcomes["own", "refused"])
    assert len(report.rules) > 60


def test_every_family_is_tried() -> None:
    assert set(soak_files.STATEMENTS) == {*FAMILIES, "scipy"}
