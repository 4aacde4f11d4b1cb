"""One run as the foreman knows it: its snapshot, its output, its orders. Views wait on its changes."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.records.runs import Failure, Progress, RunSnapshot, RunState, WatchReply, WorkerSnapshot
from workbench.training.runs.change_counter import Pulse
from workbench.training.runs.live_series import Curve
from workbench.training.runs.output_buffer import Feed
from workbench.training.runs.rank_reports import Board
from workbench.training.runs.usage import RankUsage, verdict
from workbench.training.spec import RunSpec

_NOTES = 20
_ALL = -1


class ActiveRun:
    """A run from its submission until the foreman forgets it.

    Args:
        run_id: MLflow's id.
        spec: What was asked for.
        log_dir: Where the ranks' events are kept, one file a rank.
        pulse: Beats when something happens to any run.
    """

    def __init__(self, run_id: str, spec: RunSpec, log_dir: Path, pulse: Pulse) -> None:
        self.run_id = run_id
        self.spec = spec
        self.log_dir = log_dir
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
        self._pulse = pulse
        self.changed_at = pulse.beat()
        self.usage: dict[int, RankUsage] = {}
        self.returns: Any = None  # an object reference, or None
        self.stop_requested = asyncio.Event()
        self.ended = asyncio.Event()
        self.node_memory_mb: float | None = None
        self._feed = Feed()
        self._boards: dict[int, Board] = {}
        self._curves: dict[str, Curve] = {}
        self._changed = asyncio.Event()
        self._orders: defaultdict[int, asyncio.Event] = defaultdict(asyncio.Event)
        self._interrupted: dict[int, str] = {}
        self._offsets: dict[tuple[int, int], int] = {}
        self._progress_began: tuple[float, int] | None = None

    # -- what happened -------------------------------------------------------------------------

    def touch(self) -> None:
        """Wake whoever waits for a change."""
        self.version += 1
        self.changed_at = self._pulse.beat()
        self._changed.set()
        self._changed = asyncio.Event()

    def enter(self, state: RunState, **changes: Any) -> None:
        """Go to another state, with what else changes of the snapshot."""
        self.snapshot = replace(self.snapshot, state=state, **changes)
        self.touch()

    def note(self, text: str) -> None:
        """Tell the view something once."""
        self.snapshot.notes = [*self.snapshot.notes, text][-_NOTES:]
        self.touch()

    def begin_attempt(self, attempt: int) -> None:
        """Forget what belongs to the attempt before."""
        self._interrupted.clear()
        self.snapshot = replace(self.snapshot, attempt=attempt, workers=[], progress=None)
        self._progress_began = None
        self.touch()

    def handle(self, rank: int, event: dict[str, Any]) -> None:
        """Take one journal event in."""
        kind = event["k"]
        if kind == "out":
            lines = self.snapshot.log_lines
            lines[rank] = lines.get(rank, 0) + event["x"].count("\n")
        if rank == 0 and kind in ("out", "disp", "clear"):
            self.version += 1
            self._feed.add(self.version, event)
        elif kind == "met":
            self._take_metrics(event)
        elif kind == "trace":
            self._take_trace(rank, event)
        elif kind == "prog" and rank == 0:
            self._take_progress(event)
        elif kind == "note":
            self.note(event["x"])
        elif kind == "first" and self.snapshot.first_line_at is None:
            self.snapshot.first_line_at = event["t"]

    def _take_metrics(self, event: dict[str, Any]) -> None:
        for name, value in event["v"].items():
            self.snapshot.metrics[name] = value
            self._curves.setdefault(name, Curve()).add(event["step"], value)

    def _take_trace(self, rank: int, event: dict[str, Any]) -> None:
        self.usage.setdefault(rank, RankUsage()).add(event)
        for worker in self.snapshot.workers:
            if worker.rank == rank:
                worker.cpu_percent, worker.rss_mb = event["cpu"], event["rss"]
                worker.gpu_percent, worker.gpu_memory_mb = event["gpu"], event["gpu_mem"]
                worker.gpu_memory_total_mb = event["gpu_total"]

    def _take_progress(self, event: dict[str, Any]) -> None:
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
        """Whether journal bytes are new; a repeated send is passed over."""
        expected = self._offsets.get((attempt, rank), 0)
        if offset < expected:
            return False
        self._offsets[attempt, rank] = offset + size
        return True

    def shipped(self, attempt: int, rank: int) -> int:
        """How many journal bytes of a rank have arrived."""
        return self._offsets.get((attempt, rank), 0)

    def board(self, attempt: int) -> Board:
        """Where the ranks of an attempt tell that they began and how they ended."""
        return self._boards.setdefault(attempt, Board())

    # -- orders --------------------------------------------------------------------------------

    def interrupt(self, workers: Iterable[int] | None = None, order: str = "interrupt") -> None:
        """Tell ranks to interrupt their cell, all where none are named; ``"end_trial"`` leaves a sweep's loop going."""
        for worker in set(self._orders) if workers is None else workers:
            self._interrupted[worker] = order
            self._orders[worker].set()
        if workers is None:
            self._interrupted[_ALL] = order

    async def next_order(self, worker: int, timeout_s: float) -> str | None:
        """What a rank is to do: ``"interrupt"`` or ``"end_trial"``; None when nothing came up in time."""
        if worker not in self._interrupted and _ALL not in self._interrupted:
            try:
                await asyncio.wait_for(self._orders[worker].wait(), timeout_s)
            except TimeoutError:
                return None
        self._orders[worker].clear()
        return self._interrupted.pop(worker, self._interrupted.get(_ALL))

    # -- what is seen --------------------------------------------------------------------------

    def end(self, state: RunState, failure: Failure | None = None, **changes: Any) -> None:
        """Enter a final state."""
        words = verdict(self.usage, node_memory_mb=self.node_memory_mb)
        self.enter(state, failure=failure, ended_at=time.time(), waiting=None, verdict=words, stopping=False, **changes)
        self.ended.set()

    def view(self) -> RunSnapshot:
        """The snapshot with its curves."""
        return replace(self.snapshot, series={name: curve.points for name, curve in self._curves.items()})

    async def watch(self, cursor: int, timeout_s: float) -> WatchReply:
        """Wait until something happened after ``cursor``, or the time is up."""
        if self.version <= cursor:
            try:
                await asyncio.wait_for(self._changed.wait(), timeout_s)
            except TimeoutError:
                pass
        events, skipped = self._feed.since(cursor)
        return WatchReply(self.view(), events, self.version, skipped)

    def set_workers(self, workers: range, hellos: list[dict[str, Any]]) -> None:
        """Show the processes with these numbers as they describe themselves; none of them where they are gone."""
        others = [worker for worker in self.snapshot.workers if worker.rank not in workers]
        fresh = [
            WorkerSnapshot(rank, hello["host"], hello["pid"]) for rank, hello in zip(workers, hellos, strict=False)
        ]
        for worker in workers:  # what its predecessor was told is not for this one
            self._interrupted.pop(worker, None)
            self._orders.pop(worker, None)
        self.snapshot.workers = sorted([*others, *fresh], key=lambda worker: worker.rank)
        self.touch()
