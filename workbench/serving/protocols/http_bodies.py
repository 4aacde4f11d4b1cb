"""Bodies over ASGI: read within a limit, sent in one go or part by part."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import lru_cache
from typing import Any

import orjson

from workbench.serving.content_types import BINARY, EVENTS, LINES
from workbench.serving.dataplane.endpoint import too_large
from workbench.serving.dataplane.pending_request import StreamError
from workbench.serving.dataplane.request import Answer
from workbench.serving.dataplane.request_error import RequestError
from workbench.serving.dataplane.write_buffers import CorkedTransport

READING_S = 60.0


async def read_body(receive: Any, length: bytes | None, most: int, name: str) -> bytes:
    """Return a request's body.

    Raises:
        RequestError: 413 for a body beyond the limit, which is not read further; 408 for one that does not come.
    """
    if length is not None and int(length) > most:
        raise too_large(name, most)
    message = await _next(receive)
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        if len(body) > most:
            raise too_large(name, most)
        return body
    parts, size = [body], len(body)
    try:
        async with asyncio.timeout(READING_S):
            while message.get("more_body"):
                if size > most:
                    raise too_large(name, most)
                message = await _next(receive)
                parts.append(message.get("body", b""))
                size += len(parts[-1])
    except TimeoutError:
        text = f"Cannot read the body: it did not come within {READING_S:g} s. Send it at once."
        raise RequestError(408, text, headers={"Connection": "close"}) from None
    if size > most:
        raise too_large(name, most)
    return b"".join(parts)


async def _next(receive: Any) -> Any:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise RequestError(400, "Cannot read the body: the client hung up before its end. Ask again.")
    return message


async def send_answer(answer: Answer, send: Any, verb: str, transport: CorkedTransport | None) -> None:
    """Send an answer, whole (and in one write, where the transport is known) or as its parts come."""
    content_type = answer.content_type
    headers = [(_header(name), value.encode("latin-1", "replace")) for name, value in answer.headers.items()]
    if verb == "infer" and content_type.startswith(BINARY):
        headers.append((b"inference-header-content-length", content_type[len(BINARY) :].encode()))
        content_type = "application/octet-stream"
    headers.append((b"content-type", content_type.encode("latin-1", "replace")))
    if answer.parts is not None:
        await _send_parts(answer.status, headers, content_type, answer.parts, send)
        return
    headers.append((b"content-length", b"%d" % len(answer.body)))
    if transport is not None:
        transport.cork()
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
    if transport is not None:
        transport.uncork()


async def _send_parts(
    status: int, headers: list[tuple[bytes, bytes]], content_type: str, parts: AsyncIterator[bytes], send: Any
) -> None:
    headers.append((b"cache-control", b"no-cache"))
    headers.append((b"x-accel-buffering", b"no"))  # a proxy must not buffer the parts
    try:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        try:
            async for part in parts:
                await send({"type": "http.response.body", "body": part, "more_body": True})
        except StreamError as error:
            last = orjson.dumps({"error": str(error)}) + b"\n"
            if EVENTS in content_type:
                last = b"event: error\ndata: " + last + b"\n"
            elif LINES not in content_type:
                raise  # the connection breaks, so that nobody takes the answer for whole
            await send({"type": "http.response.body", "body": last, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        await parts.aclose()  # type: ignore[attr-defined]  # it is a generator


@lru_cache(maxsize=256)
def _header(name: str) -> bytes:
    return name.lower().encode("latin-1")
