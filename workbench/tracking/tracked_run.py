"""A run as the tracking store knows it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from workbench.records.runs import Failure, RunState


@dataclass(frozen=True)
class TrackedRun:
    """One MLflow run.

    Attributes:
        run_id: MLflow's id.
        name: Its name.
        state: Its state; what Workbench recorded goes before MLflow's coarser status.
        experiment: Name of its experiment.
        metrics: Latest value of each metric, system metrics left out.
        params: Params as text.
        tags: All tags.
        started_at: Seconds since the epoch, None before the start.
        ended_at: Seconds since the epoch, None while it runs.
        source: ``"workbench"``, or ``"mlflow"`` for a run that something else logged.
        failure: The reason why it did not finish.
    """

    run_id: str
    name: str
    state: RunState
    experiment: str = ""
    metrics: dict[str, float] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    started_at: float | None = None
    ended_at: float | None = None
    source: str = "mlflow"
    failure: Failure | None = None

    @property
    def duration_s(self) -> float | None:
        """Seconds from start to end, None while it runs."""
        if self.started_at is None or self.ended_at is None:
            return None
        return self.ended_at - self.started_at

    @classmethod
    def from_mlflow(cls, run: Any, experiment: str) -> TrackedRun:
        """Return the run of an ``mlflow.entities.Run``, in the experiment of that name."""
        tags = dict(run.data.tags)
        return cls(
            run_id=run.info.run_id,
            name=run.info.run_name or tags.get("mlflow.runName", run.info.run_id[:8]),
            state=_state(tags.get("workbench.state"), run.info.status),
            experiment=experiment,
            metrics={key: value for key, value in run.data.metrics.items() if not key.startswith("system/")},
            params=dict(run.data.params),
            tags=tags,
            started_at=_seconds(tags.get("workbench.started_at")) or (run.info.start_time or 0) / 1000 or None,
            ended_at=run.info.end_time / 1000 if run.info.end_time else None,
            source="workbench" if "workbench.foreman" in tags else "mlflow",
            failure=_failure(tags.get("workbench.failure")),
        )


def _state(recorded: str | None, status: str) -> RunState:
    try:
        return RunState(recorded)
    except ValueError:
        return RunState.from_mlflow(status)


def _seconds(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _failure(text: str | None) -> Failure | None:
    if not text:
        return None
    try:
        return Failure(**json.loads(text))
    except (ValueError, TypeError):
        return None
