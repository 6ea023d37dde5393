"""What costs the lane loop of a model its vectors: found in the typed code of the step, function by function.

Only what differs between paths counts, or may raise, or takes memory. What is made of the clock, of known series and of
constant inputs alone is the same on all lanes, and the compiler takes it out of the loop, but for functions that it
does not know; where it may raise, only out of a short one.
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

_base_tuple = types.BaseTuple  # type: ignore[attr-defined]  # numba hides them from mypy
_text, _record = types.UnicodeType, types.LiteralStrKeyDict  # type: ignore[attr-defined]
_POWERS, _QUOTIENTS = (operator.pow, operator.ipow, pow), (operator.floordiv, operator.ifloordiv)
_REMAINDERS = (operator.mod, operator.imod, divmod)
_INSTRUCTIONS = (
    math.ceil, math.copysign, math.degrees, math.fabs, math.floor, math.isfinite, math.isinf, math.isnan, math.radians,
    math.sqrt, math.trunc, np.absolute, np.ceil, np.copysign, np.fabs, np.float32, np.float64, np.floor, np.isfinite,
    np.isinf, np.isnan, np.maximum, np.minimum, np.sign, np.sqrt, np.square, np.trunc,
)  # fmt: skip
_TAKEN_OUT = (
    math.acos, math.acosh, math.asin, math.asinh, math.atan, math.atan2, math.atanh, math.cos, math.cosh, math.erf,
    math.erfc, math.exp, math.expm1, math.gamma, math.lgamma, math.log, math.log10, math.log1p, math.log2, math.pow,
    math.sin, math.sinh, math.tan, math.tanh, np.arccos, np.arcsin, np.arcsinh, np.arctan, np.arctan2, np.arctanh,
    np.cbrt, np.cos, np.cosh, np.exp, np.exp2, np.expm1, np.log, np.log10, np.log1p, np.log2, np.mod, np.power, np.sin,
    np.sinh, np.tan, np.tanh,
)  # fmt: skip
"""Library functions that the compiler takes out of the loop where all lanes have the same argument."""
_OURS = ("exp", "expm1", "log", "log1p", "pow", "tanh")
_RAISES = (ir.Raise, ir.StaticRaise, ir.DynamicRaise, ir.TryRaise, ir.StaticTryRaise, ir.DynamicTryRaise)
_DIVISIONS = (operator.truediv, operator.itruediv, *_QUOTIENTS, operator.mod, operator.imod)
_MADE = {"build_list": "a list", "build_map": "a dictionary", "build_set": "a set"}
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
        raising = dispatcher.targetoptions.get("error_model", "python") == "python"
        seen[key] = _Look(dispatcher.py_func.__qualname__, typed, varying, found, seen, raising).returned()
    return seen[key]


def _joined(one: Varying, other: Varying) -> Varying:
    """Return what differs between paths if either may be the value."""
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        return one | other
    return other if one is False else (one if other is False else True)


def _power_of_two(divisor: Any) -> bool:
    """Return whether a constant is 1, 2, 4 and so on, by which processors divide without a division."""
    return divisor is not None and divisor >= 1 and math.frexp(divisor)[0] == 0.5


def _is(value: Any, operation: str) -> bool:
    """Return whether something is an expression of a kind."""
    return isinstance(value, ir.Expr) and value.op == operation


def _is_of_compiler(raising: Any) -> bool:
    """Return whether a statement that raises is one that numba puts at the end of a ``try``, and never reaches."""
    told = getattr(raising, "exc_args", None) or ("",)
    return getattr(raising, "exception", raising) is None or "RERAISE" in str(told[0])


class _Look:
    """A look at the typed code of one function, of whose arguments some differ between paths.

    A function that a user compiled may raise where it divides by zero.
    """

    def __init__(
        self,
        name: str,
        typed: Any,
        arguments: Sequence[Varying],
        found: set[SlowPlace],
        seen: dict[Any, Varying],
        raising: bool,
    ) -> None:
        self._name, self._arguments, self._found, self._seen, self._raising = name, arguments, found, seen, raising
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
            if isinstance(each.value, ir.Expr) and not self._judge_made(each.target.name, each.value):
                self._judge(each.value)
        self._judge_loops()
        for _, each in self._statements(_RAISES):
            if not _is_of_compiler(each):
                kind = "assert" if getattr(each, "exc_class", None) is AssertionError else "raise"
                self._add(each.loc, kind, "check the inputs before the run, or make it an event")
        for _, each in self._statements(ir.Print):
            self._add(each.loc, "print", "make it a state")
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

    def _judge_made(self, name: str, value: Any) -> bool:
        """Record what takes memory of its own, and return whether it does: it is given and taken on every path."""
        kind, made = self._types[name], _MADE.get(value.op)
        if isinstance(kind, types.Array) and value.op not in ("getitem", "static_getitem", "getattr", "cast"):
            made = "an array"
        elif isinstance(kind, _text) and value.op in ("binop", "inplace_binop", "call", "build_string"):
            made = "text"
        if made is None or isinstance(kind, _record):
            return False
        remedy = "choose with conditional expressions" if made == "text" else "write a tuple or a NamedTuple"
        self._add(value.loc, f"{made} made in the step", remedy)
        return True

    def _judge(self, value: Any) -> None:
        """Record an operation that has no vector form, if it differs between paths, or one that may raise."""
        if value.op == "getitem" and not self._within(value.index):
            remedy = "choose with conditional expressions" if self._of(value.index) else "make it a known series"
            self._add(value.loc, "a table look-up", remedy)
        differs = any(self._of(each) for each in value.list_vars())
        if value.op in ("binop", "inplace_binop") and (differs or value.fn in _POWERS):
            self._judge_operator(value, PLAIN.get(value.fn, value.fn), value.lhs, value.rhs)
        elif value.op == "call":
            key = getattr(self._types.get(value.func.name), "typing_key", None)
            key = PLAIN.get(key, key)
            if key in (pow, divmod) and len(value.args) == 2 and (differs or key is pow):
                self._judge_operator(value, key, *value.args)
            elif key not in (pow, divmod):
                self._judge_function(value, key, differs)
        divides = value.op in ("binop", "inplace_binop") and value.fn in _DIVISIONS
        if self._raising and divides and not self._constant(value.rhs):
            remedy = 'compile it with error_model="numpy", or leave @njit out'
            self._add(value.loc, "a division that may raise, in a function of another compilation", remedy)

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
            elif self._unrolled(right):
                return
            elif isinstance(self._types[right.name], types.Integer) and not differs:  # a loop, which is not taken out
                self._add(value.loc, "** to a whole power that is no constant", "write x ** float(n)")
            elif differs and exponent not in _PLAIN_POWERS:
                self._judge_power(value, exponent)
        elif operation in (*_QUOTIENTS, *_REMAINDERS) and not _power_of_two(exponent):
            sign, remedy = (
                ("//", "math.floor(x / y)") if operation in _QUOTIENTS else ("%", "x - y * math.floor(x / y)")
            )
            kind = "of whole numbers" if whole else "by another number than 1.0, 2.0, 4.0 and so on"
            self._add(value.loc, f"{sign} {kind}", f"write {remedy}")

    def _unrolled(self, variable: Any) -> bool:
        """Return whether a whole number is a constant once the loops around it are unrolled."""
        origin: Any = self._origin(variable)
        if self._of(variable) or not isinstance(self._types[variable.name], types.Integer):
            return False
        if _is(origin, "binop"):
            return self._unrolled(origin.lhs) and self._unrolled(origin.rhs)
        if _is(origin, "static_getitem"):  # of enumerate and zip
            unpacked: Any = self._origin(origin.value)
            origin = self._origin(unpacked.value) if _is(unpacked, "exhaust_iter") else unpacked
        return _is(origin, "pair_first") or self._constant(variable) is not None

    def _judge_power(self, value: Any, exponent: float | None) -> None:
        """Record ** to a float that has no vector form, or to no constant."""
        if exponent is None or exponent % 1.0 != 0.0:
            self._add(value.loc, "** to a power that is no whole constant", "write mc.math.pow(x, y)")
        else:
            remedy = f"write x**{exponent:.0f}" if exponent > 0.0 else f"write 1.0 / x**{-exponent:.0f}"
            self._add(value.loc, f"** to the float {exponent:.1f}", remedy)

    def _judge_function(self, value: Any, key: Any, differs: bool) -> None:
        """Record a call of a library function that is no instruction of the processor, nor taken out of the loop."""
        ufunc = isinstance(key, np.ufunc)
        home = "numpy" if ufunc else (getattr(key, "__module__", None) or "").split(".")[0]
        if home not in ("math", "numpy", "cmath", "scipy") or any(key is each for each in _INSTRUCTIONS):
            return
        if key is math.pow and not differs and self._constant(value.args[1]) is None:
            self._judge_operator(value, operator.pow, *value.args)
        if not differs and (isinstance(key, type) or any(key is each for each in _TAKEN_OUT)):
            return
        name = key.__name__
        remedy = f"write mc.math.{name}" if name in _OURS else "write it with the functions of mc.math"
        remedy = remedy if differs else "make it a known series"
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
        return self._length(maker.value) if getattr(maker, "op", "") == "getiter" else None

    def _length(self, variable: Any) -> int | None:
        """Return how many elements something has to go through, or None where that is not a constant."""
        kind, made = self._types[variable.name], self._origin(variable)
        if isinstance(kind, _base_tuple):
            return len(kind)
        if isinstance(made, ir.Global | ir.FreeVar) and isinstance(made.value, np.ndarray):
            return len(made.value)
        maker = getattr(self._types[made.func.name], "typing_key", None) if _is(made, "call") else None
        if maker is enumerate:
            return self._length(made.args[0])
        if maker is zip:
            lengths = [self._length(each) for each in made.args]
            return None if None in lengths else min((each for each in lengths if each is not None), default=0)
        if maker is not range:
            return None
        bounds = [self._constant(each) for each in made.args]
        return None if None in bounds else len(range(*bounds))

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
        if _is(origin, "call") and getattr(self._types[origin.func.name], "typing_key", None) is len:
            value = self._length(origin.args[0])
        elif _is(origin, "getattr") and origin.attr == "size":
            value = self._length(origin.value)
        return value if isinstance(value, int | float | np.float32) else None

    def _add(self, at: Any, what: str, remedy: str) -> None:
        self._found.add(SlowPlace(at.filename, at.line, self._name, what, remedy))
