"""LLVM's options while something of ours is compiled."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import llvmlite.binding as llvm
from numba.core.compiler_lock import global_compiler_lock

_DEFAULT = 0
_interleaved = [_DEFAULT]


@contextlib.contextmanager
def vectorising(interleave: int) -> Iterator[None]:
    """Set LLVM's options, which are process-wide, for one compilation, and put back what they were.

    Beyond 250 addresses LLVM gives up telling them apart, and leaves the loop over the lanes of a large model scalar;
    where it orders instructions, it takes all addresses for the same.

    Parameters
    ----------
    interleave : int
        Iterations of a vector loop in flight at once.
    """
    with global_compiler_lock:
        try:
            _interleaved.append(interleave)
            _set_options()
            yield
        finally:
            _interleaved.pop()
            _set_options()


def _set_options() -> None:
    interleave = _interleaved[-1]
    ours = interleave != _DEFAULT
    llvm.set_option("montecarlo_ai", f"-force-vector-interleave={interleave}")
    llvm.set_option("montecarlo_ai", f"-alias-set-saturation-threshold={1_000_000 if ours else 250}")
    llvm.set_option("montecarlo_ai", f"-enable-aa-sched-mi={int(ours)}")
