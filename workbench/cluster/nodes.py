"""Samples of the real use of each node, beyond what is reserved: CPU, memory, GPUs."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import psutil
import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from workbench.records.cluster import GpuUsage, NodeUsage

_TIMEOUT_S = 3.0
_IDLE_S = 60.0


def sample_here() -> NodeUsage:
    """Return what this node uses now."""
    memory = psutil.virtual_memory()
    return {
        "cpu_percent": psutil.cpu_percent(),
        "memory_used": memory.total - memory.available,
        "memory_total": memory.total,
        "gpus": _gpus(),
    }


def _gpus() -> list[GpuUsage]:
    try:
        import pynvml

        pynvml.nvmlInit()
        handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
        return [
            {
                "name": str(pynvml.nvmlDeviceGetName(handle)),
                "percent": float(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu),
                "memory_used": float(pynvml.nvmlDeviceGetMemoryInfo(handle).used),
                "memory_total": float(pynvml.nvmlDeviceGetMemoryInfo(handle).total),
            }
            for handle in handles
        ]
    except Exception:  # no driver, or a part of a GPU that gives no figures
        return []


class Probe:
    """Sample a node other than the foreman's, while somebody asks for samples."""

    def sample(self) -> NodeUsage:
        """See :func:`sample_here`."""
        return sample_here()


class NodeWatch:
    """Sample all nodes. A node that does not answer in time is left out."""

    def __init__(self) -> None:
        self._probes: dict[str, Any] = {}
        self._requested_at = 0.0
        self._closing: asyncio.Task[None] | None = None

    async def samples(self) -> dict[str, NodeUsage]:
        """Return a sample of each node, by its id."""
        self._requested_at = time.monotonic()
        here = ray.get_runtime_context().get_node_id()
        others = {node["NodeID"] for node in ray.nodes() if node["Alive"]} - {here}
        for node_id in others - set(self._probes):
            place = NodeAffinitySchedulingStrategy(node_id, soft=False)
            self._probes[node_id] = ray.remote(Probe).options(num_cpus=0, scheduling_strategy=place).remote()
        for node_id in set(self._probes) - others:
            del self._probes[node_id]
        if self._probes and (self._closing is None or self._closing.done()):
            self._closing = asyncio.ensure_future(self._close_when_idle())
        found = {here: await asyncio.to_thread(sample_here)}
        answers = await asyncio.gather(*(self._sample(node_id) for node_id in self._probes))
        found.update({node_id: sample for node_id, sample in answers if sample is not None})
        return found

    async def _sample(self, node_id: str) -> tuple[str, NodeUsage | None]:
        try:
            return node_id, await asyncio.wait_for(self._probes[node_id].sample.remote(), _TIMEOUT_S)
        except (TimeoutError, ray.exceptions.RayError):
            return node_id, None

    async def _close_when_idle(self) -> None:
        """End the probes, each of which is a process, when nobody has asked for samples for a minute."""
        while (left := self._requested_at + _IDLE_S - time.monotonic()) > 0:
            await asyncio.sleep(left)
        self._probes.clear()  # the last handle of an actor ends it
