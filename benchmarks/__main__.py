"""Run the measurements, print them, and keep them as JSON: ``python -m benchmarks [NAME ...] [--out FOLDER]``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

from benchmarks import (
    accuracy,
    comparisons,
    import_time,
    inputs,
    lab,
    machine,
    memory,
    preset,
    samplers,
    threads,
    three_shocks,
    vectors,
)
from benchmarks.measurement import Measurement, table

MEASUREMENTS: dict[str, Callable[[], list[Measurement]]] = {
    "three-shocks": three_shocks.measure,
    "import-time": import_time.measure,
    "lab": lab.measure,
    "preset": preset.measure,
    "memory": memory.measure,
    "inputs": inputs.measure,
    "samplers": samplers.measure,
    "comparisons": comparisons.measure,
    "accuracy": accuracy.measure,
    "vectors": vectors.measure,
    "threads": threads.measure,
}


def main() -> None:
    """Take the measurements that were asked for, all by default."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure speed and memory.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(MEASUREMENTS)}; all by default")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results", help="folder of the JSON file")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(MEASUREMENTS))
    if unknown:
        parser.error(f"no measurement is called {', '.join(unknown)}; there are {', '.join(MEASUREMENTS)}")

    description = machine.describe()
    print(", ".join(f"{name} {value}" for name, value in description.items()), flush=True)
    measurements = []
    for name in arguments.names or MEASUREMENTS:
        taken = MEASUREMENTS[name]()
        measurements += taken
        print(f"\n{table(taken)}", flush=True)

    today = date.today().isoformat()
    result = {"date": today, "machine": description, "measurements": [one.to_dict() for one in measurements]}
    arguments.out.mkdir(parents=True, exist_ok=True)
    file = arguments.out / f"{today}-{machine.slug(description)}.json"
    file.write_text(json.dumps(result, indent=2) + "\n")
    print(f"\nKept in {file}")


if __name__ == "__main__":
    main()
