"""Reads an endpoint's figures; see :mod:`workbench.serving.control.history_writer`."""

from __future__ import annotations

import json

from workbench.records.endpoint_answers import Sample
from workbench.tracking.experiments import ENDPOINTS_EXPERIMENT
from workbench.tracking.matching import any_quote
from workbench.tracking.store import TrackingStore
from workbench.tracking.tracked_run import TrackedRun

SAMPLES_FILE = "samples.json"
PROJECT_TAG = "workbench.state_dir"
FIGURES = ("requests", "errors", "p50_ms", "p95_ms", "p99_ms", "queue", "replicas", "batch_mean", "cache_hits")
_MOST_POINTS = 1440
_MOST_RUNS = 50


def history_of(store: TrackingStore, endpoint: str) -> dict[str, dict[str, list[float]]]:
    """Return the columns ``t`` and the figures of each version, newest last; a label that came again continues."""
    found: dict[str, dict[str, list[float]]] = {}
    for run in reversed(runs_of(store, endpoint)):
        label = run.tags["workbench.endpoint_version"]
        rows = found.setdefault(label, {"t": [], **{name: [] for name in FIGURES}})
        columns = {name: dict(store.series(run.run_id, name, "time").points()) for name in FIGURES}
        for t in sorted({t for column in columns.values() for t in column})[-_MOST_POINTS:]:
            rows["t"].append(t)
            for name in FIGURES:
                rows[name].append(columns[name].get(t, float("nan")))
    return found


def stored_samples(store: TrackingStore, endpoint: str, label: str) -> list[Sample]:
    """Return the samples of a version in MLflow, an empty list where there are none."""
    for run in runs_of(store, endpoint):
        if run.tags["workbench.endpoint_version"] == label:
            try:
                samples: list[Sample] = json.loads(store.read_artifact(run.run_id, SAMPLES_FILE))
            except FileNotFoundError:
                continue
            return samples
    return []


def runs_of(store: TrackingStore, endpoint: str, limit: int = _MOST_RUNS) -> list[TrackedRun]:
    """Return the runs that keep an endpoint's figures and samples, newest first."""
    query = f"tags.`workbench.endpoint` LIKE '{any_quote(endpoint)}'"
    found = store.search(query=query, experiment=ENDPOINTS_EXPERIMENT, limit=limit)
    return [run for run in found if run.tags.get("workbench.endpoint") == endpoint]
