"""The end of a run: its last state, its metrics, files, returned values and models reach MLflow."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from workbench.records.runs import Failure, RunState
from workbench.training.engines.base import AttemptOutcome
from workbench.training.foreman.services import Services
from workbench.training.runs.active_run import ActiveRun
from workbench.training.spec import runtime_env_of
from workbench.training.worker.returned_models import log_returned_models

_WRITE_TIMEOUT_S = 5.0


async def finish(services: Services, run: ActiveRun, outcome: AttemptOutcome) -> None:
    """End a run. MLflow is written first: views that show the end find the same there."""
    failure = outcome.failure
    stopped = run.stop_requested.is_set() and failure is not None
    state = RunState.STOPPED if stopped else RunState.FAILED if failure else RunState.FINISHED
    if stopped and failure is not None:
        by = run.snapshot.stopped_by
        failure = Failure("stopped", f"stopped by {by}" if by else "stopped", traceback="", rank=None)
    rank_zero = outcome.rank_zero
    changes: dict[str, Any] = {}
    writer = services.writers.of(run)
    if failure is None and rank_zero is not None:
        run.returns = outcome.returns
        changes = {"returns": rank_zero.returned, "returns_error": rank_zero.returns_error}
        if run.returns is not None and rank_zero.models:  # logged after it has finished: publishing waits for them
            writer.set_tags(run.run_id, {"workbench.models": ",".join(rank_zero.models)})
    await settle(services, run, state, failure)
    run.end(state, failure, **changes)
    if run.returns is not None and rank_zero is not None and rank_zero.models:
        services.background.start(_log_models(run, rank_zero.models))
    if run.snapshot.verdict:
        writer.set_tags(run.run_id, {"workbench.verdict": run.snapshot.verdict})


async def settle(services: Services, run: ActiveRun, state: RunState, failure: Failure | None) -> None:
    """Write a run's last metrics and its state to MLflow; its files follow in the background."""
    await services.sweeps.settle(run)
    await asyncio.to_thread(services.runs.sink_of(run).flush, _WRITE_TIMEOUT_S)
    writer = services.writers.of(run)
    with contextlib.suppress(asyncio.TimeoutError):
        written = asyncio.wrap_future(writer.set_state(run.run_id, state, failure))
        await asyncio.wait_for(written, _WRITE_TIMEOUT_S)
    log = services.runs.log_of(run)
    log.close()
    for path in log.texts():
        writer.log_file(run.run_id, path, "logs")
    if run.returns is not None:
        writer.log_value(run.run_id, run.returns, "returns/returns.pkl")


async def _log_models(run: ActiveRun, names: tuple[str, ...]) -> None:
    """Log the models among the returned values as MLflow models, in a process of its own: it unpickles user code."""
    spec = run.spec
    options: dict[str, Any] = {
        "num_cpus": 0,
        "max_retries": 1,
        "runtime_env": runtime_env_of(spec.options),
        # Where an embedded store's files are.
        "scheduling_strategy": NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True),
    }
    task = ray.remote(max_calls=1)(log_returned_models).options(**options)
    try:
        problems = await task.remote(spec.code, run.returns, names, run.run_id, spec.tracking_uri)
    except ray.exceptions.RayError as error:
        problems = {", ".join(names): str(error).splitlines()[0]}
    for name, problem in problems.items():
        run.note(f"{name!r} came back as a value, but could not be logged as an MLflow model: {problem}")
