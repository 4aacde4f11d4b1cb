"""A version that gets a copy of each request, and how often its answer is equal."""

from __future__ import annotations

import asyncio
from math import isclose
from typing import Any

import orjson

from workbench.records.endpoint_snapshot import ShadowFigures
from workbench.serving.dataplane.backend import Backend
from workbench.serving.dataplane.request import Answer, Request
from workbench.serving.dataplane.request_error import RequestError

TOLERANCE = 1e-6
MAX_COMPARED = 2**20


class Shadow:
    """Sends copies of requests to one version, compares the answers and throws them away."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.requests = 0
        self._equal = 0
        self._compared = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def copy(self, request: Request, answer: Answer, backend: Backend) -> None:
        """Send a copy beside the request, unless the shadow has enough to do already."""
        if backend.is_draining or backend.queued * 2 > backend.room:
            return
        task = asyncio.create_task(self._ask(request, answer, backend))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def to_json(self) -> ShadowFigures:
        """Return the number of requests, and the fraction of equal predictions (None before the first)."""
        return {"requests": self.requests, "agreement": self._equal / self._compared if self._compared else None}

    def close(self) -> None:
        """Cancel the copies in progress."""
        for task in self._tasks:
            task.cancel()

    async def _ask(self, request: Request, answer: Answer, backend: Backend) -> None:
        try:
            other = await backend.ask(request)
        except RequestError:  # too slow or too full, which says nothing about its predictions
            return
        self.requests += 1
        if other.parts is not None:
            async for _ in other.parts:  # a generator that has begun cleans up when it is closed
                break
            await other.parts.aclose()  # type: ignore[attr-defined]  # it is a generator
            return
        equal, compared = agreement(answer, other)
        self._equal += equal
        self._compared += compared


def agreement(one: Answer, other: Answer) -> tuple[int, int]:
    """Return how many predictions of two answers are equal, numbers to within a millionth, and how many there are."""
    if one.status != 200 or max(len(one.body), len(other.body)) > MAX_COMPARED:
        return 0, 0
    if other.status != 200:
        return 0, 1
    if one.body == other.body:
        return 1, 1
    ours, theirs = _predictions(one), _predictions(other)
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs) and ours:
        return sum(map(_is_same, ours, theirs)), len(ours)
    return int(ours is not None and _is_same(ours, theirs)), 1


def _predictions(answer: Answer) -> Any:
    if "json" not in answer.content_type or ";json=" in answer.content_type:
        return None
    try:
        data = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None
    if isinstance(data, dict) and "outputs" in data:
        return [output.get("data") for output in data["outputs"]]
    return data.get("predictions", data) if isinstance(data, dict) else data


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return isclose(one, other, rel_tol=TOLERANCE)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_is_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_is_same(value, other[key]) for key, value in one.items())
    return bool(one == other)
