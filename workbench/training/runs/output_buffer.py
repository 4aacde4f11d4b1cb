"""What rank 0 showed, kept in a bounded memory for the views that follow a run."""

from __future__ import annotations

from collections import deque
from typing import Any

_TEXT_LIMIT = 1_000_000
_RICH_LIMIT = 64 * 2**20


class Feed:
    """Output events by version number; the oldest text goes first when there is too much.

    All of the output is in the run's log files: the feed only serves live views.
    """

    def __init__(self) -> None:
        self._text: deque[tuple[int, dict[str, Any]]] = deque()
        self._rich: deque[tuple[int, dict[str, Any]]] = deque()
        self._text_size = 0
        self._rich_size = 0
        self._dropped: deque[tuple[int, int]] = deque(maxlen=10_000)

    def add(self, version: int, event: dict[str, Any]) -> None:
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

    def since(self, version: int) -> tuple[list[dict[str, Any]], int]:
        """Events after ``version`` in order, and how many lines of text among them were dropped."""
        fresh = [item for item in self._text if item[0] > version] + [item for item in self._rich if item[0] > version]
        fresh.sort(key=lambda item: item[0])
        skipped = sum(lines for dropped_at, lines in self._dropped if dropped_at > version)
        return [event for _, event in fresh], skipped


def _size(event: dict[str, Any]) -> int:
    return sum(len(value) if isinstance(value, str) else 200 for value in event.get("data", {}).values())
