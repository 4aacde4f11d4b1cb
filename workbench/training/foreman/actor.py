"""The foreman: a detached Ray actor with the queue, the crews and each run's state. It runs no user code."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from workbench.cluster.capacity import check_feasible
from workbench.cluster.facts import facts_here
from workbench.cluster.nodes import NodeWatch
from workbench.errors import RunNotFoundError, TrackingError, WorkbenchError
from workbench.records.runs import ClusterFacts, Failure, Resources, RunSnapshot, RunState, WatchReply
from workbench.settings import home
from workbench.tracking.log_file import LogPage
from workbench.tracking.sink import MetricSink
from workbench.training.engines.base import Attempt
from workbench.training.engines.spares import SparePool
from workbench.training.foreman.background import in_background
from workbench.training.foreman.run_loop import drive
from workbench.training.foreman.shared_values import Vault
from workbench.training.foreman.sweeps import Sweeps
from workbench.training.foreman.tracking_writer import Books
from workbench.training.foreman.worker_verbs import WorkerVerbs
from workbench.training.runs.active_run import ActiveRun
from workbench.training.runs.change_counter import Pulse
from workbench.training.runs.run_log import RunLog
from workbench.training.spec import RunSpec, runtime_env_of
from workbench.training.worker.models import keep_models

NAME = "foreman"
NAMESPACE = "workbench"
_REMEMBERED = 200

log = logging.getLogger(__name__)


class Foreman(WorkerVerbs):
    """Verbs that kernels, the command line and workers call. Each is quick; waiting is asynchronous.

    Args:
        spares: How many spares to keep of each kind on a node, None to follow what runs use.
    """

    def __init__(self, spares: int | None = None) -> None:
        self.id = uuid.uuid4().hex[:12]
        self.runs: dict[str, ActiveRun] = {}
        self.holding: dict[str, Resources] = {}
        self.attempts: dict[str, Attempt] = {}
        self.spares = SparePool(spares)
        self.pulse = Pulse()
        self._nodes = NodeWatch()
        self.sweeps = Sweeps(self)
        self._vault = Vault()
        self._books: dict[str, Books] = {}
        self.sinks: dict[str, MetricSink] = {}
        self.logs: dict[str, RunLog] = {}
        self.tasks: set[asyncio.Task[Any]] = set()
        self.handle: Any = None

    async def begin(self) -> str:
        """Start up: prepare the first spares, load what the first run will need."""
        if self.handle is None:
            self.handle = ray.get_runtime_context().current_actor
            for node in ray.nodes():
                if node["Alive"] and node["Resources"].get("CPU"):
                    self.spares.begin(node["NodeID"], node["Resources"]["CPU"])
        return self.id

    async def warm_up(self, tracking_uri: str, artifact_dir: str | None) -> None:
        """Open a tracking store ahead of the first run, then prepare the first spares."""
        with contextlib.suppress(TrackingError):  # the first run says what is wrong with it
            await self._open_books(tracking_uri, artifact_dir)
        await self.begin()

    # -- for kernels ---------------------------------------------------------------------------

    async def held(self, digests: list[str]) -> list[str]:
        """Digests of captured values that need not be sent again."""
        return self._vault.held(digests)

    async def submit(self, spec: RunSpec, shared: dict[str, list[Any]], sizes: dict[str, int]) -> str:
        """Queue a run and return its MLflow id.

        Raises ``ResourcesError`` when the cluster can never meet it and ``TrackingError`` when its
        run cannot be recorded; then nothing was started.
        """
        await self.begin()
        self.sweeps.refuse_second(spec)
        await asyncio.to_thread(check_feasible, spec.options.resources)
        if spec.artifact_dir and not Path(spec.state_dir).parent.is_dir():
            raise TrackingError(
                f"Cannot record the run in {spec.tracking_uri!r}: that folder is not on the cluster's machine. "
                "Start a server that both reach (mlflow server --host ...), and export MLFLOW_TRACKING_URI=http://..."
            )
        books = await self._open_books(spec.tracking_uri, spec.artifact_dir)
        assert books.store is not None
        run_id = spec.options.resume or await books.create_run(
            experiment=spec.experiment,
            name=spec.name,
            tags={**spec.tags, "workbench.foreman": self.id, "workbench.state": RunState.QUEUED.value},
            params=spec.params,
        )
        if spec.options.resume:
            books.set_tags(run_id, {"workbench.foreman": self.id, "workbench.resumed": str(time.time())})
            books.set_state(run_id, RunState.QUEUED)
        run = ActiveRun(run_id, spec, self._run_dir(spec, run_id) / "logs", self.pulse)
        self.runs[run_id] = run
        self.logs[run_id] = RunLog(run.log_dir)
        self.sinks[run_id] = MetricSink(books.store, run_id, self._run_dir(spec, run_id))
        self._vault.add(shared, sizes)
        for name, data in spec.files.items():
            books.log_bytes(run_id, data, name)
        in_background(self._drive(run, list(shared)), self.tasks)
        self._forget_old()
        return run_id

    async def again(self, run_id: str, resume: bool) -> str:
        """Queue an ended run once more, with what it was given then, and return the new run's id.

        Args:
            run_id: Which.
            resume: Go on with that run, from its last checkpoint, instead of making a new one.
        """
        run = self.runs.get(run_id)
        if run is None or len(self._vault.held(list(run.spec.code.digests))) < len(set(run.spec.code.digests)):
            raise RunNotFoundError(
                "Cannot run it again from here: the cluster no longer holds the values that its cell reads. "
                "Run its cell in the notebook."
            )
        if not run.snapshot.state.is_terminal:
            raise WorkbenchError(f"Cannot run {run.spec.name!r} again: it is still {run.snapshot.state.value}.")
        swept = run.snapshot.sweep
        if swept is not None and swept.done >= swept.total:
            raise WorkbenchError(
                f"Cannot run {run.spec.name!r} again: its study has all of its {swept.total} trials. "
                "Run its cell with more --trials, or under another name."
            )
        options = replace(run.spec.options, resume=run_id if resume else None)
        tags = run.spec.tags if resume else {**run.spec.tags, "workbench.again_of": run_id}
        return await self.submit(replace(run.spec, options=options, tags=tags, submitted_at=time.time()), {}, {})

    async def _drive(self, run: ActiveRun, fresh: list[str]) -> None:
        try:
            shared = self._vault.refs(run.spec.code.digests)
            if fresh:
                in_background(self._adopt_later(run, fresh), self.tasks)
            await drive(self, run, shared)
        except Exception as error:
            log.exception("run %s", run.run_id)
            failure = Failure(
                "setup",
                f"the foreman failed: {type(error).__name__}: {error}",
                fix="Please report this with the foreman's log (%workbench doctor shows where it is).",
            )
            await self.settle(run, RunState.FAILED, failure)
            run.end(RunState.FAILED, failure)

    async def _adopt_later(self, run: ActiveRun, digests: list[str]) -> None:
        """Copy values that the kernel owns, once the run's start is no longer waiting for the memory bus."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(run.ended.wait(), 2.0)
        await self._vault.adopt(digests)

    async def attach_files(self, run_id: str, files: dict[str, bytes], tags: dict[str, str]) -> None:
        """Add lineage that the kernel gathered after it had submitted."""
        run = self.run_of(run_id)
        books = self.books_of(run)
        books.set_tags(run_id, tags)
        for name, data in files.items():
            books.log_bytes(run_id, data, name)

    async def watch(self, run_id: str, cursor: int, timeout_s: float) -> WatchReply:
        """What happened to a run since ``cursor``; waits up to ``timeout_s`` for something to happen."""
        run = self.run_of(run_id)
        reply = await run.watch(cursor, timeout_s)
        problem = self.books_of(run).problem or self.sinks[run_id].problem
        if problem and problem not in reply.snapshot.notes:
            reply.snapshot.notes = [*reply.snapshot.notes, problem]
        return reply

    async def stop(self, run_id: str, by: str) -> str:
        """Ask a run, or a trial of a sweep, to end; returns its state. A run that has ended is left alone."""
        trial = self.sweeps.trial_of(run_id)
        if trial is not None:
            await self.sweeps.order(*trial, "stop")
            return RunState.RUNNING.value
        run = self.run_of(run_id)
        if not run.snapshot.state.is_terminal:
            run.snapshot.stopped_by = by
            run.stop_requested.set()
            run.touch()
        return run.snapshot.state.value

    async def order_trial(self, run_id: str, number: int, what: str) -> None:
        """Have a running trial of a sweep ``prune`` or ``stop``; see :meth:`Sweeps.order`."""
        await self.sweeps.order(self.run_of(run_id), number, what)

    async def pause(self, run_id: str, is_paused: bool) -> None:
        """Have a sweep start no more trials, or start some again."""
        await self.sweeps.pause(self.run_of(run_id), is_paused)

    async def returns(self, run_id: str) -> list[Any]:
        """A list with the reference of the returned values, empty when there are none (any more)."""
        run = self.run_of(run_id)
        return [run.returns] if run.returns is not None else []

    async def log_page(self, run_id: str, rank: int, start: int, count: int, wanted: str) -> LogPage:
        """Lines that a rank printed; see :meth:`workbench.tracking.log_file.LogFile.page`."""
        self.run_of(run_id)
        return await asyncio.to_thread(self.logs[run_id].page, rank, start, count, wanted)

    async def snapshots(self) -> list[RunSnapshot]:
        """All runs that the foreman remembers, newest last."""
        return [run.view() for run in self.runs.values()]

    async def changes(self, cursor: tuple[str, int], timeout_s: float) -> tuple[str, int, list[RunSnapshot]]:
        """Runs that changed after ``cursor``; waits up to ``timeout_s`` for one to. Gives the next cursor, too."""
        foreman, version = cursor
        seen = version if foreman == self.id else 0
        if self.pulse.version <= seen:
            await self.pulse.wait(timeout_s)
        changed = [run.view() for run in self.runs.values() if run.changed_at > seen]
        return self.id, self.pulse.version, changed

    async def status(self) -> dict[str, Any]:
        """What runs, what waits, and which spares stand ready."""
        return {
            "id": self.id,
            "runs": [run.snapshot.to_json() for run in self.runs.values() if not run.snapshot.state.is_terminal],
            "spares": self.spares.counts(),
        }

    async def nodes(self) -> dict[str, dict[str, Any]]:
        """What each node really uses, by its id."""
        return await self._nodes.samples()

    async def facts(self) -> ClusterFacts:
        """The Python and the packages of this node, which workers share."""
        return await asyncio.to_thread(facts_here)

    async def close(self) -> None:
        """Stop all runs and end; for ``%workbench down``."""
        self.spares.close()
        going = [run for run in self.runs.values() if not run.snapshot.state.is_terminal]
        for run in going:
            await self.stop(run.run_id, "%workbench down")
        if going:
            await asyncio.wait([asyncio.ensure_future(run.ended.wait()) for run in going], timeout=15.0)
        for sink in self.sinks.values():
            await asyncio.to_thread(sink.flush, 2.0)
        self._vault.close()

    # -- for the drive -------------------------------------------------------------------------

    def holders(self, waiting: ActiveRun) -> dict[str, Resources]:
        """Who holds resources: run name to what it holds."""
        return {
            self.runs[run_id].snapshot.name: resources
            for run_id, resources in self.holding.items()
            if run_id != waiting.run_id
        }

    def books_of(self, run: ActiveRun) -> Books:
        """The book-keeping of the run's tracking store."""
        return self._books[run.spec.tracking_uri]

    def checkpoint_dir(self, run: ActiveRun) -> Path:
        """Where the run's checkpoints lie."""
        return self._run_dir(run.spec, run.run_id) / "checkpoints"

    async def worker_environ(self, run: ActiveRun) -> dict[str, str]:
        """Variables with which MLflow's calls in the cell land on this run."""
        from workbench.tracking.in_worker import worker_env

        return {**worker_env(run.spec.tracking_uri, run.run_id), **run.spec.options.env}

    def ending(self, run: ActiveRun, attempt: Attempt) -> None:
        """Give an attempt's resources back, beside what else is to be done."""

        async def give_back() -> None:
            await attempt.release()
            self.holding.pop(run.run_id, None)

        in_background(give_back(), self.tasks)

    def note_metrics(self, run: ActiveRun, step: int, values: dict[str, float]) -> None:
        """Metrics of a run that no rank logged."""
        now = time.time()
        run.handle(0, {"k": "met", "t": now, "step": step, "v": values})
        self.sinks[run.run_id].add([(name, value, int(now * 1000), step) for name, value in values.items()])
        run.touch()

    async def settle(self, run: ActiveRun, state: RunState, failure: Failure | None) -> None:
        """Bring MLflow up to date with a run's end: metrics, state; files follow in the background."""
        await self.sweeps.settle(run)
        await asyncio.to_thread(self.sinks[run.run_id].flush, 5.0)
        books = self.books_of(run)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.wrap_future(books.set_state(run.run_id, state, failure)), 5.0)
        log_ = self.logs[run.run_id]
        log_.close()
        for path in log_.texts():
            books.log_file(run.run_id, path, "logs")
        if run.returns is not None:
            books.log_value(run.run_id, run.returns, "returns/returns.pkl")

    def keep_models(self, run: ActiveRun, names: tuple[str, ...]) -> None:
        """Have the models among the returned values kept as MLflow models, in the background."""
        spec = run.spec
        options: dict[str, Any] = {
            "num_cpus": 0,
            "max_retries": 1,
            "runtime_env": runtime_env_of(spec.options),
            # Where an embedded store's files are.
            "scheduling_strategy": NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True),
        }
        # User code is unpickled in that process: it serves nobody else.
        task = ray.remote(max_calls=1)(keep_models).options(**options)

        async def tell() -> None:
            try:
                problems = await task.remote(spec.code, run.returns, names, run.run_id, spec.tracking_uri)
            except ray.exceptions.RayError as error:
                problems = {", ".join(names): str(error).splitlines()[0]}
            for name, problem in problems.items():
                run.note(f"{name!r} is with the run as a value, but could not be kept as an MLflow model: {problem}")

        in_background(tell(), self.tasks)

    # -- inside --------------------------------------------------------------------------------

    async def _open_books(self, tracking_uri: str, artifact_dir: str | None) -> Books:
        books = self._books.setdefault(tracking_uri, Books(tracking_uri, artifact_dir))
        await books.open(self.id)
        return books

    def run_of(self, run_id: str) -> ActiveRun:
        """A run that is known; ``RunNotFoundError`` for any other."""
        if run_id not in self.runs:
            raise RunNotFoundError(f"The foreman knows no run {run_id!r}: it ended long ago, or ran elsewhere.")
        return self.runs[run_id]

    def _run_dir(self, spec: RunSpec, run_id: str) -> Path:
        """Below the project where this node has it, else below the user's own folder on this node."""
        state_dir = Path(spec.state_dir)
        return (state_dir if state_dir.parent.is_dir() else home()) / "runs" / run_id

    def _forget_old(self) -> None:
        ended = [run_id for run_id, run in self.runs.items() if run.snapshot.state.is_terminal]
        for run_id in ended[: max(0, len(self.runs) - _REMEMBERED)]:
            self.runs.pop(run_id)
            self.sinks.pop(run_id).close()
            self.logs.pop(run_id)
