"""What came out of a study so far, kept as its trials end: nothing looks at all of them after each."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any

from workbench.sweeps.goal import Goal

_SHOWN = 300

UNCOUNTED = "workbench:uncounted"
"""A trial's user attribute: it is none of those asked for (it was learnt from, or tried again)."""


class Tally:
    """Counts, the best, and the way there.

    Args:
        goals: What the study is after.

    Attributes:
        ended: How many of the trials asked for have ended.
        counts: Ended trials by state (``complete``, ``pruned``, ``fail``).
        best: Number, value and values of the swept names of the best; None before the first or with several goals.
        front: With several goals, the numbers and values of trials that no other beats in all of them.
        since_best: How many trials have ended since the best one did.
        history: The last few hundred complete trials as number and value.
        climb: Each trial that was the best when it ended, as number and value.
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

    def take(self, trial: Any) -> bool:
        """Count an ended trial (an ``optuna.trial.FrozenTrial``); whether it is the best so far."""
        state = trial.state.name.lower()
        if not trial.user_attrs.get(UNCOUNTED):
            self.ended += 1
        self.counts[state] += 1
        self.since_best += 1
        if state != "complete":
            return False
        is_feasible = all(excess <= 0 for excess in trial.constraints.values())
        if len(self._signs) > 1:
            return is_feasible and self._take_front(trial.number, tuple(trial.values))
        self.history.append((trial.number, trial.value))
        if not is_feasible or (self.best is not None and not self._is_better(trial.value, self.best[1])):
            return False
        self.best = (trial.number, trial.value, dict(trial.params))
        self.climb.append((trial.number, trial.value))
        self.since_best = 0
        return True

    def _is_better(self, value: float, other: float) -> bool:
        return self._signs[0] * value < self._signs[0] * other

    def _take_front(self, number: int, values: tuple[float, ...]) -> bool:
        """Whether no trial beats this one in all goals; it then joins the front."""
        if any(self._beats(other, values) for _, other in self.front):
            return False
        self.front = [(n, other) for n, other in self.front if not self._beats(values, other)] + [(number, values)]
        self.since_best = 0
        return True

    def _beats(self, one: tuple[float, ...], other: tuple[float, ...]) -> bool:
        signed = [(sign * a, sign * b) for sign, a, b in zip(self._signs, one, other, strict=True)]
        return all(a <= b for a, b in signed) and one != other
