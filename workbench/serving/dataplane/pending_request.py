"""A request on its way to a replica and back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from time import monotonic
from typing import Any

from workbench.serving.content_types import EVENTS, LINES
from workbench.serving.dataplane.request import Answer, Request
from workbench.serving.dataplane.request_error import RequestError

MAX_WAITING_BYTES = 16 * 2**20
"""Bytes of an answer in parts that wait for a slow client; with more its stream ends."""


def wants_parts(request: Request) -> bool:
    """Return whether the answer may come in parts."""
    accept = request.accept
    return request.route == "stream" or (bool(accept) and (EVENTS in accept or LINES in accept))


class StreamError(Exception):
    """Raised when an answer that came in parts breaks off; the text is for the client."""


class PendingRequest:
    """A request, the number of times it was sent, and the future of its answer.

    Args:
        id: A number of its own.
        request: The request.
        model: The model's name for the replica.
        timeout_s: The time for the whole answer; of an answer in parts, the time between two parts.
    """

    __slots__ = ("_error", "_parts", "_waiting_bytes", "deadline", "future", "id", "model", "request", "timeout_s",
                 "timing", "tries")  # fmt: skip

    def __init__(self, id: int, request: Request, model: str, timeout_s: float, future: asyncio.Future[Answer]) -> None:
        self.id = id
        self.request = request
        self.model = model
        self.timeout_s = timeout_s
        self.deadline = monotonic() + timeout_s
        self.future = future
        self.tries = 0
        self.timing: list[float] | None = None
        self._parts: asyncio.Queue[bytes | None] | None = None
        self._waiting_bytes = 0
        self._error: str | None = None

    @property
    def is_streaming(self) -> bool:
        """Whether the answer has begun to come in parts: it cannot be sent again."""
        return self._parts is not None

    def complete(self, status: int, content_type: str, body: bytes, timing: list[float] | None) -> None:
        """Take the whole answer."""
        self.timing = timing
        if not self.future.done():
            self.future.set_result(Answer(status, body, content_type))

    def fail(self, error: RequestError) -> None:
        """Answer with an error."""
        if self.is_streaming:
            self.end_stream(error.message)
        elif not self.future.done():
            self.future.set_exception(error)

    def start_stream(self, status: int, content_type: str, on_close: Callable[[], Any]) -> None:
        """Begin an answer in parts; ``on_close`` is called when nobody takes them any more."""
        self._parts = asyncio.Queue()
        if not self.future.done():
            self.future.set_result(Answer(status, b"", content_type, parts=self._stream(self._parts, on_close)))

    def add_part(self, part: bytes) -> None:
        """Add a part, in the form for the client."""
        if self._parts is None or self._error is not None:
            return
        self._waiting_bytes += len(part)
        if self._waiting_bytes > MAX_WAITING_BYTES:
            self.end_stream("Cannot go on with the answer: 16 MiB of it wait for the client. Read it as it comes.")
        else:
            self._parts.put_nowait(part)

    def end_stream(self, error: str | None) -> None:
        """End the parts, with an error where there is one."""
        if self._parts is not None:
            self._error = self._error or error
            self._parts.put_nowait(None)

    async def _stream(self, parts: asyncio.Queue[bytes | None], on_close: Callable[[], Any]) -> AsyncIterator[bytes]:
        try:
            while True:
                try:
                    async with asyncio.timeout(self.timeout_s):
                        part = await parts.get()
                except TimeoutError:
                    text = f"Cannot go on with the answer: nothing of it came for {self.timeout_s:g} s. Ask again."
                    raise StreamError(text) from None
                if part is None:
                    break
                self._waiting_bytes -= len(part)
                yield part
            if self._error is not None:
                raise StreamError(self._error)
        finally:
            on_close()
