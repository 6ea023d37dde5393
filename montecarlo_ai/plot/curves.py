"""The quantiles that a fan shows, and how exact they are: from the paths of an ensemble, or as a summary holds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from montecarlo_ai.errors import InputError, Problem, invalid
from montecarlo_ai.intervals import replicate_error

__all__ = ["Curves", "curves_of"]

_SHAPES = ({"time", "path"}, {"quantile", "time"})


class Curves(NamedTuple):
    """Quantiles of a variable over time.

    Attributes
    ----------
    levels : tuple of float
        Rising; the median is in the middle.
    values : (quantile, time) float64
    last_errors : (quantile,) float64
        Standard errors of those at the last time; NaN where they are not known.
    times : (time,) datetime64
    n_paths : int or None
        From how many paths; None where the result does not say.
    """

    levels: tuple[float, ...]
    values: NDArray[np.float64]
    last_errors: NDArray[np.float64]
    times: NDArray[np.datetime64]
    n_paths: int | None

    def at(self, level: float) -> NDArray[np.float64]:
        """Return the values (time,) of a level."""
        return np.asarray(self.values[self.levels.index(level)])


def curves_of(data: xr.Dataset, variable: str, bands: Sequence[float]) -> Curves:
    """Return the median of a variable and the ends of bands around it.

    Parameters
    ----------
    data : Dataset
        An ensemble or a part of its paths, or a summary.
    variable : str
        One of its variables over time.
    bands : sequence of float
        Shares of futures inside each band, in (0, 1).

    Raises
    ------
    InputError
        If the variable is missing or not finite, a summary lacks a quantile, or a band is no share.
    """
    if not isinstance(data, xr.Dataset):
        raise invalid("data", type(data).__name__, "must be a result of simulate or summarize")
    problems = _band_problems(bands)
    shown = [
        str(name)
        for name, values in data.data_vars.items()
        if set(values.dims) in _SHAPES and not str(name).endswith("_error")
    ]
    if variable not in shown:
        problems.append(Problem("variable", variable, f"is no variable over time of this result ({', '.join(shown)})"))
    if problems:
        raise InputError(problems)
    shares = sorted({float(band) for band in bands}, reverse=True)
    levels = [*(0.5 - 0.5 * share for share in shares), 0.5, *(0.5 + 0.5 * share for share in reversed(shares))]
    n_paths = data.sizes["path"] if "path" in data[variable].dims else data.attrs.get("n_paths")
    read = _ensemble_quantiles if "path" in data[variable].dims else _summary_quantiles
    values, errors = read(data, variable, levels)
    if not np.all(np.isfinite(values)):
        finite = int(np.isfinite(values).all(axis=0).sum())
        rule = f"must be finite to be drawn; its quantiles are at {finite} of {values.shape[1]} times"
        raise invalid("variable", variable, rule)
    if n_paths == 1:
        errors = np.full(len(levels), np.nan)
    times = np.asarray(data["time"].values)
    return Curves(tuple(levels), values, errors, times, None if n_paths is None else int(n_paths))


def _band_problems(bands: object) -> list[Problem]:
    """Return why bands are no shares of futures; an empty list if they are."""
    if isinstance(bands, str | bytes) or np.ndim(np.asarray(bands, dtype=object)) != 1:
        return [Problem("bands", bands, "must be a sequence of shares", "write (0.5, 0.9), or (0.9,) for one band")]
    each = list(np.asarray(bands, dtype=object))
    if not each:
        return [Problem("bands", bands, "must hold at least one share")]
    numbers = (int, float, np.integer, np.floating)
    return [
        Problem("bands", band, "must lie inside (0, 1)")
        for band in each
        if isinstance(band, bool) or not isinstance(band, numbers) or not 0.0 < band < 1.0
    ]


def _ensemble_quantiles(
    data: xr.Dataset, variable: str, levels: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return quantiles (quantile, time) over the paths, and the standard errors of those at the last time."""
    ordered = data[variable].transpose("time", "path")
    values = np.empty((len(levels), ordered.sizes["time"]))
    row = np.empty(0)
    for k in range(ordered.sizes["time"]):
        row = np.asarray(ordered[k].values, dtype=np.float64)
        values[:, k] = np.quantile(row, levels)
    # Half the distance between the order statistics one standard deviation of the share below to each side.
    reach = _share_errors(data, row, values[:, -1], np.array(levels))
    if not np.all(np.isfinite(reach)):
        return values, reach
    low, high = np.clip(np.array(levels) - reach, 0.0, 1.0), np.clip(np.array(levels) + reach, 0.0, 1.0)
    return values, 0.5 * (np.quantile(row, high) - np.quantile(row, low))


def _share_errors(
    data: xr.Dataset, row: NDArray[np.float64], ends: NDArray[np.float64], levels: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the standard errors of the shares of paths below quantiles, (quantile,).

    Those of independent paths are binomial; where there are replicates, they come from how far these are apart, and
    are binomial where all are the same, which says nothing of their spread; of paths that are neither, they are not
    known.
    """
    replicate = np.zeros(row.size, dtype=np.int64)
    if "replicate" in data.coords:
        replicate = np.unique(data["replicate"].values, return_inverse=True)[1]
    sizes = np.bincount(replicate)
    sampler = data.attrs.get("sampler", "random")
    if len(sizes) == 1 and sampler != "random":
        return np.full(levels.size, np.nan)
    together = 2 if sampler == "antithetic" else 1
    binomial: NDArray[np.float64] = np.sqrt(levels * (1.0 - levels) * together / row.size)
    if len(sizes) == 1:
        return binomial
    below = np.stack([np.bincount(replicate[row <= end], minlength=len(sizes)) for end in ends], axis=1)
    same = (below * sizes[0] == below[0] * sizes[:, np.newaxis]).all(axis=0)
    return np.where(same, binomial, replicate_error(below.astype(np.float64), sizes))


def _summary_quantiles(
    data: xr.Dataset, variable: str, levels: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return quantiles (quantile, time) of a summary, and the standard errors of those at the last time."""
    held = np.asarray(data["quantile"].values, dtype=np.float64)
    rows = [int(np.argmin(np.abs(held - level))) for level in levels]
    lacking = [level for level, row in zip(levels, rows, strict=True) if abs(held[row] - level) > 1e-9]
    if lacking:
        wanted = ", ".join(f"{level:.6g}" for level in lacking)
        rule = f"need quantiles that the summary does not hold: {wanted}"
        raise invalid("bands", tuple(held.tolist()), rule, "choose other bands or summarize with these quantiles")
    values = data[variable].transpose("quantile", "time").values[rows].astype(np.float64)
    dependent = data.attrs.get("sampler", "random") != "random" and data.attrs.get("replicates", 1) == 1
    if dependent or f"{variable}_error" not in data:
        return values, np.full(len(levels), np.nan)
    errors = data[f"{variable}_error"].transpose("quantile", "time").values[rows, -1]
    return values, np.asarray(errors, dtype=np.float64)
