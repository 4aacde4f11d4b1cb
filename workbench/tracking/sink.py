"""Metrics on their way to MLflow: a thread writes them in batches, and keeps them while the store is away."""

from __future__ import annotations

import json
import threading
from collections import deque
from pathlib import Path

from workbench.errors import TrackingError
from workbench.tracking.ended_runs import Point
from workbench.tracking.store import TrackingStore

_INTERVAL_S = 0.3
_BACKOFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
_IN_MEMORY = 100_000


class MetricSink:
    """Takes points of metrics at once and writes them soon. None is lost while the store cannot be written.

    Args:
        store: The tracking store.
        run_id: The run.
        spill_dir: A folder for the file in which points wait when there are more than 100,000.

    Attributes:
        problem: The reason why points wait, or an empty string.
    """

    def __init__(self, store: TrackingStore, run_id: str, spill_dir: Path) -> None:
        self._store = store
        self._run_id = run_id
        self._spill = spill_dir / "metrics-waiting.jsonl"
        self._points: deque[Point] = deque()
        self._spilled = 0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._empty = threading.Event()
        self._empty.set()
        self._is_closed = False
        self._thread: threading.Thread | None = None
        self.problem = ""

    def add(self, points: list[Point]) -> None:
        """Add points to write, and return at once."""
        with self._lock:
            self._points.extend(points)
            self._empty.clear()
            if len(self._points) > _IN_MEMORY:
                self._write_spill()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)
                self._thread.start()

    def flush(self, timeout_s: float) -> bool:
        """Wait until all points are written, and return whether they are."""
        self._wake.set()
        return self._empty.wait(timeout_s)

    def close(self) -> None:
        """Have the thread write the points that are left and end."""
        self._is_closed = True
        self._wake.set()

    def _run(self) -> None:
        failures = 0
        while not (self._is_closed and self._empty.is_set()):
            self._wake.wait(_INTERVAL_S if not failures else _BACKOFF_S[min(failures, len(_BACKOFF_S)) - 1])
            self._wake.clear()
            batch = self._take()
            if not batch:
                continue
            try:
                self._store.log_metrics(self._run_id, batch)
            except Exception as error:  # whatever it is, the points stay
                failures += 1
                self.problem = str(error) if isinstance(error, TrackingError) else f"Metrics wait: {error}"
                with self._lock:
                    self._points.extendleft(reversed(batch))
                if self._is_closed and failures > len(_BACKOFF_S):
                    with self._lock:
                        self._write_spill()
                    return
                continue
            failures = 0
            self.problem = ""
            with self._lock:
                if not self._points and not self._spilled:
                    self._empty.set()
                else:
                    self._wake.set()

    def _take(self) -> list[Point]:
        with self._lock:
            if not self._points and self._spilled:
                self._read_spill()
            return [self._points.popleft() for _ in range(min(len(self._points), 5000))]

    def _write_spill(self) -> None:
        self._spill.parent.mkdir(parents=True, exist_ok=True)
        with self._spill.open("a") as file:
            file.writelines(json.dumps(point) + "\n" for point in self._points)
        self._spilled += len(self._points)
        self._points.clear()

    def _read_spill(self) -> None:
        with self._spill.open() as file:
            self._points.extend(tuple(json.loads(line)) for line in file)
        self._spill.unlink()
        self._spilled = 0
