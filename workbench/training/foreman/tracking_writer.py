"""The foreman's writes to tracking stores: in order, in threads, never in the event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import ray

from workbench.errors import TrackingError
from workbench.records.runs import Failure, RunState, lost_with_the_cluster
from workbench.tracking.store import TrackingStore
from workbench.training.runs.active_run import ActiveRun

_MAX_RETURNED_BYTES = 2 * 2**30

log = logging.getLogger(__name__)


class TrackingWriter:
    """Serial access to one tracking store.

    Args:
        tracking_uri: The store's MLflow tracking URI.
        artifact_dir: The folder where an embedded store keeps artifacts, None for a server.
    """

    def __init__(self, tracking_uri: str, artifact_dir: str | None) -> None:
        self._uri = tracking_uri
        self._artifact_dir = Path(artifact_dir) if artifact_dir else None
        # One thread for what must be in order and quick, one for files, which may be large.
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="tracking")
        self._file_writer = ThreadPoolExecutor(1, thread_name_prefix="artifacts")
        self.store: TrackingStore | None = None
        self.problem = ""

    async def open(self, foreman_id: str) -> TrackingStore:
        """Open the store at first use, and end what an earlier foreman left unfinished.

        A store whose file was removed meanwhile is made anew: writes to the removed one would be lost.
        """
        if self.store is not None and not self.store.is_there:
            self.store = None
        if self.store is None:
            self.store = await self._call(self._open, foreman_id)
        return self.store

    def _open(self, foreman_id: str) -> TrackingStore:
        if self.store is not None:
            return self.store
        store = TrackingStore(self._uri, self._artifact_dir)
        for record in store.unfinished():
            if record.tags.get("workbench.foreman") != foreman_id:
                store.set_state(record.run_id, RunState.FAILED, failure=lost_with_the_cluster(record.name))
        return store

    async def _call(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._writer, lambda: function(*args, **kwargs))

    async def create_run(self, **fields: Any) -> str:
        """See :meth:`TrackingStore.create_run`."""
        assert self.store is not None
        run_id: str = await self._call(self.store.create_run, **fields)
        return run_id

    def set_state(self, run_id: str, state: RunState, failure: Failure | None = None) -> Future[None]:
        """Write a state after all that was written before it; ``problem`` says what went wrong."""
        return self._writer.submit(self._guarded, "set_state", run_id, state, failure=failure)

    def set_tags(self, run_id: str, tags: dict[str, str]) -> Future[None]:
        """Write tags."""
        return self._writer.submit(self._guarded, "set_tags", run_id, tags)

    def write(self, action: Callable[[TrackingStore], object]) -> Future[None]:
        """Call ``action`` with the store, after all that was written before it."""

        def guarded() -> None:
            try:
                assert self.store is not None
                action(self.store)
                self.problem = ""
            except TrackingError as error:
                self.problem = str(error)

        return self._writer.submit(guarded)

    def log_params(self, run_id: str, params: dict[str, Any]) -> Future[None]:
        """Write params."""
        return self._writer.submit(self._guarded, "log_params", run_id, params)

    def log_bytes(self, run_id: str, data: bytes, artifact_file: str) -> Future[None]:
        """Write a small artifact."""
        return self._file_writer.submit(self._guarded, "log_bytes", run_id, data, artifact_file)

    def log_file(self, run_id: str, path: Path, artifact_path: str) -> Future[None]:
        """Write a file as an artifact."""
        return self._file_writer.submit(self._guarded, "log_file", run_id, path, artifact_path)

    def log_value(self, run_id: str, ref: Any, artifact_file: str) -> Future[None]:
        """Write the bytes that an object reference stands for, unless they are very many."""

        def write() -> None:
            data = ray.get(ref)
            if data is not None and data.nbytes <= _MAX_RETURNED_BYTES:
                self._guarded("log_bytes", run_id, memoryview(data), artifact_file)

        return self._file_writer.submit(write)

    def _guarded(self, method: str, *args: Any, **kwargs: Any) -> None:
        try:
            getattr(self.store, method)(*args, **kwargs)
            self.problem = ""
        except TrackingError as error:
            self.problem = str(error)
            log.warning("%s: %s", method, error)


class TrackingWriters:
    """The writers of all tracking stores that runs are recorded in, each opened at first use.

    Args:
        foreman_id: The id of the foreman; unfinished runs of any other have been lost.
    """

    def __init__(self, foreman_id: str) -> None:
        self._foreman_id = foreman_id
        self._writers: dict[str, TrackingWriter] = {}

    async def open(self, tracking_uri: str, artifact_dir: str | None) -> TrackingWriter:
        """Return the writer of a store, with the store open; raise ``TrackingError`` where that fails."""
        if tracking_uri not in self._writers:
            self._writers[tracking_uri] = TrackingWriter(tracking_uri, artifact_dir)
        writer = self._writers[tracking_uri]
        await writer.open(self._foreman_id)
        return writer

    def of(self, run: ActiveRun) -> TrackingWriter:
        """Return the writer of the store that a run is recorded in."""
        return self._writers[run.spec.tracking_uri]
