"""The default engine: a crew of pre-imported processes in a placement group."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from typing import Any

import ray

from workbench.training.engines.base import AttemptOutcome, LaunchRequest
from workbench.training.engines.environ import threads_for, torchrun_environ
from workbench.training.engines.placement import Reservation, reserve
from workbench.training.engines.postmortem import examine_dead_rank, first_cause
from workbench.training.engines.processes import is_alive
from workbench.training.engines.spares import Spare
from workbench.training.spec import Assignment, ProcessInfo, RankOutcome, runtime_env_of

_OTHERS_GRACE_S = 1.5
_AFTER_INTERRUPT_S = 5.0


class CrewEngine:
    """Draw spares on the reserved nodes and gives each its rank."""

    name = "crew"

    async def launch(self, request: LaunchRequest) -> CrewAttempt:
        """See :class:`~workbench.training.engines.base.Engine`."""
        reservation = await reserve(request.spec.options.resources, request.run.run_id, request.on_wait)
        request.on_reserved()
        spares: list[Spare] = []
        try:
            spares = await draw(request, reservation)
            return CrewAttempt(request, reservation, spares)
        except BaseException:
            for spare in spares:
                ray.kill(spare.actor)
            reservation.release()
            raise


async def draw(request: LaunchRequest, reservation: Reservation) -> list[Spare]:
    """Return one process for each bundle, those of one node side by side so that local ranks are too."""
    options, code = request.spec.options, request.spec.code
    nodes = sorted(
        range(len(reservation.node_ids)),
        key=lambda i: (reservation.node_ids[i] != reservation.node_ids[0], reservation.node_ids[i]),
    )
    reservation.node_ids = [reservation.node_ids[i] for i in nodes]
    reservation.gpu_ids = [reservation.gpu_ids[i] for i in nodes]
    env = runtime_env_of(options)
    if env is not None:
        if options.pip:
            request.run.note(f"Installing {', '.join(options.pip)} for this run.")
        return list(
            await asyncio.gather(*[request.spares.create(node, code.uses_torch, env) for node in reservation.node_ids])
        )
    for node, count in Counter(reservation.node_ids).items():
        request.spares.set_target(node, code.uses_torch, count)
    return list(
        await asyncio.gather(
            *[request.spares.take(node, code.uses_torch, code.imports) for node in reservation.node_ids]
        )
    )


def assignments(
    request: LaunchRequest, processes: list[ProcessInfo], gpu_ids: list[tuple[str, ...]]
) -> list[Assignment]:
    """Return each rank's part, from where the processes are."""
    options, code = request.spec.options, request.spec.code
    world_size = len(processes)
    node_order = list(dict.fromkeys(process.node_id for process in processes))
    on_node = Counter(process.node_id for process in processes)
    seen: Counter[str] = Counter()
    parts = []
    for rank, process in enumerate(processes):
        node = process.node_id
        visible = _visible_gpus(
            [gpus for other, gpus in zip(processes, gpu_ids, strict=True) if other.node_id == node],
            gpu_ids[rank],
            options.resources.gpus_per_worker,
        )
        backend = _backend(world_size, code.uses_torch, visible, on_node[node])
        sweep = request.spec.sweep
        at_once = 1 if sweep is None else sweep.parallel or process.cores
        threads = threads_for(options.resources, process.cores, on_node[node] * at_once)
        environ = torchrun_environ(
            rank=rank,
            local_rank=seen[node],
            node_rank=node_order.index(node),
            local_world_size=on_node[node],
            world_size=world_size,
            address=processes[0].ip,
            port=processes[0].port,
            attempt=request.attempt,
            run_id=request.run.run_id,
        )
        parts.append(
            Assignment(
                run_id=request.run.run_id,
                name=request.spec.name,
                attempt=request.attempt,
                rank=rank,
                local_rank=seen[node],
                world_size=world_size,
                environ={**request.environ, **environ},
                checkpoint_dir=request.checkpoint_dir,
                returns=options.returns if rank == 0 else (),
                threads=threads,
                gpu_ids=gpu_ids[rank],
                visible_gpus=visible,
                backend=backend,
                code=code,
                sweep=sweep,
                conductor=request.conductor,
                first_worker=request.first_worker,
            )
        )
        seen[node] += 1
    return parts


