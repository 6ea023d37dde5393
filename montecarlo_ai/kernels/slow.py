"""What costs the lane loop of a model its vectors: found in the typed code of the step, function by function.

Only what differs between paths counts, or may raise. What is made of the clock, of known series and of constant inputs
alone is the same on all lanes, and the compiler takes it out of the loop; where it may raise, only out of a short one.
What is slow was seen in the emitted machine code.
"""

from __future__ import annotations

import inspect
import math
import operator
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numba.core import ir, types
from numba.core.analysis import compute_cfg_from_blocks

from montecarlo_ai.errors import SlowStepWarning
from montecarlo_ai.kernels.single import PLAIN

Varying = bool | frozenset[str]
"""Whether a value differs between paths; for a NamedTuple, which of its fields do."""

LONGEST = 450
"""Operations of an unrolled loop, about; a longer one stays a loop, and what is around it stays scalar."""

_base_tuple = types.BaseTuple  # type: ignore[attr-defined]  # numba hides it from mypy
_POWERS, _QUOTIENTS = (operator.pow, operator.ipow, pow), (operator.floordiv, operator.ifloordiv)
_REMAINDERS = (operator.mod, operator.imod, divmod)
_INSTRUCTIONS = (
    math.ceil, math.copysign, math.degrees, math.fabs, math.floor, math.isfinite, math.isinf, math.isnan, math.radians,
    math.sqrt, math.trunc, np.absolute, np.ceil, np.copysign, np.fabs, np.float32, np.float64, np.floor, np.isfinite,
    np.isinf, np.isnan, np.maximum, np.minimum, np.sign, np.sqrt, np.square, np.trunc,
)  # fmt: skip
_OURS = ("exp", "expm1", "log", "log1p", "pow", "tanh")
_PLAIN_POWERS = (0.0, 0.5, 1.0, 2.0, -1.0)


class SlowPlace(NamedTuple):
    """One construct that keeps a step from being vector code.

    Attributes
    ----------
    file : str
    line : int
    function : str
        Qualified name of the function that holds it.
    what, remedy : str
        What stands there, and what to write instead.
    """

    file: str
    line: int
    function: str
    what: str
    remedy: str


def slow_places(dispatcher: Any, varying: Sequence[Varying]) -> list[SlowPlace]:
    """Return what is slow in a compiled function and in those that it calls, in order of place.

    Parameters
    ----------
    dispatcher : numba dispatcher
        Nothing is found in one that was not compiled in this process.
    varying : sequence of bool or frozenset of str
        For each argument whether it differs between paths.
    """
    found: set[SlowPlace] = set()
    seen: dict[Any, Varying] = {}
    for kinds in list(dispatcher.overloads):
        _visit(dispatcher, kinds, tuple(varying), found, seen)
    return sorted(found)


def slow_warning(places: Sequence[SlowPlace]) -> SlowStepWarning:
    """Return one warning that names every place, and what to write instead."""
    lines = [f"{at.function} ({at.file}, line {at.line}): {at.what}; {at.remedy}" for at in places]
    head = "what keeps the step from running several paths at once (docs/extending.md):"
    return SlowStepWarning("\n  ".join([head, *lines]))


def _visit(
    dispatcher: Any, kinds: Any, varying: tuple[Varying, ...], found: set[SlowPlace], seen: dict[Any, Varying]
) -> Varying:
    """Return whether what a compiled function returns differs between paths; what is slow in it is recorded."""
    key = (dispatcher, kinds, varying)
    if key not in seen:
        result = dispatcher.overloads.get(kinds)
        typed = getattr(result, "type_annotation", None)
        if not hasattr(typed, "blocks"):  # compiled elsewhere: its machine code came from a disk
            return any(map(bool, varying))
        seen[key] = _Look(dispatcher.py_func.__qualname__, typed, varying, found, seen).returned()
    return seen[key]


def _joined(one: Varying, other: Varying) -> Varying:
    """Return what differs between paths if either may be the value."""
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        return one | other
    return other if one is False else (one if other is False else True)


def _power_of_two(divisor: Any) -> bool:
    """Return whether a constant is 1, 2, 4 and so on, by which processors divide without a division."""
    return divisor is not None and divisor >= 1 and math.frexp(divisor)[0] == 0.5


