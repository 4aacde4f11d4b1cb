"""The MLflow runs of a sweep's trials: written in a few calls when they end, live where they take longer."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from workbench.errors import TrackingError
from workbench.records.runs import Failure, RunState
from workbench.records.sweeps import TrialSnapshot
from workbench.tracking.ended_runs import EndedRun, Point
from workbench.tracking.store import TrackingStore
from workbench.training.foreman.tracking_writer import TrackingWriter
from workbench.training.journal import Event, MetricsEvent, TrialEvent
from workbench.training.runs.active_run import ActiveRun
from workbench.training.runs.live_series import LiveSeries

_LIVE_AFTER_S = 1.5
_WRITE_EVERY_S = 1.0
_STATES = {"complete": RunState.FINISHED, "pruned": RunState.STOPPED, "fail": RunState.FAILED}


@dataclass
class _Trial:
    """A running trial."""

    number: int
    worker: int
    params: dict[str, str]
    began: float
    first_lines: list[int]
    points: list[Point] = field(default_factory=list)
    logged: set[str] = field(default_factory=set)
    series: LiveSeries = field(default_factory=LiveSeries)
    value: float | None = None
    run_id: str = ""
    written_at: float = 0.0
    creating: asyncio.Task[str] | None = None


class TrialRuns:
    """The trials of one sweep, and their MLflow runs.

    Args:
        writer: The writer of the tracking store.
        run: The sweep's run.
        foreman_id: The id of the foreman, for the trials' tags.
    """

    def __init__(self, writer: TrackingWriter, run: ActiveRun, foreman_id: str) -> None:
        assert run.spec.sweep is not None
        self._writer, self._run, self._foreman_id = writer, run, foreman_id
        self._goals = [goal.name for goal in run.spec.sweep.goals]
        self._size = run.spec.options.resources.workers
        self._trials: dict[int, _Trial] = {}
        self._begun = asyncio.Event()
        self._lines: Counter[int] = Counter()
        self._ended: deque[EndedRun] = deque()

    def take(self, worker: int, events: Sequence[Event]) -> list[Event]:
        """Take the events about trials; return the others."""
        own: list[Event] = []
        for event in events:
            if event["k"] == "trial":
                self._begin(worker, event) if event["state"] == "running" else self._end(event)
            elif event["k"] == "met" and "trial" in event:
                self._add(event)
            elif event["k"] != "prog":  # the bar is for the trials
                if event["k"] == "out":
                    self._lines[worker] += event["x"].count("\n")
                own.append(event)
        return own

    def _begin(self, worker: int, event: TrialEvent) -> None:
        number = event["n"]
        first_lines = [self._lines[worker + rank] for rank in range(self._size)]
        self._trials[number] = _Trial(number, worker, event["params"], event["t"], first_lines)
        self._begun.set()
        self._begun = asyncio.Event()

    def _add(self, event: MetricsEvent) -> None:
        trial = self._trials.get(event["trial"])
        if trial is None:
            return
        at_ms = int(event["t"] * 1000)
        trial.points += [(name, value, at_ms, event["step"]) for name, value in event["v"].items()]
        trial.logged |= event["v"].keys()
        goal = self._goals[0]
        if goal in event["v"]:
            trial.value = event["v"][goal]
            trial.series.add(event["step"], trial.value)

    def running(self) -> list[TrialSnapshot]:
        """Return the running trials, as views show them."""
        return [
            TrialSnapshot(trial.number, trial.params, trial.value, trial.series.points, trial.run_id, trial.began)
            for trial in self._trials.values()
        ]

    def write(self) -> None:
        """Record the trials that ended; give those that take a while their run before they end."""
        now = time.time()
        if self._ended:
            ended = [self._ended.popleft() for _ in range(len(self._ended))]
            self._writer.write(lambda store: self._record(store, ended))
        for trial in self._trials.values():
            if not trial.run_id:
                if trial.creating is None and now - trial.began > _LIVE_AFTER_S:
                    trial.creating = asyncio.ensure_future(self._create(trial))
            elif trial.points and now - trial.written_at > _WRITE_EVERY_S:
                trial.written_at = now
                self._flush(trial)

    def number_of(self, run_id: str) -> int | None:
        """Return the number of the running trial that has this MLflow run, None for any other run."""
        return next((trial.number for trial in self._trials.values() if trial.run_id == run_id), None)

    async def run_of(self, number: int) -> str:
        """Return the run of a running trial; make it where there is none yet."""
        while number not in self._trials:  # its worker asks before the journal has come
            await self._begun.wait()
        trial = self._trials[number]
        if trial.creating is None:
            trial.creating = asyncio.ensure_future(self._create(trial))
        return await trial.creating

    def close(self) -> None:
        """End the trials that still run: their workers are gone, so they have failed."""
        for number in list(self._trials):
            error = "its worker was lost, or the sweep was stopped"
            self._end({"k": "trial", "t": time.time(), "n": number, "state": "fail", "error": error})
        self.write()

    def _record(self, store: TrackingStore, ended: list[EndedRun]) -> None:
        try:
            store.record_ended(self._run.spec.experiment, ended)
        except TrackingError:  # the next write tries again
            self._ended.extendleft(reversed(ended))
            raise

    async def _create(self, trial: _Trial) -> str:
        trial.run_id = await self._writer.create_run(
            experiment=self._run.spec.experiment,
            name=f"{self._run.spec.name}-{trial.number}",
            tags={**self._tags(trial), "workbench.log_lines": self._log_lines(trial, has_ended=False)},
            params=trial.params,
        )
        self._writer.set_state(trial.run_id, RunState.RUNNING)
        return trial.run_id

    def _flush(self, trial: _Trial) -> None:
        run_id, points, trial.points = trial.run_id, trial.points, []
        self._writer.write(lambda store: store.log_metrics(run_id, points))

    def _end(self, event: TrialEvent) -> None:
        trial = self._trials.pop(event["n"], None)
        if trial is None:
            return
        state, failure = _STATES[event["state"]], None
        for goal, value in zip(self._goals, event.get("values") or (), strict=False):
            if goal not in trial.logged:  # a name that the cell left behind
                trial.points.append((goal, value, int(event["t"] * 1000), 0))
        if state is not RunState.FINISHED:
            kind = "stopped" if state is RunState.STOPPED else "error"
            failure = Failure(kind, event["error"] or "pruned: other trials did better by then")
        tags = {**self._tags(trial), "workbench.log_lines": self._log_lines(trial, has_ended=True)}
        if trial.creating is not None:
            trial.creating.add_done_callback(lambda _: self._end_live(trial, state, failure, tags, event["t"]))
            return
        ended = EndedRun(
            name=f"{self._run.spec.name}-{trial.number}",
            tags=tags,
            params=trial.params,
            points=trial.points,
            state=state,
            failure=failure,
            started_at=trial.began,
            ended_at=event["t"],
        )
        self._ended.append(ended)

    def _end_live(
        self, trial: _Trial, state: RunState, failure: Failure | None, tags: dict[str, str], ended_at: float
    ) -> None:
        if trial.run_id:
            self._flush(trial)
            self._writer.set_tags(trial.run_id, tags)
            self._writer.write(lambda store: store.set_state(trial.run_id, state, failure=failure, ended_at=ended_at))

    def _tags(self, trial: _Trial) -> dict[str, str]:
        return {
            "mlflow.parentRunId": self._run.run_id,
            "workbench.trial": str(trial.number),
            "workbench.study": self._run.spec.name,
            "workbench.foreman": self._foreman_id,
            "workbench.workers": str(self._size),
            "workbench.started_at": str(trial.began),
        }

    def _log_lines(self, trial: _Trial, *, has_ended: bool) -> str:
        """Return where each rank's output is in the sweep's log: the worker, its first line, the end."""
        workers = range(trial.worker, trial.worker + self._size)
        ends = [str(self._lines[worker]) if has_ended else "" for worker in workers]
        return ",".join(
            f"{worker}:{first}:{end}" for worker, first, end in zip(workers, trial.first_lines, ends, strict=True)
        )
