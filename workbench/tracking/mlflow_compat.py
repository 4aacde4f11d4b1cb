"""All that Workbench uses of MLflow beyond its public API, in one place.

Read from MLflow 3.17.2. ``tests/tracking/test_mlflow_compat.py`` checks each part against the installed version and
says when the pinned version moves.
"""

from __future__ import annotations

import contextlib
import getpass
import itertools
import math
import sqlite3
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.tracking.ended_runs import EndedRun
from workbench.tracking.series import Series

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment

READ_FROM = "3.17.2"
"""The version of MLflow whose source this module was written from."""

LARGE_TABLES = ("runs", "latest_metrics", "params", "tags")
"""Tables of an SQLite store that searches of runs join."""

_LARGEST = 1.7976931348623157e308


def forget_active_run() -> None:
    """Take the innermost run off MLflow's stack; ``mlflow.end_run`` would also end it in the store."""
    from mlflow.tracking.fluent import _active_run_stack

    _active_run_stack.get().pop()


@contextlib.contextmanager
def keep_active_experiment() -> Iterator[None]:
    """Make MLflow's active experiment afterwards the one that it was before.

    MLflow has ``set_experiment`` and no way to learn or unset the experiment that is set.
    """
    from mlflow.tracking import fluent

    experiment_id = fluent._active_experiment_id
    try:
        yield
    finally:
        fluent._active_experiment_id = experiment_id


def read_points(path: Path, run_id: str, metric: str, x: str) -> Series:
    """Return a metric's points from the table in an SQLite store.

    MLflow's client takes 30 s for a million points, this half a second.

    Args:
        path: The store's file.
        run_id: The run.
        metric: The metric's name.
        x: ``"step"``, or ``"time"`` for seconds since the epoch.
    """
    import numpy as np

    order = "timestamp" if x == "time" else "step, timestamp"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30.0)) as connection:
        # MLflow stores infinities as the largest number: here, infinity stands for NaN.
        rows = connection.execute(
            f"SELECT {order.split(',')[0]}, CASE WHEN is_nan THEN 9e999 ELSE value END FROM metrics "
            f"WHERE run_uuid = ? AND key = ? ORDER BY {order}",
            (run_id, metric),
        )
        table = np.fromiter(itertools.chain.from_iterable(rows), np.float64).reshape(-1, 2)
    y = np.where(np.isinf(table[:, 1]), np.nan, table[:, 1])
    return Series(table[:, 0] / 1000 if x == "time" else table[:, 0].copy(), y)


def insert_ended_runs(client: MlflowClient, experiment: Experiment, runs: Iterable[EndedRun]) -> None:
    """Add runs to an embedded store in one transaction.

    MLflow's client takes 11 ms of a core for a run with its params and metrics, more than a short trial of a sweep
    takes. Filling the tables through MLflow's own models takes 1 ms.

    Args:
        client: A client of an SQLite store.
        experiment: The experiment that the runs belong to.
        runs: Runs whose names, tags and params are as MLflow takes them.
    """
    from mlflow.store.tracking.dbmodels import models
    from sqlalchemy import insert

    rows: dict[Any, list[dict[str, Any]]] = {
        models.SqlRun: [],
        models.SqlTag: [],
        models.SqlParam: [],
        models.SqlMetric: [],
        models.SqlLatestMetric: [],
    }
    for run in runs:
        run_id = uuid.uuid4().hex
        rows[models.SqlRun].append(_run_row(run, run_id, experiment))
        tags = {"mlflow.runName": run.name, **run.tags}
        rows[models.SqlTag] += [{"run_uuid": run_id, "key": key, "value": value} for key, value in tags.items()]
        rows[models.SqlParam] += [{"run_uuid": run_id, "key": key, "value": v} for key, v in run.params.items()]
        metrics = [_metric_row(run_id, *point) for point in dict.fromkeys(run.points)]
        rows[models.SqlMetric] += metrics
        rows[models.SqlLatestMetric] += _latest(metrics)
    with client._tracking_client.store.ManagedSessionMaker(read_only=False) as session:
        for table, found in rows.items():
            if found:
                session.execute(insert(table), found)


def _run_row(run: EndedRun, run_id: str, experiment: Experiment) -> dict[str, Any]:
    return {
        "run_uuid": run_id,
        "name": run.name,
        "experiment_id": int(experiment.experiment_id),
        "artifact_uri": f"{experiment.artifact_location.rstrip('/')}/{run_id}/artifacts",
        "user_id": getpass.getuser(),
        "status": run.state.mlflow_status,
        "start_time": int(run.started_at * 1000),
        "end_time": int(run.ended_at * 1000),
        "lifecycle_stage": "active",
        "source_type": "UNKNOWN",
        "source_name": "",
        "entry_point_name": "",
        "source_version": "",
    }


def _metric_row(run_id: str, name: str, value: float, at_ms: int, step: int) -> dict[str, Any]:
    """Return a point as MLflow's tables have it: NaN as a mark, infinities as the largest number."""
    return {
        "run_uuid": run_id,
        "key": name,
        "value": 0.0 if math.isnan(value) else max(-_LARGEST, min(_LARGEST, value)),
        "timestamp": at_ms,
        "step": step,
        "is_nan": math.isnan(value),
    }


def _latest(metrics: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the newest point of each metric."""
    latest: dict[str, dict[str, Any]] = {}
    for row in metrics:
        before = latest.get(row["key"])
        if before is None or (row["step"], row["timestamp"]) >= (before["step"], before["timestamp"]):
            latest[row["key"]] = row
    return list(latest.values())
