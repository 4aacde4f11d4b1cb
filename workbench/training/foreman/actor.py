"""The foreman: a detached Ray actor with the queue, the crews and each run's state. It runs no user code."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from typing import Any

import ray

from workbench.cluster.facts import facts_here
from workbench.cluster.nodes import NodeWatch
from workbench.errors import TrackingError
from workbench.records.cluster import ForemanStatus, NodeUsage
from workbench.records.logs import LogPage
from workbench.records.runs import ClusterFacts, RunSnapshot, RunState, WatchReply
from workbench.training.foreman.run_queue import RunQueue
from workbench.training.foreman.services import create_services
from workbench.training.foreman.shared_values import SharedValues
from workbench.training.spec import ProcessInfo, RankOutcome, RunSpec

NAME = "foreman"
NAMESPACE = "workbench"
_CLOSE_TIMEOUT_S = 15.0
_FLUSH_TIMEOUT_S = 2.0
_ORDER_TIMEOUT_S = 20.0


class Foreman:
    """Verbs that kernels, the command line and workers call. Each is quick; waiting is asynchronous.

    Args:
        spares: The number of spares of each kind on a node, None to follow what runs use.
    """

    def __init__(self, spares: int | None = None) -> None:
        self._services = create_services(uuid.uuid4().hex[:12], spares)
        self._runs, self._sweeps = self._services.runs, self._services.sweeps
        self._reports = self._services.reports
        self._values = SharedValues()
        self._queue = RunQueue(self._services, self._values)
        self._nodes = NodeWatch()

    async def begin(self) -> str:
        """Prepare the first spares; return the foreman's id."""
        if self._services.actor is None:
            self._services.actor = ray.get_runtime_context().current_actor
            for node in ray.nodes():
                if node["Alive"] and node["Resources"].get("CPU"):
                    self._services.spares.begin(node["NodeID"], node["Resources"]["CPU"])
        return self._services.foreman_id

    async def warm_up(self, tracking_uri: str, artifact_dir: str | None) -> None:
        """Open a tracking store ahead of the first run, then prepare the first spares."""
        with contextlib.suppress(TrackingError):  # the first run says what is wrong with it
            await self._services.writers.open(tracking_uri, artifact_dir)
        await self.begin()

    # -- for kernels ---------------------------------------------------------------------------

    async def held(self, digests: list[str]) -> list[str]:
        """Return the digests of captured values that need not be sent again."""
        return self._values.held(digests)

    async def submit(self, spec: RunSpec, shared: dict[str, list[Any]], sizes: dict[str, int]) -> str:
        """Queue a run and return its MLflow id; see :meth:`RunQueue.submit`."""
        await self.begin()
        return await self._queue.submit(spec, shared, sizes)

    async def again(self, run_id: str, resume: bool) -> str:
        """Queue an ended run once more and return the new run's id; see :meth:`RunQueue.again`."""
        await self.begin()
        return await self._queue.again(run_id, resume)

    async def attach_files(self, run_id: str, files: dict[str, bytes], tags: dict[str, str]) -> None:
        """Add lineage that the kernel gathered after it had submitted."""
        writer = self._services.writers.of(self._runs.get(run_id))
        writer.set_tags(run_id, tags)
        for name, data in files.items():
            writer.log_bytes(run_id, data, name)

    async def watch(self, run_id: str, cursor: int, timeout_s: float) -> WatchReply:
        """Return what happened to a run since ``cursor``; wait up to ``timeout_s`` for something to happen."""
        run = self._runs.get(run_id)
        reply = await run.watch(cursor, timeout_s)
        problem = self._services.writers.of(run).problem or self._runs.sink_of(run).problem
        if problem and problem not in reply.snapshot.notes:
            reply.snapshot.notes = [*reply.snapshot.notes, problem]
        return reply

    async def stop(self, run_id: str, by: str) -> str:
        """Ask a run, or a trial of a sweep, to end; return its state. A run that has ended is left alone."""
        trial = self._sweeps.trial_of(run_id)
        if trial is not None:
            await self._sweeps.order(*trial, "stop")
            return RunState.RUNNING.value
        run = self._runs.get(run_id)
        run.request_stop(by)
        return run.snapshot.state.value

    async def order_trial(self, run_id: str, number: int, what: str) -> None:
        """Have a running trial of a sweep ``prune`` or ``stop``; see :meth:`Sweeps.order`."""
        await self._sweeps.order(self._runs.get(run_id), number, what)

    async def pause(self, run_id: str, is_paused: bool) -> None:
        """Have a sweep start no more trials, or start some again."""
        await self._sweeps.pause(self._runs.get(run_id), is_paused)

    async def returns(self, run_id: str) -> list[Any]:
        """Return a list with the reference of the returned values, empty when there are none (any more)."""
        run = self._runs.get(run_id)
        return [run.returns] if run.returns is not None else []

    async def log_page(self, run_id: str, rank: int, start: int, count: int, search: str) -> LogPage:
        """Return lines that a rank printed; see :meth:`workbench.tracking.log_file.LogFile.page`."""
        log = self._runs.log_of(self._runs.get(run_id))
        return await asyncio.to_thread(log.page, rank, start, count, search)

    async def snapshots(self) -> list[RunSnapshot]:
        """Return all runs that the foreman remembers, newest last."""
        return [run.view() for run in self._runs]

    async def changes(self, cursor: tuple[str, int], timeout_s: float) -> tuple[str, int, list[RunSnapshot]]:
        """Return the next cursor and the runs that changed after ``cursor``; wait up to ``timeout_s`` for one to."""
        foreman_id, version = cursor
        seen = version if foreman_id == self._services.foreman_id else 0
        counter = self._runs.changes
        if counter.value <= seen:
            await counter.wait(timeout_s)
        changed = [run.view() for run in self._runs if run.changed_at > seen]
        return self._services.foreman_id, counter.value, changed

    async def status(self) -> ForemanStatus:
        """Return what runs, what waits, and which spares are ready."""
        return {
            "id": self._services.foreman_id,
            "runs": [run.snapshot for run in self._runs.active()],
            "spares": self._services.spares.counts(),
        }

    async def nodes(self) -> dict[str, NodeUsage]:
        """Return what each node really uses, by its id."""
        return await self._nodes.samples()

    async def facts(self) -> ClusterFacts:
        """Return the Python and the packages of this node, which workers share."""
        return await asyncio.to_thread(facts_here)

    async def close(self) -> None:
        """Stop all runs and end; for ``%workbench down``."""
        self._services.spares.close()
        active = self._runs.active()
        for run in active:
            await self.stop(run.run_id, "%workbench down")
        if active:
            await asyncio.wait([asyncio.ensure_future(run.ended.wait()) for run in active], timeout=_CLOSE_TIMEOUT_S)
        await asyncio.to_thread(self._runs.flush_metrics, _FLUSH_TIMEOUT_S)
        self._values.close()

    # -- for workers ---------------------------------------------------------------------------

    async def ingest(self, run_id: str, attempt: int, rank: int, offset: int, data: bytes) -> None:
        """Take journal bytes of a rank; the caller goes on when they are taken."""
        self._reports.ingest(run_id, attempt, rank, offset, data)

    async def rank_began(self, run_id: str, attempt: int, rank: int, process: ProcessInfo) -> None:
        """Note that a rank runs, for an engine that does not hold its processes."""
        self._reports.rank_began(run_id, attempt, rank, process)

    async def rank_ended(self, run_id: str, attempt: int, rank: int, outcome: RankOutcome, blob: Any) -> None:
        """Note how such a rank ended, with its returned values as an array of bytes, or None."""
        await self._reports.rank_ended(run_id, attempt, rank, outcome, blob)

    async def next_order(self, run_id: str, attempt: int, rank: int) -> str | None:
        """Wait for an order to a rank; return None when none came in time."""
        return await self._runs.get(run_id).next_order(rank, _ORDER_TIMEOUT_S)

    async def trial_run(self, run_id: str, number: int) -> str:
        """Return the MLflow run of a trial that runs; make it where there is none yet."""
        return await self._sweeps.trial_run(run_id, number)
