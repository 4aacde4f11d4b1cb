"""The tracking store: every read and write of runs, metrics and artifacts goes through MLflow's client."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.records.runs import Failure, RunState
from workbench.tracking import sqlite_file
from workbench.tracking.batches import write_ended_run, write_metrics, write_params
from workbench.tracking.ended_runs import EndedRun, Point
from workbench.tracking.entities import as_mlflow_takes_it, clipped, state_tags, tag_entities
from workbench.tracking.experiments import Experiments
from workbench.tracking.mlflow_compat import insert_ended_runs, read_points
from workbench.tracking.pages import Page, PageQuery, page_of_runs
from workbench.tracking.problems import explained
from workbench.tracking.search import RunSearch
from workbench.tracking.series import Series
from workbench.tracking.tracked_run import TrackedRun

if TYPE_CHECKING:
    from mlflow import MlflowClient


class TrackingStore:
    """An MLflow tracking store, safe to use from several threads and processes.

    Every method raises ``TrackingError`` where the store cannot be read or written; the message says what to do.

    Args:
        tracking_uri: MLflow's URI of the store. A missing SQLite file is created.
        artifact_dir: The folder for the artifacts of an embedded store; None leaves the place to a server.
    """

    def __init__(self, tracking_uri: str, artifact_dir: Path | None = None) -> None:
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        self.tracking_uri = tracking_uri
        with self._explained("open"):
            from mlflow import MlflowClient

            self._path: Path | None = None
            if tracking_uri.startswith("sqlite:///"):
                self._path = Path(tracking_uri.removeprefix("sqlite:///"))
                self._client = MlflowClient(sqlite_file.prepare(self._path))
            else:
                self._client = MlflowClient(tracking_uri)
            self._inode = self._current_inode()
        self._experiments = Experiments(self._client, artifact_dir)
        self._runs = RunSearch(self._client, self._experiments)

    @property
    def client(self) -> MlflowClient:
        """MLflow's client of this store, for the registry and what else is MLflow's alone."""
        return self._client

    @property
    def is_there(self) -> bool:
        """Whether an SQLite store's file still is the one that was opened; true for a server."""
        return self._current_inode() == self._inode

    def _current_inode(self) -> int | None:
        return None if self._path is None else sqlite_file.inode(self._path)

    def _explained(self, verb: str) -> contextlib.AbstractContextManager[None]:
        return explained(verb, self.tracking_uri)

    # -- writing -------------------------------------------------------------------------------

    def create_run(self, *, experiment: str, name: str, tags: dict[str, str], params: dict[str, Any]) -> str:
        """Create a run that waits for its start, and return its id. A missing experiment is created."""
        with self._explained("record a run in"):
            experiment_id = self._experiments.id_of(experiment)
            run = self._client.create_run(experiment_id, run_name=name, tags=clipped(tags))
            run_id: str = run.info.run_id
            # MLflow creates runs as RUNNING; ours waits for its turn first.
            self._client.update_run(run_id, status="SCHEDULED")
        self.log_params(run_id, params)
        return run_id

    def record_ended(self, experiment: str, runs: Iterable[EndedRun]) -> None:
        """Record runs that have ended already, in as few writes as possible."""
        ended = [as_mlflow_takes_it(run) for run in runs]
        with self._explained("record a run in"):
            experiment_id = self._experiments.id_of(experiment)
            if self._path is not None:
                insert_ended_runs(self._client, self._client.get_experiment(experiment_id), ended)
            else:
                for run in ended:
                    write_ended_run(self._client, experiment_id, run)

    def log_params(self, run_id: str, params: dict[str, Any]) -> None:
        """Write params; a param that has another value already keeps it."""
        with self._explained("write params to"):
            write_params(self._client, run_id, params)

    def log_metrics(self, run_id: str, points: Iterable[Point]) -> None:
        """Write points of metrics."""
        with self._explained("write metrics to"):
            write_metrics(self._client, run_id, points)

    def set_tags(self, run_id: str, tags: dict[str, str]) -> None:
        """Write tags."""
        with self._explained("write tags to"):
            self._client.log_batch(run_id, tags=tag_entities(tags))

    def set_state(
        self, run_id: str, state: RunState, *, failure: Failure | None = None, ended_at: float | None = None
    ) -> None:
        """Write a run's state as MLflow's status and as tags, with the reason where the run did not finish.

        Args:
            run_id: The run.
            state: Its state.
            failure: The reason why it did not finish.
            ended_at: The end of a run in a terminal state, in seconds since the epoch; None for now.
        """
        with self._explained("write a state to"):
            if state.is_terminal:
                end_ms = int((ended_at or time.time()) * 1000)
                self._client.set_terminated(run_id, status=state.mlflow_status, end_time=end_ms)
            else:
                self._client.update_run(run_id, status=state.mlflow_status)
        self.set_tags(run_id, state_tags(state, failure))

    def log_file(self, run_id: str, path: Path, artifact_path: str) -> None:
        """Store a copy of a file with the run, in the folder ``artifact_path`` of its artifacts."""
        with self._explained("write a file to"):
            self._client.log_artifact(run_id, str(path), artifact_path or None)

    def log_bytes(self, run_id: str, data: bytes | memoryview, artifact_file: str) -> None:
        """Store bytes with the run as the artifact ``artifact_file``."""
        folder, _, name = artifact_file.rpartition("/")
        with tempfile.TemporaryDirectory() as temporary:
            path = Path(temporary) / name
            path.write_bytes(data)
            self.log_file(run_id, path, folder)

    def delete(self, run_id: str) -> None:
        """Mark a run as deleted, as MLflow does; ``mlflow gc`` frees its space."""
        with self._explained("delete a run in"):
            self._client.delete_run(run_id)

    # -- reading -------------------------------------------------------------------------------

    def get(self, run: str) -> TrackedRun:
        """Return a run by its id, the beginning of its id, or its name (the newest run of that name).

        Raises:
            RunNotFoundError: There is no such run; the message has the nearest name.
        """
        with self._explained("read"):
            return self._runs.get(run)

    def get_many(self, run_ids: Iterable[str]) -> dict[str, TrackedRun]:
        """Return the runs of some ids by id, without those that are missing or were deleted."""
        with self._explained("read"):
            return self._runs.get_many(run_ids)

    def search(
        self,
        *,
        query: str | None = None,
        states: Iterable[RunState] | None = None,
        experiment: str | None = None,
        order_by: str | None = None,
        limit: int = 100,
        with_trials: bool = True,
    ) -> list[TrackedRun]:
        """Return runs, newest first unless ordered otherwise.

        Args:
            query: MLflow's filter syntax (``metrics.acc > 0.9``), or words that name, experiment,
                state or params must contain.
            states: The only states; None for all.
            experiment: The only experiment; None for all that hold runs of cells.
            order_by: ``name``, ``start``, or a metric or param; ``-`` in front for descending.
            limit: The most runs to return.
            with_trials: Whether trials of sweeps are among them.
        """
        with self._explained("read"):
            return self._runs.search(
                query=query,
                states=states,
                experiment=experiment,
                order_by=order_by,
                limit=limit,
                with_trials=with_trials,
            )

    def unfinished(self) -> list[TrackedRun]:
        """Return runs of Workbench that are not known to have ended."""
        with self._explained("read"):
            return self._runs.unfinished()

    def page(self, wanted: PageQuery) -> Page:
        """Return one page of runs; see :func:`workbench.tracking.pages.page_of_runs`."""
        with self._explained("read"):
            if self._path is not None:
                sqlite_file.help_planner(self._path)
            return page_of_runs(self._client, self._experiments, wanted)

    def series(self, run_id: str, metric: str, x: str = "step") -> Series:
        """Return all points of a metric.

        Args:
            run_id: The run.
            metric: The metric's name.
            x: ``"step"``, or ``"time"`` for seconds since the epoch.
        """
        with self._explained("read"):
            if self._path is not None:
                return read_points(self._path, run_id, metric, x)
            history = self._client.get_metric_history(run_id, metric)
        return Series.of_history(history, x)

    def metric_names(self, run_id: str) -> list[str]:
        """Return the names of all metrics of a run, system metrics among them."""
        with self._explained("read"):
            return list(self._client.get_run(run_id).data.metrics)

    def experiments(self) -> list[str]:
        """Return the names of all experiments."""
        with self._explained("read"):
            return sorted(self._experiments.names().values())

    def artifacts(self, run_id: str, path: str = "") -> list[str]:
        """Return the paths of a run's artifacts below the folder ``path``."""
        files: list[str] = []
        with self._explained("read"):
            for entry in self._client.list_artifacts(run_id, path or None):
                files += self.artifacts(run_id, entry.path) if entry.is_dir else [entry.path]
        return files

    def read_artifact(self, run_id: str, path: str) -> bytes:
        """Return the content of an artifact.

        Raises:
            FileNotFoundError: The run has no artifact of that path.
        """
        from mlflow.exceptions import MlflowException

        with tempfile.TemporaryDirectory() as folder:
            try:
                return Path(self._client.download_artifacts(run_id, path, folder)).read_bytes()
            except (MlflowException, OSError) as error:
                raise FileNotFoundError(f"Run {run_id} keeps no file {path!r}.") from error
