"""What each law adds to a step of the lab: operations of the compiled step, by the file that asked for them.

Compiled with debug information a kernel says of every instruction from which function it is, and into which that was
inlined. What an exponential takes counts for the law that calls it, and so does what laws share. The loop stays scalar
so; its operations are those of the vectors, but that a product and a sum which follow one another become one.
"""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from importlib import resources

from benchmarks.measurement import Measurement

PRESET = "openai-2025-12"
JOINING = ("model", "market", "operation", "finance")
"""Files of the lab that call laws one after another; only what they do themselves counts for them."""

CHILD = """
import sys
import montecarlo_ai as mc
from montecarlo_ai.kernels.compiling import kernel_of
scenario = mc.load_scenario(sys.argv[1])
(ir,) = kernel_of(scenario.model, frozenset(scenario.inputs.constants)).inspect_llvm().values()
print(ir)
"""

_OPERATION = re.compile(
    r"^  \S+ = (?:tail )?(f?add|f?sub|f?mul|fdiv|fcmp|select|fneg|and|or|xor|shl|ashr|lshr|sitofp|fptosi|call) "
    r".*!dbg !(\d+)",
    re.MULTILINE,
)
_LOCATION = re.compile(
    r"^!(\d+) = (?:distinct )?!DILocation\(.*?scope: !(\d+)(?:, inlinedAt: !(\d+))?.*\)$", re.MULTILINE
)
_BLOCK = re.compile(r"^!(\d+) = distinct !DILexicalBlock\w*\(scope: !(\d+)", re.MULTILINE)
_FUNCTION = re.compile(r'^!(\d+) = distinct !DISubprogram\(name: "([^"]+)".*?file: !(\d+)', re.MULTILINE)
_FILE = re.compile(r'^!(\d+) = !DIFile\(filename: "([^"]+)"', re.MULTILINE)


def measure() -> list[Measurement]:
    """Return the operations of a step by law, most first, with their share and how many of them are divisions."""
    operations, divisions = operations_by_law(_ir_with_lines(PRESET))
    total = operations.total()
    return [
        Measurement(
            f"{PRESET}: a step, by law",
            law,
            "operations",
            [float(count)],
            {"share": round(count / total, 3), "divisions": divisions[law]},
        )
        for law, count in operations.most_common()
    ]


def operations_by_law(ir: str) -> tuple[Counter[str], Counter[str]]:
    """Return how many operations of step and events each file of the lab asks for, and how many are divisions."""
    laws = {entry.name for entry in resources.files("montecarlo_ai.lab").iterdir()}
    inlined = _inlined(ir)
    operations: Counter[str] = Counter()
    divisions: Counter[str] = Counter()
    for code, location in _OPERATION.findall(ir):
        functions = inlined(location)
        if any(name.endswith((".step", ".events")) for _, name in functions):
            asking = [file.removesuffix(".py") for file, _ in reversed(functions) if file in laws]
            law = next((file for file in asking if file not in JOINING), asking[-1])
            operations[law] += 1
            divisions[law] += code == "fdiv"
    return operations, divisions


def _inlined(ir: str) -> Callable[[str], tuple[tuple[str, str], ...]]:
    """Return what says for a location which functions it is in, as file and name, the innermost first."""
    locations = {key: (scope, into) for key, scope, into in _LOCATION.findall(ir)}
    blocks = dict(_BLOCK.findall(ir))
    functions = {key: (file, name) for key, name, file in _FUNCTION.findall(ir)}
    files = dict(_FILE.findall(ir))

    @functools.cache
    def inlined(location: str) -> tuple[tuple[str, str], ...]:
        scope, into = locations[location]
        while scope in blocks:
            scope = blocks[scope]
        file, name = functions[scope]
        return ((files[file], name), *(inlined(into) if into else ()))

    return inlined


def _ir_with_lines(preset: str) -> str:
    """Return LLVM's text of a preset's kernel, compiled with debug information by a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NUMBA_DEBUGINFO": "1", "MONTECARLO_AI_CACHE_DIR": folder}
        command = [sys.executable, "-c", CHILD, preset]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
