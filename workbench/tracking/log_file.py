"""Lines of a log of any size by number: lines of a log with a million are found as quickly as of one with ten."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from workbench.records.logs import LogPage

_CHUNK = 8 * 2**20
_LINE_BYTES = 20_000
_MATCHES = 10_000


class LogFile:
    """A log that may still grow.

    Args:
        path: The file; a missing file has no lines.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = 0
        self._ends: list[Any] = []  # arrays of the offsets after each line end
        self._counts: list[int] = []
        self._lock = threading.Lock()

    def page(self, start: int, count: int, wanted: str = "") -> LogPage:
        """Return some lines.

        Args:
            start: Number of the first line, from 0; a negative number counts from the end.
            count: The most lines to return.
            wanted: Text that lines must contain, in any case; ``start`` then counts the lines with it.
        """
        try:
            with self._lock, self._path.open("rb") as file:
                self._index(file)
                if wanted:
                    numbers = self._matches(file, wanted)
                    first = _first(start, len(numbers))
                    chosen = numbers[first : first + count]
                    return LogPage(len(numbers), first, chosen, [self._line(file, number) for number in chosen])
                total = self._total()
                first = _first(start, total)
                last = min(total, first + count)
                return LogPage(total, first, list(range(first, last)), self._lines(file, first, last))
        except OSError:
            return LogPage(0, 0, [], [])

    def _index(self, file: Any) -> None:
        """Record where lines end in what was added since the last call."""
        import numpy as np

        size = file.seek(0, 2)
        if size < self._size:  # another run's file took its place
            self._ends, self._counts, self._size = [], [], 0
        file.seek(self._size)
        while self._size < size:
            chunk = file.read(min(_CHUNK, size - self._size))
            if not chunk:
                break
            ends = np.flatnonzero(np.frombuffer(chunk, np.uint8) == 10) + (self._size + 1)
            if len(ends):
                self._ends.append(ends)
                self._counts.append(len(ends))
            self._size += len(chunk)
        if len(self._ends) > 1:
            self._ends = [np.concatenate(self._ends)]
            self._counts = [len(self._ends[0])]

    def _total(self) -> int:
        whole = sum(self._counts)
        ended_at = int(self._ends[-1][-1]) if self._ends else 0
        return whole + (1 if ended_at < self._size else 0)

    def _offset(self, number: int) -> int:
        if number == 0:
            return 0
        return int(self._ends[0][number - 1]) if number <= sum(self._counts) else self._size

    def _lines(self, file: Any, first: int, last: int) -> list[str]:
        if first >= last:
            return []
        file.seek(self._offset(first))
        data: bytes = file.read(self._offset(last) - self._offset(first))
        parts = data.split(b"\n")
        return [_text(part) for part in parts[: last - first]]

    def _line(self, file: Any, number: int) -> str:
        return self._lines(file, number, number + 1)[0]

    def _matches(self, file: Any, wanted: str) -> list[int]:
        """Return the numbers of the first ten thousand lines with a text."""
        needle = wanted.lower()
        found: list[int] = []
        file.seek(0)
        for number, line in enumerate(file):
            if needle in line.decode("utf-8", "replace").lower():
                found.append(number)
                if len(found) == _MATCHES:
                    break
        return found


def _first(start: int, total: int) -> int:
    return max(0, total + start) if start < 0 else min(start, total)


def _text(line: bytes) -> str:
    """Return a line as a terminal would have left it: what follows the last carriage return."""
    line = line.rstrip(b"\r")
    shown = line[line.rfind(b"\r") + 1 :]
    text = shown[:_LINE_BYTES].decode("utf-8", "replace")
    return text if len(shown) <= _LINE_BYTES else f"{text} … ({len(shown):,} bytes)"
