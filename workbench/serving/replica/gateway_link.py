"""The replica's end of the connection to the gateway, which is dialled again when it is lost."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

from workbench.serving import replica_protocol as wire

_READ = 2**18
_DIAL_S = 5.0
_WELCOME = wire.pack("welcome")


class GatewayLink:
    """A connection that one thread reads and any thread writes.

    Args:
        address: Returns where the gateway listens: ``unix``, ``tcp`` and the IP address of its ``node``.
        node: The IP address of this node.
    """

    def __init__(self, address: Callable[[], dict[str, Any]], node: str) -> None:
        self._address = address
        self._node = node
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._unpacker = wire.unpacker()
        self._buffer = memoryview(bytearray(_READ))
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)

    @property
    def is_up(self) -> bool:
        """Whether it is connected, as far as is known."""
        return self._socket is not None

    def dial(self, hello: bytes) -> bool:
        """Connect and say hello; return False where nobody answers, or the gateway refuses the replica."""
        found: socket.socket | None = None
        try:
            found = self._connect(self._address())
            found.sendall(hello)
            is_welcome = _hear(found) == _WELCOME
        except Exception:  # the gateway's actor may be gone, too, which is an error of Ray's: try again later
            is_welcome = False
        if found is None or not is_welcome:
            if found is not None:
                found.close()
            return False
        found.settimeout(None)
        self._unpacker = wire.unpacker()
        with self._lock:
            self._socket = found
        return True

    def _connect(self, where: dict[str, Any]) -> socket.socket:
        if where.get("unix") and where.get("node") == self._node:
            found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            found.settimeout(_DIAL_S)
            try:
                found.connect(where["unix"])
                return found
            except OSError:  # another container may have the same address but other files
                found.close()
                if not where.get("tcp"):
                    raise
        if not where.get("tcp"):
            raise ConnectionError("the gateway takes connections from its own machine alone")
        host, _, port = where["tcp"].rpartition(":")
        found = socket.create_connection((host.strip("[]"), int(port)), timeout=_DIAL_S)
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire.notice_loss(found)
        return found

    def send(self, data: bytes) -> bool:
        """Send one or more packed messages; return False where the connection is lost."""
        with self._lock:
            if self._socket is None:
                return False
            try:
                self._socket.sendall(data)
            except OSError:
                return False  # the reader sees the closed connection, and closes its end
            return True

    def wait(self, timeout_s: float | None) -> None:
        """Wait until there is something to read, or :meth:`wake` is called; 0 does not wait."""
        connection = self._socket
        poll = select.poll()
        poll.register(self._woken, select.POLLIN)
        if connection is not None:
            poll.register(connection, select.POLLIN)
        for each, _ in poll.poll(None if timeout_s is None else timeout_s * 1e3):
            if each == self._woken.fileno():
                self._woken.recv(4096)

    def wake(self) -> None:
        """End the wait; may be called from any thread."""
        try:
            self._waker.send(b"x")
        except OSError:
            pass  # the socket's buffer is full, so it wakes anyway; or it is closed

    def read(self) -> Iterator[list[Any]]:
        """Yield the messages that have come, without waiting. A lost connection is closed."""
        while (connection := self._socket) is not None:
            try:
                count = connection.recv_into(self._buffer, 0, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            except OSError:
                count = 0
            if not count:
                self.hang_up()
                return
            self._unpacker.feed(self._buffer[:count])
            yield from self._unpacker
            if count < _READ:
                return

    def hang_up(self) -> None:
        """Close the connection."""
        with self._lock:
            connection, self._socket = self._socket, None
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Close it for good."""
        self.hang_up()
        self._woken.close()
        self._waker.close()


def _hear(connection: socket.socket) -> bytes:
    """Return the gateway's first message, and no byte of the next."""
    heard = b""
    while len(heard) < len(_WELCOME) and (part := connection.recv(len(_WELCOME) - len(heard))):
        heard += part
    return heard
