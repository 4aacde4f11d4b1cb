"""Metrics, params and tags as MLflow takes them: names of allowed characters, texts of allowed length."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from workbench.records.runs import Failure, RunState
from workbench.tracking.ended_runs import EndedRun, Point

if TYPE_CHECKING:
    from mlflow.entities import Metric, Param, RunTag

_NAME_CHARS = 250
_VALUE_CHARS = 6000
_TAG_CHARS = 7900
_TRACEBACK_CHARS = 4000


def metric_entities(points: Iterable[Point]) -> list[Metric]:
    """Return points of metrics as MLflow's entities."""
    from mlflow.entities import Metric

    return [Metric(safe_name(name), value, at_ms, step) for name, value, at_ms, step in points]


def param_entities(params: dict[str, Any]) -> list[Param]:
    """Return params as MLflow's entities, long values cut off."""
    from mlflow.entities import Param

    return [Param(safe_name(key), str(value)[:_VALUE_CHARS]) for key, value in params.items()]


def tag_entities(tags: dict[str, str]) -> list[RunTag]:
    """Return tags as MLflow's entities, long values cut off."""
    from mlflow.entities import RunTag

    return [RunTag(key, value) for key, value in clipped(tags).items()]


def state_tags(state: RunState, failure: Failure | None) -> dict[str, str]:
    """Return the tags that record a run's state, and why it did not finish."""
    tags = {"workbench.state": state.value}
    if failure is not None:
        tags["workbench.reason"] = failure.message
        shown = asdict(failure)
        shown["traceback"] = shown["traceback"][-_TRACEBACK_CHARS:]
        tags["workbench.failure"] = json.dumps(shown)
    return tags


def as_mlflow_takes_it(run: EndedRun) -> EndedRun:
    """Return an ended run with safe names, clipped texts and its state among its tags."""
    return replace(
        run,
        tags=clipped({**run.tags, **state_tags(run.state, run.failure)}),
        params={safe_name(key): str(value)[:_VALUE_CHARS] for key, value in run.params.items()},
        points=[(safe_name(name), value, at_ms, step) for name, value, at_ms, step in run.points],
    )


def safe_name(name: str) -> str:
    """Return a name in which characters that MLflow refuses are ``_``.

    MLflow takes letters of any script, digits and ``_-. :/``.
    """
    return "".join(char if char.isalnum() or char in "_-. :/" else "_" for char in name)[:_NAME_CHARS]


def clipped(tags: dict[str, str]) -> dict[str, str]:
    """Return tags whose values are short enough for MLflow."""
    return {key: value if len(value) <= _TAG_CHARS else value[: _TAG_CHARS - 1] + "…" for key, value in tags.items()}
