"""The reports of an attempt's ranks, for engines that do not hold their processes."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from workbench.training.spec import ProcessInfo, RankOutcome


class RankReports:
    """The processes and outcomes by rank, and rank 0's returned values."""

    def __init__(self) -> None:
        self.processes: dict[int, ProcessInfo] = {}
        self.outcomes: dict[int, RankOutcome] = {}
        self.returns: Any = None
        self._changed = asyncio.Event()

    def notify(self) -> None:
        """Wake whoever waits; called when something was added."""
        self._changed.set()

    async def wait(self, timeout_s: float) -> None:
        """Wait until something is added, or the time is up."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._changed.wait(), timeout_s)
        self._changed.clear()
