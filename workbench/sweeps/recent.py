"""A storage that shows samplers and pruners only the best and the newest trials of a study.

The 10,000th trial takes as long as the 1,000th then. Optuna asks its storage for all trials before each one, and TPE
looks at all of them. It learns hardly more from thousands than from hundreds: it keeps the best 25 apart, and gives the
oldest others hardly any weight.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections import deque
from collections.abc import Container
from typing import Any

from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

_BEST = 50
_NEWEST = 450
_OTHERS_EVERY_S = 0.5


def _delegate(name: str) -> Any:
    def call(self: _Delegating, *args: Any, **kwargs: Any) -> Any:
        return getattr(self.inner, name)(*args, **kwargs)

    return call


class _Delegating:
    """Delegates all methods to another storage."""

    def __init__(self, inner: BaseStorage) -> None:
        self.inner = inner


_methods = {name: _delegate(name) for name in dir(BaseStorage) if not name.startswith("_")}
_Base: Any = type("_Base", (_Delegating, BaseStorage), _methods)


class RecentStorage(_Base):  # type: ignore[misc]
    """A view of a storage for the one study of one goal that this process runs.

    Args:
        inner: The storage.
        study_id: The study's number in it.
    """

    def __init__(self, inner: BaseStorage, study_id: int) -> None:
        super().__init__(inner)
        self._study_id = study_id
        self._sign = 1.0 if inner.get_study_directions(study_id)[0] is StudyDirection.MINIMIZE else -1.0
        self._best: list[tuple[float, int, FrozenTrial]] = []  # a heap, the worst of them first
        self._newest: deque[FrozenTrial] = deque(maxlen=_NEWEST)
        self._running: dict[int, None] = {}
        self._looked_at = 0.0
        self._lock = threading.Lock()
        for trial in inner.get_all_trials(study_id, deepcopy=False):
            if trial.state.is_finished():
                self._take(trial)

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """Return the best, the newest and the running trials by number; see ``BaseStorage``.

        Trials that other processes enqueue are looked up twice a second.
        """
        if study_id != self._study_id:
            others: list[FrozenTrial] = self.inner.get_all_trials(study_id, deepcopy=deepcopy, states=states)
            return others
        if states is not None and not any(state in states for state in TrialState if state is not TrialState.WAITING):
            if time.monotonic() - self._looked_at < _OTHERS_EVERY_S:
                return []
            self._looked_at = time.monotonic()
            found: list[FrozenTrial] = self.inner.get_all_trials(study_id, deepcopy=deepcopy, states=states)
            if found:  # there may be more behind the one that is taken
                self._looked_at = 0.0
            return found
        with self._lock:
            ended, running = [*(trial for _, _, trial in self._best), *self._newest], list(self._running)
        known = {trial.number: trial for trial in ended}
        known.update((trial.number, trial) for trial in map(self.inner.get_trial, running))
        return [known[n] for n in sorted(known) if states is None or known[n].state in states]

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """Start a trial, or add one; see ``BaseStorage``."""
        trial_id: int = self.inner.create_new_trial(study_id, template_trial)
        if template_trial is None:
            with self._lock:
                self._running[trial_id] = None
        else:
            self._looked_at = 0.0
        return trial_id

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Any = None) -> bool:
        """Set a trial's state; see ``BaseStorage``."""
        is_set: bool = self.inner.set_trial_state_values(trial_id, state, values)
        if state is TrialState.RUNNING and is_set:
            with self._lock:
                self._running[trial_id] = None
        elif state.is_finished():
            trial = self.inner.get_trial(trial_id)
            with self._lock:
                self._running.pop(trial_id, None)
                self._take(trial)
        return is_set

    def _take(self, trial: FrozenTrial) -> None:
        self._newest.append(trial)
        if trial.state is not TrialState.COMPLETE or any(excess > 0 for excess in trial.constraints.values()):
            return
        assert trial.value is not None
        entry = (-self._sign * trial.value, -trial.number, trial)
        if len(self._best) < _BEST:
            heapq.heappush(self._best, entry)
        else:
            heapq.heappushpop(self._best, entry)
