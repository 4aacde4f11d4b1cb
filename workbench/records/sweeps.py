"""Records of a sweep: its trials and its progress."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from workbench.records.wire import Measured


@dataclass
class TrialSnapshot:
    """A trial of a sweep that runs now.

    Attributes:
        number: Optuna's number.
        params: The swept names' values as text.
        value: The last value of the goal that it logged.
        curve: Steps and values of the goal so far, a few hundred at most.
        run_id: The trial's MLflow run, or an empty string.
        started_at: Seconds since the epoch.
    """

    number: int
    params: dict[str, str] = field(default_factory=dict)
    value: Measured | None = None
    curve: list[tuple[float, Measured]] = field(default_factory=list)
    run_id: str = ""
    started_at: float = 0.0


@dataclass
class SweepProgress:
    """The progress of a sweep.

    Attributes:
        done: Trials that ended, in all sweeps of this study.
        total: Trials that there are to be.
        pruned: Trials that were pruned, among those that ended.
        failed: Trials that failed, among those that ended.
        best: The best value; None before the first, and with several goals.
        best_number: The number of the best trial.
        best_params: The best trial's values of the swept names.
        front: With several goals, the trials that no other beats, as number and values.
        history: The last complete trials as number and value.
        climb: Each trial that was the best when it ended.
        is_paused: Whether no trial is started until the sweep is resumed.
    """

    done: int = 0
    total: int = 0
    pruned: int = 0
    failed: int = 0
    best: Measured | None = None
    best_number: int | None = None
    best_params: dict[str, Any] = field(default_factory=dict)
    front: list[tuple[int, tuple[Measured, ...]]] = field(default_factory=list)
    history: list[tuple[int, Measured]] = field(default_factory=list)
    climb: list[tuple[int, Measured]] = field(default_factory=list)
    is_paused: bool = False

    def shared(self) -> dict[str, Any]:
        """Return the fields that every record of a sweep's progress has."""
        return {part.name: getattr(self, part.name) for part in fields(SweepProgress)}


@dataclass
class SweepSnapshot(SweepProgress):
    """A sweep as views show it.

    Attributes:
        study: The study's name.
        goals: The goals as text.
        running: Trials that run now.
        teams: The number of trials that can run at once now.
    """

    study: str = ""
    goals: tuple[str, ...] = ()
    running: list[TrialSnapshot] = field(default_factory=list)
    teams: int = 0
