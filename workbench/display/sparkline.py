"""A metric's curve as a small inline SVG."""

from __future__ import annotations

import math

from workbench.display.templating import render

_WIDTH, _HEIGHT, _PAD = 132, 30, 2
_MOST_POINTS = 120


def sparkline(points: list[tuple[float, float]], label: str) -> str:
    """Return the curve of a metric with its last point marked, or an empty string for fewer than two points.

    Args:
        points: ``(step, value)`` pairs in order; pairs that are not finite are left out.
        label: The text for screen readers.
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

    def place(x: float, y: float) -> tuple[str, str]:
        across = _PAD + (x - x_low) / x_span * (_WIDTH - 2 * _PAD - 2)
        share = 0.5 if flat else (y - y_low) / y_span
        return f"{across:.1f}", f"{_HEIGHT - _PAD - 1 - share * (_HEIGHT - 2 * _PAD - 2):.1f}"

    spots = [place(x, y) for x, y in shown]
    line = " ".join(f"{x},{y}" for x, y in spots)
    return render("sparkline.html.j2", width=_WIDTH, height=_HEIGHT, label=label, line=line, end=spots[-1])
