"""Promises of structure: a light import, imports that run one way, public names that exist and say what they are."""

import ast
import graphlib
import inspect
import pydoc
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import montecarlo_ai as mc

PACKAGE = Path(mc.__file__).parent

# From the lowest layer up; a module imports only from its own layer and those above it in this list, never in a circle.
LAYERS = (
    ("_version", "errors", "suggest", "lazy", "frozen", "checks", "tabular", "units", "bounds"),
    ("areas", "memory", "processors", "intervals", "math", "functions", "fingerprints", "streams"),
    ("declaration", "model", "timegrid", "known_series"),
    ("kernels",),
    ("distributions",),
    ("dependence",),
    ("input_rows", "inputs"),
    ("lab",),
    ("wrapping", "dry_run", "assumptions", "assumption_table", "scenario", "files"),
    ("samplers", "engine", "ensemble", "arguments", "simulation", "histogram", "pilot", "summary", "warming"),
    ("passages", "risk"),
    ("analysis",),
    ("headline", "plot"),
    ("artifacts", "console", "doctor", "command_arguments", "commands", "cli", "__main__"),
)
RANKS = {module: rank for rank, layer in enumerate(LAYERS) for module in layer}
LATE = ("xarray", "numba", "scipy", "matplotlib", "pydantic", "pandas")


def modules() -> dict[str, Path]:
    """Dotted names below the package ("lab.demand"; a package's own file is "lab") and their files."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if name:
            found[name] = path
    return found


MODULES = modules()


def imports(name: str) -> Iterator[str]:
    """Names of modules of the package that a module imports, wherever in the file it does."""
    path = MODULES[name]
    here = ["montecarlo_ai", *name.split(".")]
    package = here if path.name == "__init__.py" else here[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*start, *([node.module] if node.module else [])])
            targets = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        for target in targets:
            inside = target.removeprefix("montecarlo_ai.")
            if inside == target:
                continue
            while inside and inside not in MODULES:
                inside = inside.rpartition(".")[0]
            if inside and inside != name:
                yield inside


def test_import_stays_light() -> None:
    program = f"import sys, montecarlo_ai; print(*sorted(set({LATE!r}) & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == []


def top(name: str) -> str:
    """Module or package right below the library that a dotted name belongs to."""
    return name.partition(".")[0]


def test_every_module_has_its_layer() -> None:
    assert {top(name) for name in MODULES} == set(RANKS)


def test_the_page_of_the_house_shows_the_layers() -> None:
    page = (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    lines = [line for line in page.split("```")[1].splitlines() if line and not line.startswith(" ")]
    shown = [{name.rstrip("/") for name in line.partition("   ")[0].split()} for line in lines]
    assert shown == [set(layer) - {"_version", "__main__"} for layer in LAYERS]


@pytest.mark.parametrize("name", MODULES)
def test_imports_run_one_way(name: str) -> None:
    rank = RANKS.get(top(name), len(LAYERS))
    assert [other for other in imports(name) if RANKS.get(top(other), rank) > rank] == []


def test_no_module_imports_itself_in_a_circle() -> None:
    graphlib.TopologicalSorter({name: set(imports(name)) for name in MODULES}).prepare()


@pytest.mark.parametrize("name", sorted(mc.__all__))
def test_public_name_resolves_and_is_documented(name: str) -> None:
    assert inspect.getdoc(getattr(mc, name)) or isinstance(getattr(mc, name), str)


def test_help_on_an_annotation_says_what_it_is() -> None:
    assert "a shock that is uniform on (0, 1)" in pydoc.render_doc(mc.Uniform01)
