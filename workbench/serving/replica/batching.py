"""Batches: the requests that are computed together, as many as wait and the latency objective allows."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from workbench.serving.replica.codecs.decode import Decoded

_DECAY = 0.98
NOT_DECODED = Decoded(None, 0)
"""The content of a request that is not decoded yet."""


@dataclass(slots=True)
class QueuedRequest:
    """A request that waits for its batch.

    Attributes:
        id: The gateway's number of it, None for a request by a Serve handle.
        model: The model's name among those of the replica.
        route: The route, as in the replica protocol.
        accept: The content types that the answer may have.
        decoded: The decoded body.
        arrived: The time of its arrival, by :func:`time.perf_counter`.
        deadline: The time from which nobody waits for it any more.
        future: The future of the answer, for a request by a Serve handle.
    """

    id: int | None
    model: str
    route: str
    accept: str
    decoded: Decoded
    arrived: float
    deadline: float
    future: Any = None


class LatencyFit:
    """The time of a batch as a line over its rows; older batches count less and less."""

    def __init__(self) -> None:
        self._weight = self._x = self._y = self._xx = self._xy = 0.0

    def observe(self, rows: int, ms: float) -> None:
        """Record that a batch of so many rows took so long."""
        self._weight = self._weight * _DECAY + 1
        self._x = self._x * _DECAY + rows
        self._y = self._y * _DECAY + ms
        self._xx = self._xx * _DECAY + rows * rows
        self._xy = self._xy * _DECAY + rows * ms

    def line(self) -> tuple[float, float]:
        """Return the milliseconds of an empty batch, and per row; neither is negative."""
        if not self._weight:
            return 0.0, 0.0
        x, y = self._x / self._weight, self._y / self._weight
        spread = self._xx / self._weight - x * x
        # Batches of one size tell nothing of the slope: all time then counts as per row, the cautious way.
        if spread < 1e-6 * x * x:
            return 0.0, y / x
        slope = max(0.0, (self._xy / self._weight - x * y) / spread)
        base = y - slope * x
        return (base, slope) if base >= 0 else (0.0, y / x)

    def rows_within(self, ms: float) -> int | None:
        """Return the most rows that take no longer than so long; None for any number."""
        base, slope = self.line()
        if base > ms:
            return 0
        return int((ms - base) / slope) if slope > 0 else None


class BatchQueue:
    """The requests that wait, in groups that can be computed together.

    Args:
        max_batch: Rows of a batch, at most.
        slo_ms: The latency objective of an answer, None for none.
    """

    def __init__(self, max_batch: int, slo_ms: float | None) -> None:
        self.max_batch = max_batch
        self.slo_ms = slo_ms
        self._groups: dict[Hashable, deque[QueuedRequest]] = {}
        self._fits: dict[str, LatencyFit] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, request: QueuedRequest) -> None:
        """Add a request."""
        key = (request.model, request.decoded.key)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = deque()
        group.append(request)
        self._count += 1

    def fit(self, model: str) -> LatencyFit:
        """Return the latency fit of a model."""
        return self._fits.setdefault(model, LatencyFit())

    def take(self, now: float) -> list[QueuedRequest]:
        """Remove and return the next batch: the request that waits longest, and those that can go with it."""
        key = min(self._groups, key=lambda each: self._groups[each][0].arrived)
        group = self._groups[key]
        first = group.popleft()
        batch, rows = [first], first.decoded.rows
        if first.decoded.key is not None and group:
            limit = self._limit(first, now)
            while group and rows + group[0].decoded.rows <= limit:
                request = group.popleft()
                rows += request.decoded.rows
                batch.append(request)
        if not group:
            del self._groups[key]
        self._count -= len(batch)
        return batch

    def drop(self, request_id: int) -> None:
        """Remove a request that nobody waits for any more."""
        for key, group in self._groups.items():
            for request in group:
                if request.id == request_id:
                    group.remove(request)
                    self._count -= 1
                    if not group:
                        del self._groups[key]
                    return

    def clear(self) -> list[QueuedRequest]:
        """Remove and return all requests."""
        found = [request for group in self._groups.values() for request in group]
        self._groups.clear()
        self._count = 0
        return found

    def _limit(self, first: QueuedRequest, now: float) -> int:
        if self.slo_ms is None:
            return self.max_batch
        fit = self.fit(first.model)
        rows = fit.rows_within(self.slo_ms - (now - first.arrived) * 1e3)
        if rows is not None and rows < first.decoded.rows:
            # Too late for the oldest in any case: for the others, take as many as the objective allows at all.
            rows = fit.rows_within(self.slo_ms)
        return self.max_batch if rows is None else min(self.max_batch, max(1, rows))
