"""The journal of one rank: a file with one JSON line per event, written before anything is sent.

A line that was written survives ``kill -9`` of the process: the foreman reads what had not been
shipped from the file. Each event has its kind ``k`` and its time ``t`` in seconds since the epoch.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

from workbench.records.output import OutputEvent

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


class MetricsEvent(TypedDict):
    """Metrics ``v`` of one step; in a sweep, of one trial."""

    k: Literal["met"]
    t: float
    step: int
    v: dict[str, float]
    trial: NotRequired[int]


class ProgressEvent(TypedDict):
    """How far a loop is: ``done`` of ``total``, None for an unknown total."""

    k: Literal["prog"]
    t: float
    done: int
    total: int | None
    label: str


class TraceEvent(TypedDict):
    """A sample of what a rank uses: CPU and GPU in percent, memory in MiB; None without a GPU."""

    k: Literal["trace"]
    t: float
    cpu: float
    rss: float
    gpu: float | None
    gpu_mem: float | None
    gpu_total: float | None


class CheckpointEvent(TypedDict):
    """A checkpoint was saved."""

    k: Literal["ckpt"]
    t: float
    step: int | None
    path: str


class FirstLineEvent(TypedDict):
    """The cell's first line starts."""

    k: Literal["first"]
    t: float


class NoteEvent(TypedDict):
    """A note ``x`` for the run's views."""

    k: Literal["note"]
    t: float
    x: str


class TrialEvent(TypedDict):
    """Trial ``n`` of a sweep starts (``running``, with its ``params``) or ends (with its ``values`` or ``error``)."""

    k: Literal["trial"]
    t: float
    n: int
    state: str
    params: NotRequired[dict[str, str]]
    values: NotRequired[list[float] | None]
    error: NotRequired[str]


Event: TypeAlias = (
    OutputEvent | MetricsEvent | ProgressEvent | TraceEvent | CheckpointEvent | FirstLineEvent | NoteEvent | TrialEvent
)


class Journal:
    """Append events to one rank's file; safe to call from any thread.

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


def parse(data: bytes) -> list[Event]:
    """Return the events in journal lines; a line that a dying process left torn is skipped."""
    events: list[Event] = []
    for line in data.split(b"\n"):
        if not line:
            continue
        try:
            events.append(json.loads(line))
        except ValueError:
            continue
    return events


def journal_path(run_id: str, attempt: int, rank: int) -> Path:
    """Return the path of a rank's journal on its node; it is there until the foreman has all of it."""
    folder = Path(tempfile.gettempdir()) / f"workbench-{os.getuid()}" / "journals"
    return folder / run_id / f"{attempt}-{rank}.jsonl"
