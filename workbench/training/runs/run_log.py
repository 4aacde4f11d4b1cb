"""A run's output on disk: one text file and one file of rich output a rank."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from workbench.records.logs import LogPage
from workbench.tracking.log_file import LogFile
from workbench.training.journal import Event


class RunLog:
    """Append what the ranks print to ``rank-N.log``, and what rank 0 displays to ``outputs.jsonl``.

    A disk that is full costs the log, never the run.

    Args:
        folder: The folder of the files; made with the first output.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problem = ""
        self._files: dict[str, IO[str]] = {}
        self._readers: dict[int, LogFile] = {}

    def append(self, rank: int, events: Sequence[Event]) -> None:
        """Write the events that are output."""
        try:
            for event in events:
                if event["k"] == "out":
                    self._open(f"rank-{rank}.log").write(event["x"])
                if rank == 0 and event["k"] in ("out", "disp", "clear"):
                    self._open("outputs.jsonl").write(json.dumps(event, ensure_ascii=False) + "\n")
            for file in self._files.values():
                file.flush()
        except OSError as error:
            self.problem = f"Cannot write the run's log below {self.folder}: {error}. Free some space; the run goes on."

    def page(self, rank: int, start: int, count: int, search: str) -> LogPage:
        """Lines of a rank; see :meth:`workbench.tracking.log_file.LogFile.page`."""
        file = self._readers.setdefault(rank, LogFile(self.folder / f"rank-{rank}.log"))
        return file.page(start, count, search)

    def texts(self) -> list[Path]:
        """The files that stay with the run."""
        return sorted(self.folder.glob("*")) if self.folder.is_dir() else []

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            with contextlib.suppress(OSError):
                file.close()
        self._files.clear()

    def _open(self, name: str) -> IO[str]:
        if name not in self._files:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._files[name] = (self.folder / name).open("a", encoding="utf-8", errors="replace", newline="")
        return self._files[name]
