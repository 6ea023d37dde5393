"""What whole numbers of compiled code can be, and what is said of those that they cannot be."""

from __future__ import annotations

SMALLEST, LARGEST = -(2**63), 2**63 - 1

BEYOND = "whole numbers of compiled code end at 9.2e18 (2**63 - 1), and one goes beyond, so write a float (1e9, 10.0)"
BELOW_ONE = "a whole number to a power below zero is 0 in compiled code, so write a float (10.0)"
