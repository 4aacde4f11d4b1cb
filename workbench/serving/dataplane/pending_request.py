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
    """Whether the answer may come in parts."""
    accept = request.accept
    return request.route == "stream" or (bool(accept) and (EVENTS in accept or LINES in accept))


class StreamError(Exception):
    """An answer that came in parts broke off; the text is for the client."""


class PendingRequest:
    """What is asked, how often it was, and the future of its answer.

    Args:
        id: Unlike any other's.
        request: What is asked.
        model: The model's name as the replica wants it.
        timeout_s: How long it may take in all; between the parts of an answer in parts, each time.
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
        """Whether the answer began to come in parts: it cannot be asked for again."""
        return self._parts is not None

    def complete(self, status: int, content_type: str, body: bytes, timing: list[float] | None) -> None:
        """The whole answer."""
        self.timing = timing
        if not self.future.done():
            self.future.set_result(Answer(status, body, content_type))

    def fail(self, error: RequestError) -> None:
        """No answer but an error."""
        if self.is_streaming:
            self.end_stream(error.message)
        elif not self.future.done():
            self.future.set_exception(error)

    def start_stream(self, status: int, content_type: str, on_close: Callable[[], Any]) -> None:
        """The answer comes in parts; ``on_close`` is called when nobody takes them any more."""
        self._parts = asyncio.Queue()
        if not self.future.done():
            self.future.set_result(Answer(status, b"", content_type, parts=self._stream(self._parts, on_close)))

    def add_part(self, part: bytes) -> None:
        """A part, as the client shall have it."""
        if self._parts is None or self._error is not None:
            return
        self._waiting_bytes += len(part)
        if self._waiting_bytes > MAX_WAITING_BYTES:
            self.end_stream("Cannot go on with the answer: 16 MiB of it wait for the client. Read it as it comes.")
        else:
            self._parts.put_nowait(part)

    def end_stream(self, error: str | None) -> None:
        """No more parts."""
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
