"""An endpoint's figures and samples, kept in MLflow: a run for each version, which lists of runs leave out."""

from __future__ import annotations

import contextlib
import json
import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.records.endpoints import Version
from workbench.records.runs import RunState
from workbench.serving.control.endpoint_state import EndpointBook
from workbench.serving.history import FIGURES, PROJECT_TAG, SAMPLES_FILE, runs_of
from workbench.tracking.pages import ENDPOINTS_EXPERIMENT
from workbench.tracking.registry import Registry
from workbench.tracking.store import TrackingStore

log = logging.getLogger(__name__)

_NO_SAMPLES = b"[]"
_ALL_RUNS = 10_000


class Diary:
    """Writes in a thread of its own, in order; what cannot be written is said in the gateway's log, once a reason."""

    def __init__(self) -> None:
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="diary")
        self._namer = ThreadPoolExecutor(1, thread_name_prefix="aliases")
        self._figuring: dict[str, Future[None]] = {}
        self._stores: dict[str, TrackingStore] = {}
        self._said: set[str] = set()

    def begin(self, book: EndpointBook, version: Version) -> Future[str]:
        """Make the run that a version's figures go to; gives its id, an empty string where that failed."""
        return self._namer.submit(self._begin, book, version)

    def figures(
        self, book: EndpointBook, version: Version, values: dict[str, Any], samples: list[dict[str, Any]]
    ) -> None:
        """Note a minute's figures, and the samples as they are now."""
        before = self._figuring.get(version.app)
        if version.history_run and (before is None or before.done()):  # a store that is slow gets no queue
            self._figuring[version.app] = self._writer.submit(
                self._quietly, self._figures, book, version, values, samples
            )

    def forget_samples(self, book: EndpointBook) -> Future[None]:
        """Leave no samples of any of its versions, nor of those that it had; the future says what did not go."""
        return self._writer.submit(self._forget_samples, book)

    def end(self, book: EndpointBook, version: Version) -> None:
        """The version has gone: end its run."""
        self._figuring.pop(version.app, None)
        if version.history_run:
            self._writer.submit(self._quietly, self._end, book, version)

    def set_alias(self, book: EndpointBook, version: Version, alias: str) -> None:
        """Have an alias of the registry name this version of each of its models."""
        self._namer.submit(self._quietly, self._set_alias, book, version, alias)

    def take_alias_back(self, book: EndpointBook, label: str | None) -> None:
        """A version was rolled back: have its alias name what it named before, and that of who answers now, it."""
        self._namer.submit(self._quietly, self._take_alias_back, book, label or "")

    def close(self) -> None:
        """Write out what is left."""
        self._namer.shutdown(wait=True)
        self._writer.shutdown(wait=True)

    def _store(self, book: EndpointBook) -> TrackingStore:
        if book.tracking_uri not in self._stores:
            artifacts = Path(book.artifact_dir) if book.artifact_dir else None
            self._stores[book.tracking_uri] = TrackingStore(book.tracking_uri, artifacts)
        return self._stores[book.tracking_uri]

    def _quietly(self, write: Any, *arguments: Any) -> None:
        try:
            write(*arguments)
        except Exception as error:
            if str(error) not in self._said:
                self._said.add(str(error))
                log.warning("MLflow did not take what was to be kept of an endpoint: %s", error)

    def _begin(self, book: EndpointBook, version: Version) -> str:
        tags = {
            "workbench.endpoint": book.name,
            "workbench.endpoint_version": version.label,
            PROJECT_TAG: book.state_dir,
            "workbench.notebook": book.notebook,
            "mlflow.source.name": book.notebook or book.name,
        }
        params = {"models": ", ".join(f"{model.name}/{model.number}" for model in version.models)}
        try:
            store = self._store(book)
            run_id = store.create_run(
                experiment=ENDPOINTS_EXPERIMENT, name=f"{book.name} {version.label}", tags=tags, params=params
            )
            store.set_state(run_id, RunState.RUNNING)
            registry = Registry(store)
            for model in version.models:
                registry.tag(model.name, model.number, f"workbench.endpoint.{book.name}", run_id)
            return run_id
        except WorkbenchError as error:
            log.warning("an endpoint's figures will not be kept: %s", error)
            return ""

    def _figures(
        self, book: EndpointBook, version: Version, values: dict[str, Any], samples: list[dict[str, Any]]
    ) -> None:
        store, now_ms = self._store(book), int(time.time() * 1000)
        step = now_ms // 60_000
        points = [(name, float(values[name]), now_ms, step) for name in FIGURES if values.get(name) is not None]
        store.log_metrics(version.history_run, points)
        if samples:
            store.log_bytes(version.history_run, json.dumps(samples).encode(), SAMPLES_FILE)

    def _forget_samples(self, book: EndpointBook) -> None:
        store, error = self._store(book), None
        mine = {version.history_run for version in list(book.versions.values())}
        for run in runs_of(store, book.name, _ALL_RUNS):
            # On a shared server others may have an endpoint of that name.
            if run.run_id not in mine and run.tags.get(PROJECT_TAG) != book.state_dir:
                continue
            try:
                if SAMPLES_FILE in store.artifacts(run.run_id):
                    store.log_bytes(run.run_id, _NO_SAMPLES, SAMPLES_FILE)
            except (WorkbenchError, OSError) as problem:
                error = problem
        if error is not None:
            raise error

    def _end(self, book: EndpointBook, version: Version) -> None:
        store = self._store(book)
        store.set_state(version.history_run, RunState.FINISHED)
        registry = Registry(store)
        others = [one for one in list(book.versions.values()) if one.app != version.app]
        served = {(model.name, model.number) for one in others for model in one.models}
        for model in version.models:
            if (model.name, model.number) in served:  # published again with other options
                continue
            with contextlib.suppress(WorkbenchError):
                registry.untag(model.name, model.number, f"workbench.endpoint.{book.name}")

    def _set_alias(self, book: EndpointBook, version: Version, alias: str) -> None:
        registry = Registry(self._store(book))
        for model in version.models:
            before = registry.aliased(model.name, alias)
            if before != model.number:
                book.alias_before.setdefault(version.label, {})[model.name] = before
                registry.set_alias(model.name, alias, model.number)

    def _take_alias_back(self, book: EndpointBook, label: str) -> None:
        registry, alias, gone = Registry(self._store(book)), book.aliases.get(label, ""), book.versions.get(label)
        before = book.alias_before.pop(label, {})
        for model in gone.models if gone is not None else ():
            # Where somebody has moved it meanwhile, it stays.
            if model.name in before and registry.aliased(model.name, alias) == model.number:
                if before[model.name]:
                    registry.set_alias(model.name, alias, before[model.name])
                else:
                    registry.delete_alias(model.name, alias)
        now = book.versions.get(book.champion or "")
        if now is not None and now.label in book.aliases:
            self._set_alias(book, now, book.aliases[now.label])
