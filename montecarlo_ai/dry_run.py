"""One step of a model in plain Python, so that a mistake is told in its own words before anything is compiled."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any

import numpy as np

from montecarlo_ai.errors import ModelError, Problem
from montecarlo_ai.kernels.limits import BEYOND, LARGEST, SMALLEST
from montecarlo_ai.model import Clock, Model
from montecarlo_ai.suggest import did_you_mean
from montecarlo_ai.wrapping import Beyond, Whole, WrapError


def dry_run(model: Model, values: Mapping[str, float], forcing: Mapping[str, float], dt: float, n_steps: int) -> None:
    """Call initial, step and events once, with shocks at their medians, and check what they return.

    They are called once more at the end of the grid, from the initial state, for the whole numbers made of the index
    of the step alone: nothing else there counts.

    Parameters
    ----------
    model : Model
    values : mapping of str to float
        One value for each input.
    forcing : mapping of str to float
        One value for each known series.
    dt : float, years
    n_steps : int
        Steps of the grid.

    Raises
    ------
    ModelError
        One sentence that names the function and the field. Arithmetic errors (a division by zero) are left to the
        run, in which they give an infinity or NaN.
    """
    params = model.params_type(**{name: values[name] for name in model.param_fields})
    shocks = model.shocks_type(**{name: 0.5 if name in model.uniform_shocks else 0.0 for name in model.shock_fields})
    known = () if model.forcing_type is None else (model.forcing_type(**forcing),)
    state = _called("initial", model.initial, (params,), model.state_type)
    if state is None:
        return
    last = n_steps - 1
    _probe("step", model.step, (state, params, shocks, Clock(last * dt, dt, Whole(last)), *known))
    _probe("events", model.events, (state, params, Clock(n_steps * dt, dt, Whole(n_steps))))
    after = _called("step", model.step, (state, params, shocks, Clock(0.0, dt, Whole(0)), *known), model.state_type)
    if after is None:
        return
    happened = _called("events", model.events, (after, params, Clock(dt, dt, Whole(1))), model.events_type)
    for name in model.event_fields if happened is not None else ():
        value, boolean = getattr(happened, name), name in model.boolean_events
        if _is_boolean(value) != boolean:
            rule = "is annotated bool" if boolean else "is annotated float, a margin that is negative when it happens"
            raise ModelError(Problem(f"events: {name}", value, f"{rule}, and came as {type(value).__name__}"))


def _probe(role: str, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """Raise if a whole number would wrap around; whatever else fails is left to the run."""
    try:
        _evaluated(function, arguments)
    except WrapError as error:
        raise _failed(role, function, error) from None
    except Exception:
        return


def _evaluated(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Return what a function returns; numpy is silent about what compiled code is silent about."""
    with np.errstate(all="ignore"):
        result = function(*arguments)
    for value in result if isinstance(result, tuple) else ():
        if isinstance(value, Beyond):
            raise WrapError(BEYOND, value.place)
    return result


def _called(role: str, function: Callable[..., Any], arguments: tuple[Any, ...], due: Any) -> Any:
    """Return what a function of the model returns, checked, or None where arithmetic failed on these values."""
    try:
        result = _evaluated(function, arguments)
    except (ArithmeticError, ValueError):
        return None
    except Exception as error:
        raise _failed(role, function, error) from None
    if not isinstance(result, due):
        rule = f"must return {due.__name__}, and returned {type(result).__name__}"
        raise ModelError(Problem(f"{role}: return value", result, rule))
    for name, value in zip(due._fields, result, strict=True):
        if not (isinstance(value, Real) or _is_boolean(value)) or (_is_boolean(value) and role != "events"):
            raise ModelError(Problem(f"{role}: {name}", value, f"must be a number, and is {type(value).__name__}"))
        if isinstance(value, int) and not SMALLEST <= value <= LARGEST:
            raise ModelError(Problem(f"{role}: {name}", value, BEYOND))
    return result


def _is_boolean(value: object) -> bool:
    return isinstance(value, bool | np.bool_)


def _failed(role: str, function: Callable[..., Any], error: Exception) -> ModelError:
    """Return the error of a user's function as one sentence."""
    frames = traceback.extract_tb(error.__traceback__)
    place = next((each for each in reversed(frames) if each.filename != __file__), frames[-1])
    place = error.place if isinstance(error, WrapError) else place
    inside = role if place.name == function.__name__ else f"{role}: {place.name}"
    remedy = ""
    if isinstance(error, AttributeError) and hasattr(error.obj, "_fields"):
        remedy = did_you_mean(error.name, error.obj._fields)
    problem = Problem(f"{inside} (line {place.lineno})", place.line or function.__qualname__, f"fails: {error}", remedy)
    return ModelError(problem)
