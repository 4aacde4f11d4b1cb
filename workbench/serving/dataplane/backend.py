"""A version's replicas, and the requests that wait for one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from itertools import count
from time import monotonic

from workbench.records.endpoint_snapshot import ModelSchema
from workbench.records.endpoints import Limits, ServingOptions
from workbench.serving.dataplane import backend_errors
from workbench.serving.dataplane.pending_request import PendingRequest, StreamError
from workbench.serving.dataplane.pressure import Pressure
from workbench.serving.dataplane.replica_link import ReplicaLink
from workbench.serving.dataplane.request import Answer, Request
from workbench.serving.dataplane.request_error import RequestError
from workbench.serving.dataplane.samples import Samples
from workbench.serving.dataplane.stats import VersionStats

MAX_WAITING_BYTES = 256 * 2**20
TRIES = 2  # a request that ended two replicas is not given to a third

_HUNG_UP = 499
_ids = count(1)


class Backend:
    """Sends the requests of a version to its replicas.

    A replica gets as many requests as it needs to fill its next batch while it computes one; the others wait here, so
    that they go to whichever replica is free first.
    """

    def __init__(self, name: str, version: str, options: ServingOptions, target: int, app: str = "") -> None:
        self.name = name
        self.version = version
        self.app = app
        self.options = options
        self.target = target
        self.schemas: dict[str, ModelSchema] = {}
        self.stats = VersionStats()
        self.samples = Samples(Limits().samples)
        self.is_draining = False
        self._is_stopped = False
        self._links: list[ReplicaLink] = []  # all that said hello
        self._ready: list[ReplicaLink] = []
        self._waiting: deque[PendingRequest] = deque()
        self._waiting_bytes = 0
        self._service_rate = 0.0
        self._last_request_at = monotonic()
        self._empty: asyncio.Future[None] | None = None

    def expect(self, options: ServingOptions, target: int, app: str = "") -> None:
        """Change the options and the number of replicas; replicas of another app go, an empty app is the same one."""
        self.options, self.target = options, target
        self.app = app or self.app
        for link in self._links:
            if self.app and link.app != self.app:
                self.link_leaving(link)
            else:
                self._tell_options(link)
        self.pump()

    async def ask(self, request: Request) -> Answer:
        """Have a replica answer a request.

        Raises:
            RequestError: 404 no such model, 429 queue full, 500 it ended replicas, 503 no replica, 504 timed out.
        """
        began = monotonic()
        pending: PendingRequest | None = None
        try:
            pending = self._enqueue(request, began)
            answer = await self._wait(pending)
        except RequestError as error:
            if error.status != 404:
                self.stats.record(monotonic(), error.status, (monotonic() - began) * 1000)
            raise
        except asyncio.CancelledError:  # its client hung up, perhaps because it had to wait: that counts
            self.stats.record(monotonic(), _HUNG_UP, (monotonic() - began) * 1000)
            raise
        if answer.parts is not None:
            answer.parts = self._counted(answer.parts, answer.status, began)
        else:
            self._count(request, answer, began, pending.timing)
        return answer

    def _enqueue(self, request: Request, now: float) -> PendingRequest:
        """Send a request to a replica, or put it into the queue."""
        if self._is_stopped:
            raise backend_errors.version_removed(self._label)
        model = self._model(request)
        self._last_request_at = now
        link = None if self._waiting else self._free_link(model)
        pending = PendingRequest(
            next(_ids), request, model, self.options.timeout_s, asyncio.get_running_loop().create_future()
        )
        if link is not None:
            link.ask(pending)
            return pending
        room = self.room
        if len(self._waiting) >= room or self._waiting_bytes + len(request.body) > MAX_WAITING_BYTES:
            waiting = len(self._waiting)
            retry_after_s = waiting / self._service_rate if self._service_rate else 1.0
            raise backend_errors.queue_full(self._label, waiting, room, retry_after_s)
        self._waiting.append(pending)
        self._waiting_bytes += len(request.body)
        return pending

    async def _wait(self, pending: PendingRequest) -> Answer:
        timer = asyncio.get_running_loop().call_later(pending.timeout_s, self._expire, pending)
        try:
            return await pending.future
        except BaseException:  # it timed out, or its client hung up
            self._forget(pending)
            raise
        finally:
            timer.cancel()

    def _expire(self, pending: PendingRequest) -> None:
        if pending.future.done():
            return
        is_asked = self._ready or any(pending.id in link.pending for link in self._links)
        why = backend_errors.timed_out if is_asked else backend_errors.no_replica
        pending.fail(why(self._label, pending.timeout_s))

    def _forget(self, pending: PendingRequest) -> None:
        for link in self._links:
            if pending.id in link.pending:
                link.cancel(pending)
                return
        if pending in self._waiting:
            self._waiting.remove(pending)
            self._waiting_bytes -= len(pending.request.body)
            self.pump()

    def _count(self, request: Request, answer: Answer, began: float, timing: list[float] | None) -> None:
        now = monotonic()
        ms = (now - began) * 1000
        self.stats.record(now, answer.status, ms, timing)
        self.samples.offer(request, answer, ms)

    async def _counted(self, parts: AsyncIterator[bytes], status: int, began: float) -> AsyncIterator[bytes]:
        """Yield the parts, and count them as one request when the last one is out."""
        try:
            async for part in parts:
                yield part
        except StreamError:
            status = 500
            raise
        finally:
            await parts.aclose()  # type: ignore[attr-defined]  # it is a generator
            now = monotonic()
            self.stats.record(now, status, (now - began) * 1000)

    def _model(self, request: Request) -> str:
        """Return the model's name for replicas: empty for the only one."""
        model, known = request.model, self.schemas
        if len(known) <= 1:
            if not model or not known or model in known:
                return "" if known else model
        elif model in known:
            return model
        raise backend_errors.unknown_model(self._label, model, known)

    @property
    def _label(self) -> str:
        return f"version {self.version} of '{self.name}'"

    # Replicas

    def _free_link(self, model: str) -> ReplicaLink | None:
        """Return the replica with the fewest requests, preferring one that holds the model by up to a batch."""
        room = self.options.max_batch * 2
        best: ReplicaLink | None = None
        fewest = room
        for link in self._ready:
            load = len(link.pending)
            if model and model not in link.holds:
                load += self.options.max_batch  # the cost of loading the model there
            if len(link.pending) < room and not link.is_paused and (best is None or load < fewest):
                best, fewest = link, load
        return best

    def pump(self) -> None:
        """Give waiting requests to replicas that have room."""
        while self._waiting and (link := self._free_link(self._waiting[0].model)) is not None:
            pending = self._waiting.popleft()
            self._waiting_bytes -= len(pending.request.body)
            link.ask(pending)
        if self._empty is not None:
            self._notice_empty()

    def add_link(self, link: ReplicaLink) -> None:
        """Take in a replica that said hello."""
        self._links.append(link)
        self._tell_options(link)

    def link_ready(self, link: ReplicaLink, schemas: dict[str, ModelSchema]) -> None:
        """Send requests to a replica from now on: its models are loaded."""
        self.schemas = {**self.schemas, **schemas}
        if link not in self._ready and not link.is_leaving:
            self._ready.append(link)
            self._last_request_at = monotonic()  # the minutes of loading were not idle ones
        self.pump()

    def link_leaving(self, link: ReplicaLink) -> None:
        """Send a replica nothing more, and tell it so; it answers what it has."""
        if link in self._ready:
            self._ready.remove(link)
        link.dismiss()

    def link_lost(self, link: ReplicaLink) -> None:
        """Forget a replica that is gone; its requests go to another one, now or when one comes."""
        self._links.remove(link)
        if link in self._ready:
            self._ready.remove(link)
        again = []
        for pending in link.pending.values():
            pending.tries -= link.is_leaving  # a replica that leaves is no failure of the request
            if pending.is_streaming or pending.tries >= TRIES:
                pending.fail(backend_errors.replicas_died(self._label))
            elif not pending.future.done():
                again.append(pending)
        link.pending.clear()
        self._waiting.extendleft(reversed(again))
        self._waiting_bytes += sum(len(pending.request.body) for pending in again)
        if self.is_draining and all(other.is_leaving for other in self._links):
            self._refuse_waiting()
        self.pump()

    def _tell_options(self, link: ReplicaLink) -> None:
        link.send("options", {"slo_ms": self.options.slo_ms, "max_batch": self.options.max_batch})

    # State and figures

    @property
    def is_ready(self) -> bool:
        """Whether a request would be answered: there is a replica, or one will wake."""
        return not self.is_draining and (bool(self._ready) or self.options.min_replicas == 0)

    @property
    def replicas(self) -> int:
        """The number of replicas that are ready."""
        return len(self._ready)

    @property
    def queued(self) -> int:
        """The number of requests that wait for a replica."""
        return len(self._waiting)

    @property
    def ongoing(self) -> int:
        """The number of requests that replicas have."""
        return sum(len(link.pending) for link in self._links)

    @property
    def room(self) -> int:
        """How many requests may wait."""
        return self.options.max_queue * max(1, self.target)

    def tick(self, now: float) -> None:
        """Sample queue and replicas; called once a second."""
        self.stats.sample(now, self.queued, self.replicas)
        self._service_rate = self.stats.rate(now, 10)

    def pressure(self) -> Pressure:
        """Return the version's load."""
        now = monotonic()
        is_wanted = bool(self._waiting) and not self._ready
        p95_ms = self.stats.since(now, 10)["p95_ms"]
        return Pressure(self.ongoing, self.queued, self.replicas, now - self._last_request_at, p95_ms, is_wanted)

    async def drain(self, timeout_s: float) -> None:
        """Take no more requests, wait for those in progress, then stop the replicas."""
        self.is_draining = True
        if self._empty is None:
            self._empty = asyncio.get_running_loop().create_future()
        self._notice_empty()
        await asyncio.wait([self._empty], timeout=timeout_s)
        self.stop()

    def stop(self) -> None:
        """Stop the replicas once they have answered what they have; refuse the requests that wait."""
        self.is_draining = self._is_stopped = True
        self._refuse_waiting()
        for link in self._links:
            self.link_leaving(link)

    def _refuse_waiting(self) -> None:
        """Refuse the requests that wait: no replica is left to answer them."""
        for pending in self._waiting:
            pending.fail(backend_errors.version_removed(self._label))
        self._waiting.clear()
        self._waiting_bytes = 0

    def _notice_empty(self) -> None:
        if self._empty is not None and not self._empty.done() and not self._waiting and not self.ongoing:
            self._empty.set_result(None)
