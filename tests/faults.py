"""Bad input by section: what is done, the error that comes of it and the field that it names.

Run as a program (``python -m tests.faults``), this writes docs/faults.md from the errors themselves.
"""

from __future__ import annotations

import math
import re
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import scipy.stats

from montecarlo_ai import memory
from montecarlo_ai.assumptions import MissingProvenanceWarning
from montecarlo_ai.dependence.correlation import Correlation
from montecarlo_ai.distributions import Empirical, LogNormal, Metalog, Mixture, Normal, Triangular, Uniform
from montecarlo_ai.errors import InputError, MonteCarloAIError, NumericalError, ScenarioError
from montecarlo_ai.files.document import preset_content
from montecarlo_ai.files.loading import load_scenario
from montecarlo_ai.inputs import Inputs
from montecarlo_ai.model import Clock, Model
from montecarlo_ai.risk import runs_out_of_chips
from montecarlo_ai.scenario import Scenario
from montecarlo_ai.simulation import simulate
from montecarlo_ai.summary import summarize
from montecarlo_ai.timegrid import TimeGrid
from tests import models
from tests.lab_faults import CONTRADICTIONS

PAGE = Path(__file__).parent.parent / "docs" / "faults.md"
PRESET = "openai-2025-12"


@dataclass(frozen=True)
class Fault:
    """One row: a section of the page, what is done, how, and what comes of it."""

    section: str
    what: str
    provoke: Callable[[], object]
    error: type[MonteCarloAIError]
    field: str


def file(content: str | bytes, **more: Any) -> Callable[[], object]:
    """Return the loading of a file of this content, called mine.toml."""

    def load() -> object:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "mine.toml"
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", MissingProvenanceWarning)
                return load_scenario(path, **more)

    return load


def changed(old: str, new: str) -> Callable[[], object]:
    """Return the loading of the preset with a piece of its text replaced."""
    text = preset_content(PRESET).decode()
    assert old in text, old
    return file(text.replace(old, new, 1))


def child(text: str) -> Callable[[], object]:
    return file(f'schema_version = 1\nbase = "{PRESET}"\n{text}')


def linked() -> object:
    """Load a file whose base is a link to a file in another folder."""
    with tempfile.TemporaryDirectory() as inside, tempfile.TemporaryDirectory() as outside:
        (Path(outside) / "base.toml").write_bytes(preset_content(PRESET))
        (Path(inside) / "base.toml").symlink_to(Path(outside) / "base.toml")
        (Path(inside) / "mine.toml").write_text('schema_version = 1\nbase = "base.toml"', encoding="utf-8")
        return load_scenario(Path(inside) / "mine.toml")


def cash(key: str, value: str) -> Callable[[], object]:
    """Return the loading of a file that states one input by a log-normal, one key of it otherwise."""
    keys = {"distribution": '"lognormal"', "mu": "24.0", "sigma": "0.2", key: value}
    return child("[inputs.base_cash]\n" + "".join(f"{name} = {text}\n" for name, text in keys.items()))


def related(correlation: Any, copula: Any = "gaussian") -> Callable[[], object]:
    values = {"growth": Normal(0.1, 0.1), "churn": Uniform(0.0, 1.0), "price": Normal(1.0, 0.1), "fee": 1.0}
    return lambda: Inputs(values, correlation=correlation, copula=copula)


def matrix(*rows: list[float]) -> Callable[[], object]:
    return lambda: Correlation.from_matrix(["growth", "churn"], list(rows))


def run(**arguments: Any) -> Callable[[], object]:
    return lambda: simulate(models.walk(), **{"n_paths": 256, "seed": 1, **arguments})


def beyond_memory() -> object:
    """Ask for more than a small machine would have."""
    there, memory.available_memory = memory.available_memory, lambda: 2**25
    try:
        return simulate(models.walk(), n_paths=10**6, seed=1)
    finally:
        memory.available_memory = there


def exploding() -> object:
    def step(state: models.Cash, params: models.WalkParams, shocks: models.CashShock, clock: Clock) -> models.Cash:
        return models.Cash(state.cash * 1e200 * math.sqrt(clock.dt + params.drift))

    model = Model(step, initial=models.walk_initial, events=models.walk_events)
    inputs = Inputs({"drift": 0.1, "volatility": 0.5})
    return simulate(Scenario(model, inputs=inputs, time=TimeGrid("2026-01-01", years=1)), n_paths=10, seed=1)


