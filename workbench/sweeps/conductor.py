"""One sweep's trials: asks Optuna for the next trial and tells it the result, for all teams of workers."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any, Literal

from workbench.sweeps.limits import SweepLimits
from workbench.sweeps.plan import SweepPlan
from workbench.sweeps.rendezvous import Rendezvous, TrialTask
from workbench.sweeps.study import add_past_trials, create_study, with_recent_storage
from workbench.sweeps.study_stats import UNCOUNTED, StudyStats
from workbench.sweeps.summary import SweepSummary

_RETRY = "workbench:retry"
_CLONE = "workbench:clone_of"


ReturnedNames = tuple[tuple[str, ...], str, tuple[str, ...]]
"""Names of a trial's returned values, the reason why others are missing, and the names of those that are models."""

Order = Literal["", "prune", "stop"]
"""The order for a running trial; an empty string to go on."""


class _ByName(dict[str, str]):
    """Gives each name for itself: stands for the notebook's objects where only their names are needed."""

    def __missing__(self, name: str) -> str:
        return name


@dataclass
class _RunningTrial:
    """A trial that a team runs.

    Attributes:
        trial: Optuna's trial.
        team: The team.
        order: What the trial is to do at its next report: ``prune``, ``stop``, or an empty string to go on.
        is_told: Whether its end is being told to Optuna.
        verdicts: What it was told at each step that it reported.
    """

    trial: Any
    team: str
    order: Order = ""
    is_told: bool = False
    verdicts: dict[int, Order] = field(default_factory=dict)


