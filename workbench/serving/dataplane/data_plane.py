"""The gateway's data plane: takes requests in, has replicas answer them, and knows how it went."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from workbench.records.endpoints import RouteTable, ServingOptions
from workbench.serving.dataplane.backend import Backend
from workbench.serving.dataplane.endpoint import Endpoint
from workbench.serving.dataplane.pressure import Pressure
from workbench.serving.dataplane.refusals import Refusal
from workbench.serving.dataplane.replica_listener import ReplicaDock
from workbench.serving.dataplane.request import Answer, Request
from workbench.serving.dataplane.stats import VersionStats
from workbench.serving.protocols.http_listener import HttpListener
from workbench.serving.protocols.prometheus import exposition

__all__ = ["DataPlane", "Listening", "Pressure"]


@dataclass(frozen=True)
class Listening:
    """Where the gateway listens.

    Attributes:
        http: ``127.0.0.1:8765``.
        grpc: The same for gRPC, None where it is off.
        replicas: Where replicas dial in, ``{"unix": path, "tcp": "host:port" or None}``.
    """

    http: str
    grpc: str | None
    replicas: dict[str, str | None]


class DataPlane:
    """Everything between a client's request and a replica's answer.

    Args:
        on_replica: Told of replicas: endpoint, version, replica, ``hello``, ``ready``, ``failed`` or ``lost``, facts
            (``app`` is always among them: the Serve application that it is of).
        on_log: Told of lines that models print: endpoint, version, replica, text.
    """

    def __init__(
        self,
        *,
        on_replica: Callable[[str, str, str, str, dict[str, Any]], None],
        on_log: Callable[[str, str, str, str], None],
    ) -> None:
        self._versions: dict[str, dict[str, Backend]] = {}
        self._endpoints: dict[str, Endpoint] = {}
        self._dock = ReplicaDock(self._backend, on_replica, on_log)
        self._http: HttpListener | None = None
        self._grpc: Any = None  # grpc is imported only where it is on, and has no types
        self._ticker: asyncio.Task[None] | None = None

    async def start(
        self,
        *,
        host: str,
        port: int,
        grpc_port: int | None,
        socket_path: Path,
        replica_host: str | None,
        secret: str,
    ) -> Listening:
        """Listen for clients and replicas.

        Args:
            host: Where clients come to.
            port: For HTTP; 0 takes a free one.
            grpc_port: For gRPC; 0 takes a free one, None does without.
            socket_path: The Unix socket for replicas of this node, in a folder of mode 700.
            replica_host: Where replicas of other nodes come to, None where there are none.
            secret: What replicas must know.

        Raises:
            OSError: A port is in use, or the socket's folder is open to others.
        """
        try:
            replicas = await self._dock.start(socket_path, replica_host, secret)
            self._http = HttpListener(self, host, port)
            http = await self._http.start()
            grpc_at = None
            if grpc_port is not None:
                from workbench.serving.protocols.grpc_server import start_grpc

                self._grpc, bound = await start_grpc(self, host, grpc_port)
                grpc_at = f"{host}:{bound}"
        except BaseException:
            await self.close()
            raise
        self._ticker = asyncio.create_task(self._tick())
        # The libraries are there to stay: looking through them for garbage would stop all requests now and then.
        gc.collect()
        gc.freeze()
        return Listening(http, grpc_at, replicas)

    async def close(self) -> None:
        """Answer what is under way, then listen no more."""
        if self._ticker is not None:
            self._ticker.cancel()
        if self._grpc is not None:
            await self._grpc.stop(grace=5)
        if self._http is not None:
            await self._http.close()
        for endpoint in self._endpoints.values():
            endpoint.close()
        self._dock.close()

    # Routing

    def expect(self, name: str, version: str, options: ServingOptions, target: int, app: str = "") -> None:
        """Create or change a version's backend: its replicas may dial in. It gets no traffic by that.

        Args:
            name: The endpoint's.
            version: Its label.
            options: From now on; replicas are told.
            target: How many replicas there should be.
            app: The Serve application that they are of; others are refused. "" takes any, or leaves it as it was.
        """
        backend = self._backend(name, version)
        if backend is None or backend.is_draining:
            backend = Backend(name, version, options, target, app)
            self._versions.setdefault(name, {})[version] = backend
            if name in self._endpoints:
                backend.samples.resize(self._endpoints[name].table.limits.samples)
        else:
            backend.expect(options, target, app)

    def put(self, table: RouteTable) -> None:
        """Create an endpoint, or replace how its requests are routed, from one request to the next.

        Raises:
            ValueError: The limit of requests per second is no number above zero; nothing is changed then.
        """
        endpoint = self._endpoints.get(table.name)
        if endpoint is None:
            self._endpoints[table.name] = Endpoint(table, self._versions.setdefault(table.name, {}))
        else:
            endpoint.put(table)

    def remove(self, name: str) -> None:
        """Forget an endpoint; its replicas are told to stop, and requests that wait for one are answered with 503."""
        endpoint = self._endpoints.pop(name, None)
        if endpoint is not None:
            endpoint.close()
        for backend in self._versions.pop(name, {}).values():
            backend.stop()

    async def drain(self, name: str, version: str, timeout_s: float) -> None:
        """Take a version away: no new requests, wait for those it has, tell its replicas to stop, forget it."""
        backend = self._backend(name, version)
        if backend is None:
            return
        await backend.drain(timeout_s)
        versions = self._versions.get(name, {})
        if versions.get(version) is backend:
            del versions[version]
            if name in self._endpoints:
                self._endpoints[name].cache.forget(version)

    # Asking

    async def ask(self, request: Request) -> Answer:
        """Answer a request: token, limits, cache, routing, queue, retry, timeout, shadow and statistics included."""
        endpoint = self._endpoints.get(request.endpoint)
        if endpoint is None:
            return unknown_endpoint(request.endpoint).answer(request.route)
        return await endpoint.ask(request)

    # What is known

    def endpoint(self, name: str) -> Endpoint | None:
        """An endpoint that has a routing table."""
        return self._endpoints.get(name)

    def schemas(self, name: str, version: str | None = None) -> dict[str, dict[str, Any]]:
        """What the models of a version take and give, by name; None is the version with the most traffic."""
        if version is None:
            endpoint = self._endpoints.get(name)
            backend = endpoint.champion if endpoint is not None else None
        else:
            backend = self._backend(name, version)
        return {} if backend is None else backend.schemas

    def stats(self, name: str, version: str) -> dict[str, Any]:
        """How a version does: the last minute, and ten minutes in points of five seconds."""
        backend = self._backend(name, version)
        now = monotonic()
        if backend is None:
            return {**VersionStats(now).figures(now), "queue": 0, "ongoing": 0, "replicas": 0}
        backend.tick(now)
        standing = {"queue": backend.queued, "ongoing": backend.ongoing, "replicas": backend.replicas}
        return {**backend.stats.figures(now), **standing}

    def since(self, name: str, version: str, seconds: float) -> dict[str, Any]:
        """Requests, errors, p50_ms, p95_ms and p99_ms of the last so many seconds.

        No more than 600 are known: of a longer time it is the last 600. Answers out of the cache are requests, and
        their durations are left out, so that versions compare whose caches are not equally full.
        """
        backend = self._backend(name, version)
        now = monotonic()
        return (backend.stats if backend is not None else VersionStats(now)).since(now, seconds)

    def totals(self, name: str, version: str) -> dict[str, int]:
        """Requests and errors since the version's backend began, answers out of the cache included.

        Here those that no replica came for (503) or that the version did not understand (400) are errors, too: a
        version that is asked for the first time is compared with one that is used to its clients.
        """
        backend = self._backend(name, version)
        if backend is None:
            return {"requests": 0, "errors": 0}
        stats = backend.stats
        errors = stats.errors + stats.refused + stats.unavailable
        return {"requests": stats.requests + stats.unavailable, "errors": errors}

    def pressure(self, name: str, version: str) -> Pressure:
        """Whether a version has replicas enough."""
        backend = self._backend(name, version)
        return Pressure(0, 0, 0, 0.0, None, False) if backend is None else backend.pressure()

    def shadow_stats(self, name: str) -> dict[str, Any]:
        """How many requests the shadow got, and the fraction of predictions that it shares, None before the first."""
        endpoint = self._endpoints.get(name)
        if endpoint is None or endpoint.shadow is None:
            return {"requests": 0, "agreement": None}
        return endpoint.shadow.to_json()

    def samples(self, name: str, version: str) -> list[dict[str, Any]]:
        """Some requests and their answers, drawn evenly from all, as many as the limits say."""
        backend = self._backend(name, version)
        return [] if backend is None else backend.samples.to_json()

    def last_used(self, name: str) -> dict[str, float]:
        """When each token was used last, by label, in seconds since the epoch."""
        endpoint = self._endpoints.get(name)
        return {} if endpoint is None else dict(endpoint.access.last_used)

    def metrics_text(self, names: Iterable[str]) -> bytes:
        """The figures of endpoints for Prometheus."""
        return exposition(backend for name in names for backend in self._versions.get(name, {}).values())

    def _backend(self, name: str, version: str) -> Backend | None:
        return self._versions.get(name, {}).get(version)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1)
            now = monotonic()
            for versions in self._versions.values():
                for backend in versions.values():
                    backend.tick(now)


def unknown_endpoint(name: str) -> Refusal:
    """A name that is nobody's."""
    return Refusal(404, f"Cannot find the endpoint '{name[:80]}': there is none of this name. %endpoints lists them.")
