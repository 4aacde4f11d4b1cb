"""Runs as rows of the panel's lists."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from workbench.bridge.paths import below_root
from workbench.records.run_answers import ComparedRun, RunSummary
from workbench.tracking.tracked_run import TrackedRun


def run_summary(record: TrackedRun, folder: Path) -> RunSummary:
    """Return a run as a row of a list.

    Args:
        record: The run.
        folder: The Jupyter server's root.
    """
    source: Literal["workbench", "mlflow"] = "workbench" if record.source == "workbench" else "mlflow"
    return {
        "run_id": record.run_id,
        "name": record.name,
        "state": record.state,
        "experiment": record.experiment,
        "metrics": record.metrics,
        "started_at": record.started_at,
        "ended_at": record.ended_at,
        "source": source,
        "failure": record.failure,
        "cell_id": record.tags.get("workbench.cell_id", ""),
        "notebook": below_root(folder, record.tags.get("workbench.notebook", "")),
        "workers": record.tags.get("workbench.workers", ""),
    }


def compared_run(record: TrackedRun, folder: Path) -> ComparedRun:
    """Return a run with its parameters; see :func:`run_summary`."""
    return {**run_summary(record, folder), "params": record.params}
