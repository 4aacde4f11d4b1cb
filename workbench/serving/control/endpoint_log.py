"""The log of an endpoint: what its models print, and what happens to it, as lines of one file."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from workbench.serving.control.endpoint_state import EndpointState

_MOST_BYTES = 16 * 2**20


def log_path(endpoint: EndpointState) -> Path:
    """Return the file of an endpoint's log."""
    return endpoint.path.with_suffix(".log")


class EndpointLogs:
    """Writes the logs of all endpoints. A file that has become too long loses its older half."""

    def write(self, endpoint: EndpointState, label: str, text: str) -> None:
        """Add lines with the time and the version's label; a full disk loses them and fails nothing."""
        now = time.strftime("%Y-%m-%d %H:%M:%S")
        lines = "".join(f"{now} {label} | {line}\n" for line in text.rstrip("\n").split("\n"))
        path = log_path(endpoint)
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() and path.stat().st_size > _MOST_BYTES:
                newer = path.read_bytes()[-_MOST_BYTES // 2 :]
                path.write_bytes(newer[newer.find(b"\n") + 1 :])
            with path.open("a", encoding="utf-8") as file:
                file.write(lines)
