"""Between NamedTuples and rows of memory: intrinsics that read or write all fields of one path at once.

Written field by field in the emitted source, a model of sixty states and ninety inputs would index arrays three hundred
times, which costs the compiler a minute; here every field is one address and one load.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

_CONTRACT = ("contract",)
_CHAINS = 8  # sums that grow side by side, so that they do not wait for one another
_named_tuple, _tuple = types.NamedUniTuple, types.Tuple  # type: ignore[attr-defined]  # numba hides them from mypy


def tuple_type(kind: Any, real: Any) -> Any:
    """Return the compiler's type of a NamedTuple of floats of a type; an empty one is an empty tuple."""
    return _named_tuple(real, len(kind._fields), kind) if kind._fields else _tuple(())


def state_reader(kind: Any, pitch: int, real: Any) -> Callable[..., Any]:
    """Return an intrinsic ``(rows, lane) -> kind`` of ``rows[i, lane]``."""

    @intrinsic
    def read(typing_context: Any, rows: Any, lane: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            first = builder.gep(_data(context, builder, rows, arguments[0]), [arguments[1]])
            values = [_load(builder, first, i * pitch) for i in range(len(kind._fields))]
            return context.make_tuple(builder, signature.return_type, values)

        return tuple_type(kind, real)(rows, lane), codegen

    return read


def state_writer(pitch: int, top: int = 0) -> Callable[..., Any]:
    """Return an intrinsic ``(rows, lane, value)`` that writes field i of a tuple to ``rows[top + i, lane]``."""

    @intrinsic
    def write(typing_context: Any, rows: Any, lane: Any, value: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            first = builder.gep(_data(context, builder, rows, arguments[0]), [arguments[1]])
            for i, field in enumerate(_floats(context, builder, value, arguments[2], rows.dtype)):
                builder.store(field, _offset(builder, first, (top + i) * pitch))
            return context.get_dummy_value()

        return types.none(rows, lane, value), codegen

    return write


def params_reader(kind: Any, places: Sequence[tuple[bool, int]], pitch: int, real: Any) -> Callable[..., Any]:
    """Return an intrinsic ``(inputs, lane, constants) -> kind``.

    Parameters
    ----------
    kind : NamedTuple class
    places : sequence of (bool, int)
        For each field whether it is a constant, and its place among the constants or the varying inputs.
    """

    @intrinsic
    def read(typing_context: Any, inputs: Any, lane: Any, constants: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            scalars = _data(context, builder, constants, arguments[2])
            first = builder.gep(_data(context, builder, inputs, arguments[0]), [arguments[1]])
            values = [
                _load(builder, scalars, i) if constant else _load(builder, first, i * pitch) for constant, i in places
            ]
            return context.make_tuple(builder, signature.return_type, values)

        return tuple_type(kind, real)(inputs, lane, constants), codegen

    return read


def shocks_reader(kind: Any, rows: Sequence[int], pitch: int, real: Any) -> Callable[..., Any]:
    """Return an intrinsic ``(shocks, phase, lane) -> kind`` of ``shocks[4 * row + phase, lane]``, made into `real`."""

    @intrinsic
    def read(typing_context: Any, shocks: Any, phase: Any, lane: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            begin = builder.add(builder.mul(arguments[1], arguments[1].type(pitch)), arguments[2])
            first = builder.gep(_data(context, builder, shocks, arguments[0]), [begin])
            found = [_load(builder, first, 4 * row * pitch) for row in rows]
            values = [context.cast(builder, value, shocks.dtype, real) for value in found]
            return context.make_tuple(builder, signature.return_type, values)

        return tuple_type(kind, real)(shocks, phase, lane), codegen

    return read


def forcing_reader(kind: Any, real: Any) -> Callable[..., Any]:
    """Return an intrinsic ``(series, index) -> kind`` of ``series[index, i]``."""
    count = len(kind._fields)

    @intrinsic
    def read(typing_context: Any, series: Any, index: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            begin = builder.mul(arguments[1], arguments[1].type(count))
            first = builder.gep(_data(context, builder, series, arguments[0]), [begin])
            values = [_load(builder, first, i) for i in range(count)]
            return context.make_tuple(builder, signature.return_type, values)

        return tuple_type(kind, real)(series, index), codegen

    return read


def sickness(real: Any) -> Callable[..., Any]:
    """Return an intrinsic ``tuple -> real``: zero while every field is finite, NaN otherwise.

    It is the sum of the fields times zero.
    """

    @intrinsic
    def look(typing_context: Any, value: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            zero = ir.Constant(context.get_value_type(real), 0.0)
            fields = _floats(context, builder, value, arguments[0], real)
            sums = [builder.fmul(field, zero, flags=_CONTRACT) for field in fields[:_CHAINS]]
            for i, field in enumerate(fields[_CHAINS:]):
                product = builder.fmul(field, zero, flags=_CONTRACT)
                sums[i % _CHAINS] = builder.fadd(sums[i % _CHAINS], product, flags=_CONTRACT)
            return functools.reduce(builder.fadd, sums)

        return real(value), codegen

    return look


def _floats(context: Any, builder: Any, kind: Any, value: Any, real: Any) -> list[Any]:
    """Return the fields of a tuple as floats of a type, whatever numbers the step put there."""
    fields = [builder.extract_value(value, i) for i in range(len(kind.types))]
    return [context.cast(builder, field, of, real) for field, of in zip(fields, kind.types, strict=True)]


def _data(context: Any, builder: Any, array_type: Any, array: Any) -> Any:
    return make_array(array_type)(context, builder, value=array).data


def _offset(builder: Any, pointer: Any, cells: int) -> Any:
    return builder.gep(pointer, [ir.Constant(ir.IntType(64), cells)])


def _load(builder: Any, pointer: Any, cells: int) -> Any:
    return builder.load(_offset(builder, pointer, cells))
