"""The gateway's own file: its ports, so that addresses stay the same, its secret, and whose endpoints it has."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

from filelock import FileLock

from workbench.errors import ServingError
from workbench.serving.dataplane.data_plane import DataPlane

PORT = 8600
GRPC_PORT = 8601


def _near(address: str) -> str:
    """Where this machine's programs ask: of all interfaces they take the loopback."""
    return address.replace("0.0.0.0", "127.0.0.1").replace("[::]", "[::1]")


class Index:
    """What a gateway remembers of itself.

    Args:
        home: The user's own folder.

    Attributes:
        secret: What a replica must say to be let in.
        state_dirs: Projects that have published something.
    """

    def __init__(self, home: Path) -> None:
        self._path = home / "gateway.json"
        kept = self._read()
        self.secret: str = kept.get("secret") or secrets.token_hex(32)
        self.state_dirs: list[str] = kept.get("state_dirs", [])
        self._ports: dict[str, int] = kept.get("ports", {})
        self._save()

    def add(self, state_dir: str) -> None:
        """Remember a project."""
        if state_dir not in self.state_dirs:
            self.state_dirs.append(state_dir)
            self._save()

    async def listen(
        self, plane: DataPlane, host: str | None, port: int | None, grpc_port: int | None
    ) -> dict[str, Any]:
        """Have the data plane listen; says where.

        Raises ``ServingError`` when a port that was asked for is in use; one that was not is exchanged for a free one.
        """
        asked = {"http": port, "grpc": grpc_port}
        usual = {"http": self._ports.get("http", PORT), "grpc": self._ports.get("grpc", GRPC_PORT)}
        while True:
            wanted = {kind: usual[kind] if asked[kind] is None else asked[kind] for kind in asked}
            try:
                found = await plane.start(
                    host=host or "127.0.0.1",  # never what it once was: it would be open beyond what the user knows
                    port=wanted["http"] or 0,
                    grpc_port=wanted["grpc"],
                    socket_path=self._socket(),
                    replica_host=self._replica_host(),
                    secret=self.secret,
                )
                break
            except OSError as error:
                taken = [kind for kind in asked if str(wanted[kind]) in str(error) and wanted[kind]]
                if not taken or any(asked[kind] is not None for kind in taken):
                    words = str(error).partition("] ")[2] or str(error)
                    raise ServingError(
                        f"Cannot listen for requests: {words.rstrip('.')}. WORKBENCH_SERVE_PORT and "
                        "WORKBENCH_SERVE_GRPC_PORT name the ports; without these, free ones are taken."
                    ) from None
                for kind in taken:
                    usual[kind] = 0
        self._ports = {"http": int(found.http.rpartition(":")[2])}
        if found.grpc:
            self._ports["grpc"] = int(found.grpc.rpartition(":")[2])
        self._save()
        return {
            "http": found.http,
            "grpc": found.grpc,
            "replicas": found.replicas,
            "url": f"http://{_near(found.http)}",
        }

    @staticmethod
    def _socket() -> Path:
        """A Unix socket's path has a hundred characters at most: the home folder may be too deep for it."""
        folder = Path(tempfile.gettempdir()) / f"workbench-gateway-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder / f"{os.getpid()}.sock"

    @staticmethod
    def _replica_host() -> str | None:
        """Where replicas on other nodes reach this one; None where the cluster is on the loopback interface."""
        import ray

        address: str = ray.util.get_node_ip_address()
        return None if address == "127.0.0.1" else address

    def _read(self) -> dict[str, Any]:
        try:
            kept: dict[str, Any] = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return {}
        return kept

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
