"""The words of the command line that look into a scenario: one path, its assumptions, and what follows from a run."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from montecarlo_ai.checks import LARGEST_SEED, Checks, nearest
from montecarlo_ai.command_arguments import (
    SCENARIO,
    add_scenario_arguments,
    add_setting_argument,
    say,
    scenario_of,
    whole_number,
)
from montecarlo_ai.errors import invalid

if TYPE_CHECKING:
    import xarray as xr

    from montecarlo_ai.scenario import Scenario

__all__ = ["COMMANDS", "add_commands"]

FORECAST = f"{SCENARIO}; or a folder or file of an archive"
DEFAULT_PATHS = 20_000
DEFAULT_SEED = 0
OUTCOMES = "Dots: published figures, those after the dashed line not known to the forecast."
LARGEST_PATHS = 10_000_000
"""An ensemble is kept in memory for these."""


def add_commands(commands: Any) -> None:
    """Add these words to the parsers of the command.

    Parameters
    ----------
    commands
        What `argparse.ArgumentParser.add_subparsers` returned.
    """
    explain = _word(commands, "explain", "show one path, step by step, every flow of cash, adding up")
    explain.add_argument("--path", metavar="P", default="0", help="label of the path (default 0)")
    explain.add_argument("--by-year", action="store_true", help="years, not steps")
    explain.add_argument("--csv", metavar="FILE", help="write what is shown to a file as well, in USD")
    _add_seed(explain)

    listed = _word(commands, "register", "list every assumption with its distribution, source and grade")
    listed.add_argument("--markdown", action="store_true", help="a page of Markdown, with every rationale")

    backtest = _word(commands, "backtest", "score forecasts against what happened", FORECAST)
    backtest.add_argument("--history", metavar="ENTITY", help="whose figures (default: those of the scenario's entity)")
    backtest.add_argument(
        "--fan",
        metavar="STATE=FILE",
        action="append",
        default=[],
        help="draw the fan of a state with what happened, such as revenue=fan.svg; may be repeated",
    )
    exposure = _word(commands, "exposure", "show what each counterparty stands to lose when the lab runs out")
    exposure.add_argument("--event", metavar="NAME", default="cash", help="way to run out, or any (default cash)")
    corridor = _word(commands, "corridor", "show the ways to run out against the pace of commitments")
    corridor.add_argument("--vary", metavar="INPUT", default="contract_size", help="what is multiplied")
    corridor.add_argument("--paces", metavar="LIST", help="by what, rising, such as 0.5,0.75,1,1.5")
    corridor.add_argument(
        "--event", metavar="NAME", action="append", help="whose least is looked for; may be repeated (default: all)"
    )
    outlooks = _word(commands, "outlooks", "compare with the plans and figures of others")
    for command in (backtest, exposure, corridor, outlooks):
        _add_seed(command)
        command.add_argument("--paths", metavar="N", default=str(DEFAULT_PATHS), help=f"(default {DEFAULT_PATHS:,})")
    for command in (backtest, exposure, corridor):
        command.add_argument("--plot", metavar="FILE", help="draw it into a .png, .svg or .pdf")


def _word(commands: Any, name: str, what: str, scenario: str = SCENARIO) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=what, allow_abbrev=False)
    add_scenario_arguments(command, scenario)
    add_setting_argument(command)
    return command


def _add_seed(command: argparse.ArgumentParser) -> None:
    command.add_argument("--seed", metavar="S", default=str(DEFAULT_SEED), help=f"(default {DEFAULT_SEED})")


def _numbers(arguments: argparse.Namespace) -> tuple[int, int]:
    """Return paths and seed after checking them and the places of files."""
    from montecarlo_ai.artifacts import chart_problems, file_problems

    checks = Checks()
    n_paths = whole_number(checks, "--paths", getattr(arguments, "paths", "1"), 1, LARGEST_PATHS)
    seed = whole_number(checks, "--seed", arguments.seed, 0, LARGEST_SEED)
    if getattr(arguments, "plot", None) is not None:
        checks.problems += chart_problems(Path(arguments.plot), "--plot")
    for fan in getattr(arguments, "fan", ()):
        state, _, file = fan.partition("=")
        if not state or not file:
            checks.add("--fan", fan, "must be a state and a file", "such as revenue=fan.svg")
        else:
            checks.problems += chart_problems(Path(file), "--fan")
    table = getattr(arguments, "csv", None)
    if table == "":
        checks.add("--csv", table, "must name a file", "such as path.csv")
    elif table is not None:
        checks.problems += file_problems(Path(table), "--csv", "path.csv")
    checks.finish()
    return n_paths, seed


def _explain(arguments: argparse.Namespace) -> int:
    from montecarlo_ai.analysis.statement import by_year, cash_statement, statement_text, write_statement
    from montecarlo_ai.artifacts import whole_file

    _, seed = _numbers(arguments)
    checks = Checks()
    path = whole_number(checks, "--path", arguments.path, 0, 2**63 - 1)
    checks.finish()
    statement = cash_statement(scenario_of(arguments), path, seed=seed)
    if arguments.by_year:
        statement = by_year(statement)
    say(statement_text(statement))
    if arguments.csv is not None:
        with whole_file(Path(arguments.csv)) as beside:
            write_statement(statement, beside)
        say(f"\n{arguments.csv}")
    return 0


def _register(arguments: argparse.Namespace) -> int:
    from montecarlo_ai.analysis.register import register, register_markdown, register_text

    scenario = scenario_of(arguments)
    page = register_markdown(scenario) if arguments.markdown else register_text(register(scenario))
    say(page.removesuffix("\n"))
    return 0


def _backtest(arguments: argparse.Namespace) -> int:
    from montecarlo_ai import plot
    from montecarlo_ai.analysis.backtesting import backtest
    from montecarlo_ai.analysis.text import backtest_text
    from montecarlo_ai.files.loading import preset_names
    from montecarlo_ai.plot.ranks import height_of

    n_paths, seed = _numbers(arguments)
    name = arguments.scenario
    filed = name not in preset_names() and (Path(name).is_dir() or Path(name).suffix == ".nc")
    checks = Checks()
    for option in ("overlays", "set", "allow_code"):
        if filed and getattr(arguments, option):
            word = {"overlays": "--with", "allow_code": "--allow-code"}.get(option, f"--{option}")
            checks.add(word, getattr(arguments, option), "does not go with an archive, whose forecasts are made")
    checks.finish()
    forecast = name if filed else scenario_of(arguments)
    _check_fans(arguments, forecast)
    found = backtest(forecast, arguments.history, n_paths=n_paths, seed=seed)
    say(backtest_text(found))
    _drawn(arguments.plot, partial(plot.backtest, found), height_of(found))
    for state, _, file in (fan.partition("=") for fan in arguments.fan):
        data, past = _seen(forecast, state, str(found.attrs["history"]), n_paths, seed)
        _drawn(file, partial(plot.fan, data, state, history=past, note=OUTCOMES))
    return 0


def _check_fans(arguments: argparse.Namespace, forecast: Scenario | str) -> None:
    """Raise if a fan is asked for of a state that the forecast does not have."""
    from montecarlo_ai.analysis.archive import read_archive

    if not arguments.fan:
        return
    if isinstance(forecast, str):
        filed = read_archive(forecast)[-1]
        states = [str(name) for name in filed.data_vars if f"{name}_error" in filed]
    else:
        states = list(forecast.model.state_fields)
    checks = Checks()
    for fan in arguments.fan:
        state = fan.partition("=")[0]
        if state not in states:
            checks.add("--fan", state, "is no state of the forecast", nearest(state, states))
    checks.finish()


def _seen(
    forecast: Scenario | str, state: str, history: str, n_paths: int, seed: int
) -> tuple[xr.Dataset, xr.DataArray | None]:
    """Return a forecast up to the end of the year after the last outcome of a state, and those outcomes."""
    from montecarlo_ai.analysis.archive import read_archive
    from montecarlo_ai.analysis.observations import outcomes
    from montecarlo_ai.simulation import simulate

    past = outcomes(history, state)
    if isinstance(forecast, str):
        data = read_archive(forecast)[-1]
    else:
        data = simulate(forecast, n_paths=n_paths, seed=seed, variables=[state])
    if past is None:
        return data, None
    last = max(past["time"].values[-1], data["time"].values[1])
    return data.sel(time=slice(None, (last.astype("datetime64[Y]") + 2).astype("datetime64[s]"))), past


def _exposure(arguments: argparse.Namespace) -> int:
    from montecarlo_ai import plot
    from montecarlo_ai.analysis.exposures import exposure
    from montecarlo_ai.analysis.text import exposure_text

    n_paths, seed = _numbers(arguments)
    found = exposure(scenario_of(arguments), event=arguments.event, n_paths=n_paths, seed=seed)
    say(exposure_text(found))
    if arguments.plot is not None and int(found["count"].values[-1]) == 0:
        say("\nNo chart: the event happens on no path.")
        return 0
    _drawn(arguments.plot, partial(plot.exposure, found))
    return 0


def _corridor(arguments: argparse.Namespace) -> int:
    from montecarlo_ai import plot
    from montecarlo_ai.analysis.corridors import corridor
    from montecarlo_ai.analysis.text import corridor_text

    n_paths, seed = _numbers(arguments)
    found = corridor(
        scenario_of(arguments),
        paces=_paces(arguments.paces),
        vary=arguments.vary,
        event=arguments.event[0] if arguments.event == ["any"] else arguments.event,
        n_paths=n_paths,
        seed=seed,
    )
    say(corridor_text(found))
    _drawn(arguments.plot, partial(plot.corridor, found))
    return 0


def _paces(text: str | None) -> tuple[float, ...]:
    """Return the paces that a list names; those of the library if there is none."""
    from montecarlo_ai.analysis.corridors import PACES

    if text is None:
        return PACES
    try:
        return tuple(float(pace) for pace in text.split(","))
    except ValueError:
        raise invalid("--paces", text, "must be numbers with commas between them", "such as 0.5,0.75,1,1.5") from None


def _outlooks(arguments: argparse.Namespace) -> int:
    from montecarlo_ai.analysis.outlooks import outlook_variables, outlooks
    from montecarlo_ai.analysis.text import outlooks_text
    from montecarlo_ai.simulation import simulate

    n_paths, seed = _numbers(arguments)
    scenario = scenario_of(arguments)
    ensemble = simulate(scenario, n_paths=n_paths, seed=seed, variables=outlook_variables(scenario))
    say(outlooks_text(outlooks(ensemble)))
    return 0


def _drawn(file: str | None, draw: Callable[..., object], height: float | None = None) -> None:
    """Draw a chart into the file that was asked for, if one was."""
    from montecarlo_ai.artifacts import new_axes, save_chart

    if file is None:
        return
    axes = new_axes() if height is None else new_axes(height)
    draw(ax=axes)
    save_chart(axes, Path(file))
    say(f"\n{file}")


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "explain": _explain,
    "register": _register,
    "backtest": _backtest,
    "exposure": _exposure,
    "corridor": _corridor,
    "outlooks": _outlooks,
}
"""What each of these words does, given its arguments."""
