"""From Shift-Enter to the first user line, first ever and warm, and back again."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from cells import ONE, TWO_TORCH, time_run, wait_for_spares
from figures import Figure, seconds

RUNS = 7
RAY_INIT = """
import time; t = time.perf_counter()
import ray
ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")
print(time.perf_counter() - t)
"""
FIRST = """
import time; t = time.time()
import workbench
run = workbench.train("a = 1"); run.wait()
print(run.snapshot().first_line_at - t)
"""


def measure(folder: Path) -> list[Figure]:
    """The figures."""
    from workbench.cluster import local

    ray_init, first = [], []
    for _ in range(3):
        ray_init.append(_last_number(RAY_INIT))
        time.sleep(1)
        first.append(_last_number(FIRST))
        local.stop()
        time.sleep(1)
    over = sorted(first)[1] - sorted(ray_init)[1]
    one, two = [], []
    time_run(ONE, 1)
    for _ in range(RUNS):
        wait_for_spares(2)
        one.append(time_run(ONE, 1))
    for _ in range(RUNS):
        wait_for_spares(2)
        two.append(time_run(TWO_TORCH, 2))
    back = [timing.after_last_line_s for timing in (*one, *two)]
    return [
        Figure("first run of a session, to its first line", seconds(first), f"`ray.init` alone {seconds(ray_init)}",
               f"{over:+.1f} s over `ray.init`", "at most +3 s"),
        Figure("warm, one worker, to its first line", seconds([t.first_line_s for t in one]), "–", "–",
               "at most 0.3 s"),
        Figure("warm, two workers with torch and gloo, to the first line", seconds([t.first_line_s for t in two]), "–",
               "–", "at most 1.0 s"),
        Figure("last user line to the values in the notebook", seconds(back), "–", "–", "at most 0.5 s"),
    ]  # fmt: skip


def _last_number(code: str) -> float:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout.strip().splitlines()[-1])
