"""The tracking store: every read and write of runs, metrics and artifacts goes through MLflow's client."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from workbench.errors import RunNotFoundError, suggestion
from workbench.records.runs import Failure, RunState
from workbench.tracking import sqlite_file
from workbench.tracking.ended_runs import EndedRun, Point, insert
from workbench.tracking.matching import any_quote, haystack, in_order, order_clause
from workbench.tracking.pages import NO_TRIALS, Page, experiment_ids, page_of_runs
from workbench.tracking.problems import explained
from workbench.tracking.series import Series
from workbench.tracking.tracked_run import TrackedRun

_BATCH = 1000
_AT_ONCE = 200
_VALUE_CHARS = 6000
_TAG_CHARS = 7900
_ENDED_TAGS = ("finished", "failed", "stopped")


class TrackingStore:
    """An MLflow tracking store, safe to use from several threads and processes.

    Args:
        tracking_uri: MLflow's; a new SQLite store is made where its file is missing.
        artifact_dir: Where an embedded store keeps artifacts; None for a server's own place.

    Raises:
        TrackingError: The store cannot be opened; the message says what to do.
    """

    def __init__(self, tracking_uri: str, artifact_dir: Path | None = None) -> None:
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        self.tracking_uri = tracking_uri
        self._artifact_dir = artifact_dir
        self._experiments: dict[str, str] = {}
        with self._explained("open"):
            from mlflow import MlflowClient

            self._path: Path | None = None
            if tracking_uri.startswith("sqlite:///"):
                self._path = Path(tracking_uri.removeprefix("sqlite:///"))
                self._client = MlflowClient(sqlite_file.prepare(self._path))
            else:
                self._client = MlflowClient(tracking_uri)
            self._file = self._identity()

    @property
    def client(self) -> Any:
        """MLflow's client of this store, for the registry and what else is MLflow's alone."""
        return self._client

    @property
    def is_there(self) -> bool:
        """Whether an SQLite store's file still is the one that was opened; true for a server."""
        return self._identity() == self._file

    def _identity(self) -> int | None:
        return None if self._path is None else sqlite_file.inode(self._path)

    # -- writing -------------------------------------------------------------------------------

    def create_run(self, *, experiment: str, name: str, tags: dict[str, str], params: dict[str, Any]) -> str:
        """Begin a run and return its id. Its experiment is made where it is missing."""
        with self._explained("record a run in"):
            experiment_id = self._experiment_id(experiment)
            run = self._client.create_run(experiment_id, run_name=name, tags=_clipped(tags, _TAG_CHARS))
            run_id: str = run.info.run_id
            # MLflow creates runs as RUNNING; ours waits for its turn first.
            self._client.update_run(run_id, status="SCHEDULED")
        self.log_params(run_id, params)
        return run_id

    def record_ended(self, experiment: str, runs: Iterable[EndedRun]) -> None:
        """Runs that have ended already, in as few writes as there can be."""
        ended = [
            replace(
                run,
                tags=_clipped({**run.tags, **_state_tags(run.state, run.failure)}, _TAG_CHARS),
                params={_safe_name(key): str(value)[:_VALUE_CHARS] for key, value in run.params.items()},
                points=[(_safe_name(name), value, at_ms, step) for name, value, at_ms, step in run.points],
            )
            for run in runs
        ]
        with self._explained("record a run in"):
            experiment_id = self._experiment_id(experiment)
            if self._path is not None:
                insert(self._client._tracking_client.store, self._client.get_experiment(experiment_id), ended)
            else:
                for run in ended:
                    self._record_ended(experiment_id, run)

    def _record_ended(self, experiment_id: str, ended: EndedRun) -> None:
        metrics, params = _metric_entities(ended.points), _param_entities(ended.params)
        began_ms = int(ended.started_at * 1000)
        run = self._client.create_run(experiment_id, start_time=began_ms, run_name=ended.name, tags=ended.tags)
        run_id: str = run.info.run_id
        for start in range(0, max(1, len(metrics)), _BATCH - 100):
            self._client.log_batch(run_id, metrics[start : start + _BATCH - 100], params[:100] if start == 0 else [])
        self._client.set_terminated(run_id, status=ended.state.mlflow_status, end_time=int(ended.ended_at * 1000))

    def log_params(self, run_id: str, params: dict[str, Any]) -> None:
        """Write params; one that is there already with another value is left as it is."""
        from mlflow.exceptions import MlflowException

        entities = _param_entities(params)
        with self._explained("write params to"):
            for start in range(0, len(entities), 100):
                try:
                    self._client.log_batch(run_id, params=entities[start : start + 100])
                except MlflowException as error:
                    if "already logged" not in str(error) and "Changing param" not in str(error):
                        raise

    def log_metrics(self, run_id: str, points: Iterable[Point]) -> None:
        """Write metric points, a thousand at a time."""
        metrics = _metric_entities(points)
        with self._explained("write metrics to"):
            for start in range(0, len(metrics), _BATCH):
                self._client.log_batch(run_id, metrics=metrics[start : start + _BATCH])

    def set_tags(self, run_id: str, tags: dict[str, str]) -> None:
        """Write tags."""
        from mlflow.entities import RunTag

        with self._explained("write tags to"):
            self._client.log_batch(
                run_id, tags=[RunTag(key, value) for key, value in _clipped(tags, _TAG_CHARS).items()]
            )

    def set_state(
        self, run_id: str, state: RunState, *, failure: Failure | None = None, ended_at: float | None = None
    ) -> None:
        """Bring MLflow's status and our tags to a state, with the reason where it did not finish."""
        with self._explained("write a state to"):
            if state.is_terminal:
                end_ms = int((ended_at or time.time()) * 1000)
                self._client.set_terminated(run_id, status=state.mlflow_status, end_time=end_ms)
            else:
                self._client.update_run(run_id, status=state.mlflow_status)
        self.set_tags(run_id, _state_tags(state, failure))

    def log_file(self, run_id: str, path: Path, artifact_path: str) -> None:
        """Keep a file with the run."""
        with self._explained("write a file to"):
            self._client.log_artifact(run_id, str(path), artifact_path or None)

    def log_bytes(self, run_id: str, data: bytes | memoryview, artifact_file: str) -> None:
        """Keep bytes with the run as a file."""
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
        """A run by its id, the beginning of its id, or its name (the newest of that name).

        Raises ``RunNotFoundError`` with the nearest name.
        """
        from mlflow.exceptions import MlflowException

        if len(run) == 32:
            with contextlib.suppress(MlflowException), self._explained("read"):
                return self._record(self._client.get_run(run))
        for record in self._search(
            f"attributes.run_name LIKE '{any_quote(run)}'", ["attributes.start_time DESC"], None
        ):
            if record.name == run:
                return record
        if len(run) >= 4 and all(char in "0123456789abcdef" for char in run):
            found = list(self._search(f"attributes.run_id LIKE '{run}%'", [], 2))
            if len(found) == 1:
                return found[0]
            if found:
                raise RunNotFoundError(f"Cannot tell which run is {run!r}: several ids begin so. Give more of it.")
        recent = [record.name for record in self.search(limit=50)]
        near = suggestion(run, recent) or (
            f" Newest runs: {', '.join(recent[:5])}." if recent else " There are none yet."
        )
        raise RunNotFoundError(f"Cannot find run {run!r}: no run has that name or id.{near}", known=recent)

    def those(self, run_ids: Iterable[str]) -> dict[str, TrackedRun]:
        """The runs of some ids, by id, without those that are not there or were deleted."""
        wanted = list(dict.fromkeys(run_ids))
        found: dict[str, TrackedRun] = {}
        for at in range(0, len(wanted), _AT_ONCE):
            ids = ", ".join(f"'{run_id}'" for run_id in wanted[at : at + _AT_ONCE])
            found |= {record.run_id: record for record in self._search(f"attributes.run_id IN ({ids})", [], None)}
        return found

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
        """Runs, newest first unless ordered otherwise.

        Args:
            query: MLflow's filter syntax (``metrics.acc > 0.9``), or words that name, experiment,
                state or params must contain.
            states: Only runs in one of these states.
            experiment: Only runs of this experiment.
            order_by: A metric or param, ``-`` in front for descending; ``name``, ``start``.
            limit: At most so many.
            with_trials: Whether to give trials of sweeps, too.
        """
        is_filter = bool(query) and any(mark in str(query) for mark in ("=", "<", ">", " LIKE ", " IN ", " like "))
        wanted = set(states) if states is not None else None
        words = [] if is_filter else (query or "").lower().split()
        found = []
        text = str(query) if is_filter else ""
        if not with_trials:
            text = f"{text} AND {NO_TRIALS}" if text else NO_TRIALS
        for record in self._search(text, [order_clause(order_by)], None, experiment):
            if wanted is not None and record.state not in wanted:
                continue
            if words and not all(word in haystack(record) for word in words):
                continue
            found.append(record)
            if len(found) >= limit:
                break
        if order_by and order_by.lstrip("-") not in ("start", "name"):
            found = in_order(found, order_by)
        return found

    def unfinished(self) -> list[TrackedRun]:
        """Runs of Workbench that are not known to have ended."""
        return [
            record
            for state in ("queued", "starting", "running")
            for record in self._search(f"tags.`workbench.state` = '{state}'", [], None)
        ]

    def series(self, run_id: str, metric: str, x: str = "step") -> Series:
        """All points of a metric by step, or by time in seconds since the epoch."""
        with self._explained("read"):
            if self._path is not None:
                return sqlite_file.series(self._path, run_id, metric, x)
            history = self._client.get_metric_history(run_id, metric)
        if x == "time":
            return Series.of(sorted((point.timestamp / 1000, point.value) for point in history))
        ordered = sorted(history, key=lambda point: (point.step, point.timestamp))
        return Series.of((float(point.step), point.value) for point in ordered)

    def metric_names(self, run_id: str) -> list[str]:
        """Names of all metrics of a run, the system's among them."""
        with self._explained("read"):
            return list(self._client.get_run(run_id).data.metrics)

    def page(self, **request: Any) -> Page:
        """One page of runs; see :func:`workbench.tracking.pages.page_of_runs`."""
        with self._explained("read"):
            if self._path is not None:
                sqlite_file.help_planner(self._path)
            return page_of_runs(self._client, **request)

    def experiments(self) -> list[str]:
        """Names of all experiments."""
        with self._explained("read"):
            return sorted(found.name for found in self._client.search_experiments(max_results=1000))

    def artifacts(self, run_id: str, path: str = "") -> list[str]:
        """Paths of the files kept with a run."""
        files: list[str] = []
        with self._explained("read"):
            for entry in self._client.list_artifacts(run_id, path or None):
                files += self.artifacts(run_id, entry.path) if entry.is_dir else [entry.path]
        return files

    def read_artifact(self, run_id: str, path: str) -> bytes:
        """A file kept with a run; ``FileNotFoundError`` where there is none of that name."""
        from mlflow.exceptions import MlflowException

        with tempfile.TemporaryDirectory() as folder:
            try:
                return Path(self._client.download_artifacts(run_id, path, folder)).read_bytes()
            except (MlflowException, OSError) as error:
                raise FileNotFoundError(f"Run {run_id} keeps no file {path!r}.") from error

    # -- inside --------------------------------------------------------------------------------

    def _experiment_id(self, name: str) -> str:
        if name not in self._experiments:
            from mlflow.exceptions import MlflowException

            found = self._client.get_experiment_by_name(name)
            if found is None:
                location = self._artifact_dir.as_uri() + f"/{_folder_name(name)}" if self._artifact_dir else None
                try:
                    self._experiments[name] = self._client.create_experiment(name, artifact_location=location)
                except MlflowException:  # another process was quicker
                    found = self._client.get_experiment_by_name(name)
            if found is not None:
                if found.lifecycle_stage == "deleted":
                    self._client.restore_experiment(found.experiment_id)
                self._experiments[name] = found.experiment_id
        return self._experiments[name]

    def _search(
        self, text: str, order: list[str], limit: int | None, experiment: str | None = None
    ) -> Iterator[TrackedRun]:
        with self._explained("read"):
            names = {e.experiment_id: e.name for e in self._client.search_experiments(max_results=1000)}
            ids = experiment_ids(names, experiment)
            token, given = None, 0
            while ids:
                page = self._client.search_runs(
                    ids, text, max_results=min(limit or _AT_ONCE, _AT_ONCE), order_by=order, page_token=token
                )
                for run in page:
                    yield TrackedRun.from_mlflow(run, names[run.info.experiment_id])
                    given += 1
                    if limit is not None and given >= limit:
                        return
                token = page.token
                if not token:
                    return

    def _record(self, run: Any) -> TrackedRun:
        return TrackedRun.from_mlflow(run, self._client.get_experiment(run.info.experiment_id).name)

    @contextlib.contextmanager
    def _explained(self, verb: str) -> Iterator[None]:
        """Turn what SQLite, the disk or a server says into words and a fix."""
        with explained(verb, self.tracking_uri):
            yield


