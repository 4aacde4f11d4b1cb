"""Params and metrics written in batches as large as MLflow takes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from workbench.tracking.ended_runs import EndedRun, Point
from workbench.tracking.entities import metric_entities, param_entities

if TYPE_CHECKING:
    from mlflow import MlflowClient

_BATCH = 1000
_PARAMS_AT_ONCE = 100


def write_params(client: MlflowClient, run_id: str, params: dict[str, Any]) -> None:
    """Write params; a param that has another value already keeps it."""
    from mlflow.exceptions import MlflowException

    entities = param_entities(params)
    for start in range(0, len(entities), _PARAMS_AT_ONCE):
        try:
            client.log_batch(run_id, params=entities[start : start + _PARAMS_AT_ONCE])
        except MlflowException as error:
            if "already logged" not in str(error) and "Changing param" not in str(error):
                raise


def write_metrics(client: MlflowClient, run_id: str, points: Iterable[Point]) -> None:
    """Write points of metrics."""
    metrics = metric_entities(points)
    for start in range(0, len(metrics), _BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + _BATCH])


def write_ended_run(client: MlflowClient, experiment_id: str, ended: EndedRun) -> None:
    """Create a run that has ended already, with all that is known of it."""
    metrics, params = metric_entities(ended.points), param_entities(ended.params)
    started_ms = int(ended.started_at * 1000)
    run_id = client.create_run(experiment_id, start_time=started_ms, run_name=ended.name, tags=ended.tags).info.run_id
    size = _BATCH - _PARAMS_AT_ONCE
    for start in range(0, max(1, len(metrics)), size):
        first_params = params[:_PARAMS_AT_ONCE] if start == 0 else []
        client.log_batch(run_id, metrics[start : start + size], first_params)
    client.set_terminated(run_id, status=ended.state.mlflow_status, end_time=int(ended.ended_at * 1000))
