"""Processes of this node."""

from __future__ import annotations

import psutil


def is_alive(pid: int) -> bool:
    """Return whether a process of this node runs; a zombie does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