def unsound(kind: str) -> object:
    return simulate(models.bursting_walk(kind), n_paths=10, seed=1)


FILES, DISTRIBUTIONS, ARGUMENTS, NUMERICS = "Scenario files", "Distributions", "Arguments", "Numerics"
LAB = "Labs that contradict themselves"
FAULTS = (
    *(Fault(LAB, what, child(text), ScenarioError, field) for what, text, field in CONTRADICTIONS),
    Fault(FILES, "an unknown key", changed("title =", "tilte ="), ScenarioError, "tilte"),
    Fault(FILES, "a field that is missing", changed('model = "lab"', ""), ScenarioError, "model"),
    Fault(FILES, "a key twice", changed("years = 5", "years = 5\nyears = 6"), ScenarioError, "scenario"),
    Fault(FILES, "not UTF-8", file(b"a = 1\n# \xff"), ScenarioError, "scenario"),
    Fault(FILES, "a byte order mark", file(b"\xef\xbb\xbfa = 1"), ScenarioError, "scenario"),
    Fault(FILES, "a control character", file(b'a = "\x01"'), ScenarioError, "scenario"),
    Fault(FILES, "thousands of levels", file(b"a = " + b"[" * 5000), ScenarioError, "scenario"),
    Fault(FILES, "more than a MiB", file(b"#" * (2**20 + 1)), ScenarioError, "scenario"),
    Fault(FILES, "nan", changed("years = 5", "years = nan"), ScenarioError, "time.years"),
    Fault(FILES, "1e400", changed("years = 5", "years = 1e400"), ScenarioError, "time.years"),
    Fault(FILES, "a boolean for a number", changed("years = 5", "years = true"), ScenarioError, "time.years"),
    Fault(
        FILES,
        "half a step",
        changed("steps_per_year = 12", "steps_per_year = 2.5"),
        ScenarioError,
        "time.steps_per_year",
    ),
    Fault(FILES, "5,000 digits", changed("years = 5", f"years = {'9' * 5000}"), ScenarioError, "scenario"),
    Fault(FILES, "a base outside its folder", file('schema_version = 1\nbase = "../x.toml"'), ScenarioError, "base"),
    Fault(FILES, "a newer version", file("schema_version = 2"), ScenarioError, "schema_version"),
    Fault(FILES, "code", changed('model = "lab"', 'model = "walk:model"'), ScenarioError, "model"),
    Fault(
        FILES,
        "units that do not convert",
        child('[inputs.churn]\nvalue = 1\nunits = "USD"'),
        ScenarioError,
        "inputs.churn.units",
    ),
    Fault(
        FILES,
        "an input that is none",
        child('[inputs.chrun]\nvalue = 1\nunits = "1/year"'),
        ScenarioError,
        "inputs.chrun",
    ),
    Fault(
        FILES,
        "a source that is none",
        child('[inputs.churn]\nvalue = 1\nsource = "x"'),
        ScenarioError,
        "inputs.churn.source",
    ),
    Fault(FILES, "inf", cash("mu", "inf"), ScenarioError, "inputs.base_cash.mu"),
    Fault(FILES, "text for a number", cash("sigma", '"0.2"'), ScenarioError, "inputs.base_cash.sigma"),
    Fault(FILES, "a negative sigma", cash("sigma", "-1"), ScenarioError, "inputs.base_cash.sigma"),
    Fault(FILES, "an absolute base", file('schema_version = 1\nbase = "/etc/x.toml"'), ScenarioError, "base"),
    Fault(FILES, "a base that is a link out of its folder", linked, ScenarioError, "base"),
    Fault(
        FILES,
        "a percentage for a fraction",
        child("[inputs.base_paying_share]\nvalue = 5.0"),
        ScenarioError,
        "inputs.base_paying_share",
    ),
    Fault(
        FILES,
        "FLOP/s for H100e",
        child("[inputs.base_capacity]\nvalue = 1.7e21"),
        ScenarioError,
        "inputs.base_capacity",
    ),
    Fault(
        FILES,
        "FLOP where H100e belong",
        child('[inputs.base_capacity]\nvalue = 1.7e21\nunits = "FLOP"'),
        ScenarioError,
        "inputs.base_capacity.units",
    ),
    Fault(DISTRIBUTIONS, "nan", lambda: Normal(math.nan, 1.0), InputError, "Normal.mean"),
    Fault(DISTRIBUTIONS, "inf", lambda: Uniform(0.0, math.inf), InputError, "Uniform.high"),
    Fault(DISTRIBUTIONS, "tied quantiles", lambda: Normal.from_interval(1.0, 1.0), InputError, "Normal.interval"),
    Fault(DISTRIBUTIONS, "a level of 90", lambda: Normal.from_interval(1.0, 2.0, 90), InputError, "Normal.level"),
    Fault(
        DISTRIBUTIONS,
        "a metalog whose quantiles descend",
        lambda: Metalog.from_quantiles({0.1: 1.0, 0.5: 1.1, 0.9: 9.0}),
        InputError,
        "Metalog",
    ),
    Fault(
        DISTRIBUTIONS,
        "a frozen distribution of arrays",
        lambda: Inputs({"a": scipy.stats.norm([0.0, 1.0])}),
        InputError,
        "inputs.a",
    ),
    Fault(DISTRIBUTIONS, "a matrix not symmetric", matrix([1.0, 0.2], [0.3, 1.0]), InputError, "matrix"),
    Fault(DISTRIBUTIONS, "a diagonal of .9", matrix([1.0, 0.2], [0.2, 0.9]), InputError, "matrix"),
    Fault(
        DISTRIBUTIONS,
        "correlations impossible together",
        related({("growth", "churn"): 0.9, ("growth", "price"): 0.9, ("churn", "price"): -0.9}),
        InputError,
        "correlation",
    ),
    Fault(
        DISTRIBUTIONS,
        "a correlation with a constant",
        related({("growth", "fee"): 0.5}),
        InputError,
        "correlation[fee, growth]",
    ),
    Fault(DISTRIBUTIONS, "a t copula of -1", related({("growth", "churn"): 0.5}, ("t", -1.0)), InputError, "copula"),
    Fault(DISTRIBUTIONS, "a negative spread", lambda: LogNormal(0.0, -1.0), InputError, "LogNormal.sigma"),
    Fault(
        DISTRIBUTIONS, "quantiles out of order", lambda: Normal.from_interval(2.0, 1.0), InputError, "Normal.interval"
    ),
    Fault(
        DISTRIBUTIONS,
        "a probability of one",
        lambda: Normal.from_quantiles({0.5: 0.0, 1.0: 1.0}),
        InputError,
        "Normal.quantiles",
    ),
    Fault(
        DISTRIBUTIONS,
        "a log-normal below zero",
        lambda: LogNormal.from_interval(-1.0, 1.0),
        InputError,
        "LogNormal.interval",
    ),
    Fault(
        DISTRIBUTIONS, "truncation to nothing", lambda: Uniform(0.0, 1.0).truncate(2.0, 3.0), InputError, "Truncated"
    ),
    Fault(DISTRIBUTIONS, "a mode outside", lambda: Triangular(0.0, 2.0, 1.0), InputError, "Triangular.mode"),
    Fault(
        DISTRIBUTIONS,
        "weights of .9",
        lambda: Mixture([Normal(0.0, 1.0), 1.0], [0.5, 0.4]),
        InputError,
        "Mixture.weights",
    ),
    Fault(DISTRIBUTIONS, "an empty sample", lambda: Empirical([]), InputError, "Empirical.values"),
    Fault(
        DISTRIBUTIONS,
        "a correlation of 2",
        lambda: Inputs({"a": Normal(0, 1), "b": Normal(0, 1)}, correlation={("a", "b"): 2.0}),
        InputError,
        "correlation[a, b]",
    ),
    Fault(
        DISTRIBUTIONS,
        "a correlation of a stranger",
        lambda: Inputs({"a": Normal(0, 1)}, correlation={("a", "b"): 0.5}),
        InputError,
        "correlation[a, b]",
    ),
    Fault(ARGUMENTS, "no paths", lambda: simulate(models.walk(), n_paths=0), InputError, "n_paths"),
    Fault(ARGUMENTS, "half a path", lambda: simulate(models.walk(), n_paths=2.5), InputError, "n_paths"),
    Fault(ARGUMENTS, "True paths", lambda: simulate(models.walk(), n_paths=True), InputError, "n_paths"),
    Fault(
        ARGUMENTS,
        "more paths than there are",
        lambda: simulate(models.walk(), n_paths=10**11 + 1),
        InputError,
        "n_paths",
    ),
    Fault(ARGUMENTS, "-1 paths", run(n_paths=-1), InputError, "n_paths"),
    Fault(ARGUMENTS, "more than memory holds", beyond_memory, InputError, "n_paths"),
    Fault(ARGUMENTS, "a seed of True", run(seed=True), InputError, "seed"),
    Fault(ARGUMENTS, 'a seed of "5"', run(seed="5"), InputError, "seed"),
    Fault(ARGUMENTS, "a seed of 2**63", run(seed=2**63), InputError, "seed"),
    Fault(ARGUMENTS, "a variable that is none", run(variables=["cahs"]), InputError, "variables"),
    Fault(ARGUMENTS, "a sampler that is none", run(sampler="sobl"), InputError, "sampler"),
    Fault(ARGUMENTS, "more replicates than paths", run(sampler="sobol", replicates=512), InputError, "replicates"),
    Fault(
        ARGUMENTS,
        "a quantile above one",
        lambda: summarize(models.walk(), n_paths=256, quantiles=[1.5]),
        InputError,
        "quantiles[0]",
    ),
    Fault(
        ARGUMENTS,
        "a date outside the grid",
        lambda: runs_out_of_chips(simulate(models.walk(), n_paths=256, seed=1), at="2099-01-01"),
        InputError,
        "at",
    ),
    Fault(
        ARGUMENTS,
        "a negative step",
        lambda: TimeGrid("2026-01-01", years=1, steps_per_year=-12),
        InputError,
        "time.steps_per_year",
    ),
    Fault(
        ARGUMENTS,
        "an overlay that is none",
        lambda: load_scenario(PRESET).with_overlays("price-wars"),
        ScenarioError,
        "overlay",
    ),
    Fault(ARGUMENTS, "a preset that is none", lambda: load_scenario("openai-2025-11"), ScenarioError, "scenario"),
    Fault(ARGUMENTS, "a negative seed", lambda: simulate(models.walk(), n_paths=9, seed=-1), InputError, "seed"),
    Fault(ARGUMENTS, "a seed of 5.0", lambda: simulate(models.walk(), n_paths=9, seed=5.0), InputError, "seed"),
    Fault(ARGUMENTS, "no horizon", lambda: TimeGrid("2026-01-01", years=0), InputError, "time.years"),
    Fault(ARGUMENTS, "a horizon of half a step", lambda: TimeGrid("2026-01-01", years=1.05), InputError, "time.years"),
    Fault(NUMERICS, "a state that leaves the numbers", exploding, NumericalError, "cash = inf on path 0 at step 2"),
    Fault(NUMERICS, "a margin that is no number", lambda: unsound("margin"), NumericalError, "events"),
)


