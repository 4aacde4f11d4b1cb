"""Takes the reports of workers: journals, starts and ends of ranks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

import ray

from workbench.cluster.background import BackgroundTasks
from workbench.records.runs import RunState
from workbench.training.engines.spares import SparePool
from workbench.training.foreman.run_registry import RunRegistry
from workbench.training.foreman.sweeps import Sweeps
from workbench.training.foreman.tracking_writer import TrackingWriters
from workbench.training.journal import Event, parse
from workbench.training.runs.active_run import ActiveRun
from workbench.training.runs.usage import system_metrics
from workbench.training.spec import ProcessInfo, RankOutcome

_REFILL_AFTER_S = 15.0
_REFILL_PAUSE_S = 0.5


class WorkerReports:
    """Pass the reports of workers on to the run, its log, its sweep and its tracking store.

    Args:
        runs: The runs that workers may report about.
        writers: The writers of their tracking stores.
        sweeps: Takes what a sweep's workers report about trials.
        spares: Refilled some time after a run has started.
        background: Runs what nobody waits for.
    """

    def __init__(
        self,
        runs: RunRegistry,
        writers: TrackingWriters,
        sweeps: Sweeps,
        spares: SparePool,
        background: BackgroundTasks,
    ) -> None:
        self._runs, self._writers, self._sweeps = runs, writers, sweeps
        self._spares, self._background = spares, background

    def ingest(self, run_id: str, attempt: int, rank: int, offset: int, data: bytes) -> None:
        """Take journal bytes of a rank; bytes that came before are passed over."""
        run = self._runs.get(run_id)
        if run.accept(attempt, rank, offset, len(data)):
            self.take_events(run, rank, parse(data))

    def take_events(self, run: ActiveRun, rank: int, events: Sequence[Event]) -> None:
        """Pass a rank's events on to the run's log, to MLflow and to the views."""
        self._runs.log_of(run).append(rank, events)
        points = []
        for event in self._sweeps.without_trials(run, rank, events):
            run.handle(rank, event)
            at_ms = int(event["t"] * 1000)
            if event["k"] == "met":
                points += [(name, value, at_ms, event["step"]) for name, value in event["v"].items()]
            elif event["k"] == "trace":
                points += system_metrics(rank, event, at_ms)
            elif event["k"] == "first" and rank == 0:
                self._note_first_line(run, event["t"])
        if points:
            self._runs.sink_of(run).add(points)
        run.touch()

    def _note_first_line(self, run: ActiveRun, at: float) -> None:
        run.enter(RunState.RUNNING)
        writer = self._writers.of(run)
        writer.set_state(run.run_id, RunState.RUNNING)
        # MLflow's own start is when the run was submitted.
        writer.set_tags(run.run_id, {"workbench.started_at": str(run.snapshot.started_at or at)})
        self._background.start(self._refill_later(run))

    async def _refill_later(self, run: ActiveRun) -> None:
        """Replace the spares that a run took once it has ended, or has been going on for a while."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(run.ended.wait(), _REFILL_AFTER_S)
        await asyncio.sleep(_REFILL_PAUSE_S)
        self._spares.refill()

    def rank_began(self, run_id: str, attempt: int, rank: int, process: ProcessInfo) -> None:
        """Note that a rank runs, for an engine that does not hold its processes."""
        reports = self._runs.get(run_id).rank_reports(attempt)
        reports.processes[rank] = process
        reports.notify()

    async def rank_ended(self, run_id: str, attempt: int, rank: int, outcome: RankOutcome, blob: Any) -> None:
        """Note how such a rank ended; put its returned values again, since its process is about to end."""
        reports = self._runs.get(run_id).rank_reports(attempt)
        if blob is not None:
            reports.returns = await asyncio.to_thread(ray.put, blob)
        reports.outcomes[rank] = outcome
        reports.notify()
