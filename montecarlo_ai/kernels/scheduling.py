"""The order of a kernel's instructions.

Of a processor that looks hundreds of instructions ahead LLVM expects that it finds work by itself while a chain of
exponentials and divisions goes on, and saves registers instead. A large step is longer than any processor looks ahead.
So its instructions are put in an order that has independent work between the links of a chain (`list_scheduling.py`),
and LLVM is told to order for a processor that takes instructions as they come, Intel's first Atom, which makes it mind
latencies. The instructions stay those of the machine at hand, and so do their results.

LLVM reads which processor to order for from an attribute of the function, as its vectoriser does: for Atom that leaves
loops scalar. So a kernel carries a mark through all optimisation, and the mark becomes the attribute before machine
code is made of it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import llvmlite.binding as llvm
from numba.core.codegen import JITCodeLibrary
from numba.core.registry import cpu_target

from montecarlo_ai.kernels.intrinsics import function_attribute
from montecarlo_ai.kernels.list_scheduling import reordered

_MARK = '"montecarlo_ai-order"="latency"'
_ATTRIBUTE = '"tune-cpu"="atom"'

ordered_by_latency = function_attribute(_MARK)
"""Mark the function in which it is called."""


@contextlib.contextmanager
def marks_obeyed() -> Iterator[None]:
    """Make numba obey the mark in all that it compiles meanwhile; to be entered under the lock of its compiler."""
    codegen = cpu_target.target_context.codegen()
    usual = codegen._library_class
    if llvm.get_process_triple().startswith("x86_64"):
        codegen._library_class = _Library
    try:
        yield
    finally:
        codegen._library_class = usual


class _Library(JITCodeLibrary):
    """What numba compiles into, with what is marked put in order between optimisation and machine code."""

    _final_module: llvm.ModuleRef

    def _optimize_final_module(self) -> None:
        super()._optimize_final_module()
        optimised = str(self._final_module)
        if _MARK in optimised:
            with contextlib.suppress(RuntimeError):  # what LLVM will not read in another order stays as it was
                ordered = llvm.parse_assembly(reordered(optimised).replace(_MARK, _ATTRIBUTE))
                ordered.verify()
                ordered.name = self._final_module.name
                self._final_module = ordered
