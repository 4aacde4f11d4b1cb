"""Worker processes that are ready with the heavy modules imported, so that a run starts at once.

A spare holds no CPU and no GPU: it takes nothing from other work. There are two kinds, with torch
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

from workbench.training.spec import PRELOADABLE, ProcessInfo
from workbench.training.worker.process import WorkerProcess

_MAX_SPARES = 8
_MEMORY_PERCENT = 90.0
_MEMORY_SHARE = 0.1
_BYTES_EACH = 250 * 2**20
_BASE = ("numpy", "pandas")

log = logging.getLogger(__name__)


Kind = tuple[str, bool]
"""A node's id, and whether torch is imported."""


@dataclass
class Spare:
    """A worker process that is ready, and how it describes itself."""

    actor: Any
    process: ProcessInfo


class SparePool:
    """The spares of all nodes.

    Twice as many are ready as the last run took, so that a second run starts at once while those
    of the first are being replaced. They are started one or a few at a time, and not while a run
    has just begun: starting a process costs seconds of a core.

    Args:
        fixed: The number of each kind on a node, None to follow what runs use.
    """

    def __init__(self, fixed: int | None = None) -> None:
        self._fixed = fixed
        self._ready: dict[Kind, deque[Spare]] = defaultdict(deque)
        self._starting: dict[Kind, int] = defaultdict(int)
        self._claims: dict[Kind, deque[asyncio.Future[Spare]]] = defaultdict(deque)
        self._targets: dict[Kind, int] = {}
        self._modules: dict[bool, tuple[str, ...]] = {False: _BASE, True: ("numpy", "torch")}
        self._start_slots: dict[str, asyncio.Semaphore] = {}
        self._is_closed = False
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, node_id: str, cpus: float) -> None:
        """Prepare the first spares on a node: a plain one, and enough for a two-worker torch cell."""
        self._start_slots[node_id] = asyncio.Semaphore(max(1, int(cpus) // 2))
        self._targets.setdefault((node_id, False), 1)
        if importlib.util.find_spec("torch") is not None:
            self._targets.setdefault((node_id, True), 2 if cpus >= 2 else 1)
        self.refill()

    async def take(self, node_id: str, uses_torch: bool, imports: frozenset[str]) -> Spare:
        """Return a worker process on that node: a spare, one that is being started, or else a new one."""
        self._learn(uses_torch, imports)
        kind = (node_id, uses_torch)
        while self._ready[kind]:
            spare = self._ready[kind].popleft()
            with contextlib.suppress(ray.exceptions.RayError):
                spare.process = await spare.actor.describe.remote()
                return spare
        if self._starting[kind] > len(self._claims[kind]):
            claim: asyncio.Future[Spare] = asyncio.get_running_loop().create_future()
            self._claims[kind].append(claim)
            return await claim
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
        return Spare(actor, await actor.describe.remote())

    def set_target(self, node_id: str, uses_torch: bool, count: int) -> None:
        """Keep twice as many spares of this kind on the node as the run takes that begins there."""
        room = int(_MEMORY_SHARE * psutil.virtual_memory().total / _BYTES_EACH)
        self._targets[node_id, uses_torch] = max(1, min(2 * count, _MAX_SPARES, room))

    def refill(self) -> None:
        """Start what is missing, in the background."""
        if self._is_closed or psutil.virtual_memory().percent > _MEMORY_PERCENT:
            return
        for kind, target in self._targets.items():
            target = target if self._fixed is None else self._fixed
            missing = target - len(self._ready[kind]) - self._starting[kind]
            for _ in range(missing):
                self._starting[kind] += 1
                task = asyncio.create_task(self._add(kind))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            while len(self._ready[kind]) > max(target, 1):
                ray.kill(self._ready[kind].popleft().actor)

    async def _add(self, kind: Kind) -> None:
        try:
            async with self._start_slots.setdefault(kind[0], asyncio.Semaphore(1)):
                spare = await self.create(*kind)
        except ray.exceptions.RayError as error:  # the node went away: no spares there
            log.info("no spare on %s: %s", kind, error)
            self._targets.pop(kind, None)
            if self._claims[kind]:
                self._claims[kind].popleft().set_exception(error)
            return
        finally:
            self._starting[kind] -= 1
        while self._claims[kind]:
            claim = self._claims[kind].popleft()
            if not claim.done():  # a run that was stopped while it waited has cancelled its claim
                claim.set_result(spare)
                return
        self._ready[kind].append(spare)

    def _learn(self, uses_torch: bool, imports: frozenset[str]) -> None:
        """Have later spares import the modules that runs of this kind use."""
        known = self._modules[uses_torch]
        fresh = tuple(name for name in sorted(imports & PRELOADABLE) if name not in known)
        self._modules[uses_torch] = known + fresh

    def counts(self) -> dict[str, int]:
        """Return the number of ready spares by kind."""
        counts = {"plain": 0, "torch": 0}
        for (_, uses_torch), queue in self._ready.items():
            counts["torch" if uses_torch else "plain"] += len(queue)
        return counts

    def close(self) -> None:
        """End all spares for good."""
        self._is_closed = True
        for queue in self._ready.values():
            while queue:
                ray.kill(queue.popleft().actor)
