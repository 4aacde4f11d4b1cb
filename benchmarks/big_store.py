"""A tracking store with many runs, filled by bulk inserts: what a busy year leaves behind."""

from __future__ import annotations

import random
import time
import uuid
from pathlib import Path

import sqlalchemy as sa

from workbench.records.runs import RunState
from workbench.tracking.store import TrackingStore


def fill(folder: Path, runs: int, *, long_points: int = 0) -> str:
    """Make ``folder``'s embedded store hold so many ended runs, and perhaps one with a long metric.

    Args:
        folder: The project folder.
        runs: How many, each with three params, three metrics and seven tags.
        long_points: Points of the metric ``loss`` of one more run, named ``long``.

    Returns:
        The id of the run ``long``, an empty string without one.
    """
    state = folder / ".workbench"
    store = TrackingStore(f"sqlite:///{state}/mlflow.db", state / "artifacts")
    first = store.create_run(experiment="book", name="seed", tags={}, params={})
    engine = sa.create_engine(f"sqlite:///{state}/mlflow.db")
    meta = sa.MetaData()
    meta.reflect(engine)
    tables = meta.tables
    with engine.begin() as connection:
        seed = connection.execute(sa.select(tables["runs"]).where(tables["runs"].c.run_uuid == first)).mappings().one()
        rows: dict[str, list[dict[str, object]]] = {name: [] for name in ("runs", "params", "latest_metrics", "tags")}
        now = int(time.time() * 1000)
        random.seed(1)
        for number in range(runs):
            run_id = uuid.uuid4().hex
            began = now - (runs - number) * 60_000
            rows["runs"].append(
                {**seed, "run_uuid": run_id, "name": f"run-{number}", "status": "FINISHED", "start_time": began}
                | {"end_time": began + 30_000}
            )
            for key, value in (("lr", random.random()), ("depth", number % 8), ("optimizer", "adam")):
                rows["params"].append({"run_uuid": run_id, "key": key, "value": str(value)})
            for key in ("loss", "accuracy", "f1"):
                rows["latest_metrics"].append(
                    {"run_uuid": run_id, "key": key, "value": random.random(), "timestamp": began, "step": 9}
                    | {"is_nan": False}
                )
            tags = {"mlflow.runName": f"run-{number}", "workbench.foreman": "0", "workbench.state": "finished"}
            tags |= {"workbench.cell_id": "abc", "workbench.notebook": "/book.ipynb", "workbench.workers": "2"}
            rows["tags"] += [{"run_uuid": run_id, "key": key, "value": value} for key, value in tags.items()]
        for name, entries in rows.items():
            connection.execute(tables[name].insert(), entries)
    if not long_points:
        return ""
    long = store.create_run(experiment="book", name="long", tags={}, params={})
    with engine.begin() as connection:
        for start in range(0, long_points, 50_000):
            connection.execute(
                tables["metrics"].insert(),
                [
                    {"run_uuid": long, "key": "loss", "value": 1 / (step + 1) + (step % 97) / 1000, "timestamp": step}
                    | {"step": step, "is_nan": False}
                    for step in range(start, min(long_points, start + 50_000))
                ],
            )
        connection.execute(
            tables["latest_metrics"].insert(),
            [{"run_uuid": long, "key": "loss", "value": 0.0, "timestamp": 0, "step": long_points, "is_nan": False}],
        )
    store.set_state(long, RunState.FINISHED)
    return long
