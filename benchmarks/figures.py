"""A measured figure and the table of them."""

from __future__ import annotations

import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One comparison.

    Attributes:
        what: What was measured.
        ours: Our figure, with its unit.
        peer: The peer and its figure.
        ratio: How they compare, in words that say which is better.
        aim: What was aimed for.
    """

    what: str
    ours: str
    peer: str
    ratio: str
    aim: str


def seconds(values: list[float]) -> str:
    """The median of some times, with the smallest and largest."""
    if max(values) < 0.001:
        return f"{statistics.median(values) * 1e6:.1f} µs ({min(values) * 1e6:.1f}–{max(values) * 1e6:.1f})"
    if max(values) < 0.05:
        return f"{statistics.median(values) * 1e3:.1f} ms ({min(values) * 1e3:.1f}–{max(values) * 1e3:.1f})"
    return f"{statistics.median(values):.2f} s ({min(values):.2f}–{max(values):.2f})"


def times_sooner(ours: list[float], peer: list[float]) -> str:
    """How many times sooner ours is, by medians."""
    return f"{statistics.median(peer) / statistics.median(ours):.1f} times sooner"


def table(figures: list[Figure]) -> str:
    """The figures as a Markdown table."""
    rows = [("what", "Workbench", "peer, same run", "ratio", "aim")]
    rows += [(figure.what, figure.ours, figure.peer, figure.ratio, figure.aim) for figure in figures]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|---" * 5 + "|", *lines[1:]])
