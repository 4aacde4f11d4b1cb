"""How the ranks of one trial find each other: the leader's task for its followers, and theirs ends for it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class TrialTask:
    """What a team is to run next.

    Attributes:
        turn: Counts a team's tasks.
        number: The trial's.
        values: Those of the swept names, functions and classes by their names.
        is_open: Whether the worker itself is to choose the values, since a function of the notebook takes part.
        port: Where the leader's process group listens.
    """

    turn: int
    number: int
    values: dict[str, Any]
    is_open: bool = False
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
        """The number of the team's next task."""
        with self._lock:
            return self._teams.setdefault(team, _Team()).turn + 1

    def give(self, team: str, task: TrialTask | None) -> None:
        """Give a team its task; None sends it home."""
        with self._lock:
            before = self._teams.setdefault(team, _Team())
            self._teams[team] = _Team(before.turn + 1, task)

    def task_after(self, team: str, turn: int) -> tuple[TrialTask | None] | None:
        """The task after that turn in a tuple; None where the leader has none yet."""
        with self._lock:
            known = self._teams.get(team)
            return (known.task,) if known is not None and known.turn > turn else None

    def end(self, team: str, turn: int, rank: int, fault: str = "") -> None:
        """A follower is through with its part; ``fault`` says what went wrong in it."""
        with self._lock:
            known = self._teams.get(team)
            if known is not None and known.turn == turn:
                known.ended.add(rank)
                known.faults += [fault] if fault else []

    def ends(self, team: str) -> tuple[int, str]:
        """How many followers are through, and the first fault."""
        with self._lock:
            known = self._teams.get(team, _Team())
            return len(known.ended), next(iter(known.faults), "")

    def forget(self, team: str) -> None:
        """A team's processes are gone."""
        with self._lock:
            self._teams.pop(team, None)
