"""What a step of a path needs at the least, and the time that a processor cannot go below for it.

Counted in vector instructions for the quickest algorithms that this library knows: Philox4x32-10, Box-Muller with
polynomials, exp and log by one polynomial. Loads, copies between registers, address arithmetic and loop control are
left out, and so is every wait of one instruction for another. A measured time of twice the bound is good; below the
bound the count is wrong, or the engine does less.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

MACHINES = Path(__file__).parent / "machines"

ROOTS_A_NORMAL = 0.5


@dataclass(frozen=True)
class Algorithms:
    """Vector instructions of what a step calls, in one precision.

    Parameters
    ----------
    word : float
        Of a random word of 32 bits: Philox's ten rounds make four.
    normal : float
        Of a standard normal: half of a Box-Muller pair, its words and its root left out.
    exponential, logarithm : float
        Guards left out.
    """

    word: float
    normal: float
    exponential: float
    logarithm: float


DOUBLE = Algorithms(
    word=15.0,  # a round: two products, two shifts, two three-way xors
    normal=25.0,  # a pair: logarithm 25, angle and signs 7, sine 8, cosine 8, products 2
    exponential=20.0,  # reduction 4, polynomial of degree 11 in two chains 12, scaling 4
    logarithm=31.0,  # exponent and mantissa 6, polynomial of degree 21 in two chains 21, assembly 4
)
"""On vectors of doubles, a path a lane of 64 bits."""

SINGLE = Algorithms(
    word=32.0,  # two vectors of lanes of 64 bits, which the products need, and their packing by a shift and an or
    normal=18.0,  # a pair: logarithm 17, angle and signs 7, sine 5, cosine 5, products 2
    exponential=12.0,  # reduction 4, polynomial of degree 6 in one chain 6, scaling 2
    logarithm=17.0,  # exponent and mantissa 6, polynomial of degree 8 in one chain 8, assembly 3
)
"""On vectors of floats, which hold twice as many paths."""


@dataclass(frozen=True)
class Work:
    """Operations and bytes of one step of one path.

    Parameters
    ----------
    words, normals, exponentials, logarithms : float
        Random words of 32 bits, standard normals, calls of exp and log.
    simple : float
        Additions, products (with an addition or without), comparisons, selections and conversions of the step.
    divisions : float
    stored : float, bytes
        What is kept of a step.
    """

    words: float
    normals: float
    exponentials: float
    logarithms: float
    simple: float
    divisions: float
    stored: float


@dataclass(frozen=True)
class Machine:
    """Throughputs of one core.

    Parameters
    ----------
    name : str
    lanes : int
        Doubles in a vector; floats are twice as many.
    instructions_per_cycle : float
        Vector instructions that start in a cycle.
    division_cycles, root_cycles : float
        Between two divisions, or two square roots, of vectors of doubles; both use the one divider.
    single_division_cycles, single_root_cycles : float
        The same of vectors of floats.
    multiply_add_cycles : float
        From the start of a 64-bit integer product to that of the addition's successor: measures the clock.
    source : str
        Where the figures are from.
    """

    name: str
    lanes: int
    instructions_per_cycle: float
    division_cycles: float
    root_cycles: float
    single_division_cycles: float
    single_root_cycles: float
    multiply_add_cycles: float
    source: str

    def cycles(self, work: Work, precision: str = "float64") -> float:
        """Return the least cycles of one step of one path: the ports or the divider, whichever takes longer.

        Parameters
        ----------
        work : Work
        precision : "float64" or "mixed" or "float32"
            Of the numbers; of "mixed", words and normals are made in float32 and converted, the step is in float64.
        """
        single_normals, single_step = precision != "float64", precision == "float32"
        drawn = SINGLE if single_normals else DOUBLE
        called = SINGLE if single_step else DOUBLE
        draws = drawn.word * work.words + drawn.normal * work.normals
        calls = called.exponential * work.exponentials + called.logarithm * work.logarithms
        conversions = work.normals if single_normals != single_step else 0.0
        step = calls + work.simple + work.divisions + conversions
        drawn_lanes, step_lanes = self.lanes * (1 + single_normals), self.lanes * (1 + single_step)
        ports = (draws / drawn_lanes + step / step_lanes) / self.instructions_per_cycle
        root = self.single_root_cycles if single_normals else self.root_cycles
        division = self.single_division_cycles if single_step else self.division_cycles
        divider = root * ROOTS_A_NORMAL * work.normals / drawn_lanes + division * work.divisions / step_lanes
        return max(ports, divider)


def machine_file(flags: frozenset[str]) -> Machine | None:
    """Return the first machine file all of whose flags a processor has; None if there is none."""
    for path in sorted(MACHINES.glob("*.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        if set(table.pop("flags")) <= flags:
            return Machine(**table)
    return None


@dataclass(frozen=True)
class Speeds:
    """A machine's throughputs in time.

    Parameters
    ----------
    machine : Machine
    clock : float, Hz
    bandwidth : float, bytes/second
        At which one thread fills memory.
    """

    machine: Machine
    clock: float
    bandwidth: float

    def bound(self, work: Work, precision: str = "float64", threads: int = 1) -> float:
        """Return the least ns of a path-step; threads share the paths and are taken to have each what one alone has."""
        slots = self.machine.cycles(work, precision) / self.clock
        return 1e9 * max(slots, work.stored / self.bandwidth) / threads
