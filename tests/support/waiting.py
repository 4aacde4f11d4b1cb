"""Wait for a condition instead of a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def until(condition: Callable[[], Any], timeout_s: float = 60.0, poll_s: float = 0.05) -> Any:
    """Return what a function gives as soon as that is true."""
    deadline = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < deadline, f"it did not come true within {timeout_s:g} s: {condition}"
        time.sleep(poll_s)
    return found
