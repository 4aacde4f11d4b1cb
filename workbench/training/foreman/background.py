"""Run a coroutine beside its caller."""

from __future__ import annotations

import asyncio
from typing import Any


def in_background(coroutine: Any, keep: set[asyncio.Task[Any]]) -> None:
    """Run a coroutine beside the caller, holding on to its task until it ends."""
    task = asyncio.ensure_future(coroutine)
    keep.add(task)
    task.add_done_callback(keep.discard)
