"""The gateway's own file: its ports, so that addresses stay the same, its secret, and the projects that published."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock

from workbench.errors import ServingError
from workbench.serving.protocols.servers import Servers

PORT = 8600
GRPC_PORT = 8601


@dataclass(frozen=True)
class Addresses:
    """Where the gateway listens; all empty before it does.

    Attributes:
        http: Host and port for HTTP.
        grpc: Host and port for gRPC, None where gRPC is off.
        replicas: The Unix socket and the TCP address for replicas, ``{"unix", "tcp"}``.
        url: The URL for programs of this machine.
    """

    http: str = ""
    grpc: str | None = None
    replicas: dict[str, str | None] = field(default_factory=lambda: {"unix": None, "tcp": None})
    url: str = ""


class GatewayState:
    """What a gateway remembers of itself.

    Args:
        home: The user's own folder.

    Attributes:
        secret: The secret that lets a replica in.
        state_dirs: ``.workbench/`` of the projects that have published something.
        addresses: Where it listens now.
    """

    def __init__(self, home: Path) -> None:
        self._path = home / "gateway.json"
        stored = self._read()
        self.secret: str = stored.get("secret") or secrets.token_hex(32)
        self.state_dirs: list[str] = stored.get("state_dirs", [])
        self.addresses = Addresses()
        self._ports: dict[str, int] = stored.get("ports", {})
        self._save()

    def add(self, state_dir: str) -> None:
        """Remember a project."""
        if state_dir not in self.state_dirs:
            self.state_dirs.append(state_dir)
            self._save()

    async def listen(self, servers: Servers, host: str | None, port: int | None, grpc_port: int | None) -> None:
        """Start the servers, on the ports of the last time where none are requested.

        Args:
            servers: The servers.
            host: The interface for clients, None for 127.0.0.1.
            port: The requested port for HTTP.
            grpc_port: The requested port for gRPC.

        Raises:
            ServingError: A requested port is in use. One that was not requested is replaced by a free one.
        """
        requested = {"http": port, "grpc": grpc_port}
        usual = {"http": self._ports.get("http", PORT), "grpc": self._ports.get("grpc", GRPC_PORT)}
        while True:
            ports = {kind: usual[kind] if number is None else number for kind, number in requested.items()}
            try:
                found = await servers.start(
                    host=host or "127.0.0.1",  # never the last one: it might be open to more than the user knows
                    port=ports["http"] or 0,
                    grpc_port=ports["grpc"],
                    socket_path=_socket_path(),
                    replica_host=_replica_host(),
                    secret=self.secret,
                )
                break
            except OSError as error:
                taken = [kind for kind, number in ports.items() if number and str(number) in str(error)]
                if not taken or any(requested[kind] is not None for kind in taken):
                    text = str(error).partition("] ")[2] or str(error)
                    raise ServingError(
                        f"Cannot listen for requests: {text.rstrip('.')}. WORKBENCH_SERVE_PORT and "
                        "WORKBENCH_SERVE_GRPC_PORT name the ports; without these, free ones are taken."
                    ) from None
                for kind in taken:
                    usual[kind] = 0
        self._ports = {"http": int(found.http.rpartition(":")[2])}
        if found.grpc:
            self._ports["grpc"] = int(found.grpc.rpartition(":")[2])
        self._save()
        self.addresses = Addresses(found.http, found.grpc, found.replicas, f"http://{_local(found.http)}")

    def _read(self) -> dict[str, Any]:
        try:
            stored: dict[str, Any] = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return {}
        return stored

    def _save(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{self._path}.lock"):  # a gateway of another cluster may have the same home
            self.state_dirs = list(dict.fromkeys([*self._read().get("state_dirs", []), *self.state_dirs]))
            self._write()

    def _write(self) -> None:
        aside = self._path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump({"secret": self.secret, "ports": self._ports, "state_dirs": self.state_dirs}, file)
        aside.replace(self._path)


def _local(address: str) -> str:
    """Return the address for programs of this machine: of all interfaces they take the loopback."""
    return address.replace("0.0.0.0", "127.0.0.1").replace("[::]", "[::1]")


def _socket_path() -> Path:
    """Return the path of the replicas' socket. It may have about 100 characters; the home folder may be too deep."""
    folder = Path(tempfile.gettempdir()) / f"workbench-gateway-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{os.getpid()}.sock"


def _replica_host() -> str | None:
    """Return the address at which other nodes reach this one; None for a cluster on the loopback interface."""
    import ray

    address: str = ray.util.get_node_ip_address()
    return None if address == "127.0.0.1" else address
