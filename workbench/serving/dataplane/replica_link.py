"""The gateway's end of a replica's connection."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Callable
from time import monotonic
from typing import Any, Protocol, cast

import msgpack

from workbench.serving import replica_protocol as wire
from workbench.serving.dataplane.pending_request import PendingRequest
from workbench.serving.dataplane.write_buffers import CoalescedWriter

HELLO_S = 10.0
HELLO_BYTES = 16 * 1024
LARGE = 256 * 1024

OnReplica = Callable[[str, str, str, str, dict[str, Any]], None]
"""Called with endpoint, version, replica, an event and its facts.

The event is ``hello``, ``ready``, ``failed`` or ``lost``. The facts always hold ``app``: the replica's
Serve application.
"""
OnLog = Callable[[str, str, str, str], None]
"""Called with endpoint, version, replica and the text that a model printed."""

_log = logging.getLogger(__name__)
_packer = msgpack.Packer(use_bin_type=True)


class VersionBackend(Protocol):
    """What a link needs of the version that its replica belongs to."""

    name: str
    version: str
    app: str

    def add_link(self, link: ReplicaLink) -> None:
        """Take in a replica that said hello."""

    def link_ready(self, link: ReplicaLink, schemas: dict[str, Any]) -> None:
        """Send requests to a replica from now on."""

    def link_leaving(self, link: ReplicaLink) -> None:
        """Send a replica nothing more."""

    def link_lost(self, link: ReplicaLink) -> None:
        """Forget a replica that is gone."""

    def pump(self) -> None:
        """Give waiting requests to replicas that have room."""


class Listener(Protocol):
    """What a link needs of the listener that accepted it."""

    secret: str
    links: set[ReplicaLink]

    def find_backend(self, endpoint: str, version: str) -> VersionBackend | None:
        """Return the backend of a version, None where nobody expects it."""

    on_replica: OnReplica
    on_log: OnLog


class ReplicaLink(asyncio.Protocol):
    """The connection of one replica: its name, the requests that it has, and its answers.

    Until it has said the secret it may send no more than 16 kB, once, within ten seconds; then nothing it says is
    looked at before the secret is compared.
    """

    def __init__(self, listener: Listener) -> None:
        self.replica = ""
        self.app = ""
        self.holds: frozenset[str] = frozenset()
        self.pending: dict[int, PendingRequest] = {}
        self.is_ready = False
        self.is_paused = False
        self.is_leaving = False
        self._listener = listener
        self._backend: VersionBackend | None = None
        self._early = b""
        self._unpacker: Any = None
        self._transport: asyncio.Transport
        self._writes: CoalescedWriter
        self._hello_timer: asyncio.TimerHandle

    # Called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the replica's hello."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's transport does not inherit from it
        self._writes = CoalescedWriter(self._transport)
        self._transport.set_write_buffer_limits(high=4 * 2**20)
        self._listener.links.add(self)
        self._hello_timer = asyncio.get_running_loop().call_later(HELLO_S, self._drop, "it did not say hello")

    def data_received(self, data: bytes) -> None:
        """Take messages; answers come first, being the most frequent."""
        if self._unpacker is None:
            data = self._greet(data)
        if self._unpacker is None:
            return
        self._unpacker.feed(data)
        has_room = False
        try:
            for message in self._unpacker:
                if message[0] == "answer":
                    _, id, status, content_type, body, timing = message
                    pending = self.pending.pop(id, None)
                    if pending is not None:
                        pending.complete(status, content_type, body, timing)
                        has_room = True
                else:
                    has_room |= self._take(message)
        except (ValueError, TypeError, LookupError) as error:
            self._drop(f"it breaks the protocol ({type(error).__name__})")
        if has_room and self._backend is not None:
            self._backend.pump()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the version that its replica is gone."""
        self._hello_timer.cancel()
        self._listener.links.discard(self)
        backend, self._backend = self._backend, None
        if backend is not None:
            backend.link_lost(self)
            self._tell(backend, "lost", {})

    def pause_writing(self) -> None:
        """Send no requests while the socket's buffer is full."""
        self.is_paused = True

    def resume_writing(self) -> None:
        """Send requests again."""
        self.is_paused = False
        if self._backend is not None:
            self._backend.pump()

    # Called by a version's backend

    def ask(self, pending: PendingRequest) -> None:
        """Send a request."""
        self.pending[pending.id] = pending
        pending.tries += 1
        request = pending.request
        body = request.body
        pack = _packer.pack if len(body) < LARGE else msgpack.packb  # the packer's buffer never shrinks
        left_ms = int((pending.deadline - monotonic()) * 1000)
        message = ("ask", pending.id, pending.model, request.route, request.content_type, request.accept, body, left_ms)
        self._writes.write(pack(message))

    def cancel(self, pending: PendingRequest) -> None:
        """Tell the replica that nobody waits for a request any more."""
        if self.pending.pop(pending.id, None) is not None:
            self.send("cancel", pending.id)
            if self._backend is not None:
                self._backend.pump()

    def send(self, *message: Any) -> None:
        """Send any other message."""
        self._writes.write(wire.pack(*message))

    def dismiss(self) -> None:
        """Tell the replica that nothing more comes: it answers what it has, and goes."""
        if not self.is_leaving:
            self.is_leaving = True
            self.send("stop")

    def close(self) -> None:
        """Close the connection."""
        self._writes.flush()
        self._transport.close()

    # Messages from the replica

    def _greet(self, data: bytes) -> bytes:
        """Check the hello; return the bytes after it."""
        self._early += data
        if len(self._early) > HELLO_BYTES:
            self._drop("its hello is too long")
            return b""
        unpacker = msgpack.Unpacker(raw=False, max_buffer_size=HELLO_BYTES)
        unpacker.feed(self._early)
        try:
            word, facts = unpacker.unpack()
            said = {key: str(facts[key]) for key in ("secret", "endpoint", "version", "replica")}
            app = str(facts.get("app", ""))
        except msgpack.OutOfData:
            return b""
        except Exception:  # whatever a stranger sends
            self._drop("its first message is no hello")
            return b""
        is_ours = hmac.compare_digest(said["secret"].encode(), self._listener.secret.encode())
        if word != "hello" or not is_ours:
            self._drop("it does not know the secret")
            return b""
        backend = self._listener.find_backend(said["endpoint"], said["version"])
        if backend is None:
            self._drop(f"nobody expects version {said['version']!r} of {said['endpoint']!r}")
            return b""
        if backend.app and app != backend.app:
            self._drop(
                f"it is of {app!r}, and version {said['version']!r} of {said['endpoint']!r} is {backend.app!r} now"
            )
            return b""
        rest = self._early[unpacker.tell() :]
        self._early = b""
        self._hello_timer.cancel()
        self._backend, self.replica, self.app, self._unpacker = backend, said["replica"], app, wire.unpacker()
        self.send("welcome")
        backend.add_link(self)
        self._tell(backend, "hello", {key: value for key, value in facts.items() if key in ("node", "pid")})
        return rest

    def _take(self, message: list[Any]) -> bool:
        """Take a message other than an answer; return whether there is room for another request."""
        backend = self._backend
        if backend is None:
            return False
        kind = message[0]
        if kind in ("start", "chunk", "end"):
            return self._take_part(kind, message)
        if kind == "log":
            self._listener.on_log(backend.name, backend.version, self.replica, message[1])
        elif kind == "holds":
            self.holds = frozenset(message[1])
        elif kind == "ready":
            self.is_ready = True
            backend.link_ready(self, message[1]["models"])
            self._tell(backend, "ready", message[1])
        elif kind == "failed":
            self._tell(backend, "failed", message[1])
        elif kind == "leaving":
            backend.link_leaving(self)
        return False

    def _tell(self, backend: VersionBackend, event: str, facts: dict[str, Any]) -> None:
        self._listener.on_replica(backend.name, backend.version, self.replica, event, {**facts, "app": self.app})

    def _take_part(self, kind: str, message: list[Any]) -> bool:
        pending = self.pending.get(message[1])
        if pending is None:
            return False
        if kind == "start":
            pending.start_stream(message[2], message[3], lambda: self.cancel(pending))
        elif kind == "chunk":
            pending.add_part(message[2])
        else:
            del self.pending[pending.id]
            pending.end_stream(message[2])
        return kind == "end"

    def _drop(self, why: str) -> None:
        _log.warning("Dropped the connection of a replica: %s.", why)
        self._transport.abort()
