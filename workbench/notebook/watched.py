"""What a live view watches."""

from __future__ import annotations

from typing import Protocol

from workbench.records.runs import RunSnapshot, WatchReply


class Watched(Protocol):
    """What a view needs of a run."""

    name: str
    id: str

    def watch(self, cursor: int, timeout_s: float) -> WatchReply: ...

    def snapshot(self) -> RunSnapshot: ...

    def stop(self, by: str | None = None) -> None: ...

    def logs(self, rank: int = 0, tail: int = 1000) -> str: ...
