"""Records of a sweep: its trials and its progress."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any


@dataclass
class TrialSnapshot:
    """A trial of a sweep that runs now.

    Attributes:
        number: Optuna's.
        params: The swept names' values as text.
        value: What it last logged of the goal.
        curve: Steps and values of the goal so far, a few hundred at most.
        run_id: Its MLflow run, an empty string while it has none.
        started_at: Seconds since the epoch.
    """

    number: int
    params: dict[str, str] = field(default_factory=dict)
    value: float | None = None
    curve: list[tuple[float, float]] = field(default_factory=list)
    run_id: str = ""
    started_at: float = 0.0


@dataclass
class SweepProgress:
    """How far a sweep is.

    Attributes:
        done: Trials that ended, in all sweeps of this study.
        total: How many there are to be.
        pruned: Of those done, how many were pruned.
        failed: And how many failed.
        best: The best value; None before the first, and with several goals.
        best_number: Whose it is.
        best_params: Its values of the swept names.
        front: With several goals, the trials that no other beats, as number and values.
        history: The last complete trials as number and value.
        climb: Each trial that was the best when it ended.
        is_paused: Whether no trial is started until the sweep is resumed.
    """

    done: int = 0
    total: int = 0
    pruned: int = 0
    failed: int = 0
    best: float | None = None
    best_number: int | None = None
    best_params: dict[str, Any] = field(default_factory=dict)
    front: list[tuple[int, tuple[float, ...]]] = field(default_factory=list)
    history: list[tuple[int, float]] = field(default_factory=list)
    climb: list[tuple[int, float]] = field(default_factory=list)
    is_paused: bool = False

    def shared(self) -> dict[str, Any]:
        """What every record of a sweep's progress tells."""
        return {part.name: getattr(self, part.name) for part in fields(SweepProgress)}


@dataclass
class SweepSnapshot(SweepProgress):
    """A sweep as views show it.

    Attributes:
        study: The study's name.
        goals: What it is after, as text.
        running: The trials that run now.
        teams: How many trials can run at once now.
    """

    study: str = ""
    goals: tuple[str, ...] = ()
    running: list[TrialSnapshot] = field(default_factory=list)
    teams: int = 0
