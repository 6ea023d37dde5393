"""Whole numbers in a step: exact where they fit in 64 bits, refused where they would wrap around."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
import pytest
from models import Cash, CashShock, WalkParams
from refusals import refusal, scenario_of

import montecarlo_ai as mc

PEAK, FLEET, SECONDS, ODD = 1_400_000_000_000_000, 100_000, 31_556_952, -1
BEYOND, BELOW_ONE = "whole numbers of compiled code end at 9.2e18", "a whole number to a power below zero"


class Fleet(NamedTuple):
    chips: int
    flops: int


FLEETS = Fleet(FLEET, PEAK)
LCG_A, LCG_C, LOW = 6364136223846793005, 1442695040888963407, 2**31 - 1
GOLDEN, MIXING = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)


def grown(t: int) -> int:
    for _ in range(3):
        t *= FLEET
    return t


WHOLE = {
    "products of globals": (lambda x, clock: x * (PEAK * FLEET * SECONDS), BEYOND),
    "a power of a global": (lambda x, clock: x + FLEET**5, BEYOND),
    "a literal": (lambda x, clock: x + 2**70, BEYOND),
    "a large power": (lambda x, clock: x + FLEET**999, BEYOND),
    "fields": (lambda x, clock: x + FLEETS.chips * FLEETS.flops, BEYOND),
    "below zero": (lambda x, clock: x + FLEET**-1, BELOW_ONE),
    "below zero at first": (lambda x, clock: x + 10 ** (clock.index - 2), BELOW_ONE),
    "beyond at last": (lambda x, clock: x + 100**clock.index, BEYOND),
    "beyond on the way": (lambda x, clock: x + (PEAK * (clock.index + 1) * FLEET) // 10**9, BEYOND),
    "higher bits": (lambda x, clock: ((clock.index * LCG_A + LCG_C) >> 33) & 0xFFFFFFFF, BEYOND),
    "a remainder": (lambda x, clock: (clock.index * LCG_A + LCG_C) % 1000, BEYOND),
    "returned by itself": (lambda x, clock: clock.index * LCG_A, BEYOND),
    "through bits": (lambda x, clock: x + (clock.index | 8) * PEAK * FLEET, BEYOND),
    "a mask of one side": (lambda x, clock: x + (PEAK * FLEET & LOW) + PEAK * FLEET, BEYOND),
    "returned": (lambda x, clock: grown(PEAK), BEYOND),
}


@pytest.mark.parametrize("case", WHOLE)
def test_whole_numbers_that_would_wrap_around_are_refused(case):
    """Compiled ones have 64 bits: the products would be -1.7e18 for 4.4e27, and 10**-2 would be 0."""
    value, says = WHOLE[case]

    def step(state: Cash, params: WalkParams, shocks: CashShock, clock: mc.Clock) -> Cash:
        return Cash(value(state.cash, clock))

    message = refusal(mc.ModelError, lambda: mc.simulate(scenario_of(step), n_paths=1, seed=1))
    assert says in message
    assert case == "returned" or f"(line {value.__code__.co_firstlineno})" in message


def test_whole_numbers_that_fit_are_exact():
    def step(state: Cash, params: WalkParams, shocks: CashShock, clock: mc.Clock) -> Cash:
        whole = (92_233_720_368_547 * FLEET - 3 * SECONDS**2) % 2**31 + 10**clock.index - (-7 // 2) * (1 << clock.index)
        return Cash(whole + PEAK * 1.0 * FLEET * SECONDS + 5.0 * ODD**SECONDS + 7.0 * ODD ** (SECONDS + 1))

    cash = mc.simulate(scenario_of(step), n_paths=1, seed=1).cash.values[1:, 0]
    due = [step(None, None, None, mc.Clock(k / 12, 1 / 12, k)).cash for k in range(12)]
    assert cash.tolist() == due


def test_whole_numbers_of_which_the_lowest_bits_are_taken_are_exact():
    """Hashes and generators by products: 64 bits hold the bits that are taken of them, so that nothing is refused."""

    def step(state: Cash, params: WalkParams, shocks: CashShock, clock: mc.Clock) -> Cash:
        drawn = clock.index * LCG_A + LCG_C
        more = -((clock.index ^ LCG_C) * LCG_A) % 2**20 + ((~drawn >> 33) & LOW) + ((12345 * LCG_A + LCG_C) & LOW)
        mixed = np.uint64(clock.index + 1) * GOLDEN ^ GOLDEN * MIXING
        return Cash((drawn & LOW) + more + (mixed >> np.uint64(40)))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cash = mc.simulate(scenario_of(step), n_paths=1, seed=1).cash.values[1:, 0]
    with np.errstate(over="ignore"):
        due = [step(None, None, None, mc.Clock(k / 12, 1 / 12, k)).cash for k in range(12)]
    assert cash.tolist() == due
