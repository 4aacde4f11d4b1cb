"""A captured array of 1 GB: sending it against one ``ray.put``, again, and the workers' memory."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

from figures import Figure, seconds

PAIRS = 4
MEMORY = """
import psutil
used = psutil.Process().memory_full_info().uss
total = float(X[::4096].sum())
grown_mb = (psutil.Process().memory_full_info().uss - used) / 2**20
"""


def measure(folder: Path) -> list[Figure]:
    """The figures."""
    import numpy as np
    import ray

    from workbench.api.project import current_project
    from workbench.api.train import train_cell
    from workbench.cluster import connection, local
    from workbench.options.run import check_options

    def send(names: dict[str, Any], **options: Any) -> tuple[float, Any]:
        began = time.perf_counter()
        run = train_cell(
            MEMORY if names else "grown_mb = 0",
            names,
            check_options(returns="grown_mb", **options),
            filename="cell",
            line_offset=0,
        )
        took = time.perf_counter() - began
        run.wait()
        return took, run

    def put(X: Any, refs: list[Any]) -> float:
        began = time.perf_counter()
        refs.append(ray.put(X))
        return time.perf_counter() - began

    ratios, puts, ours, again = [], [], [], []
    grown = 0.0
    for number in range(PAIRS):
        # A new cluster for each pair: the first to use a part of the object store pays for its pages.
        connection.disconnect()
        local.stop()
        current_project().connection()
        send({})
        X = np.random.default_rng(number).random(2**27)
        refs: list[Any] = []
        if number % 2:
            ours.append(send({"X": X})[0])
            puts.append(put(X, refs))
        else:
            puts.append(put(X, refs))
            ours.append(send({"X": X})[0])
        ratios.append(ours[-1] / puts[-1])
        again.append(send({"X": X})[0])
        _, run = send({"X": X}, workers=2)
        grown = max(grown, run.returned()["grown_mb"])
    return [
        Figure("capturing and sending a 1 GB array", seconds(ours), f"one `ray.put` {seconds(puts)}",
               f"{statistics.geometric_mean(ratios):.2f} times ({min(ratios):.2f}–{max(ratios):.2f})",
               "at most 1.2 times"),
        Figure("the same array again", seconds(again), "–", f"{statistics.median(again) / statistics.median(puts):.2f} "
               "times a `ray.put`", "nothing sent"),
        Figure("memory of its own that a worker needs for it", f"{grown:.0f} MiB", "1024 MiB for a copy", "–",
               "no second copy"),
    ]  # fmt: skip
