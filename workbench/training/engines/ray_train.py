"""The engine ``ray-train``: the same ranks inside Ray Train's ``TorchTrainer``.

Ray Train reserves the resources, starts the workers and makes the process group; the cell then
runs in each worker as it does in a crew. For clusters whose operators rely on Ray Train's own
scaling and dashboards; a run starts some ten seconds later than with a crew.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
import time
from dataclasses import dataclass
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from workbench.records.runs import Failure
from workbench.training.engines.base import AttemptOutcome, LaunchRequest
from workbench.training.engines.postmortem import examine_dead_rank, first_cause
from workbench.training.engines.processes import is_alive
from workbench.training.spec import Assignment, ProcessInfo, RunSpec, runtime_env_of

_GRACE_S = 1.5
_POLL_S = 1.0


class RayTrainEngine:
    """Start a ``TorchTrainer`` in a driver process of its own, since ``fit()`` blocks."""

    name = "ray-train"

    async def launch(self, request: LaunchRequest) -> RayTrainAttempt:
        """See :class:`~workbench.training.engines.base.Engine`."""
        options: dict[str, Any] = {
            "num_cpus": 0,
            "scheduling_strategy": NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True),
        }
        if request.spec.options.pip:
            options["runtime_env"] = runtime_env_of(request.spec.options)
        attempt = RayTrainAttempt(request, Driver.options(**options).remote())  # type: ignore[attr-defined]
        try:
            await attempt.until_ranks_began()
        except BaseException:
            await attempt.kill()
            raise
        request.on_reserved()
        return attempt


class RayTrainAttempt:
    """The ranks of one attempt; each reports to the foreman when it begins and how it ended."""

    def __init__(self, request: LaunchRequest, driver: Any) -> None:
        self._request = request
        self._driver = driver
        self._reports = request.run.rank_reports(request.attempt)
        job = TrainJob(
            request.spec,
            request.run.run_id,
            request.attempt,
            request.environ,
            request.checkpoint_dir,
            request.shared,
            request.foreman,
        )
        self._fit = asyncio.ensure_future(_error_of(driver.fit.remote(job)))

    async def until_ranks_began(self) -> None:
        """Wait until all ranks run; Ray Train waits for the resources itself."""
        while len(self._reports.processes) < self._request.spec.options.resources.workers:
            await self._reports.wait(_POLL_S)
            if self._fit.done():
                error = self._fit.result()
                if error is not None and not self._reports.processes:
                    raise error
                break
            if not self._reports.processes:
                self._request.on_wait()
        processes = self._reports.processes
        self._request.run.set_workers(self._request.workers, [processes[rank] for rank in sorted(processes)])

    async def outcome(self) -> AttemptOutcome:
        """See :class:`~workbench.training.engines.base.RunningAttempt`."""
        failed_at: float | None = None
        while len(self._reports.outcomes) < self._request.spec.options.resources.workers and not self._fit.done():
            await self._reports.wait(0.2)
            if any(outcome.failure for outcome in self._reports.outcomes.values()):
                failed_at = failed_at or time.monotonic()
                if time.monotonic() - failed_at > _GRACE_S:
                    break
        error = self._fit.result() if self._fit.done() else None
        dead = {}
        for rank in set(self._reports.processes) - set(self._reports.outcomes):
            process = self._reports.processes[rank]
            if not _is_alive(process):
                dead[rank] = await examine_dead_rank(
                    self._request, rank, process, error or RuntimeError("process ended")
                )
        failure = first_cause(list(self._reports.outcomes.values()), dead)
        if failure is None and error is not None:
            failure = Failure("setup", f"Ray Train failed: {str(error).strip().splitlines()[-1][:300]}")
        rank_zero = self._reports.outcomes.get(0)
        returns = self._reports.returns if failure is None and rank_zero and rank_zero.returned else None
        return AttemptOutcome(failure, returns, rank_zero)

    async def kill(self) -> None:
        """See :class:`~workbench.training.engines.base.RunningAttempt`: Ray Train's processes end with their driver."""
        with contextlib.suppress(Exception):
            ray.kill(self._driver)

    async def release(self) -> None:
        """See :class:`~workbench.training.engines.base.RunningAttempt`."""
        await asyncio.wait({self._fit}, timeout=5.0)
        await self.kill()


