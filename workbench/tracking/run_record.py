"""A run as the tracking store knows it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from workbench.records.runs import Failure, RunState


@dataclass(frozen=True)
class RunRecord:
    """One MLflow run. Times are seconds since the epoch; ``metrics`` are the latest values.

    ``source`` is ``"workbench"``, or ``"mlflow"`` for runs that something else logged.
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
        """How long it took, None while it runs."""
        if self.started_at is None or self.ended_at is None:
            return None
        return self.ended_at - self.started_at


def record_of(run: Any, experiment: str) -> RunRecord:
    """From MLflow's entity. The state that Workbench noted goes before MLflow's coarser status."""
    tags = dict(run.data.tags)
    noted = tags.get("workbench.state")
    state = RunState(noted) if noted in {member.value for member in RunState} else RunState.from_mlflow(run.info.status)
    return RunRecord(
        run_id=run.info.run_id,
        name=run.info.run_name or tags.get("mlflow.runName", run.info.run_id[:8]),
        state=state,
        experiment=experiment,
        metrics={key: value for key, value in run.data.metrics.items() if not key.startswith("system/")},
        params=dict(run.data.params),
        tags=tags,
        started_at=_seconds(tags.get("workbench.started_at")) or (run.info.start_time or 0) / 1000 or None,
        ended_at=run.info.end_time / 1000 if run.info.end_time else None,
        source="workbench" if "workbench.foreman" in tags else "mlflow",
        failure=_failure(tags.get("workbench.failure")),
    )


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
