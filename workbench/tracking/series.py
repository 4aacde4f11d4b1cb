"""A metric's points, and fewer points that draw the same curve: the smallest and the largest of each bucket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

    Floats = np.ndarray[Any, np.dtype[np.float64]]

_FEWEST = 4


@dataclass(frozen=True)
class Series:
    """Points of a curve.

    Attributes:
        x: Shape ``(n,)``, rising: steps, seconds since the epoch, or another metric's values.
        y: Shape ``(n,)``; NaN where the metric was.
    """

    x: Floats
    y: Floats

    @classmethod
    def of(cls, points: Iterable[tuple[float, float]]) -> Series:
        """Return the series of ``(x, y)`` pairs by rising x."""
        import numpy as np

        pairs = np.array(list(points), dtype=np.float64).reshape(-1, 2)
        return cls(pairs[:, 0], pairs[:, 1])

    @classmethod
    def of_history(cls, history: Iterable[Any], x: str) -> Series:
        """Return the series of ``mlflow.entities.Metric`` points, by ``"step"`` or by ``"time"``."""
        if x == "time":
            return cls.of(sorted((point.timestamp / 1000, point.value) for point in history))
        ordered = sorted(history, key=lambda point: (point.step, point.timestamp))
        return cls.of((float(point.step), point.value) for point in ordered)

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.x)

    def points(self) -> list[tuple[float, float]]:
        """Return the points as ``(x, y)`` pairs."""
        return list(zip(self.x.tolist(), self.y.tolist(), strict=True))

    def between(self, start: float | None, end: float | None) -> Series:
        """Return the points whose x is from ``start`` to ``end``; None leaves a side open."""
        low = 0 if start is None else int(self.x.searchsorted(start, "left"))
        high = len(self) if end is None else int(self.x.searchsorted(end, "right"))
        return Series(self.x[low:high], self.y[low:high])

    def against(self, other: Series) -> Series:
        """Return these values by another metric's value at the same x, or at the last x before it that has one."""
        import numpy as np

        place = other.x.searchsorted(self.x, "right") - 1
        known = place >= 0
        x, y = other.y[place[known]], self.y[known]
        order = np.argsort(x, kind="stable")
        return Series(x[order], y[order])

    def drawn(self, most: int) -> Series:
        """Return at most ``most`` points in order, with every peak and dip.

        Args:
            most: The number of points to draw, about two for each pixel of width; at least four are returned.
        """
        import numpy as np

        count = len(self)
        if count <= max(most, _FEWEST):
            return self
        buckets = max(1, (most - 2) // 2)
        edges = np.linspace(1, count - 1, buckets + 1).astype(np.int64)
        width = int(np.diff(edges).max())
        places = np.minimum(edges[:-1, None] + np.arange(width), edges[1:, None] - 1)
        values = self.y[places]
        lowest = np.where(np.isnan(values), np.inf, values).argmin(axis=1)
        highest = np.where(np.isnan(values), -np.inf, values).argmax(axis=1)
        rows = np.arange(len(edges) - 1)
        kept = np.unique(np.concatenate([[0], places[rows, lowest], places[rows, highest], [count - 1]]))
        return Series(self.x[kept], self.y[kept])
