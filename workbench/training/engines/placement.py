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

from workbench.errors import ResourcesError
from workbench.records.runs import Resources, Waiting

_FIRST_WAIT_S = 0.12
_WAIT_S = 1.0
_NEARLY_NOTHING = {"CPU": 0.001}
_MOST_WORKERS = 1000


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
    """Holds a worker's GPUs within its placement group bundle, so that Ray says which ones they are."""

    def ids(self) -> tuple[str, ...]:
        """The GPUs that Ray assigned."""
        return tuple(str(gpu) for gpu in ray.get_gpu_ids())


async def reserve(resources: Resources, run_id: str, on_wait: Callable[[], None]) -> Reservation:
    """Reserve all workers' resources at once, waiting as long as it takes.

    Args:
        resources: What the run asks for.
        run_id: For the group's name, which Ray's own tools show.
        on_wait: Called about once a second while the resources are not to be had.

    The pending placement group stays registered while it waits, so that an autoscaling cluster
    sees the demand. It is made anew where the resources have become free meanwhile: Ray looks at
    pending groups again only after a back-off of up to a second.
    """
    group = _request(resources, run_id)
    asked_at = time.monotonic()
    try:
        while True:
            waited_s = time.monotonic() - asked_at
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
    bundle = resources.bundle or _NEARLY_NOTHING
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


def check_feasible(resources: Resources, noun: str = "worker") -> None:
    """Raise ``ResourcesError`` when no empty cluster of these nodes could hold the run, or the replicas."""
    nodes = [dict(node["Resources"]) for node in ray.nodes() if node["Alive"]]
    placed = 0
    for node in nodes:
        while placed < resources.workers and _take(node, resources.bundle):
            placed += 1
    if placed >= resources.workers:
        return
    have = {kind: sum(node["Resources"].get(kind, 0.0) for node in ray.nodes() if node["Alive"]) for kind in _KINDS}
    lacking = _first_lack(resources, noun)
    wanted = str(resources).replace("worker", noun)
    raise ResourcesError(
        f"Cannot run {wanted}: the cluster has {_amounts(have)} on {len(nodes)} node{'s' if len(nodes) != 1 else ''}"
        f", room for {placed} such {noun}{'s' if placed != 1 else ''}. {lacking}",
        room=placed,
    )


_KINDS = ("CPU", "GPU", "memory")


def _take(node: dict[str, float], bundle: dict[str, float]) -> bool:
    if any(node.get(kind, 0.0) + 1e-9 < amount for kind, amount in bundle.items()):
        return False
    for kind, amount in bundle.items():
        node[kind] -= amount
    return True


def _first_lack(resources: Resources, noun: str) -> str:
    total = ray.cluster_resources()
    if resources.gpus_per_worker and not total.get("GPU"):
        option = "--gpus-per-worker" if noun == "worker" else "--gpus"
        return f"It has no GPU: drop {option}, or join one that has: %workbench up --address ADDRESS."
    return f"Ask for fewer or smaller {noun}s, or join a larger cluster: %workbench up --address ADDRESS."


def room_now(resources: Resources) -> int:
    """How many times what a run asks for would find room now."""
    from ray._private.state import available_resources_per_node

    placed, bundle = 0, resources.bundle or _NEARLY_NOTHING
    for node in available_resources_per_node().values():
        free = dict(node)
        while placed < _MOST_WORKERS and _take(free, bundle):
            placed += 1
    return placed // resources.workers


def explain(resources: Resources, holders: dict[str, Resources]) -> Waiting:
    """Why the resources cannot be had now, and what the user can do.

    Args:
        resources: What the waiting run asks for.
        holders: Who holds resources now: run name to what it holds.
    """
    total, free = ray.cluster_resources(), ray.available_resources()
    needed = {kind: amount * resources.workers for kind, amount in resources.bundle.items()}
    short = [kind for kind, amount in needed.items() if free.get(kind, 0.0) + 1e-9 < amount] or list(needed)
    held_by = tuple(
        f"{name} ({_amounts({kind: holder.bundle.get(kind, 0.0) * holder.workers for kind in short})})"
        for name, holder in holders.items()
        if any(holder.bundle.get(kind) for kind in short)
    )
    in_use = {kind: total.get(kind, 0.0) - free.get(kind, 0.0) for kind in short}
    ours = {kind: sum(h.bundle.get(kind, 0.0) * h.workers for h in holders.values()) for kind in short}
    if any(in_use[kind] > ours[kind] + 0.01 for kind in short):
        held_by = (*held_by, "other Ray work")
    actions = [f"%runs stop {name}" for name in list(holders)[:3]]
    if resources.workers > 1:
        room = min(int(free.get(kind, 0.0) // amount) for kind, amount in resources.bundle.items())
        if room:
            actions.append(f"--workers {room} would start now")
    if "GPU" in short:
        actions.append("run without --gpus-per-worker to use the CPU")
    return Waiting(
        needs=_amounts({kind: needed[kind] for kind in short}),
        free=", ".join(
            f"{_amount(kind, free.get(kind, 0.0))} of {_amount(kind, total.get(kind, 0.0))} free" for kind in short
        ),
        held_by=held_by,
        actions=tuple(actions),
    )


def _amounts(amounts: dict[str, float]) -> str:
    return ", ".join(f"{_amount(kind, amount)}" for kind, amount in amounts.items() if amount) or "nothing"


def _amount(kind: str, amount: float) -> str:
    if kind == "memory":
        return f"{amount / 2**30:.1f} GiB memory"
    return f"{amount:g} {kind}"
