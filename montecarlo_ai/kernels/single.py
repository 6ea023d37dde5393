"""Compiling in single precision: a function written with Python's numbers, in which every float is a float32.

For numba a literal such as 0.5 is a float64, and an integer times a float32 is one too, so that a single literal would
carry double precision through the rest of a step. Before types are inferred, a pass of our own turns the floats
among a function's constants, globals and closed-over values into float32, tables included, and puts stand-ins in the
place of the operators and of functions such as ``min``: they take what they are given as float32 wherever a float
is among it or would come out. Integers among themselves stay integers. What remains in double precision (a library
function of integers, or what a user compiled before) is turned into float32 by the next operator that meets it.
"""

from __future__ import annotations

import math
import operator
import types as python_types
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit, types
from numba.core import ir
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.core.untyped_passes import ReconstructSSA

from montecarlo_ai.kernels.options import COMPILE

_OPERATORS = (
    "add", "sub", "mul", "truediv", "floordiv", "mod", "iadd", "isub", "imul", "itruediv", "ifloordiv", "imod",
    "lt", "le", "eq", "ne", "ge", "gt",
)  # fmt: skip
_FUNCTIONS = (divmod, math.copysign, math.fmod, math.hypot, math.atan2, np.maximum, np.minimum, np.copysign)
PLAIN: dict[Any, Any] = {}
"""For every stand-in, what it stands for."""

_stand_ins: dict[Any, Any] = {}


def _is_number(kind: Any) -> bool:
    return isinstance(kind, types.Integer | types.Float | types.Boolean)


def stand_in(plain: Any, single: Any) -> None:
    """Let code that is compiled in single precision use one function in the place of another."""
    _stand_ins[plain] = single
    PLAIN[single] = plain


def _of_float32(plain: Any) -> None:
    """Make a stand-in that takes numbers as float32, if any of them is a float or the result would be."""

    def single(*numbers: float) -> float:
        return float(plain(*numbers))

    class Template(AbstractTemplate):
        key = single

        def generic(self, args: Any, kws: Any) -> Any:
            usual = self.context.resolve_value_type(plain)
            found = self.context.resolve_function_type(usual, args, kws)
            if found is None or not all(map(_is_number, args)):
                return found
            if any(isinstance(each, types.Float) for each in (*args, found.return_type)):
                return self.context.resolve_function_type(usual, (types.float32,) * len(args), kws)
            return found

    infer_global(single, types.Function(Template))

    @lower_builtin(single, types.VarArg(types.Any))
    def lower(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        usual = context.typing_context.resolve_value_type(plain)
        usual.get_call_type(context.typing_context, signature.args, {})
        return context.get_function(usual, signature)(builder, arguments)

    stand_in(plain, single)


def _extreme(plain: Any, sign: str) -> None:
    """Make a stand-in for ``min`` or ``max`` of numbers, with the outcome that Python has for ties and NaN."""

    def single(*numbers: float) -> float:
        return float(plain(*numbers))

    class Template(AbstractTemplate):
        key = single

        def generic(self, args: Any, kws: Any) -> Any:
            if kws or not all(map(_is_number, args)):
                return None
            floats = any(isinstance(each, types.Float) for each in args)
            kind = types.float32 if floats else self.context.unify_types(*args)
            return signature(kind, *(kind,) * len(args))

    infer_global(single, types.Function(Template))

    @lower_builtin(single, types.VarArg(types.Any))
    def lower(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = signature.return_type
        whole = builder.icmp_signed if getattr(kind, "signed", False) else builder.icmp_unsigned
        compare = builder.fcmp_ordered if isinstance(kind, types.Float) else whole
        best = arguments[0]
        for other in arguments[1:]:
            best = builder.select(compare(sign, other, best), other, best)
        return best

    stand_in(plain, single)


for _name in _OPERATORS:
    _of_float32(getattr(operator, _name))
for _function in _FUNCTIONS:
    _of_float32(_function)
_extreme(min, "<")
_extreme(max, ">")


def single_value(value: Any) -> Any:
    """Return a constant as it stands in code of single precision; beyond 3.4e38 it is infinite."""
    if isinstance(value, float):
        with np.errstate(over="ignore"):
            return np.float32(value)
    if isinstance(value, tuple):
        parts = [single_value(each) for each in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if isinstance(value, np.ndarray) and value.dtype == np.float64:
        with np.errstate(over="ignore"):
            return value.astype(np.float32)
    return _stand_ins.get(value, value) if _is_function(value) else value


def _is_function(value: Any) -> bool:
    return isinstance(value, python_types.FunctionType | python_types.BuiltinFunctionType | np.ufunc)


@register_pass(mutates_CFG=False, analysis_only=False)
class _InSinglePrecision(FunctionPass):
    """Turns a function's constants and operators into those of single precision."""

    _name = "montecarlo_ai_in_single_precision"

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        """Change the intermediate code of a function, whose types are not yet known."""
        code = state.func_ir
        assigned = [each for block in code.blocks.values() for each in block.find_insts(ir.Assign)]
        of_one = {each.value.func.name for each in assigned if _is_call_of_one(each.value)}
        for each in assigned:
            value = each.value
            if isinstance(value, ir.Const | ir.Global | ir.FreeVar):
                if each.target.name not in of_one or not (value.value is min or value.value is max):
                    value.value = single_value(value.value)
            elif isinstance(value, ir.Expr) and value.op in ("binop", "inplace_binop"):
                value.fn = _stand_ins.get(value.fn, value.fn)
                if value.op == "inplace_binop":
                    value.immutable_fn = _stand_ins.get(value.immutable_fn, value.immutable_fn)
            elif isinstance(value, ir.Expr) and value.op == "getattr":
                found = _of_module(code, value)
                changed = single_value(found)
                if changed is not found:
                    each.value = ir.Global(value.attr, changed, value.loc)
                    code._definitions[each.target.name] = [each.value]
        return True


def _is_call_of_one(value: Any) -> bool:
    """Return whether a function is called with one argument: ``min`` and ``max`` look through it then."""
    return isinstance(value, ir.Expr) and value.op == "call" and len(value.args) == 1


def _of_module(code: Any, value: Any) -> Any:
    """Return what an attribute of a module is, such as ``math.pi``, and None of anything else."""
    try:
        base = code.get_definition(value.value)
    except KeyError:
        return None
    if isinstance(base, ir.Global | ir.FreeVar):
        home = base.value
    else:
        home = _of_module(code, base) if isinstance(base, ir.Expr) and base.op == "getattr" else None
    return getattr(home, value.attr, None) if isinstance(home, python_types.ModuleType) else None


class SinglePrecision(CompilerBase):
    """The usual way to machine code, with floats of 32 bits."""

    def define_pipelines(self) -> list[Any]:
        """Return the passes."""
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.add_pass_after(_InSinglePrecision, ReconstructSSA)
        passes.finalize()
        return [passes]


def in_single_precision(function: Callable[..., Any]) -> Any:
    """Return a function of ours jitted in single precision, for use inside others."""
    return njit(forceinline=True, pipeline_class=SinglePrecision, **COMPILE)(function)
