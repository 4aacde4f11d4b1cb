"""Takes runs in: records each one, keeps what it needs, and drives it beside the caller."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.cluster.capacity import check_feasible
from workbench.errors import RunNotFoundError, TrackingError, WorkbenchError
from workbench.records.runs import Failure, RunState
from workbench.training.foreman.run_end import settle
from workbench.training.foreman.run_loop import drive
from workbench.training.foreman.services import Services
from workbench.training.foreman.shared_values import SharedValues
from workbench.training.runs.active_run import ActiveRun
from workbench.training.spec import RunSpec

_ADOPT_AFTER_S = 2.0

log = logging.getLogger(__name__)


class RunQueue:
    """Queue runs, new ones and those that ended.

    Args:
        services: The foreman's parts.
        values: The captured values that the cluster holds.
    """

    def __init__(self, services: Services, values: SharedValues) -> None:
        self._services, self._values = services, values

    async def submit(self, spec: RunSpec, shared: dict[str, list[Any]], sizes: dict[str, int]) -> str:
        """Queue a run and return its MLflow id.

        Raises ``ResourcesError`` when the cluster can never meet it and ``TrackingError`` when its
        run cannot be recorded; then nothing was started.
        """
        services = self._services
        services.sweeps.refuse_second(spec)
        await asyncio.to_thread(check_feasible, spec.options.resources)
        if spec.artifact_dir and not Path(spec.state_dir).parent.is_dir():
            raise TrackingError(
                f"Cannot record the run in {spec.tracking_uri!r}: that folder is not on the cluster's machine. "
                "Start a server that both reach (mlflow server --host ...), and export MLFLOW_TRACKING_URI=http://..."
            )
        run = await self._record(spec)
        self._values.add(shared, sizes)
        writer = services.writers.of(run)
        for name, data in spec.files.items():
            writer.log_bytes(run.run_id, data, name)
        services.background.start(self._drive(run, list(shared)))
        services.runs.forget_ended()
        return run.run_id

    async def _record(self, spec: RunSpec) -> ActiveRun:
        """Write a queued run to its tracking store and add it to the runs."""
        foreman_id = self._services.foreman_id
        writer = await self._services.writers.open(spec.tracking_uri, spec.artifact_dir)
        assert writer.store is not None
        run_id = spec.options.resume or await writer.create_run(
            experiment=spec.experiment,
            name=spec.name,
            tags={**spec.tags, "workbench.foreman": foreman_id, "workbench.state": RunState.QUEUED.value},
            params=spec.params,
        )
        if spec.options.resume:
            writer.set_tags(run_id, {"workbench.foreman": foreman_id, "workbench.resumed": str(time.time())})
            writer.set_state(run_id, RunState.QUEUED)
        return self._services.runs.add(run_id, spec, writer.store)

    async def again(self, run_id: str, resume: bool) -> str:
        """Queue an ended run once more, with what it was given then, and return the new run's id.

        Args:
            run_id: MLflow's id of the ended run.
            resume: Go on with that run, from its last checkpoint, instead of making a new one.
        """
        run = self._services.runs.find(run_id)
        if run is None or not self._values.has_all(run.spec.code.digests):
            raise RunNotFoundError(
                "Cannot run it again from here: the cluster no longer holds the values that its cell reads. "
                "Run its cell in the notebook."
            )
        if not run.snapshot.state.is_terminal:
            raise WorkbenchError(f"Cannot run {run.spec.name!r} again: it is still {run.snapshot.state.value}.")
        sweep = run.snapshot.sweep
        if sweep is not None and sweep.done >= sweep.total:
            raise WorkbenchError(
                f"Cannot run {run.spec.name!r} again: its study has all of its {sweep.total} trials. "
                "Run its cell with more --trials, or under another name."
            )
        options = replace(run.spec.options, resume=run_id if resume else None)
        tags = run.spec.tags if resume else {**run.spec.tags, "workbench.again_of": run_id}
        return await self.submit(replace(run.spec, options=options, tags=tags, submitted_at=time.time()), {}, {})

    async def _drive(self, run: ActiveRun, sent: list[str]) -> None:
        """Drive a run to its end; ``sent`` are the digests of the values that came with it."""
        try:
            shared = self._values.refs(run.spec.code.digests)
            if sent:
                self._services.background.start(self._adopt_later(run, sent))
            await drive(self._services, run, shared)
        except Exception as error:
            log.exception("run %s", run.run_id)
            failure = Failure(
                "setup",
                f"the foreman failed: {type(error).__name__}: {error}",
                fix="Please report this with the foreman's log (%workbench doctor shows where it is).",
            )
            await settle(self._services, run, RunState.FAILED, failure)
            run.end(RunState.FAILED, failure)

    async def _adopt_later(self, run: ActiveRun, digests: list[str]) -> None:
        """Copy values that the kernel owns, once the run's start is no longer waiting for the memory bus."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(run.ended.wait(), _ADOPT_AFTER_S)
        await self._values.adopt(digests)
