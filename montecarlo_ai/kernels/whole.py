"""Whole numbers that are known when a step is compiled: what would leave the 64 bits of compiled ones is refused.

Python's whole numbers have no end, those of compiled code wrap around at 2**63 in silence. A pass over the typed code
computes what is made of literals and global numbers alone as Python does, and compares. What only the lowest bits are
taken of may wrap around: these are right.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numba.core import ir, types
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import AnalysisPass, register_pass
from numba.core.errors import TypingError
from numba.core.typed_passes import NopythonTypeInference

from montecarlo_ai.kernels.limits import BELOW_ONE, BEYOND, LARGEST
from montecarlo_ai.kernels.single import PLAIN, SinglePrecision

_OPERATIONS = {
    getattr(operator, prefix + name)
    for name in ("add", "sub", "mul", "pow", "floordiv", "mod", "lshift", "rshift")
    for prefix in ("", "i")
} | {operator.neg}
_OPERATORS = ("binop", "inplace_binop", "unary")
_POWERS, _SHIFTS = (operator.pow, operator.ipow), (operator.lshift, operator.ilshift)
_REMAINDERS, _MASKS = (operator.mod, operator.imod), (operator.and_, operator.iand)
_LOWEST_BITS = (
    operator.add, operator.iadd, operator.sub, operator.isub, operator.mul, operator.imul, operator.or_, operator.ior,
    operator.xor, operator.ixor, operator.neg, operator.invert, *_MASKS,
)  # fmt: skip
"""Of numbers that wrapped around, these give what has the right lowest 64 bits."""
_MOST_BITS = 128
"""A larger power or shift leaves 64 bits as surely as this one."""


class _Known:
    """What is known of the variables of a function whose code is in single-assignment form."""

    def __init__(self, code: Any, kinds: Any) -> None:
        self._kinds = kinds
        self._sources: dict[str, list[Any]] = {}
        self._values: dict[str, Any] = {}
        self._beyond: dict[str, Any] = {}
        self._statements = [each for block in code.blocks.values() for each in block.body]
        for each in self._statements:
            if isinstance(each, ir.Assign):
                self._sources.setdefault(each.target.name, []).append(each.value)

    def look(self) -> None:
        """Compute all that is known.

        Raises
        ------
        TypingError
            If compiled code would have another number, with the place.
        """
        for name in self._sources:
            self._value(name)
        before = -1
        while before < len(self._beyond):
            before = len(self._beyond)
            for each in self._statements:
                self._judge_use(each)

    def _judge_use(self, statement: Any) -> None:
        """Raise where a number that wrapped around is taken for more than its lowest bits; note what is made of it."""
        places = [self._beyond[each.name] for each in _used(statement) if each.name in self._beyond]
        if not places:
            return
        value: Any = getattr(statement, "value", None)
        operation = PLAIN.get(value.fn, value.fn) if getattr(value, "op", "") in _OPERATORS else None
        mask = self._value(value.rhs.name) if operation in (*_MASKS, *_REMAINDERS) else None
        if operation in _MASKS and mask is None:
            mask = self._value(value.lhs.name)
        if type(mask) is int and 0 <= mask <= LARGEST and (operation in _MASKS or mask.bit_count() == 1):
            return
        if (not isinstance(value, ir.Var) and operation not in _LOWEST_BITS) or not isinstance(statement, ir.Assign):
            raise TypingError(BEYOND, loc=places[0])
        self._beyond.setdefault(statement.target.name, places[0])

    def _value(self, name: str) -> Any:
        """Return the whole number, or tuple, that a variable always is, or None."""
        if name not in self._values:
            self._values[name] = None  # what is made of itself, in a loop, is not known
            sources = self._sources.get(name, [])
            self._values[name] = self._made(name, sources[0]) if len(sources) == 1 else None
        return self._values[name]

    def _made(self, name: str, source: Any) -> Any:
        if isinstance(source, ir.Const | ir.Global | ir.FreeVar):
            found = source.value
        elif isinstance(source, ir.Var):
            return self._value(source.name)
        elif isinstance(source, ir.Expr) and source.op == "getattr":
            whole = self._value(source.value.name)
            found = getattr(whole, source.attr, None) if isinstance(whole, tuple) else None
        elif isinstance(source, ir.Expr) and source.op in _OPERATORS:
            return self._computed(name, source)
        else:
            return None
        if isinstance(found, np.signedinteger):  # numpy's unsigned ones wrap around by their own rules, here as there
            return int(found)
        return found if type(found) is int or isinstance(found, tuple) else None

    def _computed(self, name: str, source: Any) -> int | None:
        """Return what an operator makes of whole numbers that are known; raise where compiled code has another."""
        of = [source.value] if source.op == "unary" else [source.lhs, source.rhs]
        operation, given = PLAIN.get(source.fn, source.fn), [self._value(each.name) for each in of]
        kind = self._kinds[name]
        if operation not in _OPERATIONS or not all(type(each) is int for each in given):
            return None
        if operation in _SHIFTS or (operation in _POWERS and abs(given[0]) > 1):  # (-1)**n has the sign of all of n
            given[1] = min(given[1], _MOST_BITS)
        try:
            made = operation(*given)
        except (ArithmeticError, ValueError):
            return None
        if isinstance(kind, types.Integer) and not (isinstance(made, int) and kind.minval <= made <= kind.maxval):
            if operation not in _LOWEST_BITS:
                raise TypingError(BELOW_ONE if isinstance(made, float) else BEYOND, loc=source.loc)
            self._beyond[name] = source.loc
        return made if isinstance(made, int) else None


def _used(statement: Any) -> list[Any]:
    """Return the variables that a statement takes."""
    taken = statement.value if isinstance(statement, ir.Assign) else statement
    return [taken] if isinstance(taken, ir.Var) else (taken.list_vars() if hasattr(taken, "list_vars") else [])


@register_pass(mutates_CFG=False, analysis_only=True)
class _WholeNumbers(AnalysisPass):
    """Refuses what would wrap around."""

    _name = "montecarlo_ai_whole_numbers"

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        """Look at the code of a function whose types are known; nothing is changed."""
        _Known(state.func_ir, state.typemap).look()
        return False


class Checked(CompilerBase):
    """The usual way to machine code, with a look at whole numbers."""

    def define_pipelines(self) -> list[Any]:
        """Return the passes."""
        return [_with_look(DefaultPassBuilder.define_nopython_pipeline(self.state))]


class CheckedSinglePrecision(SinglePrecision):
    """The way to machine code in single precision, with a look at whole numbers."""

    def define_pipelines(self) -> list[Any]:
        """Return the passes."""
        return [_with_look(passes) for passes in super().define_pipelines()]


def _with_look(passes: Any) -> Any:
    passes.add_pass_after(_WholeNumbers, NopythonTypeInference)
    passes.finalize()
    return passes