class Conductor:
    """Gives out the trials of one sweep. Runs no user code; safe to call from several threads.

    Trials that an earlier sweep of the same name left running are told to Optuna as failed.

    Args:
        plan: The sweep.

    Raises:
        OptionError: The plan does not fit the study that there is.
    """

    def __init__(self, plan: SweepPlan) -> None:
        from optuna.trial import TrialState

        self._plan = plan
        self._lock = threading.RLock()
        self._sampling = threading.Lock()  # it may take long, and samplers are not made for several threads
        self._study = create_study(plan)
        self._rendezvous = Rendezvous()
        self._running: dict[int, _RunningTrial] = {}
        self._starting = 0
        self._dismissed: set[str] = set()
        self._is_paused = False
        self._returns: tuple[Any, *ReturnedNames] | None = None
        self._limits = SweepLimits(plan)
        for trial in self._study.get_trials(deepcopy=False):
            if trial.state is TrialState.RUNNING:
                self._study.tell(trial.number, state=TrialState.FAIL)
        self._stats = StudyStats(plan.goals)
        trials = self._study.get_trials(deepcopy=False)
        if not trials:
            add_past_trials(self._study, plan)
            if plan.defaults:
                self._study.enqueue_trial(plan.defaults)
            trials = self._study.get_trials(deepcopy=False)
        for trial in trials:
            if trial.state.is_finished():
                self._stats.add(trial)
        self._stats.since_best = 0  # the limit is this sweep's
        self._study = with_recent_storage(self._study)

    # -- for teams -----------------------------------------------------------------------------

    def ask(self, team: str, port: int = 0) -> TrialTask | None:
        """Return the next trial for a team, None when the team may end. ``port`` is that of the team's leader."""
        with self._lock:
            if team in self._dismissed or not self._startable():
                self._rendezvous.give(team, None)
                return None
            self._starting += 1
            self._limits.start_clock()
        task = None
        try:
            with self._sampling:
                trial = self._study.ask()
                with self._lock:
                    self._running[trial.number] = _RunningTrial(trial, team)
                needs_worker = self._plan.space.needs_worker
                values = {} if needs_worker else self._plan.space.suggest(trial, _ByName())
            task = TrialTask(self._rendezvous.next_turn(team), trial.number, values, needs_worker, port)
        except Exception as error:  # each sampler and each storage has errors of its own
            self._limits.problem = f"Optuna could not choose a trial's values: {type(error).__name__}: {error}"
            self.release(team)
        finally:
            with self._lock:
                self._starting -= 1
        self._rendezvous.give(team, task)
        return task

    def task_after(self, team: str, turn: int) -> tuple[TrialTask | None] | None:
        """For a team's followers; see :meth:`Rendezvous.task_after`."""
        return self._rendezvous.task_after(team, turn)

    def end_part(self, team: str, turn: int, rank: int, fault: str = "") -> None:
        """For a team's followers; see :meth:`Rendezvous.end`."""
        self._rendezvous.end(team, turn, rank, fault)

    def ends(self, team: str) -> tuple[int, str]:
        """For a team's leader; see :meth:`Rendezvous.ends`."""
        return self._rendezvous.ends(team)

    def suggest(self, number: int, kind: str, name: str, given: dict[str, Any]) -> Any:
        """Return what Optuna's trial suggests for a name.

        Args:
            number: The trial's number.
            kind: ``float``, ``int`` or ``categorical``.
            name: The swept name.
            given: Further arguments of Optuna's ``suggest_*`` method.
        """
        with self._sampling:
            trial = self._running[number].trial
            return getattr(trial, f"suggest_{kind}")(name, **given)

    def report(self, number: int, step: int, value: float) -> Order:
        """Record a running trial's value, and return its order: ``prune``, ``stop`` or an empty string to go on."""
        with self._lock:
            running = self._running.get(number)
            if running is None:
                return "stop"
            self._check_time()
            if running.order:
                return running.order
        if len(self._plan.goals) > 1:
            return ""
        running.trial.report(value, step)
        if self._plan.pruner == "none":
            return ""
        order: Order = "prune" if running.trial.should_prune() else ""
        running.verdicts[step] = order
        return order

    def verdict(self, number: int, step: int) -> Order | None:
        """Return what a trial's leader was told at a step; None while it has not reported that step."""
        with self._lock:
            running = self._running.get(number)
            if running is None:
                return "prune"
            return running.order or running.verdicts.get(step)

    def order_of(self, number: int) -> Order:
        """Return a running trial's order: ``prune``, ``stop`` or an empty string to go on."""
        with self._lock:
            self._check_time()
            running = self._running.get(number)
            return running.order if running is not None else ""

    def tell(
        self,
        number: int,
        state: str,
        values: list[float] | None = None,
        constraints: list[float] | None = None,
        *,
        is_fault: bool = True,
    ) -> bool:
        """Record how a trial ended, and return whether it is the best so far.

        Args:
            number: The trial's number.
            state: ``complete``, ``pruned`` or ``fail``.
            values: The goals' values in the plan's order.
            constraints: The constrained names' values in the plan's order.
            is_fault: Whether a failure is the cell's fault, which counts against the limit.
        """
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
            is_best = self._stats.add(frozen)
            if state == "fail" and is_fault and not frozen.user_attrs.get(UNCOUNTED):
                self._limits.count_failure()
            self._limits.check_improvement(self._stats.since_best)
            return is_best

    def tell_and_ask(self, team: str, port: int, *ended: Any) -> tuple[bool, TrialTask | None]:
        """Do :meth:`tell` and :meth:`ask` in one call, which halves the time between two trials."""
        return self.tell(*ended), self.ask(team, port)

    def keep(self, number: int, returns: tuple[Any, *ReturnedNames]) -> None:
        """Keep the returned values of a trial while it is the best.

        Args:
            number: The trial's number.
            returns: The values' bytes, then their :data:`ReturnedNames`.
        """
        with self._lock:
            if self._stats.best is not None and self._stats.best[0] == number:
                self._returns = returns

    def returns(self) -> tuple[ReturnedNames | None, Any]:
        """Return what is known of the best trial's returned values, and their bytes; None where there is no best."""
        if self._returns is None:
            return None, None
        blob, names, problem, models = self._returns
        return (names, problem, models), blob

    # -- for the engine ------------------------------------------------------------------------

    def dismiss(self, team: str, *, leaves: bool = True) -> None:
        """End a team after its trial, or let it go on."""
        with self._lock:
            (self._dismissed.add if leaves else self._dismissed.discard)(team)

    def release(self, team: str | None = None, *, is_fault: bool = False) -> int:
        """Record that a team's processes are gone, and return how many running trials failed with them.

        Args:
            team: The team; None for all teams.
            is_fault: Whether the failures count against the limit.
        """
        gone = [number for number, running in self._running.items() if team in (None, running.team)]
        for number in gone:
            self.tell(number, "fail", is_fault=is_fault)
        if team is not None:
            self._rendezvous.forget(team)
            self.dismiss(team, leaves=False)
        return len(gone)

    def summary(self) -> SweepSummary:
        """Return the progress of the sweep."""
        with self._lock:
            self._check_time()
            stats = self._stats
            number, value, params = stats.best or (None, None, {})
            running = len(self._running) + self._starting
            return SweepSummary(
                done=stats.ended,
                total=self._plan.trials,
                running=running,
                startable=self._startable(),
                pruned=stats.counts["pruned"],
                failed=stats.counts["fail"],
                best=value,
                best_number=number,
                best_params=params,
                front=list(stats.front),
                history=list(stats.history),
                climb=list(stats.climb),
                is_paused=self._is_paused,
                is_over=not running and (stats.ended >= self._plan.trials or self._limits.is_reached),
                ended_by=self._limits.ended_by,
                problem=self._limits.problem,
            )

    # -- for people ----------------------------------------------------------------------------

    def order(self, number: int, what: Order) -> str:
        """Order a running trial to ``prune`` or ``stop`` at its next report.

        Returns:
            The trial's team, or an empty string if the trial does not run.
        """
        with self._lock:
            running = self._running.get(number)
            if running is None:
                return ""
            running.order = what
            return running.team

    def pause(self, is_paused: bool) -> None:
        """Pause or resume the start of new trials."""
        with self._lock:
            self._is_paused = is_paused

    # -- inside --------------------------------------------------------------------------------

    def _startable(self) -> int:
        self._check_time()
        if self._limits.is_reached or self._is_paused:
            return 0
        return max(0, self._plan.trials - self._stats.ended - len(self._running) - self._starting)

    def _check_time(self) -> None:
        if self._limits.check_time():
            for running in self._running.values():
                running.order = running.order or "prune"

    def _try_again(self, trial: Any) -> None:
        """Enqueue a failed trial's values again, as often as the plan allows."""
        tried = trial.user_attrs.get(_RETRY, 0)
        if tried < self._plan.retries and not self._limits.ended_by:
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
            self._limits.end("every point of the grid has been tried")
            return frozen
