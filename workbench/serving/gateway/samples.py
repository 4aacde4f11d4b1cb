"""Some requests and answers of a version, drawn evenly from all it had."""

from __future__ import annotations

import random
import time
from typing import Any

from workbench.serving.gateway.asking import Answer, Request

MAX_BYTES = 16 * 1024


class Samples:
    """A reservoir (Vitter's algorithm R).

    Args:
        size: How many to keep.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: list[tuple[float, int, float, bytes, bytes]] = []
        self._seen = 0

    def resize(self, size: int) -> None:
        """Keep so many from now on, and no more of those that there are."""
        self._size = size
        if len(self._kept) > size:
            self._kept = random.sample(self._kept, size)

    def offer(self, request: Request, answer: Answer, ms: float) -> None:
        """Perhaps keep it; only text of 16 kB at most."""
        if not self._size:
            return
        if not (_is_text(request.content_type, request.body) and _is_text(answer.content_type, answer.body)):
            return
        self._seen += 1
        kept = len(self._kept)
        place = kept if kept < self._size else int(random.random() * self._seen)
        if place < self._size:
            self._kept[place : place + 1] = [(time.time(), answer.status, round(ms, 3), request.body, answer.body)]

    def to_json(self) -> list[dict[str, Any]]:
        """Oldest first."""
        return [
            {"t": t, "status": status, "latency_ms": ms, "request": _text(request), "answer": _text(answer)}
            for t, status, ms, request, answer in sorted(self._kept, key=lambda sample: sample[0])
        ]


def _is_text(content_type: str, body: bytes) -> bool:
    return len(body) <= MAX_BYTES and ("json" in content_type or content_type.startswith("text/"))


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")
