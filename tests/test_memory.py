"""Peak memory of a summary does not depend on the number of paths; that of an ensemble does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="reads the peak of the resident set there"
)

PROGRAM = """
import re
import montecarlo_ai as mc
from models import walk

def peak(n_paths):
    mc.{verb}(walk(), n_paths=n_paths, seed=1, variables={variables}, threads=2, progress=False)
    return int(re.search(r"VmHWM:\\s*(\\d+) kB", open("/proc/self/status").read())[1])

print(peak(500_000), peak(4_000_000))
"""


def growth(verb, variables):
    """Return bytes by which the peak grows from half a million paths to four million, in one process.

    The peak that `getrusage` tells begins with that of the process which started this one.
    """
    here = Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(here.parent), str(here)])}
    program = PROGRAM.format(verb=verb, variables=variables)
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    fewer, more = map(int, done.stdout.split())
    return (more - fewer) * 1024


def test_peak_memory_of_a_summary_does_not_depend_on_the_number_of_paths():
    """Less than 2 bytes a path more: nothing is kept of a path."""
    assert growth("summarize", ["cash"]) < 2 * 3_500_000


@pytest.mark.slow
def test_peak_memory_of_an_ensemble_does():
    """The other test would see it: a first passage takes 4 bytes a path as it is made, and 8 as it is told."""
    assert growth("simulate", []) > 12 * 3_500_000
