"""Draws of inputs as rows of blocks of paths: by compiled laws where there is one, else column by column."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from montecarlo_ai.dependence.groups import CorrelatedGroup
from montecarlo_ai.dependence.student import student_scores
from montecarlo_ai.distributions.base import Distribution
from montecarlo_ai.distributions.quantile_table import FloatArray
from montecarlo_ai.kernels.laws import LEFT_ALONE, Law
from montecarlo_ai.kernels.options import BLOCK
from montecarlo_ai.streams import name_word


def _of_scores(law: Law | None) -> bool:
    return law is not None and law.of_scores


class InputRows:
    """What fills arrays of (blocks, inputs, 256).

    Elementwise: a value depends on the uniforms of its own path only.

    Parameters
    ----------
    distributions : mapping of str to Distribution
        In the order of the rows; none is a constant.
    groups : sequence of CorrelatedGroup
        Of some of them.

    Attributes
    ----------
    apart : tuple of str
        Streams whose uniforms are always needed as columns: of inputs that have no compiled law, and of groups that
        such an input or a t copula belongs to.
    """

    def __init__(self, distributions: Mapping[str, Distribution], groups: Sequence[CorrelatedGroup]) -> None:
        self._distributions, self._place = dict(distributions), {name: i for i, name in enumerate(distributions)}
        laws = {name: value.law for name, value in distributions.items()}
        joined = [
            group for group in groups if group.df == math.inf and all(_of_scores(laws[name]) for name in group.names)
        ]
        self._groups = [group for group in groups if group not in joined]
        members = {name for group in self._groups for name in group.names}
        self._alone = [name for name, law in laws.items() if law is None and name not in members]
        streams = [group.stream for group in self._groups if group.df < math.inf]
        self.apart = (*self._alone, *sorted(members), *streams)
        self._names = np.array([name_word(name) for name in distributions], dtype=np.uint64)
        self._kinds, self._numbers = np.full(len(laws), LEFT_ALONE, dtype=np.int64), np.zeros((len(laws), 4))
        for i, (name, law) in enumerate(laws.items()):
            if law is not None and name not in members:
                self._kinds[i], self._numbers[i] = law.kind, law[1:]
        self._factor = self._sparse(joined)

    def fill(self, out: NDArray[np.float64], columns: Mapping[str, FloatArray], words: tuple[int, int] | None) -> None:
        """Write the values of consecutive paths.

        Parameters
        ----------
        out : (blocks, inputs, 256) float64
        columns : mapping of str to (blocks * 256,) float64
            Uniforms of the streams that are `apart`; of all of them, where they do not come from words.
        words : (int, int), optional
            Seed and first path of independent draws.
        """
        from montecarlo_ai.kernels.draws import fill_draws

        if words is None:
            for name, i in self._place.items():
                if self._kinds[i] >= 0:
                    out[:, i, :] = columns[name].reshape(-1, BLOCK)
        seed, first_path = words or (0, 0)
        stream = np.uint64(seed), np.uint64(first_path)
        fill_draws(stream, self._names, self._kinds, self._numbers, self._factor, words is None, out)
        for group in self._groups:
            for name, values in self._correlated(group, columns):
                out[:, self._place[name], :] = values.reshape(-1, BLOCK)
        for name in self._alone:
            out[:, self._place[name], :] = self._distributions[name].draws(columns[name]).reshape(-1, BLOCK)

    def _sparse(self, groups: Sequence[CorrelatedGroup]) -> tuple[NDArray[Any], ...]:
        """Return the groups' factors by entries, each group's last row first: it needs those that are still scores."""
        rows: list[int] = []
        starts, columns, loadings = [0], [], []
        for group in groups:
            places = [self._place[name] for name in group.names]
            for place, row in zip(reversed(places), reversed(group.factor), strict=True):
                rows.append(place)
                columns += [other for other, loading in zip(places, row, strict=True) if loading != 0.0]
                loadings += [loading for loading in row if loading != 0.0]
                starts.append(len(columns))
        whole = (np.array(part, dtype=np.int64) for part in (rows, starts, columns))
        return (*whole, np.array(loadings, dtype=np.float64))

    def _correlated(self, group: CorrelatedGroup, columns: Mapping[str, FloatArray]) -> list[tuple[str, FloatArray]]:
        """Return the draws of one correlated group."""
        from montecarlo_ai.kernels.quantile import normal_scores

        scores = group.correlate([normal_scores(columns[name]) for name in group.names])
        if group.df < math.inf:
            joined = student_scores(group.df)
            scales = joined.scales(normal_scores(columns[group.stream]))
            scores = [joined(score, scales) for score in scores]
        named = zip(group.names, scores, strict=True)
        return [(name, self._distributions[name].at_normal_scores(score)) for name, score in named]