def provoked(fault: Fault) -> MonteCarloAIError:
    """Return the error of a fault; any other that comes is raised."""
    try:
        fault.provoke()
    except MonteCarloAIError as error:
        return error
    raise AssertionError(f"{fault.what}: no error")


def message(error: MonteCarloAIError) -> str:
    """Return the first sentence of an error, without what depends on the machine."""
    text = str(error).split("\n")[0]
    text = re.sub(r"'?/[^ ']*mine\.toml'?", "'mine.toml'", text)
    text = re.sub(r"(the folder of the file that names it, )[^;]*", r"\1FOLDER", text)
    text = re.sub(rf"a link to {re.escape(tempfile.gettempdir())}/\w+", "a link to OUTSIDE", text)
    text = re.sub(rf"{PRESET} line \d+", f"{PRESET} line N", text)
    text = re.sub(r"-?\d+\.\d{6,}", lambda digits: f"{float(digits[0]):.4g}", text)
    text = re.sub(r"and [\d,]+ \([\d,.]+ GiB\) are available", "and ... are available", text)
    return text.replace("|", "\\|").replace("<", "&lt;")


def page() -> str:
    """Return the page of faults."""
    lines = [
        "# What comes of bad input",
        "",
        "One sentence names the field, the value that came, the rule, and the way out; all problems of a scenario come",
        "at once, before anything is compiled or written, and the command ends with exit code 2 (1 for numerics).",
        "`python -m tests.faults` writes this page from the errors themselves; the first sentence of each is shown.",
    ]
    for section in (FILES, LAB, DISTRIBUTIONS, ARGUMENTS, NUMERICS):
        lines += ["", f"## {section}", "", "| what | error | message |", "|---|---|---|"]
        for fault in (fault for fault in FAULTS if fault.section == section):
            error = provoked(fault)
            lines.append(f"| {fault.what} | `{type(error).__name__}` | {message(error)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
