"""Counts, best value and history of a study, updated as each trial ends instead of computed from all trials."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, Any

from workbench.sweeps.goal import Goal

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

_SHOWN = 300

UNCOUNTED = "workbench:uncounted"
"""A user attribute of trials that are not among those asked for: learnt from earlier, or tried again."""


class StudyStats:
    """Statistics of a study.

    Args:
        goals: The study's goals.

    Attributes:
        ended: Number of ended trials among those asked for.
        counts: Number of ended trials by state (``complete``, ``pruned``, ``fail``).
        best: Number, value and params of the best trial; None before the first, and with several goals.
        front: With several goals, number and values of each trial that no other beats in all of them.
        since_best: Number of trials that have ended since the best one did.
        history: Number and value of the last few hundred complete trials.
        climb: Number and value of each trial that was the best when it ended.
    """

    def __init__(self, goals: tuple[Goal, ...]) -> None:
        self._signs = [1.0 if goal.direction == "minimize" else -1.0 for goal in goals]
        self.ended = 0
        self.counts: Counter[str] = Counter()
        self.best: tuple[int, float, dict[str, Any]] | None = None
        self.front: list[tuple[int, tuple[float, ...]]] = []
        self.since_best = 0
        self.history: deque[tuple[int, float]] = deque(maxlen=_SHOWN)
        self.climb: deque[tuple[int, float]] = deque(maxlen=_SHOWN)

    def add(self, trial: FrozenTrial) -> bool:
        """Count an ended trial, and return whether it is the best so far."""
        state = trial.state.name.lower()
        if not trial.user_attrs.get(UNCOUNTED):
            self.ended += 1
        self.counts[state] += 1
        self.since_best += 1
        if state != "complete":
            return False
        is_feasible = all(excess <= 0 for excess in trial.constraints.values())
        if len(self._signs) > 1:
            return is_feasible and self._add_to_front(trial.number, tuple(trial.values))
        assert trial.value is not None
        self.history.append((trial.number, trial.value))
        if not is_feasible or (self.best is not None and not self._is_better(trial.value, self.best[1])):
            return False
        self.best = (trial.number, trial.value, dict(trial.params))
        self.climb.append((trial.number, trial.value))
        self.since_best = 0
        return True

    def _is_better(self, value: float, other: float) -> bool:
        return self._signs[0] * value < self._signs[0] * other

    def _add_to_front(self, number: int, values: tuple[float, ...]) -> bool:
        """Add a trial to the front and return true, unless another trial beats it in all goals."""
        if any(self._beats(other, values) for _, other in self.front):
            return False
        self.front = [(n, other) for n, other in self.front if not self._beats(values, other)] + [(number, values)]
        self.since_best = 0
        return True

    def _beats(self, one: tuple[float, ...], other: tuple[float, ...]) -> bool:
        signed = [(sign * a, sign * b) for sign, a, b in zip(self._signs, one, other, strict=True)]
        return all(a <= b for a, b in signed) and one != other
