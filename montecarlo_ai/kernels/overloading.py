"""Fast functions in place of plain ones, wherever compiled code calls them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types
from numba.extending import overload

from montecarlo_ai.kernels.options import COMPILE


def compiled_as(function: Callable[..., float], fast: Any, real: Any, arguments: int) -> None:
    """Let compiled code that calls a function of numbers call a fast one of as many values of a real type.

    Parameters
    ----------
    function : callable
        What code calls; of one or two numbers.
    fast : callable
        A jitted function, or one that is compiled into its callers.
    real : type
        NumPy's type of the values.
    arguments : int
        How many numbers the function takes.
    """
    options = {"forceinline": True, **COMPILE}

    if arguments == 1:

        @overload(function, jit_options=options)
        def one(x):  # no annotations: numba compares the two signatures
            if isinstance(x, types.Number | types.Boolean):
                return lambda x: fast(real(x))
            return None
    else:

        @overload(function, jit_options=options)
        def two(x, y):
            if isinstance(x, types.Number | types.Boolean) and isinstance(y, types.Number | types.Boolean):
                return lambda x, y: fast(real(x), real(y))
            return None
