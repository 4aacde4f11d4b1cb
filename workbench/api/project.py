"""One project as this process uses it: its settings, its tracking store, its cluster."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import ClusterError, ForemanError, RunNotFoundError, WorkbenchError
from workbench.records.logs import LogPage
from workbench.records.runs import RunState, lost_with_the_cluster
from workbench.settings import Settings
from workbench.tracking.log_file import LogFile

_LOGS_KEPT = 32
_PART_LINES = 100_000

if TYPE_CHECKING:
    from workbench.cluster.actors import ActorConnection
    from workbench.tracking.store import TrackingStore
    from workbench.tracking.tracked_run import TrackedRun


class Project:
    """Everything that a project's runs need, opened when it is first used.

    Args:
        settings: The project's settings.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._store: TrackingStore | None = None
        self._logs: dict[Path, LogFile] = {}
        self._lock = threading.Lock()

    @property
    def store(self) -> TrackingStore:
        """The tracking store."""
        with self._lock:
            if self._store is None:
                from workbench.tracking.store import TrackingStore

                artifacts = self.settings.artifact_dir if self.settings.is_embedded_tracking else None
                self._store = TrackingStore(self.settings.tracking_uri, artifacts)
            return self._store

    def connection(self, *, start: bool = True, **options: Any) -> ActorConnection:
        """Connect to the cluster; see :func:`workbench.cluster.connection.connect`."""
        from workbench.training.foreman_client import connect_to_foreman

        return connect_to_foreman(self.settings, start=start, **options)

    def reconciled(self, record: TrackedRun) -> TrackedRun:
        """Return the record with its true state: a run that no foreman knows any more is noted as lost."""
        if record.source != "workbench" or record.state.is_terminal:
            return record
        try:
            known = self._known_to_the_foreman(record.tags.get("mlflow.parentRunId", record.run_id))
        except ForemanError:
            return record
        if known is None:
            self.store.set_state(record.run_id, RunState.FAILED, failure=lost_with_the_cluster(record.name))
            return self.store.get(record.run_id)
        return replace(record, state=known) if "workbench.trial" not in record.tags else record

    def _known_to_the_foreman(self, run_id: str) -> RunState | None:
        try:
            reply = self.connection(start=False).call("watch", run_id, 0, 0.0, timeout_s=8.0)
        except (ClusterError, RunNotFoundError) as error:
            if error.facts.get("is_silent"):  # alive but slow: what was last known stands
                raise
            return None
        state: RunState = reply.snapshot.state
        return state

    def returned(self, run_id: str) -> dict[str, Any]:
        """Return a finished run's returned values by name: from the cluster, or as kept with the run."""
        from workbench.training.worker.returns import unpack_returns

        blob: Any = None
        try:
            refs = self.connection(start=False).call("returns", run_id)
            if refs:
                import ray

                blob = ray.get(refs[0])
        except WorkbenchError:
            pass
        if blob is None:
            try:
                blob = self.store.read_artifact(run_id, "returns/returns.pkl")
            except FileNotFoundError:
                return {}
        return unpack_returns(blob if isinstance(blob, bytes) else memoryview(blob))

    def logs(self, run_id: str, rank: int, tail: int) -> str:
        """Return the last lines that a rank printed."""
        return "".join(f"{line}\n" for line in self.log_page(run_id, rank, -tail, tail).lines)

    def log_page(self, run_id: str, rank: int, start: int, count: int, wanted: str = "") -> LogPage:
        """Return lines that a rank printed; see :meth:`workbench.tracking.log_file.LogFile.page`.

        They are read here where the file is here, else by the foreman, else from what is kept with the run. A trial's
        are a part of its sweep's.
        """
        path = self.settings.run_dir(run_id) / "logs" / f"rank-{rank}.log"
        if not path.exists():
            place = self._place_in_sweep(run_id, rank)
            if place is not None:
                return self._part_of_log(place, start, count, wanted)
            try:
                page: LogPage = self.connection(start=False).call("log_page", run_id, rank, start, count, wanted)
                return page
            except (ForemanError, ClusterError, RunNotFoundError):
                path = self._kept_log(run_id, rank)
        with self._lock:
            if path not in self._logs and len(self._logs) >= _LOGS_KEPT:
                self._logs.pop(next(iter(self._logs)))
            file = self._logs.setdefault(path, LogFile(path))
        return file.page(start, count, wanted)

    def _place_in_sweep(self, run_id: str, rank: int) -> tuple[str, int, int, int | None] | None:
        """Return where a trial's output is: its sweep, the worker, the first line and the one after the last."""
        try:
            tags = self.store.get(run_id).tags
        except RunNotFoundError:
            return None
        parts = tags.get("workbench.log_lines", "").split(",")
        if not parts[0] or rank >= len(parts):
            return None
        worker, first, end = parts[rank].split(":")
        return tags["mlflow.parentRunId"], int(worker), int(first), int(end) if end else None

    def _part_of_log(self, place: tuple[str, int, int, int | None], start: int, count: int, wanted: str) -> LogPage:
        sweep_id, worker, first, end = place
        length = (self.log_page(sweep_id, worker, 0, 0).total if end is None else end) - first
        page = self.log_page(sweep_id, worker, first, max(0, min(length, _PART_LINES)))
        lines = [(n, line) for n, line in enumerate(page.lines) if wanted.lower() in line.lower()]
        start = max(0, len(lines) + start) if start < 0 else start
        shown = lines[start : start + count]
        return LogPage(len(lines), start, [number for number, _ in shown], [line for _, line in shown])

    def _kept_log(self, run_id: str, rank: int) -> Path:
        """Return a copy of the log that is kept with the run in a tracking server."""
        path = Path(tempfile.gettempdir()) / f"workbench-{os.getuid()}" / "logs" / run_id / f"rank-{rank}.log"
        if not path.exists():
            with contextlib.suppress(FileNotFoundError):
                data = self.store.read_artifact(run_id, f"logs/rank-{rank}.log")
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                path.write_bytes(data)
        return path


_projects: dict[tuple[Path, str], Project] = {}


def current_project(folder: Path | None = None) -> Project:
    """Return the project of a folder, the current one by default; it is the same object each time."""
    settings = Settings.of(folder)
    key = (settings.project, settings.tracking_uri)
    if key not in _projects:
        _projects[key] = Project(settings)
    return _projects[key]
