"""The model's prints, sent as lines to the endpoint's log besides where they went before."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Any, TextIO

MAX_LINES = 1000
MAX_LINE = 8 * 2**10


class LineBuffer:
    """Cuts text into whole lines, and limits them to 1,000 a second of 8 kB each.

    Args:
        send: Called with one or more whole lines.
    """

    def __init__(self, send: Callable[[str], None]) -> None:
        self._send = send
        self._lock = threading.Lock()
        self._rest = ""
        self._second = 0
        self._count = 0
        self._is_sending = threading.local()

    def write(self, text: str) -> None:
        """Take text, and send the lines that are whole."""
        if getattr(self._is_sending, "now", False):  # the prints of the sender are not sent
            return
        with self._lock:
            *lines, rest = (self._rest + text).split("\n")
            self._rest = rest[-MAX_LINE:]
            found = self._allowed(lines)
        if found:
            self._is_sending.now = True
            try:
                self._send("\n".join(found))
            finally:
                self._is_sending.now = False

    def flush(self) -> None:
        """Send the line that is not whole yet."""
        if self._rest:
            self.write("\n")

    def _allowed(self, lines: list[str]) -> list[str]:
        found = []
        for line in lines:
            second = int(time.monotonic())
            if second != self._second:
                if self._count > MAX_LINES:
                    found.append(f"({self._count - MAX_LINES} more lines were printed in a second and left out)")
                self._second, self._count = second, 0
            self._count += 1
            if self._count <= MAX_LINES:
                is_long = len(line) > MAX_LINE
                found.append(line[:MAX_LINE] + f" ... ({len(line) - MAX_LINE} more)" if is_long else line)
        return found


class _Tee:
    """A stream that also writes to a :class:`LineBuffer`."""

    def __init__(self, stream: TextIO, lines: LineBuffer) -> None:
        self.stream = stream
        self.lines = lines

    def write(self, text: str) -> int:
        """Write to both."""
        count = self.stream.write(text)
        self.lines.write(text)
        return count

    def writelines(self, texts: Any) -> None:
        """Write each text to both."""
        for text in texts:
            self.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class CapturedOutput:
    """Sends what the process writes to ``sys.stdout`` and ``sys.stderr`` to ``send`` too, until it is closed.

    Args:
        send: Called with one or more whole lines, on whichever thread prints.
    """

    def __init__(self, send: Callable[[str], None]) -> None:
        self._tees = {name: _Tee(getattr(sys, name), LineBuffer(send)) for name in ("stdout", "stderr")}
        for name, tee in self._tees.items():
            setattr(sys, name, tee)

    def close(self) -> None:
        """Restore the streams, unless something else has replaced them since."""
        for name, tee in self._tees.items():
            tee.lines.flush()
            if getattr(sys, name) is tee:
                setattr(sys, name, tee.stream)
