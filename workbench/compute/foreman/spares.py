"""Worker processes that stand ready with the heavy modules imported, so that a run starts at once.

A spare holds no CPU and no GPU: it never stands in anyone's way. There are two kinds, with torch
imported and without, since a cell that does not use torch must not find it imported.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import logging
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Any

import psutil
import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from workbench.compute.spec import PRELOADABLE
from workbench.compute.worker.process import WorkerProcess

_MOST = 8
_MEMORY_PERCENT = 90.0
_BASE = ("numpy", "pandas", "matplotlib.pyplot", "sklearn")

log = logging.getLogger(__name__)


@dataclass
class Spare:
    """A worker process and what it said of itself."""

    actor: Any
    hello: dict[str, Any]


class SparePool:
    """The spares of all nodes.

    Args:
        fixed: Keep this many of each kind on a node, None to follow what runs use.
    """

    def __init__(self, fixed: int | None = None) -> None:
        self._fixed = fixed
        self._ready: dict[tuple[str, bool], deque[Spare]] = defaultdict(deque)
        self._coming: dict[tuple[str, bool], int] = defaultdict(int)
        self._wanted: dict[tuple[str, bool], int] = {}
        self._modules: dict[bool, tuple[str, ...]] = {False: _BASE, True: (*_BASE, "torch")}
        self._is_closed = False
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, node_id: str, cpus: float) -> None:
        """Prepare the first spares on a node: enough for a two-worker torch cell and a plain one."""
        if importlib.util.find_spec("torch") is not None:
            self._wanted.setdefault((node_id, True), 2 if cpus >= 2 else 1)
        self._wanted.setdefault((node_id, False), 1)
        self.refill()

    async def take(self, node_id: str, uses_torch: bool, imports: frozenset[str]) -> Spare:
        """A worker process on that node: a spare, or a new one where none is left."""
        self._learn(uses_torch, imports)
        queue = self._ready[node_id, uses_torch]
        while queue:
            spare = queue.popleft()
            with contextlib.suppress(ray.exceptions.RayError):
                spare.hello = await spare.actor.hello.remote()
                return spare
        return await self.create(node_id, uses_torch)

    async def create(self, node_id: str, uses_torch: bool, runtime_env: dict[str, Any] | None = None) -> Spare:
        """Start a process on a node, in an environment of its own where one is given."""
        options: dict[str, Any] = {
            "num_cpus": 0,
            "max_restarts": 0,
            "scheduling_strategy": NodeAffinitySchedulingStrategy(node_id, soft=False),
        }
        if runtime_env:
            options["runtime_env"] = runtime_env
        actor = ray.remote(WorkerProcess).options(**options).remote(self._modules[uses_torch])
        return Spare(actor, await actor.hello.remote())

    def want(self, node_id: str, uses_torch: bool, count: int) -> None:
        """Have as many spares of this kind on the node as the last run there took."""
        self._wanted[node_id, uses_torch] = max(1, min(count, _MOST))

    def refill(self) -> None:
        """Start what is missing, in the background."""
        if self._is_closed or psutil.virtual_memory().percent > _MEMORY_PERCENT:
            return
        for key, wanted in self._wanted.items():
            wanted = wanted if self._fixed is None else self._fixed
            missing = wanted - len(self._ready[key]) - self._coming[key]
            for _ in range(missing):
                self._coming[key] += 1
                task = asyncio.create_task(self._add(key))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            while len(self._ready[key]) > max(wanted, 1):
                ray.kill(self._ready[key].popleft().actor)

    async def _add(self, key: tuple[str, bool]) -> None:
        try:
            spare = await self.create(*key)
        except ray.exceptions.RayError as error:  # the node went away: no spares there
            log.info("no spare on %s: %s", key, error)
            self._wanted.pop(key, None)
            return
        finally:
            self._coming[key] -= 1
        self._ready[key].append(spare)

    def _learn(self, uses_torch: bool, imports: frozenset[str]) -> None:
        """Have later spares import what runs of this kind use."""
        known = self._modules[uses_torch]
        fresh = tuple(name for name in sorted(imports & PRELOADABLE) if name not in known)
        self._modules[uses_torch] = known + fresh

    def counts(self) -> dict[str, int]:
        """Ready spares by kind."""
        counts = {"plain": 0, "torch": 0}
        for (_, uses_torch), queue in self._ready.items():
            counts["torch" if uses_torch else "plain"] += len(queue)
        return counts

    def give_way(self) -> None:
        """End all spares, where their memory is needed more."""
        for queue in self._ready.values():
            while queue:
                ray.kill(queue.popleft().actor)

    def close(self) -> None:
        """End all spares for good."""
        self._is_closed = True
        self.give_way()
