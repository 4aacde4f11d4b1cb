"""What Workbench uses of MLflow beyond its public API is still there, and still means the same."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest

from tests.support.imports import ROOT
from workbench.records.runs import RunState
from workbench.tracking import mlflow_compat
from workbench.tracking.ended_runs import EndedRun
from workbench.tracking.store import TrackingStore


def test_compat_was_read_from_the_pinned_version() -> None:
    """After an upgrade: read the parts again in the new version, then raise READ_FROM."""
    pinned = re.search(r"^mlflow==(.+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert pinned is not None
    assert pinned[1] == mlflow_compat.READ_FROM


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> TrackingStore:
    folder = tmp_path_factory.mktemp("store")
    return TrackingStore(f"sqlite:///{folder}/mlflow.db", folder / "artifacts")


@pytest.fixture
def fluent_mlflow(store: TrackingStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """MLflow's fluent API on the store; what it writes to the environment is taken back."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "0")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.tracking_uri)
    mlflow.set_tracking_uri(store.tracking_uri)
    yield
    mlflow.set_tracking_uri(None)


@pytest.mark.usefixtures("fluent_mlflow")
def test_forgotten_run_goes_on() -> None:
    run = mlflow.start_run()
    mlflow_compat.forget_active_run()
    assert mlflow.active_run() is None
    assert mlflow.get_run(run.info.run_id).info.status == "RUNNING"


@pytest.mark.usefixtures("fluent_mlflow")
def test_active_experiment_is_kept() -> None:
    with mlflow_compat.keep_active_experiment():
        mlflow.set_experiment("first")
        with mlflow_compat.keep_active_experiment():
            mlflow.set_experiment("second")
        with mlflow.start_run() as run:
            assert mlflow.get_experiment(run.info.experiment_id).name == "first"


def test_inserted_runs_are_what_the_client_reads(store: TrackingStore) -> None:
    points = [("loss", 0.5, 1000, 0), ("loss", float("nan"), 2000, 1), ("acc", float("inf"), 2000, 1)]
    run = EndedRun("fast", {"tag": "x"}, {"lr": 0.1}, points, RunState.FAILED, None, 10.0, 20.0)
    store.record_ended("nb", [run])
    (found,) = store.search(experiment="nb")
    record = store.client.get_run(found.run_id)
    assert (record.info.run_name, record.info.status, record.info.start_time) == ("fast", "FAILED", 10_000)
    assert record.data.params == {"lr": "0.1"}
    assert record.data.tags["tag"] == "x"
    history = store.client.get_metric_history(found.run_id, "loss")
    assert [(point.step, point.timestamp) for point in history] == [(0, 1000), (1, 2000)]
    assert record.data.metrics["acc"] > 1e300
    store.log_bytes(found.run_id, b"text", "a.txt")
    assert store.artifacts(found.run_id) == ["a.txt"]


def test_tables_that_searches_join_are_there(store: TrackingStore) -> None:
    path = store.tracking_uri.removeprefix("sqlite:///")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert set(mlflow_compat.LARGE_TABLES) <= tables
