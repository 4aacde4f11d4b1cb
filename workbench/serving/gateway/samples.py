"""A hundred requests and answers of a version, drawn evenly from all it had."""

from __future__ import annotations

import random
import time
from math import exp, floor, log
from typing import Any

from workbench.serving.gateway.asking import Answer, Request

KEPT = 100
MAX_BYTES = 16 * 1024


class Samples:
    """A reservoir (Li's algorithm L): it knows beforehand how many requests to let pass, so most cost nothing."""

    def __init__(self) -> None:
        self._kept: list[tuple[float, int, float, bytes, bytes]] = []
        self._chance = exp(log(random.random()) / KEPT)
        self._pass = 0

    def offer(self, request: Request, answer: Answer, ms: float) -> None:
        """Perhaps keep it; only text of 16 kB at most."""
        if self._pass:
            self._pass -= 1
            return
        if not (_is_text(request.content_type, request.body) and _is_text(answer.content_type, answer.body)):
            return
        sample = (time.time(), answer.status, round(ms, 3), request.body, answer.body)
        if len(self._kept) < KEPT:
            self._kept.append(sample)
        else:
            self._kept[random.randrange(KEPT)] = sample
        if len(self._kept) == KEPT:
            self._pass = floor(log(random.random()) / log(1 - self._chance))
            self._chance *= exp(log(random.random()) / KEPT)

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
