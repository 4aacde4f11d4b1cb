"""Streamed answers: a thread for each request, whose model yields."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from workbench.serving import replica_protocol as wire
from workbench.serving.content_types import EVENTS, JSON, LINES, TEXT
from workbench.serving.replica.batching import QueuedRequest
from workbench.serving.replica.codecs.codecs import join
from workbench.serving.replica.codecs.encode import normal, to_json
from workbench.serving.replica.codecs.refusals import RefusedError, error_body
from workbench.serving.replica.model_cache import CachedModel
from workbench.serving.replica.tracebacks import in_short, own_traceback

THREADS = 32


def form_of(accept: str) -> str:
    """Return the format of the parts: lines of JSON, server-sent events, or plain text."""
    return next((form for form in (EVENTS, TEXT) if form in accept), LINES)


def is_stream(route: str, accept: str) -> bool:
    """Return whether a client asks for the parts as they come."""
    return route == "stream" or (route == "predict" and (EVENTS in accept or LINES in accept))


def write_part(item: Any, form: str) -> bytes:
    """Return the bytes of one item that the model yielded."""
    item = normal(item)
    if form == TEXT:
        return item.encode() if isinstance(item, str) else to_json(item)
    return b"data: " + to_json(item) + b"\n\n" if form == EVENTS else to_json(item) + b"\n"


class Streams:
    """The requests whose answers are being streamed.

    Args:
        send: Sends packed messages; may be called from any thread.
        log: Called with a traceback.
    """

    def __init__(self, send: Callable[[bytes], bool], log: Callable[[str], None]) -> None:
        self._send = send
        self._log = log
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="stream")
        self._running: dict[int, threading.Event] = {}

    def __len__(self) -> int:
        return len(self._running)

    def begin(self, request: QueuedRequest, cached: CachedModel) -> None:
        """Answer a request in a thread of its own."""
        assert request.id is not None
        cancelled = self._running[request.id] = threading.Event()
        self._pool.submit(self._run, request.id, request, cached, cancelled)

    def cancel(self, request_id: int) -> None:
        """Close a request's generator at its next item: nobody waits for it any more."""
        cancelled = self._running.get(request_id)
        if cancelled is not None:
            cancelled.set()

    def cancel_all(self) -> None:
        """Cancel all requests: the connection is lost, or the replica ends."""
        for cancelled in list(self._running.values()):
            cancelled.set()

    def close(self) -> None:
        """Cancel all requests and end the threads."""
        self.cancel_all()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, request_id: int, request: QueuedRequest, cached: CachedModel, cancelled: threading.Event) -> None:
        items: Iterator[Any] | None = None
        has_begun = False
        try:
            assert cached.model.stream is not None
            items = iter(cached.model.stream(join([request.decoded.data], is_writeable=True), request.decoded.params))
            form = form_of(request.accept)
            for item in items:
                part = write_part(item, form)
                if cancelled.is_set():
                    return
                begin = b"" if has_begun else wire.pack("start", request_id, 200, form)
                has_begun = True
                if not self._send(begin + wire.pack("chunk", request_id, part)):
                    return
            begin = b"" if has_begun else wire.pack("start", request_id, 200, form)
            self._send(begin + wire.pack("end", request_id, None))
        except Exception as error:
            if cancelled.is_set():
                return
            self._fail(request_id, request, error, has_begun)
        finally:
            if self._running.get(request_id) is cancelled:
                del self._running[request_id]
            close = getattr(items, "close", None)
            if close is not None:
                close()

    def _fail(self, request_id: int, request: QueuedRequest, error: Exception, has_begun: bool) -> None:
        if not isinstance(error, RefusedError):
            self._log(own_traceback(error))
        text = str(error) if isinstance(error, RefusedError) else in_short(error)
        if has_begun:
            self._send(wire.pack("end", request_id, text))
        else:
            self._send(
                wire.pack("answer", request_id, 500, JSON, error_body(request.route, 500, text), [0, 0, 0.0, 0.0])
            )
