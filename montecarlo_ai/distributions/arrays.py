"""Arrays and lists of numbers as they come from outside."""

from __future__ import annotations

import numpy as np

from montecarlo_ai.checks import refused
from montecarlo_ai.distributions.quantile_table import FloatArray


def real_array(field: str, values: object) -> FloatArray:
    """Return numbers as an array of float64.

    Raises
    ------
    InputError
        If they are text, None, complex, or rows of several lengths.
    """
    try:
        array = np.asarray(values)
    except (TypeError, ValueError):
        array = np.asarray(None)
    if array.size and array.dtype.kind not in "biuf":
        raise refused(field, values, "must be a number or an array of numbers")
    return array.astype(np.float64, copy=False)


def is_listed(values: object) -> bool:
    """Return whether values stand one after another, as in a list or an array of one dimension or more."""
    return hasattr(values, "__len__") and not isinstance(values, str) and getattr(values, "ndim", 1) > 0
