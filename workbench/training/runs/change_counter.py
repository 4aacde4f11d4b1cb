"""A counter of all that happens to runs, on which watchers of the whole list wait."""

from __future__ import annotations

import asyncio


class Pulse:
    """Counts beats; waiting is asynchronous."""

    def __init__(self) -> None:
        self.version = 0
        self._beaten = asyncio.Event()

    def beat(self) -> int:
        """Something happened; the count now."""
        self.version += 1
        self._beaten.set()
        self._beaten = asyncio.Event()
        return self.version

    async def wait(self, timeout_s: float) -> None:
        """Wait for the next beat, or until the time is up."""
        try:
            await asyncio.wait_for(self._beaten.wait(), timeout_s)
        except TimeoutError:
            pass
