"""Lines of a log."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LogPage:
    """Some lines of a log.

    Attributes:
        total: The number of lines that there are, or with a search the number that match (10,000 at most).
        start: The place of the first of ``lines`` among them, from 0.
        numbers: The lines' numbers in the log, from 0.
        lines: The lines' text, without the line ends.
    """

    total: int
    start: int
    numbers: list[int]
    lines: list[str]
