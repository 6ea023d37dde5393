"""Helpers of models, in a module of their own: they are found and compiled wherever they are defined."""

from __future__ import annotations

import math

import numpy as np

import montecarlo_ai as mc
from montecarlo_ai import math as fast
from montecarlo_ai.math import exp

RATE = 0.25
STEPS = (0.1, 0.2, 0.3, 0.4)
TABLE = np.array([0.1, 0.5, 0.2])


def grown(x, rate, dt):
    return x * exp(rate * dt) * damped(dt)


def damped(dt, strength=RATE):
    return 1.0 + fast.tanh(dt) * strength + mc.math.log1p(dt) * math.sqrt(dt)


def looked_up(index):
    return STEPS[index % 4] + TABLE[index % 3]
