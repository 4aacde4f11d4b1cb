"""The part of a run that a live view needs."""

from __future__ import annotations

from typing import Protocol

from workbench.records.runs import RunSnapshot, WatchReply


class WatchableRun(Protocol):
    """A run that a view can watch: a :class:`~workbench.api.run_handle.RunHandle`, for one."""

    name: str
    id: str

    def watch(self, cursor: int, timeout_s: float) -> WatchReply:
        """Return what happened since a cursor."""

    def snapshot(self) -> RunSnapshot:
        """Return all that is known of it."""

    def stop(self, by: str | None = None) -> None:
        """Ask it to end."""

    def logs(self, rank: int = 0, tail: int = 1000) -> str:
        """Return the last lines that a rank printed."""