async def _error_of(ref: Any) -> Exception | None:
    """Return the error that ``fit()`` ended with, None when it ended well."""
    try:
        await ref
    except ray.exceptions.RayError as error:
        problem: Exception = error
        return problem
    return None


def _is_alive(process: ProcessInfo) -> bool:
    """Return whether a rank's process lives; one on another node counts as dead, since it has not reported its end."""
    return bool(process.node_id == ray.get_runtime_context().get_node_id()) and is_alive(process.pid)


@dataclass(frozen=True)
class TrainJob:
    """An attempt as the driver gets it."""

    spec: RunSpec
    run_id: str
    attempt: int
    environ: dict[str, str]
    checkpoint_dir: str
    shared: dict[str, list[Any]]
    foreman: Any


@ray.remote(num_cpus=0)
class Driver:
    """Call ``TorchTrainer.fit``, and end with it."""

    def fit(self, job: TrainJob) -> None:
        """Run all ranks; raises what Ray Train raises."""
        from ray.train import FailureConfig, RunConfig, ScalingConfig
        from ray.train.torch import TorchConfig, TorchTrainer

        resources = job.spec.options.resources
        with tempfile.TemporaryDirectory(prefix="workbench-ray-train-") as folder:
            TorchTrainer(
                run_rank_in_train,
                train_loop_config={"job": job},
                torch_config=TorchConfig(backend="nccl" if resources.gpus_per_worker >= 1 else "gloo"),
                scaling_config=ScalingConfig(
                    num_workers=resources.workers,
                    use_gpu=resources.gpus_per_worker > 0,
                    resources_per_worker=dict(resources.bundle),
                ),
                # The foreman decides on restarts, for both engines alike.
                run_config=RunConfig(
                    name=job.run_id,
                    storage_path=folder,
                    failure_config=FailureConfig(max_failures=0),
                    # Its own capture of print() would double every line of ours.
                    worker_runtime_env={"env_vars": {**job.spec.options.env, "RAY_TRAIN_ENABLE_PRINT_PATCH": "0"}},
                ),
            ).fit()


def run_rank_in_train(config: dict[str, Any]) -> None:
    """Run this worker's rank as in a crew; this is the training function."""
    from ray import train

    from workbench.training.engines.environ import threads_for, torchrun_environ
    from workbench.training.worker.process import describe_process, perform
    from workbench.training.worker.shell import create_shell

    job: TrainJob = config["job"]
    options = job.spec.options
    context = train.get_context()
    rank, process = context.get_world_rank(), describe_process()
    own = torchrun_environ(
        rank=rank,
        local_rank=context.get_local_rank(),
        node_rank=context.get_node_rank(),
        local_world_size=context.get_local_world_size(),
        world_size=context.get_world_size(),
        address=os.environ.get("MASTER_ADDR", process.ip),
        port=int(os.environ.get("MASTER_PORT", process.port)),
        attempt=job.attempt,
        run_id=job.run_id,
    )
    assignment = Assignment(
        run_id=job.run_id,
        name=job.spec.name,
        attempt=job.attempt,
        rank=rank,
        local_rank=context.get_local_rank(),
        world_size=context.get_world_size(),
        environ={**job.environ, **own},
        checkpoint_dir=job.checkpoint_dir,
        returns=options.returns if rank == 0 else (),
        threads=threads_for(options.resources, process.cores, context.get_local_world_size()),
        gpu_ids=tuple(str(gpu) for gpu in ray.get_gpu_ids()),
        visible_gpus=(),  # Ray Train has set them
        backend=None,  # and made the process group
        code=job.spec.code,
    )
    key = (job.run_id, job.attempt, rank)
    ray.get(job.foreman.rank_began.remote(*key, process))
    outcome, blob = perform(assignment, job.shared, job.foreman, create_shell())
    ray.get(job.foreman.rank_ended.remote(*key, outcome, blob))
    if outcome.failure is not None:
        raise RuntimeError(outcome.failure.message)
