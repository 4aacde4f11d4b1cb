"""What an endpoint's models print, and what happens to it, as lines of one file."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from workbench.serving.control.endpoint_state import EndpointBook

_MOST_BYTES = 16 * 2**20


def log_path(book: EndpointBook) -> Path:
    """The file."""
    return book.path.with_suffix(".log")


class EndpointLogs:
    """The logs of all endpoints. A file that has become too long gives its older half away."""

    def write(self, book: EndpointBook, label: str, text: str) -> None:
        """Add lines; a full disk costs them, nothing else."""
        now = time.strftime("%Y-%m-%d %H:%M:%S")
        lines = "".join(f"{now} {label} | {line}\n" for line in text.rstrip("\n").split("\n"))
        path = log_path(book)
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() and path.stat().st_size > _MOST_BYTES:
                kept = path.read_bytes()[-_MOST_BYTES // 2 :]
                path.write_bytes(kept[kept.find(b"\n") + 1 :])
            with path.open("a", encoding="utf-8") as file:
                file.write(lines)
