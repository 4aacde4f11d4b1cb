"""The real data plane and real replicas with real models, in threads of the test's process, without a cluster."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from workbench.records.endpoints import Limits, RouteTable, ServingOptions
from workbench.serving.dataplane.data_plane import DataPlane
from workbench.serving.protocols.servers import Servers
from workbench.serving.replica.model_thread import ModelThread

TOKEN = "wb-a-token-that-nobody-else-has"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
LIMITS = Limits(max_body=2**20)
_SECRET = "what replicas of the tests know"
T = TypeVar("T")


class Stack:
    """A gateway's data plane, its loop in a thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._replicas: dict[str, ModelThread] = {}
        folder = Path(tempfile.mkdtemp(prefix="wb-stack-"))
        folder.chmod(0o700)
        self.plane = DataPlane()
        self.servers = Servers(self.plane, on_replica=lambda *_: None, on_log=lambda *_: None)
        self.at = self.do(
            self.servers.start(
                host="127.0.0.1",
                port=0,
                grpc_port=0,
                socket_path=folder / "s.sock",
                replica_host=None,
                secret=_SECRET,
            )
        )
        self.url = f"http://{self.at.http}"

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something in the gateway's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def serve(self, name: str, models: dict[str, str]) -> str:
        """Publish models as version 1 of an endpoint; its URL."""
        if name not in self._replicas:
            options = ServingOptions(timeout_s=20, max_models=len(models))
            self.do(self._route(name, options))
            replica = ModelThread(
                address=lambda: {**self.at.replicas, "node": "here"},
                secret=_SECRET,
                endpoint=name,
                version="1",
                replica=f"{name}-1",
                node="here",
                models=models,
                options=options,
                gpus=0,
            )
            self._replicas[name] = replica
            replica.start()
            replica.wait_ready(60)
        return f"{self.url}/{name}"

    async def _route(self, name: str, options: ServingOptions) -> None:
        self.plane.expect(name, "1", options, 1)
        tokens = {"first": hashlib.sha256(TOKEN.encode()).hexdigest()}
        self.plane.put(RouteTable(name, {"1": 100.0}, tokens=tokens, limits=LIMITS))

    def close(self) -> None:
        """End it all."""
        for replica in self._replicas.values():
            replica.close()
            replica.join(20)
        self.do(self.servers.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)


@contextmanager
def running() -> Iterator[Stack]:
    """A stack while it is needed."""
    stack = Stack()
    try:
        yield stack
    finally:
        stack.close()
