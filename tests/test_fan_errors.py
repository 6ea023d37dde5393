"""The standard errors that a fan states: of independent paths, of replicates, or none."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from montecarlo_ai import load_scenario, plot, simulate, summarize
from montecarlo_ai.plot.curves import curves_of


def last_errors(data: xr.Dataset, variable: str = "x") -> np.ndarray:
    """Return the standard errors of the median and the ends of the 90% band at the end."""
    return curves_of(data, variable, (0.9,)).last_errors


def replicated(rng: np.random.Generator, replicates: int, size: int, shared: float) -> xr.Dataset:
    """Return standard normal paths, the share of whose variance that is common to a replicate is given."""
    common = np.repeat(rng.normal(size=replicates), size) * np.sqrt(shared)
    values = common + np.sqrt(1.0 - shared) * rng.normal(size=replicates * size)
    return xr.Dataset(
        {"x": (("time", "path"), np.stack([values, values]))},
        coords={
            "time": np.array(["2026-01-01", "2027-01-01"], dtype="datetime64[s]"),
            "path": np.arange(values.size),
            "replicate": ("path", np.repeat(np.arange(replicates), size)),
        },
        attrs={"sampler": "sobol", "replicates": replicates},
    )


@pytest.mark.parametrize("shared", [0.0, 0.3])
def test_the_error_of_a_quantile_is_that_of_its_replicates(shared: float) -> None:
    # The stated error, averaged in squares over 150 runs, against the spread of the quantile over them. Each has a
    # relative standard deviation of about 1 / sqrt(300) = .058 (and the stated one of 32 replicates less): |z| < 3.5
    # is a ratio within a quarter; an error of independent paths is too small more than three times where .3 is shared.
    rng = np.random.default_rng(11)
    runs = [replicated(rng, 32, 64, shared) for _ in range(150)]
    stated = np.sqrt(np.mean([last_errors(run)[1] ** 2 for run in runs]))
    spread_of = np.std([np.median(run["x"][-1]) for run in runs])
    assert stated / spread_of == pytest.approx(1.0, abs=0.25)


def test_replicates_of_one_share_say_nothing_of_their_spread() -> None:
    rng = np.random.default_rng(5)
    run = replicated(rng, 16, 100, 0.0)
    strata = np.tile((np.arange(100.0) + 0.5) / 100.0, 16) + rng.uniform(-1e-3, 1e-3, 1_600)
    alike = run.assign(x=(("time", "path"), np.stack([strata, strata])))
    random = alike.drop_vars("replicate").assign_attrs(sampler="random")
    assert np.allclose(last_errors(alike), last_errors(random))
    assert np.allclose(last_errors(random), np.sqrt([0.05 * 0.95, 0.25, 0.05 * 0.95]) / 40.0, atol=5e-3)


def test_quantiles_on_point_masses_have_no_error_though_the_paths_differ() -> None:
    values = np.repeat([-1.0, 0.0, 1.0], [300, 400, 300])
    run = replicated(np.random.default_rng(3), 10, 100, 0.0).assign_attrs(sampler="random").drop_vars("replicate")
    artists = plot.fan(run.assign(x=(("time", "path"), np.stack([values, values]))), "x")
    assert "end: 0 for the median, 0 for the 5% quantile" in artists.footnote.get_text().replace("\n", " ")
    assert "between \N{MINUS SIGN}1.0 and 1.0" in artists.caption.get_text()


def test_paths_that_hang_together_without_replicates_state_no_error() -> None:
    run = replicated(np.random.default_rng(3), 2, 100, 0.0)
    assert np.isfinite(last_errors(run)).all()
    alone = run.isel(path=slice(0, 100))
    assert np.isnan(last_errors(alone)).all()
    assert "not available" in plot.fan(alone, "x").footnote.get_text()
    assert np.isfinite(last_errors(alone.assign_attrs(sampler="random"))).all()


def test_a_real_run_of_replicates_states_the_error_of_its_summary() -> None:
    scenario = load_scenario("openai-2025-12", overrides={"time.years": 1})
    options = {"n_paths": 4_096, "seed": 7, "variables": ["cash"], "sampler": "sobol", "replicates": 16}
    whole, short = simulate(scenario, **options), summarize(scenario, **options)
    # Both are the spread of the same 16 shares; the summary's adds that of its 128 bins.
    assert np.allclose(last_errors(whole, "cash"), last_errors(short, "cash"), rtol=0.5)
