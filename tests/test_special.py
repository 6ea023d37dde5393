"""The fast functions against forty-digit arithmetic, over their ranges and at the ends; what they promise."""

from __future__ import annotations

import dataclasses
import math
import re

import numpy as np
import pytest

import montecarlo_ai as mc
from benchmarks.accuracy import measure
from benchmarks.fast_functions import FUNCTIONS, looped
from montecarlo_ai.kernels.quantile import normal_scores
from tools.accuracy_page import PAGE

POINTS = 400
OURS = {function.name: function for function in FUNCTIONS if hasattr(mc.math, function.name)}
ENDS = np.array(
    [math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, -1.0, 709.79, 710.0, 1e308, -708.06, -750.0, -1e308, 5e-324, 1e-320]
)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.label)
def test_errors_are_within_what_is_promised(function):
    for name in function.ranges:
        arguments = function.sample(name, POINTS)
        errors = function.errors(arguments)
        worst = errors.argmax()
        assert errors[worst] <= function.bound, f"{name}: {errors[worst]:.3g} at {arguments[:, worst]}"


def test_values_one_and_a_half_ulp_off_are_noticed():
    exp = OURS["exp"]
    wrong = dataclasses.replace(exp, values=lambda x: exp.values(x) * (1.0 + 4.4e-16))
    assert (wrong.errors(exp.sample("-1 to 1", POINTS)) > exp.bound).any()


def test_the_promises_stand_in_the_docstrings_and_on_the_page():
    page = PAGE.read_text(encoding="utf-8")
    for name, function in OURS.items():
        assert f"to {function.bound:g} ulp" in getattr(mc.math, name).__doc__
    rows = set(re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([\d.]+) \| ([\d.e+]+) \|", page, re.MULTILINE))
    due = {(function.label, name, f"{function.bound:g}") for function in FUNCTIONS for name in function.ranges}
    assert {row[:3] for row in rows} == due, "run python -m tools.accuracy_page"
    assert all(float(found) <= float(promised) for _, _, promised, found in rows)


def test_the_measurement_names_the_place():
    for one in measure(points=3):
        assert 0.0 <= one.minimum <= one.details["promised"]
        assert one.details["rms"] <= one.minimum
        assert re.match(r"-?\d", one.details["at"])


@pytest.mark.parametrize("name", OURS)
def test_ends_are_those_of_the_plain_function(name):
    """Results that are not normal numbers may be zero."""
    plain = getattr(mc.math, name)
    if name == "pow":
        pairs = np.array(np.meshgrid(ENDS, ENDS)).reshape(2, -1)
        due = [plain(*pair) for pair in pairs.T.tolist()]
        np.testing.assert_allclose(OURS[name].values(*pairs), due, rtol=1e-12, atol=3.2e-308)
    else:
        np.testing.assert_allclose(OURS[name].values(ENDS), [plain(x) for x in ENDS], rtol=1e-15, atol=3.2e-308)
    given = [np.array([math.nan]), np.array([0.0])]
    for arguments in (given, given[::-1]) if name == "pow" else (given[:1],):
        assert np.isnan(OURS[name].values(*arguments)).all()


def test_results_that_are_no_normal_numbers_are_zero():
    values = looped(mc.math.exp)(np.array([-708.04, -708.06, -720.0, -745.0]))
    assert values[0] == pytest.approx(math.exp(-708.04), rel=4e-16)
    assert values[1:].tolist() == [0.0, 0.0, 0.0]


def test_ends_of_the_normal_quantile():
    assert normal_scores(np.array([0.0, 0.5, 1.0])).tolist() == [-math.inf, 0.0, math.inf]
    assert np.isnan(normal_scores(np.array([-0.1, 1.1, math.nan]))).all()
    assert normal_scores(np.full((2, 3), 0.5)).shape == (2, 3)