class _Look:
    """A look at the typed code of one function, of whose arguments some differ between paths."""

    def __init__(
        self,
        name: str,
        typed: Any,
        arguments: Sequence[Varying],
        found: set[SlowPlace],
        seen: dict[Any, Varying],
    ) -> None:
        self._name, self._arguments, self._found, self._seen = name, arguments, found, seen
        self._blocks, self._types, self._calls = typed.blocks, typed.typemap, typed.calltypes
        self._flow = compute_cfg_from_blocks(self._blocks)
        self._above, self._below = self._flow.dominators(), self._flow.post_dominators()
        self._varying: dict[str, Varying] = {}
        self._sources: dict[str, list[Any]] = {}
        for _, each in self._statements(ir.Assign):
            self._sources.setdefault(each.target.name, []).append(each.value)

    def returned(self) -> Varying:
        """Record what is slow here and in what is called; return whether the result differs between paths."""
        before: dict[str, Varying] | None = None
        while before != self._varying:
            before = dict(self._varying)
            for label, each in self._statements(ir.Assign):
                self._assign(label, each.target.name, each.value)
        for _, each in self._statements(ir.Assign):
            if isinstance(each.value, ir.Expr):
                self._judge(each.value)
        self._judge_loops()
        for _, each in self._statements((ir.Raise, ir.StaticRaise, ir.DynamicRaise)):
            kind = "assert" if getattr(each, "exc_class", None) is AssertionError else "raise"
            self._add(each.loc, kind, "check the inputs before the run, or make it an event")
        value: Varying = False
        for label, each in self._statements(ir.Return):
            value = _joined(value, self._chosen(label) or self._of(each.value))
        return value

    def _statements(self, kind: Any) -> Iterator[tuple[int, Any]]:
        """Yield statements of a kind and the labels of their blocks."""
        for label, block in self._blocks.items():
            yield from ((label, each) for each in block.body if isinstance(each, kind))

    def _chosen(self, label: int) -> bool:
        """Return whether it differs between paths that a block is reached at all."""
        for above in self._above[label] - {label}:
            last = self._blocks[above].body[-1]
            meets_again = (self._below[above] - {above}) & self._above[label]
            if isinstance(last, ir.Branch) and not meets_again and self._of(last.cond):
                return True
        return False

    def _of(self, variable: Any) -> Varying:
        return self._varying.get(variable.name, False)

    def _assign(self, label: int, name: str, value: Any) -> None:
        """Note whether a variable differs between paths: by what it is, or by the branch that chose it."""
        comes = (len(self._sources[name]) > 1 and self._chosen(label)) or self._value(value)
        self._varying[name] = _joined(self._varying.get(name, False), comes)

    def _value(self, value: Any) -> Varying:
        if isinstance(value, ir.Arg):
            return self._arguments[value.index]
        if isinstance(value, ir.Var):
            return self._of(value)
        if not isinstance(value, ir.Expr):
            return False
        if value.op == "cast":
            return self._of(value.value)
        if value.op == "getattr":
            whole = self._of(value.value)
            return value.attr in whole if isinstance(whole, frozenset) else whole
        if value.op == "call":
            return self._called(value)
        return any(self._of(each) for each in value.list_vars())

    def _called(self, call: Any) -> Varying:
        """Return whether the result of a call differs between paths."""
        kind = self._types.get(call.func.name)
        given, named = [self._of(each) for each in call.args], {k: self._of(each) for k, each in call.kws}
        spread = call.vararg is not None and self._of(call.vararg)
        if isinstance(kind, types.Dispatcher) and not spread:
            bound = inspect.signature(kind.dispatcher.py_func).bind_partial(*given, **named)
            arguments = tuple(bound.arguments.get(name, False) for name in bound.signature.parameters)
            flat = tuple(any(each) if isinstance(each, tuple) else each for each in arguments)
            return _visit(kind.dispatcher, tuple(self._calls[call].args), flat, self._found, self._seen)
        if isinstance(kind, types.NamedTupleClass) and not spread:
            fields = kind.instance_class._fields
            differing = [name for name, each in zip(fields, given, strict=False) if each]
            return frozenset([*differing, *(name for name, each in named.items() if each)])
        return any(map(bool, (*given, *named.values(), spread)))

    def _judge(self, value: Any) -> None:
        """Record an operation that has no vector form, if it differs between paths, or one that may raise."""
        if value.op == "getitem" and not self._within(value.index):
            remedy = "choose with conditional expressions" if self._of(value.index) else "make it a known series"
            self._add(value.loc, "a table look-up", remedy)
        differs = any(self._of(each) for each in value.list_vars())
        if value.op in ("binop", "inplace_binop") and (differs or value.fn in _POWERS):
            self._judge_operator(value, PLAIN.get(value.fn, value.fn), value.lhs, value.rhs)
        elif value.op == "call" and differs:
            key = getattr(self._types.get(value.func.name), "typing_key", None)
            key = PLAIN.get(key, key)
            if key in (pow, divmod) and len(value.args) == 2:
                self._judge_operator(value, key, *value.args)
            else:
                self._judge_function(value, key)

    def _within(self, index: Any) -> bool:
        """Return whether a look-up can be seen not to miss: by constants and counters of loops, or a remainder."""
        origin: Any = self._origin(index)
        if self._of(index) or origin is None:
            return False
        if getattr(origin, "op", "") == "binop":
            return PLAIN.get(origin.fn, origin.fn) is operator.mod or (
                self._within(origin.lhs) and self._within(origin.rhs)
            )
        return getattr(origin, "op", "") == "pair_first" or self._constant(index) is not None

    def _judge_operator(self, value: Any, operation: Any, left: Any, right: Any) -> None:
        whole = all(isinstance(self._types[each.name], types.Integer | types.Boolean) for each in (left, right))
        exponent = self._constant(right)
        if operation in _POWERS:
            differs = self._of(left) or self._of(right)
            if isinstance(self._types[right.name], types.Integer) and exponent is not None:
                if exponent < 0:
                    self._add(value.loc, "** to a whole power below zero", "write 1.0 / x**n")
            elif differs and exponent not in _PLAIN_POWERS:
                self._add(value.loc, "** to a power that is no whole constant", "write mc.math.pow(x, y)")
        elif operation in (*_QUOTIENTS, *_REMAINDERS) and not _power_of_two(exponent):
            sign, remedy = (
                ("//", "math.floor(x / y)") if operation in _QUOTIENTS else ("%", "x - y * math.floor(x / y)")
            )
            kind = "of whole numbers" if whole else "by another number than 1.0, 2.0, 4.0 and so on"
            self._add(value.loc, f"{sign} {kind}", f"write {remedy}")

    def _judge_function(self, value: Any, key: Any) -> None:
        """Record a call of a library function that is no instruction of the processor."""
        ufunc = isinstance(key, np.ufunc)
        home = "numpy" if ufunc else (getattr(key, "__module__", None) or "").split(".")[0]
        if home not in ("math", "numpy", "cmath", "scipy") or any(key is each for each in _INSTRUCTIONS):
            return
        name = key.__name__
        remedy = f"write mc.math.{name}" if name in _OURS else "write it with the functions of mc.math"
        self._add(value.loc, f"a call of {'np' if home == 'numpy' else home}.{name}", remedy)

    def _judge_loops(self) -> None:
        """Record loops that cannot be unrolled: of no constant length, or too long."""
        for loop in self._flow.loops().values():
            inside = [each for label in loop.body for each in self._blocks[label].body]
            steps = [each.value for each in inside if isinstance(each, ir.Assign) and isinstance(each.value, ir.Expr)]
            rounds = [self._rounds(each.value) for each in steps if each.op == "iternext"]
            where = self._blocks[loop.header].loc
            if not rounds:
                leaving = [each for each in inside if isinstance(each, ir.Branch)]
                outside = [each for each in leaving if {each.truebr, each.falsebr} - set(loop.body)]
                if any(self._of(each.cond) for each in outside):
                    self._add(
                        outside[0].loc, "a while that depends on the path", "write a for over a short constant range"
                    )
            elif rounds[0] is None:
                self._add(where, "a for whose length is not constant", "write a for over a short constant range")
            elif rounds[0] * sum(each.op in ("binop", "inplace_binop", "call") for each in steps) > LONGEST:
                self._add(where, "a for that is too long to be unrolled", "shorten it")

    def _rounds(self, iterator: Any) -> int | None:
        """Return how often a for loop runs, or None where that is not a constant."""
        maker: Any = self._origin(iterator)
        kind = self._types[maker.value.name] if getattr(maker, "op", "") == "getiter" else None
        if isinstance(kind, _base_tuple):
            return len(kind)
        made: Any = self._origin(maker.value) if kind is not None else None
        if getattr(made, "op", "") != "call" or getattr(self._types[made.func.name], "typing_key", None) is not range:
            return None
        bounds = [self._constant(each) for each in made.args]
        return None if any(each is None for each in bounds) else len(range(*bounds))

    def _origin(self, variable: Any) -> Any:
        """Return the single expression or constant that a variable stands for, or None."""
        for _ in range(32):  # chains of plain copies are short
            sources = self._sources.get(variable.name, [])
            if len(sources) != 1:
                return None
            if not isinstance(sources[0], ir.Var):
                return sources[0]
            variable = sources[0]
        return None

    def _constant(self, variable: Any) -> Any:
        """Return the number that a variable always is, or None."""
        origin = self._origin(variable)
        value = origin.value if isinstance(origin, ir.Const | ir.Global | ir.FreeVar) else None
        return value if isinstance(value, int | float | np.float32) else None

    def _add(self, at: Any, what: str, remedy: str) -> None:
        self._found.add(SlowPlace(at.filename, at.line, self._name, what, remedy))
