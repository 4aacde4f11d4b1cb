"""A metric over its steps at a bounded number of points, for live views; MLflow has every point."""

from __future__ import annotations

_MAX_POINTS = 400


class LiveSeries:
    """Keep every ``stride``-th point and the last one; the stride doubles when there are too many."""

    def __init__(self) -> None:
        self._points: list[tuple[float, float]] = []
        self._stride = 1
        self._count = 0
        self._last: tuple[float, float] | None = None

    def add(self, step: float, value: float) -> None:
        """Append a point."""
        if self._count % self._stride == 0:
            self._points.append((step, value))
            if len(self._points) > _MAX_POINTS:
                self._points = self._points[::2]
                self._stride *= 2
        self._count += 1
        self._last = (step, value)

    @property
    def points(self) -> list[tuple[float, float]]:
        """Return at most about 400 points, oldest first, the newest always among them."""
        if self._last is None or (self._points and self._points[-1] == self._last):
            return list(self._points)
        return [*self._points, self._last]
