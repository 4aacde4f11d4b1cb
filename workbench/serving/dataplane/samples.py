"""Samples of a version's requests and answers, drawn evenly from all."""

from __future__ import annotations

import random
import time

from workbench.records.endpoint_answers import Sample
from workbench.serving.dataplane.request import Answer, Request

MAX_BYTES = 16 * 1024
MAX_BYTES_OF_ALL = 2 * 2**20


class Samples:
    """A reservoir (Vitter's algorithm R) of text: 16 kB each at most, less where over 128 are kept.

    Args:
        size: The number of samples to keep.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._samples: list[tuple[float, int, float, bytes, bytes]] = []
        self._seen = 0

    def resize(self, size: int) -> None:
        """Change the number of samples; where it is smaller, some of those that there are go."""
        if size > self._size:
            self._seen = len(self._samples)  # new ones get as good a chance as those that are kept
        self._size = size
        if len(self._samples) > size:
            self._samples = random.sample(self._samples, size)

    def offer(self, request: Request, answer: Answer, ms: float) -> None:
        """Keep a request and its answer, by chance."""
        if not self._size:
            return
        most = min(MAX_BYTES, MAX_BYTES_OF_ALL // self._size)
        if len(request.body) > most or len(answer.body) > most:
            return
        if not (_is_text(request.content_type) and _is_text(answer.content_type)):
            return
        self._seen += 1
        count = len(self._samples)
        place = count if count < self._size else int(random.random() * self._seen)
        if place < self._size:
            self._samples[place : place + 1] = [(time.time(), answer.status, round(ms, 3), request.body, answer.body)]

    def to_json(self) -> list[Sample]:
        """Return the samples, oldest first."""
        return [
            {"t": t, "status": status, "latency_ms": ms, "request": _text(request), "answer": _text(answer)}
            for t, status, ms, request, answer in sorted(self._samples, key=lambda sample: sample[0])
        ]


def _is_text(content_type: str) -> bool:
    return "json" in content_type or content_type.startswith("text/")


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")
