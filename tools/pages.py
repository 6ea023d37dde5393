"""Makes the generated parts of the docs again: what commands print, the pictures they draw, and the registers.

A block ``console`` of a page of docs/ begins with a command, ``$ montecarlo-ai ...``, and holds what it prints; this
runs every such command in the root of the project and puts its answer there. ``python -m tools.pages backtest`` makes
the pages whose names begin so.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import sys
from pathlib import Path

from montecarlo_ai import cli
from montecarlo_ai.analysis.register import register_markdown
from montecarlo_ai.files.loading import load_scenario, preset_names

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(r"```console\n\$ (montecarlo-ai [^\n]*)\n(.*?)```\n", re.DOTALL)


def register_pages() -> dict[Path, str]:
    """Return the register of every preset as the text of its page."""
    return {DOCS / "registers" / f"{name}.md": register_markdown(load_scenario(name)) for name in preset_names()}


def answered(page: str) -> str:
    """Return a page with the answers of its commands made again."""
    return BLOCK.sub(lambda block: f"```console\n$ {block[1]}\n{_answer(block[1])}```\n", page)


def _answer(command: str) -> str:
    """Return what a command prints, without the names of files that it wrote."""
    print(command, file=sys.stderr)
    printed = io.StringIO()
    arguments = shlex.split(command)[1:]
    with contextlib.redirect_stdout(printed):
        code = cli.main(arguments)
    if code != 0:
        raise SystemExit(f"{command}: exit code {code}")
    lines = [line.rstrip() for line in printed.getvalue().splitlines()]
    while lines and (not lines[-1] or any(argument.endswith(lines[-1]) for argument in arguments)):
        lines.pop()
    return "\n".join([*lines, ""])


def main(wanted: str = "") -> None:
    """Make the pages whose names begin with what is wanted."""
    for path, text in register_pages().items():
        if "registers".startswith(wanted):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for path in sorted(DOCS.glob(f"{wanted}*.md")):
        page = path.read_text(encoding="utf-8")
        made = answered(page)
        if made != page:
            path.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:2])
