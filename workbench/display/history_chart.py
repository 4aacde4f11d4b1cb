"""The history of a sweep as an inline SVG: its trials, and the best value so far."""

from __future__ import annotations

import itertools
import math

from workbench.display.templating import render
from workbench.display.words import number
from workbench.records.sweeps import SweepSnapshot

_WIDTH, _HEIGHT = 720, 120
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 8, 8, 18
_SHOWN_SHARE = 0.9
_MARGIN = 0.06


def history(sweep: SweepSnapshot) -> str:
    """Return complete trials as dots and the best value so far as a line; an empty string for fewer than two trials.

    The worst tenth of the trials lies on the chart's edge.
    """
    finite = [(n, value) for n, value in sweep.history if math.isfinite(value)]
    if len(finite) < 2:
        return ""
    bests = [value for _, value in sweep.climb if math.isfinite(value)]
    best, low, high = _range(sweep, [value for _, value in finite], bests)
    span = (high - low) or abs(high) or 1.0
    low, high = low - _MARGIN * span, high + _MARGIN * span
    first, last = finite[0][0], max(finite[-1][0], finite[0][0] + 1)

    def x(n: float) -> str:
        return f"{_LEFT + (n - first) / (last - first) * (_WIDTH - _LEFT - _RIGHT - 4):.1f}"

    def y(value: float, offset: float = 0.0) -> str:
        share = (min(high, max(low, value)) - low) / (high - low)
        return f"{_HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM) + offset:.1f}"

    line = [(x(max(n, first)), y(value)) for n, value in sweep.climb if math.isfinite(value)]
    # Each best holds until the next one: across, then down.
    corners = [(after[0], before[1]) for before, after in itertools.pairwise(line)]
    steps = [point for pair in itertools.zip_longest(line, corners) for point in pair if point is not None]
    if line:
        steps.append((x(last), line[-1][1]))
    return render(
        "history.html.j2",
        width=_WIDTH,
        height=_HEIGHT,
        left=_LEFT,
        right=_WIDTH - _RIGHT,
        first=first,
        last=last,
        label=f"{sweep.goals[0]}: {len(finite)} trials, best {number(best)}",
        ticks=[(number(float(f"{at:.3g}")), y(at, 4), y(at)) for at in (low + _MARGIN * span, high - _MARGIN * span)],
        dots=[(x(n), y(value)) for n, value in finite],
        steps=" ".join(f"{across},{down}" for across, down in steps),
    )


def _range(sweep: SweepSnapshot, values: list[float], bests: list[float]) -> tuple[float, float, float]:
    """Return the best value, and the lowest and the highest to show."""
    is_min = sweep.goals[0].startswith("min")
    ordered = sorted(values, reverse=not is_min)
    best = bests[-1] if bests else ordered[0]
    worst = ordered[min(len(ordered) - 1, int(_SHOWN_SHARE * len(ordered)))]
    return best, min(best, worst), max(best, worst)
