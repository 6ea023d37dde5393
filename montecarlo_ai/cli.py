"""The command ``montecarlo-ai``: runs a scenario, prints the answers, writes the files.

Everything that a user states is checked before anything is computed, and everything is computed before anything
is written. Exit codes: 0 done; 1 a run failed, or something is wrong with this machine; 2 bad input, nothing written;
130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from montecarlo_ai._version import __version__
from montecarlo_ai.checks import LARGEST_SEED, LARGEST_THREADS, Checks
from montecarlo_ai.command_arguments import add_scenario_arguments, add_setting_argument, say, scenario_of, whole_number
from montecarlo_ai.commands import COMMANDS, add_commands
from montecarlo_ai.errors import InputError, MonteCarloAIError

if TYPE_CHECKING:
    from montecarlo_ai.scenario import Scenario

__all__ = ["main"]

DONE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
DEFAULT_PATHS = 100_000
LARGEST_PATHS = 10**11
PAIRED_PATHS = 100_000
RUNS = "montecarlo-ai-runs"


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit code of the command.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of the process if not given.
    """
    _open_streams()
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as stop:
        return int(stop.code or 0)
    try:
        return _COMMANDS[arguments.command](arguments)
    except InputError as error:
        for problem in error.problems:
            say(f"montecarlo-ai: {problem}", to=sys.stderr)
        return BAD_INPUT
    except (MonteCarloAIError, OSError, MemoryError) as error:
        say(f"montecarlo-ai: the run failed: {error or type(error).__name__}", to=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        say("montecarlo-ai: interrupted, nothing written", to=sys.stderr)
        return INTERRUPTED


def _open_streams() -> None:
    """Make stdout and stderr ready for any text: those that the process was started without drop it."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="montecarlo-ai", description="Monte Carlo of AI-lab economics: when does a lab run out of chips?"
    )
    parser.add_argument("--version", action="version", version=f"montecarlo-ai {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("scenarios", help="list the presets and the overlays", allow_abbrev=False)
    commands.add_parser("doctor", help="look at this machine and installation", allow_abbrev=False)
    validate = commands.add_parser(
        "validate", help="check a scenario file: everything that is wrong, or what it says", allow_abbrev=False
    )
    run = commands.add_parser("run", help="run a scenario, print the answers and write the files", allow_abbrev=False)
    for command in (validate, run):
        add_scenario_arguments(command)
    add_setting_argument(run)
    run.add_argument("--paths", metavar="N", default=str(DEFAULT_PATHS), help=f"paths (default {DEFAULT_PATHS:,})")
    run.add_argument("--seed", metavar="S", help="0 to 2**63 - 1; drawn and recorded if not given")
    run.add_argument("--out", metavar="DIR", help=f"folder to write into (default {RUNS}/SCENARIO-seedS)")
    run.add_argument("--overwrite", action="store_true", help="write into a folder that is not empty")
    run.add_argument("--archive", metavar="FOLDER", help="file the summary there under its date, to be scored later")
    run.add_argument("--no-plots", action="store_true", help="write no charts")
    run.add_argument("--threads", metavar="T", help="threads (default: all processors)")
    add_commands(commands)
    return parser


def _list_scenarios(arguments: argparse.Namespace) -> int:
    from montecarlo_ai.files.loading import load_scenario, preset_names
    from montecarlo_ai.files.overlays import overlay_names, overlay_title
    from montecarlo_ai.tabular import table

    rows = []
    for name in preset_names():
        scenario = load_scenario(name)
        title = str((scenario.document or {}).get("title", ""))
        rows.append((name, str(scenario.time.start)[:10], f"{scenario.time.years:g}", title))
    say(table(("scenario", "start", "years", "title"), rows, right=(2,)))
    say()
    say(table(("overlay", "title"), [(name, overlay_title(name)) for name in overlay_names()]))
    return DONE


def _validate(arguments: argparse.Namespace) -> int:
    """Print what a file says, or everything that is wrong with it, one a line."""
    from montecarlo_ai.console import scenario_text

    try:
        scenario = scenario_of(arguments)
    except InputError as error:
        for problem in error.problems:
            say(problem, to=sys.stderr)
        count = len(error.problems)
        say(f"{arguments.scenario}: {count} problem{'s' if count > 1 else ''}", to=sys.stderr)
        return BAD_INPUT
    say(f"{arguments.scenario}: sound\n\n{scenario_text(scenario)}")
    return DONE


def _doctor(arguments: argparse.Namespace) -> int:
    from montecarlo_ai.doctor import diagnose, diagnosis_text

    found = diagnose()
    say(diagnosis_text(found))
    return FAILED if found.problems else DONE


def _run(arguments: argparse.Namespace) -> int:
    from montecarlo_ai.analysis.archive import archive_summary
    from montecarlo_ai.analysis.observations import observed_variables
    from montecarlo_ai.artifacts import FANS, Workshop, publish, write_run
    from montecarlo_ai.console import assumptions_text, headline_text
    from montecarlo_ai.headline import Throughput, headline, sooner_without_training_growth, variables_needed

    scenario, n_paths, seed, threads, folder = _checked(arguments)
    say(assumptions_text(scenario))

    from montecarlo_ai.summary import summarize

    paired = min(n_paths, PAIRED_PATHS)
    sooner = sooner_without_training_growth(scenario, n_paths=paired, seed=seed, threads=threads)
    drawn = (name for name in FANS if name in scenario.model.state_fields)
    filed = observed_variables(scenario) if arguments.archive is not None else ()
    variables = tuple(dict.fromkeys((*drawn, *variables_needed(scenario), *filed)))
    began = time.perf_counter()
    summary = summarize(
        scenario,
        n_paths=n_paths,
        seed=seed,
        variables=variables or scenario.model.outputs,
        threads=threads,
    )
    throughput = Throughput(n_paths, scenario.time.n_steps, time.perf_counter() - began)
    found = headline(scenario, summary, sooner=sooner)
    say(f"\n{headline_text(found, seed=seed, throughput=throughput)}")
    with Workshop(folder) as made:
        write_run(made, scenario, summary, plots=not arguments.no_plots)
        # First, since it may refuse what it holds of another run; nothing else is written then.
        filed_at = [] if arguments.archive is None else [archive_summary(summary, arguments.archive)]
        files = [*publish(made, folder, overwrite=arguments.overwrite), *filed_at]
    say("\nfiles")
    for file in files:
        say(f"  {file}")
    return DONE


def _checked(arguments: argparse.Namespace) -> tuple[Scenario, int, int, int | None, Path]:
    """Return scenario, paths, seed, threads and folder after checking them all.

    Raises
    ------
    InputError
        All that is wrong, at once.
    """
    from montecarlo_ai.artifacts import output_problems
    from montecarlo_ai.headline import interview_loss

    checks = Checks()
    n_paths = whole_number(checks, "--paths", arguments.paths, 1, LARGEST_PATHS)
    seed = secrets.randbits(32)
    if arguments.seed is not None:
        seed = whole_number(checks, "--seed", arguments.seed, 0, LARGEST_SEED)
    threads = None
    if arguments.threads is not None:
        threads = whole_number(checks, "--threads", arguments.threads, 1, LARGEST_THREADS)
    scenario = None
    try:
        scenario = scenario_of(arguments)
        interview_loss(scenario)
    except InputError as error:
        checks.problems += error.problems
    folder = Path(RUNS)
    if arguments.out is not None:
        folder = Path(arguments.out)
    elif scenario is not None:
        folder /= f"{re.sub(r'[^A-Za-z0-9._-]+', '-', scenario.name).strip('.-') or 'scenario'}-seed{seed}"
    if arguments.out == "":
        checks.add("--out", "", "must name a folder")
    elif arguments.out is not None or scenario is not None:
        checks.problems += output_problems(folder, overwrite=arguments.overwrite)
    if arguments.archive == "":
        checks.add("--archive", "", "must name a folder")
    elif arguments.archive is not None:
        checks.problems += output_problems(Path(arguments.archive), "--archive", overwrite=True)
    checks.finish()
    assert scenario is not None
    return scenario, n_paths, seed, threads, folder


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "scenarios": _list_scenarios,
    "validate": _validate,
    "run": _run,
    "doctor": _doctor,
    **COMMANDS,
}


if __name__ == "__main__":
    sys.exit(main())
