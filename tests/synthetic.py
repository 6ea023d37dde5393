"""Results that follow the data model without the engine: what the analysis and the plots are tested against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

LEVELS = (0.05, 0.15, 0.25, 0.35, 0.5, 0.65, 0.75, 0.85, 0.95)
EVENTS = ("cash", "unmonetized_compute", "compute_shortage", "profitable")
CAUSES = EVENTS[:3]
CHIPS = EVENTS[:2]
TIMES = np.arange("2026-01", "2028-01", dtype="datetime64[M]").astype("datetime64[s]")
"""Of `constant`: two years of months."""


def attributes(n_paths: int, kind: str, **changes: object) -> dict[str, object]:
    """Return the attrs of a run."""
    return {
        "montecarlo_ai_version": "0.1.0",
        "stream_version": 1,
        "scenario": "synthetic",
        "scenario_hash": "0123456789abcdef" * 4,
        "seed": 7,
        "n_paths": n_paths,
        "sampler": "random",
        "dtype": "float64",
        "chips": list(CHIPS),
        "causes": list(CAUSES),
        "steps_per_year": 12,
        "kind": kind,
        **changes,
    }


def ensemble(
    n_paths: int = 2_000, *, years: int = 5, seed: int = 3, start: str = "2026-01", **changes: object
) -> xr.Dataset:
    """Return an ensemble of a log-normal revenue and an additive cash account, with events from hazards."""
    rng = np.random.default_rng(seed)
    n_steps = 12 * years
    time = (np.datetime64(start, "M") + np.arange(n_steps + 1)).astype("datetime64[s]")
    growth = rng.normal(0.35, 0.2, n_paths)
    moves = rng.normal(size=(n_steps, n_paths)) * 0.08 + growth / 12
    revenue = 20e9 * np.exp(np.vstack([np.zeros(n_paths), np.cumsum(moves, axis=0)]))
    cash = 60e9 + np.vstack([np.zeros(n_paths), np.cumsum(revenue[1:] / 12 * 0.4 - 0.9e9 - 1e9 * moves, axis=0)])
    cash += np.vstack([np.zeros(n_paths), np.cumsum(rng.normal(size=(n_steps, n_paths)) * 4e9, axis=0)])
    hazards = np.array([0.05, 0.03, 0.6, 0.25])[:, None]
    steps = np.ceil(rng.exponential(size=(len(EVENTS), n_paths)) / hazards * 12)
    event_time = np.where(steps <= n_steps, steps / 12, np.inf)
    return xr.Dataset(
        {
            "revenue": (("time", "path"), revenue, {"units": "USD/year", "long_name": "revenue"}),
            "cash": (("time", "path"), cash, {"units": "USD", "long_name": "cash"}),
            "growth": ("path", growth, {"units": "1/year", "long_name": "growth"}),
            "event_time": (("event", "path"), event_time, {"units": "year", "long_name": "time of first passage"}),
        },
        coords={"time": time, "path": np.arange(n_paths), "event": list(EVENTS)},
        attrs=attributes(n_paths, "ensemble", **changes),
    )


def with_event_times(event_time: Sequence[Sequence[float]], *, years: int = 5, **changes: object) -> xr.Dataset:
    """Return an ensemble that has the given (event, path) event times, in years."""
    times = np.asarray(event_time, dtype=float)
    data = ensemble(times.shape[1], years=years, **changes)
    events = list(EVENTS[: times.shape[0]])
    return (
        data.drop_vars("event_time")
        .drop_dims("event")
        .assign_coords(event=events)
        .assign(event_time=(("event", "path"), times))
    )


def summary(data: xr.Dataset, levels: Sequence[float] = LEVELS) -> xr.Dataset:
    """Return the summary of an ensemble, counted path by path in plain Python."""
    causes, chips = list(data.attrs["causes"]), list(data.attrs["chips"])
    n_times, n_paths = data.sizes["time"], data.sizes["path"]
    events = [str(event) for event in data["event"].values]
    event_time_count = np.zeros((len(events), n_times), dtype=np.int64)
    first_at = np.zeros((len(causes) + 1, n_times), dtype=np.int64)
    tie_at = np.zeros(n_times, dtype=np.int64)
    for path in range(n_paths):
        steps = {event: float(data["event_time"].values[row, path]) * 12 for row, event in enumerate(events)}
        for row, event in enumerate(events):
            if np.isfinite(steps[event]):
                event_time_count[row, round(steps[event])] += 1
        earliest = min(steps[chip] for chip in chips)
        for row, cause in enumerate(causes):
            if cause not in chips and steps[cause] < earliest:
                first_at[row, round(steps[cause])] += 1
        if np.isfinite(earliest):
            winners = [chip for chip in chips if steps[chip] == earliest]
            first_at[causes.index(winners[0]), round(earliest)] += 1
            first_at[-1, round(earliest)] += 1
            tie_at[round(earliest)] += len(winners) > 1
    variables: dict[str, object] = {
        "event_count": (("event", "time"), event_time_count.cumsum(axis=1)),
        "event_time_count": (("event", "time"), event_time_count),
        "first_count": (("cause", "time"), first_at.cumsum(axis=1)),
        "tie_count": ("time", tie_at.cumsum()),
    }
    for name in ("revenue", "cash"):
        values = data[name].values
        variables[name] = (("quantile", "time"), np.quantile(values, levels, axis=1), data[name].attrs)
        error = np.broadcast_to(values.std(axis=1) / np.sqrt(n_paths), (len(levels), n_times))
        variables[f"{name}_error"] = (("quantile", "time"), error, data[name].attrs)
        variables[f"{name}_mean"] = ("time", values.mean(axis=1), data[name].attrs)
        variables[f"{name}_std"] = ("time", values.std(axis=1), data[name].attrs)
    return xr.Dataset(
        variables,
        coords={
            "time": data["time"].values,
            "quantile": list(levels),
            "event": events,
            "cause": [*causes, "any"],
        },
        attrs={**data.attrs, "kind": "summary"},
    )


def constant(revenue: float = 24.0, n_paths: int = 8) -> xr.Dataset:
    """Return an ensemble whose revenue is constant and whose cash rises by one a month."""
    shape = (TIMES.size, n_paths)
    return xr.Dataset(
        {
            "revenue": (("time", "path"), np.full(shape, revenue)),
            "cash": (("time", "path"), np.broadcast_to(np.arange(TIMES.size, dtype=float)[:, None], shape)),
        },
        coords={"time": TIMES},
        attrs={"steps_per_year": 12, "kind": "ensemble", "scenario": "synthetic"},
    )
