"""What tells whether a version has replicas enough."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pressure:
    """How busy a version is.

    Attributes:
        ongoing: Requests that replicas have.
        queued: Requests that wait for a replica.
        replicas: Those that are ready.
        idle_s: Seconds since the last request.
        p95_ms: Of the last ten seconds, answers out of the cache left out; None without a request.
        is_wanted: A request waits and there is no replica.
    """

    ongoing: int
    queued: int
    replicas: int
    idle_s: float
    p95_ms: float | None
    is_wanted: bool
