"""The journal of one rank: a file with one JSON line per event, written before anything is sent.

A line that was written survives ``kill -9`` of the process: the foreman reads what had not been
shipped from the file. The forms::

    {"k":"out","t":1.5,"s":"stdout","x":"text"}                     output of a stream
    {"k":"disp","t":1.5,"data":{mime: ...},"meta":{},"id":null,"update":false}
    {"k":"clear","t":1.5,"wait":false}
    {"k":"met","t":1.5,"step":3,"v":{"loss":0.25}}                  metrics
    {"k":"prog","t":1.5,"done":3,"total":10,"label":"epoch"}
    {"k":"trace","t":1.5,"cpu":99.0,"rss":812.0,"gpu":null,"gpu_mem":null,"gpu_total":null}
    {"k":"ckpt","t":1.5,"step":3,"path":"..."}
    {"k":"first","t":1.5}                                           the cell's first line starts
    {"k":"note","t":1.5,"x":"text"}                                 for the run's view
"""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


class Journal:
    """Appends events to one rank's file; safe to call from any thread.

    Args:
        path: The file; its folder is created.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.grown = threading.Event()
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._lock = threading.Lock()

    def write(self, kind: str, /, **fields: Any) -> None:
        """Append one event; the time is added."""
        line = _encode({"k": kind, "t": time.time(), **fields}) + "\n"
        data = line.encode("utf-8", "replace")
        with self._lock:
            if self._fd < 0:
                return
            written = os.write(self._fd, data)
            while written < len(data):
                written += os.write(self._fd, data[written:])
        self.grown.set()

    def close(self) -> None:
        """Close the file; later events are dropped."""
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1


def parse(data: bytes) -> list[dict[str, Any]]:
    """The events in whole journal lines; a line that a dying process left torn is skipped."""
    events = []
    for line in data.split(b"\n"):
        if not line:
            continue
        try:
            events.append(json.loads(line))
        except ValueError:
            continue
    return events


def journal_path(run_id: str, attempt: int, rank: int) -> Path:
    """Where a rank's journal lies on its node, until the foreman has all of it."""
    import tempfile

    folder = Path(tempfile.gettempdir()) / f"workbench-{os.getuid()}" / "journals"
    return folder / run_id / f"{attempt}-{rank}.jsonl"
