"""A client that asks one address over kept-alive connections as fast as it answers, cheap enough to not be measured.

It runs as a process of its own: what to ask comes as one line of JSON on its standard input, what was seen goes as one
line to its standard output. With ``seconds`` null it asks until its standard input is closed.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

WARM_UP_S, PATIENCE_S, RECONNECT_S = 1.0, 10.0, 0.05
SAMPLE_EVERY, SAMPLES, TEXTS = 23, 500, 3


@dataclass(frozen=True)
class Seen:
    """What a client saw.

    Attributes:
        requests: Right answers after the warm-up.
        rate: Of them, per second.
        p50_ms: Half of them took at most so long; the others likewise.
        errors: Answers other than 200, wrong ones among those looked at, lost connections, requests never answered.
        texts: The first few errors.
        checked: Answers that were compared with the model's own.
        cpu: Of a core, what the client itself took.
    """

    requests: int
    rate: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    errors: int
    texts: list[str]
    checked: int
    cpu: float


class Load:
    """A running client; a context that ends it."""

    def __init__(
        self, url: str, bodies: Sequence[str], answers: Sequence[Any], *, clients: int, seconds: float | None,
        headers: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        job = {"url": url, "bodies": bodies, "answers": answers, "clients": clients, "seconds": seconds}
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({**job, "headers": headers or {}}) + "\n")
        self._process.stdin.flush()

    def __enter__(self) -> Load:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def seen(self) -> Seen:
        """Let it end and say what it saw."""
        out, _ = self._process.communicate()
        return Seen(**json.loads(out))


def ask(url: str, bodies: Sequence[str], answers: Sequence[Any], **options: Any) -> Seen:
    """What clients see that ask for some seconds."""
    with Load(url, bodies, answers, **options) as load:
        return load.seen()


class _Asker:
    """What all connections share: the requests to send and what came back."""

    def __init__(self, job: dict[str, Any]) -> None:
        scheme, _, self.host, *path = job["url"].split("/")
        assert scheme == "http:"
        lines = {"Host": self.host, "Content-Type": "application/json", **job["headers"]}
        head = f"POST /{'/'.join(path)} HTTP/1.1\r\n" + "".join(f"{name}: {text}\r\n" for name, text in lines.items())
        self.requests = [f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode() for body in job["bodies"]]
        self.answers = job["answers"]
        self.next = 0
        self.count = 0
        self.is_on = True
        self.took: list[float] = []
        self.errors: list[str] = []
        self.samples: list[tuple[int, bytes]] = []

    def note(self, which: int, took: float, status: bytes, body: bytes) -> None:
        """An answer came."""
        if status != b"200":
            self.errors.append(f"{status.decode()} {body[:300].decode(errors='replace')}")
            return
        self.took.append(took)
        self.count += 1
        if self.count % SAMPLE_EVERY == 1 and len(self.samples) < SAMPLES:
            self.samples.append((which, body))

    def check(self) -> None:
        """Compare the answers that were kept."""
        for which, body in self.samples:
            if not _is_equal(_flat(json.loads(body)), _flat(self.answers[which])):
                self.errors.append(f"wrong answer: {body[:100]!r} for {self.answers[which]}")


def _flat(value: Any) -> list[float]:
    if isinstance(value, dict):
        return _flat(value["predictions"])
    return [number for one in value for number in _flat(one)] if isinstance(value, list) else [value]


def _is_equal(one: list[float], other: list[float]) -> bool:
    return len(one) == len(other) and all(abs(a - b) < 1e-4 for a, b in zip(one, other, strict=True))


class _Connection(asyncio.Protocol):
    """One connection with one request at a time."""

    def __init__(self, asker: _Asker) -> None:
        self.asker = asker
        self.which = -1
        self.rest = b""
        self.gone = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.send()

    def send(self) -> None:
        asker = self.asker
        if not asker.is_on:
            self.which = -1
            self.transport.close()
            return
        self.which = asker.next % len(asker.requests)
        asker.next += 1
        self.began = time.perf_counter()
        self.transport.write(asker.requests[self.which])

    def data_received(self, data: bytes) -> None:
        if self.rest:
            data = self.rest + data
        end = data.find(b"\r\n\r\n")
        body = _body(data, end) if end >= 0 else None
        if body is None:
            self.rest = data
            return
        self.rest = b""
        self.asker.note(self.which, time.perf_counter() - self.began, data[9:12], body)
        self.send()

    def connection_lost(self, error: Exception | None) -> None:
        if self.which >= 0:
            self.asker.errors.append(f"connection lost: {error}")
        if not self.gone.done():
            self.gone.set_result(None)


def _body(data: bytes, end: int) -> bytes | None:
    """The body of an answer whose head ends there, None while a part of it is still to come."""
    head, body = data[:end].lower(), data[end + 4 :]
    at = head.find(b"content-length:")
    if at >= 0:
        return body if len(body) >= int(head[at + 15 :].split(b"\r\n", 1)[0]) else None
    return b"".join(body.split(b"\r\n")[1::2]) if body.endswith(b"0\r\n\r\n") else None  # in chunks, as Ray Serve's


async def _keep_asking(asker: _Asker) -> None:
    host, _, port = asker.host.partition(":")
    while asker.is_on:
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: _Connection(asker), host, int(port)
            )
        except OSError as error:
            asker.errors.append(f"not connected: {error}")
        else:
            await connection.gone
        if asker.is_on:
            await asyncio.sleep(RECONNECT_S)


async def _run(job: dict[str, Any]) -> dict[str, Any]:
    asker = _Asker(job)
    connections = [asyncio.ensure_future(_keep_asking(asker)) for _ in range(job["clients"])]
    await asyncio.sleep(WARM_UP_S)
    asker.took.clear()
    began, cpu = time.perf_counter(), time.process_time()
    if job["seconds"] is None:
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    else:
        await asyncio.sleep(job["seconds"])
    lasted, cpu = time.perf_counter() - began, time.process_time() - cpu
    took = sorted(asker.took)
    asker.is_on = False
    _, unanswered = await asyncio.wait(connections, timeout=PATIENCE_S)
    asker.errors += [f"not answered within {PATIENCE_S:g} s"] * len(unanswered)
    asker.check()
    at = [1000 * took[int(len(took) * part)] if took else float("nan") for part in (0.5, 0.95, 0.99)]
    return {
        "requests": len(took), "rate": len(took) / lasted, "p50_ms": at[0], "p95_ms": at[1], "p99_ms": at[2],
        "errors": len(asker.errors), "texts": asker.errors[:TEXTS], "checked": len(asker.samples), "cpu": cpu / lasted,
    }  # fmt: skip


if __name__ == "__main__":
    import uvloop

    print(json.dumps(uvloop.run(_run(json.loads(sys.stdin.readline())))))
