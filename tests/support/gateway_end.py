"""The gateway's end of a replica's connection, for tests."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from workbench.serving import replica_protocol as wire

JSON = "application/json"


class GatewayEnd:
    """Where a replica dials; keeps all that it says."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "gateway.sock")
        self.said: list[list[Any]] = []
        self.changed = threading.Condition()
        self._ids = itertools.count(1)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen()
        self._replica: socket.socket | None = None
        threading.Thread(target=self._serve, daemon=True).start()

    def address(self) -> dict[str, Any]:
        return {"unix": self.path, "tcp": None, "node": "here"}

    def wait(self, kind: str, count: int = 1, where: Callable[[list[Any]], bool] = lambda _: True) -> list[list[Any]]:
        """So many messages of a kind."""

        def found() -> list[list[Any]]:
            return [message for message in self.said if message[0] == kind and where(message)]

        with self.changed:
            assert self.changed.wait_for(lambda: len(found()) >= count, 60), (kind, self.said)
            return found()

    def send(self, *messages: tuple[Any, ...]) -> None:
        """All of them at once."""
        assert self._replica is not None
        self._replica.sendall(b"".join(wire.pack(*message) for message in messages))

    def ask(self, *bodies: Any, route: str = "predict", model: str = "", **more: Any) -> list[list[Any]]:
        """Ask at once, and wait for all answers, in the order of the asking."""
        return self.answers(*self.begin(*bodies, route=route, model=model, **more))

    def begin(
        self, *bodies: Any, route: str = "predict", model: str = "", kind: str = JSON, accept: str = "",
        ms_left: int = 60_000,
    ) -> list[int]:  # fmt: skip
        """Ask; the requests' ids."""
        ids = [next(self._ids) for _ in bodies]
        packed = [body if isinstance(body, bytes) else orjson.dumps(body) for body in bodies]
        self.send(*(("ask", i, model, route, kind, accept, b, ms_left) for i, b in zip(ids, packed, strict=True)))
        return ids

    def answers(self, *ids: int) -> list[list[Any]]:
        found = self.wait("answer", len(ids), lambda message: message[1] in ids)
        return sorted(found, key=lambda message: ids.index(message[1]))

    def hang_up(self) -> None:
        assert self._replica is not None
        self._replica.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.close()
        if self._replica is not None:
            self._replica.close()

    def _serve(self) -> None:
        while True:
            try:
                self._replica, _ = self._listener.accept()
                self.send(("welcome",))
            except OSError:
                return
            unpacker = wire.unpacker()
            while data := self._read():
                unpacker.feed(data)
                with self.changed:
                    self.said.extend(unpacker)
                    self.changed.notify_all()

    def _read(self) -> bytes:
        assert self._replica is not None
        try:
            return self._replica.recv(65536)
        except OSError:
            return b""
