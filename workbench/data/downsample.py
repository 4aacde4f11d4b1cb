"""Fewer points of a long series that draw the same curve: the smallest and the largest of each bucket."""

from __future__ import annotations

from collections.abc import Sequence

Point = tuple[float, float]


def min_max(points: Sequence[Point], most: int) -> list[Point]:
    """At most ``most`` points (and never fewer than four), in order, with every peak and dip.

    Args:
        points: ``(x, y)`` by rising x.
        most: How many can be drawn: about two for each pixel of width.
    """
    if len(points) <= max(most, 4):
        return list(points)
    buckets = max(1, (most - 2) // 2)
    inner = points[1:-1]
    kept = [points[0]]
    for number in range(buckets):
        bucket = inner[number * len(inner) // buckets : (number + 1) * len(inner) // buckets]
        if not bucket:
            continue
        low = min(range(len(bucket)), key=lambda i: bucket[i][1])
        high = max(range(len(bucket)), key=lambda i: bucket[i][1])
        kept += [bucket[i] for i in sorted({low, high})]
    return [*kept, points[-1]]
