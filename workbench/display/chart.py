"""A metric's curve as a small inline SVG."""

from __future__ import annotations

import math

_WIDTH, _HEIGHT, _PAD = 132, 30, 2
_MOST_POINTS = 120


def sparkline(points: list[tuple[float, float]], label: str) -> str:
    """The curve of a metric; its last point is marked. An empty string for fewer than two points.

    Args:
        points: ``(step, value)`` in order; values that are not finite are left out.
        label: What a screen reader says.
    """
    finite = [point for point in points if math.isfinite(point[1]) and math.isfinite(point[0])]
    if len(finite) < 2:
        return ""
    stride = max(1, math.ceil(len(finite) / _MOST_POINTS))
    shown = finite[::stride]
    if shown[-1] != finite[-1]:
        shown.append(finite[-1])
    xs, ys = [x for x, _ in shown], [y for _, y in shown]
    x_low, x_span = min(xs), (max(xs) - min(xs)) or 1.0
    y_low, y_span = min(ys), max(ys) - min(ys)
    flat = y_span == 0

    def place(x: float, y: float) -> tuple[float, float]:
        across = _PAD + (x - x_low) / x_span * (_WIDTH - 2 * _PAD - 2)
        share = 0.5 if flat else (y - y_low) / y_span
        return across, _HEIGHT - _PAD - 1 - share * (_HEIGHT - 2 * _PAD - 2)

    spots = [place(x, y) for x, y in shown]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    end_x, end_y = spots[-1]
    return (
        f'<svg class="wb-curve" width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{label}"><polyline points="{line}" fill="none" stroke="currentColor" stroke-width="1.5" '
        f'stroke-linejoin="round" stroke-linecap="round"/><circle cx="{end_x:.1f}" cy="{end_y:.1f}" r="2" '
        f'fill="currentColor"/></svg>'
    )
