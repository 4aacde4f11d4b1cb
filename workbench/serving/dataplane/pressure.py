"""The load of a version, from which its autoscaler tells how many replicas it needs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pressure:
    """The load of a version.

    Attributes:
        ongoing: The number of requests that replicas have.
        queued: The number of requests that wait for a replica.
        replicas: The number of replicas that are ready.
        idle_s: Seconds since the last request.
        p95_ms: The p95 of the last ten seconds without cached answers; None without a request.
        is_wanted: Whether a request waits and there is no replica.
    """

    ongoing: int
    queued: int
    replicas: int
    idle_s: float
    p95_ms: float | None
    is_wanted: bool