def _visible_gpus(on_node: list[tuple[str, ...]], own: tuple[str, ...], each: float) -> tuple[str, ...]:
    """Return the GPUs that a rank sees: with one each, those of all ranks on its node, as under ``torchrun``.

    So ``cuda:$LOCAL_RANK`` is the rank's own. With several or a part of one each it sees its own alone.
    """
    return tuple(dict.fromkeys(gpu for gpus in on_node for gpu in gpus)) if each == 1 else own


def _backend(world_size: int, uses_torch: bool, visible: tuple[str, ...], ranks_on_node: int) -> str | None:
    """Return the process group to make: NCCL refuses two ranks on one GPU, gloo does not."""
    if world_size == 1 or not uses_torch:
        return None
    return "nccl" if len(visible) >= ranks_on_node else "gloo"


class CrewAttempt:
    """The ranks of one attempt, each a process of its own."""

    def __init__(self, request: LaunchRequest, reservation: Reservation, spares: list[Spare]) -> None:
        self._request = request
        self._reservation = reservation
        self._spares = spares
        request.run.set_workers(request.workers, [spare.process for spare in spares])
        parts = assignments(request, [spare.process for spare in spares], reservation.gpu_ids)
        foreman = request.foreman
        refs = [
            spare.actor.run.options(num_returns=2).remote(part, request.shared, foreman)
            for spare, part in zip(spares, parts, strict=True)
        ]
        self._returns = refs[0][1]
        self._ranks = [asyncio.ensure_future(_outcome_of(ref)) for ref, _ in refs]
        self._is_released = False

    async def outcome(self) -> AttemptOutcome:
        """See :class:`~workbench.training.engines.base.RunningAttempt`."""
        await self._until_failure_or_end()
        ended: list[RankOutcome | BaseException | None] = [
            rank.result() if rank.done() else None for rank in self._ranks
        ]
        died = {index: result for index, result in enumerate(ended) if isinstance(result, BaseException)}
        dead = {}
        for index, error in died.items():
            dead[index] = await examine_dead_rank(self._request, index, self._spares[index].process, error)
        failure = first_cause([result for result in ended if isinstance(result, RankOutcome)], dead)
        rank_zero = ended[0] if isinstance(ended[0], RankOutcome) else None
        has_returns = failure is None and rank_zero is not None and rank_zero.returned
        return AttemptOutcome(failure, self._returns if has_returns else None, rank_zero)

    async def _until_failure_or_end(self) -> None:
        """Wait for all ranks. After a failure the others get a moment, then SIGINT, then are left."""
        pending = set(self._ranks)
        while pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            if any(_has_failed(rank) for rank in done):
                break
        if not pending:
            return
        _, pending = await asyncio.wait(pending, timeout=_OTHERS_GRACE_S)
        if pending:
            self._request.interrupt()
            await asyncio.wait(pending, timeout=_AFTER_INTERRUPT_S)

    async def kill(self) -> None:
        """See :class:`~workbench.training.engines.base.RunningAttempt`."""
        for spare in self._spares:
            with contextlib.suppress(Exception):
                ray.kill(spare.actor)

    async def release(self) -> None:
        """See :class:`~workbench.training.engines.base.RunningAttempt`."""
        if not self._is_released:
            self._is_released = True
            await self.end_processes()
            self._reservation.release()

    async def end_processes(self) -> None:
        """End the processes and keep their resources, for others of the same run."""
        await self.kill()
        # The next run must find the GPU's memory free, so the processes are seen to be gone first.
        here = ray.get_runtime_context().get_node_id()
        pids = [spare.process.pid for spare in self._spares if spare.process.node_id == here]
        deadline = time.monotonic() + 5.0
        while any(is_alive(pid) for pid in pids) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)


async def _outcome_of(ref: Any) -> RankOutcome | BaseException:
    """Return a rank's outcome, or the error that says how its process died."""
    try:
        outcome: RankOutcome = await ref
        return outcome
    except ray.exceptions.RayError as error:
        death: BaseException = error
        return death


def _has_failed(rank: asyncio.Future[RankOutcome | BaseException]) -> bool:
    result = rank.result()
    return isinstance(result, BaseException) or result.failure is not None
