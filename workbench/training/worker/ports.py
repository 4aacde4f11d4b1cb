"""Free ports of a node, and bytes as arrays."""

from __future__ import annotations

import socket
from typing import Any


def as_array(blob: bytes | None) -> Any:
    """Return bytes as an array, which Ray keeps out of band: no second copy on the way."""
    if blob is None:
        return None
    import numpy as np

    return np.frombuffer(blob, dtype=np.uint8)


def free_port(ip: str) -> int:
    """Return a port of that address that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((ip, 0))
        port: int = probe.getsockname()[1]
        return port
