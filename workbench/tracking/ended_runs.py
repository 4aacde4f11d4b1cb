"""Runs that have ended already when they are recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.records.runs import Failure, RunState

Point = tuple[str, float, int, int]
"""A metric's name, value, time in milliseconds since the epoch, and step."""


@dataclass(frozen=True)
class EndedRun:
    """A run as it ended.

    Attributes:
        name: Its name.
        tags: Tags to record.
        params: Params; values are recorded as text.
        points: Points of its metrics.
        state: A terminal state.
        failure: The reason why it did not finish.
        started_at: Seconds since the epoch.
        ended_at: Seconds since the epoch.
    """

    name: str
    tags: dict[str, str]
    params: dict[str, Any]
    points: Sequence[Point]
    state: RunState
    failure: Failure | None
    started_at: float
    ended_at: float
