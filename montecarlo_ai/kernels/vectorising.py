"""LLVM's options while something of ours is compiled."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import llvmlite.binding as llvm
from numba.core.compiler_lock import global_compiler_lock

_AS_IT_LIKES = 0
_in_force = [(_AS_IT_LIKES, _AS_IT_LIKES, True)]


@contextlib.contextmanager
def vectorising(interleave: int, *, lanes: int = _AS_IT_LIKES, slots_shared: bool = True) -> Iterator[None]:
    """Set LLVM's options, which are process-wide, for one compilation, and put back what they were.

    Beyond 250 addresses LLVM gives up telling them apart, and leaves the loop over the lanes of a large model scalar;
    where it orders instructions, it takes all addresses for the same.

    Parameters
    ----------
    interleave : int
        Iterations of a vector loop in flight at once.
    lanes : int
        Of a vector, all of which one register or several hold; as many as fit the widest numbers, if not given.
    slots_shared : bool
        Whether numbers that find no register may lie in one place of the stack, one after the other. With places of
        their own the code is longer, and the lab's lies where one processor runs it a third quicker: by where in its
        page a long step's code begins, as docs/performance.md tells.
    """
    with global_compiler_lock:
        try:
            _in_force.append((interleave, lanes, slots_shared))
            _set_options()
            yield
        finally:
            _in_force.pop()
            _set_options()


def _set_options() -> None:
    interleave, lanes, slots_shared = _in_force[-1]
    ours = interleave != _AS_IT_LIKES
    llvm.set_option("montecarlo_ai", f"-force-vector-interleave={interleave}")
    llvm.set_option("montecarlo_ai", f"-force-vector-width={lanes}")
    llvm.set_option("montecarlo_ai", f"-alias-set-saturation-threshold={1_000_000 if ours else 250}")
    llvm.set_option("montecarlo_ai", f"-enable-aa-sched-mi={int(ours)}")
    llvm.set_option("montecarlo_ai", f"-no-stack-slot-sharing={int(not slots_shared)}")
