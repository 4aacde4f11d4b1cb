"""Uvicorn inside the gateway's own loop, with limits on what a connection may do."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Iterator
from time import monotonic
from typing import Any

import orjson
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from workbench.serving.dataplane.data_plane import DataPlane
from workbench.serving.dataplane.write_buffers import CorkedTransport
from workbench.serving.protocols.http import HttpApp

MAX_HEADERS = 64 * 1024
MAX_UNREAD = 8 * 2**20
"""Bytes of a refused body that are read and dropped, so that a client that sends a little too much reads why."""
STALLED_S = 60.0
KEEP_ALIVE_S = 75


class HttpConnection(HttpToolsProtocol):
    """A client's connection: bounded headers, no reading after a refusal, and a task that ends with it."""

    task: asyncio.Task[Any] | None = None
    is_lost = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.heard_at = monotonic()
        self._is_in_headers = True
        self._header_bytes = 0
        self._unread = 0

    def connection_made(self, transport: Any) -> None:
        """Make the transport one that can hold writes back."""
        super().connection_made(CorkedTransport(transport))  # type: ignore[arg-type]

    def data_received(self, data: bytes) -> None:
        """Parse what came, headers up to their limit."""
        self.heard_at = monotonic()
        super().data_received(data)
        if self._is_in_headers:
            self._header_bytes += len(data)
            if self._header_bytes > MAX_HEADERS and not self.transport.is_closing():
                text = "Cannot read the request: its headers have more than 64 kB. Send fewer."
                self._refuse(b"431 Request Header Fields Too Large", text)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self._refuse(b"400 Bad Request", "Cannot read the request: it is no HTTP. Send HTTP/1.1.")

    def _refuse(self, status: bytes, text: str) -> None:
        """Answer what is no request, and close the connection."""
        body = orjson.dumps({"error": text})
        head = b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        self.transport.write(head % (status, len(body)) + body)
        self.transport.close()

    def on_message_begin(self) -> None:
        """Begin to count the headers."""
        super().on_message_begin()
        self.scope["workbench.connection"] = self  # type: ignore[typeddict-unknown-key]
        self._is_in_headers = True
        self._header_bytes = 0

    def on_headers_complete(self) -> None:
        """End the count of the headers."""
        self._is_in_headers = False
        self._unread = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body; after the answer only up to a limit."""
        if self.cycle.response_complete:
            self._unread += len(body)
            if self._unread > MAX_UNREAD:
                self.transport.abort()
        super().on_body(body)

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the request in progress."""
        self.is_lost = True
        super().connection_lost(exc)
        if self.task is not None and self.cycle is not None and not self.cycle.response_complete:
            self.task.cancel()

    def is_stalled(self, now: float) -> bool:
        """Return whether a request has begun to come and does not go on."""
        is_due = self._is_in_headers or (self.cycle is not None and self.cycle.more_body)
        is_idle = self.timeout_keep_alive_task is not None
        return is_due and not is_idle and now - self.heard_at > STALLED_S


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process."""
        yield

    async def on_tick(self, counter: int) -> bool:
        """Close connections that stall."""
        if counter % 50 == 0:
            now = monotonic()
            for connection in list(self.server_state.connections):
                if isinstance(connection, HttpConnection) and connection.is_stalled(now):
                    connection.transport.close()
        return await super().on_tick(counter)


class HttpListener:
    """Listens for HTTP.

    Args:
        plane: The data plane that answers.
        host: The address to listen at, nothing else is bound.
        port: 0 takes a free one.
    """

    def __init__(self, plane: DataPlane, host: str, port: int) -> None:
        self._host = host
        self._port = port
        config = uvicorn.Config(
            HttpApp(plane, host),
            http=HttpConnection,
            loop="none",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=5,
        )
        self._server = _Server(config)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Listen; return ``host:port``.

        Raises:
            OSError: The port is in use.
        """
        listener = _listen(self._host, self._port)
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]))
        while not self._server.started and not self._task.done():
            await asyncio.sleep(0)
        if self._task.done():
            await self._task
        port = listener.getsockname()[1]
        return f"[{self._host}]:{port}" if ":" in self._host else f"{self._host}:{port}"

    async def close(self) -> None:
        """Answer the requests in progress, for five seconds at most, and stop."""
        self._server.should_exit = True
        if self._task is not None:
            await asyncio.wait([self._task], timeout=10)


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        said = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be had ({error.strerror})"
        text = f"Cannot listen on {host}:{port}: port {port} {said}. Take another port."
        raise OSError(error.errno, text) from error
    return listener
