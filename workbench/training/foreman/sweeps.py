"""The foreman's part in sweeps: their conductors, their progress, and each trial's MLflow run."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from workbench.cluster.background import BackgroundTasks
from workbench.errors import OptionError, WorkbenchError
from workbench.records.sweeps import SweepSnapshot
from workbench.sweeps.conductor import Conductor
from workbench.sweeps.summary import SweepSummary
from workbench.training.foreman.run_registry import RunRegistry
from workbench.training.foreman.tracking_writer import TrackingWriters
from workbench.training.foreman.trial_runs import TrialRuns
from workbench.training.journal import Event
from workbench.training.runs.active_run import ActiveRun
from workbench.training.spec import RunSpec

_UPDATE_EVERY_S = 0.3
_INTERRUPT_AFTER_S = 1.5
_OTHER_CALLS = 4
_MAX_CALLS = 12


class Sweeps:
    """The sweeps of one foreman that are going on.

    Args:
        foreman_id: The foreman's, which tags the trials' runs.
        runs: The runs that the foreman remembers.
        writers: The writers of their tracking stores.
        background: Runs what nobody waits for.
    """

    def __init__(
        self, foreman_id: str, runs: RunRegistry, writers: TrackingWriters, background: BackgroundTasks
    ) -> None:
        self._foreman_id, self._runs, self._writers, self._background = foreman_id, runs, writers, background
        self._conductors: dict[str, Any] = {}
        self._trials: dict[str, TrialRuns] = {}
        self._shown: dict[str, SweepSummary] = {}

    def refuse_second(self, spec: RunSpec) -> None:
        """Raise ``WorkbenchError`` when a sweep of the same study goes on: each would take the other's trials."""
        for run in self._runs:
            other = run.spec.sweep
            if spec.sweep is None or other is None or run.snapshot.state.is_terminal:
                continue
            if (other.name, other.storage) == (spec.sweep.name, spec.sweep.storage):
                raise WorkbenchError(
                    f"Cannot sweep {other.name!r} twice at once: a sweep of that name is running. "
                    f"Watch it: %runs attach {other.name}; end it: %runs stop {other.name}; "
                    "or give this one another name."
                )

    async def conductor(self, run: ActiveRun) -> Any:
        """Return the actor that gives out a run's trials; None for a run that is no sweep.

        Raises ``OptionError`` when its study cannot be made.
        """
        if run.spec.sweep is None:
            return None
        if run.run_id in self._conductors:
            with contextlib.suppress(ray.exceptions.RayActorError):  # it is gone itself: make another
                await self._conductors[run.run_id].release.remote()  # the workers of the attempt before are gone
                return self._conductors[run.run_id]
        # A thread for each team that asks for trials, and some for other calls; more make each call slower.
        calls = min(run.spec.sweep.parallel or _MAX_CALLS, _MAX_CALLS) + _OTHER_CALLS
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
        actor = ray.remote(Conductor).options(num_cpus=0, scheduling_strategy=here, max_concurrency=calls)
        conductor = actor.remote(run.spec.sweep)
        try:
            await conductor.summary.remote()
        except ray.exceptions.RayError as error:
            message = str(error).strip().splitlines()[-1]
            raise OptionError(message.split("Error: ")[-1]) from error
        is_new = run.run_id not in self._conductors
        self._conductors[run.run_id] = conductor
        if is_new:
            self._trials[run.run_id] = TrialRuns(self._writers.of(run), run, self._foreman_id)
            self._background.start(self._follow(run))
        return conductor

    # -- progress ------------------------------------------------------------------------------

    async def _follow(self, run: ActiveRun) -> None:
        """Show the study's progress in its run until it ends."""
        while run.run_id in self._conductors:
            await self._update(run)
            await asyncio.sleep(_UPDATE_EVERY_S)

    async def settle(self, run: ActiveRun) -> None:
        """Bring a run's study and its trials' runs to their end; does nothing for a run that is no sweep."""
        if run.run_id not in self._conductors:
            return
        with contextlib.suppress(ray.exceptions.RayError):
            await self._conductors[run.run_id].release.remote()
        self._trials[run.run_id].close()
        await self._update(run)
        self._trials.pop(run.run_id)
        self._shown.pop(run.run_id, None)
        self._conductors.pop(run.run_id)  # the last handle of an actor ends it

    async def _update(self, run: ActiveRun) -> None:
        self._trials[run.run_id].write()
        with contextlib.suppress(ray.exceptions.RayError):
            now: SweepSummary = await self._conductors[run.run_id].summary.remote()
            if run.run_id in self._conductors:
                self._show(run, self._shown.get(run.run_id, SweepSummary()), now)
                self._shown[run.run_id] = now

    def _show(self, run: ActiveRun, before: SweepSummary, now: SweepSummary) -> None:
        plan = run.spec.sweep
        assert plan is not None
        shown = SweepSnapshot(
            study=plan.name,
            goals=tuple(str(goal) for goal in plan.goals),
            **now.shared(),
            running=self._trials[run.run_id].running(),
            teams=len(run.snapshot.workers) // run.spec.options.resources.workers,
        )
        if shown != run.snapshot.sweep:
            run.snapshot.sweep = shown
            run.touch()
        if now.done != before.done:
            run.handle(0, {"k": "prog", "t": time.time(), "done": now.done, "total": now.total, "label": "trial"})
        if now.best is not None and (now.best_number != before.best_number or now.done != before.done):
            self._runs.log_metrics(run, now.done, {f"best_{plan.goals[0].name}": now.best})
        if now.best_number is not None and now.best_number != before.best_number:
            params = ", ".join(f"{name} {_shown(value)}" for name, value in now.best_params.items())
            tags = {"workbench.best_trial": str(now.best_number), "workbench.best_params": params}
            self._writers.of(run).set_tags(run.run_id, tags)

    # -- trials -------------------------------------------------------------------------------

    def without_trials(self, run: ActiveRun, rank: int, events: Sequence[Event]) -> Sequence[Event]:
        """Return the events of the run itself; those of trials go to the trials' runs."""
        trials = self._trials.get(run.run_id)
        return events if trials is None else trials.take(rank, events)

    async def trial_run(self, run_id: str, number: int) -> str:
        """Return the MLflow run of a running trial; make it where there is none yet."""
        return await self._trials[run_id].run_of(number)

    def trial_of(self, run_id: str) -> tuple[ActiveRun, int] | None:
        """Return the sweep and the number of the running trial that has this MLflow run, None for any other."""
        for sweep_id, trials in self._trials.items():
            number = trials.number_of(run_id)
            if number is not None:
                return self._runs.get(sweep_id), number
        return None

    # -- orders --------------------------------------------------------------------------------

    async def order(self, run: ActiveRun, number: int, what: str) -> None:
        """Prune or stop a running trial: at its next report, else by interrupting its cell.

        Raises ``WorkbenchError`` when it does not run.
        """
        conductor = self._conductor_of(run)
        team = await conductor.order.remote(number, what)
        if not team:
            raise WorkbenchError(f"Cannot {what} trial {number} of {run.spec.name!r}: it is not running.")

        async def interrupt_cell() -> None:
            await asyncio.sleep(_INTERRUPT_AFTER_S)
            with contextlib.suppress(ray.exceptions.RayError):
                if await conductor.order_of.remote(number):
                    first = int(team)
                    run.interrupt(range(first, first + run.spec.options.resources.workers), "end_trial")

        self._background.start(interrupt_cell())

    async def pause(self, run: ActiveRun, is_paused: bool) -> None:
        """Start no more trials, or start some again; those that run go on."""
        await self._conductor_of(run).pause.remote(is_paused)

    def _conductor_of(self, run: ActiveRun) -> Any:
        if run.run_id not in self._conductors:
            raise WorkbenchError(f"Cannot do that to {run.spec.name!r}: it is not a sweep that is running.")
        return self._conductors[run.run_id]


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
