"""Takes one run from the queue to its end: attempts, restarts, stop, time limit, MLflow's state."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import psutil
import ray

from workbench.cluster.capacity import explain
from workbench.errors import WorkbenchError
from workbench.records.runs import Failure, RunState
from workbench.tracking.in_worker import worker_env
from workbench.training.engines import engine_named
from workbench.training.engines.base import AttemptOutcome, LaunchRequest, RunningAttempt
from workbench.training.foreman.run_end import finish
from workbench.training.foreman.services import Services
from workbench.training.runs.active_run import ActiveRun

_FROM_OUTSIDE = frozenset({"killed", "node_lost"})
_RESTARTS = 3
_STOP_GRACE_S = 10.0

log = logging.getLogger(__name__)


async def drive(services: Services, run: ActiveRun, shared: dict[str, list[Any]]) -> None:
    """Run attempts until one finishes, the run is stopped, or no more are due; then end the run."""
    run.node_memory_mb = psutil.virtual_memory().total / 2**20
    restarts = retries = 0
    attempt = 1
    while True:
        run.begin_attempt(attempt)
        outcome = await _attempt(services, run, shared, attempt)
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
        run.note(f"Attempt {attempt - 1} ended: {failure.message}. Starting again{_from_where(run)}.")
        services.writers.of(run).set_tags(run.run_id, {"workbench.attempt": str(attempt)})
    await finish(services, run, outcome)


def _from_where(run: ActiveRun) -> str:
    folder = run.checkpoint_dir
    has_one = folder.is_dir() and any(path.name.isdigit() for path in folder.iterdir())
    return " from the last checkpoint" if has_one else " from the beginning (no checkpoint was saved)"


async def _attempt(services: Services, run: ActiveRun, shared: dict[str, list[Any]], number: int) -> AttemptOutcome:
    """Make one attempt; it can be stopped while it waits and while it runs."""
    try:
        conductor = await services.sweeps.conductor(run)
    except WorkbenchError as problem:
        return AttemptOutcome(_launch_failure(problem))
    engine = engine_named(run.spec.options.engine if run.spec.sweep is None else "teams")
    launching = asyncio.ensure_future(engine.launch(_request(services, run, shared, number, conductor)))
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
        services.runs.hold(run, teams=0)
        return AttemptOutcome(_launch_failure(error))
    return await _follow(services, run, launching.result())


def _request(
    services: Services, run: ActiveRun, shared: dict[str, list[Any]], number: int, conductor: Any
) -> LaunchRequest:
    """Return what an engine needs to know for one attempt."""

    def on_wait() -> None:
        waiting = explain(run.spec.options.resources, services.runs.held_by_others(run))
        if waiting != run.snapshot.waiting:
            run.enter(RunState.QUEUED, waiting=waiting)

    def on_reserved() -> None:
        services.runs.hold(run)
        run.enter(RunState.STARTING, waiting=None, started_at=run.snapshot.started_at or time.time())

    return LaunchRequest(
        run=run,
        spec=run.spec,
        attempt=number,
        # MLflow's variables have its calls in the cell land on this run.
        environ={**worker_env(run.spec.tracking_uri, run.run_id), **run.spec.options.env},
        checkpoint_dir=str(run.checkpoint_dir),
        shared=shared,
        foreman=services.actor,
        spares=services.spares,
        on_wait=on_wait,
        on_reserved=on_reserved,
        take_events=lambda rank, events: services.reports.take_events(run, rank, events),
        conductor=conductor,
        is_crowded=lambda: services.runs.is_another_waiting(run),
        on_teams=lambda teams: services.runs.hold(run, teams),
    )


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


async def _follow(services: Services, run: ActiveRun, attempt: RunningAttempt) -> AttemptOutcome:
    """Wait for the ranks, the stop button or the time limit, whichever comes first."""
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
        services.background.start(_release(services, run, attempt))


async def _release(services: Services, run: ActiveRun, attempt: RunningAttempt) -> None:
    await attempt.release()
    services.runs.hold(run, teams=0)


async def _wind_down(
    run: ActiveRun, attempt: RunningAttempt, outcome: asyncio.Future[AttemptOutcome]
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
