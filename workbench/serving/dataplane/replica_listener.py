"""The listener that replicas connect to: a Unix socket, and a TCP port where the cluster has other nodes."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

from workbench.serving import replica_protocol as wire
from workbench.serving.dataplane.replica_link import OnLog, OnReplica, ReplicaLink, VersionBackend


class ReplicaListener:
    """Accepts the connections of replicas.

    Args:
        find_backend: Returns the backend of an endpoint's version, None where nobody expects it.
        on_replica: Called when a replica's state changes.
        on_log: Called with the lines that a model prints.
    """

    def __init__(
        self,
        find_backend: Callable[[str, str], VersionBackend | None],
        on_replica: OnReplica,
        on_log: OnLog,
    ) -> None:
        self.find_backend = find_backend
        self.on_replica = on_replica
        self.on_log = on_log
        self.secret = ""
        self.links: set[ReplicaLink] = set()
        self._servers: list[asyncio.Server] = []
        self._path: Path | None = None

    async def start(self, path: Path, host: str | None, secret: str) -> dict[str, str | None]:
        """Listen; return the addresses as ``{"unix": path, "tcp": "host:port" or None}``.

        Raises:
            OSError: The folder is open to others, or an address cannot be had.
        """
        if len(secret) < 16:
            raise ValueError("Cannot listen for replicas: the secret has fewer than 16 characters. Make a longer one.")
        self.secret = secret
        loop = asyncio.get_running_loop()
        self._servers.append(await loop.create_unix_server(lambda: ReplicaLink(self), sock=_private_socket(path)))
        self._path = path
        if host is None:
            return {"unix": str(path), "tcp": None}
        server = await loop.create_server(lambda: _RemoteLink(self), host, 0)
        self._servers.append(server)
        return {"unix": str(path), "tcp": f"{host}:{server.sockets[0].getsockname()[1]}"}

    def close(self) -> None:
        """Close all connections, and accept no more."""
        for server in self._servers:
            server.close()
        for link in list(self.links):
            link.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)


class _RemoteLink(ReplicaLink):
    """The connection of a replica on another node; the loss of that node is noticed within half a minute."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Set keep-alive, then wait for the replica's hello."""
        wire.notice_loss(transport.get_extra_info("socket"))
        super().connection_made(transport)


def _private_socket(path: Path) -> socket.socket:
    folder = path.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    facts = folder.stat()
    if facts.st_uid != os.getuid() or stat.S_IMODE(facts.st_mode) & 0o077:
        mode = stat.S_IMODE(facts.st_mode)
        raise PermissionError(
            f"Cannot listen for replicas in '{folder}': others may enter it, its mode is {mode:o}. chmod 700 it."
        )
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        path.chmod(0o600)
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"Cannot listen for replicas at '{path}': {error}. Take a shorter path.") from error
    return listener
