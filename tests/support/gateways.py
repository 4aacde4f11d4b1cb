"""A data plane in a thread, with a real listener, for tests that ask it over HTTP."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import orjson
import uvloop

from tests.support import waiting
from tests.support.replicas import SECRET, ReplicaThread
from workbench.records.endpoints import RouteTable, ServingOptions
from workbench.serving.dataplane.data_plane import DataPlane
from workbench.serving.protocols.servers import Servers

TOKEN = "wb-tests"
DIGEST = sha256(TOKEN.encode()).hexdigest()
BODY = {"inputs": [[1.0, 2.0]]}


def until(condition: Callable[[], Any], timeout_s: float = 10.0) -> Any:
    """Wait for what the data plane does within milliseconds."""
    return waiting.until(condition, timeout_s, poll_s=0.005)


class Gateway:
    """A data plane, its loop, and what happened at it."""

    def __init__(self, folder: Path) -> None:
        self.events: list[tuple[str, str, str, str, dict[str, Any]]] = []
        self.logs: list[tuple[str, str, str, str]] = []
        self.loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.plane = DataPlane()
        self.servers = Servers(
            self.plane,
            on_replica=lambda *told: self.events.append(told),
            on_log=lambda *told: self.logs.append(told),
        )
        self.listening = self.run(
            self.servers.start(
                host="127.0.0.1", port=0, grpc_port=None, socket_path=folder / "r", replica_host=None, secret=SECRET
            )
        )
        self.path = str(self.listening.replicas["unix"])
        self.url = f"http://{self.listening.http}"

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run something in the plane's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def call(self, function: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """Call something in the plane's loop."""

        async def work() -> Any:
            return function(*args, **named)

        return self.run(work())

    def expect(self, version: str = "1", target: int = 1, **options: Any) -> None:
        """Expect a version of ``digits``."""
        self.call(self.plane.expect, "digits", version, ServingOptions(**options), target)

    def put(self, weights: dict[str, float] | None = None, **table: Any) -> None:
        """Route ``digits``."""
        table.setdefault("tokens", {"me": DIGEST})
        self.call(self.plane.put, RouteTable("digits", weights or {"1": 100.0}, **table))

    def serve(self, *args: Any, version: str = "1", **named: Any) -> ReplicaThread:
        """A replica of ``digits`` that is ready, unless told otherwise."""
        before = self.plane.pressure("digits", version).replicas
        replica = ReplicaThread(self.path, "digits", version, *args, **named)
        if named.get("is_ready", True):
            until(lambda: self.plane.pressure("digits", version).replicas > before)
        return replica

    def client(self, **headers: str) -> httpx.Client:
        """A client with a token."""
        said = {"Authorization": f"Bearer {TOKEN}", **headers}
        return httpx.Client(base_url=self.url, headers=said, timeout=20, trust_env=False, verify=False)

    def pressure(self, version: str = "1") -> Any:
        """As the plane says."""
        return self.call(self.plane.pressure, "digits", version)

    def stats(self, version: str = "1") -> dict[str, Any]:
        """As the plane says."""
        stats: dict[str, Any] = self.call(self.plane.stats, "digits", version)
        return stats

    def close(self) -> None:
        """End it."""
        self.run(self.servers.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)


@contextmanager
def running_gateway() -> Iterator[Gateway]:
    """A gateway; its socket's path is short enough for a Unix socket."""
    with tempfile.TemporaryDirectory(prefix="wb-gw-") as folder:
        gateway = Gateway(Path(folder))
        try:
            yield gateway
        finally:
            gateway.close()


def post(gateway: Gateway, body: object = BODY, path: str = "/digits/predict", **headers: str) -> httpx.Response:
    """The answer to a request."""
    with gateway.client(**headers) as client:
        return client.post(path, json=body)


def silent(ask: list[Any]) -> None:
    """A model that never ends."""


def says(word: str) -> Any:
    """A model that always says the same."""
    return lambda ask: (200, "application/json", orjson.dumps({"predictions": [word]}))


@contextmanager
def in_background(gateway: Gateway, count: int = 1, body: object = BODY) -> Iterator[list[Any]]:
    """Requests that are under way; their futures."""
    with ThreadPoolExecutor(count) as pool:
        yield [pool.submit(post, gateway, body) for _ in range(count)]


def asks(replica: ReplicaThread) -> list[list[Any]]:
    """What a replica was asked."""
    return [message for message in replica.got if message[0] == "ask"]
