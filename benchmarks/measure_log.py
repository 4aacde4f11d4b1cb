"""What a call of ``log()`` costs the training loop, against MLflow's own calls."""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path

from figures import Figure, seconds

OURS = """
import time
from workbench import log
costs = []
for part in range(5):
    began = time.perf_counter()
    for i in range(2000):
        log(loss=0.5, accuracy=0.25, step=i)
    costs.append((time.perf_counter() - began) / 2000)
"""
MLFLOW = """
import os, sys, time
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
import mlflow
mlflow.set_tracking_uri(f"sqlite:///{sys.argv[1]}/peer.db")
with mlflow.start_run():
    mlflow.log_metric("warm", 1.0)
    for synchronous in (True, False):
        for part in range(3):
            began = time.perf_counter()
            for i in range(100):
                mlflow.log_metrics({"loss": 0.5, "accuracy": 0.25}, step=i, synchronous=synchronous)
            print("SYNC" if synchronous else "ASYNC", (time.perf_counter() - began) / 100)
        mlflow.flush_async_logging()
"""


def measure(folder: Path) -> list[Figure]:
    """The figures."""
    import workbench

    run = workbench.train(OURS, returns="costs")
    ours = run.result()
    found: dict[str, list[float]] = {"SYNC": [], "ASYNC": []}
    done = subprocess.run([sys.executable, "-c", MLFLOW, str(folder)], capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        if line.split()[0] in found:
            found[line.split()[0]].append(float(line.split()[1]))
    return [
        Figure("a call of `log()` with two metrics", seconds(ours),
               f"`mlflow.log_metrics` {seconds(found['SYNC'])}; asynchronous {seconds(found['ASYNC'])}",
               f"{statistics.median(found['SYNC']) / statistics.median(ours):.0f} and "
               f"{statistics.median(found['ASYNC']) / statistics.median(ours):.0f} times less", "at most 20 µs")
    ]  # fmt: skip
