"""JAX: a compiled scan over steps, arrays over paths, its own random numbers; on whatever processor JAX finds."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.answers import Answer, Job
from benchmarks.engines.arrays import Arrays, vectorised
from benchmarks.engines.base import Simulate, needs


def prepare(job: Job, dtype: str = "float64") -> Simulate:
    """Return the job as a function of number of paths and seed; MissingError for the lab and where not installed."""
    written = vectorised(job)
    needs("jax")
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    kind: Any = jnp.dtype(dtype)
    arrays = Arrays(
        full=lambda shape, value: jnp.full(shape, value, kind),
        column=lambda values: jnp.array(values, kind)[:, None],
        exp=jnp.exp,
        log=jnp.log,
    )
    over_arrays = written(arrays)
    shocks, start, step = over_arrays.shocks, over_arrays.start, over_arrays.step
    dt = 1.0 / job.steps_per_year

    @partial(jax.jit, static_argnums=0)
    def run(n_paths: int, key: Any) -> tuple[Any, Any]:
        state = start(n_paths)
        never = jnp.full((n_paths,), jnp.inf, kind)

        def move(carried: tuple[Any, Any], k: Any) -> tuple[tuple[Any, Any], Any]:
            state, event_time = carried
            state = step(state, jax.random.normal(jax.random.fold_in(key, k), (shocks, n_paths), kind))
            reached = (k.astype(kind) * dt).astype(kind)
            event_time = jnp.where((state[-1] < 0.0) & jnp.isinf(event_time), reached, event_time)
            return (state, event_time), state[-1].astype(jnp.float32)

        (_, event_time), kept = jax.lax.scan(move, (state, never), jnp.arange(1, job.n_steps + 1))
        return jnp.concatenate((state[-1].astype(jnp.float32)[None], kept)), event_time

    def simulate(n_paths: int, seed: int) -> Answer:
        cash, event_time = jax.block_until_ready(run(n_paths, jax.random.key(seed)))
        return Answer(np.asarray(cash), np.asarray(event_time, np.float64))

    return simulate
