"""The figures of a version, second by second for ten minutes, at about a microsecond a request."""

from __future__ import annotations

import time
from bisect import bisect_left
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from workbench.records.endpoint_snapshot import RecentFigures, VersionFigures
from workbench.serving.dataplane.histogram import BUCKETS, bucket, percentile

SECONDS = 600
POINT_S = 5
EDGES_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""The upper edges of the buckets that Prometheus sees."""

_TURNED_AWAY = (429, 503)
_NOT_UNDERSTOOD = (400, 415, 422)

_REQUESTS, _ERRORS, _HITS, _ROWS, _BATCHES, _QUEUE, _REPLICAS = range(7)
_FIGURES = 7
_COLUMNS = 2 * BUCKETS  # durations of replicas' answers, then of cached ones


class WindowFigures(TypedDict):
    """The figures of a version in some seconds; a percentile is None where there was no request."""

    requests: int
    errors: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


class Totals(TypedDict):
    """The figures of a version since it began."""

    requests: int
    errors: int


class VersionStats:
    """Counts of one version. The current second is kept in lists, past ones as rows of two arrays.

    An error is the model's own failure: it raised (500), or took too long (504). What was turned away because too many
    asked (429) or no replica was up (503) never came to the model: it is counted apart, and is no request. Refused is
    what the version did not understand (400 and the like): a client's error, unless another version understands it.
    """

    def __init__(self, now: float | None = None) -> None:
        now = time.monotonic() if now is None else now
        self.codes: dict[int, int] = {}
        self.requests = self.errors = self.refused = self.rejected = self.unavailable = self.hits = 0
        self.rows = self.batches = 0.0
        self.seconds_sum = 0.0
        self.edges = [0] * (len(EDGES_S) + 1)
        self._born = int(now)
        self._epoch = round(time.time() - now)
        self._second = int(now)
        self._latency = [0] * _COLUMNS
        self._figures: list[float] = [0] * _FIGURES
        self._latencies = np.zeros((SECONDS, _COLUMNS), dtype=np.uint32)
        self._rows = np.zeros((SECONDS, _FIGURES))

    def record(
        self, now: float, status: int, ms: float, timing: list[float] | None = None, *, is_hit: bool = False
    ) -> None:
        """Count an answer; ``timing`` is a replica's rows, batch rows, and two durations."""
        if int(now) != self._second:
            self._roll(int(now))
        self.codes[status] = self.codes.get(status, 0) + 1
        if status in _TURNED_AWAY:
            self.rejected += status == 429
            self.unavailable += status == 503
            return
        figures = self._figures
        self.requests += 1
        figures[_REQUESTS] += 1
        if status >= 500:
            self.errors += 1
            figures[_ERRORS] += 1
        self.refused += status in _NOT_UNDERSTOOD
        if is_hit:
            self.hits += 1
            figures[_HITS] += 1
        if timing and timing[1]:
            self.rows += timing[0]
            self.batches += timing[0] / timing[1]
            figures[_ROWS] += timing[0]
            figures[_BATCHES] += timing[0] / timing[1]
        self._latency[bucket(ms) + BUCKETS if is_hit else bucket(ms)] += 1
        seconds = ms / 1000
        self.seconds_sum += seconds
        self.edges[bisect_left(EDGES_S, seconds)] += 1

    def sample(self, now: float, queue: int, replicas: int) -> None:
        """Record the queue's length and the number of replicas; called once a second."""
        if int(now) != self._second:
            self._roll(int(now))
        self._figures[_QUEUE] = max(self._figures[_QUEUE], queue)
        self._figures[_REPLICAS] = replicas

    def figures(self, now: float) -> VersionFigures:
        """Return the figures, without those of the moment (queue, ongoing, replicas)."""
        window = min(60, SECONDS)
        latency, rows = self._last(now, window)
        sums = rows.sum(axis=0)
        requests = int(sums[_REQUESTS])
        p50_ms, p95_ms, p99_ms = _percentiles(_with_hits(latency).sum(axis=0, keepdims=True))
        return {
            "requests": self.requests,
            "errors": self.errors,
            "rejected": self.rejected,
            "unavailable": self.unavailable,
            "rate": round(requests / max(1.0, min(window, now - self._born)), 2),
            "error_rate": sums[_ERRORS] / requests if requests else 0.0,
            "p50_ms": p50_ms,
            "p95_ms": p95_ms,
            "p99_ms": p99_ms,
            "batch_mean": _mean(sums[_ROWS], sums[_BATCHES]),
            "cache_hits": self.hits,
            "recent": self._recent(now),
        }

    def since(self, now: float, seconds: float) -> WindowFigures:
        """Return the figures of the last so many seconds, 600 at most.

        What the cache answered is counted, and its durations are left out: they tell nothing of the model.
        """
        latency, rows = self._last(now, int(min(max(1, seconds), SECONDS)))
        sums = rows.sum(axis=0)
        counts = latency[:, :BUCKETS].sum(axis=0, keepdims=True)
        p50_ms, p95_ms, p99_ms = _percentiles(counts)
        return {
            "requests": int(sums[_REQUESTS]),
            "errors": int(sums[_ERRORS]),
            "p50_ms": p50_ms,
            "p95_ms": p95_ms,
            "p99_ms": p99_ms,
        }

    def rate(self, now: float, seconds: int) -> float:
        """Return the answers per second in the last seconds."""
        _, rows = self._last(now, seconds)
        return float(rows[:, _REQUESTS].sum()) / seconds

    def _recent(self, now: float) -> RecentFigures:
        """Return a point per five seconds, the last one still growing."""
        end = (int(now) // POINT_S + 1) * POINT_S
        points = min(SECONDS // POINT_S, (end - self._born + POINT_S - 1) // POINT_S)
        latency, rows = self._last(end - 1, points * POINT_S, settle_at=now)
        latency = _with_hits(latency).reshape(points, POINT_S, BUCKETS).sum(axis=1)
        grouped = rows.reshape(points, POINT_S, _FIGURES)
        sums, highest = grouped.sum(axis=1), grouped.max(axis=1)
        lengths = np.full(points, float(POINT_S))
        lengths[-1] = max(1.0, now - (end - POINT_S))
        return {
            "t": [end - POINT_S * (points - 1 - index) + self._epoch for index in range(points)],
            "rate": (sums[:, _REQUESTS] / lengths).round(2).tolist(),
            "errors": sums[:, _ERRORS].astype(int).tolist(),
            "p50_ms": percentile(latency, 0.5),
            "p95_ms": percentile(latency, 0.95),
            "p99_ms": percentile(latency, 0.99),
            "queue": highest[:, _QUEUE].astype(int).tolist(),
            "replicas": highest[:, _REPLICAS].astype(int).tolist(),
            "batch": [_mean(row[_ROWS], row[_BATCHES]) for row in sums],
            "cache_hits": sums[:, _HITS].astype(int).tolist(),
        }

    def _last(self, now: float, seconds: int, settle_at: float | None = None) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the rows of the last seconds, oldest first, the current one included."""
        self._roll(int(now if settle_at is None else settle_at))
        place = self._second % SECONDS
        self._latencies[place] = self._latency
        self._rows[place] = self._figures
        wanted = np.arange(int(now) - seconds + 1, int(now) + 1)
        latency, rows = self._latencies[wanted % SECONDS], self._rows[wanted % SECONDS]
        is_unknown = (wanted > self._second) | (wanted <= self._second - SECONDS)
        latency[is_unknown], rows[is_unknown] = 0, 0
        return latency, rows

    def _roll(self, second: int) -> None:
        """Put the current second away and begin another."""
        if second <= self._second:
            return
        place = self._second % SECONDS
        self._latencies[place] = self._latency
        self._rows[place] = self._figures
        gone = np.arange(self._second + 1, min(second, self._second + SECONDS) + 1) % SECONDS
        self._latencies[gone], self._rows[gone] = 0, 0
        self._second = second
        self._latency = [0] * _COLUMNS
        self._figures = [0] * _FIGURES


def _with_hits(latency: NDArray[Any]) -> NDArray[Any]:
    """Return the counts of all answers, cached ones included."""
    both: NDArray[Any] = latency[:, :BUCKETS] + latency[:, BUCKETS:]
    return both


def _percentiles(counts: NDArray[Any]) -> tuple[float | None, float | None, float | None]:
    return percentile(counts, 0.5)[0], percentile(counts, 0.95)[0], percentile(counts, 0.99)[0]


def _mean(rows: float, batches: float) -> float | None:
    return round(float(rows / batches), 2) if batches else None
