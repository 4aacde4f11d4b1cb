"""Several writes to a socket made one: a system call costs more than all else that the gateway does for a request."""

from __future__ import annotations

import asyncio
from typing import Any


class CorkedTransport:
    """A transport whose writes may be held back for a moment, as those of an answer's head and body.

    Args:
        transport: The transport to write to; it handles everything but writing and closing itself.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._corked: list[bytes] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def cork(self) -> None:
        """Hold writes back until :meth:`uncork`."""
        if self._corked is None:
            self._corked = []

    def uncork(self) -> None:
        """Write what was held back."""
        corked, self._corked = self._corked, None
        if corked and not self._transport.is_closing():
            self._transport.write(b"".join(corked))

    def write(self, data: bytes) -> None:
        """Write, or hold back."""
        if self._corked is None:
            self._transport.write(data)
        else:
            self._corked.append(data)

    def close(self) -> None:
        """Write what was held back, and close."""
        self.uncork()
        self._transport.close()


class CoalescedWriter:
    """Joins what is written to a transport within one turn of the event loop.

    Args:
        transport: The transport to write to.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._gathered: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Write at the next turn of the event loop."""
        if not self._gathered:
            self._loop.call_soon(self.flush)
        self._gathered.append(data)

    def flush(self) -> None:
        """Write now."""
        gathered, self._gathered = self._gathered, []
        if gathered and not self._transport.is_closing():
            self._transport.write(b"".join(gathered) if len(gathered) > 1 else gathered[0])
