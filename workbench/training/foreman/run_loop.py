"""Takes one run from the queue to its end: attempts, restarts, stop, time limit, MLflow's state."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psutil
import ray

from workbench.cluster.capacity import explain
from workbench.errors import WorkbenchError
from workbench.records.runs import Failure, RunState
from workbench.training.engines import engine_named
from workbench.training.engines.base import Attempt, AttemptOutcome, Order
from workbench.training.runs.active_run import ActiveRun

if TYPE_CHECKING:
    from workbench.training.foreman.actor import Foreman

_FROM_OUTSIDE = frozenset({"killed", "node_lost"})
_RESTARTS = 3
_STOP_GRACE_S = 10.0

log = logging.getLogger(__name__)


async def drive(foreman: Foreman, run: ActiveRun, shared: dict[str, list[Any]]) -> None:
    """Run attempts until one finishes, the run is stopped, or no more are due; then say how it ended."""
    run.node_memory_mb = psutil.virtual_memory().total / 2**20
    restarts = retries = 0
    failure: Failure | None = None
    outcome = AttemptOutcome(None)
    attempt = 1
    while True:
        run.begin_attempt(attempt)
        outcome = await _attempt(foreman, run, shared, attempt)
        failure = outcome.failure
        if failure is None or run.stop_requested.is_set():
            break
        if failure.kind in _FROM_OUTSIDE and restarts < _RESTARTS:
            restarts += 1
        elif retries < run.spec.options.retries and failure.kind != "timeout":
            retries += 1
        else:
            break
        attempt += 1
        run.note(f"Attempt {attempt - 1} ended: {failure.message}. Starting again{_from_where(foreman, run)}.")
        foreman.books_of(run).set_tags(run.run_id, {"workbench.attempt": str(attempt)})
    await _end(foreman, run, outcome)


def _from_where(foreman: Foreman, run: ActiveRun) -> str:
    folder = foreman.checkpoint_dir(run)
    has_one = folder.is_dir() and any(path.name.isdigit() for path in folder.iterdir())
    return " from the last checkpoint" if has_one else " from the beginning (no checkpoint was saved)"


async def _attempt(foreman: Foreman, run: ActiveRun, shared: dict[str, list[Any]], number: int) -> AttemptOutcome:
    """One attempt; it can be stopped while it waits and while it runs."""

    def on_wait() -> None:
        waiting = explain(run.spec.options.resources, foreman.holders(run))
        if waiting != run.snapshot.waiting:
            run.enter(RunState.QUEUED, waiting=waiting)

    def hold(teams: int) -> None:
        resources = run.spec.options.resources
        if teams:
            foreman.holding[run.run_id] = replace(resources, workers=resources.workers * teams)
        else:
            foreman.holding.pop(run.run_id, None)

    def is_crowded() -> bool:
        return any(other.snapshot.waiting is not None for other in foreman.runs.values() if other is not run)

    def on_reserved() -> None:
        hold(1)
        run.enter(RunState.STARTING, waiting=None, started_at=run.snapshot.started_at or time.time())

    try:
        conductor = await foreman.sweeps.conductor(run)
    except WorkbenchError as problem:
        return AttemptOutcome(_launch_failure(problem))
    order = Order(
        run=run,
        spec=run.spec,
        attempt=number,
        environ=await foreman.worker_environ(run),
        checkpoint_dir=str(foreman.checkpoint_dir(run)),
        shared=shared,
        foreman=foreman.handle,
        spares=foreman.spares,
        on_wait=on_wait,
        on_reserved=on_reserved,
        take_events=lambda rank, events: foreman.take_events(run, rank, events),
        conductor=conductor,
        is_crowded=is_crowded,
        on_teams=hold,
    )
    engine = engine_named(run.spec.options.engine if run.spec.sweep is None else "teams")
    launching = asyncio.ensure_future(engine.launch(order))
    stopping = asyncio.ensure_future(run.stop_requested.wait())
    await asyncio.wait({launching, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not launching.done():
        launching.cancel()
        await asyncio.wait({launching})
    stopping.cancel()
    if launching.cancelled():
        return AttemptOutcome(Failure("stopped", "stopped before it started"))
    error = launching.exception()
    if error is not None:
        foreman.holding.pop(run.run_id, None)
        return AttemptOutcome(_launch_failure(error))
    return await _follow(foreman, run, launching.result())


def _launch_failure(error: BaseException) -> Failure:
    if isinstance(error, WorkbenchError):
        return Failure("setup", str(error))
    if isinstance(error, ray.exceptions.RuntimeEnvSetupError):
        return Failure(
            "setup",
            "the run's packages could not be installed",
            traceback=str(error)[-3000:],
            fix="Check the names after --pip; the installer's own words are above.",
        )
    log.error("launch failed", exc_info=error)
    return Failure(
        "setup",
        f"the workers could not be started: {type(error).__name__}: {error}",
        fix="%workbench doctor looks for the cause.",
    )


async def _follow(foreman: Foreman, run: ActiveRun, attempt: Attempt) -> AttemptOutcome:
    """Wait for the ranks, the stop button or the time limit, whichever comes first."""
    foreman.attempts[run.run_id] = attempt
    outcome = asyncio.ensure_future(attempt.outcome())
    stopping = asyncio.ensure_future(run.stop_requested.wait())
    limit_s = run.spec.options.timeout_s
    try:
        done, _ = await asyncio.wait({outcome, stopping}, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
        if outcome in done:
            return outcome.result()
        timed_out = stopping not in done
        ended = await _wind_down(run, attempt, outcome)
        if timed_out:
            return AttemptOutcome(
                Failure(
                    "timeout",
                    f"it ran for {limit_s:g} s, the limit given with --timeout",
                    fix="Give more time, or continue it: %%train --resume " + run.snapshot.name,
                )
            )
        return ended or AttemptOutcome(Failure("stopped", "killed, since it did not end by itself"))
    finally:
        stopping.cancel()
        outcome.cancel()
        foreman.attempts.pop(run.run_id, None)
        foreman.ending(run, attempt)


async def _wind_down(
    run: ActiveRun, attempt: Attempt, outcome: asyncio.Future[AttemptOutcome]
) -> AttemptOutcome | None:
    """SIGINT first, so that ``finally`` blocks run; a rank that does not end in time is killed."""
    run.snapshot.stopping = True
    run.interrupt()
    run.touch()
    await asyncio.wait({outcome}, timeout=_STOP_GRACE_S)
    if outcome.done():
        return outcome.result()
    run.note(f"It did not end within {_STOP_GRACE_S:g} s of SIGINT: killing it.")
    await attempt.kill()
    return None


async def _end(foreman: Foreman, run: ActiveRun, outcome: AttemptOutcome) -> None:
    """Settle MLflow first, then tell the views: whoever looks finds the same everywhere."""
    failure = outcome.failure
    stopped = run.stop_requested.is_set() and failure is not None
    state = RunState.STOPPED if stopped else RunState.FAILED if failure else RunState.FINISHED
    if stopped and failure is not None:
        by = run.snapshot.stopped_by
        failure = Failure("stopped", f"stopped by {by}" if by else "stopped", traceback="", rank=None)
    rank_zero = outcome.rank_zero
    changes: dict[str, Any] = {}
    if failure is None and rank_zero is not None:
        run.returns = outcome.returns
        changes = {"returns": rank_zero.returned, "returns_error": rank_zero.returns_error}
        if run.returns is not None and rank_zero.models:  # kept after it has finished: publishing waits for them
            foreman.books_of(run).set_tags(run.run_id, {"workbench.models": ",".join(rank_zero.models)})
    await foreman.settle(run, state, failure)
    run.end(state, failure, **changes)
    if run.returns is not None and rank_zero is not None and rank_zero.models:
        foreman.keep_models(run, rank_zero.models)
    if run.snapshot.verdict:
        foreman.books_of(run).set_tags(run.run_id, {"workbench.verdict": run.snapshot.verdict})
