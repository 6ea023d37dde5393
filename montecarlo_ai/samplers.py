"""How the inputs of paths are drawn, which shocks a path takes, and which replicate it belongs to.

Every sampler makes any range of paths on demand. Replicates are interleaved, so that the first paths of a run are the
first of each replicate and stay when more are asked for; with independent scrambles, permutations or pairs the
replicates are independent of each other, and their spread says how well the whole is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from montecarlo_ai.checks import Checks, nearest
from montecarlo_ai.kernels.latin import permutation_keys, stratify
from montecarlo_ai.kernels.philox import input_uniforms
from montecarlo_ai.kernels.sobol import DIMENSIONS, LARGEST_POINTS, direction_numbers, fill_sobol, scrambled

LARGEST_REPLICATES = 1_024


class Sampling(NamedTuple):
    """What a run samples: how many paths, by which sampler, in how many replicates."""

    n_paths: int = 1
    sampler: str = "random"
    replicates: int = 1


INDEPENDENT = Sampling()
"""Independent paths, however many."""


class Random:
    """Independent draws.

    Parameters
    ----------
    seed : int
    streams : sequence of str
        Names of the independent uniforms of a path.
    sampling : Sampling
    """

    mirrored = False
    """Whether two neighbours share their shocks, the second one mirrored."""

    independent = True
    """Whether uniforms are `input_uniforms`, which a compiled loop makes by itself."""

    default_replicates = 1

    def __init__(self, seed: int, streams: Sequence[str], sampling: Sampling) -> None:
        self.seed, self.streams, self.replicates = seed, tuple(streams), sampling.replicates

    def uniforms(self, first_path: int, n: int, names: Sequence[str] | None = None) -> dict[str, NDArray[np.float64]]:
        """Return the uniforms of consecutive paths, strictly inside (0, 1), by stream: of these, or of all."""
        chosen = self.streams if names is None else names
        return {name: input_uniforms(self.seed, name, first_path, n) for name in chosen}

    def replicate_of(self, first_path: int, n: int) -> NDArray[np.int64]:
        """Return the replicates of consecutive paths."""
        if self.replicates == 1:
            return np.zeros(n, dtype=np.int64)
        return np.arange(first_path, first_path + n, dtype=np.int64) // (1 + self.mirrored) % self.replicates


class Antithetic(Random):
    """Pairs of paths: 2k takes the draws of path k, and 2k + 1 their mirror image, 1 - u and -z, inputs and shocks."""

    mirrored = True
    independent = False
    default_replicates = 16

    def uniforms(self, first_path: int, n: int, names: Sequence[str] | None = None) -> dict[str, NDArray[np.float64]]:
        """Return the uniforms of consecutive paths; `first_path` and `n` are even."""
        mirrored = {}
        for name, column in super().uniforms(first_path // 2, n // 2, names).items():
            mirrored[name] = np.repeat(column, 2)
            mirrored[name][1::2] = 1.0 - column  # exact: both have 53 binary places
        return mirrored


class Sobol(Random):
    """A scrambled Sobol' sequence over the inputs of each replicate; shocks as for independent draws."""

    independent = False
    default_replicates = 16

    def __init__(self, seed: int, streams: Sequence[str], sampling: Sampling) -> None:
        super().__init__(seed, streams, sampling)
        directions = direction_numbers(len(self.streams))
        self._tables = {
            name: scrambled(directions[dimension], seed, name, self.replicates)
            for dimension, name in enumerate(self.streams)
        }

    def uniforms(self, first_path: int, n: int, names: Sequence[str] | None = None) -> dict[str, NDArray[np.float64]]:
        """Return the uniforms of consecutive paths."""
        columns = {name: np.empty(n) for name in (self.streams if names is None else names)}
        for name, column in columns.items():
            fill_sobol(self._tables[name], np.uint64(first_path), column)
        return columns


class Latin(Random):
    """As many strata of each input in a replicate as it has paths, each hit once; shocks as for independent draws."""

    independent = False
    default_replicates = 16

    def __init__(self, seed: int, streams: Sequence[str], sampling: Sampling) -> None:
        super().__init__(seed, streams, sampling)
        replicate = np.arange(self.replicates)
        self._strata = (sampling.n_paths - replicate + self.replicates - 1) // self.replicates
        self._keys = {name: permutation_keys(seed, name, self._strata) for name in self.streams}

    def uniforms(self, first_path: int, n: int, names: Sequence[str] | None = None) -> dict[str, NDArray[np.float64]]:
        """Return the uniforms of consecutive paths: those of independent draws, moved into their strata."""
        columns = super().uniforms(first_path, n, names)
        for name, column in columns.items():
            stratify(self._keys[name], self._strata, np.uint64(first_path), column)
        return columns


SAMPLERS: dict[str, type[Random]] = {"random": Random, "sobol": Sobol, "latin": Latin, "antithetic": Antithetic}


def checked_sampling(n_paths: int, sampler: object, replicates: object, n_streams: int, checks: Checks) -> Sampling:
    """Return what a run samples; problems are recorded.

    Parameters
    ----------
    n_paths : int
    sampler : str
    replicates : int or None
        The sampler's own number, if None: 1 for independent draws, else 16.
    n_streams : int
        How many independent uniforms a path has.
    checks : Checks
        Where problems go.
    """
    if not (isinstance(sampler, str) and sampler in SAMPLERS):
        remedy = nearest(sampler, SAMPLERS) if isinstance(sampler, str) else f"known: {', '.join(SAMPLERS)}"
        checks.add("sampler", sampler, "is no sampler", remedy)
        return Sampling(n_paths)
    kind = SAMPLERS[sampler]
    count = kind.default_replicates
    if replicates is not None:
        count = checks.whole("replicates", replicates, at_least=1, at_most=LARGEST_REPLICATES)
    least = count * (1 + kind.mirrored)
    if n_paths < least:
        each = "a pair of paths" if kind.mirrored else "a path"
        if replicates is None:
            rule = f"must be at least {least}: {each} for each of the {count} replicates that {sampler} has by itself"
            checks.add("n_paths", n_paths, rule, "take more paths, or replicates=1, which gives no interval")
        else:
            rule = f"must be at most {n_paths // (1 + kind.mirrored)}: a replicate has at least {each}, of {n_paths}"
            checks.add("replicates", count, rule, "take more paths, or fewer replicates")
    if kind is Sobol:
        if n_streams > DIMENSIONS:
            rule = f"covers {DIMENSIONS:,} inputs at most, and {n_streams:,} vary"
            checks.add("sampler", sampler, rule, 'take "latin" or "random"')
        if n_paths > count * LARGEST_POINTS:
            remedy = f"take at least {-(-n_paths // LARGEST_POINTS)} replicates"
            checks.add("n_paths", n_paths, f"must be at most {LARGEST_POINTS:,} for each of {count} replicates", remedy)
    return Sampling(n_paths, sampler, count)


def largest_path(sampling: Sampling) -> int:
    """Return the last path that there is: a Latin hypercube ends with its run, and a Sobol' sequence somewhere."""
    if sampling.sampler == "latin":
        return sampling.n_paths - 1
    return sampling.replicates * LARGEST_POINTS - 1 if sampling.sampler == "sobol" else 2**63 - 1
