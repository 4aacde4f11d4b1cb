"""The other end of the wire for tests: replicas that dial a gateway and answer with a plain function."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any

import orjson

from workbench.serving import replica_protocol as wire

SECRET = "a secret of the tests"
SCHEMA = {
    "inputs": [{"name": "x", "dtype": "float64", "shape": [-1, 2]}],
    "outputs": [{"name": "y", "dtype": "int64", "shape": [-1]}],
    "is_columns": False,
    "example": '{"inputs": [[1.0, 2.0]]}',
    "flavor": "sklearn",
    "streams": False,
}

Answer = tuple[int, str, bytes]


def total(ask: list[Any]) -> Answer:
    """The sum of each row."""
    rows = orjson.loads(ask[6])["inputs"]
    return 200, "application/json", orjson.dumps({"predictions": [sum(row) for row in rows]})


class ReplicaThread:
    """A replica in a thread.

    Args:
        path: The gateway's socket, or host and port.
        endpoint: Whose it is.
        version: Of which version.
        answer: Makes status, content type and body of an ``ask`` message; None keeps silent.
        models: Which models it has.
        replica: Its name.
        is_ready: Whether it says so by itself.
    """

    def __init__(
        self,
        path: str | tuple[str, int],
        endpoint: str = "digits",
        version: str = "1",
        answer: Callable[[list[Any]], Answer | None] = total,
        *,
        models: Iterable[str] = ("digits",),
        replica: str = "r1",
        is_ready: bool = True,
        secret: str = SECRET,
    ) -> None:
        self.got: list[list[Any]] = []
        self._answer = answer
        self._socket = socket.socket(socket.AF_UNIX if isinstance(path, str) else socket.AF_INET)
        self._socket.connect(path)
        self.send("hello", {"secret": secret, "endpoint": endpoint, "version": version, "replica": replica,
                            "node": "n", "pid": 1})  # fmt: skip
        if is_ready:
            self.ready(models)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def ready(self, models: Iterable[str] = ("digits",)) -> None:
        """Say so."""
        self.send("ready", {"models": dict.fromkeys(models, SCHEMA)})

    def send(self, *message: Any) -> None:
        """Say anything."""
        self._socket.sendall(wire.pack(*message))

    def answer(self, ask: list[Any], timing: tuple[float, ...] = (1, 1, 0.0, 0.1)) -> None:
        """Answer a request."""
        answer = self._answer(ask)
        if answer is not None:
            self.send("answer", ask[1], *answer, timing)

    def kill(self) -> None:
        """Go away without a word."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def wait(self, timeout_s: float = 10) -> None:
        """Until the connection has ended."""
        self._thread.join(timeout_s)
        assert not self._thread.is_alive()

    def kinds(self) -> list[str]:
        """What the gateway said, without what it said of it."""
        return [message[0] for message in self.got]

    def _run(self) -> None:
        unpacker = wire.unpacker()
        try:
            while data := self._socket.recv(1 << 20):
                unpacker.feed(data)
                for message in unpacker:
                    self.got.append(message)
                    if message[0] == "ask":
                        self.answer(message)
                    elif message[0] == "stop":
                        self._socket.close()
                        return
        except OSError:
            return
