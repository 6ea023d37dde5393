"""A result's engines as bars, a panel for each job, the counted bound as a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.engines import LIBRARY
from benchmarks.measurement import digits
from benchmarks.page import by_job
from benchmarks.tables import floor


def draw(result: dict[str, Any], file: Path) -> bool:
    """Draw a result; False if it holds no engine's time."""
    import matplotlib
    from matplotlib.figure import Figure

    jobs = by_job(result)
    if not jobs:
        return False
    heights = [0.6 + 0.3 * len(rows) for rows in jobs.values()]
    figure = Figure(figsize=(8.0, sum(heights) + 1.0), layout="constrained")
    panels = figure.subplots(len(jobs), 1, squeeze=False, height_ratios=heights)[:, 0]
    for panel, (job, rows) in zip(panels, jobs.items(), strict=True):
        rows = sorted(rows, key=lambda row: float(row["minimum"]), reverse=True)
        names, least = [row["engine"] for row in rows], [row["minimum"] for row in rows]
        colors = ["tab:blue" if name.startswith(LIBRARY) else "0.65" for name in names]
        bars = panel.barh(names, least, color=colors)
        panel.bar_label(bars, [digits(value) for value in least], padding=3, fontsize=8)
        bound = floor(rows)
        if bound is not None:
            label = f"counted bound, float64, one thread: {digits(bound)}"
            panel.axvline(bound, color="tab:red", linestyle="--", linewidth=1, label=label)
            panel.legend(loc="upper right", fontsize=8)
        panel.set_xscale("log")
        panel.set_xlim(left=0.5 * min([*least, *([] if bound is None else [bound])]), right=4.0 * max(least))
        panel.set_title(job, loc="left", fontsize=10)
        panel.tick_params(labelsize=8)
    panels[-1].set_xlabel("ns per path-step, least of the repeats; wall time where threads are several (log scale)")
    machine = result["machine"]
    figure.suptitle(f"{machine['processor']}, {machine['cores']} cores, {result['date']}", fontsize=9)
    with matplotlib.rc_context({"svg.hashsalt": "montecarlo_ai", "svg.fonttype": "none"}):
        figure.savefig(file, metadata={"Date": None}, facecolor="white")
    return True
