"""A counter of the changes of all runs, on which watchers of the whole list wait."""

from __future__ import annotations

import asyncio


class ChangeCounter:
    """Count changes; waiting for one is asynchronous."""

    def __init__(self) -> None:
        self.value = 0
        self._changed = asyncio.Event()

    def increment(self) -> int:
        """Count a change; return the count."""
        self.value += 1
        self._changed.set()
        self._changed = asyncio.Event()
        return self.value

    async def wait(self, timeout_s: float) -> None:
        """Wait for the next change, or until the time is up."""
        try:
            await asyncio.wait_for(self._changed.wait(), timeout_s)
        except TimeoutError:
            pass
