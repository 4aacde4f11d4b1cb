"""Sweeps as the foreman runs them: a conductor for each, how far it is, and a nested MLflow run a trial."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from workbench.compute.foreman.vault import in_background
from workbench.errors import OptionError
from workbench.records import Failure, RunState
from workbench.sweeps.conductor import Conductor, Summary

if TYPE_CHECKING:
    from workbench.compute.foreman.active_run import ActiveRun
    from workbench.compute.foreman.actor import Foreman
    from workbench.tracking.store import TrackingStore

_LOOK_EVERY_S = 0.3
_STATES = {"complete": RunState.FINISHED, "pruned": RunState.STOPPED, "fail": RunState.FAILED}


class Sweeps:
    """The sweeps of one foreman.

    Args:
        foreman: Whose.
    """

    def __init__(self, foreman: Foreman) -> None:
        self._foreman = foreman
        self._conductors: dict[str, Any] = {}
        self._trials: dict[tuple[str, int], dict[str, Any]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    async def conductor(self, run: ActiveRun) -> Any:
        """The actor that gives out a run's trials; None for a run that is no sweep.

        Raises ``OptionError`` when its study cannot be made.
        """
        if run.spec.sweep is None:
            return None
        if run.run_id in self._conductors:
            await self._conductors[run.run_id].release.remote()  # the workers of the attempt before are gone
            return self._conductors[run.run_id]
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
        actor = ray.remote(Conductor).options(num_cpus=0, scheduling_strategy=here, max_concurrency=32)
        conductor = actor.remote(run.spec.sweep)
        try:
            await conductor.summary.remote()
        except ray.exceptions.RayError as error:
            words = str(error).strip().splitlines()[-1]
            raise OptionError(words.split("OptionError: ")[-1]) from error
        self._conductors[run.run_id] = conductor
        in_background(self._watch(run, conductor), self._tasks)
        return conductor

    async def _watch(self, run: ActiveRun, conductor: Any) -> None:
        """Have the run show how far its study is, until it ends; then the conductor ends, too."""
        shown = Summary()
        while not run.ended.is_set():
            with contextlib.suppress(ray.exceptions.RayError):
                shown = self._show(run, shown, await conductor.summary.remote())
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(run.ended.wait(), _LOOK_EVERY_S)
        with contextlib.suppress(ray.exceptions.RayError):
            self._show(run, shown, await conductor.summary.remote())
            await conductor.release.remote()
        self._conductors.pop(run.run_id, None)  # the last handle of an actor ends it

    def _show(self, run: ActiveRun, before: Summary, now: Summary) -> Summary:
        assert run.spec.sweep is not None
        if now.done != before.done:
            run.handle(0, {"k": "prog", "t": time.time(), "done": now.done, "total": now.total, "label": "trial"})
            run.touch()
        if now.best is not None and (now.best_number != before.best_number or now.done != before.done):
            self._foreman.note_metrics(run, now.done, {f"best_{run.spec.sweep.goals[0].name}": now.best})
        if now.best_number is not None and now.best_number != before.best_number:
            words = ", ".join(f"{name} {_shown(value)}" for name, value in now.best_params.items())
            tags = {"workbench.best_trial": str(now.best_number), "workbench.best_params": words}
            self._foreman.books_of(run).set_tags(run.run_id, tags)
        return now

    def without_trials(self, run: ActiveRun, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The events that are the run's own; those of trials go to runs of their own."""
        if run.spec.sweep is None:
            return events
        own = []
        for event in events:
            if event["k"] == "trial":
                self._take(run, event)
            elif event["k"] == "met" and "trial" in event:
                trial = self._trials.get((run.run_id, event["trial"]))
                if trial is not None:
                    at_ms = int(event["t"] * 1000)
                    trial["points"] += [(name, value, at_ms, event["step"]) for name, value in event["v"].items()]
            else:
                own.append(event)
        return own

    def _take(self, run: ActiveRun, event: dict[str, Any]) -> None:
        key = (run.run_id, event["n"])
        if event["state"] == "running":
            self._trials[key] = {"params": event["params"], "points": [], "began": event["t"]}
            return
        trial = self._trials.pop(key, None)
        if trial is not None:
            books = self._foreman.books_of(run)
            books.write(lambda store: _record(store, run, event, trial, self._foreman.id))


def _record(
    store: TrackingStore, run: ActiveRun, event: dict[str, Any], trial: dict[str, Any], foreman_id: str
) -> None:
    """A trial as an MLflow run below the sweep's own."""
    state = _STATES[event["state"]]
    number = event["n"]
    failure = None
    if event["state"] == "pruned":
        failure = Failure("stopped", "pruned: other trials did better by then")
    elif event["state"] == "fail":
        failure = Failure("error", event["error"] or "it was stopped")
    store.record_ended(
        experiment=run.spec.experiment,
        name=f"{run.spec.name}-{number}",
        tags={
            "mlflow.parentRunId": run.run_id,
            "workbench.trial": str(number),
            "workbench.foreman": foreman_id,
            "workbench.workers": "1",
        },
        params=trial["params"],
        points=trial["points"],
        state=state,
        failure=failure,
        started_at=trial["began"],
        ended_at=event["t"],
    )


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
