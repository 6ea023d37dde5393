"""The plain-Python twin of a run: the user's own functions, called as they stand on independently made shocks."""

from __future__ import annotations

import numpy as np
from reference import normal_shocks, uniform_shocks

import montecarlo_ai as mc


def assert_meets_its_twin(ensemble, scenario, path, within=1e-9):
    """States within a part of the largest magnitude on the path, and the same first passages."""
    model, time = scenario.model, scenario.time
    row = ensemble.isel(path=path)
    params = model.params_type(*(float(row[name]) for name in model.param_fields))
    shocks = shocks_of(scenario, ensemble.attrs["seed"], path)
    state = model.initial(params)
    states, passage = [state], dict.fromkeys(model.event_fields, np.inf)
    for k in range(time.n_steps):
        drawn = model.shocks_type(*(float(shocks[name][k]) for name in model.shock_fields))
        known = [float(scenario.forcing[name][k]) for name in model.forcing_fields]
        forcing = [] if model.forcing_type is None else [model.forcing_type(*known)]
        state = model.step(state, params, drawn, mc.Clock(k * time.dt, time.dt, k), *forcing)
        states.append(state)
        happened = model.events(state, params, mc.Clock((k + 1) * time.dt, time.dt, k + 1))
        for name, value in zip(model.event_fields, happened, strict=True):
            if (value if name in model.boolean_events else value < 0.0) and passage[name] == np.inf:
                passage[name] = (k + 1) / time.steps_per_year
    for name, values in zip(model.state_fields, np.array(states, dtype=float).T, strict=True):
        np.testing.assert_allclose(row[name].values, values, rtol=0, atol=within * max(np.abs(values).max(), 1e-300))
    assert dict(zip(model.event_fields, row.event_time.values.tolist(), strict=True)) == passage


def shocks_of(scenario, seed, path):
    """Shocks of a path by name, each over the steps; the stated correlations are imposed by Cholesky's factor."""
    model, n_steps = scenario.model, scenario.time.n_steps
    shocks = {
        name: (uniform_shocks if name in model.uniform_shocks else normal_shocks)(seed, group, path, n_steps)
        for group, name in enumerate(model.shock_fields)
    }
    names = [name for name in model.shock_fields if any(name in pair for pair in scenario.shock_correlation)]
    matrix = np.eye(len(names))
    for (first, second), rho in scenario.shock_correlation.items():
        i, j = names.index(first), names.index(second)
        matrix[i, j] = matrix[j, i] = rho
    factor = np.linalg.cholesky(matrix + 1e-15 * np.eye(len(names))) if names else matrix
    correlated = factor @ np.array([shocks[name] for name in names]).reshape(len(names), n_steps)
    return shocks | dict(zip(names, correlated, strict=True))
