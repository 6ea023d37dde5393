"""Drives the kernel: draws the inputs of a range of paths, runs its blocks, spreads ranges over threads."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from montecarlo_ai.errors import InputError, ModelError, NumericalError, Problem, invalid
from montecarlo_ai.kernels.compiling import events_of, kernel_of
from montecarlo_ai.kernels.counting import NOTHING
from montecarlo_ai.kernels.emit import shock_rows
from montecarlo_ai.kernels.lines import passes_caches
from montecarlo_ai.kernels.options import BLOCK
from montecarlo_ai.kernels.philox import DOMAIN_SHOCKS
from montecarlo_ai.kernels.precision import PRECISIONS
from montecarlo_ai.model import Clock
from montecarlo_ai.samplers import INDEPENDENT, SAMPLERS, Sampling
from montecarlo_ai.scenario import Scenario

Result = TypeVar("Result")

LARGEST_AHEAD = 3
"""Ranges a thread that are computed ahead of the one being combined; bounds the memory of a long run."""

_NO_END = 2**62

_LAUNCH_STEPS = 2**23
"""Steps of paths in one call of the kernel, which nothing can interrupt: a fraction of a second."""


@dataclass(frozen=True)
class Store:
    """Where the kernel writes what is kept.

    Attributes
    ----------
    values : (variables, times, columns) float64 or float32
    passage : (events, columns) int32
        Grid index of the first passage, n_steps + 1 if never.
    column : int
        Where the first path goes; with a slab, its first passage alone.
    slab : int, optional
        Paths, a multiple of 256, after which values start over at the first column, having been counted.
    tally : tuple of arrays
        What they are counted into (`reductions.Tally.counted`).
    """

    values: NDArray[Any]
    passage: NDArray[np.int32]
    column: int
    slab: int | None = None
    tally: tuple[NDArray[Any], ...] = NOTHING


class Engine:
    """A scenario made ready for the kernel; at the end of its `with`, its threads end.

    Parameters
    ----------
    scenario : Scenario
    seed : int
    sampling : Sampling, optional
        Independent paths, if not given.
    dtype : {"float64", "mixed", "float32"}
        Precision of computing.
    """

    def __init__(self, scenario: Scenario, seed: int, sampling: Sampling = INDEPENDENT, dtype: str = "float64") -> None:
        model, inputs = scenario.model, scenario.inputs
        self.scenario, self.seed, self._dtype = scenario, seed, dtype
        self.sampler = SAMPLERS[sampling.sampler](seed, streams_of(scenario), sampling)
        self.kernel = kernel_of(model, frozenset(inputs.constants), dtype)
        state, shock = (np.dtype(str(of)) for of in PRECISIONS[dtype])
        self.varying = tuple(name for name in model.param_fields if name in inputs.varying)
        self._rows = inputs.rows_of(self.varying)
        constant = [name for name in model.param_fields if name in inputs.constants]
        self.constants = _rounded(np.array([inputs.constants[name] for name in constant]), state, constant)
        self.n_steps = scenario.time.n_steps
        series = scenario.forcing or {}
        known = np.zeros((self.n_steps, len(model.forcing_fields)))
        for i, name in enumerate(model.forcing_fields):
            known[:, i] = series[name]
        self.forcing = _rounded(known, state, model.forcing_fields)
        self.factor = _sparse_factor(scenario, shock)
        self._cancelled = threading.Event()
        self._pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        """Return the engine."""
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        """End the threads; after an error, what they compute is left unfinished."""
        if error is not None:
            self._cancelled.set()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def inputs_of(self, first_path: int, n_paths: int, space: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Return the varying inputs of consecutive paths, rounded up to whole blocks.

        Blocks start at multiples of 256 counted from path 0 wherever a range starts, so that no rounding of a
        vectorised inverse can depend on how the paths were divided; `first_path` is such a multiple.

        Parameters
        ----------
        first_path, n_paths : int
        space : (blocks or more, inputs, 256) float64, optional
            Where they are written; fresh memory, if not given.

        Returns
        -------
        (blocks, inputs, 256) float64

        Raises
        ------
        InputError
            If a value does not fit into the precision of computing.
        """
        blocks = -(-n_paths // BLOCK)
        drawn = np.empty((blocks, len(self.varying), BLOCK)) if space is None else space[:blocks]
        if self.sampler.independent:
            apart = self.sampler.uniforms(first_path, blocks * BLOCK, self._rows.apart)
            self._rows.fill(drawn, apart, (self.seed, first_path))
        else:
            self._rows.fill(drawn, self.sampler.uniforms(first_path, blocks * BLOCK), None)
        if self.constants.dtype == np.float32 and drawn.size and max(drawn.max(), -drawn.min()) > _LARGEST_SINGLE:
            _rounded(drawn.transpose(0, 2, 1), self.constants.dtype, self.varying)
        return drawn

    def run(
        self,
        first_path: int,
        n_paths: int,
        drawn: NDArray[np.float64],
        keep: NDArray[np.int64],
        store: Store,
    ) -> None:
        """Run consecutive paths and write what is kept.

        Parameters
        ----------
        first_path, n_paths : int
        drawn : (blocks, inputs, 256) float64
            From `inputs_of`.
        keep : (variables,) int64
            Places of the states that are kept.
        store : Store

        Raises
        ------
        NumericalError
            If a state became infinite or not a number, or a margin not a number.
        ModelError
            If a function of the model raised.
        InputError
            If a value does not fit into the precision asked for.
        """
        size = BLOCK * max(1, _LAUNCH_STEPS // (BLOCK * self.n_steps))
        for begin, width in ranges(n_paths, size):
            if self._cancelled.is_set():
                raise CancelledError
            blocks = drawn[begin // BLOCK : -(-(begin + width) // BLOCK)]
            part = replace(store, column=store.column + begin)
            finite = self._launch(first_path + begin, width, blocks, keep, part)
            if not finite.all():
                sick = int(np.flatnonzero(~finite)[0])
                first = sick * BLOCK
                where = first_path + begin + first, min(BLOCK, width - first), blocks[sick : sick + 1]
                raise self._explain(*where, keep, store.values.dtype)

    def in_order(
        self,
        work: Callable[[int, int], Result],
        pieces: Iterator[tuple[int, int]],
        threads: int,
        advance: Callable[[int], Any],
    ) -> Iterator[Result]:
        """Yield the result of each range, in order, computed on threads; the kernel holds no interpreter lock.

        When it ends early (an error, Ctrl-C), ranges that are being computed are left unfinished. Threads stay for the
        next ranges: one that has just worked is back at work sooner than a new one.

        Parameters
        ----------
        work : callable (first path, count) -> result
        pieces : iterator of (first path, count)
        threads : int
        advance : callable (count) -> None
            Told of every finished range, for a progress bar.
        """
        if threads == 1:
            for first, count in pieces:
                yield work(first, count)
                advance(count)
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(threads, thread_name_prefix="montecarlo_ai")
        waiting: deque[tuple[int, Future[Result]]] = deque()
        try:
            for first, count in pieces:
                waiting.append((count, self._pool.submit(work, first, count)))
                if len(waiting) >= LARGEST_AHEAD * threads:
                    done, future = waiting.popleft()
                    yield future.result()
                    advance(done)
            while waiting:
                done, future = waiting.popleft()
                yield future.result()
                advance(done)
        except BaseException:
            self._cancelled.set()
            raise

    def _launch(
        self,
        first_path: int,
        n_paths: int,
        drawn: NDArray[np.float64],
        keep: NDArray[np.int64],
        store: Store,
        n_steps: int | None = None,
    ) -> NDArray[np.bool_]:
        """Call the kernel, for all steps if no number is given; return which blocks stayed finite.

        Raises
        ------
        ModelError
            If a function of the model raised.
        """
        single = store.values.dtype == np.float32
        wide = store.values if not single else np.empty((0, 0, 0))
        narrow = store.values if single else np.empty((0, 0, 0), dtype=np.float32)
        finite = np.zeros(len(drawn), dtype=np.bool_)
        column, slab = (store.column, _NO_END) if store.slab is None else (0, store.slab)
        try:
            self.kernel(
                (
                    np.uint64(self.seed),
                    np.uint64(first_path),
                    np.uint64(DOMAIN_SHOCKS << 16),
                    np.uint64(self.sampler.mirrored),
                ),
                (n_paths, n_steps or self.n_steps, self.scenario.time.dt, single),
                drawn,
                self.constants,
                self.forcing,
                self.factor,
                keep,
                (wide, narrow, column, slab, passes_caches(store.values, column)),
                (store.passage, store.column),
                store.tally,
                finite,
            )
        except Exception as error:  # whatever a step, or a look-up beyond the end of a table, raises
            for block in range(len(drawn)) if len(drawn) > 1 else ():
                width = min(BLOCK, n_paths - block * BLOCK)
                alone = replace(store, tally=NOTHING)
                self._launch(first_path + block * BLOCK, width, drawn[block : block + 1], keep[:0], alone)
            raised = f"{type(error).__name__}: {error}".removesuffix(": ")
            rule = f"raised on one of the paths {first_path} to {first_path + BLOCK - 1}"
            raise ModelError(
                Problem("step, initial or events", raised, rule, "return a number on every path")
            ) from None
        return finite

    def _explain(
        self, first_path: int, n_paths: int, drawn: NDArray[np.float64], keep: NDArray[np.int64], stored: np.dtype[Any]
    ) -> NumericalError | InputError:
        """Return an error that names the first value of a block that is no finite number, or is none where stored."""
        model, remedy = self.scenario.model, _REMEDY
        if self.constants.dtype == np.float32:
            remedy += ', or take dtype="float64", which reaches beyond 3.4e38'
        every = np.arange(len(model.state_fields), dtype=np.int64)
        values = np.empty((len(every), self.n_steps + 1, BLOCK))
        passage = np.empty((len(model.event_fields), BLOCK), dtype=np.int32)
        self._launch(first_path, n_paths, drawn, every, Store(values, passage, 0))
        bad = ~np.isfinite(values[:, :, :n_paths])
        with np.errstate(over="ignore"):
            too_large = np.isinf(values[keep, :, :n_paths].astype(stored)).any(axis=(1, 2))
        if not bad.any() and too_large.any():
            name = model.state_fields[keep[int(np.flatnonzero(too_large)[0])]]
            rule = f"cannot hold {name}, which reaches beyond {np.finfo(np.float32).max:.3g}"
            return invalid("store_dtype", "float32", rule, 'take "float64"')
        if not bad.any():
            return NumericalError(f"events: {self._sick_margin(first_path, n_paths, drawn, values)}; {remedy}")
        step = int(np.flatnonzero(bad.any(axis=(0, 2)))[0])
        lane = int(np.flatnonzero(bad[:, step].any(axis=0))[0])
        name = model.state_fields[int(np.flatnonzero(bad[:, step, lane])[0])]
        value = values[model.state_fields.index(name), step, lane]
        return NumericalError(f"{name} = {value} on path {first_path + lane} at step {step}: must be finite; {remedy}")

    def _sick_margin(
        self, first_path: int, n_paths: int, drawn: NDArray[np.float64], values: NDArray[np.float64]
    ) -> str:
        """Return where the first margin of a block is that is not a number; its states are (states, times, 256).

        The kernel tells no more than that there is one: fewer steps, then fewer paths, tell where.
        """
        store = Store(values, np.empty((len(self.scenario.model.event_fields), BLOCK), dtype=np.int32), 0)
        none = np.empty(0, dtype=np.int64)

        def sick(width: int, n_steps: int) -> bool:
            return not self._launch(first_path, width, drawn, none, store, n_steps).all()

        step = 1 + bisect_left(range(1, self.n_steps + 1), True, key=lambda n_steps: sick(n_paths, n_steps))
        lane = bisect_left(range(1, n_paths + 1), True, key=lambda width: sick(width, step))
        model, real = self.scenario.model, self.constants.dtype.type
        given = {name: self.scenario.inputs.constants[name] for name in model.param_fields if name not in self.varying}
        given.update(zip(self.varying, drawn[0, :, lane], strict=True))
        dt = self.scenario.time.dt
        happened = events_of(model, self._dtype)(
            model.state_type(*map(real, values[:, step, lane])),
            model.params_type(**{name: real(value) for name, value in given.items()}),
            Clock(real(step * dt), real(dt), step),
        )
        names = [name for name, value in zip(model.event_fields, happened, strict=True) if value != value]
        date = str(self.scenario.time.times[step]).removesuffix("T00:00:00")
        where = f"on path {first_path + lane} at step {step} ({date})"
        return f"{' and '.join(names) or 'a margin'} = nan {where}: must be a number"


def streams_of(scenario: Scenario) -> tuple[str, ...]:
    """Return the independent uniforms of a path in an order that is the scenario's own.

    Inputs as the model declares its parameters, then what else the inputs need, by name: two scenarios that are equal
    give a Sobol' sequence's dimensions to the same inputs.
    """
    inputs = scenario.inputs
    declared = [name for name in scenario.model.param_fields if name in inputs.varying]
    return (*declared, *sorted(set(inputs.streams) - set(declared)))


def _rounded(values: NDArray[np.float64], dtype: np.dtype[Any], names: Sequence[str]) -> NDArray[Any]:
    """Return values over (..., names) in the precision of computing; raise where it does not reach so far."""
    with np.errstate(over="ignore"):
        rounded = values.astype(dtype)
    too_large = np.isinf(rounded) & np.isfinite(values)
    if too_large.any():
        name = names[int(np.argwhere(too_large)[0, -1])]
        rule = f"cannot hold {name}, which reaches {values[too_large][0]:.3g}"
        raise invalid("dtype", "float32", rule, 'take "mixed" or "float64"')
    return rounded


_LARGEST_SINGLE = float(np.finfo(np.float32).max)
_REMEDY = "look for a division by zero or unbounded growth in the step"


def _sparse_factor(scenario: Scenario, dtype: np.dtype[Any]) -> tuple[NDArray[Any], ...]:
    """Return the shocks' correlation as rows of a lower-triangular matrix, the last row first.

    In that order each row needs only shocks that are not yet overwritten; shocks outside the correlated ones stay
    untouched, bit for bit.
    """
    rows: list[int] = []
    starts, columns, values = [0], [], []
    names, factor = scenario.shock_factor
    order = shock_rows(scenario.model.shock_fields, scenario.model.uniform_shocks)
    places = [order.index(name) for name in names]
    for i in reversed(range(len(names))):
        rows.append(places[i])
        columns += [places[i], *(places[j] for j in range(i) if factor[i, j] != 0.0)]
        values += [factor[i, i], *(factor[i, j] for j in range(i) if factor[i, j] != 0.0)]
        starts.append(len(columns))
    whole = (np.array(part, dtype=np.int64) for part in (rows, starts, columns))
    return (*whole, np.array(values, dtype=dtype))


def ranges(n_paths: int, size: int, *, start: int = 0) -> Iterator[tuple[int, int]]:
    """Yield (first path, count) of consecutive ranges of a fixed size."""
    for first in range(start, n_paths, size):
        yield first, min(size, n_paths - first)
