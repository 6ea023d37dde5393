"""The pictures of docs/model.md, one a law: ``python -m tools.law_pictures`` draws them into docs/images.

Each shows what a law does, by calling its own functions at the medians of a preset. What a picture takes as an example,
and no preset states, is in round numbers and named as an example on the page.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from matplotlib.figure import Figure

from tools.law_pictures import compute, demand, money
from tools.law_pictures.canvas import save
from tools.law_pictures.preset import Preset, read_preset

PAGE = Path(__file__).parents[2] / "docs" / "model.md"
FOLDER = PAGE.parent / "images"

PICTURES: dict[str, Callable[[Preset], Figure]] = {
    "law-01-demand": demand.demand,
    "law-02-consumers": demand.consumers,
    "law-03-competition": demand.competition,
    "law-04-technology": demand.technology,
    "law-05-monetization": demand.monetization,
    "law-06-fleet": compute.fleet,
    "law-07-contracts": compute.contracts,
    "law-08-allocation": compute.allocation,
    "law-09-resale": compute.resale,
    "law-10-costs": money.costs,
    "law-11-policy": money.policy,
    "law-12-funding": money.funding,
    "law-13-regimes": money.regimes,
}
"""What draws each picture, by the name of its file, in the order of the laws."""


def draw(folder: Path) -> list[Path]:
    """Draw every picture into a folder and return their files; the same code and preset give the same bytes."""
    preset = read_preset()
    return [save(picture(preset), folder / f"{name}.svg") for name, picture in PICTURES.items()]
