"""Asks Optuna what to try next and tells it what came out, for all teams of one sweep."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from workbench.records.sweeps import SweepProgress
from workbench.sweeps.plan import SweepPlan
from workbench.sweeps.rendezvous import Rendezvous, TrialTask
from workbench.sweeps.study import add_past_trials, create_study, recent
from workbench.sweeps.tally import UNCOUNTED, Tally

_RETRY = "workbench:retry"
_CLONE = "workbench:clone_of"


@dataclass
class Summary(SweepProgress):
    """How far a sweep is, and what is left to do.

    Attributes:
        running: Trials that run now.
        startable: How many more could be started now.
        is_over: Whether nothing is left to do.
        ended_by: The limit that ended the sweep early, or an empty string.
        problem: Why the sweep ended as failed, or an empty string.
    """

    running: int = 0
    startable: int = 0
    is_over: bool = False
    ended_by: str = ""
    problem: str = ""


class _ByName(dict[str, str]):
    """Stands for the notebook's classes where only their names are needed."""

    def __missing__(self, name: str) -> str:
        return name


@dataclass
class _Running:
    """A trial that a team runs."""

    trial: Any
    team: str
    order: str = ""
    is_told: bool = False
    verdicts: dict[int, str] = field(default_factory=dict)


class Conductor:
    """One sweep's trials. Runs no user code; safe to call from several threads.

    Args:
        plan: What was asked for. Trials that an earlier sweep of that name left running have failed.
    """

    def __init__(self, plan: SweepPlan) -> None:
        from optuna.trial import TrialState

        self._plan = plan
        self._lock = threading.RLock()
        self._sampling = threading.Lock()  # it may take long, and samplers are not made for several threads
        self._study = create_study(plan)
        self._meetings = Rendezvous()
        self._running: dict[int, _Running] = {}
        self._starting = 0
        self._dismissed: set[str] = set()
        self._is_paused = False
        self._returns: Any = None
        self._failed_here = 0
        self._ended_by = ""
        self._problem = ""
        self._began: float | None = None
        for trial in self._study.get_trials(deepcopy=False):
            if trial.state is TrialState.RUNNING:
                self._study.tell(trial.number, state=TrialState.FAIL)
        self._tally = Tally(plan.goals)
        trials = self._study.get_trials(deepcopy=False)
        if not trials:
            add_past_trials(self._study, plan)
            if plan.defaults:
                self._study.enqueue_trial(plan.defaults)
            trials = self._study.get_trials(deepcopy=False)
        for trial in trials:
            if trial.state.is_finished():
                self._tally.take(trial)
        self._tally.since_best = 0  # the limit is this sweep's
        self._study = recent(self._study)

    # -- for teams -----------------------------------------------------------------------------

    def ask(self, team: str, port: int = 0) -> TrialTask | None:
        """The next trial for a team; None when it may go home. ``port`` is its leader's."""
        with self._lock:
            if team in self._dismissed or not self._startable():
                self._meetings.give(team, None)
                return None
            self._starting += 1
            self._began = self._began or time.monotonic()
        task = None
        try:
            with self._sampling:
                trial = self._study.ask()
                with self._lock:
                    self._running[trial.number] = _Running(trial, team)
                is_open = self._plan.space.is_open
                values = {} if is_open else self._plan.space.suggest(trial, _ByName())
            task = TrialTask(self._meetings.next_turn(team), trial.number, values, is_open, port)
        except Exception as error:  # each sampler and each storage has errors of its own
            self._problem = f"Optuna could not choose a trial's values: {type(error).__name__}: {error}"
            self.release(team)
        finally:
            with self._lock:
                self._starting -= 1
        self._meetings.give(team, task)
        return task

    def task_after(self, team: str, turn: int) -> tuple[TrialTask | None] | None:
        """For a team's followers; see :meth:`Rendezvous.task_after`."""
        return self._meetings.task_after(team, turn)

    def end_part(self, team: str, turn: int, rank: int, fault: str = "") -> None:
        """For a team's followers; see :meth:`Rendezvous.end`."""
        self._meetings.end(team, turn, rank, fault)

    def ends(self, team: str) -> tuple[int, str]:
        """For a team's leader; see :meth:`Rendezvous.ends`."""
        return self._meetings.ends(team)

    def suggest(self, number: int, kind: str, name: str, given: dict[str, Any]) -> Any:
        """What Optuna's trial suggests for a name; ``kind`` is ``float``, ``int`` or ``categorical``."""
        with self._sampling:
            trial = self._running[number].trial
            return getattr(trial, f"suggest_{kind}")(name, **given)

    def report(self, number: int, step: int, value: float) -> str:
        """Note a running trial's value; what it is to do: go on (an empty string), ``prune`` or ``stop``."""
        with self._lock:
            running = self._running.get(number)
            if running is None:
                return "stop"
            self._look_at_the_clock()
            if running.order:
                return running.order
        if len(self._plan.goals) > 1:
            return ""
        running.trial.report(value, step)
        if self._plan.pruner == "none":
            return ""
        order = "prune" if running.trial.should_prune() else ""
        running.verdicts[step] = order
        return order

    def verdict(self, number: int, step: int) -> str | None:
        """What was said to a trial's leader at a step; None while it has not reported that step."""
        with self._lock:
            running = self._running.get(number)
            if running is None:
                return "prune"
            return running.order or running.verdicts.get(step)

    def order_of(self, number: int) -> str:
        """What a running trial was told to do, or an empty string."""
        with self._lock:
            self._look_at_the_clock()
            running = self._running.get(number)
            return running.order if running is not None else ""

    def tell(
        self, number: int, state: str, values: list[float] | None = None, constraints: list[float] | None = None
    ) -> bool:
        """Note how a trial ended (``complete``, ``pruned``, ``fail``); whether it is the best so far.

        ``constraints`` are the values of the plan's constrained names, in their order.
        """
        return self._end(number, state, values, constraints)

    def _end(
        self,
        number: int,
        state: str,
        values: list[float] | None = None,
        constraints: list[float] | None = None,
        *,
        is_fault: bool = True,
    ) -> bool:
        """:meth:`tell`; a failure that is no fault of the cell's does not count among those that end a sweep."""
        with self._lock:
            running = self._running.get(number)
            if running is None or running.is_told:
                return False  # or by somebody else, at this moment
            running.is_told = True
        trial = running.trial
        for constraint, value in zip(self._plan.constraints, constraints or (), strict=False):
            trial.set_constraint(str(constraint), constraint.excess(value))
        if state == "fail":
            self._try_again(trial)
        frozen = self._tell_optuna(trial, state, values)
        with self._lock:
            self._running.pop(number, None)
            is_best = self._tally.take(frozen)
            if state == "fail" and is_fault and not frozen.user_attrs.get(UNCOUNTED):
                self._failed_here += 1
                if self._failed_here >= self._plan.max_failures and not self._problem:
                    self._problem = f"{self._failed_here} trials failed, the limit (--max-failures)"
            limit = self._plan.no_improvement
            if limit and self._tally.since_best >= limit and not self._ended_by:
                self._ended_by = f"no better trial among the last {limit} (--no-improvement)"
            return is_best

    def tell_and_ask(self, team: str, port: int, *ended: Any) -> tuple[bool, TrialTask | None]:
        """:meth:`tell` and :meth:`ask` in one call, which halves the time between two trials."""
        return self.tell(*ended), self.ask(team, port)

    def keep(self, number: int, returns: tuple[Any, ...]) -> None:
        """Keep the returned values of a trial while it is the best: their bytes, then what is known of them."""
        with self._lock:
            if self._tally.best is not None and self._tally.best[0] == number:
                self._returns = returns

    def returns(self) -> tuple[Any, Any]:
        """What is known of the best trial's returned values, and their bytes; None where this sweep found no best."""
        if self._returns is None:
            return None, None
        blob, *known = self._returns
        return tuple(known), blob

    # -- for the engine ------------------------------------------------------------------------

    def dismiss(self, team: str, *, leaves: bool = True) -> None:
        """Have a team go home after its trial, or take it back."""
        with self._lock:
            (self._dismissed.add if leaves else self._dismissed.discard)(team)

    def release(self, team: str | None = None, *, is_fault: bool = False) -> int:
        """A team's processes are gone, or all are: their trials have failed; how many those were.

        ``is_fault`` counts them among the failures that end a sweep.
        """
        gone = [number for number, running in self._running.items() if team in (None, running.team)]
        for number in gone:
            self._end(number, "fail", is_fault=is_fault)
        if team is not None:
            self._meetings.forget(team)
            self.dismiss(team, leaves=False)
        return len(gone)

    def summary(self) -> Summary:
        """How far the sweep is."""
        with self._lock:
            self._look_at_the_clock()
            tally = self._tally
            number, value, params = tally.best or (None, None, {})
            running = len(self._running) + self._starting
            is_closed = bool(self._problem or self._ended_by)
            return Summary(
                done=tally.ended,
                total=self._plan.trials,
                running=running,
                startable=self._startable(),
                pruned=tally.counts["pruned"],
                failed=tally.counts["fail"],
                best=value,
                best_number=number,
                best_params=params,
                front=list(tally.front),
                history=list(tally.history),
                climb=list(tally.climb),
                is_paused=self._is_paused,
                is_over=not running and (tally.ended >= self._plan.trials or is_closed),
                ended_by=self._ended_by,
                problem=self._problem,
            )

    # -- for people ----------------------------------------------------------------------------

    def order(self, number: int, what: str) -> str:
        """Have a running trial ``prune`` or ``stop`` at its next report; its team, or "" if it does not run."""
        with self._lock:
            running = self._running.get(number)
            if running is None:
                return ""
            running.order = what
            return running.team

    def pause(self, is_paused: bool) -> None:
        """Start no more trials, or start some again."""
        with self._lock:
            self._is_paused = is_paused

    # -- inside --------------------------------------------------------------------------------

    def _startable(self) -> int:
        self._look_at_the_clock()
        if self._problem or self._ended_by or self._is_paused:
            return 0
        return max(0, self._plan.trials - self._tally.ended - len(self._running) - self._starting)

    def _look_at_the_clock(self) -> None:
        limit_s = self._plan.limit_s
        if limit_s and self._began and time.monotonic() - self._began > limit_s and not self._ended_by:
            self._ended_by = f"its {limit_s:g} s are over (--timeout)"
            for running in self._running.values():
                running.order = running.order or "prune"

    def _try_again(self, trial: Any) -> None:
        """Put a failed trial's values first in the queue, as often as was asked for."""
        tried = trial.user_attrs.get(_RETRY, 0)
        if tried < self._plan.retries and not self._ended_by:
            trial.set_user_attr(UNCOUNTED, True)
            self._study.enqueue_trial(trial.params, user_attrs={_RETRY: tried + 1, _CLONE: trial.number})

    def _tell_optuna(self, trial: Any, state: str, values: list[float] | None) -> Any:
        from optuna.trial import TrialState

        ended = TrialState[state.upper()]
        try:
            return self._study.tell(trial, values if ended is TrialState.COMPLETE else None, state=ended)
        except RuntimeError:
            # A sampler that has nothing left stops the study, which only Study.optimize lets it do.
            frozen = next(t for t in self._study.get_trials(deepcopy=False) if t.number == trial.number)
            if not frozen.state.is_finished():
                raise
            self._ended_by = self._ended_by or "every point of the grid has been tried"
            return frozen
