"""Reserves a run's CPUs, GPUs and memory as one Ray placement group, and says why that must wait."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import ray
from ray.util import placement_group, placement_group_table, remove_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from workbench.cluster.capacity import MINIMAL_BUNDLE, room_now
from workbench.records.runs import Resources

_FIRST_WAIT_S = 0.12
_WAIT_S = 1.0


@dataclass
class Reservation:
    """Resources held for one attempt of a run; give them back with :meth:`release`.

    Attributes:
        node_ids: The node of each worker.
        gpu_ids: The GPUs of each worker, as CUDA_VISIBLE_DEVICES names them.
    """

    group: Any
    node_ids: list[str]
    gpu_ids: list[tuple[str, ...]]
    leases: list[Any] = field(default_factory=list)

    def release(self) -> None:
        """Give everything back; harmless when done twice."""
        for lease in self.leases:
            with contextlib.suppress(Exception):
                ray.kill(lease)
        self.leases = []
        with contextlib.suppress(Exception):
            remove_placement_group(self.group)


@ray.remote(num_cpus=0)
class GpuLease:
    """Hold a worker's GPUs within its placement group bundle, so that Ray says which ones they are."""

    def ids(self) -> tuple[str, ...]:
        """Return the GPUs that Ray assigned."""
        return tuple(str(gpu) for gpu in ray.get_gpu_ids())


async def reserve(resources: Resources, run_id: str, on_wait: Callable[[], None]) -> Reservation:
    """Reserve all workers' resources at once; wait as long as it takes.

    Args:
        resources: The resources that the run asks for.
        run_id: The id of its MLflow run, for the group's name, which Ray's own tools show.
        on_wait: Called about once a second while the resources are not free.

    The pending placement group stays registered while it waits, so that an autoscaling cluster
    sees the demand. It is made again where the resources have become free meanwhile: Ray looks at
    pending groups again only after a back-off of up to a second.
    """
    group = _request(resources, run_id)
    began = time.monotonic()
    try:
        while True:
            waited_s = time.monotonic() - began
            if await _is_ready(group, _FIRST_WAIT_S if waited_s < 2.0 else _WAIT_S):
                break
            on_wait()
            if await asyncio.to_thread(room_now, resources):
                remove_placement_group(group)
                group = _request(resources, run_id)
        return await _describe(group, resources)
    except BaseException:
        with contextlib.suppress(Exception):
            remove_placement_group(group)
        raise


def _request(resources: Resources, run_id: str) -> Any:
    bundle = resources.bundle or MINIMAL_BUNDLE
    return placement_group(
        [dict(bundle)] * resources.workers, strategy="PACK", name=f"workbench-{run_id}-{uuid.uuid4().hex[:6]}"
    )


async def _is_ready(group: Any, timeout_s: float) -> bool:
    try:
        await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(group.ready().future())), timeout_s)
    except TimeoutError:
        return False
    return True


async def _describe(group: Any, resources: Resources) -> Reservation:
    table = await asyncio.to_thread(placement_group_table, group)
    nodes = [table["bundles_to_node_id"][index] for index in range(resources.workers)]
    if not resources.gpus_per_worker:
        return Reservation(group, nodes, [()] * resources.workers)
    leases = [
        GpuLease.options(  # type: ignore[attr-defined]
            num_gpus=resources.gpus_per_worker,
            scheduling_strategy=PlacementGroupSchedulingStrategy(group, placement_group_bundle_index=index),
        ).remote()
        for index in range(resources.workers)
    ]
    gpu_ids = await asyncio.gather(*[lease.ids.remote() for lease in leases])
    return Reservation(group, nodes, list(gpu_ids), leases)
