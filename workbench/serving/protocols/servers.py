"""The gateway's sockets: HTTP and gRPC for clients, and the listener to which replicas connect."""

from __future__ import annotations

import asyncio
import gc
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from workbench.serving.dataplane.data_plane import DataPlane
from workbench.serving.dataplane.replica_link import OnLog, OnReplica
from workbench.serving.dataplane.replica_listener import ReplicaListener
from workbench.serving.protocols.http_listener import HttpListener

_TICK_S = 1.0


@dataclass(frozen=True)
class Listening:
    """The addresses at which the gateway listens.

    Attributes:
        http: Host and port, as in ``127.0.0.1:8600``.
        grpc: The same for gRPC, None where gRPC is off.
        replicas: The address for replicas, ``{"unix": path, "tcp": "host:port" or None}``.
    """

    http: str
    grpc: str | None
    replicas: dict[str, str | None]


class Servers:
    """The servers in front of a data plane.

    Args:
        plane: The data plane that answers.
        on_replica: Called when a replica's state changes.
        on_log: Called with the lines that a model prints.
    """

    def __init__(self, plane: DataPlane, *, on_replica: OnReplica, on_log: OnLog) -> None:
        self._plane = plane
        self._replicas = ReplicaListener(plane.backend, on_replica, on_log)
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
            host: The interface for clients.
            port: The port for HTTP; 0 takes a free one.
            grpc_port: The port for gRPC; 0 takes a free one, None turns gRPC off.
            socket_path: The Unix socket for replicas of this node, in a folder of mode 700.
            replica_host: The interface for replicas on other nodes, None where there are none.
            secret: The secret that replicas must know.

        Raises:
            OSError: A port is in use, or the socket's folder is open to others.
        """
        try:
            replicas = await self._replicas.start(socket_path, replica_host, secret)
            self._http = HttpListener(self._plane, host, port)
            http = await self._http.start()
            grpc_at = None
            if grpc_port is not None:
                from workbench.serving.protocols.grpc_server import start_grpc

                self._grpc, bound = await start_grpc(self._plane, host, grpc_port)
                grpc_at = f"{host}:{bound}"
        except BaseException:
            await self.close()
            raise
        self._ticker = asyncio.create_task(self._tick())
        # The imported libraries stay. Searching them for garbage would stop all requests now and then.
        gc.collect()
        gc.freeze()
        return Listening(http, grpc_at, replicas)

    async def close(self) -> None:
        """Answer the requests that are in progress, then stop listening."""
        if self._ticker is not None:
            self._ticker.cancel()
        if self._grpc is not None:
            await self._grpc.stop(grace=5)
        if self._http is not None:
            await self._http.close()
        self._plane.close()
        self._replicas.close()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            self._plane.tick(monotonic())
