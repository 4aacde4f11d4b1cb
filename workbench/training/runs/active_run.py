"""One run as the foreman knows it: its snapshot, its output, its orders. Views wait for its changes."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.records.runs import Failure, Progress, RunSnapshot, RunState, WatchReply, WorkerSnapshot
from workbench.training.journal import Event, MetricsEvent, ProgressEvent, TraceEvent
from workbench.training.runs.change_counter import ChangeCounter
from workbench.training.runs.live_series import LiveSeries
from workbench.training.runs.output_buffer import OutputBuffer
from workbench.training.runs.rank_reports import RankReports
from workbench.training.runs.usage import RankUsage, verdict
from workbench.training.spec import ProcessInfo, RunSpec

_NOTES = 20
_ALL = -1


class ActiveRun:
    """A run from its submission until the foreman forgets it.

    Args:
        run_id: The id of its MLflow run.
        spec: The run as submitted.
        folder: The run's folder on the foreman's node.
        changes: The counter of the changes of all runs.
    """

    def __init__(self, run_id: str, spec: RunSpec, folder: Path, changes: ChangeCounter) -> None:
        self.run_id = run_id
        self.spec = spec
        self.log_dir = folder / "logs"
        self.checkpoint_dir = folder / "checkpoints"
        self.snapshot = RunSnapshot(
            run_id=run_id,
            name=spec.name,
            state=RunState.QUEUED,
            experiment=spec.experiment,
            resources=spec.options.resources,
            engine=spec.options.engine,
            submitted_at=spec.submitted_at or time.time(),
        )
        self.version = 1
        self._changes = changes
        self.changed_at = changes.increment()
        self.usage: dict[int, RankUsage] = {}
        self.returns: Any = None  # an object reference, or None
        self.stop_requested = asyncio.Event()
        self.ended = asyncio.Event()
        self.node_memory_mb: float | None = None
        self._output = OutputBuffer()
        self._rank_reports: dict[int, RankReports] = {}
        self._series: dict[str, LiveSeries] = {}
        self._changed = asyncio.Event()
        self._orders: defaultdict[int, asyncio.Event] = defaultdict(asyncio.Event)
        self._interrupted: dict[int, str] = {}
        self._offsets: dict[tuple[int, int], int] = {}
        self._progress_began: tuple[float, int] | None = None

    # -- what happened -------------------------------------------------------------------------

    def touch(self) -> None:
        """Note a change, and wake whoever waits for one."""
        self.version += 1
        self.changed_at = self._changes.increment()
        self._changed.set()
        self._changed = asyncio.Event()

    def enter(self, state: RunState, **changes: Any) -> None:
        """Enter another state; ``changes`` are further fields of the snapshot."""
        self.snapshot = replace(self.snapshot, state=state, **changes)
        self.touch()

    def note(self, text: str) -> None:
        """Show a note in the run's views."""
        self.snapshot.notes = [*self.snapshot.notes, text][-_NOTES:]
        self.touch()

    def begin_attempt(self, attempt: int) -> None:
        """Begin an attempt: forget what belongs to the one before."""
        self._interrupted.clear()
        self.snapshot = replace(self.snapshot, attempt=attempt, workers=[], progress=None)
        self._progress_began = None
        self.touch()

    def handle(self, rank: int, event: Event) -> None:
        """Add one journal event to the snapshot and the output."""
        if event["k"] == "out":
            lines = self.snapshot.log_lines
            lines[rank] = lines.get(rank, 0) + event["x"].count("\n")
        if event["k"] == "out" or event["k"] == "disp" or event["k"] == "clear":
            if rank == 0:
                self.version += 1
                self._output.add(self.version, event)
        elif event["k"] == "met":
            self._take_metrics(event)
        elif event["k"] == "trace":
            self._take_trace(rank, event)
        elif event["k"] == "prog" and rank == 0:
            self._take_progress(event)
        elif event["k"] == "note":
            self.note(event["x"])
        elif event["k"] == "first" and self.snapshot.first_line_at is None:
            self.snapshot.first_line_at = event["t"]

    def _take_metrics(self, event: MetricsEvent) -> None:
        for name, value in event["v"].items():
            self.snapshot.metrics[name] = value
            self._series.setdefault(name, LiveSeries()).add(event["step"], value)

    def _take_trace(self, rank: int, event: TraceEvent) -> None:
        self.usage.setdefault(rank, RankUsage()).add(event)
        for worker in self.snapshot.workers:
            if worker.rank == rank:
                worker.cpu_percent, worker.rss_mb = event["cpu"], event["rss"]
                worker.gpu_percent, worker.gpu_memory_mb = event["gpu"], event["gpu_mem"]
                worker.gpu_memory_total_mb = event["gpu_total"]

    def _take_progress(self, event: ProgressEvent) -> None:
        done, total = event["done"], event["total"]
        if self._progress_began is None or done < self._progress_began[1]:
            self._progress_began = (event["t"], done)
        began, at_first = self._progress_began
        eta_s = None
        if total and done > at_first:
            eta_s = max(0.0, (event["t"] - began) / (done - at_first) * (total - done))
        self.snapshot.progress = Progress(done, total, event["label"], eta_s)

    # -- journals ------------------------------------------------------------------------------

    def accept(self, attempt: int, rank: int, offset: int, size: int) -> bool:
        """Count journal bytes in; return False for bytes that came before."""
        expected = self._offsets.get((attempt, rank), 0)
        if offset < expected:
            return False
        self._offsets[attempt, rank] = offset + size
        return True

    def shipped(self, attempt: int, rank: int) -> int:
        """Return how many journal bytes of a rank have arrived."""
        return self._offsets.get((attempt, rank), 0)

    def rank_reports(self, attempt: int) -> RankReports:
        """Return the reports of the ranks of an attempt: that they began, and how they ended."""
        return self._rank_reports.setdefault(attempt, RankReports())

    # -- orders --------------------------------------------------------------------------------

    def request_stop(self, by: str) -> None:
        """Ask the run to end; does nothing for one that has ended."""
        if not self.snapshot.state.is_terminal:
            self.snapshot.stopped_by = by
            self.stop_requested.set()
            self.touch()

    def interrupt(self, workers: Iterable[int] | None = None, order: str = "interrupt") -> None:
        """Have ranks interrupt their cell, all where none are named; ``"end_trial"`` leaves a sweep's loop going."""
        for worker in set(self._orders) if workers is None else workers:
            self._interrupted[worker] = order
            self._orders[worker].set()
        if workers is None:
            self._interrupted[_ALL] = order

    async def next_order(self, worker: int, timeout_s: float) -> str | None:
        """Wait for an order, ``"interrupt"`` or ``"end_trial"``; return None when none came in time."""
        if worker not in self._interrupted and _ALL not in self._interrupted:
            try:
                await asyncio.wait_for(self._orders[worker].wait(), timeout_s)
            except TimeoutError:
                return None
        self._orders[worker].clear()
        return self._interrupted.pop(worker, self._interrupted.get(_ALL))

    # -- views --------------------------------------------------------------------------------

    def end(self, state: RunState, failure: Failure | None = None, **changes: Any) -> None:
        """Enter a final state."""
        words = verdict(self.usage, node_memory_mb=self.node_memory_mb)
        self.enter(state, failure=failure, ended_at=time.time(), waiting=None, verdict=words, stopping=False, **changes)
        self.ended.set()

    def view(self) -> RunSnapshot:
        """Return the snapshot with its metrics' series."""
        return replace(self.snapshot, series={name: series.points for name, series in self._series.items()})

    async def watch(self, cursor: int, timeout_s: float) -> WatchReply:
        """Wait until something happens after ``cursor``, or the time is up; return what did."""
        if self.version <= cursor:
            try:
                await asyncio.wait_for(self._changed.wait(), timeout_s)
            except TimeoutError:
                pass
        events, skipped = self._output.since(cursor)
        return WatchReply(self.view(), events, self.version, skipped)

    def set_workers(self, workers: range, processes: Sequence[ProcessInfo]) -> None:
        """Show the processes of the workers with these numbers; none where they are gone."""
        others = [worker for worker in self.snapshot.workers if worker.rank not in workers]
        fresh = [
            WorkerSnapshot(rank, process.host, process.pid) for rank, process in zip(workers, processes, strict=False)
        ]
        for worker in workers:  # orders to its predecessor are not for this one
            self._interrupted.pop(worker, None)
            self._orders.pop(worker, None)
        self.snapshot.workers = sorted([*others, *fresh], key=lambda worker: worker.rank)
        self.touch()
