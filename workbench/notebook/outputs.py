"""Shows rank 0's output below the cell as if the cell had run there, within bounds."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from typing import Any

from workbench.records.output import DisplayEvent, OutputEvent

_LINES = 1000
_CHARS = 256 * 1024
_TAIL_LINES = 50
_RICH_BYTES = 5 * 2**20
_RICH_BYTES_IN_ALL = 50 * 2**20


class OutputReplay:
    """A replay of output events in order.

    A thousand lines, or 256 KiB, of text become ordinary output. What comes after is shown as a
    tail of 50 lines that is renewed in place, so that a cell that prints 100,000 lines neither
    freezes the notebook nor fills its file; all of it is in the run's log.

    Args:
        name: The run's name, for the command that shows the whole log.
        update_tail: Shows the tail text; None where nothing can be renewed in place (a terminal).
    """

    def __init__(self, name: str, update_tail: Callable[[str], None] | None) -> None:
        self._name = name
        self._update_tail = update_tail
        self._lines = 0
        self._chars = 0
        self._hidden = 0
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._partial = ""
        self._tail_changed = False
        self._rich_bytes = 0
        self._ids: dict[str, Any] = {}

    def show(self, events: list[OutputEvent], skipped_lines: int = 0) -> None:
        """Publish events."""
        if skipped_lines:
            self._hidden += skipped_lines
            self._lines = max(self._lines, _LINES)
        for event in events:
            if event["k"] == "out":
                self._text(event["x"], event["s"])
            elif event["k"] == "disp":
                self._display(event)
            elif event["k"] == "clear":
                self._clear(bool(event.get("wait")))
        if self._tail_changed:
            self._tail_changed = False
            self._show_tail()

    def _text(self, text: str, stream: str) -> None:
        room = _LINES - self._lines
        if room > 0 and self._chars < _CHARS:
            lines = text.splitlines(keepends=True)
            now, later = "".join(lines[:room])[: _CHARS - self._chars], lines[room:]
            self._lines += now.count("\n")
            self._chars += len(now)
            file = sys.stderr if stream == "stderr" else sys.stdout
            file.write(now)
            file.flush()
            text = "".join(later)
            if not text:
                return
        *whole, self._partial = (self._partial + text).split("\n")  # a line may come in two pieces
        self._hidden += len(whole)
        self._tail.extend(whole)
        self._tail_changed = True

    def _show_tail(self) -> None:
        head = f"… {self._lines + self._hidden:,} lines in all, the last {len(self._tail)}: "
        shown = [*self._tail, self._partial] if self._partial else self._tail
        text = f"{head}(all of it: %runs logs {self._name})\n" + "\n".join(shown)
        if self._update_tail is not None:
            self._update_tail(text)

    def finish(self) -> None:
        """Print in a terminal how much was not shown."""
        if self._hidden and self._update_tail is None:
            print(f"… {self._hidden:,} more lines; all of it: %runs logs {self._name}")

    def _display(self, event: DisplayEvent) -> None:
        from IPython.display import display, update_display

        data, meta, ident = event["data"], event.get("meta") or {}, event.get("id")
        nbytes = sum(len(value) for value in data.values() if isinstance(value, str))
        self._rich_bytes += nbytes
        if nbytes > _RICH_BYTES or self._rich_bytes > _RICH_BYTES_IN_ALL:
            kinds = ", ".join(data)
            note = f"[output of {nbytes / 2**20:.1f} MiB ({kinds}) is kept with the run, not in the notebook]"
            data, meta = {"text/plain": note}, {}
        if event.get("update") and ident in self._ids:
            update_display(data, metadata=meta, raw=True, display_id=self._ids[ident])
            return
        shown = (
            display(data, metadata=meta, raw=True, display_id=True) if ident else display(data, metadata=meta, raw=True)
        )
        if ident and shown is not None:
            self._ids[ident] = shown.display_id

    def _clear(self, wait: bool) -> None:
        """Clear what can be renewed, as cells do between frames; the card above stays."""
        self._lines = min(self._lines, _LINES)
