"""What workers ask of the foreman and tell it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import ray

from workbench.records.runs import RunState
from workbench.training.foreman.background import in_background
from workbench.training.journal import parse
from workbench.training.runs.usage import system_metrics
from workbench.training.spec import RankOutcome

if TYPE_CHECKING:
    from workbench.tracking.sink import MetricSink
    from workbench.training.engines.spares import SparePool
    from workbench.training.foreman.sweeps import Sweeps
    from workbench.training.foreman.tracking_writer import Books
    from workbench.training.runs.active_run import ActiveRun
    from workbench.training.runs.run_log import RunLog

_ORDER_POLL_S = 20.0
_REFILL_AFTER_S = 15.0
_REFILL_PAUSE_S = 0.5


class WorkerVerbs:
    """The part of the foreman that workers call."""

    spares: SparePool
    sweeps: Sweeps
    sinks: dict[str, MetricSink]
    logs: dict[str, RunLog]
    tasks: set[asyncio.Task[Any]]

    def run_of(self, run_id: str) -> ActiveRun:
        """See :meth:`Foreman.run_of`."""
        raise NotImplementedError

    def books_of(self, run: ActiveRun) -> Books:
        """See :meth:`Foreman.books_of`."""
        raise NotImplementedError

    async def ingest(self, run_id: str, attempt: int, rank: int, offset: int, data: bytes) -> None:
        """Take journal bytes of a rank; the caller goes on when they are taken."""
        run = self.run_of(run_id)
        if run.accept(attempt, rank, offset, len(data)):
            self.take_events(run, rank, parse(data))

    def take_events(self, run: ActiveRun, rank: int, events: list[dict[str, Any]]) -> None:
        """Note a rank's events everywhere: the run's log, MLflow, the views."""
        self.logs[run.run_id].append(rank, events)
        points = []
        for event in self.sweeps.without_trials(run, rank, events):
            run.handle(rank, event)
            at_ms = int(event["t"] * 1000)
            if event["k"] == "met":
                points += [(name, value, at_ms, event["step"]) for name, value in event["v"].items()]
            elif event["k"] == "trace":
                points += system_metrics(rank, event, at_ms)
            elif event["k"] == "first" and rank == 0:
                run.enter(RunState.RUNNING)
                books = self.books_of(run)
                books.set_state(run.run_id, RunState.RUNNING)
                # MLflow's own start is when the run was submitted.
                books.set_tags(run.run_id, {"workbench.started_at": str(run.snapshot.started_at or event["t"])})
                in_background(self._refill_later(run), self.tasks)
        if points:
            self.sinks[run.run_id].add(points)
        run.touch()

    async def _refill_later(self, run: ActiveRun) -> None:
        """Replace the spares that a run took when it has ended, or has been going on for a while."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(run.ended.wait(), _REFILL_AFTER_S)
        await asyncio.sleep(_REFILL_PAUSE_S)
        self.spares.refill()

    async def rank_began(self, run_id: str, attempt: int, rank: int, hello: dict[str, Any]) -> None:
        """A rank of an engine that does not hold its processes runs."""
        board = self.run_of(run_id).board(attempt)
        board.hellos[rank] = hello
        board.notify()

    async def rank_ended(self, run_id: str, attempt: int, rank: int, outcome: RankOutcome, blob: Any) -> None:
        """Such a rank ended; its returned values are put again, since its process is about to end."""
        board = self.run_of(run_id).board(attempt)
        if blob is not None:
            board.returns = await asyncio.to_thread(ray.put, blob)
        board.outcomes[rank] = outcome
        board.notify()

    async def next_order(self, run_id: str, attempt: int, rank: int) -> str | None:
        """What a rank is to do next; waits for an order."""
        return await self.run_of(run_id).next_order(rank, _ORDER_POLL_S)

    async def trial_run(self, run_id: str, number: int) -> str:
        """The MLflow run of a trial that runs, made now if there is none yet."""
        return await self.sweeps.trial_run(run_id, number)
