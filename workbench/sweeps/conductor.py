"""Asks Optuna what to try next and tells it what came out, for all workers of one sweep."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from workbench.sweeps.plan import SweepPlan
from workbench.sweeps.study import create_study


@dataclass(frozen=True)
class TrialTask:
    """What a worker is to run: a trial's number and the values of the swept names, functions by their names."""

    number: int
    values: dict[str, Any]


@dataclass
class Summary:
    """How far a sweep is.

    Attributes:
        done: Trials that ended, in all sweeps of this study.
        total: How many there are to be.
        running: Trials that run now.
        pruned: Of those done, how many were pruned.
        failed: And how many failed.
        best: The best values, in the goals' order; None before the first, and with several goals.
        best_number: Whose they are.
        best_params: Its values of the swept names.
        is_over: Whether nothing is left to do.
        problem: Why the sweep ended early, or an empty string.
    """

    done: int = 0
    total: int = 0
    running: int = 0
    pruned: int = 0
    failed: int = 0
    best: float | None = None
    best_number: int | None = None
    best_params: dict[str, Any] = field(default_factory=dict)
    is_over: bool = False
    problem: str = ""


class _ByName(dict[str, str]):
    """Stands for the notebook's functions where only their names are needed."""

    def __missing__(self, name: str) -> str:
        return name


class Conductor:
    """One sweep's trials. Runs no user code; safe to call from several threads.

    Args:
        plan: What was asked for. Trials that an earlier sweep of that name left running have failed.
    """

    def __init__(self, plan: SweepPlan) -> None:
        from optuna.trial import TrialState

        self._plan = plan
        self._lock = threading.RLock()
        self._study = create_study(plan)
        self._running: dict[int, Any] = {}
        self._holders: dict[int, str] = {}
        self._orders: dict[int, str] = {}
        self._returns: Any = None
        self._failed_here = 0
        self._problem = ""
        for trial in self._study.get_trials(deepcopy=False):
            if trial.state is TrialState.RUNNING:
                self._study.tell(trial.number, state=TrialState.FAIL)
        trials = self._study.get_trials(deepcopy=False)
        self._counts = {state: sum(trial.state is state for trial in trials) for state in TrialState}
        if not trials and plan.defaults:
            self._study.enqueue_trial(plan.defaults)

    def ask(self, holder: str) -> TrialTask | None:
        """The next trial for a worker; None when there is nothing left to start."""
        from optuna.trial import TrialState

        with self._lock:
            ended = sum(count for state, count in self._counts.items() if state.is_finished())
            if self._problem or ended + len(self._running) >= self._plan.trials:
                return None
            trial = self._study.ask()
            try:
                values = self._plan.space.suggest(trial, _ByName())
            except Exception:
                self._study.tell(trial, state=TrialState.FAIL)
                raise
            self._running[trial.number] = trial
            self._holders[trial.number] = holder
            return TrialTask(trial.number, values)

    def report(self, number: int, step: int, value: float) -> str:
        """Note a running trial's value; what it is to do: go on (an empty string), ``prune`` or ``stop``."""
        with self._lock:
            trial = self._running.get(number)
            if trial is None:
                return "stop"
            if number in self._orders:
                return self._orders[number]
            if len(self._plan.goals) > 1:
                return ""
            trial.report(value, step)
            return "prune" if trial.should_prune() else ""

    def tell(self, number: int, state: str, values: list[float] | None = None) -> bool:
        """Note how a trial ended (``complete``, ``pruned``, ``fail``); whether it is the best so far."""
        from optuna.trial import TrialState

        with self._lock:
            trial = self._running.pop(number, None)
            self._holders.pop(number, None)
            self._orders.pop(number, None)
            if trial is None:
                return False
            ended = TrialState[state.upper()]
            self._study.tell(trial, values if ended is TrialState.COMPLETE else None, state=ended)
            self._counts[ended] = self._counts.get(ended, 0) + 1
            if ended is TrialState.FAIL:
                self._failed_here += 1
                if self._failed_here >= self._plan.max_failures and not self._problem:
                    self._problem = f"{self._failed_here} trials failed, the limit (--max-failures)"
            return ended is TrialState.COMPLETE and len(self._plan.goals) == 1 and self._best()[0] == number

    def keep(self, number: int, returns: Any) -> None:
        """Keep the returned values of a trial while it is the best."""
        with self._lock:
            if self._best()[0] == number:
                self._returns = returns

    def returns(self) -> Any:
        """The best trial's returned values, None where this sweep did not find the best."""
        return self._returns

    def order(self, number: int, what: str) -> bool:
        """Have a running trial ``prune`` or ``stop`` at its next report; whether it runs."""
        with self._lock:
            if number in self._running:
                self._orders[number] = what
            return number in self._running

    def release(self, holder: str | None = None) -> None:
        """A worker is gone, or all are: their trials have failed."""
        with self._lock:
            for number in [number for number, name in self._holders.items() if holder in (None, name)]:
                self.tell(number, "fail")
                self._failed_here -= 1  # it was no fault of the cell's

    def summary(self) -> Summary:
        """How far the sweep is."""
        from optuna.trial import TrialState

        with self._lock:
            done = sum(count for state, count in self._counts.items() if state.is_finished())
            number, value, params = self._best()
            return Summary(
                done=done,
                total=self._plan.trials,
                running=len(self._running),
                pruned=self._counts.get(TrialState.PRUNED, 0),
                failed=self._counts.get(TrialState.FAIL, 0),
                best=value,
                best_number=number,
                best_params=params,
                is_over=not self._running and (done >= self._plan.trials or bool(self._problem)),
                problem=self._problem,
            )

    def _best(self) -> tuple[int | None, float | None, dict[str, Any]]:
        if len(self._plan.goals) > 1:
            return None, None, {}
        try:
            best = self._study.best_trial
        except ValueError:  # none is complete
            return None, None, {}
        return best.number, best.value, dict(best.params)
