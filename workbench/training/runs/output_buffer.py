"""The output of rank 0 in a bounded memory, for the views that follow a run."""

from __future__ import annotations

from collections import deque
from itertools import chain

from workbench.records.output import ClearEvent, DisplayEvent, OutputEvent, TextEvent

_TEXT_LIMIT = 1_000_000
_RICH_LIMIT = 64 * 2**20


class OutputBuffer:
    """Output events by version number; the oldest text goes first when there is too much.

    All of the output is in the run's log files: the buffer only serves live views.
    """

    def __init__(self) -> None:
        self._text: deque[tuple[int, TextEvent]] = deque()
        self._rich: deque[tuple[int, DisplayEvent | ClearEvent]] = deque()
        self._text_size = 0
        self._rich_size = 0
        self._dropped: deque[tuple[int, int]] = deque(maxlen=10_000)

    def add(self, version: int, event: OutputEvent) -> None:
        """Append an event that appeared at ``version`` (rising)."""
        if event["k"] == "out":
            self._text.append((version, event))
            self._text_size += len(event["x"])
            while self._text_size > _TEXT_LIMIT and len(self._text) > 1:
                old_version, old = self._text.popleft()
                self._text_size -= len(old["x"])
                self._dropped.append((old_version, old["x"].count("\n")))
        else:
            self._rich.append((version, event))
            self._rich_size += _size(event)
            while self._rich_size > _RICH_LIMIT and len(self._rich) > 1:
                self._rich_size -= _size(self._rich.popleft()[1])

    def since(self, version: int) -> tuple[list[OutputEvent], int]:
        """Return the events after ``version`` in order, and how many lines of text among them were dropped."""
        events: chain[tuple[int, OutputEvent]] = chain(self._text, self._rich)
        fresh = [item for item in events if item[0] > version]
        fresh.sort(key=lambda item: item[0])
        skipped = sum(lines for dropped_at, lines in self._dropped if dropped_at > version)
        return [event for _, event in fresh], skipped


def _size(event: DisplayEvent | ClearEvent) -> int:
    data = event["data"] if event["k"] == "disp" else {}
    return sum(len(value) if isinstance(value, str) else 200 for value in data.values())
