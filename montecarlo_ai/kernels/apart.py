"""Functions that a kernel calls and that are compiled apart from it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from numba import njit, types
from numba.extending import intrinsic

from montecarlo_ai.kernels.options import COMPILE
from montecarlo_ai.kernels.vectorising import vectorising

_CALL = """def call(typing, @ARGUMENTS@):
    return called((@ARGUMENTS@,))
"""


def compiled_apart(in_flight: int, **options: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that makes a function one that is compiled apart from its callers and raises nothing.

    Were it to raise, all callers would have to count references to their arrays, in case they end early.

    Parameters
    ----------
    in_flight : int
        Iterations of a vector loop in flight at once.
    **options
        Others of `vectorising`.
    """

    def apart(function: Callable[..., None]) -> Callable[..., None]:
        compiled = njit(_nrt=False, **COMPILE)(function)

        def called(kinds: tuple[Any, ...]) -> Any:
            def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
                with vectorising(in_flight, **options):
                    compiled.compile(kinds)
                made = compiled.overloads[kinds]
                context.active_code_library.add_linking_library(made.library)
                context.call_internal_no_propagate(builder, made.fndesc, signature, values)
                return context.get_dummy_value()

            return types.none(*kinds), codegen

        scope: dict[str, Any] = {"called": called}
        exec(_CALL.replace("@ARGUMENTS@", ", ".join(inspect.signature(function).parameters)), scope)
        call: Callable[..., None] = intrinsic(scope["call"])
        return call

    return apart
