"""How the ranks of a team work on one trial: the leader's task for its followers, and their ends for the leader."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class TrialTask:
    """The trial that a team is to run next.

    Attributes:
        turn: Number of the team's task, from 1.
        number: The trial's number.
        values: Values of the swept names; functions and classes by their names.
        needs_worker: Whether the worker chooses the values itself, since a function of the notebook takes part.
        port: Port of the leader's process group.
    """

    turn: int
    number: int
    values: dict[str, Any]
    needs_worker: bool = False
    port: int = 0


@dataclass
class _Team:
    turn: int = 0
    task: TrialTask | None = None
    ended: set[int] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


class Rendezvous:
    """The teams of one sweep; safe to call from several threads."""

    def __init__(self) -> None:
        self._teams: dict[str, _Team] = {}
        self._lock = threading.Lock()

    def next_turn(self, team: str) -> int:
        """Return the number of the team's next task."""
        with self._lock:
            return self._teams.setdefault(team, _Team()).turn + 1

    def give(self, team: str, task: TrialTask | None) -> None:
        """Give a team its task; None ends the team."""
        with self._lock:
            before = self._teams.setdefault(team, _Team())
            self._teams[team] = _Team(before.turn + 1, task)

    def task_after(self, team: str, turn: int) -> tuple[TrialTask | None] | None:
        """Return the task after a turn in a tuple of one; None while the leader has not taken it yet."""
        with self._lock:
            known = self._teams.get(team)
            return (known.task,) if known is not None and known.turn > turn else None

    def end(self, team: str, turn: int, rank: int, fault: str = "") -> None:
        """Record that a follower has done its part; ``fault`` is its error, or an empty string."""
        with self._lock:
            known = self._teams.get(team)
            if known is not None and known.turn == turn:
                known.ended.add(rank)
                known.faults += [fault] if fault else []

    def ends(self, team: str) -> tuple[int, str]:
        """Return the number of followers that have done their part, and the first fault."""
        with self._lock:
            known = self._teams.get(team, _Team())
            return len(known.ended), next(iter(known.faults), "")

    def forget(self, team: str) -> None:
        """Forget a team whose processes are gone."""
        with self._lock:
            self._teams.pop(team, None)