def _metric_entities(points: Iterable[Point]) -> list[Any]:
    from mlflow.entities import Metric

    return [Metric(_safe_name(name), value, at_ms, step) for name, value, at_ms, step in points]


def _param_entities(params: dict[str, Any]) -> list[Any]:
    from mlflow.entities import Param

    return [Param(_safe_name(key), str(value)[:_VALUE_CHARS]) for key, value in params.items()]


def _state_tags(state: RunState, failure: Failure | None) -> dict[str, str]:
    """The tags that say how a run stands, and why it did not finish."""
    tags = {"workbench.state": state.value}
    if failure is not None:
        tags["workbench.reason"] = failure.message
        shown = asdict(failure)
        shown["traceback"] = shown["traceback"][-4000:]
        tags["workbench.failure"] = json.dumps(shown)
    return tags


def _safe_name(name: str) -> str:
    """MLflow takes letters of any script, digits and ``_-. :/`` in names; others become ``_``."""
    return "".join(char if char.isalnum() or char in "_-. :/" else "_" for char in name)[:250]


def _folder_name(name: str) -> str:
    return "".join(char if char.isalnum() or char in "-_." else "_" for char in name).strip(".") or "experiment"


def _clipped(tags: dict[str, str], limit: int) -> dict[str, str]:
    return {key: value if len(value) <= limit else value[: limit - 1] + "…" for key, value in tags.items()}
