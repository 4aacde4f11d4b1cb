"""A metric's points, and fewer of them that draw the same curve: the smallest and the largest of each bucket."""

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
        """From ``(x, y)`` pairs by rising x."""
        import numpy as np

        pairs = np.array(list(points), dtype=np.float64).reshape(-1, 2)
        return cls(pairs[:, 0], pairs[:, 1])

    def __len__(self) -> int:
        return len(self.x)

    def points(self) -> list[tuple[float, float]]:
        """As ``(x, y)`` pairs."""
        return list(zip(self.x.tolist(), self.y.tolist(), strict=True))

    def between(self, start: float | None, end: float | None) -> Series:
        """The points whose x is from ``start`` to ``end``; None leaves a side open."""
        low = 0 if start is None else int(self.x.searchsorted(start, "left"))
        high = len(self) if end is None else int(self.x.searchsorted(end, "right"))
        return Series(self.x[low:high], self.y[low:high])

    def against(self, other: Series) -> Series:
        """These values by another metric's value at the same x, or at the last x before it that has one."""
        import numpy as np

        place = other.x.searchsorted(self.x, "right") - 1
        known = place >= 0
        x, y = other.y[place[known]], self.y[known]
        order = np.argsort(x, kind="stable")
        return Series(x[order], y[order])

    def drawn(self, most: int) -> Series:
        """At most ``most`` points (and never fewer than four), in order, with every peak and dip.

        Args:
            most: How many can be drawn: about two for each pixel of width.
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
