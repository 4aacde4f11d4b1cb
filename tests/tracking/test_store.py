"""The tracking store against real MLflow on SQLite."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest

from workbench.errors import RunNotFoundError, TrackingError
from workbench.records.runs import Failure, RunState
from workbench.tracking.sink import MetricSink
from workbench.tracking.store import TrackingStore


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> TrackingStore:
    folder = tmp_path_factory.mktemp("store")
    return TrackingStore(f"sqlite:///{folder}/mlflow.db", folder / "artifacts")


def create(store: TrackingStore, name: str, **params: object) -> str:
    tags = {"workbench.foreman": "x", "workbench.state": "queued"}
    return store.create_run(experiment="tests", name=name, tags=tags, params=params)


def test_store_run_from_queued_to_failed(store: TrackingStore) -> None:
    run_id = create(store, "first", lr=0.1)
    assert store.get(run_id).state is RunState.QUEUED
    assert run_id in {record.run_id for record in store.unfinished()}
    store.set_state(run_id, RunState.RUNNING)
    assert store.get(run_id).state is RunState.RUNNING
    failure = Failure("error", "ValueError: no", traceback="line 3", rank=1, fix="do this")
    store.set_state(run_id, RunState.FAILED, failure=failure)
    record = store.get("first")
    assert (record.state, record.failure, record.params, record.source) == (
        RunState.FAILED, failure, {"lr": "0.1"}, "workbench"
    )  # fmt: skip
    assert run_id not in {record.run_id for record in store.unfinished()}


def test_store_get_by_beginning_of_the_id(store: TrackingStore) -> None:
    run_id = create(store, "by-id")
    assert store.get(run_id[:10]).run_id == run_id


def test_store_gives_those_runs_that_there_are(store: TrackingStore) -> None:
    ids = [store.create_run(experiment=f"e{number % 2}", name=f"r{number}", tags={}, params={}) for number in range(3)]
    store.delete(ids[2])
    found = store.get_many([*ids, ids[0], "0" * 32])
    assert {run_id: record.name for run_id, record in found.items()} == {ids[0]: "r0", ids[1]: "r1"}
    assert store.get_many([]) == {}


def test_store_get_unknown_suggests(store: TrackingStore) -> None:
    create(store, "digits")
    with pytest.raises(RunNotFoundError, match="Did you mean 'digits'"):
        store.get("digit")


def test_store_search_by_words_filter_and_order(store: TrackingStore) -> None:
    for name, accuracy in (("tree-a", 0.7), ("tree-b", 0.9), ("tree-c", None)):
        run_id = create(store, name, depth=3)
        if accuracy is not None:
            store.log_metrics(run_id, [("acc", accuracy, 1, 0)])
    assert [record.name for record in store.search(query="tree", order_by="-acc")] == ["tree-b", "tree-a", "tree-c"]
    assert [record.name for record in store.search(query="metrics.acc > 0.8")] == ["tree-b"]
    assert store.search(query="nothing-like-it") == []
    assert len(store.search(limit=2)) == 2


def test_store_series_and_artifacts(store: TrackingStore) -> None:
    run_id = create(store, "series")
    store.log_metrics(run_id, [("loss", 1.0 / (step + 1), 1000 + step, step) for step in range(2500)])
    assert len(store.series(run_id, "loss")) == 2500
    store.log_bytes(run_id, b"text", "lineage/a.txt")
    assert store.artifacts(run_id) == ["lineage/a.txt"]
    assert store.read_artifact(run_id, "lineage/a.txt") == b"text"
    with pytest.raises(FileNotFoundError):
        store.read_artifact(run_id, "lineage/b.txt")


def test_store_odd_names_and_values(store: TrackingStore) -> None:
    run_id = create(store, 'ünï\'cödé "x"', text="a" * 10_000)
    store.log_metrics(run_id, [("val,loss?", float("nan"), 1, 0), ("big", float("inf"), 1, 0)])
    assert store.get('ünï\'cödé "x"').run_id == run_id


def test_store_first_use_from_many_threads(tmp_path: Path) -> None:
    stores: list[TrackingStore] = []
    uri = f"sqlite:///{tmp_path}/mlflow.db"

    def use() -> None:
        store = TrackingStore(uri, tmp_path / "artifacts")
        create(store, "together")
        stores.append(store)

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stores[0].search(query="together")) == 4


def test_store_made_anew_after_its_file_was_removed(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    store = TrackingStore(uri, tmp_path / "artifacts")
    create(store, "before")
    for path in tmp_path.glob("mlflow.db*"):
        path.unlink()
    assert not store.is_there
    again = TrackingStore(uri, tmp_path / "artifacts")
    create(again, "after")
    assert [record.name for record in again.search()] == ["after"]


def test_store_that_is_no_database_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("this is no database, only text that is long enough to be one" * 50)
    with pytest.raises(TrackingError, match="damaged: move it away"):
        TrackingStore(f"sqlite:///{tmp_path}/mlflow.db").search()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_store_in_a_read_only_folder_says_what_to_do(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(TrackingError, match="Make its folder writable"):
            TrackingStore(f"sqlite:///{tmp_path}/mlflow.db").search()
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("x", ["step", "time"])
def test_series_read_from_the_file_is_what_mlflow_gives(store: TrackingStore, x: str) -> None:
    run_id = create(store, "same")
    points = [("loss", float(step % 7) if step % 5 else float("nan"), 1000 - step, step // 2) for step in range(50)]
    store.log_metrics(run_id, points)
    ours = store.series(run_id, "loss", x)
    store._path = None  # as with a tracking server
    theirs = store.series(run_id, "loss", x)
    np.testing.assert_array_equal(ours.x, theirs.x)
    np.testing.assert_array_equal(np.isnan(ours.y), np.isnan(theirs.y))
    if x == "time":
        np.testing.assert_array_equal(ours.y, theirs.y)
    assert len(store.series(run_id, "none", x)) == 0


def test_sink_writes_all_and_soon(store: TrackingStore, tmp_path: Path) -> None:
    run_id = create(store, "sink")
    sink = MetricSink(store, run_id, tmp_path)
    for step in range(3000):
        sink.add([("loss", float(step), 1000 + step, step)])
    assert sink.flush(20)
    assert len(store.series(run_id, "loss")) == 3000


def test_sink_keeps_points_while_the_store_is_locked(tmp_path: Path) -> None:
    import sqlite3

    store = TrackingStore(f"sqlite:///{tmp_path}/mlflow.db", tmp_path / "artifacts")
    run_id = create(store, "locked")
    holder = sqlite3.connect(tmp_path / "mlflow.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    sink = MetricSink(store, run_id, tmp_path)
    sink.add([("loss", 1.0, 1, 0)])
    assert not sink.flush(1.0)
    holder.execute("ROLLBACK")
    holder.close()
    assert sink.flush(60)
    assert store.series(run_id, "loss").points() == [(0, 1.0)]
