"""Numba intrinsics that the kernel needs and the language lacks.

Each emits a few LLVM instructions into its caller: aligned stack arrays of literal shape, polynomials with
constant coefficients, reinterpretation of bits, attributes of the function being compiled, and writes that make the
caches ready or pass them by.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.cgutils import get_item_pointer, get_or_insert_function
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array

from montecarlo_ai.kernels.lines import LINE

_CONTRACT = ("contract",)


def _stack_array(element: Any) -> Callable[..., Any]:
    """Return an intrinsic ``(rows, columns) -> 2-D array`` of literal shape on the caller's stack, 64-byte aligned.

    The shape is part of the type of the call (integer *literals*), because numba compiles an intrinsic once per
    argument types: with plain integers every array would get the size of the first. The array is neither
    zeroed nor freed; it lives as long as the function that made it.
    """

    @intrinsic(prefer_literal=True)
    def stack_array(typing_context: Any, rows: Any, columns: Any) -> Any:
        if not (isinstance(rows, types.IntegerLiteral) and isinstance(columns, types.IntegerLiteral)):
            return None
        array_type = types.Array(element, 2, "C")
        shape = (max(rows.literal_value, 1), columns.literal_value)

        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            cell = context.get_data_type(element)
            size = context.get_abi_sizeof(cell)
            with builder.goto_entry_block():  # not numba's helper, whose zeros LLVM would take apart one by one
                memory = builder.alloca(ir.ArrayType(cell, shape[0] * shape[1]))
            memory.align = 64
            array = make_array(array_type)(context, builder)
            word = context.get_value_type(types.intp)
            populate_array(
                array,
                data=builder.bitcast(memory, cell.as_pointer()),
                shape=[word(n) for n in shape],
                strides=[word(shape[1] * size), word(size)],
                itemsize=word(size),
                meminfo=None,
            )
            return array._getvalue()

        return array_type(rows, columns), codegen

    return stack_array


stack_float64 = _stack_array(types.float64)
stack_float32 = _stack_array(types.float32)
stack_uint16 = _stack_array(types.uint16)
stack_int32 = _stack_array(types.int32)


def polynomial(coefficients: Sequence[float], *, chains: int = 1, of: Any = types.float64) -> Callable[[Any], Any]:
    """Return an intrinsic ``x -> c[0] + c[1] x + c[2] x**2 + ...`` with the coefficients in the instruction stream.

    Parameters
    ----------
    coefficients : sequence of float
    chains : {1, 2}
        Horner's rule in x, or in x**2 for even and odd powers apart: one more product, half the latency.
    of : numba type
        float64 or float32, of argument, coefficients and result.
    """
    parts = [tuple(float(c) for c in coefficients[first::chains]) for first in range(chains)]

    @intrinsic
    def evaluate(typing_context: Any, x: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            (value,) = arguments
            power = value if chains == 1 else builder.fmul(value, value)
            totals = [_horner(builder, part, power) for part in parts]
            if chains == 1:
                return totals[0]
            return builder.fadd(builder.fmul(totals[1], value, flags=_CONTRACT), totals[0], flags=_CONTRACT)

        return of(of), codegen

    return evaluate


def _horner(builder: Any, constants: Sequence[float], value: Any) -> Any:
    """Emit Horner's rule, one contractible multiply-add a coefficient."""
    total = ir.Constant(value.type, constants[-1])
    for c in constants[-2::-1]:
        product = builder.fmul(total, value, flags=_CONTRACT)
        total = builder.fadd(product, ir.Constant(value.type, c), flags=_CONTRACT)
    return total


def _reinterpreted(kinds: dict[Any, Any]) -> Callable[..., Any]:
    """Return an intrinsic that gives the bits of a value of each type as a value of another."""

    @intrinsic
    def reinterpret(typing_context: Any, value: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.bitcast(arguments[0], context.get_value_type(signature.return_type))

        return (kinds[value](value), codegen) if value in kinds else None

    return reinterpret


bits_of = _reinterpreted({types.float64: types.uint64, types.float32: types.int32})
"""The 64 bits of a float64 as an unsigned integer; the 32 bits of a float32 as a signed one."""

float_of = _reinterpreted({types.uint64: types.float64, types.int32: types.float32})
"""The float64 or float32 of such bits."""


def function_attribute(attribute: str) -> Callable[[], None]:
    """Return an intrinsic that adds an LLVM attribute to the function in which it is called."""

    @intrinsic
    def mark(typing_context: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            # AttributeSet.add refuses string attributes that it does not know; it is a set underneath.
            set.add(builder.function.attributes, attribute)
            return context.get_dummy_value()

        return types.none(), codegen

    return mark


wide_vectors = function_attribute('"prefer-vector-width"="512"')
not_inlined = function_attribute("noinline")


@intrinsic
def ready_to_write(typing_context: Any, array: Any, row: Any, column: Any, lane: Any) -> Any:
    """Ask the processor for the cache line of a cell that will be written, so that the write does not wait for it."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = signature.args[0]
        cells = make_array(kind)(context, builder, arguments[0])
        where = get_item_pointer(context, builder, kind, cells, arguments[1:], wraparound=False)
        number, address = ir.IntType(32), ir.IntType(8).as_pointer()
        shape = ir.FunctionType(ir.VoidType(), [address, number, number, number])
        prefetch = get_or_insert_function(builder.module, shape, "llvm.prefetch.p0i8")
        builder.call(prefetch, [builder.bitcast(where, address), number(1), number(3), number(1)])  # write, keep, data
        return context.get_dummy_value()

    return types.none(array, row, column, lane), codegen


@intrinsic
def write_line(
    typing_context: Any, array: Any, row: Any, time: Any, column: Any, source: Any, source_row: Any, lane: Any
) -> Any:
    """Copy as many cells of a row on the stack as fill a line, past the caches: no line is read to be overwritten.

    Both ends begin a line; values are rounded to the type of the array. Other threads see them after `lines_written`.
    """

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind, source_kind = signature.args[0], signature.args[4]
        cells, source_cells = (
            make_array(each)(context, builder, arguments[place]) for each, place in ((kind, 0), (source_kind, 4))
        )
        where = get_item_pointer(context, builder, kind, cells, arguments[1:4], wraparound=False)
        begin = get_item_pointer(context, builder, source_kind, source_cells, arguments[5:], wraparound=False)
        lanes = LINE * 8 // kind.dtype.bitwidth
        real, kept = (ir.VectorType(context.get_data_type(each.dtype), lanes) for each in (source_kind, kind))
        aligned = min(LINE, lanes * source_kind.dtype.bitwidth // 8)
        values = builder.load(builder.bitcast(begin, real.as_pointer()), align=aligned)
        if source_kind.dtype.bitwidth != kind.dtype.bitwidth:
            convert = builder.fptrunc if source_kind.dtype.bitwidth > kind.dtype.bitwidth else builder.fpext
            values = convert(values, kept)
        store = builder.store(values, builder.bitcast(where, kept.as_pointer()), align=LINE)
        store.set_metadata("nontemporal", builder.module.add_metadata([ir.Constant(ir.IntType(32), 1)]))
        return context.get_dummy_value()

    return types.none(array, row, time, column, source, source_row, lane), codegen


@intrinsic
def lines_written(typing_context: Any) -> Any:
    """Wait until all that was written past the caches is there for every thread."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.none(), codegen
