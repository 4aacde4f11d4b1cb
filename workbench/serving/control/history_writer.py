"""Writes an endpoint's figures and samples to MLflow: a run for each version, which lists of runs leave out."""

from __future__ import annotations

import contextlib
import json
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.records.endpoint_answers import Sample
from workbench.records.endpoints import Version
from workbench.records.runs import RunState
from workbench.serving.control.endpoint_state import EndpointState
from workbench.serving.history import FIGURES, PROJECT_TAG, SAMPLES_FILE, runs_of
from workbench.tracking.experiments import ENDPOINTS_EXPERIMENT
from workbench.tracking.registry import Registry
from workbench.tracking.store import TrackingStore

log = logging.getLogger(__name__)

_NO_SAMPLES = b"[]"
_ALL_RUNS = 10_000


class HistoryWriter:
    """Writes in threads of its own, in order. What MLflow refuses goes to the gateway's log, once for each reason."""

    def __init__(self) -> None:
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="history")
        self._namer = ThreadPoolExecutor(1, thread_name_prefix="aliases")
        self._pending_figures: dict[str, Future[None]] = {}
        self._stores: dict[str, TrackingStore] = {}
        self._reported: set[str] = set()

    def begin_run(self, endpoint: EndpointState, version: Version) -> Future[str]:
        """Create the run for a version's figures; the result is its id, an empty string where that failed."""
        return self._namer.submit(self._begin_run, endpoint, version)

    def write_figures(
        self, endpoint: EndpointState, version: Version, values: Mapping[str, Any], samples: list[Sample]
    ) -> None:
        """Write a minute's figures, and the samples as they are now."""
        before = self._pending_figures.get(version.app)
        if version.history_run and (before is None or before.done()):  # a slow store gets no queue
            self._pending_figures[version.app] = self._writer.submit(
                self._quietly, self._write_figures, endpoint, version, values, samples
            )

    def forget_samples(self, endpoint: EndpointState) -> Future[None]:
        """Delete the samples of all versions, past ones included; the future raises what could not be deleted."""
        return self._writer.submit(self._forget_samples, endpoint)

    def end_run(self, endpoint: EndpointState, version: Version) -> None:
        """End the run of a version that has gone."""
        self._pending_figures.pop(version.app, None)
        if version.history_run:
            self._writer.submit(self._quietly, self._end_run, endpoint, version)

    def set_alias(self, endpoint: EndpointState, version: Version, alias: str) -> None:
        """Point an alias of the registry to this version of each of its models."""
        self._namer.submit(self._quietly, self._set_alias, endpoint, version, alias)

    def restore_alias(self, endpoint: EndpointState, label: str | None) -> None:
        """Undo the alias of a version that was rolled back, and set that of the version that answers now."""
        self._namer.submit(self._quietly, self._restore_alias, endpoint, label or "")

    def close(self) -> None:
        """Write what is left, then end the threads."""
        self._namer.shutdown(wait=True)
        self._writer.shutdown(wait=True)

    def _store(self, endpoint: EndpointState) -> TrackingStore:
        if endpoint.tracking_uri not in self._stores:
            artifacts = Path(endpoint.artifact_dir) if endpoint.artifact_dir else None
            self._stores[endpoint.tracking_uri] = TrackingStore(endpoint.tracking_uri, artifacts)
        return self._stores[endpoint.tracking_uri]

    def _quietly(self, write: Callable[..., None], *arguments: Any) -> None:
        try:
            write(*arguments)
        except Exception as error:
            if str(error) not in self._reported:
                self._reported.add(str(error))
                log.warning("MLflow did not take what was to be kept of an endpoint: %s", error)

    def _begin_run(self, endpoint: EndpointState, version: Version) -> str:
        tags = {
            "workbench.endpoint": endpoint.name,
            "workbench.endpoint_version": version.label,
            PROJECT_TAG: endpoint.state_dir,
            "workbench.notebook": endpoint.notebook,
            "mlflow.source.name": endpoint.notebook or endpoint.name,
        }
        params = {"models": ", ".join(f"{model.name}/{model.number}" for model in version.models)}
        try:
            store = self._store(endpoint)
            run_id = store.create_run(
                experiment=ENDPOINTS_EXPERIMENT, name=f"{endpoint.name} {version.label}", tags=tags, params=params
            )
            store.set_state(run_id, RunState.RUNNING)
            registry = Registry(store)
            for model in version.models:
                registry.tag(model.name, model.number, f"workbench.endpoint.{endpoint.name}", run_id)
            return run_id
        except WorkbenchError as error:
            log.warning("an endpoint's figures will not be kept: %s", error)
            return ""

    def _write_figures(
        self, endpoint: EndpointState, version: Version, values: Mapping[str, Any], samples: list[Sample]
    ) -> None:
        store, now_ms = self._store(endpoint), int(time.time() * 1000)
        step = now_ms // 60_000
        points = [(name, float(values[name]), now_ms, step) for name in FIGURES if values.get(name) is not None]
        store.log_metrics(version.history_run, points)
        if samples:
            store.log_bytes(version.history_run, json.dumps(samples).encode(), SAMPLES_FILE)

    def _forget_samples(self, endpoint: EndpointState) -> None:
        store, error = self._store(endpoint), None
        mine = {version.history_run for version in list(endpoint.versions.values())}
        for run in runs_of(store, endpoint.name, _ALL_RUNS):
            # On a shared server others may have an endpoint of that name.
            if run.run_id not in mine and run.tags.get(PROJECT_TAG) != endpoint.state_dir:
                continue
            try:
                if SAMPLES_FILE in store.artifacts(run.run_id):
                    store.log_bytes(run.run_id, _NO_SAMPLES, SAMPLES_FILE)
            except (WorkbenchError, OSError) as problem:
                error = problem
        if error is not None:
            raise error

    def _end_run(self, endpoint: EndpointState, version: Version) -> None:
        store = self._store(endpoint)
        store.set_state(version.history_run, RunState.FINISHED)
        registry = Registry(store)
        others = [one for one in list(endpoint.versions.values()) if one.app != version.app]
        served = {(model.name, model.number) for one in others for model in one.models}
        for model in version.models:
            if (model.name, model.number) in served:  # published again with other options
                continue
            with contextlib.suppress(WorkbenchError):
                registry.untag(model.name, model.number, f"workbench.endpoint.{endpoint.name}")

    def _set_alias(self, endpoint: EndpointState, version: Version, alias: str) -> None:
        registry = Registry(self._store(endpoint))
        for model in version.models:
            before = registry.aliased(model.name, alias)
            if before != model.number:
                endpoint.alias_before.setdefault(version.label, {})[model.name] = before
                registry.set_alias(model.name, alias, model.number)

    def _restore_alias(self, endpoint: EndpointState, label: str) -> None:
        registry, alias, gone = (
            Registry(self._store(endpoint)),
            endpoint.aliases.get(label, ""),
            endpoint.versions.get(label),
        )
        before = endpoint.alias_before.pop(label, {})
        for model in gone.models if gone is not None else ():
            # An alias that somebody has moved meanwhile stays.
            if model.name in before and registry.aliased(model.name, alias) == model.number:
                if before[model.name]:
                    registry.set_alias(model.name, alias, before[model.name])
                else:
                    registry.delete_alias(model.name, alias)
        now = endpoint.versions.get(endpoint.champion or "")
        if now is not None and now.label in endpoint.aliases:
            self._set_alias(endpoint, now, endpoint.aliases[now.label])
